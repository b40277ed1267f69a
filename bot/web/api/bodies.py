"""The bodies and queries of requests: what the shop may say, field by field."""

from datetime import date
from typing import Annotated, Literal, Self

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, ConfigDict, Field, JsonValue, model_validator

from bot.conversation.shop.reinstating import DAYS_MAX
from bot.core.local_time import zone_of
from bot.core.loyalty.fulfilment import FulfilmentState
from bot.core.loyalty.quotes import LineKind
from bot.core.loyalty.rules import OWN_EVENTS
from bot.storage.calls import STATES
from bot.web.rest.fields import (
    MINOR_MAX,
    WHOLE,
    Body,
    Count,
    Currency,
    Cursor,
    Facts,
    Id,
    Instant,
    Limit,
    LongText,
    Member,
    Minor,
    Phone,
    Quantity,
    Query,
    Reference,
    Sku,
    Text,
    Word,
)

LINES_MAX = 200


def _known_locale(text: str) -> str:
    try:
        Locale.parse(text)
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError("is no language; write one like en, es_MX or zh_Hans") from error
    return text


def _known_zone(text: str) -> str:
    return zone_of(text).key


def _lived(day: date) -> date:
    if not 1900 <= day.year < 2100:  # noqa: PLR2004  # nobody is older
        raise ValueError("is nobody's birthday; write a day like 1990-05-21")
    return day


def _not_ours(name: str) -> str:
    if name in OWN_EVENTS:
        raise ValueError("is what only the books may say; choose another name")
    return name


# Members


class EnrollBody(Body):
    """Who becomes a member, and what is known of them; whoever is one already keeps their credit."""

    phone: Phone
    first_name: Word | None = None
    locale: (
        Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Za-z0-9]{2,8}){0,2}$"), AfterValidator(_known_locale)]
        | None
    ) = Field(None, description="the language they read, like es_MX")
    zone: Annotated[str, Field(max_length=60), AfterValidator(_known_zone)] | None = Field(
        None, description="where they live, like America/New_York"
    )
    birthday: Annotated[date, AfterValidator(_lived)] | None = None
    attributes: dict[
        Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$", description="a name like favourite_tea")],
        Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] | int | bool,
    ] = Field(default_factory=dict, max_length=30, description="facts of your own, for texts and audiences")

    @model_validator(mode="after")
    def _attributes_are_ones_own(self) -> Self:
        for name, value in self.attributes.items():
            if name in {"first_name", "birthday", "locale", "zone"}:
                raise ValueError(f"{name} is no attribute; write it beside `attributes`")
            if isinstance(value, int) and abs(value) > 2**53:
                raise ValueError(f"{name} is too large; send it as a text")
        return self


class AdjustBody(Body):
    """Credit given or taken by hand; the reason stays in the books."""

    amount_minor: Annotated[int, Field(ge=-MINOR_MAX, le=MINOR_MAX), WHOLE] = Field(
        description="above 0 gives, below 0 takes; in minor units", json_schema_extra={"not": {"const": 0}}
    )
    reason: LongText = Field(description="why, for the member and for whoever looks at the books")
    currency: Currency | None = Field(None, description="one of the program's; its own unless given")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.amount_minor:
            raise ValueError("amount_minor is 0; say how much to give or to take")
        return self


class ReinstateBody(Body):
    """Credit that has ended, given back by hand; the reason stays in the books, and the member is told."""

    reason: LongText
    days: Annotated[int, Field(ge=1, le=DAYS_MAX), WHOLE] = Field(
        description="for how many days it is good again"
    )
    within_days: Annotated[int, Field(ge=1, le=3660), WHOLE] = Field(
        90, description="what ended in the last so many"
    )
    entry: Id | None = Field(None, description="only what ended by this entry, as the history shows it")


class ClaimBody(Body):
    """A reward that the member takes for credit."""

    reward: Annotated[str, Field(pattern="^[a-z0-9_]{1,60}$")] = Field(description="its id in program.yaml")


class AdvanceBody(Body):
    """Where a claimed reward is; without `state` it stays where it is."""

    state: Annotated[FulfilmentState, Field(strict=False)] | None = Field(
        None, description="canceled gives the credit back"
    )
    promised_on: date | None = Field(None, description="the day by which the member has it")
    tracking: Text | None = Field(None, description="what the carrier calls it")


