"""Tiers: what a member has reached by what was bought, for how long it is kept, and what is missing to more.

A tier is judged by a metric of its own, counted from orders: credit that is redeemed or ends never lowers it,
a refund does. It is reached at once and can only be lost when a period ends, after the grace.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.core.local_time import add_months, end_of_day_exclusive, instant_of, local_date, start_of_day
from bot.core.loyalty.eligibility import Lasting
from bot.core.loyalty.fields import Days, Duration, Minor, Period, Rate, Rule, Span, Text

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_GRACE_MAX = timedelta(days=90)
_PERIODS_MAX = 40
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Metric(StrEnum):
    """What a tier is judged by; none of them can be spent."""

    SPEND = "spend"  # cash paid, less what was refunded, in minor units
    ORDERS = "orders"  # orders that were not given back whole
    POINTS = "points"  # what orders earned, less what was taken back, in minor units


class Level(Lasting):
    """One tier: what reaches it, and what it is good for; where it lasts some days, it is reached in them."""

    id: str = Field(pattern="^[a-z][a-z0-9_]*$")
    name: Text
    spend_minor: Minor | None = Field(default=None, alias="spend")
    orders: Annotated[int, Field(gt=0)] | None = None
    points_minor: Minor | None = Field(default=None, alias="points")
    multiplier: Rate = Fraction(1)
    early_access: Duration = timedelta(0)
    gift_minor: Minor | None = Field(default=None, alias="gift")

    @property
    def metric(self) -> Metric:
        """What it counts."""
        if self.spend_minor is not None:
            return Metric.SPEND
        return Metric.ORDERS if self.orders is not None else Metric.POINTS

    @property
    def threshold(self) -> int:
        """From how much of its metric on it is reached; money in minor units."""
        return self.spend_minor or self.orders or self.points_minor or 0

    @model_validator(mode="after")
    def _one_metric(self) -> Self:
        if sum(value is not None for value in (self.spend_minor, self.orders, self.points_minor)) != 1:
            raise ValueError(f"'{self.id}' is reached by nothing; write one of `spend`, `orders` or `points`")
        return self


class Boost(Lasting):
    """Another multiplier of a tier for some days."""

    tier: str
    multiplier: Rate


class Tiers(Rule):
    """The tiers of a program, lowest first.

    What counts is what was bought `within` a time up to now, or in the calendar's month, quarter or year
    (`per`). A tier is kept for as long again, from when it was reached, or to the end of the calendar's.
    """

    levels: tuple[Level, ...] = Field(min_length=1)
    within: Period | None = None
    per: Literal["month", "quarter", "year"] | None = None
    downgrade: Literal["one_step", "to_earned", "never"] = "one_step"
    grace: Annotated[Days, Field(le=_GRACE_MAX)] = timedelta(0)
    warn: Days = timedelta(days=30)
    multipliers: tuple[Boost, ...] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.within is None) == (self.per is None):
            raise ValueError("it is not said what time counts; write `within: 12 months` or `per: year`")
        ids = [level.id for level in self.levels]
        if len(set(ids)) < len(ids):
            raise ValueError("two tiers have one id; give each its own")
        if len({level.metric for level in self.levels}) > 1:
            raise ValueError(
                "the tiers count different things; let all have `spend`, or `orders`, or `points`"
            )
        thresholds = [level.threshold for level in self.levels]
        if thresholds != sorted(set(thresholds)):
            raise ValueError("a tier is not above the one before it; write them lowest first")
        first_on, last_on = self.first_period(date(2026, 2, 1))
        if self.warn >= last_on - first_on:
            raise ValueError("the warning would come before the period begins; write a shorter `warn`")
        unknown = [boost.tier for boost in self.multipliers if boost.tier not in ids]
        if unknown:
            raise ValueError(f"there is no tier '{unknown[0]}'; the tiers are {', '.join(ids)}")
        return self

    @property
    def metric(self) -> Metric:
        """What all tiers count."""
        return self.levels[0].metric

    def level(self, tier: str | None) -> Level | None:
        """Return a tier by its id; None where there is none (any more)."""
        return next((level for level in self.levels if level.id == tier), None)

    def earned(self, total: int, day: date) -> Level | None:
        """Return the highest tier that a total reaches on a day."""
        reached = [level for level in self.levels if level.threshold <= total and level.lasts(day)]
        return reached[-1] if reached else None

    def above(self, tier: str | None, day: date) -> Level | None:
        """Return the next tier that can be reached on a day."""
        known = self.level(tier)
        floor = known.threshold if known else 0
        return next((one for one in self.levels if one.threshold > floor and one.lasts(day)), None)

    def below(self, tier: str, day: date) -> Level | None:
        """Return the tier one step down, of those that there are on a day."""
        known = self.level(tier)
        lower = [one for one in self.levels if known and one.threshold < known.threshold and one.lasts(day)]
        return lower[-1] if lower else None

    def first_period(self, day: date) -> tuple[date, date]:
        """Return the days in which a tier reached on `day` has to be earned again."""
        if self.per is not None:
            return _unit(day, self.per)
        assert self.within is not None, "one of the two is said"
        return day + _DAY, self.within.after(day)

    def next_period(self, until_on: date) -> tuple[date, date]:
        """Return the days of the period after one that ended on `until_on`."""
        return self.first_period(until_on + _DAY if self.per is not None else until_on)

    def counted_from(self, day: date) -> date:
        """Return the first day that counts on `day` toward reaching a tier."""
        if self.per is not None:
            return _unit(day, self.per)[0]
        assert self.within is not None, "one of the two is said"
        return _before(day, self.within) + _DAY


@dataclass(frozen=True, slots=True)
class Benefits:
    """What a tier is good for at an instant."""

    multiplier: Fraction = Fraction(1)
    early_access: timedelta = timedelta(0)


def benefits_of(tiers: Tiers | None, tier: str | None, day: date) -> Benefits:
    """Return what a tier is good for on a day; a season's multiplier takes the place of the usual one."""
    level = tiers.level(tier) if tiers is not None else None
    if tiers is None or level is None:
        return Benefits()
    boosts = [one for one in tiers.multipliers if one.tier == tier and one.lasts(day)]
    multiplier = max((one.multiplier for one in boosts), default=level.multiplier)
    return Benefits(multiplier, level.early_access)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time of which the metric is asked; its end is exclusive."""

    since_at: datetime
    until_at: datetime

    def __contains__(self, at: object) -> bool:
        """Whether what was bought then counts."""
        return isinstance(at, datetime) and self.since_at <= at < self.until_at


@dataclass(frozen=True, slots=True)
class TierStanding:
    """The tier a member has (None: none yet), and the days in which it must be earned to be kept.

    The days are those of `zone`. `gifts` are the entries that gave the gifts of tiers: each gives its once.
    """

    tier: str | None = None
    since_at: datetime | None = None
    from_on: date | None = None
    until_on: date | None = None
    zone: str = "UTC"
    is_warned: bool = False
    gifts: Mapping[str, str] = field(default_factory=dict)


class Change(StrEnum):
    """What can happen to a standing."""

    REACHED = "reached"
    KEPT = "kept"
    LOST = "lost"
    AT_RISK = "at_risk"


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a standing: from which tier to which, when, and what was missing to keep it."""

    change: Change
    before: str | None
    after: str | None
    at: datetime
    missing: int = 0
    keep_by: date | None = None


