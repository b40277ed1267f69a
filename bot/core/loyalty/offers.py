"""Offers: what the program may give a member off a basket, and the ones a member was given.

What a member was given is frozen with its terms, code and end: a published change reaches later ones only.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.core.codes import letters_of
from bot.core.local_time import end_of_day_exclusive, instant_of, local_date, parse_clock
from bot.core.loyalty.eligibility import Eligibility
from bot.core.loyalty.fields import Duration, Minor, Names, Rate, Rule, Text

TIMES_MAX = 100
CODE_LENGTH = 7
"""Seven letters of thirty: 22 thousand million codes, and the directory says which are taken."""
_DAY = timedelta(days=1)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A day on the member's own calendar, with a time of day or without (the whole day is meant)."""

    day: date
    clock: time | None = None

    def begins_at(self, zone: str) -> datetime:
        """Return the instant it begins there."""
        return instant_of(self.day, self.clock or time(0), zone)

    def ends_at(self, zone: str) -> datetime:
        """Return the instant from which on it is over there: the minute itself, or the day's end."""
        if self.clock is None:
            return end_of_day_exclusive(self.day, zone)
        return instant_of(self.day, self.clock, zone)


def _read_moment(written: object) -> object:
    if isinstance(written, date) and not isinstance(written, datetime):
        return Moment(written)
    found = _MOMENT.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None:
        raise ValueError(f"'{written}' is no day; write 2026-12-24, or '2026-12-24 18:00' with a time")
    try:
        day = date.fromisoformat(found[1])
    except ValueError as error:
        raise ValueError(f"there is no day {found[1]}; write one like 2026-12-24") from error
    return Moment(day, parse_clock(found[2]) if found[2] else None)


When = Annotated[Moment, BeforeValidator(_read_moment, json_schema_input_type=str)]


class OfferKind(StrEnum):
    """What an offer takes off; in the order in which several are taken off one basket."""

    PRODUCT = "product"
    PERCENT = "percent"
    AMOUNT = "amount"
    SHIPPING = "shipping"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an offer is, as it was when it was given; amounts in minor units.

    Without `category` and `sku` it is on every product. `most_minor` None: there is no upper bound.
    """

    kind: OfferKind
    title: Mapping[str, str]
    rate: Fraction = Fraction(0)
    amount_minor: int = 0
    product: str = ""
    category: tuple[str, ...] = ()
    sku: tuple[str, ...] = ()
    at_least_minor: int = 0
    most_minor: int | None = None
    times: int = 1
    stacks: bool = True
    fund: str = ""
    back_on_refund: bool = False

    @property
    def names_money(self) -> bool:
        """Whether an amount or a fund of the program's own currency stands in it."""
        amounts = (self.amount_minor, self.at_least_minor, self.fund)
        return any(amounts) or self.most_minor is not None


class OfferRule(Rule):
    """Something off a basket, given to a member by a flow's step `offer`, at most `per_member` times.

    Each one that was given is good for `times` orders.
    """

    title: Text
    percent: Rate | None = None
    amount_minor: Minor | None = Field(None, alias="amount")
    free_shipping: bool = False
    free_product: str | None = Field(None, min_length=1)
    category: Names = ()
    sku: Names = ()
    at_least_minor: Minor | None = Field(None, alias="at_least")
    most_minor: Minor | None = Field(None, alias="most")
    valid: Duration | None = None
    starts: When | None = Field(None, alias="from")
    ends: When | None = Field(None, alias="until")
    times: int = Field(1, ge=1, le=TIMES_MAX)
    per_member: int | None = Field(None, ge=1, le=TIMES_MAX)
    stacks: bool = True
    whom: Eligibility = Field(Eligibility(), alias="for")
    fund: str | None = Field(None, min_length=1)
    back_on_refund: bool = False

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        things = [self.percent, self.amount_minor, self.free_shipping or None, self.free_product]
        if sum(thing is not None for thing in things) != 1:
            raise ValueError(
                "an offer takes off one thing; write one of `percent`, `amount`, `free_shipping: true`"
                " and `free_product`"
            )
        if self.percent is not None and not 0 < self.percent <= 1:
            raise ValueError("`percent` is more than the price, or nothing; write a share of it, like 20%")
        if (self.category or self.sku) and (self.free_shipping or self.free_product):
            raise ValueError("`category` and `sku` say what a percent or an amount is taken off; remove them")
        return self

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        starts, ends = self.starts, self.ends
        if starts and ends and ends.ends_at("UTC") <= starts.begins_at("UTC"):
            raise ValueError("`until` is not after `from`: it could never be used; change one of them")
        return self

    @property
    def terms(self) -> Terms:
        """What a member is given, frozen."""
        return Terms(
            kind=self._kind,
            title=dict(self.title),
            rate=self.percent or Fraction(0),
            amount_minor=self.amount_minor or 0,
            product=self.free_product or "",
            category=self.category,
            sku=self.sku,
            at_least_minor=self.at_least_minor or 0,
            most_minor=self.most_minor,
            times=self.times,
            stacks=self.stacks,
            fund=self.fund or "",
            back_on_refund=self.back_on_refund,
        )

    def lasts(self, now: datetime, zone: str) -> tuple[datetime, datetime | None]:
        """Return from when and until when (exclusive) one given now can be used; None: for ever.

        `valid` in whole days is good through the last of them on the member's calendar, in hours or minutes
        to the minute. Where `until` is earlier, that is the end.
        """
        starts_at = max(now, self.starts.begins_at(zone)) if self.starts else now
        ends = [self.ends.ends_at(zone)] if self.ends else []
        if self.valid is not None and self.valid % _DAY:
            ends.append(starts_at + self.valid)
        elif self.valid is not None:
            ends.append(end_of_day_exclusive(local_date(starts_at, zone) + self.valid, zone))
        return starts_at, min(ends, default=None)

    @property
    def _kind(self) -> OfferKind:
        if self.percent is not None:
            return OfferKind.PERCENT
        if self.amount_minor is not None:
            return OfferKind.AMOUNT
        return OfferKind.SHIPPING if self.free_shipping else OfferKind.PRODUCT


