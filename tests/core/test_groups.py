"""Subscription groups: what they are called."""

import pytest

from bot.core.compliance import LegalWords
from bot.core.groups import Group, GroupWords, plain_groups


def test_a_group_is_called_by_its_title_in_the_nearest_language() -> None:
    group = Group("loyalty", title={"en": "Rewards", "es": "Premios", "zh_Hans": "会员"})
    assert group.called("es") == "Premios"
    assert group.called("es_MX") == "Premios"
    assert group.called("zh_Hans") == "会员"
    assert group.called("fr") == "Rewards"


def test_a_group_without_english_is_called_as_it_is_somewhere_before_its_bare_name() -> None:
    assert Group("loyalty", title={"es": "Premios"}).called("en") == "Premios"
    assert Group("weekly_deals").called("en") == "weekly deals"


def test_plain_groups_are_in_order_and_need_no_confirmation() -> None:
    groups = plain_groups(["b", "a"])
    assert list(groups) == ["a", "b"]
    assert not groups["a"].double_opt_in


GROUPS = {
    "sale": Group("sale", title={"en": "Sale alerts", "es": "Ofertas"}, keywords={"en": ("SALE",)}),
    "loyalty": Group("loyalty", title={"en": "Rewards"}),
}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("STOP SALE", "sale"),
        ("unsubscribe from sale alerts", "sale"),
        ("Unsubscribe me from the Sale Alerts please", "sale"),
        ("cancelar las ofertas", "sale"),
        ("stop sending me rewards", "loyalty"),
        ("stop the car near the sale", None),
        ("unsubscribe", None),
        ("from the sale", None),
        ("when does the sale stop", None),
    ],
)
def test_a_group_is_left_by_stop_and_its_name_with_little_words_between(text: str, left: str | None) -> None:
    assert GroupWords(GROUPS, LegalWords()).left(text) == left