def decides_at(tiers: Tiers, standing: TierStanding) -> datetime | None:
    """Return when it is decided whether the tier is kept: the period's end and the grace; None: never."""
    if standing.tier is None or standing.until_on is None or tiers.downgrade == "never":
        return None
    return end_of_day_exclusive(standing.until_on + tiers.grace, standing.zone)


def warns_at(tiers: Tiers, standing: TierStanding, clock: time) -> datetime | None:
    """Return when to warn that the tier may be lost, at that time of day; None: never, or it was done."""
    if decides_at(tiers, standing) is None or standing.until_on is None:
        return None
    if standing.is_warned or not tiers.warn:
        return None
    return instant_of(standing.until_on - tiers.warn, clock, standing.zone)


def looks_at(tiers: Tiers, standing: TierStanding, clock: time) -> datetime | None:
    """Return when a job has to look at the standing next: to warn, or to decide."""
    times = (warns_at(tiers, standing, clock), decides_at(tiers, standing))
    return min((at for at in times if at is not None), default=None)


def windows(tiers: Tiers, standing: TierStanding, zone: str, now: datetime) -> tuple[Window, ...]:
    """Return every window whose total `settle` and `progress` ask for at an instant."""
    ended = [window for _, window in _ended(tiers, standing, now)]
    return tuple(dict.fromkeys((*ended, to_reach(tiers, zone, now), to_keep(tiers, standing, now))))


