"""Subscription groups: what they are called."""

import pytest

from bot.core.compliance import LegalWords
from bot.core.groups import (
    Group,
    GroupWords,
    on_channel,
    plain_groups,
    share_consent,
    split_key,
    states_by_channel,
    states_of_texts,
    subscription_key,
    told_states,
)


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
        # No group is named: it is everything that shall stop.
        ("stop me", None),
        ("stop texting me", None),
        ("stop the messages", None),
        ("cancel my", None),
    ],
)
def test_a_group_is_left_by_stop_and_its_name_with_little_words_between(text: str, left: str | None) -> None:
    assert GroupWords(GROUPS, LegalWords()).left(text) == left


def test_consent_on_wechat_is_kept_apart_and_all_else_with_texts() -> None:
    assert subscription_key("loyalty", "sms") == "loyalty"
    assert subscription_key("loyalty", "console") == "loyalty"
    assert subscription_key("loyalty", "external") == "loyalty"
    assert subscription_key("loyalty", "wechat") == "wechat:loyalty"
    assert split_key("wechat:loyalty") == ("loyalty", "wechat")
    assert split_key("loyalty") == ("loyalty", "sms")
    assert share_consent("sms", "console")
    assert not share_consent("sms", "wechat")


STATES = {"loyalty": "subscribed", "wechat:sale": "pending", "wechat:loyalty": "unsubscribed"}


def test_states_are_told_by_channel_and_those_of_texts_alone() -> None:
    assert on_channel(STATES, "wechat") == {"sale": "pending", "loyalty": "unsubscribed"}
    assert on_channel(STATES, "console") == {"loyalty": "subscribed"}
    assert states_of_texts(STATES) == {"loyalty": "subscribed"}
    assert states_by_channel(STATES) == {
        "sms": {"loyalty": "subscribed"},
        "wechat": {"loyalty": "unsubscribed", "sale": "pending"},
    }
    assert (
        told_states(STATES) == "loyalty: subscribed, loyalty: unsubscribed on wechat, sale: pending on wechat"
    )
    assert told_states({}) == ""
