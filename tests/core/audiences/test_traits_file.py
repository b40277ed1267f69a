"""Mistakes in traits.yaml are told with line, column and remedy; what is right is compiled as written."""

from datetime import timedelta

import pytest

from bot.core.audiences.traits import TraitKind, Window
from bot.core.audiences.traits_file import Trait, read_traits
from bot.core.audiences.where import where
from bot.core.errors import FlowError
from bot.core.flow.reader import read
from tests.core.audiences.raw import mistakes


def traits(text: str) -> tuple[Trait, ...]:
    return read_traits(
        read(text, "flows/traits.yaml"),
        lambda event: timedelta(days=30) if event == "Page Viewed" else None,
    )


@pytest.mark.parametrize(("text", "said"), mistakes("mistakes_in_traits.txt"))
def test_a_mistake_is_told_with_its_place_and_remedy(text: str, said: str) -> None:
    with pytest.raises(FlowError) as caught:
        traits(text)
    assert [str(one) for one in (caught.value, *caught.value.others)] == [f"flows/traits.yaml:{said}"]


def test_a_trait_is_made_as_it_is_written() -> None:
    (one,) = traits(
        "tea: {title: Tea, sum: {event: Order Completed, property: spent, where: {paid: true}}, "
        "per: category, between: [60d, 30d]}"
    )
    rule = one.rule
    assert (one.title, rule.key, rule.name, rule.kind) == ("Tea", "tea", "tea", TraitKind.SUM)
    assert (rule.event, rule.path, rule.per, rule.where) == (
        "Order Completed", "spent", "category", where({"paid": True}),
    )  # fmt: skip
    assert rule.window == Window(timedelta(days=60), timedelta(days=30))