@dataclass(frozen=True, slots=True)
class Use:
    """One use of an offer: set aside for an order until `held_until` (exclusive), or (None) spent."""

    order_id: str
    held_until: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Whether it was only set aside and its time has passed, whether or not a job ran."""
        return self.held_until is not None and self.held_until <= now


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that a member was given: its frozen terms, its code, when it is good, and how it was used."""

    id: str
    rule: str
    code: str
    terms: Terms
    given_at: datetime
    starts_at: datetime
    ends_at: datetime | None
    uses: tuple[Use, ...] = ()

    def times_left(self, now: datetime, order_id: str = "") -> int:
        """How often it can still be used; what `order_id` itself set aside does not count."""
        taken = sum(not use.is_over(now) and use.order_id != order_id for use in self.uses)
        return self.terms.times - taken

    def problem(self, now: datetime, order_id: str = "") -> str | None:
        """Why it cannot be used now for that order: not_yet, ended, used, held; None if it can."""
        if now < self.starts_at:
            return "not_yet"
        if self.times_left(now, order_id) <= 0:
            return "held" if any(use.held_until and not use.is_over(now) for use in self.uses) else "used"
        if self.ends_at is not None and self.ends_at <= now:
            return "ended"
        return None

    def held(self, order_id: str, until: datetime, now: datetime) -> "Offer":
        """Return it set aside for an order."""
        assert self.problem(now, order_id) is None, "what cannot be used is not set aside"
        return replace(self, uses=(*self._but(order_id, now), Use(order_id, until)))

    def spent(self, order_id: str, now: datetime) -> "Offer":
        """Return it spent for an order that set it aside, even if it ended meanwhile."""
        assert any(use.order_id == order_id and not use.is_over(now) for use in self.uses), "never set aside"
        return replace(self, uses=(*self._but(order_id, now), Use(order_id, None)))

    def given_back(self, order_id: str, now: datetime) -> "Offer":
        """Return it as if that order had never had it; its end stays."""
        return replace(self, uses=self._but(order_id, now))

    def _but(self, order_id: str, now: datetime) -> tuple[Use, ...]:
        return tuple(use for use in self.uses if use.order_id != order_id and not use.is_over(now))


def code_of(contact_id: str, cause: str, attempt: int = 0) -> str:
    """Return the code for what a member is given because of `cause`; the next attempt is another code.

    The same cause has the same code, however often its turn is decided. Contact ids are no secret to the
    shop but hard to guess, and a code is good for its member alone.
    """
    digest = hashlib.sha256(f"{contact_id}/{cause}/{attempt}".encode()).digest()
    return letters_of(int.from_bytes(digest[:16]), CODE_LENGTH)


def as_typed(code: str) -> str:
    """Return a code as it is stored, however somebody typed it."""
    return re.sub("[^0-9A-Za-z]", "", code).upper()
