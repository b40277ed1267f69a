"""What can be imported: the fields of each kind, what they mean, and the headers they are known by."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Reads(StrEnum):
    """How what stands in a file is read."""

    TEXT = "text"
    WHOM = "whom"  # an id of somebody, as it is spelled
    PHONE = "phone"
    EMAIL = "email"
    AMOUNT = "amount"  # whole units of the currency, never below 0
    QUANTITY = "quantity"
    INSTANT = "instant"
    DAY = "day"
    FLAG = "flag"
    ANY = "any"  # JSON as it is
    OBJECT = "object"  # a JSON object, as text or as it is


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a row may tell. `also` are headers it goes by, beside its own name, as files spell them."""

    reads: Reads
    means: str
    also: tuple[str, ...] = ()
    needed: bool = False
    one_of: tuple[str, ...] = ()
    """Where it stands for a choice: what may be said."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rows. Whom a row is about is told by one of `WHO` at least.

    `rest` is the field that other columns go to by name (`attributes.plan`); None: there is none.
    `grouped_by` is the field of which rows side by side are one thing.
    """

    name: str
    title: str
    fields: Mapping[str, Field]
    rest: str | None = None
    grouped_by: str | None = None


CHANNELS = {
    "external": "external",
    "phone": "sms",
    "email": "email",
    "wechat": "wechat",
    "anonymous": "anonymous",
}
"""The fields that name somebody, first what a shop knows people by, and the channel of each."""

WHO: Mapping[str, Field] = {
    "external": Field(
        Reads.WHOM,
        "the shop's own id of a customer, `userId` of Segment's clients",
        (
            "user_id",
            "userId",
            "customer_id",
            "customer",
            "member",
            "member_id",
            "external_id",
            "household_id",
        ),
    ),
    "phone": Field(
        Reads.PHONE,
        "a phone number in any spelling",
        ("phone_number", "mobile", "mobile_number", "cell", "msisdn", "telephone", "tel", "telefon"),
    ),
    "email": Field(Reads.EMAIL, "a mailbox", ("e-mail", "email_address", "mail")),
    "wechat": Field(Reads.WHOM, "`<appid>:<openid>`", ("openid",)),
    "anonymous": Field(Reads.WHOM, "`anonymousId` of Segment's clients", ("anonymous_id",)),
}

