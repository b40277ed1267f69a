"""Strikes over zones, clock changes and moves: everybody each civil date once, neither early nor late."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation.strikes import STRUCK, follow_zone, starter_of, strike_name, strike_trigger
from bot.core.contact import Contact
from bot.core.flow.compiled import Flow, ScheduleStarter
from bot.core.flow.schedule import Schedule
from bot.core.ledger.wallet import Wallet
from bot.core.local_time import instant_of, local_date
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Snapshot, Turn
from tests.core.flow.rig import SHOP, flow

ZONES = (
    "America/Los_Angeles",
    "America/New_York",
    "America/Nuuk",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
)
_DAYS = 9
_PASS_MAX = timedelta(hours=11)


@dataclass
class Life:
    """A contact that moves, and a job that comes by now and then: which dates it is given, and when."""

    flow: Flow
    starter: ScheduleStarter
    contact: Contact
    struck: datetime
    given: dict[str, datetime] = field(default_factory=dict)

    def passes(self, now: datetime) -> None:
        """Do what the job does for this contact."""
        strike = self.starter.schedule.latest(self.struck, now, self.contact.zone)
        if strike is not None:
            self._keep(strike_trigger(self.flow, self.starter, strike.on, strike.at), now)
        self.struck = now

    def moves(self, zone: str, now: datetime) -> None:
        """Let a turn move the contact."""
        cursor = {f"{STRUCK}/{strike_name(self.flow, self.starter)}": self.struck}
        turn = Turn(
            trigger=Trigger("move", TriggerKind.OPERATION, now),
            snapshot=Snapshot(self.contact, (), {}, (), Wallet(self.contact.id), more=cursor),
            shop=SHOP,
            now=now,
            mint=lambda: "0" * 32,
        )
        turn.set_field("zone", zone)
        follow_zone(turn, [(self.flow, self.starter)])
        self.contact = turn.contact
        for trigger in turn.effects.later:
            self._keep(trigger, now)

    def _keep(self, trigger: Trigger, now: datetime) -> None:
        self.given.setdefault(trigger.key.split(":")[2].split("T")[0], max(now, trigger.at))


@cache
def daily_flow(schedule: str) -> Flow:
    """Compile a flow that starts by this schedule."""
    return flow(f"{{flow: daily, start: [{{schedule: {schedule}}}], steps: [{{say: It is time.}}]}}")


def life(schedule: str, zone: str, since: datetime) -> Life:
    """Begin a life in a zone; the schedule is known, and the member has been one for long."""
    daily = daily_flow(schedule)
    starter = starter_of(daily, None)
    assert starter is not None
    joined_at = since - timedelta(days=99)
    contact = Contact("0" * 32, 0, "en", zone, joined_at, enrolled_at=joined_at, zone_is_known=True)
    return Life(daily, starter, contact, since)


def begun(homes: list[tuple[datetime, str]]) -> date:
    """The first date that has struck nowhere yet when the schedule is heard of."""
    return max(local_date(homes[0][0], where) for _, where in homes) + timedelta(days=1)


def wanted(schedule: Schedule, homes: list[tuple[datetime, str]], until: datetime) -> dict[str, datetime]:
    """Say when each date is due: when it strikes where the member lives, or when a move leaves that out.

    Of dates that one move leaves out only the last counts. Not on the day that the schedule begins.
    """
    ends = [*[at for at, _ in homes[1:]], until]
    due: dict[datetime, date] = {}
    day = begun(homes)
    while day <= local_date(until, "Pacific/Kiritimati"):
        struck: list[datetime] = []
        before: datetime | None = None
        for (since, where), end in zip(homes, ends, strict=True):
            at = instant_of(day, schedule.clock, where)
            if since <= at <= end:
                struck.append(at)
            elif at <= since and before is not None and before > since:
                struck.append(since)
            before = at
        if schedule.includes(day) and struck:
            due[min(struck)] = day
        day += timedelta(days=1)
    return {str(on): at for at, on in due.items()}


starts = st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 10), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0)
)
spans = st.integers(11, int(_PASS_MAX.total_seconds())).map(lambda seconds: timedelta(seconds=seconds))


@given(
    starts,
    st.sampled_from(["daily 12:00", "daily 00:00", "daily 02:30", "daily 23:30", "'weekly mon,thu 09:00'"]),
    st.sampled_from(ZONES),
    st.lists(
        st.tuples(st.timedeltas(timedelta(hours=1), timedelta(days=4)), st.sampled_from(ZONES)), max_size=4
    ),
    st.lists(spans, min_size=20, max_size=60),
)
@example(  # to where noon is over, a second after it was not yet
    datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
    "daily 12:00",
    "America/Los_Angeles",
    [(timedelta(hours=6), "America/New_York")],
    [_PASS_MAX] * 20,
)
def test_everybody_has_each_date_once(
    start: datetime,
    schedule: str,
    zone: str,
    stays: list[tuple[timedelta, str]],
    passes: list[timedelta],
) -> None:
    one = life(schedule, zone, start)
    homes, at = [(start, zone)], start
    for stay, where in stays:
        at += stay
        if where != homes[-1][1]:
            homes.append((at, where))
    struck, now = [], start
    for span in passes:
        now += span
        struck.append(now)
    homes = [home for home in homes if home[0] < now]
    moves = dict(homes[1:])
    for moment in sorted({*moves, *struck}):
        if moment in moves:
            one.moves(moves[moment], moment)
        if moment in struck:
            one.passes(moment)
    due = wanted(one.starter.schedule, homes, now)
    began_on = str(begun(homes))  # and what is stored for later is not given yet
    one.given = {on: at for on, at in one.given.items() if at <= now and on >= began_on}
    assert {on for on in one.given if on in due} == due.keys()
    if all(later - earlier > timedelta(seconds=20) for (earlier, _), (later, _) in pairwise(homes)):
        assert one.given.keys() == due.keys()
    for on, given_at in one.given.items():
        assert due[on] <= given_at <= min(at for at in struck if at >= due[on])


def test_who_was_only_thought_to_live_elsewhere_has_what_is_theirs() -> None:
    """A guess is put right: the dates since they joined are theirs, and those before are not."""
    noon = instant_of(date(2026, 11, 24), time(12), "America/New_York")
    for joined_at, expected in ((noon - timedelta(hours=1), ["2026-11-24"]), (noon + timedelta(hours=1), [])):
        one = life("daily 12:00", "America/Los_Angeles", noon - timedelta(hours=2))
        one.contact = replace(one.contact, zone_is_known=False, enrolled_at=joined_at)
        one.moves("America/New_York", noon + timedelta(hours=2))
        assert [*one.given] == expected


def test_who_is_no_member_misses_nothing() -> None:
    noon = instant_of(date(2026, 11, 24), time(12), "America/New_York")
    one = life("daily 12:00", "America/Los_Angeles", noon - timedelta(hours=2))
    one.contact = replace(one.contact, enrolled_at=None)
    one.moves("America/New_York", noon + timedelta(hours=1))
    assert one.given == {}


def test_by_the_shops_clock_it_matters_not_where_anybody_lives() -> None:
    one = life("daily 12:00, in: shop", "America/Los_Angeles", datetime(2026, 11, 24, 16, 0, tzinfo=UTC))
    assert one.starter.by_shop_clock
    one.moves("America/New_York", datetime(2026, 11, 24, 18, 0, tzinfo=UTC))
    assert one.given == {}
