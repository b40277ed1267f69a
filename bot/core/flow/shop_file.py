"""`flows/shop.yaml`: pick-up places with addresses and hours, delivery and its fee, how one pays."""

import re
from collections.abc import Iterator
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bot.core.errors import FlowError
from bot.core.flow.fields import Duration, Name, Part, listed, wrong
from bot.core.flow.parse import complaint
from bot.core.flow.reader import Document, Path, together
from bot.core.local_time import parse_clock, zone_of
from bot.core.loyalty.fields import Day, Minor, Text, in_currency
from bot.core.loyalty.places import Delivery, Open, PayBy, PickUp, Selling

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAILY = "daily"
_DAYS = re.compile(r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?")
_HOURS = re.compile(r"([\d:]+)\s*(?:-|–|to)\s*([\d:]+)")  # the longer dash, too, is what people type
_DELIVERY = {"": "Delivery", "es": "Entrega", "zh_Hans": "外送费"}


def _weekdays(written: str) -> tuple[int, ...]:
    """Read `mon`, `mon-fri` or `daily`; a range may go over the end of the week."""
    if written == _DAILY:
        return tuple(range(7))
    days = _DAYS.fullmatch(written)
    if days is None or not {days[1], days[2] or days[1]} <= {*_WEEK}:
        raise wrong(f"'{written}' is no day of the week", "write mon, sat-sun, mon-fri or daily")
    first, last = _WEEK.index(days[1]), _WEEK.index(days[2] or days[1])
    return tuple((first + number) % 7 for number in range((last - first) % 7 + 1))


def _stretch(written: object) -> tuple[time, time]:
    """Read `8:00-18:30`; `18:00-2:00` ends on the next day."""
    hours = _HOURS.fullmatch(written.strip()) if isinstance(written, str) else None
    if hours is None:
        raise wrong(f"'{written}' are no hours", "write from when to when, like 8:00-18:30, or closed")
    try:
        since, until = parse_clock(hours[1]), parse_clock(hours[2].replace("24:00", "0:00"))
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise wrong(problem, remedy) from error
    if since == until and since != time(0):
        raise wrong(f"'{written}' begins when it ends", "write 0:00-24:00 for the whole day")
    return since, until


def _checked(value: object) -> object:
    """Look at hours as they are written, and keep them so: editors and diffs show what was typed."""
    if not isinstance(value, dict):
        raise wrong(f"'{value}' are no hours by day", "write {mon-fri: 8:00-18:00, sat: 9:00-14:00}")
    seen: dict[int, str] = {}
    for days, hours in value.items():
        for weekday in _weekdays(str(days)):
            other = seen.setdefault(weekday, str(days))
            if other != days:
                raise wrong(f"{_WEEK[weekday]} is in `{other}` and in `{days}`", "keep it in one of them")
        for each in _listed(hours):
            if each != "closed":
                _stretch(each)
    return {str(days): [str(each) for each in _listed(hours)] for days, hours in value.items()}


def _listed(hours: object) -> list[object]:
    return hours if isinstance(hours, list) else [hours]


def _zone(value: object) -> object:
    try:
        return zone_of(str(value)).key
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise wrong(problem, remedy) from error


Hours = Annotated[
    dict[str, list[str]],
    BeforeValidator(_checked, json_schema_input_type=dict[str, str | list[str]]),
    Field(examples=[{"mon-fri": "8:00-18:00", "sat": ["9:00-12:00", "13:00-17:00"], "sun": "closed"}]),
]
Zone = Annotated[str, BeforeValidator(_zone, json_schema_input_type=str)]
Way = Literal["wechat", "pickup"]


def _once(ways: list[Way]) -> list[Way]:
    if len({*ways}) < len(ways):
        raise wrong("a way to pay stands there twice", "keep it once")
    return ways


Ways = Annotated[
    list[Way],
    BeforeValidator(listed, json_schema_input_type=Way | list[Way]),
    AfterValidator(_once),
    Field(min_length=1),
]
Category = Annotated[str, Field(min_length=1, max_length=100)]
Sum = Minor | Literal[0]
"""An amount, or none."""


class PlacePart(Part):
    """A place where orders are picked up."""

    name: Text = Field(
        description="What it is called, or that by language: `{en: Old Town, zh_Hans: 老城店}`."
    )
    address: Text = Field(description="Where it is, or that by language.")
    hours: Hours = Field(
        {},
        description="When it is open, by day: `mon`, `mon-fri`, `daily`; hours like `8:00-18:30`, a list of "
        "them, or `closed`. Left out, nobody says.",
    )
    closed: Annotated[list[Day], BeforeValidator(listed, json_schema_input_type=str | list[str])] = Field(
        [], description="Days on which it is closed all the same, like 2026-12-25."
    )
    zone: Zone | None = Field(None, description="Its time zone, otherwise the shop's (`REGULARS_ZONE`).")

    def place(self, name: str) -> PickUp:
        """Return it as turns know it."""
        return PickUp(
            name, self.name, self.address, tuple(self._open()), frozenset(self.closed), self.zone or ""
        )

    def _open(self) -> Iterator[Open]:
        for days, hours in self.hours.items():
            for weekday in _weekdays(days):
                yield from (Open(weekday, *_stretch(each)) for each in hours if each != "closed")


class DeliveryPart(Part):
    """Having orders brought."""

    fee: Sum = Field(0, description="What it costs, in whole units of the currency.")
    free_from: Minor | None = Field(
        None, description="Goods of this price or more (before any offer) are brought for nothing."
    )
    at_least: Sum = Field(0, description="Goods cost at least this, before any offer.")
    title: Text | None = Field(
        None, description="What the fee is called in an order, or that by language; otherwise `Delivery`."
    )
    pay: Ways | None = Field(None, description="How what is brought can be paid, otherwise as everything.")

    @model_validator(mode="after")
    def _is_free_of_something(self) -> "DeliveryPart":
        if self.free_from is not None and not self.fee:
            raise wrong("`free_from` without a `fee`: it is free anyway", "add `fee:`, or remove `free_from`")
        return self

    def delivery(self) -> Delivery:
        """Return it as turns know it."""
        pay = tuple(PayBy(way) for way in self.pay or ())
        return Delivery(self.title or _DELIVERY, self.fee, self.free_from, self.at_least, pay)


class ShopFile(Part):
    """The whole file."""

    places: dict[Name, PlacePart] = Field(
        {}, description="The pick-up places, by name; the first is for whoever never chose one."
    )
    delivery: DeliveryPart | None = Field(None, description="Having orders brought; left out, nothing is.")
    pay: Ways = Field(
        ["pickup"],
        description="How orders are paid: `wechat` (through WeChat Pay at once, in the mini program) and "
        "`pickup` (where they are handed over); the first is for whoever never chose.",
    )
    at_least: Sum = Field(0, description="Goods cost at least this, before any offer.")
    cancel_within: Duration | None = Field(
        None,
        description="How long after ordering one may still take back what the shop has been handed; left "
        "out, the shop alone can cancel it.",
    )

    categories: dict[Category, Text] = Field(
        {},
        description="What categories of products are called at the pages, or that by language, in the order "
        "in which they are shown; others follow by their names.",
    )

    def selling(self) -> Selling:
        """Return what turns know."""
        return Selling(
            pickups={name: place.place(name) for name, place in self.places.items()},
            delivery=self.delivery.delivery() if self.delivery is not None else None,
            pay=tuple(PayBy(way) for way in self.pay),
            at_least_minor=self.at_least,
            cancel_within=self.cancel_within,
            categories=self.categories,
        )


def read_shop(document: Document, exponent: int) -> ShopFile:
    """Return what a document says; amounts are in a currency with that many decimals.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    try:
        with in_currency(exponent):
            return ShopFile.model_validate(document.value)
    except ValidationError as error:
        complaints: dict[tuple[int, int], FlowError] = {}
        for found in error.errors(include_url=False):
            # The branches of a union complain each for itself: one complaint for a place is enough.
            one = _complaint(document, found)
            complaints.setdefault((one.line, one.column), one)
        raise together(list(complaints.values())) from error


def _complaint(document: Document, found: ErrorDetails) -> FlowError:
    """Say what is wrong; amounts and days say it with their remedy in one sentence."""
    one = complaint(document, found, _keys_at)
    if found["type"] == "greater_than":
        return FlowError(
            one.file, one.line, one.column, "an amount is more than nothing", "write one like 4.00"
        )
    if found["type"] != "value_error":
        return one
    problem, _, remedy = found["msg"].removeprefix("Value error, ").partition("; ")
    return FlowError(one.file, one.line, one.column, problem, remedy or one.remedy)


def _keys_at(path: Path) -> list[str]:
    model: type[BaseModel] = ShopFile
    if path[:1] == ("places",) and len(path) > 1:
        model = PlacePart
    elif path[:1] == ("delivery",):
        model = DeliveryPart
    return list(model.model_fields)
