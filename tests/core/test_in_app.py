"""The inbox on our pages: what its consent is, that it rings nowhere, and the order of what is in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.caps import Cap, Counted
from bot.core.compliance import LegalCategory, LegalWords
from bot.core.contact import Address, SubscriptionState
from bot.core.gate import Cleared, ConsentFacts, HoldUntil, Policy, Refuse, may_leave
from bot.core.groups import share_consent, split_key, state_in, subscription_key
from bot.core.in_app import APP, Kept, Place
from bot.core.messages import MessageClass, Outgoing, UnsendableReason
from bot.core.replies import DEFAULT_REPLIES, RequiredReply
from bot.core.replies_app import APP_REPLIES
from bot.core.whereto import usual_channel

NIGHT_TIME = datetime(2026, 11, 22, 7, tzinfo=UTC)  # 02:00 in New York
IN, OUT = SubscriptionState.SUBSCRIBED, SubscriptionState.UNSUBSCRIBED
MESSAGE = Outgoing(
    id="0" * 32,
    contact_id="1" * 32,
    channel=APP,
    address="1" * 32,
    sender="",
    message_class=MessageClass.MARKETING,
    group="loyalty",
    body="Two for one today",
    media=(),
    key="k",
    flow="offers",
    step="say",
    due_at=NIGHT_TIME,
    valid_until=None,
    language="en",
)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({}, None),
        ({"loyalty": IN}, IN),
        ({"wechat:loyalty": IN}, IN),
        ({"loyalty": OUT}, None),
        ({"loyalty": OUT, "wechat:loyalty": IN}, IN),
        ({"loyalty": IN, "app:loyalty": OUT}, OUT),
        ({"loyalty": OUT, "app:loyalty": IN}, IN),
        ({"news": IN}, None),
        ({"loyalty": SubscriptionState.PENDING}, None),
    ],
)
def test_consent_there_is_its_own_and_borrowed_until_something_was_said(
    said: dict[str, SubscriptionState], state: SubscriptionState | None
) -> None:
    assert state_in(said, "loyalty", APP) is state
    verdict = may_leave(MESSAGE, ConsentFacts(subscriptions=said), NIGHT_TIME)
    assert isinstance(verdict, Cleared) is (state is IN)


def test_nothing_is_borrowed_the_other_way() -> None:
    assert state_in({"app:loyalty": IN}, "loyalty", "sms") is None
    assert state_in({"app:loyalty": IN}, "loyalty", "wechat") is None
    assert subscription_key("loyalty", APP) == "app:loyalty"
    assert split_key("app:loyalty") == ("loyalty", APP)
    assert not share_consent(APP, "sms")


def test_it_rings_nowhere_so_neither_night_nor_silence_hold_it() -> None:
    facts = ConsentFacts(
        subscriptions={"loyalty": IN},
        zones=("America/New_York",),
        snoozed_until=NIGHT_TIME + timedelta(days=7),
        preferred_hours="mornings",
    )
    assert isinstance(may_leave(MESSAGE, facts, NIGHT_TIME), Cleared)
    assert isinstance(may_leave(replace(MESSAGE, channel="sms"), facts, NIGHT_TIME), HoldUntil)


def test_stop_and_caps_and_the_operator_hold_there_too() -> None:
    facts = ConsentFacts(subscriptions={"loyalty": IN}, zones=("America/New_York",))
    stopped = may_leave(MESSAGE, replace(facts, stopped_at=NIGHT_TIME), NIGHT_TIME)
    assert isinstance(stopped, Refuse)
    assert stopped.reason is UnsendableReason.STOPPED
    held = may_leave(MESSAGE, replace(facts, policy=Policy(held=frozenset({"offers"}))), NIGHT_TIME)
    assert isinstance(held, HoldUntil)
    policy = Policy(caps=(Cap(most=1, days=1, message_class=MessageClass.MARKETING),))
    sent = (Counted(MessageClass.MARKETING, None, "sms", NIGHT_TIME.date(), 1),)
    capped = may_leave(MESSAGE, replace(facts, policy=policy, counts=sent), NIGHT_TIME)
    assert isinstance(capped, HoldUntil)
    assert capped.reason is UnsendableReason.CAPPED


def test_what_answers_nobody_goes_there_last() -> None:
    texts, wechat, inbox = Address("sms", "+12025550123"), Address("wechat", "wx/o"), Address(APP, "1" * 32)
    assert usual_channel([inbox, wechat, texts]) == "sms"
    assert usual_channel([inbox, wechat]) == "wechat"
    assert usual_channel([inbox]) == APP
    assert usual_channel([]) == "sms"


@pytest.mark.parametrize("language", DEFAULT_REPLIES)
@pytest.mark.parametrize("kind", RequiredReply)
def test_the_required_replies_are_true_there(language: str, kind: RequiredReply) -> None:
    text = APP_REPLIES[language][kind]
    assert "{shop}" in text
    for elsewhere in ("WeChat", "微信", "SMS", "text ", "rates"):
        assert elsewhere not in text, text


@pytest.mark.parametrize("language", DEFAULT_REPLIES)
def test_who_is_told_how_to_stop_is_heard_saying_so(language: str) -> None:
    words, text = LegalWords(), APP_REPLIES[language][RequiredReply.HELP]
    parts = text.replace("”", "“").replace("」", "「").replace("「", "“").split("“")
    said = [*text.replace(".", " ").replace("。", " ").split(), *parts]
    assert LegalCategory.OPT_OUT in {words.category(one) for one in said}


def test_what_is_written_stands_before_what_is_said_at_the_same_instant() -> None:
    mine = Kept("b", NIGHT_TIME, "BALANCE", is_mine=True)
    ours = Kept("a", NIGHT_TIME, "You have $5.00", is_mine=False)
    later = Kept("0", NIGHT_TIME + timedelta(seconds=1), "More", is_mine=False)
    assert sorted([later, ours, mine], key=lambda one: one.place) == [mine, ours, later]
    assert [Place.read(str(one.place)) for one in (mine, ours)] == [mine.place, ours.place]
    with pytest.raises(ValueError, match="not enough values"):
        Place.read("nowhere")