def to_reach(tiers: Tiers, zone: str, now: datetime) -> Window:
    """Return what counts toward reaching a tier; what is bought at this instant does."""
    start = start_of_day(tiers.counted_from(local_date(now, zone)), zone)
    return Window(start, now + _INSTANT)


def to_keep(tiers: Tiers, standing: TierStanding, now: datetime) -> Window:
    """Return what counts toward keeping the tier in the period that runs."""
    for _ in _ended(tiers, standing, now):
        assert standing.until_on is not None, "it has periods"
        from_on, until_on = tiers.next_period(standing.until_on)
        standing = replace(standing, from_on=from_on, until_on=until_on)
    end = now + _INSTANT
    start = start_of_day(standing.from_on, standing.zone) if standing.from_on else end
    return Window(min(start, end), end)


def settle(
    tiers: Tiers, standing: TierStanding, zone: str, now: datetime, totals: Mapping[Window, int]
) -> tuple[TierStanding, tuple[Step, ...]]:
    """Do what is due: end periods as of their ends, then raise to what is earned.

    `totals` has the metric in each of `windows`, as orders stood before this instant. The result does not
    depend on whether a job ran in time.
    """
    steps: list[Step] = []
    if standing.tier is not None and tiers.level(standing.tier) is None:
        standing = TierStanding(gifts=standing.gifts)  # the tier is no more: what is earned counts
    for end, window in _ended(tiers, standing, now):
        if standing.tier is None:
            break
        standing, step = _end_period(tiers, standing, end, totals[window])
        steps.append(step)
    standing, raised = rise(tiers, standing, zone, now, totals[to_reach(tiers, zone, now)])
    return standing, (*steps, *raised)


def warn(
    tiers: Tiers, standing: TierStanding, now: datetime, totals: Mapping[Window, int], *, clock: time
) -> tuple[TierStanding, tuple[Step, ...]]:
    """Warn whoever is about to lose a tier, once a period and from that time of day on."""
    warn_at = warns_at(tiers, standing, clock)
    if warn_at is None or warn_at > now:
        return standing, ()
    missing = missing_to_keep(tiers, standing, totals[to_keep(tiers, standing, now)])
    warned = replace(standing, is_warned=True)
    if not missing:
        return warned, ()
    step = Step(Change.AT_RISK, standing.tier, standing.tier, now, missing, keep_by=standing.until_on)
    return warned, (step,)


