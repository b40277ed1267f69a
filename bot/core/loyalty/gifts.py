"""Gifts between members: what may be given, to whom, and how much of it in a day.

A gift is a debit in one wallet and a credit in another, linked by one id: the credit keeps its kind, its
fund and its end, and comes back to the giver where it cannot arrive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.core.local_time import local_date, start_of_day
from bot.core.loyalty.eligibility import Benefit
from bot.core.loyalty.fields import Minor, Rule

GIFT = "gift"
"""The source type of both entries, and of the lots a gift makes; their source id is the gift's."""


class GiftCap(Rule):
    """The most one member may give: in one gift, in a day or in a month of the member's own calendar."""

    per: Literal["gift", "day", "month"]
    most_minor: Minor = Field(alias="most")


class Gifts(Benefit):
    """The `gifts` section; `for` says who may give."""

    enabled: bool = True
    least_minor: Minor | None = Field(default=None, alias="least")
    caps: tuple[GiftCap, ...] = ()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        periods = [cap.per for cap in self.caps]
        if len(set(periods)) < len(periods):
            raise ValueError("two caps are for one period; keep one of them")
        most = min((cap.most_minor for cap in self.caps), default=None)
        if most is not None and self.least_minor is not None and self.least_minor > most:
            raise ValueError("no gift is large enough and small enough; lower `least` or raise the caps")
        return self


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a gift is for, as the directory knows them."""

    contact_id: str
    is_member: bool


def since(cap: GiftCap, now: datetime, zone: str) -> datetime:
    """Return from when on gifts count toward a cap."""
    day = local_date(now, zone)
    if cap.per == "gift":
        return now
    return start_of_day(day.replace(day=1) if cap.per == "month" else day, zone)


def room(caps: Sequence[GiftCap], given: Mapping[str, int]) -> tuple[int | None, GiftCap | None]:
    """Return how much may still be given, and the cap that says so; None: as much as there is.

    `given` is what was given in the cap's period by now, by its name; what came back does not count.
    """
    rooms = [(max(0, cap.most_minor - given.get(cap.per, 0)), cap) for cap in caps]
    if not rooms:
        return None, None
    return min(rooms, key=lambda one: one[0])
