"""Where orders go and how they are paid: pick-up places with their hours, delivery, ways to pay."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.core.contact import JsonValue
from bot.core.local_time import instant_of, local_date

PLACE = "_place"
"""The fact of an order in which stands where it goes: a person's address may be in it."""
_DAY = timedelta(days=1)
_DAYS_AHEAD = 15
"""How far a place's next opening is looked for; one that is closed for longer says nothing."""


class PlaceKind(StrEnum):
    """How an order gets to whoever ordered it."""

    PICKUP = "pickup"
    ADDRESS = "address"


class PayBy(StrEnum):
    """How the cash of an order is paid: through WeChat Pay at once, or where it is handed over."""

    WECHAT = "wechat"
    PICKUP = "pickup"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one order goes; of an address `name` and `phone` are of whoever takes it."""

    id: str
    kind: PlaceKind
    name: str
    address: str
    phone: str = ""

    def told(self) -> dict[str, JsonValue]:
        """Return it as a fact of its order, and as the shop is told it."""
        phone: dict[str, JsonValue] = {"phone": self.phone} if self.phone else {}
        return {
            "id": self.id,
            "kind": self.kind.value,
            "name": self.name,
            "address": self.address,
            **phone,
        }


def place_in(facts: Mapping[str, JsonValue]) -> Place | None:
    """Return where an order with these facts goes; None where nobody said."""
    told = facts.get(PLACE)
    if not isinstance(told, dict):
        return None
    kind = PlaceKind(str(told["kind"]))
    name, address = str(told["name"]), str(told["address"])
    return Place(str(told["id"]), kind, name, address, str(told.get("phone") or ""))


def address_of(name: str, address: str, phone: str = "") -> Place:
    """Return a place of a person's own; the same words are the same place."""
    written = "\n".join(" ".join(text.split()) for text in (name, address, phone))
    name, address, phone = written.split("\n")
    digest = hashlib.sha256(written.casefold().encode()).hexdigest()[:12]
    return Place(f"address_{digest}", PlaceKind.ADDRESS, name, address, phone)


@dataclass(frozen=True, slots=True)
class Open:
    """Hours of one day of the week (Monday 0); `until` at or before `since` is on the next day."""

    weekday: int
    since: time
    until: time


@dataclass(frozen=True, slots=True)
class PickUp:
    """A place where orders are picked up; `name` and `address` by language.

    Without `hours` nobody says when it is open. `zone` is empty where it is the shop's.
    """

    id: str
    name: Mapping[str, str]
    address: Mapping[str, str]
    hours: tuple[Open, ...] = ()
    closed_on: frozenset[date] = frozenset()
    zone: str = ""

    def open_until(self, now: datetime, zone: str) -> datetime | None:
        """Return when it closes, if it is open now (`zone` is the shop's); None where it is not."""
        zone = self.zone or zone
        today = local_date(now, zone)
        stretches = [each for day in (today - _DAY, today) for each in self._on(day, zone)]
        return max((until for since, until in stretches if since <= now < until), default=None)

    def opens_at(self, now: datetime, zone: str) -> datetime | None:
        """Return when it opens next, after now; None where that is not known."""
        zone = self.zone or zone
        today = local_date(now, zone)
        for ahead in range(_DAYS_AHEAD):
            starts = [since for since, _ in self._on(today + ahead * _DAY, zone) if since > now]
            if starts:
                return min(starts)
        return None

    def _on(self, day: date, zone: str) -> list[tuple[datetime, datetime]]:
        """When it is open, beginning on a day."""
        if day in self.closed_on:
            return []
        found = []
        for one in self.hours:
            if one.weekday == day.weekday():
                last = day if one.until > one.since else day + _DAY
                found.append((instant_of(day, one.since, zone), instant_of(last, one.until, zone)))
        return found


@dataclass(frozen=True, slots=True)
class Delivery:
    """What it costs to have an order brought: nothing from `free_from_minor` of goods on."""

    title: Mapping[str, str]
    fee_minor: int = 0
    free_from_minor: int | None = None
    at_least_minor: int = 0
    pay: tuple[PayBy, ...] = ()

    def costs(self, goods_minor: int) -> int:
        """Return the fee for goods of that price, before any offer."""
        is_free = self.free_from_minor is not None and goods_minor >= self.free_from_minor
        return 0 if is_free else self.fee_minor


@dataclass(frozen=True, slots=True)
class Selling:
    """All of it; the first pick-up place and the first way to pay are for whoever never chose.

    An order's goods cost `at_least_minor` before any offer. For `cancel_within` whoever ordered may take it
    back after the shop was handed it; None: what the shop has is the shop's to cancel.
    """

    pickups: Mapping[str, PickUp] = field(default_factory=dict)
    delivery: Delivery | None = None
    pay: tuple[PayBy, ...] = (PayBy.PICKUP,)
    at_least_minor: int = 0
    cancel_within: timedelta | None = None
    categories: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What categories of products are called, by language, in the order they are shown in."""

    def ways_to_pay(self, kind: PlaceKind | None) -> tuple[PayBy, ...]:
        """Return how an order that goes there can be paid, the usual way first."""
        if kind is PlaceKind.ADDRESS and self.delivery is not None and self.delivery.pay:
            return self.delivery.pay
        return self.pay

    def offers_to_pay(self, way: PayBy) -> bool:
        """Whether some order can be paid so."""
        return way in self.pay or (self.delivery is not None and way in self.delivery.pay)

    def least_minor(self, kind: PlaceKind | None) -> int:
        """Return what the goods of an order that goes there cost at least, before any offer."""
        brought = self.delivery.at_least_minor if kind is PlaceKind.ADDRESS and self.delivery else 0
        return max(self.at_least_minor, brought)


PLAIN = Selling()
"""Of a shop that says nothing: it is paid where it is picked up, wherever that is."""
