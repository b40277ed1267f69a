"""The page about audiences shows every clause, and every example on it is right; so are the files we ship."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.audiences import parts
from bot.core.audiences.audience import Audience
from bot.core.audiences.audiences_file import Around, read_audiences
from bot.core.audiences.parts import MEASURES, Heading
from bot.core.audiences.traits import TraitKind, TraitRule
from bot.core.audiences.traits_file import read_traits
from bot.core.audiences.where import Sign
from bot.core.flow.reader import read
from bot.core.flow.schema import audiences_schema, traits_schema
from tests.core.flow.test_schema import faults

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "audiences.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n# flows/(\w+)\.yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
OF_AUDIENCES = [text for name, text in BLOCKS if name == "audiences"]
OF_TRAITS = [text for name, text in BLOCKS if name == "traits"]
SHIPPED = {
    name: (ROOT / "flows" / f"{name}.yaml").read_text(encoding="utf-8") for name in ("audiences", "traits")
}


def rules(*texts: str) -> dict[str, TraitRule]:
    return {
        trait.rule.key: trait.rule for text in texts for trait in read_traits(read(text, "flows/traits.yaml"))
    }


def audiences(text: str) -> dict[str, Audience]:
    around = Around(rules(*OF_TRAITS), tiers=["gold", "platinum"], groups=["loyalty"])
    return {one.name: one for one in read_audiences(read(text, "flows/audiences.yaml"), around)}


class _AsEditorsRead(yaml.SafeLoader):
    """YAML 1.2 has no dates: a day is a text."""


_AsEditorsRead.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def underlined(schema: dict[str, Any], text: str) -> list[str]:
    return [*faults(schema, yaml.load(text, _AsEditorsRead), schema)]  # noqa: S506  # a safe loader


@pytest.mark.parametrize("text", [*OF_AUDIENCES, SHIPPED["audiences"]])
def test_audiences_on_the_page_are_right(text: str) -> None:
    assert audiences(text)
    assert underlined(audiences_schema(), text) == []


@pytest.mark.parametrize("text", [*OF_TRAITS, SHIPPED["traits"]])
def test_computed_traits_on_the_page_are_right(text: str) -> None:
    assert rules(text)
    assert underlined(traits_schema(), text) == []


def keys_in(value: object) -> set[str]:
    match value:
        case dict():
            return {str(key) for key in value} | {key for each in value.values() for key in keys_in(each)}
        case list():
            return {key for each in value for key in keys_in(each)}
    return set()


def test_the_page_shows_every_key_and_every_test() -> None:
    shown = {key for text in OF_AUDIENCES for key in keys_in(yaml.load(text, _AsEditorsRead))}  # noqa: S506
    wanted = (
        set(parts.KINDS)
        | set(Heading.model_fields)
        | {"where", "count", "within", "between", "without", "is"}
    )
    assert wanted - shown == set()
    assert {sign for sign in Sign if f"`{{{sign}:" not in PAGE and f'`"{sign} ' not in PAGE} == {Sign.IS}


def test_the_page_shows_every_kind_of_computed_trait() -> None:
    kinds = {rule.kind for rule in rules(*OF_TRAITS).values()}
    assert kinds == {*TraitKind} - {TraitKind.FUNNEL}
    assert {f"`{kind}`" for kind in (*MEASURES, "count")} <= {*re.findall(r"`\w+`", PAGE)}


@pytest.mark.parametrize(
    "wrong",
    [
        "a: {evnt: Order Completed}",
        "a: {event: Order Completed, cuont: 3}",
        "a: {titel: A, member: true}",
        "a: {consent: {group: loyalty, is: subscribd}}",
        "a: {event: Order Completed, between: 3d}",
        "a: {sum: {event: Order Completed, propperty: revenue}, is: 3}",
    ],
)
def test_editors_underline_mistakes(wrong: str) -> None:
    assert underlined(audiences_schema(), wrong)


def test_what_we_ship_is_the_recipes_audience() -> None:
    seed = audiences(SHIPPED["audiences"])["high_value"]
    count, revenue = seed.condition.rules
    assert (count.kind, count.event, count.window and count.window.begins.days) == (
        "count",
        "Order Completed",
        90,
    )
    assert (revenue.kind, revenue.path, revenue.window) == ("sum", "revenue", None)