class EraseBody(Body):
    """A person to be forgotten."""

    reason: LongText = Field(description="why; that alone is kept of the deed")


class WalletQuery(Query):
    """Which wallet: the program's own currency, a stamp card, another currency."""

    wallet: Annotated[str, Field(pattern="^[A-Za-z0-9_/-]{1,60}$")] = Field(
        "main", description="main, card/ID of a stamp card, or another currency like EUR"
    )


class BalanceQuery(WalletQuery):
    """As of when."""

    at: Instant = Field(description="as of this instant, like 2026-11-24T17:00:00Z")


class HistoryQuery(WalletQuery):
    """Which page of a wallet's history."""

    limit: Limit = 50
    cursor: Cursor | None = None


class PageQuery(Query):
    """Which page of a list."""

    limit: Limit = 50
    cursor: Cursor | None = None


# Events


class EventBody(Body):
    """Something that a contact did."""

    id: Annotated[str, Field(pattern="^[!-~]{1,150}$")] = Field(
        description="your own id of it: the same one is recorded once"
    )
    member: Member
    name: Annotated[Word, AfterValidator(_not_ours)] = Field(
        description="what happened, in the past tense, like Product Reviewed"
    )
    properties: Facts = Field(default_factory=dict)
    at: Instant | None = Field(None, description="when it happened; now unless given")


# Products


class ProductBody(Body):
    """Something the shop sells."""

    name: Text
    category: Word
    price_minor: Minor
    is_sold: bool = Field(default=True, description="False: it stays on record and is offered no more")
    facts: Facts = Field(default_factory=dict)


class StockBody(Body):
    """How many there are."""

    units: Count


# Checkout


class LineBody(Body):
    """A line of a basket; a product that the shop told us of needs its `sku` alone."""

    sku: Sku
    name: Text | None = None
    quantity: Quantity = 1
    unit_minor: Minor | None = Field(None, description="its price without any offer, in minor units")
    category: Word | None = None
    kind: Annotated[LineKind, Field(strict=False)] = LineKind.PRODUCT
    earns: bool = Field(default=True, description="False for what never earns")


Offers = Annotated[
    list[Annotated[str, Field(pattern="^[!-~]{1,40}$", description="an offer's code or name")]],
    Field(max_length=20),
]


class QuoteBody(Body):
    """A basket to be priced for a member; nothing is set aside."""

    member: Member
    order: Reference | None = Field(None, description="the shop's own id of the order, where it has one yet")
    lines: list[LineBody] = Field(min_length=1, max_length=LINES_MAX)
    offers: Offers | None = Field(
        None, description="codes or names of offers; left out, all that the member has; empty, none"
    )
    use_credit: bool | None = Field(
        None, description="whether credit pays; left out, as the program says (checkout.auto_apply_credit)"
    )
    credit_minor: Minor | None = Field(None, description="at most so much credit")
    currency: Currency | None = Field(
        None,
        description="what the prices are in, and whose credit pays: the program's own or one of its"
        " `currencies`; left out, that of the order where it was told before, else the program's own",
    )


class HoldBody(QuoteBody):
    """A basket to be priced, with all it takes set aside for an order."""

    order: Reference
    to_pay_minor: Minor | None = Field(
        None, description="what was quoted: if it would be more by now, nothing is held"
    )


