"""Where a message goes that answers nobody: by WeChat where a way is open there and the contact agreed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.contact import Address, SubscriptionState
from bot.core.forms import Form, Notice
from bot.core.grants import Answer, Grant, Source
from bot.core.messages import MessageClass
from bot.core.wechat_address import WECHAT
from bot.core.whereto import Meant, first_way_out, usual_channel
from bot.core.windows import WROTE, opened

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TEXTS = Address("sms", "+12025550123")
SHUT = Address(WECHAT, "wx1/o1")
OPEN = opened(SHUT, WROTE, NOW)
MINI = Address(WECHAT, "wx2/o2")
AGREED = {"wechat:loyalty": SubscriptionState.SUBSCRIBED, "loyalty": SubscriptionState.SUBSCRIBED}
SERVICE = Meant(MessageClass.SERVICE, "loyalty")
NOTICE = Form(notice=Notice("credit_arrived", "TPL", {"thing1": "x"}))
GRANTED = {("wx2/o2", "TPL"): Grant("wx2/o2", "TPL").answered(Answer.ACCEPT, Source.PUSH, "k", NOW)}


def out(
    *addresses: Address,
    meant: Meant = SERVICE,
    subscriptions: dict[str, SubscriptionState] | None = None,
    grants: dict[tuple[str, str], Grant] | None = None,
) -> Address | None:
    agreed = AGREED if subscriptions is None else subscriptions
    return first_way_out(addresses, agreed, meant, lambda: grants or {}, NOW)


def test_an_open_window_is_taken_and_a_shut_one_is_not() -> None:
    assert out(TEXTS, OPEN) == OPEN
    assert out(TEXTS, SHUT) is None
    assert out(SHUT, replace(OPEN, value="wx3/o3")) == replace(OPEN, value="wx3/o3")


def test_a_grant_opens_the_address_it_was_given_at() -> None:
    meant = replace(SERVICE, form=NOTICE)
    assert out(TEXTS, SHUT, MINI, meant=meant, grants=GRANTED) == MINI
    spent = {key: grant.sent("send", NOW) for key, grant in GRANTED.items()}
    assert out(TEXTS, SHUT, MINI, meant=meant, grants=spent) is None


def test_marketing_waits_for_no_window() -> None:
    selling = replace(SERVICE, message_class=MessageClass.MARKETING)
    assert out(OPEN, meant=selling) is None
    assert out(MINI, meant=replace(selling, form=NOTICE), grants=GRANTED) == MINI


@pytest.mark.parametrize("state", [None, *SubscriptionState])
def test_nothing_goes_there_without_consent_given_there(state: SubscriptionState | None) -> None:
    texts = {"loyalty": SubscriptionState.SUBSCRIBED}
    subscriptions = texts | ({"wechat:loyalty": state} if state else {})
    found = out(OPEN, subscriptions=subscriptions)
    assert (found == OPEN) is (state is SubscriptionState.SUBSCRIBED)


def test_without_a_group_any_consent_given_there_will_do() -> None:
    assert out(OPEN, meant=Meant()) == OPEN
    assert out(OPEN, meant=Meant(), subscriptions={"loyalty": SubscriptionState.SUBSCRIBED}) is None


def test_a_stopped_or_unusable_address_is_no_way() -> None:
    assert out(replace(OPEN, stopped_at=NOW)) is None
    assert out(replace(OPEN, unusable_reason="not following")) is None


def test_grants_are_asked_for_only_where_a_notice_needs_one() -> None:
    def never() -> dict[tuple[str, str], Grant]:
        raise AssertionError("nobody needs them")

    assert first_way_out([OPEN], AGREED, SERVICE, never, NOW) == OPEN
    assert first_way_out([TEXTS], AGREED, replace(SERVICE, form=NOTICE), never, NOW) is None


def test_texts_are_usual_and_wechat_only_where_there_is_nothing_else() -> None:
    assert usual_channel([SHUT, TEXTS]) == "sms"
    assert usual_channel([SHUT]) == WECHAT
    assert usual_channel([replace(TEXTS, unusable_reason="landline"), SHUT]) == WECHAT
    assert usual_channel([Address("unionid", "u"), Address("external", "e")]) == "sms"
    assert usual_channel([]) == "sms"