_CONTACTS = Kind(
    "contacts",
    "who there is, and what is known of them",
    {
        **WHO,
        "first_name": Field(Reads.TEXT, "the first name", ("firstname", "given_name", "vorname", "prénom")),
        "locale": Field(Reads.TEXT, "the language, like `es`", ("language", "lang")),
        "zone": Field(Reads.TEXT, "the time zone, like `Europe/Paris`", ("timezone", "time_zone", "tz")),
        "birthday": Field(Reads.DAY, "the birthday", ("birth_date", "birthdate", "date_of_birth", "dob")),
        "enrolled_at": Field(
            Reads.INSTANT,
            "since when they are a member; without it they are contacts only",
            ("member_since", "enrolled", "joined_at", "enrolled_on"),
        ),
        "at": Field(
            Reads.INSTANT,
            "of when the row is: what was told since stays; without it the row is of now",
            ("updated_at", "changed_at", "modified_at", "last_updated"),
        ),
        "attributes": Field(Reads.OBJECT, "an object of attributes, each by its name", ("traits",)),
    },
    rest="attributes",
)
_CONSENTS = Kind(
    "consents",
    "who agreed to what, or said no, with the evidence",
    {
        **WHO,
        "group": Field(
            Reads.TEXT, "the subscription group", ("subscription_group", "list", "program"), needed=True
        ),
        "state": Field(
            Reads.TEXT,
            "`subscribed`, `unsubscribed`, or `stopped`: nothing may be sent there at all",
            ("status", "consent", "subscription_state"),
            needed=True,
            one_of=("subscribed", "unsubscribed", "stopped"),
        ),
        "words": Field(
            Reads.TEXT, "what they agreed to, or said, word for word", ("text", "wording"), needed=True
        ),
        "at": Field(
            Reads.INSTANT,
            "when",
            ("consented_at", "opted_in_at", "timestamp", "opt_in_at", "created_at", "date"),
            needed=True,
        ),
        "channel": Field(
            Reads.TEXT,
            "where the consent holds: `sms`, `email` or `wechat`",
            (),
            needed=True,
            one_of=("sms", "email", "wechat"),
        ),
        "place": Field(Reads.TEXT, "where it was given: a page, a till, a form", ("source", "where", "url")),
    },
)
_ORDERS = Kind(
    "orders",
    "orders of the past, a row for each product",
    {
        **WHO,
        "order": Field(
            Reads.TEXT,
            "the shop's id of the order; rows of one order stand side by side",
            ("order_id", "order_number", "basket_id", "transaction_id", "reference"),
            needed=True,
        ),
        "at": Field(
            Reads.INSTANT,
            "when it was placed",
            (
                "placed_at",
                "ordered_at",
                "order_date",
                "created_at",
                "date",
                "timestamp",
                "transaction_timestamp",
            ),
            needed=True,
        ),
        "sku": Field(Reads.TEXT, "the product", ("product_id", "product", "item", "item_id"), needed=True),
        "name": Field(Reads.TEXT, "the product's name", ("product_name", "title", "description")),
        "category": Field(Reads.TEXT, "the product's category", ("product_category",)),
        "quantity": Field(Reads.QUANTITY, "how many; 1 without", ("qty", "units", "count")),
        "price": Field(
            Reads.AMOUNT,
            "of all items of the row, before discounts",
            ("amount", "line_total", "gross"),
        ),
        "unit_price": Field(Reads.AMOUNT, "of one item, before discounts"),
        "paid": Field(Reads.AMOUNT, "what was paid for the row, after discounts", ("sales_value", "net")),
        "discount": Field(
            Reads.AMOUNT, "what is off the whole row", ("discount_amount", "line_discount", "retail_disc")
        ),
        "returned": Field(Reads.AMOUNT, "the cash given back for the row", ("refunded", "refund")),
        "returned_at": Field(Reads.INSTANT, "when it came back", ("refunded_at",)),
        "shipping": Field(Reads.AMOUNT, "shipping of the whole order", ("shipping_amount",)),
        "tax": Field(Reads.AMOUNT, "tax of the whole order", ("tax_amount",)),
        "status": Field(
            Reads.TEXT,
            "what became of it; `paid` without",
            ("order_status",),
            one_of=("placed", "paid", "fulfilled", "refunded", "canceled"),
        ),
        "source": Field(Reads.TEXT, "where it was sold, like `web`", ("sold_at", "store_id", "store")),
        "currency": Field(Reads.TEXT, "its code, like `USD`; the program's without"),
        "facts": Field(Reads.OBJECT, "what else is to be kept of the order"),
    },
    rest="facts",
    grouped_by="order",
)
_EVENTS = Kind(
    "events",
    "what happened, as clients track it",
    {
        **{name: WHO[name] for name in ("external", "anonymous")},
        "event": Field(Reads.TEXT, "its name", ("event_name", "name", "action"), needed=True),
        "at": Field(
            Reads.INSTANT,
            "when",
            ("timestamp", "time", "occurred_at", "original_timestamp", "originalTimestamp", "date"),
            needed=True,
        ),
        "id": Field(
            Reads.TEXT,
            "what makes it happen once; without it the file and the row's number do",
            ("message_id", "messageId", "event_id"),
        ),
        "properties": Field(Reads.OBJECT, "an object of properties, each by its name"),
    },
    rest="properties",
)
_BALANCES = Kind(
    "balances",
    "the credit that members have when you begin",
    {
        **WHO,
        "amount": Field(Reads.AMOUNT, "the credit", ("balance", "credit", "available"), needed=True),
        "expires_on": Field(
            Reads.DAY,
            "the last day it is good; without it as the program says, `never` for no end",
            ("expires", "expiry", "valid_until", "expiration_date", "expires_at"),
        ),
        "id": Field(
            Reads.TEXT,
            "what makes it happen once; without it the member and the day it ends",
            ("key", "lot", "lot_id"),
        ),
        "reason": Field(Reads.TEXT, "what stands in the books", ("note", "description")),
    },
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (_CONTACTS, _CONSENTS, _ORDERS, _EVENTS, _BALANCES)}
"""What can be imported, by name, in the order in which a shop moves."""
