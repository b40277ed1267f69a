"""Who is to be told that credit ends, and when: pure, so that a job may ask at any time and as often."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType

from pydantic import field_validator

from bot.core.ledger.lots import Lot, draw_order, good_through, has_ended
from bot.core.local_time import instant_of
from bot.core.loyalty.fields import Clock, Days, Rule
from bot.core.quickly import quickly_made

NoticeGiven = tuple[str, int]
"""A lot's id and how many days before its last day the notice was for."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_MOVED_ZONE = timedelta(days=1)
"""By how much a notice's time moves at most where its member moves to another zone."""


class Notices(Rule):
    """When members are told that credit ends: days before its last day, at a time on their own clock.

    What they are told is for the flows that start with `credit_expiring` to say.
    """

    before: tuple[Days, ...] = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
    at: Clock = time(10)

    @field_validator("before")
    @classmethod
    def _longest_first(cls, before: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        return tuple(sorted(set(before), reverse=True))

    @property
    def days_before(self) -> tuple[int, ...]:
        """The days before the last day, most first."""
        return tuple(period.days for period in self.before)


@quickly_made
@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One lot of a notice: `amount_minor` good through that day, in the lot's zone."""

    lot_id: str
    days_before: int
    amount_minor: int
    good_through: date


@dataclass(frozen=True, slots=True)
class Notice:
    """One message about every lot that is due: soonest first.

    `given` is what to record with it, once for each lot and notice; it also names notices that were passed
    over because a later one is due, so that nobody is told "30 days" six days before.
    """

    lines: tuple[NoticeLine, ...]
    given: tuple[NoticeGiven, ...]

    @property
    def total_minor(self) -> int:
        """All that ends, in minor units."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def soonest(self) -> NoticeLine:
        """What ends first."""
        return self.lines[0]


def due_notices(
    lots: Iterable[Lot],
    now: datetime,
    zone: str,
    policy: Notices,
    given: Mapping[NoticeGiven, datetime] = MappingProxyType({}),
) -> Notice | None:
    """Return the notice that a contact who lives in `zone` is due now, several lots merged; None if none.

    Of one lot only the latest due notice is given. A notice whose time lay before the lot could be spent is
    never given: what was granted for five days was announced as that. `given` says when each was given; one
    from long before it was due was about an end that has moved since.
    """
    lines, recorded = [], []
    for lot in sorted(lots, key=draw_order):
        # What is due counts as available, whether or not a job has activated it.
        amount = lot.available_minor + (lot.pending_minor if lot.active_from <= now else 0)
        if amount == 0 or lot.expires_on is None or has_ended(lot, now):
            continue
        due = [(days, at) for days, at in _times(lot, zone, policy) if at <= now]
        fresh = [days for days, at in due if given.get((lot.id, days), _NEVER) < at - _MOVED_ZONE]
        if due and due[-1][0] in fresh:
            last_day = good_through(lot, now) or lot.expires_on
            lines.append(NoticeLine(lot.id, due[-1][0], amount, last_day))
            recorded += [(lot.id, days) for days in fresh]
    lines.sort(key=lambda line: (line.good_through, line.lot_id))
    return Notice(tuple(lines), tuple(recorded)) if lines else None


def next_notice_at(lot: Lot, zone: str, policy: Notices, after: datetime) -> datetime | None:
    """Return when the lot's next notice after that instant is due; None if there is no other."""
    if lot.expires_on is None:
        return None
    return next((at for _, at in _times(lot, zone, policy) if at > after), None)


def _times(lot: Lot, zone: str, policy: Notices) -> list[tuple[int, datetime]]:
    """The notices of a lot with their instants, earliest first."""
    assert lot.expires_on is not None, "only what ends is announced"
    times, since = _instants(lot.expires_on, policy.before, policy.at, zone), lot.active_from
    return [one for one in times if one[1] >= since]


@lru_cache(maxsize=4096)
def _instants(
    expires_on: date, before: tuple[timedelta, ...], clock: time, zone: str
) -> tuple[tuple[int, datetime], ...]:
    """Kept, because everybody who lives in a zone is told at the same time."""
    return tuple((period.days, instant_of(expires_on - period, clock, zone)) for period in before)
