"""Mistakes in audiences.yaml are told with line, column and remedy; what is right is compiled as written."""

from datetime import timedelta

import pytest

from bot.core.audiences.audience import Audience, Sync
from bot.core.audiences.audiences_file import Around, read_audiences
from bot.core.audiences.traits import TraitKind, TraitRule, Window
from bot.core.errors import FlowError
from bot.core.flow.reader import read
from tests.core.audiences.raw import mistakes

TRAITS = {
    "revenue": TraitRule("revenue", TraitKind.SUM, "Order Completed", path="revenue", name="revenue"),
    "spent": TraitRule("spent", TraitKind.SUM, "Order Completed", path="spent", per="category", name="spent"),
}


def kept(event: str) -> timedelta | None:
    return timedelta(days=30) if event == "Page Viewed" else None


AROUND = Around(TRAITS, tiers=["gold", "platinum"], groups=["loyalty"], kept=kept)


def audiences(text: str, around: Around = AROUND) -> dict[str, Audience]:
    return {one.name: one for one in read_audiences(read(text, "flows/audiences.yaml"), around)}


def complaints(text: str) -> list[str]:
    with pytest.raises(FlowError) as caught:
        audiences(text)
    return [str(one).removeprefix("flows/audiences.yaml:") for one in (caught.value, *caught.value.others)]


@pytest.mark.parametrize(("text", "said"), mistakes("mistakes_in_audiences.txt"))
def test_a_mistake_is_told_with_its_place_and_remedy(text: str, said: str) -> None:
    assert complaints(text) == [said]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = "a:\n  all:\n    - {event: X, count: many}\n    - none: {tier: gould}\nb: {computed: {no: 1}}\n"
    assert [one.partition(":")[0] for one in complaints(text)] == ["3", "4", "5"]


def test_what_nobody_says_is_not_looked_up() -> None:
    loose = Around(TRAITS)
    assert audiences("a: {all: [{tier: any}, {consent: {group: any, is: none}}]}", loose)


def test_equal_clauses_share_one_figure() -> None:
    found = audiences(
        "a: {event: X, count: '> 2', within: 90d, where: {p: 1, q: [2, 3]}}\n"
        "b: {none: {event: X, within: 90d, where: {q: [2, 3], p: 1.0}}}\n"
        "c: {event: X, within: 91d, where: {p: 1, q: [2, 3]}}\n"
    )
    keys = {name: one.condition.rules[0].key for name, one in found.items()}
    assert keys["a"] == keys["b"] != keys["c"]
    assert found["a"].condition.rules[0].window == Window(timedelta(days=90))


def test_what_an_audience_is_called_does_not_change_who_is_in() -> None:
    one = audiences("a: {title: One, sync: track, member: true}")["a"]
    two = audiences("b: {title: Two, member: true}")["b"]
    assert one.digest == two.digest
    assert (one.title, one.syncs, two.syncs) == ("One", (Sync.TRACK,), ())


def test_who_is_in_changes_with_what_is_named() -> None:
    text = "a: {all: [{audience: b}, {computed: {revenue: '> 3'}}]}\nb: {tier: gold}\n"
    before = audiences(text)["a"].digest
    assert audiences(text.replace("gold", "platinum"))["a"].digest != before
    other = TraitRule("revenue", TraitKind.SUM, "Order Paid", path="revenue", name="revenue")
    assert audiences(text, Around({**TRAITS, "revenue": other}))["a"].digest != before


def test_audiences_may_name_each_other_in_a_long_row() -> None:
    row = [f"a{number}: {{audience: a{number + 1}}}\n" for number in range(2000)]
    found = audiences("".join([*row, "a2000: {member: true}\n"]))
    assert [*found] == [f"a{number}" for number in range(2000, -1, -1)]
