"""Tiers: reached at once, kept by what was bought, lost only at a period's end; as a naive oracle says."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.local_time import end_of_day_exclusive, local_date, start_of_day
from bot.core.loyalty.tiers import (
    Benefits,
    Change,
    Step,
    Tiers,
    TierStanding,
    Window,
    benefits_of,
    decides_at,
    looks_at,
    progress,
    settle,
    warn,
    windows,
)

ZONE = "America/New_York"
CLOCK = time(10)
START = datetime(2026, 1, 5, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def tiers(**changes: object) -> Tiers:
    """Silver from $100, gold from $300, in twelve months, unless said otherwise."""
    written: dict[str, object] = {
        "levels": [
            {"id": "silver", "name": "Silver", "spend": "100.00", "multiplier": "1.25"},
            {"id": "gold", "name": "Gold", "spend": "300.00", "multiplier": "1.5", "early_access": "24h"},
        ],
        "within": "12 months",
        **changes,
    }
    if changes.get("per"):
        del written["within"]
    return Tiers.model_validate(written)


@dataclass
class Member:
    """A standing, and the orders it is judged by: (when placed, what is left of it)."""

    rules: Tiers
    standing: TierStanding = field(default_factory=TierStanding)
    orders: list[tuple[datetime, int]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def totals(self, now: datetime) -> dict[Window, int]:
        """What an exact reader says."""
        return {
            window: sum(amount for at, amount in self.orders if at in window)
            for window in windows(self.rules, self.standing, ZONE, now)
        }

    def look(self, now: datetime) -> tuple[Change, ...]:
        """Settle, as every turn and the job do."""
        self.standing, steps = settle(self.rules, self.standing, ZONE, now, self.totals(now))
        self.standing, warned = warn(self.rules, self.standing, now, self.totals(now), clock=CLOCK)
        steps += warned
        self.steps += steps
        return tuple(step.change for step in steps)

    def buy(self, now: datetime, amount: int) -> tuple[Change, ...]:
        """Place an order: what was due before comes first, then it counts."""
        before = self.look(now)
        self.orders.append((now, amount))
        return before + self.look(now)

    def refund(self, now: datetime, number: int, amount: int) -> tuple[Change, ...]:
        """Give back a part of an order."""
        before = self.look(now)
        at, left = self.orders[number]
        self.orders[number] = (at, left - min(left, amount))
        return before + self.look(now)


def test_a_tier_is_reached_at_once_and_the_rest_to_the_next_is_told() -> None:
    ana = Member(tiers())
    assert ana.buy(START, 9_999) == ()
    told = progress(ana.rules, ana.standing, ZONE, START, ana.totals(START))
    assert (told.level, told.to_next, told.total) == (None, 1, 9_999)
    assert ana.buy(START + DAY, 1) == (Change.REACHED,)
    now = START + DAY
    told = progress(ana.rules, ana.standing, ZONE, now, ana.totals(now))
    assert told.level is not None
    assert told.next_level is not None
    assert (told.level.id, told.next_level.id, told.to_next) == ("silver", "gold", 20_000)
    assert ana.buy(START + 2 * DAY, 50_000) == (Change.REACHED,)
    assert ana.standing.tier == "gold"
    assert ana.standing.until_on == date(2027, 1, 7)
    now = START + 2 * DAY
    told = progress(ana.rules, ana.standing, ZONE, now, ana.totals(now))
    assert (told.next_level, told.to_next, told.to_keep, told.keep_by) == (None, 0, 30_000, date(2027, 1, 7))
    assert told.secure_until == date(2027, 1, 7)


def test_what_was_bought_longer_ago_than_the_time_that_counts_does_not() -> None:
    ana = Member(tiers(within="60d"))
    ana.buy(START, 5_000)
    ana.orders[0] = (start_of_day(local_date(START, ZONE), ZONE), 5_000)
    last_day = START + 59 * DAY
    assert sum(ana.totals(last_day).values()) > 0
    assert sum(ana.totals(last_day + DAY).values()) == 0


def test_both_can_be_reached_in_one_step() -> None:
    ana = Member(tiers())
    ana.buy(START, 40_000)
    assert [(step.before, step.after) for step in ana.steps] == [(None, "gold")]


def test_nobody_falls_by_a_refund_before_the_period_ends_nor_by_more_than_a_step() -> None:
    ana = Member(tiers())
    ana.buy(START, 30_000)
    ana.refund(START + DAY, 0, 30_000)
    assert ana.standing.tier == "gold"
    end = decides_at(ana.rules, ana.standing)
    assert end == end_of_day_exclusive(date(2027, 1, 5), ZONE)
    ana.look(end - timedelta(microseconds=1))
    assert ana.standing.tier == "gold"
    assert ana.look(end) == (Change.LOST,)
    lost = ana.steps[-1]
    assert (lost.before, lost.after, lost.at, lost.missing) == ("gold", "silver", end, 30_000)
    assert (ana.standing.tier, ana.standing.until_on) == ("silver", date(2028, 1, 5))
    again = decides_at(ana.rules, ana.standing)
    assert again is not None
    assert ana.look(again) == (Change.LOST,)
    assert ana.standing == TierStanding()


def test_to_what_is_earned_if_the_program_says_so_or_never() -> None:
    for downgrade, left in (("to_earned", None), ("never", "gold")):
        ana = Member(tiers(downgrade=downgrade))
        ana.buy(START, 30_000)
        ana.look(START + 800 * DAY)
        assert ana.standing.tier == left


def test_what_is_bought_in_the_grace_still_keeps_it() -> None:
    ana = Member(tiers(grace="30d"))
    ana.buy(START, 30_000)
    assert ana.standing.until_on == date(2027, 1, 5)
    assert ana.buy(datetime(2027, 2, 3, 12, tzinfo=UTC), 30_000) == (Change.AT_RISK,)
    assert ana.look(datetime(2027, 2, 4, 12, tzinfo=UTC)) == ()
    assert ana.look(datetime(2027, 2, 5, 12, tzinfo=UTC)) == (Change.KEPT,)
    assert (ana.standing.tier, ana.standing.until_on) == ("gold", date(2028, 1, 5))


def test_a_calendar_year_is_kept_to_its_end_and_then_earned_anew() -> None:
    ana = Member(tiers(per="year"))
    ana.buy(datetime(2026, 12, 30, 12, tzinfo=UTC), 30_000)
    assert ana.standing.until_on == date(2026, 12, 31)
    now = datetime(2026, 12, 31, 12, tzinfo=UTC)
    told = progress(ana.rules, ana.standing, ZONE, now, ana.totals(now))
    assert (told.to_keep, told.secure_until) == (0, date(2027, 12, 31))
    assert ana.look(datetime(2027, 1, 1, 5, tzinfo=UTC)) == (Change.KEPT,)
    now = datetime(2027, 12, 31, 12, tzinfo=UTC)
    ana.buy(now, 24_200)
    told = progress(ana.rules, ana.standing, ZONE, now, ana.totals(now))
    assert (told.to_keep, told.keep_by) == (5_800, date(2027, 12, 31))
    assert ana.look(datetime(2028, 1, 1, 5, tzinfo=UTC)) == (Change.LOST,)
    assert ana.standing.tier == "silver"


def test_a_warning_comes_once_before_the_end_and_only_if_something_is_missing() -> None:
    ana, ben = Member(tiers()), Member(tiers())
    for one in (ana, ben):
        one.buy(START, 30_000)
    ben.buy(START + 5 * DAY, 30_000)
    warned_at = looks_at(ana.rules, ana.standing, CLOCK)
    assert warned_at == datetime(2026, 12, 6, 15, tzinfo=UTC)  # ten in New York, thirty days before
    assert ana.look(warned_at - timedelta(seconds=1)) == ()
    assert ana.look(warned_at) == (Change.AT_RISK,)
    assert (ana.steps[-1].missing, ana.steps[-1].keep_by) == (30_000, date(2027, 1, 5))
    assert ana.look(warned_at + DAY) == ()
    warned_at = looks_at(ben.rules, ben.standing, CLOCK)
    assert warned_at is not None
    assert ben.look(warned_at) == ()
    assert looks_at(ben.rules, ben.standing, CLOCK) == decides_at(ben.rules, ben.standing)


def test_a_tier_that_is_no_more_gives_way_to_what_is_earned() -> None:
    ana = Member(tiers())
    ana.buy(START, 30_000)
    ana.rules = tiers(levels=[{"id": "club", "name": "Club", "spend": 50}])
    assert ana.look(START + DAY) == (Change.REACHED,)
    assert ana.standing.tier == "club"


def test_a_tier_of_a_season_can_be_reached_in_it_alone() -> None:
    levels = [
        {"id": "silver", "name": "Silver", "spend": 100},
        {"id": "star", "name": "Star", "spend": 200, "from": "2026-11-01", "until": "2026-12-31"},
    ]
    ana = Member(tiers(levels=levels, per="year"))
    ana.buy(START, 25_000)
    assert ana.standing.tier == "silver"
    assert ana.look(datetime(2026, 11, 1, 12, tzinfo=UTC)) == (Change.REACHED,)
    assert ana.standing.tier == "star"


def test_orders_can_be_what_counts() -> None:
    rules = tiers(levels=[{"id": "regular", "name": "Regular", "orders": 3}])
    ana = Member(rules)
    assert [ana.buy(START + n * DAY, 1) for n in range(3)] == [(), (), (Change.REACHED,)]


def test_benefits_follow_the_tier_and_a_season_takes_the_place_of_the_usual_multiplier() -> None:
    season = {"tier": "gold", "multiplier": 3, "from": "2026-12-01", "until": "2026-12-24"}
    rules = tiers(multipliers=[season])
    assert benefits_of(rules, "gold", date(2026, 11, 30)).multiplier == Fraction(3, 2)
    assert benefits_of(rules, "gold", date(2026, 12, 24)).multiplier == 3
    assert benefits_of(rules, "gold", date(2026, 12, 25)).early_access == timedelta(hours=24)
    assert benefits_of(rules, "silver", date(2026, 12, 24)).multiplier == Fraction(5, 4)
    assert benefits_of(rules, None, date(2026, 12, 24)) == Benefits()
    assert benefits_of(None, "gold", date(2026, 12, 24)) == Benefits(Fraction(1), timedelta(0))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"within": None}, "it is not said what time counts; write `within: 12 months` or `per: year`"),
        ({"within": "20d"}, "the warning would come before the period begins; write a shorter `warn`"),
        ({"levels": [{"id": "a", "name": "A"}]}, "'a' is reached by nothing"),
        (
            {"levels": [{"id": "a", "name": "A", "spend": 5}, {"id": "b", "name": "B", "spend": 5}]},
            "a tier is not above the one before it; write them lowest first",
        ),
        (
            {"levels": [{"id": "a", "name": "A", "spend": 5}, {"id": "a", "name": "B", "spend": 6}]},
            "two tiers have one id",
        ),
        (
            {"levels": [{"id": "a", "name": "A", "spend": 5}, {"id": "b", "name": "B", "orders": 6}]},
            "the tiers count different things",
        ),
        (
            {"multipliers": [{"tier": "gild", "multiplier": 2, "from": "2026-01-01", "until": "2026-01-02"}]},
            "there is no tier 'gild'; the tiers are silver, gold",
        ),
    ],
)
def test_mistakes_are_told_with_their_remedy(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(
        ValidationError, match=complaint.split("; ", maxsplit=1)[0].replace("`", ".")
    ) as caught:
        tiers(**changes)
    assert complaint in str(caught.value)


# Against an oracle that knows no windows: it goes through every day, and looks at every order there is.


@dataclass
class Oracle:
    """Judges day by day, in the plainest way there is."""

    rules: Tiers
    tier: str | None = None
    ends_on: date | None = None
    begins_on: date | None = None
    orders: list[tuple[datetime, int]] = field(default_factory=list)

    def total(self, since: datetime, until: datetime) -> int:
        return sum(amount for at, amount in self.orders if since <= at <= until)

    def midnight(self, day: date) -> None:
        """End the period whose last day of grace was the day before `day`."""
        if self.tier is None or self.ends_on is None or self.begins_on is None:
            return
        if day != self.ends_on + self.rules.grace + DAY:
            return
        end = start_of_day(day, ZONE)
        total = self.total(start_of_day(self.begins_on, ZONE), end - timedelta(microseconds=1))
        thresholds = {level.id: level.threshold for level in self.rules.levels}
        names = list(thresholds)
        if total < thresholds[self.tier]:
            if self.rules.downgrade == "one_step":
                lower = names.index(self.tier) - 1
                self.tier = names[lower] if lower >= 0 else None
            else:
                reached = [name for name in names if thresholds[name] <= total]
                self.tier = reached[-1] if reached else None
        if self.tier is None:
            self.begins_on = self.ends_on = None
        elif self.rules.per == "year":
            self.begins_on = date(self.ends_on.year + 1, 1, 1)
            self.ends_on = date(self.ends_on.year + 1, 12, 31)
        else:
            self.begins_on = self.ends_on + DAY
            self.ends_on = self.ends_on + 60 * DAY

    def order(self, now: datetime) -> None:
        """Raise at once."""
        day = local_date(now, ZONE)
        first = date(day.year, 1, 1) if self.rules.per == "year" else day - 59 * DAY
        total = self.total(start_of_day(first, ZONE), now)
        thresholds = {level.id: level.threshold for level in self.rules.levels}
        reached = [name for name in thresholds if thresholds[name] <= total]
        if reached and thresholds[reached[-1]] > thresholds.get(self.tier or "", 0):
            self.tier = reached[-1]
            if self.rules.per == "year":
                self.begins_on, self.ends_on = first, date(day.year, 12, 31)
            else:
                self.begins_on, self.ends_on = day + DAY, day + 60 * DAY


OPERATIONS = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=70),  # days that pass
        st.sampled_from(["buy", "buy", "refund", "look", "redeem"]),
        st.integers(min_value=1, max_value=35_000),
    ),
    max_size=14,
)


@given(
    OPERATIONS,
    st.sampled_from(["one_step", "to_earned"]),
    st.sampled_from(["0d", "10d"]),
    st.sampled_from([{"per": "year"}, {"within": "60d"}]),
)
def test_it_is_what_a_naive_oracle_says_whenever_anybody_looks(
    operations: list[tuple[int, str, int]], downgrade: str, grace: str, period: dict[str, str]
) -> None:
    rules = tiers(downgrade=downgrade, grace=grace, **period)
    lazy, punctual, oracle = Member(rules), Member(rules), Oracle(rules)
    now = START
    for days, what, amount in operations:
        for _ in range(days):
            now += DAY
            oracle.midnight(local_date(now, ZONE))
            punctual.look(now)
        now += timedelta(minutes=1)
        if what == "buy":
            lazy.buy(now, amount)
            punctual.buy(now, amount)
            oracle.orders.append((now, amount))
            oracle.order(now)
        elif what == "refund" and oracle.orders:
            number = amount % len(oracle.orders)
            lazy.refund(now, number, amount)
            punctual.refund(now, number, amount)
            at, left = oracle.orders[number]
            oracle.orders[number] = (at, left - min(left, amount))
        elif what == "look":
            lazy.look(now)
        # To redeem, or to let credit end, changes nothing that is looked at here.
        assert punctual.standing.tier == oracle.tier
        assert punctual.standing.until_on == oracle.ends_on
    lazy.look(now)
    oracle_says = (oracle.tier, oracle.begins_on, oracle.ends_on)
    assert (lazy.standing.tier, lazy.standing.from_on, lazy.standing.until_on) == oracle_says
    changes = [step for step in lazy.steps if step.change in {Change.REACHED, Change.LOST}]
    assert changes == [step for step in punctual.steps if step.change in {Change.REACHED, Change.LOST}]


@given(OPERATIONS, st.integers(min_value=0, max_value=13), st.integers(min_value=1, max_value=10_000))
def test_whoever_buys_more_never_stands_lower(
    operations: list[tuple[int, str, int]], at: int, more: int
) -> None:
    """By the calendar: a rolling period begins when a tier is reached, and early is not always best."""
    rules = tiers(per="year")
    ana, ben = Member(rules), Member(rules)
    rank = {None: 0, "silver": 1, "gold": 2}
    now = START
    for number, (days, what, amount) in enumerate(operations):
        now += days * DAY + timedelta(minutes=1)
        if what == "buy":
            ana.buy(now, amount)
            ben.buy(now, amount + (more if number == at else 0))
        else:
            ana.look(now)
            ben.look(now)
        assert rank[ben.standing.tier] >= rank[ana.standing.tier]