class PartBody(Body):
    """So many of a line are paid for; `line` counts from 1."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX), WHOLE]
    quantity: Annotated[int, Field(ge=0, le=10_000), WHOLE]


class CaptureBody(Body):
    """What is held is paid for: all of it, or the named parts of lines and nothing else."""

    member: Member
    lines: list[PartBody] | None = Field(None, min_length=1, max_length=LINES_MAX)


class VoidBody(Body):
    """What is held is given up."""

    member: Member


# Orders


class SoldBody(Body):
    """A line of an order; a product that the shop told us of before needs no name, category or price."""

    sku: Sku
    name: Text | None = None
    category: Word | None = None
    quantity: Quantity = 1
    unit_minor: Minor | None = Field(None, description="the price of one, in minor units")
    discount_minor: Minor | None = Field(
        None, description="what is off the whole line, in minor units; see the order's own"
    )
    earns: bool = Field(default=True, description="False for what never earns, like a gift card")


class BackBody(Body):
    """How much of one product came back, all of it so far: so many, or so much cash for them, or both."""

    sku: Sku
    quantity: Annotated[int, Field(ge=0, le=10_000), WHOLE] = Field(
        0, description="how many came back so far"
    )
    amount_minor: Minor = Field(
        0, description="the cash given back for it so far, without shipping and tax, in minor units"
    )


# That one of three is said, as JSON Schema says it.
_NO_LINES: dict[str, JsonValue] = {"maxItems": 0}
_NO_AMOUNT: dict[str, JsonValue] = {"type": "null"}
_ONE_WAY: dict[str, JsonValue] = {
    "oneOf": [
        {
            "required": ["lines"],
            "properties": {
                "lines": {"minItems": 1},
                "amount_minor": _NO_AMOUNT,
                "everything": {"const": False},
            },
        },
        {
            "required": ["amount_minor"],
            "properties": {
                "amount_minor": {"type": "integer"},
                "lines": _NO_LINES,
                "everything": {"const": False},
            },
        },
        {
            "required": ["everything"],
            "properties": {"everything": {"const": True}, "lines": _NO_LINES, "amount_minor": _NO_AMOUNT},
        },
    ]
}


class ReturnBody(Body):
    """What came back of an order, all of it so far and never what is new: say it in one way."""

    model_config = ConfigDict(json_schema_extra=_ONE_WAY)

    lines: list[BackBody] = Field(default_factory=list, max_length=LINES_MAX, description="by product")
    amount_minor: Minor | None = Field(
        None, description="the cash given back so far for the whole order, shipping and tax with it"
    )
    everything: bool = Field(default=False, description="all of it came back")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if bool(self.lines) + (self.amount_minor is not None) + self.everything != 1:
            raise ValueError(
                "says what came back in no way or in several; give lines, amount_minor or everything"
            )
        if len({line.sku for line in self.lines}) < len(self.lines):
            raise ValueError("names a product twice; tell all of it that came back once")
        return self


class ShippedBody(Body):
    """What is on its way: told again with another number, it is another parcel."""

    carrier: Word | None = Field(None, description="who brings it")
    tracking: Word | None = Field(None, description="the number it is followed by")
    expected_on: date | None = Field(None, description="the day it is expected to arrive")


class OrderBody(Body):
    """An order as it is now: told again whenever it changes, in any order, as often as one likes."""

    member: Member | None = Field(None, description="who bought; needed when the order is told first")
    ours: Id | None = Field(None, description="our id of it, where it was ordered by text")
    status: Literal["placed", "paid", "fulfilled", "refunded", "canceled"] = "placed"
    placed_at: Instant | None = Field(None, description="now unless given; not in the future")
    changed_at: Instant | None = Field(
        None, description="when the shop changed it last: what is older than that is no news"
    )
    currency: Currency | None = Field(
        None, description="as it was held, else the program's own; it never changes"
    )
    source: Word = Field("shop", description="where it was sold, like web")
    lines: list[SoldBody] | None = Field(
        None, min_length=1, max_length=LINES_MAX, description="may be left out where they were told before"
    )
    discount_minor: Minor | None = Field(
        None,
        description="what is off the whole order, beside its lines' own; left out here and in all lines,"
        " what the checkout that was captured for it took off of the same lines",
    )
    shipping_minor: Minor = 0
    tax_minor: Minor = 0
    credit_minor: Minor | None = Field(
        None, description="how much credit pays; left out, what was set aside and captured for it"
    )
    returned: ReturnBody | None = Field(None, description="what came back so far, all of it")
    shipped: ShippedBody | None = Field(
        None, description="that it is on its way, for who waits for it; the event is `Order Shipped`"
    )
    facts: Facts = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        if any(name.startswith("_") for name in self.facts):
            raise ValueError("facts: names that begin with _ are ours; choose others")
        return self


# Calls


class CallsQuery(PageQuery):
    """Which calls."""

    state: Literal["queued", "done", "dead"] | None = Field(
        None, description="queued: still to be made; done: the shop took it; dead: given up. All unless given"
    )


assert set(STATES) == {"queued", "done", "dead"}, "the query knows all states"


class NoBody(Body):
    """Nothing more is said."""


JsonObject = dict[str, JsonValue]
