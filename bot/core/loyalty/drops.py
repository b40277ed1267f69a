"""Drops: so many units of one product, sold to members at a set time or every week, to some of them earlier.

Times are the shop's: a drop opens at one instant for everybody. Each opening has its own units, counted under
its name (`Opening.counter`), so that those of last Friday are not sold this Friday.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.core.errors import Refused
from bot.core.flow.schedule import Schedule, parse_schedule
from bot.core.local_time import instant_of, local_date
from bot.core.loyalty.eligibility import Benefit
from bot.core.loyalty.fields import Duration, Minor, Text

DROP = "_drop"
"""The fact of an order that pays for reserved units, by whose id it goes: their opening."""
_WEEK = timedelta(days=7)
_NO_TIME = timedelta(0)
_AT = "%Y-%m-%d %H:%M"


def _read_at(written: object) -> object:
    if isinstance(written, datetime):
        return written.replace(tzinfo=None)
    try:
        return datetime.strptime(str(written).strip(), _AT)  # noqa: DTZ007  # a time of the shop's clock
    except ValueError as error:
        raise ValueError(f"'{written}' is no day and time; write it like 2026-11-27 10:00") from error


def _read_every(written: object) -> object:
    if isinstance(written, Schedule):
        return written
    try:
        return parse_schedule(f"weekly {written}")
    except ValueError as error:
        raise ValueError(f"'{written}' is no day of the week and time; write it like fri 10:00") from error


class Drop(Benefit):
    """What is sold: `units` of `sku` at `price` (without it the shop's), `per_member` at most.

    It opens `at` an instant or `every` week, both on the shop's clock, is open for `open_for`, and opens to
    the tiers in `early` so much before. A reserved unit is kept for `hold_for`.
    """

    id: str = Field(pattern="^[a-z0-9_]+$")
    name: Text
    sku: str = Field(min_length=1)
    units: int = Field(ge=1)
    price_minor: Minor | None = Field(default=None, alias="price")
    at: Annotated[datetime | None, BeforeValidator(_read_at, json_schema_input_type=str)] = None
    every: Annotated[Schedule | None, BeforeValidator(_read_every, json_schema_input_type=str)] = None
    open_for: Duration = timedelta(days=1)
    early: Mapping[str, Duration] = Field(default_factory=dict)
    per_member: int = Field(default=1, ge=1)
    hold_for: Duration = timedelta(minutes=15)

    @model_validator(mode="after")
    def _at_a_time(self) -> Self:
        if (self.at is None) == (self.every is None):
            raise ValueError("a drop opens once or every week; write either `at` or `every`")
        if self.at is not None and (self.from_on or self.until_on):
            raise ValueError(
                "`from` and `until` are for what comes every week; leave them out, or write `every`"
            )
        if self.every is not None and self.open_for + self._earliest > _shortest_gap(self.every):
            raise ValueError("it would open again before it has closed; shorten `open_for` or `early`")
        if self.per_member > self.units:
            raise ValueError("nobody can have more than there is; let `per_member` be at most `units`")
        return self

    @property
    def _earliest(self) -> timedelta:
        return max(self.early.values(), default=_NO_TIME)

    def opening(self, now: datetime, zone: str) -> "Opening | None":
        """Return the opening that is on, otherwise the next one; None if there is none any more."""
        if self.at is not None:
            found = Opening(self, instant_of(self.at.date(), self.at.time(), zone), zone)
            return found if now < found.closes_at else None
        assert self.every is not None, "it opens once or every week"
        after = now - self.open_for
        if self.from_on is not None:
            after = max(after, instant_of(self.from_on, time(0), zone) - timedelta(microseconds=1))
        found = Opening(self, self.every.next_after(after, zone), zone)
        return None if self.until_on is not None and found.on > self.until_on else found


@dataclass(frozen=True, slots=True)
class Opening:
    """One time a drop is sold, with units of its own."""

    drop: Drop
    opens_at: datetime
    zone: str

    @property
    def on(self) -> date:
        """The shop's day it opens on."""
        return local_date(self.opens_at, self.zone)

    @property
    def key(self) -> str:
        """What reservations and the counter name it by."""
        return f"{self.drop.id}/{self.on.isoformat()}"

    @property
    def counter(self) -> str:
        """The counter that holds its units."""
        return f"drop/{self.key}"

    @property
    def closes_at(self) -> datetime:
        """From when on nothing is sold."""
        return self.opens_at + self.drop.open_for

    def opens_to(self, tier: str | None, usually: timedelta = _NO_TIME) -> datetime:
        """When it opens to a member of that tier: as much before as the drop says, otherwise as usual."""
        return self.opens_at - self.drop.early.get(tier or "", usually)


class ReservationState(StrEnum):
    """What became of reserved units; `reserved` is the only one that ends by itself."""

    RESERVED = "reserved"
    TAKEN = "taken"
    LAPSED = "lapsed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units of one opening kept for one member until `until` (exclusive), or theirs.

    `credit_minor` of the price is on the hold `hold`, or was paid at once where there is none.
    """

    id: str
    opening: str
    sku: str
    quantity: int
    unit_minor: int
    credit_minor: int
    state: ReservationState
    reserved_at: datetime
    until: datetime
    changed_at: datetime
    hold: str | None = None

    @property
    def counter(self) -> str:
        """The counter its units came from."""
        return f"drop/{self.opening}"

    @property
    def total_minor(self) -> int:
        """What the units cost."""
        return self.quantity * self.unit_minor

    @property
    def to_pay_minor(self) -> int:
        """What credit did not cover."""
        return self.total_minor - self.credit_minor

    def is_kept(self, now: datetime) -> bool:
        """Whether its units are the member's now, whether or not a job ran."""
        if self.state is ReservationState.RESERVED:
            return now < self.until
        return self.state is ReservationState.TAKEN

    def becomes(self, state: ReservationState, now: datetime) -> "Reservation":
        """Return it taken, lapsed or canceled.

        Raises:
            ReservationClosed: it is so no more, or it may not be taken any longer, or not lapse yet.
        """
        in_time = now < self.until
        wants_time = {ReservationState.TAKEN: True, ReservationState.LAPSED: False}.get(state, in_time)
        if self.state is not ReservationState.RESERVED or wants_time is not in_time:
            raise ReservationClosed(self, state)
        return replace(self, state=state, changed_at=now)


class ReservationClosed(Refused):
    """The reservation is not what it would have to be."""

    def __init__(self, reservation: Reservation, wanted: ReservationState) -> None:
        super().__init__(
            f"reservation {reservation.id} is {reservation.state} until {reservation.until.isoformat()}"
            f" and cannot become {wanted}",
            "take the drop again, if there is any left",
            409,
        )


def kept_units(opening: Opening, reservations: Iterable[Reservation], now: datetime) -> int:
    """How many units of an opening a member has or keeps, of all its reservations."""
    return sum(one.quantity for one in reservations if one.opening == opening.key and one.is_kept(now))


def _shortest_gap(every: Schedule) -> timedelta:
    days = sorted(every.weekdays)
    gaps = [timedelta(days=later - earlier) for earlier, later in pairwise(days)]
    return min([*gaps, _WEEK - timedelta(days=days[-1] - days[0])])
