"""Flows and variables may name the audiences there are; audiences the traits, tiers and groups there are."""

import shutil
from pathlib import Path

import pytest

from bot.app import HANDLERS
from bot.conversation.checking import look_over

ROOT = Path(__file__).parents[2]
FLOW = """\
flow: greet
title: Greet good customers
start:
  - audience: {entered: NAME}
steps:
  - say: {text: "Thank you, {{ member.first_name | default: 'friend' }}!", group: loyalty}
"""
VARIABLES = """\
variables:
  banner:
    value: Hello
    for:
      - {audience: NAME, value: Hello again}
"""


def errors(folder: Path, **files: str) -> list[str]:
    """What is said of the shipped files with these beside them, or in their place."""
    flows = folder / "flows"
    shutil.copytree(ROOT / "flows", flows)
    for name, text in files.items():
        (flows / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [str(each) for each in look_over(flows, ROOT / "locales", HANDLERS).errors]


@pytest.mark.parametrize(("file", "text"), [("greet", FLOW), ("variables", VARIABLES)])
def test_an_audience_that_nobody_defines_is_refused_with_its_line(
    tmp_path: Path, file: str, text: str
) -> None:
    (error,) = errors(tmp_path, **{file: text.replace("NAME", "high_vaule")})
    assert f"{file}.yaml:{4 if file == 'greet' else 5}:" in error
    assert "audiences.yaml has no audience 'high_vaule' (did you mean 'high_value'?)" in error


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("{{ contact.traits.ordres }}", "traits.yaml has no trait 'ordres' (did you mean 'orders'?)"),
        (
            "{% if contact.audiences contains 'high_vaule' %}x{% endif %}",
            "audiences.yaml has no audience 'high_vaule' (did you mean 'high_value'?)",
        ),
    ],
)
def test_a_text_that_names_what_nobody_defines_is_refused(tmp_path: Path, said: str, problem: str) -> None:
    flow = FLOW.replace("NAME", "high_value").replace("Thank you", said)
    traits = "orders: {count: {event: Order Completed}}\n"
    (error,) = errors(tmp_path, greet=flow, traits=traits)
    assert "greet.yaml:6:" in error
    assert problem in error


def test_mistakes_in_audiences_and_traits_are_told_where_they_stand(tmp_path: Path) -> None:
    found = errors(
        tmp_path,
        audiences="gold: {tier: gould}\nbought: {computed: {ordres: '> 3'}}\n",
        greet=FLOW.replace("NAME", "gold"),
    )
    own, of_others = found[:2], found[2:]
    assert all("audiences.yaml has no audience" in one for one in of_others), "that are defined no more"
    assert [one.rpartition("/")[2] for one in own] == [
        "audiences.yaml:1:14: the program has no tier `gould` (did you mean `gold`?)",
        "audiences.yaml:2:21: there is no computed trait `ordres` (did you mean `orders`?)",
    ]


def test_what_is_wrong_with_traits_is_told_there_alone(tmp_path: Path) -> None:
    audiences = (ROOT / "flows" / "audiences.yaml").read_text() + "a: {computed: {orders: 3}}\n"
    (error,) = errors(tmp_path, traits="orders: {cuont: X}\n", audiences=audiences)
    assert error.endswith("traits.yaml:1:10: `cuont` is not known here (did you mean `count`?)")
