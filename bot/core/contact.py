"""A contact and what one turn knows of it: the snapshot that a batch loads in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.core.quickly import quickly_made

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class SubscriptionState(StrEnum):
    """Where a contact stands in one subscription group."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    PENDING = "pending"


@quickly_made
@dataclass(frozen=True, slots=True)
class Pending:
    """A double opt-in that waits for its YES until `confirm_by` (inclusive); then `waiting_flow` starts."""

    confirm_by: datetime
    waiting_flow: str | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class Contact:
    """Anyone we can exchange messages with; a member when `enrolled_at` is set, until they are erased.

    `zone` is a guess from the number until `zone_is_known`. `snoozed_until` and `preferred_hours` are what
    the contact asked for: nothing but answers until then, and the rest only at those hours (see the gate).
    """

    id: str
    bucket: int
    locale: str
    zone: str
    created_at: datetime
    zone_is_known: bool = False
    first_name: str | None = None
    birthday_on: date | None = None
    enrolled_at: datetime | None = None
    attributes: Mapping[str, JsonValue] = field(default_factory=dict)
    merged_into: str | None = None
    consent_count: int = 0
    consent_hash: str = ""
    snoozed_until: datetime | None = None
    preferred_hours: str | None = None

    @property
    def is_member(self) -> bool:
        """Whether the contact is enrolled in the program: the one rule, for queries `tables.IS_MEMBER`."""
        return self.enrolled_at is not None

    @property
    def has_profile(self) -> bool:
        """Whether we know what shops like to know: a first name and a birthday."""
        return self.first_name is not None and self.birthday_on is not None


ONLY_NAMES = frozenset({"anonymous", "external", "unionid"})
"""Channels of addresses by which others name a contact, and on which nothing can be sent."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Address:
    """A channel and the channel's own id of the contact, with what forbids to use it.

    `clarify_by` is set while we wait to hear what an unclear revocation meant, `clarified_at` is when we last
    asked; `sender` is which of ours it hears from. `window_left` customer-service messages may go there until
    `window_until`, on channels that allow so many after a contact wrote, and `tapped_left` until
    `tapped_until` after it tapped something. Until `desk_until` what is written there is for the people of
    the shop.
    """

    channel: str
    value: str
    stopped_at: datetime | None = None
    unusable_reason: str | None = None
    clarify_by: datetime | None = None
    sender: str | None = None
    clarified_at: datetime | None = None
    window_left: int = 0
    window_until: datetime | None = None
    desk_until: datetime | None = None
    tapped_left: int = 0
    tapped_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """Something the shop sells; `price_minor` in the program's currency.

    Products of one `family` are the same thing in other sizes; empty: there is but this one. `photo` is the
    address of a picture, or a path below our own. Of what `is_counted` somebody says how many there are.
    """

    sku: str
    name: str
    category: str
    price_minor: int
    family: str = ""
    size: str = ""
    photo: str = ""
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One product of an order, at the price it was sold for.

    `discount_minor` and `credit_minor` are of the whole line; `earns` is False for what never earns, like a
    gift card. `returned_quantity` and `returned_minor` (cash given back) only rise.
    """

    sku: str
    name: str
    quantity: int
    unit_minor: int
    category: str = ""
    discount_minor: int = 0
    credit_minor: int = 0
    earns: bool = True
    returned_quantity: int = 0
    returned_minor: int = 0

    @property
    def gross_minor(self) -> int:
        """Its price before discounts and credit."""
        return self.quantity * self.unit_minor


@dataclass(frozen=True, slots=True)
class Order:
    """An order in our book; `credit_minor` of its total was paid with credit.

    `reference` is the shop's own id of it, empty where it has none. `cash_minor` is the net cash paid for
    goods, without shipping and tax. What was given back so far, `refunded_minor` in cash and
    `returned_credit_minor`, only rises. `facts` is what else the shop told.
    """

    id: str
    source: str
    placed_at: datetime
    lines: tuple[OrderLine, ...]
    total_minor: int
    credit_minor: int = 0
    status: str = "placed"
    reference: str = ""
    currency: str = ""
    cash_minor: int = 0
    discount_minor: int = 0
    shipping_minor: int = 0
    tax_minor: int = 0
    refunded_minor: int = 0
    returned_credit_minor: int = 0
    changed_at: datetime | None = None
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    contact_id: str = ""
    """Whose record it is on, where that contact was joined to this one; empty: the contact's own."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, tracked by the shop or by us; named in the past tense."""

    name: str
    at: datetime
    properties: Mapping[str, JsonValue] = field(default_factory=dict)
