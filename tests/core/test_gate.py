"""The gate: what may leave, what waits and until when, what must not."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import SubscriptionState
from bot.core.gate import ConsentFacts, HoldUntil, Policy, Refuse, Send, may_leave
from bot.core.messages import MessageClass, Outgoing, UnsendableReason
from bot.core.quiet_hours import NIGHT, QuietHours, pause

NOON = datetime(2026, 11, 22, 17, tzinfo=UTC)  # 12:00 in New York
NIGHT_TIME = datetime(2026, 11, 22, 7, tzinfo=UTC)  # 02:00 there
SUBSCRIBED = ConsentFacts(
    subscriptions={"loyalty": SubscriptionState.SUBSCRIBED}, zones=("America/New_York",), policy=Policy()
)


def message(message_class: MessageClass = MessageClass.MARKETING) -> Outgoing:
    return Outgoing(
        id="0" * 32,
        contact_id="1" * 32,
        channel="sms",
        address="+14155550100",
        sender="+15550001111",
        message_class=message_class,
        group="loyalty",
        body="Two for one today",
        media=(),
        key="k",
        flow="offers",
        step="say",
        due_at=NOON,
        valid_until=None,
        language="en",
    )


def reason(verdict: object) -> UnsendableReason:
    assert isinstance(verdict, (Refuse, HoldUntil))
    return verdict.reason


@pytest.mark.parametrize("message_class", MessageClass)
def test_a_subscriber_at_noon_gets_everything(message_class: MessageClass) -> None:
    assert may_leave(message(message_class), SUBSCRIBED, NOON) == Send()


@pytest.mark.parametrize("message_class", [MessageClass.SERVICE, MessageClass.MARKETING])
@pytest.mark.parametrize(
    ("state", "why"),
    [
        (None, UnsendableReason.UNSUBSCRIBED),
        (SubscriptionState.UNSUBSCRIBED, UnsendableReason.UNSUBSCRIBED),
        (SubscriptionState.PENDING, UnsendableReason.UNCONFIRMED),
    ],
)
def test_what_we_start_ourselves_needs_the_subscription(
    message_class: MessageClass, state: SubscriptionState | None, why: UnsendableReason
) -> None:
    facts = replace(SUBSCRIBED, subscriptions={} if state is None else {"loyalty": state})
    assert reason(may_leave(message(message_class), facts, NOON)) is why
    assert may_leave(message(MessageClass.REPLY), facts, NIGHT_TIME) == Send()


def test_a_marketing_message_without_a_group_never_leaves() -> None:
    verdict = may_leave(replace(message(), group=None), SUBSCRIBED, NOON)
    assert reason(verdict) is UnsendableReason.UNSUBSCRIBED


@pytest.mark.parametrize("message_class", [MessageClass.SERVICE, MessageClass.MARKETING])
def test_at_night_what_we_start_waits_for_the_morning(message_class: MessageClass) -> None:
    verdict = may_leave(message(message_class), SUBSCRIBED, NIGHT_TIME)
    assert verdict == HoldUntil(datetime(2026, 11, 22, 14, tzinfo=UTC), UnsendableReason.QUIET_HOURS)


@pytest.mark.parametrize("message_class", [MessageClass.REPLY, MessageClass.REQUIRED])
def test_at_night_answers_leave_at_once(message_class: MessageClass) -> None:
    assert may_leave(message(message_class), SUBSCRIBED, NIGHT_TIME) == Send()


@pytest.mark.parametrize(
    ("clock", "held"), [("20:59", False), ("21:00", True), ("23:59", True), ("08:59", True), ("09:00", False)]
)
def test_the_edges_of_the_night(clock: str, *, held: bool) -> None:
    hour, minute = map(int, clock.split(":"))
    now = datetime(2026, 11, 22, hour, minute, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    assert isinstance(may_leave(message(), SUBSCRIBED, now), HoldUntil) is held


def test_without_a_known_zone_the_shops_night_counts() -> None:
    facts = replace(SUBSCRIBED, zones=(), policy=Policy(zone="Asia/Tokyo"))
    assert isinstance(may_leave(message(), facts, datetime(2026, 11, 22, 13, tzinfo=UTC)), HoldUntil)
    assert may_leave(message(), facts, datetime(2026, 11, 22, 1, tzinfo=UTC)) == Send()


def test_of_several_zones_all_must_be_awake() -> None:
    facts = replace(SUBSCRIBED, zones=("America/New_York", "America/Los_Angeles"))
    nine_in_new_york = datetime(2026, 11, 22, 14, tzinfo=UTC)
    verdict = may_leave(message(), facts, nine_in_new_york)
    assert verdict == HoldUntil(datetime(2026, 11, 22, 17, tzinfo=UTC), UnsendableReason.QUIET_HOURS)
    assert may_leave(message(), facts, datetime(2026, 11, 23, 1, 59, tzinfo=UTC)) == Send()
    late = may_leave(message(), facts, datetime(2026, 11, 23, 2, tzinfo=UTC))
    assert late == HoldUntil(datetime(2026, 11, 23, 17, tzinfo=UTC), UnsendableReason.QUIET_HOURS)


def test_where_it_is_always_night_somewhere_the_best_guess_is_asked() -> None:
    zones = ("America/New_York", "Asia/Tokyo", "Asia/Shanghai", "Europe/London", "Asia/Kolkata")
    facts = replace(SUBSCRIBED, zones=zones)
    assert may_leave(message(), facts, NOON) == Send()
    assert isinstance(may_leave(message(), facts, NIGHT_TIME), HoldUntil)


def test_a_policy_may_have_other_hours_or_none() -> None:
    siesta = {MessageClass.MARKETING: QuietHours(time(11), time(16))}
    facts = replace(SUBSCRIBED, policy=Policy(quiet=siesta))
    verdict = may_leave(message(), facts, NOON)
    assert verdict == HoldUntil(datetime(2026, 11, 22, 21, tzinfo=UTC), UnsendableReason.QUIET_HOURS)
    assert may_leave(message(MessageClass.SERVICE), facts, NIGHT_TIME) == Send()
    empty = {MessageClass.MARKETING: QuietHours(time(9), time(9))}
    assert may_leave(message(), replace(SUBSCRIBED, policy=Policy(quiet=empty)), NIGHT_TIME) == Send()


def test_a_message_that_would_wake_up_too_late_is_refused() -> None:
    night = replace(message(), valid_until=NIGHT_TIME + timedelta(hours=7))
    assert reason(may_leave(night, SUBSCRIBED, NIGHT_TIME)) is UnsendableReason.EXPIRED
    later = replace(message(), valid_until=NIGHT_TIME + timedelta(hours=7, seconds=1))
    assert isinstance(may_leave(later, SUBSCRIBED, NIGHT_TIME), HoldUntil)
    assert (
        reason(may_leave(replace(message(), valid_until=NOON), SUBSCRIBED, NOON)) is UnsendableReason.EXPIRED
    )


@pytest.mark.parametrize("message_class", [MessageClass.REPLY, MessageClass.SERVICE, MessageClass.MARKETING])
def test_a_stopped_suppressed_or_unusable_address_gets_nothing(message_class: MessageClass) -> None:
    for facts, why in (
        (replace(SUBSCRIBED, stopped_at=NIGHT_TIME), UnsendableReason.STOPPED),
        (replace(SUBSCRIBED, suppressed=True), UnsendableReason.SUPPRESSED),
        (replace(SUBSCRIBED, unusable_reason="landline"), UnsendableReason.UNUSABLE_ADDRESS),
    ):
        assert reason(may_leave(message(message_class), facts, NOON)) is why
        assert may_leave(message(MessageClass.REQUIRED), facts, NIGHT_TIME) == Send()


@pytest.mark.parametrize("message_class", MessageClass)
def test_what_cannot_be_sent_at_all_is_refused_in_every_class(message_class: MessageClass) -> None:
    whole = message(message_class)
    for broken, why in (
        (replace(whole, address=""), UnsendableReason.NO_ADDRESS),
        (replace(whole, body=" \n"), UnsendableReason.EMPTY),
        (replace(whole, body="x" * 1601), UnsendableReason.TOO_LONG),
    ):
        assert reason(may_leave(broken, SUBSCRIBED, NOON)) is why
    assert (
        may_leave(replace(whole, body="", media=("https://shop.example/a.png",)), SUBSCRIBED, NOON) == Send()
    )


def test_an_explanation_holds_no_personal_data() -> None:
    for facts in (replace(SUBSCRIBED, stopped_at=NOON), replace(SUBSCRIBED, subscriptions={})):
        verdict = may_leave(message(), facts, NOON)
        assert isinstance(verdict, Refuse)
        assert "+1415" not in verdict.explanation


zones = st.lists(
    st.sampled_from(
        ["America/New_York", "Pacific/Honolulu", "Asia/Tokyo", "Europe/London", "America/Santiago"]
    ),
    max_size=4,
    unique=True,
).map(tuple)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
facts_of_anyone = st.builds(
    ConsentFacts,
    stopped_at=st.none() | instants,
    unusable_reason=st.none() | st.just("landline"),
    suppressed=st.booleans(),
    subscriptions=st.dictionaries(st.sampled_from(["loyalty", "drops"]), st.sampled_from(SubscriptionState)),
    zones=zones,
)
messages_of_any_class = st.sampled_from(MessageClass).map(message)


@given(messages_of_any_class, facts_of_anyone, instants)
def test_nothing_but_what_is_required_reaches_a_stopped_address(
    outgoing: Outgoing, facts: ConsentFacts, now: datetime
) -> None:
    verdict = may_leave(outgoing, facts, now)
    forbidden = facts.stopped_at is not None or facts.suppressed or facts.unusable_reason is not None
    if outgoing.message_class is MessageClass.REQUIRED:
        assert verdict == Send()
    elif forbidden:
        assert isinstance(verdict, Refuse)
    elif outgoing.message_class is MessageClass.REPLY:
        assert verdict == Send()


@given(messages_of_any_class, facts_of_anyone, instants)
def test_marketing_reaches_subscribers_alone(outgoing: Outgoing, facts: ConsentFacts, now: datetime) -> None:
    verdict = may_leave(outgoing, facts, now)
    if outgoing.message_class in {MessageClass.SERVICE, MessageClass.MARKETING} and not isinstance(
        verdict, Refuse
    ):
        assert facts.subscriptions["loyalty"] is SubscriptionState.SUBSCRIBED


@given(facts_of_anyone, instants)
def test_a_held_message_may_leave_when_its_time_comes(facts: ConsentFacts, now: datetime) -> None:
    verdict = may_leave(message(), facts, now)
    if isinstance(verdict, HoldUntil):
        assert now < verdict.at <= now + timedelta(days=3)
        assert may_leave(message(), facts, verdict.at) == Send()


@given(zones.filter(bool), instants)
def test_quiet_hours_end_when_they_end_in_every_zone(where: tuple[str, ...], now: datetime) -> None:
    found = pause(NIGHT, where, now)
    at = now if found is None else found.until
    awake = [not NIGHT.contain(at.astimezone(ZoneInfo(zone)).time()) for zone in where]
    assert all(awake) or awake[0]
    assert at >= now