def rise(
    tiers: Tiers, standing: TierStanding, zone: str, now: datetime, total: int
) -> tuple[TierStanding, tuple[Step, ...]]:
    """Raise a standing to what the total of the window to reach a tier earns; it never falls here."""
    today = local_date(now, zone)
    earned, current = tiers.earned(total, today), tiers.level(standing.tier)
    if earned is None or (current is not None and earned.threshold <= current.threshold):
        return standing, ()
    from_on, until_on = tiers.first_period(today)
    risen = TierStanding(earned.id, now, from_on, until_on, zone, gifts=standing.gifts)
    return risen, (Step(Change.REACHED, standing.tier, earned.id, now),)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a member stands, as it is told: what is missing to the next tier, and to keep this one.

    `secure_until` is the last day on which the tier is certain; None: for ever, or there is no tier.
    """

    level: Level | None
    total: int
    next_level: Level | None
    to_next: int
    to_keep: int
    keep_by: date | None
    secure_until: date | None


def progress(
    tiers: Tiers, standing: TierStanding, zone: str, now: datetime, totals: Mapping[Window, int]
) -> Progress:
    """Explain a settled standing."""
    total = totals[to_reach(tiers, zone, now)]
    following = tiers.above(standing.tier, local_date(now, zone))
    missing, keep_by, secure_until = 0, None, None
    if decides_at(tiers, standing) is not None and standing.until_on is not None:
        missing = missing_to_keep(tiers, standing, totals[to_keep(tiers, standing, now)])
        keep_by = standing.until_on
        secure_until = keep_by if missing else tiers.next_period(keep_by)[1]
    return Progress(
        level=tiers.level(standing.tier),
        total=total,
        next_level=following,
        to_next=max(0, following.threshold - total) if following else 0,
        to_keep=missing,
        keep_by=keep_by,
        secure_until=secure_until,
    )


def missing_to_keep(tiers: Tiers, standing: TierStanding, total: int) -> int:
    """Return what is missing to keep the tier, of which `total` counts by now."""
    level = tiers.level(standing.tier)
    return max(0, level.threshold - total) if level else 0


def _end_period(tiers: Tiers, standing: TierStanding, end: datetime, total: int) -> tuple[TierStanding, Step]:
    """Decide at a period's end whether the tier is kept."""
    assert standing.tier is not None and standing.until_on is not None, "only a tier has periods"  # noqa: PT018  # one fact
    day, level = standing.until_on, tiers.level(standing.tier)
    from_on, until_on = tiers.next_period(day)
    following = replace(standing, from_on=from_on, until_on=until_on, is_warned=False)
    if level is not None and level.threshold <= total and level.lasts(day):
        return following, Step(Change.KEPT, level.id, level.id, end)
    one_step = tiers.downgrade == "one_step"
    lower = tiers.below(standing.tier, day) if one_step else tiers.earned(total, day)
    missing = missing_to_keep(tiers, standing, total)
    step = Step(Change.LOST, standing.tier, lower.id if lower else None, end, missing, keep_by=day)
    if lower is None:
        return TierStanding(gifts=standing.gifts), step
    return replace(following, tier=lower.id, since_at=end), step


def _ended(tiers: Tiers, standing: TierStanding, now: datetime) -> Sequence[tuple[datetime, Window]]:
    """Return when each period that is over was decided, and what counted in it; oldest first.

    Where the periods follow one another does not depend on whether the tier was kept.
    """
    found: list[tuple[datetime, Window]] = []
    for _ in range(_PERIODS_MAX):
        end = decides_at(tiers, standing)
        if end is None or end > now or standing.from_on is None or standing.until_on is None:
            break
        found.append((end, Window(start_of_day(standing.from_on, standing.zone), end)))
        from_on, until_on = tiers.next_period(standing.until_on)
        standing = replace(standing, from_on=from_on, until_on=until_on)
    return found


@lru_cache(maxsize=256)
def _unit(day: date, unit: str) -> tuple[date, date]:
    """Return the first and last day of the month, quarter or year."""
    months = _MONTHS[unit]
    first = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    return first, add_months(first, months) - _DAY


def _before(day: date, span: Span) -> date:
    return add_months(day, -span.months) - timedelta(days=span.days)
