"""Lots: credit granted together that ends together, and the order in which lots are drawn."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from bot.core.local_time import end_of_day_exclusive, local_date
from bot.core.quickly import quickly_made

_FAR = datetime.max.replace(tzinfo=UTC)
UNTOLD = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of the grace of credit that does not end before its owner was told."""


@dataclass(frozen=True, slots=True)
class Terms:
    """From when and until when a lot can be spent; all of it is fixed when the lot is granted.

    `expires_on` is the last day, in `zone`, on which the lot is good; `expires_at` the UTC instant that day
    ends (exclusive). `grace_until` is when it ends if nobody was told before. All None: it never ends.
    `renewal` says which activity moves the end (see `bot.core.loyalty.expiry.Renewal`); empty: none does.
    `notice_days` is how many days before its end a member must have been told; 0: the grace will do.
    """

    active_from: datetime
    zone: str
    expires_on: date | None = None
    expires_at: datetime | None = None
    grace_until: datetime | None = None
    renewal: str = ""
    notice_days: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """Credit about to become a lot. `priority` 0 is drawn before 1; `policy` is `id@version`."""

    amount_minor: int
    terms: Terms
    kind: str
    fund: str
    policy: str
    priority: int = 0


@quickly_made
@dataclass(frozen=True, slots=True)
class Lot:
    """Credit granted together that ends together; what left it is in the entries' draws."""

    id: str
    kind: str
    fund: str
    granted_minor: int
    pending_minor: int
    available_minor: int
    held_minor: int
    active_from: datetime
    expires_at: datetime | None
    grace_until: datetime | None
    noticed_at: datetime | None
    expires_on: date | None
    zone: str
    priority: int
    policy: str
    source_type: str
    source_id: str
    parent_lot_id: str | None
    renewal: str = ""
    notice_days: int = 0

    @property
    def is_open(self) -> bool:
        """True while anything is left in it."""
        return self.pending_minor > 0 or self.available_minor > 0 or self.held_minor > 0


def days_good(
    active_from: datetime,
    expires_on: date,
    zone: str,
    grace: timedelta,
    *,
    renewal: str = "",
    notice_days: int = 0,
) -> Terms:
    """Terms of a lot good through `expires_on` in `zone`, with `grace` (whole days) if nobody is told.

    With `notice_days` it does not end at all unless its owner was told so many days before.
    """
    return Terms(
        active_from=active_from,
        zone=zone,
        expires_on=expires_on,
        expires_at=end_of_day_exclusive(expires_on, zone),
        grace_until=UNTOLD if notice_days else end_of_day_exclusive(expires_on + grace, zone),
        renewal=renewal,
        notice_days=notice_days,
    )


def draw_order(lot: Lot) -> tuple[int, datetime, datetime, str]:
    """Sort key, soonest expiry first; lots that never end come last within their priority."""
    return (lot.priority, lot.expires_at or _FAR, lot.active_from, lot.id)


def spendable_until(lot: Lot) -> datetime | None:
    """Exclusive end of the lot: its expiry if the member was told before it, else the end of its grace."""
    if lot.expires_at is None:
        return None
    if lot.noticed_at is not None and lot.noticed_at < lot.expires_at:
        return lot.expires_at
    return lot.grace_until or lot.expires_at


def has_ended(lot: Lot, now: datetime) -> bool:
    """True from the lot's end on, whether or not a job has recorded the expiry."""
    end = spendable_until(lot)
    return end is not None and end <= now


def good_through(lot: Lot, now: datetime) -> date | None:
    """The last local day on which the lot is good, as told to the member; None if it never ends.

    The promised day while it lies ahead, then the last day of the grace. Of credit whose owner must be told
    first it is never nearer than that takes.
    """
    if lot.expires_at is None or lot.expires_on is None:
        return None
    if lot.notice_days and lot.noticed_at is None:
        return max(lot.expires_on, local_date(now, lot.zone) + timedelta(days=lot.notice_days))
    if now < lot.expires_at:
        return lot.expires_on
    end = spendable_until(lot)
    assert end is not None
    return local_date(end - timedelta(microseconds=1), lot.zone)


def grant_lot(lot_id: str, grant: Grant, now: datetime, source_type: str, source_id: str) -> Lot:
    """Return the lot of a grant, empty: the entry that issues the credit fills it."""
    terms = grant.terms
    assert grant.amount_minor > 0, "a grant is of something"
    return Lot(
        id=lot_id,
        kind=grant.kind,
        fund=grant.fund,
        granted_minor=grant.amount_minor,
        pending_minor=0,
        available_minor=0,
        held_minor=0,
        active_from=max(terms.active_from, now),
        expires_at=terms.expires_at,
        grace_until=terms.grace_until,
        noticed_at=None,
        expires_on=terms.expires_on,
        zone=terms.zone,
        priority=grant.priority,
        policy=grant.policy,
        source_type=source_type,
        source_id=source_id,
        parent_lot_id=None,
        renewal=terms.renewal,
        notice_days=terms.notice_days,
    )


def moved_end(lot: Lot, expires_on: date) -> Lot:
    """Return the lot good through a later day: its grace is as long as before, and nobody was told yet."""
    assert lot.expires_on is not None, "what never ends has no end to move"
    assert lot.grace_until is not None, "what ends has a grace, of no days at least"
    grace_until = lot.grace_until
    if grace_until != UNTOLD:
        grace = local_date(grace_until - timedelta(microseconds=1), lot.zone) - lot.expires_on
        grace_until = end_of_day_exclusive(expires_on + grace, lot.zone)
    return replace(
        lot,
        expires_on=expires_on,
        expires_at=end_of_day_exclusive(expires_on, lot.zone),
        grace_until=grace_until,
        noticed_at=None,
    )


def grace_child(lot_id: str, parent: Lot, amount_minor: int, now: datetime, grace: timedelta) -> Lot:
    """Return the empty lot that takes what comes back to an ended lot, good for `grace` (whole days).

    It has a parent, so it never gets a child of its own: grace is given once per unit.
    """
    assert parent.parent_lot_id is None, "grace is given once"
    return reinstated(lot_id, parent, amount_minor, now, grace)


def reinstated(lot_id: str, parent: Lot, amount_minor: int, now: datetime, good_for: timedelta) -> Lot:
    """Return the empty lot that takes back what ended in `parent`, good for `good_for` (whole days)."""
    good_through_day = local_date(now, parent.zone) + good_for
    terms = days_good(now, good_through_day, parent.zone, timedelta(0), notice_days=parent.notice_days)
    return replace(
        parent,
        id=lot_id,
        granted_minor=amount_minor,
        pending_minor=0,
        available_minor=0,
        held_minor=0,
        active_from=now,
        expires_at=terms.expires_at,
        grace_until=terms.grace_until,
        noticed_at=None,
        expires_on=terms.expires_on,
        parent_lot_id=parent.id,
    )
