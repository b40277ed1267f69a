"""The gate: what may leave, what waits and until when, what must not."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.caps import Cap, Counted
from bot.core.contact import SubscriptionState
from bot.core.gate import HOLD_MAX, Cleared, ConsentFacts, HoldUntil, Policy, Refuse, may_leave
from bot.core.messages import MessageClass, Outgoing, UnsendableReason
from bot.core.public_holidays import holiday_on
from bot.core.quiet_hours import NIGHT, Late, QuietHours, pause

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


def leaves(outgoing: Outgoing, facts: ConsentFacts, now: datetime) -> bool:
    """Whether the gate lets it go, and that very message."""
    verdict = may_leave(outgoing, facts, now)
    assert not isinstance(verdict, Cleared) or verdict.message is outgoing
    return isinstance(verdict, Cleared)


def reason(verdict: object) -> UnsendableReason:
    assert isinstance(verdict, (Refuse, HoldUntil))
    return verdict.reason


@pytest.mark.parametrize("message_class", MessageClass)
def test_a_subscriber_at_noon_gets_everything(message_class: MessageClass) -> None:
    assert leaves(message(message_class), SUBSCRIBED, NOON)


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
    assert leaves(message(MessageClass.REPLY), facts, NIGHT_TIME)


def test_a_marketing_message_without_a_group_never_leaves() -> None:
    verdict = may_leave(replace(message(), group=None), SUBSCRIBED, NOON)
    assert reason(verdict) is UnsendableReason.UNSUBSCRIBED


@pytest.mark.parametrize("message_class", [MessageClass.SERVICE, MessageClass.MARKETING])
def test_at_night_what_we_start_waits_for_the_morning(message_class: MessageClass) -> None:
    verdict = may_leave(message(message_class), SUBSCRIBED, NIGHT_TIME)
    assert verdict == HoldUntil(datetime(2026, 11, 22, 14, tzinfo=UTC), UnsendableReason.QUIET_HOURS)


@pytest.mark.parametrize("message_class", [MessageClass.REPLY, MessageClass.REQUIRED])
def test_at_night_answers_leave_at_once(message_class: MessageClass) -> None:
    assert leaves(message(message_class), SUBSCRIBED, NIGHT_TIME)


@pytest.mark.parametrize("message_class", list(MessageClass))
def test_what_is_not_worth_sending_any_more_never_leaves(message_class: MessageClass) -> None:
    late = replace(message(message_class), valid_until=NIGHT_TIME)
    verdict = may_leave(late, SUBSCRIBED, NIGHT_TIME)
    assert isinstance(verdict, Refuse)
    assert verdict.reason is UnsendableReason.EXPIRED


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
    assert leaves(message(), facts, datetime(2026, 11, 22, 1, tzinfo=UTC))


def test_of_several_zones_all_must_be_awake() -> None:
    facts = replace(SUBSCRIBED, zones=("America/New_York", "America/Los_Angeles"))
    nine_in_new_york = datetime(2026, 11, 22, 14, tzinfo=UTC)
    verdict = may_leave(message(), facts, nine_in_new_york)
    assert verdict == HoldUntil(datetime(2026, 11, 22, 17, tzinfo=UTC), UnsendableReason.QUIET_HOURS)
    assert leaves(message(), facts, datetime(2026, 11, 23, 1, 59, tzinfo=UTC))
    late = may_leave(message(), facts, datetime(2026, 11, 23, 2, tzinfo=UTC))
    assert late == HoldUntil(datetime(2026, 11, 23, 17, tzinfo=UTC), UnsendableReason.QUIET_HOURS)


def test_where_it_is_always_night_somewhere_the_best_guess_is_asked() -> None:
    zones = ("America/New_York", "Asia/Tokyo", "Asia/Shanghai", "Europe/London", "Asia/Kolkata")
    facts = replace(SUBSCRIBED, zones=zones)
    assert leaves(message(), facts, NOON)
    assert isinstance(may_leave(message(), facts, NIGHT_TIME), HoldUntil)


def test_a_policy_may_have_other_hours_or_none() -> None:
    siesta = {MessageClass.MARKETING: QuietHours(time(11), time(16))}
    facts = replace(SUBSCRIBED, policy=Policy(quiet=siesta))
    verdict = may_leave(message(), facts, NOON)
    assert verdict == HoldUntil(datetime(2026, 11, 22, 21, tzinfo=UTC), UnsendableReason.QUIET_HOURS)
    assert leaves(message(MessageClass.SERVICE), facts, NIGHT_TIME)
    empty = {MessageClass.MARKETING: QuietHours(time(9), time(9))}
    assert leaves(message(), replace(SUBSCRIBED, policy=Policy(quiet=empty)), NIGHT_TIME)


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
        assert leaves(message(MessageClass.REQUIRED), facts, NIGHT_TIME)


@pytest.mark.parametrize("message_class", MessageClass)
def test_what_cannot_be_sent_at_all_is_refused_in_every_class(message_class: MessageClass) -> None:
    whole = message(message_class)
    for broken, why in (
        (replace(whole, address=""), UnsendableReason.NO_ADDRESS),
        (replace(whole, body=" \n"), UnsendableReason.EMPTY),
        (replace(whole, body="x" * 1601), UnsendableReason.TOO_LONG),
    ):
        assert reason(may_leave(broken, SUBSCRIBED, NOON)) is why
    assert leaves(replace(whole, body="", media=("https://shop.example/a.png",)), SUBSCRIBED, NOON)


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
        assert isinstance(verdict, Cleared)
    elif forbidden:
        assert isinstance(verdict, Refuse)
    elif outgoing.message_class is MessageClass.REPLY:
        assert isinstance(verdict, Cleared)


@given(messages_of_any_class, facts_of_anyone, instants)
def test_marketing_reaches_subscribers_alone(outgoing: Outgoing, facts: ConsentFacts, now: datetime) -> None:
    verdict = may_leave(outgoing, facts, now)
    if outgoing.message_class in {MessageClass.SERVICE, MessageClass.MARKETING} and not isinstance(
        verdict, Refuse
    ):
        assert facts.subscriptions["loyalty"] is SubscriptionState.SUBSCRIBED


@given(zones.filter(bool), instants)
def test_quiet_hours_end_when_they_end_in_every_zone(where: tuple[str, ...], now: datetime) -> None:
    found = pause(NIGHT, where, now)
    at = now if found is None else found.until
    awake = [not NIGHT.contain(at.astimezone(ZoneInfo(zone)).time()) for zone in where]
    assert all(awake) or awake[0]
    assert at >= now


# Late messages, caps, and what the contact asked for

SKIPPING = Policy(
    zone="UTC",
    quiet={MessageClass.MARKETING: QuietHours(time(21), time(9), Late.SKIP, timedelta(hours=6))},
)
EVENING = datetime(2026, 11, 23, 3, tzinfo=UTC)  # Sunday, 22:00 in New York


def sent(*days_ago: int, tag: str | None = None) -> tuple[Counted, ...]:
    today = date(2026, 11, 22)
    return tuple(
        Counted(MessageClass.MARKETING, tag, "sms", today - timedelta(days=days), 1) for days in days_ago
    )


def test_a_late_message_is_skipped_where_the_policy_says_so() -> None:
    facts = replace(SUBSCRIBED, policy=SKIPPING)
    early = replace(message(), due_at=datetime(2026, 11, 22, 9, tzinfo=UTC))
    assert may_leave(early, facts, early.due_at) == HoldUntil(
        datetime(2026, 11, 22, 14, tzinfo=UTC), UnsendableReason.QUIET_HOURS
    )
    late = replace(message(), due_at=EVENING)
    assert may_leave(late, facts, EVENING) == Refuse(
        UnsendableReason.QUIET_HOURS,
        "quiet hours until 9:00 in America/New_York;"
        " it would go 2026-11-23 14:00 UTC, and late ones are skipped",
    )


def test_lateness_is_counted_from_its_own_time_however_often_it_was_held() -> None:
    facts = replace(SUBSCRIBED, policy=SKIPPING)
    verdict = may_leave(replace(message(), due_at=NOON), facts, EVENING)
    assert isinstance(verdict, Refuse)
    assert verdict.reason is UnsendableReason.QUIET_HOURS


def test_a_capped_message_waits_for_a_day_with_room() -> None:
    policy = Policy(caps=(Cap(2, 7, MessageClass.MARKETING), Cap(1, 1, MessageClass.MARKETING)))
    facts = replace(SUBSCRIBED, policy=policy, counts=sent(3, 0))
    verdict = may_leave(message(), facts, NOON)
    assert isinstance(verdict, HoldUntil)
    assert (verdict.at, verdict.reason) == (datetime(2026, 11, 26, 14, tzinfo=UTC), UnsendableReason.CAPPED)
    assert verdict.explanation == (
        "at most 2 marketing messages in 7 days, then quiet hours until 9:00 in America/New_York;"
        " goes 2026-11-26 14:00 UTC"
    )
    for exempt in (MessageClass.REPLY, MessageClass.REQUIRED, MessageClass.SERVICE):
        assert leaves(message(exempt), facts, NOON)


def test_a_capped_message_that_cannot_wait_is_refused_as_capped() -> None:
    facts = replace(SUBSCRIBED, policy=Policy(caps=(Cap(1, 1),)), counts=sent(0))
    until_evening = replace(message(), valid_until=NOON + timedelta(hours=8))
    assert reason(may_leave(until_evening, facts, NOON)) is UnsendableReason.CAPPED
    monthly = replace(facts, policy=Policy(caps=(Cap(1, 30),)))
    verdict = may_leave(message(), monthly, NOON)
    assert reason(verdict) is UnsendableReason.CAPPED
    assert "nothing is held for more than 15 days" in str(verdict)


def test_a_tag_has_caps_of_its_own() -> None:
    facts = replace(SUBSCRIBED, policy=Policy(caps=(Cap(1, 1, tag="sale"),)), counts=sent(0, tag="sale"))
    assert leaves(message(), facts, NOON)
    assert reason(may_leave(replace(message(), tag="sale"), facts, NOON)) is UnsendableReason.CAPPED


def test_a_snooze_holds_back_all_but_answers_until_it_ends_and_the_morning_comes() -> None:
    facts = replace(SUBSCRIBED, policy=SKIPPING, snoozed_until=datetime(2026, 12, 7, 3, tzinfo=UTC))
    service = may_leave(message(MessageClass.SERVICE), facts, NOON)
    assert service == HoldUntil(datetime(2026, 12, 7, 3, tzinfo=UTC), UnsendableReason.SNOOZED)
    verdict = may_leave(message(), replace(facts, policy=Policy()), NOON)
    assert isinstance(verdict, HoldUntil)
    assert (verdict.at, verdict.reason) == (datetime(2026, 12, 7, 14, tzinfo=UTC), UnsendableReason.SNOOZED)
    assert verdict.explanation == (
        "the contact asked for silence until 2026-12-07 03:00 UTC, then quiet hours until 9:00 in"
        " America/New_York; goes 2026-12-07 14:00 UTC"
    )
    assert leaves(message(MessageClass.REPLY), facts, NOON)


def test_what_came_during_a_snooze_is_late_only_from_its_end_on() -> None:
    ends = datetime(2026, 12, 7, 13, tzinfo=UTC)  # 8:00 in New York
    facts = replace(SUBSCRIBED, policy=SKIPPING, snoozed_until=ends)
    assert isinstance(may_leave(message(), facts, NOON), HoldUntil)
    assert leaves(message(), facts, ends + timedelta(hours=1))


def test_while_a_revocation_may_be_meant_nothing_leaves_but_answers() -> None:
    facts = replace(SUBSCRIBED, clarify_by=NOON + timedelta(minutes=5))
    assert may_leave(message(), facts, NOON) == HoldUntil(
        NOON + timedelta(minutes=5), UnsendableReason.CLARIFYING
    )
    assert leaves(message(MessageClass.REPLY), facts, NOON)


def test_who_prefers_mornings_is_written_to_in_the_morning() -> None:
    facts = replace(SUBSCRIBED, preferred_hours="mornings")
    assert may_leave(message(), facts, NOON) == HoldUntil(
        datetime(2026, 11, 23, 14, tzinfo=UTC), UnsendableReason.PREFERRED_HOURS
    )
    assert leaves(message(), facts, NOON - timedelta(minutes=1))


def test_a_preference_is_no_reason_to_send_nothing() -> None:
    facts = replace(SUBSCRIBED, preferred_hours="mornings")
    assert leaves(replace(message(), valid_until=NOON + timedelta(hours=3)), facts, NOON)
    never = {MessageClass.MARKETING: QuietHours(time(17), time(9))}
    facts = replace(SUBSCRIBED, policy=Policy(quiet=never), preferred_hours="evenings")
    assert leaves(message(), facts, NOON)
    assert leaves(message(MessageClass.REPLY), facts, NOON)


def test_the_operator_holds_back_flows_groups_and_classes() -> None:
    for name in ("offers", "loyalty", "marketing"):
        facts = replace(SUBSCRIBED, policy=Policy(held=frozenset({name})))
        verdict = may_leave(message(), facts, NOON)
        assert isinstance(verdict, HoldUntil)
        assert verdict.reason is UnsendableReason.HELD_BY_OPERATOR
        assert verdict.explanation.startswith(f"the operator holds back {name}")
        assert leaves(message(MessageClass.REPLY), facts, NOON)
        expired = replace(message(), valid_until=NOON + timedelta(minutes=10))
        assert reason(may_leave(expired, facts, NOON)) is UnsendableReason.EXPIRED


def test_on_a_holiday_nothing_leaves_that_keeps_it() -> None:
    quiet = {MessageClass.MARKETING: QuietHours(time(21), time(9), holidays=("us",))}
    facts = replace(SUBSCRIBED, policy=Policy(quiet=quiet))
    thanksgiving = datetime(2026, 11, 26, 17, tzinfo=UTC)
    friday = HoldUntil(datetime(2026, 11, 27, 14, tzinfo=UTC), UnsendableReason.QUIET_HOURS)
    assert may_leave(message(), facts, thanksgiving) == friday
    assert leaves(message(MessageClass.SERVICE), facts, thanksgiving)


@pytest.mark.parametrize("hours", [0, 2, 7, 13, -12])  # from the evening before, by day, at night
def test_what_waits_for_the_end_of_a_holiday_says_which(hours: int) -> None:
    quiet = {MessageClass.MARKETING: QuietHours(time(21), time(9), holidays=("us",))}
    facts = replace(SUBSCRIBED, policy=Policy(quiet=quiet))
    verdict = may_leave(message(), facts, datetime(2026, 11, 26, 15, tzinfo=UTC) + timedelta(hours=hours))
    assert isinstance(verdict, HoldUntil)
    quiet_until = "a holiday (Thanksgiving Day), and quiet until Fri 9:00 in America/New_York"
    assert verdict.explanation == f"{quiet_until}; goes 2026-11-27 14:00 UTC"
    night = may_leave(message(), facts, datetime(2026, 11, 25, 6, tzinfo=UTC))
    assert isinstance(night, HoldUntil)
    assert night.explanation.startswith("quiet hours until 9:00 in America/New_York")


LATEST = timedelta(hours=16)
THANKSGIVING = datetime(2026, 11, 26, 16, tzinfo=UTC)  # 11:00 in New York
DAY_AFTER = datetime(2026, 11, 27, 14, tzinfo=UTC)  # 9:00


@pytest.mark.parametrize(
    ("due_at", "within", "leaves_at"),
    [
        (THANKSGIVING, LATEST, DAY_AFTER),
        (THANKSGIVING, timedelta(hours=1), DAY_AFTER),  # whatever night follows: by day it would have left
        (THANKSGIVING - timedelta(hours=15), LATEST, DAY_AFTER),  # the evening before
        (THANKSGIVING - timedelta(hours=15), timedelta(hours=12), None),  # refused on any other evening too
        (THANKSGIVING + timedelta(hours=10), timedelta(hours=11), None),  # night by then: nothing is lost
    ],
)
def test_a_holiday_moves_a_message_by_a_day_and_skips_none(
    due_at: datetime, within: timedelta, leaves_at: datetime | None
) -> None:
    hours = QuietHours(time(20), time(9), Late.SKIP, within, holidays=("us",))
    facts = replace(SUBSCRIBED, policy=Policy(quiet={MessageClass.MARKETING: hours}))
    verdict = may_leave(replace(message(), due_at=due_at), facts, due_at)
    if leaves_at is None:
        assert reason(verdict) is UnsendableReason.QUIET_HOURS
        assert isinstance(verdict, Refuse)
    else:
        assert isinstance(verdict, HoldUntil)
        assert verdict.at == leaves_at
    # What another rule delays further is as late as it would have been a day before.
    capped = replace(facts, counts=(Counted(MessageClass.MARKETING, None, "sms", DAY_AFTER.date(), 1),))
    capped = replace(capped, policy=replace(facts.policy, caps=(Cap(1, 1),)))
    again = may_leave(replace(message(), due_at=due_at), capped, DAY_AFTER)
    assert isinstance(again, Refuse)
    assert reason(again) is UnsendableReason.CAPPED


# Random lives

policies = st.builds(
    Policy,
    zone=st.just("America/New_York"),
    quiet=st.dictionaries(
        st.sampled_from([MessageClass.SERVICE, MessageClass.MARKETING]),
        st.builds(
            QuietHours,
            st.sampled_from([time(20), time(21), time(22, 30)]),
            st.sampled_from([time(7), time(8, 15), time(9), time(10)]),
            st.sampled_from(Late),
            st.sampled_from([timedelta(hours=1), timedelta(hours=12), timedelta(days=2)]),
            st.sampled_from([(), ("us",), ("us", "us-ca")]),
        ),
    ),
    caps=st.lists(
        st.builds(
            Cap,
            st.integers(1, 3),
            st.integers(1, 9),
            st.none() | st.sampled_from([MessageClass.SERVICE, MessageClass.MARKETING]),
            st.none() | st.just("sale"),
            st.none() | st.just("sms"),
        ),
        max_size=3,
    ).map(tuple),
)
DAY_ZERO = datetime(2026, 10, 25, tzinfo=UTC)  # clocks change in Europe that day, a week later in America
moments = st.integers(0, 40 * 24 * 60).map(lambda minutes: DAY_ZERO + timedelta(minutes=minutes))
counted = st.lists(
    st.builds(
        Counted,
        st.sampled_from([MessageClass.SERVICE, MessageClass.MARKETING]),
        st.none() | st.just("sale"),
        st.just("sms"),
        st.integers(-8, 40).map(lambda days: DAY_ZERO.date() + timedelta(days=days)),
        st.integers(1, 3),
    ),
    max_size=6,
).map(tuple)
near_zones = st.lists(
    st.sampled_from(["America/New_York", "America/Chicago", "America/Los_Angeles", "America/Phoenix"]),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)
lives = st.builds(
    ConsentFacts,
    subscriptions=st.just({"loyalty": SubscriptionState.SUBSCRIBED}),
    zones=near_zones,
    policy=policies,
    snoozed_until=st.none() | moments,
    preferred_hours=st.none() | st.sampled_from(["mornings", "afternoons", "evenings"]),
    counts=counted,
)
our_own = st.builds(
    lambda message_class, tag, due_at, valid: replace(
        message(message_class), tag=tag, due_at=due_at, valid_until=None if valid is None else due_at + valid
    ),
    st.sampled_from([MessageClass.SERVICE, MessageClass.MARKETING]),
    st.none() | st.just("sale"),
    moments,
    st.none() | st.sampled_from([timedelta(hours=2), timedelta(days=1), timedelta(days=20)]),
)


def is_allowed(outgoing: Outgoing, facts: ConsentFacts, at: datetime) -> bool:
    """Whether it may leave at that moment, said once more and as plainly as can be, wishes aside."""
    quiet = facts.policy.quiet.get(outgoing.message_class)
    for zone in facts.zones if quiet is not None else ():
        local = at.astimezone(ZoneInfo(zone))
        if quiet is not None and (quiet.contain(local.time()) or holiday_on(local.date(), quiet.holidays)):
            return False
    today = at.astimezone(ZoneInfo(facts.zones[0])).date()
    for cap in facts.policy.caps:
        since = today - timedelta(days=cap.days - 1)
        found = sum(one.messages for one in facts.counts if cap.covers(one) and one.on >= since)
        if cap.covers(outgoing) and found >= cap.most:
            return False
    return facts.snoozed_until is None or at >= facts.snoozed_until


@settings(max_examples=300)
@given(our_own, lives)
def test_nothing_leaves_against_a_rule_and_nothing_waits_longer_than_it_must(
    outgoing: Outgoing, facts: ConsentFacts
) -> None:
    now = outgoing.due_at
    verdict = may_leave(outgoing, facts, now)
    if isinstance(verdict, Cleared):
        assert is_allowed(outgoing, facts, now)
        return
    assert verdict.explanation
    assert "+1" not in verdict.explanation
    if isinstance(verdict, Refuse):
        assert not is_allowed(outgoing, facts, now)
        return
    assert now < verdict.at <= max(now, facts.snoozed_until or now) + HOLD_MAX
    assert outgoing.valid_until is None or verdict.at < outgoing.valid_until
    assert is_allowed(outgoing, facts, verdict.at)
    again = may_leave(outgoing, facts, verdict.at)
    if not isinstance(again, Cleared):  # its hours were too far off before
        assert reason(again) is UnsendableReason.PREFERRED_HOURS
    if facts.preferred_hours is None:
        assert isinstance(again, Cleared)
        step = now
        while step < verdict.at:  # every quarter of an hour, and the last moment
            assert not is_allowed(outgoing, facts, step), step
            step += timedelta(minutes=15)
        assert not is_allowed(outgoing, facts, verdict.at - timedelta(microseconds=1))


@settings(max_examples=100)
@given(st.lists(our_own, max_size=12), lives)
def test_caps_hold_over_a_whole_life(outbox: list[Outgoing], facts: ConsentFacts) -> None:
    """Everything is asked about, held, and asked about again, as the outbox does it."""
    facts = replace(facts, counts=())
    waiting = [(one.due_at, number) for number, one in enumerate(outbox)]
    asked = 0
    while waiting:
        waiting.sort()
        now, number = waiting.pop(0)
        outgoing = outbox[number]
        asked += 1
        assert asked < 500, "it is asked about for ever"
        verdict = may_leave(outgoing, facts, now)
        if isinstance(verdict, HoldUntil):
            waiting.append((verdict.at, number))
        elif isinstance(verdict, Cleared):
            assert outgoing.valid_until is None or now < outgoing.valid_until
            today = now.astimezone(ZoneInfo(facts.zone)).date()
            one = Counted(outgoing.message_class, outgoing.tag, outgoing.channel, today, 1)
            facts = replace(facts, counts=(*facts.counts, one))
    for cap in facts.policy.caps:
        for number in range(-10, 80):
            first = DAY_ZERO.date() + timedelta(days=number)
            row = [one for one in facts.counts if first <= one.on < first + timedelta(days=cap.days)]
            assert sum(cap.covers(one) for one in row) <= cap.most


def test_consent_to_texts_is_none_to_wechat_and_the_reverse() -> None:
    on_wechat = replace(message(), channel="wechat", address="wx1/openid")
    assert not leaves(on_wechat, SUBSCRIBED, NOON)
    agreed = replace(SUBSCRIBED, subscriptions={"wechat:loyalty": SubscriptionState.SUBSCRIBED})
    assert leaves(on_wechat, agreed, NOON)
    assert not leaves(message(), agreed, NOON)
    verdict = may_leave(on_wechat, SUBSCRIBED, NOON)
    assert isinstance(verdict, Refuse)
    assert verdict.explanation == "the contact never opted in to loyalty on wechat"


def test_quiet_hours_and_caps_hold_on_wechat_too() -> None:
    on_wechat = replace(message(), channel="wechat", address="wx1/openid")
    agreed = replace(SUBSCRIBED, subscriptions={"wechat:loyalty": SubscriptionState.SUBSCRIBED})
    assert reason(may_leave(on_wechat, agreed, NIGHT_TIME)) is UnsendableReason.QUIET_HOURS
    capped = Policy(caps=(Cap(1, 7),))
    sent = Counted(MessageClass.MARKETING, None, "sms", date(2026, 11, 22), 1)
    facts = replace(agreed, policy=capped, counts=(sent,))
    assert reason(may_leave(on_wechat, facts, NOON)) is UnsendableReason.CAPPED
