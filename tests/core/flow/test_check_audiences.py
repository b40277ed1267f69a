"""Flows that name an audience which audiences.yaml does not have are told where."""

import pytest

from bot.core.flow.check_audiences import audiences_unknown, benefits_unknown, figures_unknown
from bot.core.flow.check_flow import sources
from bot.core.flow.compile import compile_flow
from bot.core.flow.reader import read
from bot.core.flow.season_file import read_whole_program

FLOW = """\
flow: greet
title: Greet
language: en
start:
  - {}
steps:
  - say: Hello
"""


def said(starter: str) -> list[str]:
    flow = compile_flow(read(FLOW.replace("{}", starter), "flows/greet.yaml"))
    return [str(one.error) for one in audiences_unknown(flow, ["high_value", "lapsing"])]


@pytest.mark.parametrize(
    "starter",
    ["{audience: {entered: NAME}}", "{audience: {left: NAME}}", '{schedule: "daily 12:00", audience: NAME}'],
)
def test_a_starter_names_an_audience_that_is_there(starter: str) -> None:
    problem = "flows/greet.yaml:5:5: audiences.yaml has no audience 'high_vaule' (did you mean 'high_value'?)"
    assert said(starter.replace("NAME", "high_vaule")) == [problem]
    assert said(starter.replace("NAME", "high_value")) == []


TEXTS = """\
flow: greet
title: Greet
language: en
start:
  - keyword: GREET
steps:
  - say: "{% if contact.audiences contains 'NAME' %}Hi, {{ contact.traits.TRAIT }}{% endif %}"
  - if: member.is_member and contact.audiences contains 'NAME'
    then:
      - set: {told: "{{ contact.traits.TRAIT }}"}
"""


def figures(audience: str, trait: str) -> list[str]:
    text = TEXTS.replace("NAME", audience).replace("TRAIT", trait)
    flow = compile_flow(read(text, "flows/greet.yaml"))
    written = (source for source, _ in sources(flow))
    found = figures_unknown(written, ["high_value"], ["orders", "last_words"])
    return sorted(str(one.error) for one in found)


def test_texts_and_conditions_name_audiences_and_traits_that_are_there() -> None:
    assert figures("high_value", "orders") == []
    assert figures("high_value", "last_words.first") == []
    no_audience = "audiences.yaml has no audience 'high_vaule' (did you mean 'high_value'?)"
    assert figures("high_vaule", "orders") == [
        f"flows/greet.yaml:7:44: {no_audience}",
        f"flows/greet.yaml:8:57: {no_audience}",
    ]
    no_trait = "traits.yaml has no trait 'ordres' (did you mean 'orders'?)"
    assert figures("high_value", "ordres") == [
        f"flows/greet.yaml:10:25: {no_trait}",
        f"flows/greet.yaml:7:66: {no_trait}",
    ]


def test_what_the_shop_told_is_no_computed_trait() -> None:
    said = figures("high_value", "plan")[0]
    assert said.endswith("no trait 'plan' (define it there; what the shop told is member.plan)")


def test_a_benefit_is_for_an_audience_that_is_there() -> None:
    text = """program: Leaf Club
currency: {code: USD}
point_value: 0.01
earning: {rate: 5%}
referral:
  advocate: 5.00
  bonuses: [{advocate: 8.00, for: {audience: hihg_value}}]
"""
    whole = read_whole_program(read(text, "flows/program.yaml"))
    (found,) = benefits_unknown(whole, {"high_value"})
    assert (found.file, found.line) == ("flows/program.yaml", 7)
    assert (found.problem, found.remedy) == (
        "audiences.yaml has no audience 'hihg_value'",
        "did you mean 'high_value'?",
    )
    assert list(benefits_unknown(whole, {"hihg_value"})) == []


def test_other_starters_name_none() -> None:
    assert said("{event: Order Completed, where: {audience: nobody}}") == []
