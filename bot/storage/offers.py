"""Offers that members were given and the checkouts that hold them, as rows and as the core knows them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import orjson

from bot.core.codes import Code
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.loyalty.checkouts import AtCheckout, Budgeted, Checkout, CheckoutState
from bot.core.loyalty.offers import Offer, OfferKind, Terms, Use, as_typed
from bot.core.loyalty.quotes import Applied, CartLine, Left, LineKind, Quote, QuotedLine
from bot.storage.driver import Connection, Statement
from bot.storage.due import buckets, peek
from bot.storage.rows import RowValues, json_rows, loaded, stored, to_json

_OFFERS_MAX = 50
"""How many of a member's offers are looked at, beside those that its checkouts hold or that are named."""
_OF_A_NAME_MAX = 5
_OFFER = "f.id, f.offer, f.code, f.given_at, f.starts_at, f.ends_at, f.facts"
_CHECKOUT = "c.shop_order, c.reference, c.state, c.opened_at, c.expires_at, c.hold, c.changed_at, c.facts"
# However many were spent or have ended since, one that can be used comes before them.
_USABLE_FIRST = f"""
    ORDER BY CASE o.state WHEN 'spent' THEN 1 ELSE 0 END, COALESCE(o.ends_at, {2**62}) DESC,
        o.given_at DESC, o.id DESC
"""
_LATEST = f"""
    (SELECT @rows({_OFFER}) FROM (
        SELECT * FROM offer o WHERE o.bucket = {{bucket}} AND o.contact = {{contact}}
        {_USABLE_FIRST} LIMIT {_OFFERS_MAX}) f)
"""  # noqa: S608  # our own constants
_AT_CHECKOUT = Statement(f"""
    SELECT keys.contact, keys.order_id,
        (SELECT @rows({_CHECKOUT}) FROM checkout c
         WHERE c.bucket = keys.bucket AND c.contact = keys.contact AND c.shop_order = keys.order_id),
        (SELECT @rows({_CHECKOUT}) FROM checkout c @indexed(ix_checkout_open)
         WHERE c.bucket = keys.bucket AND c.contact = keys.contact AND c.state = 'open'),
        {_LATEST.format(bucket="keys.bucket", contact="keys.contact")}
    FROM @each(keys: bucket integer, contact text, order_id text)
""")  # noqa: S608  # our own constants
_OFFERS = Statement(f"SELECT {_LATEST.format(bucket=':bucket', contact=':contact')}")
_NAMED = Statement(f"""
    SELECT {_OFFER} FROM @each(keys: id text)
    JOIN offer f ON f.bucket = :bucket AND f.contact = :contact AND f.id = keys.id
""")  # noqa: S608  # our own constants
_CALLED = Statement(f"""
    SELECT (SELECT @rows({_OFFER}) FROM (
        SELECT * FROM offer o WHERE o.bucket = :bucket AND o.contact = :contact
            AND (o.offer = keys.name OR o.id = keys.name OR o.code = keys.code)
        {_USABLE_FIRST} LIMIT {_OF_A_NAME_MAX}) f)
    FROM @each(keys: name text, code text)
""")  # noqa: S608  # our own constants
_GIVEN = Statement("""
    SELECT COUNT(*) FROM offer o WHERE o.bucket = :bucket AND o.contact = :contact AND o.offer = :name
""")
_OWNERS = Statement("""
    SELECT d.value, d.contact FROM @each(keys: value text)
    CROSS JOIN directory d
    WHERE d.kind = 'code' AND d.value = keys.value
""")
_OVERDUE_PEEK = peek("checkout", "t.state = 'open' AND t.expires_at <= :now")
_OVERDUE = Statement("""
    SELECT c.contact, MIN(c.expires_at) FROM checkout c
    WHERE c.bucket = :bucket AND c.state = 'open' AND c.expires_at <= :now
    GROUP BY c.contact ORDER BY 2 LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Overdue:
    """A contact with an overdue checkout, and since when the first of them is."""

    contact_id: str
    since: datetime


async def at_checkout(connection: Connection, contact_id: str, order_id: str) -> AtCheckout:
    """What a checkout of that order looks at; `-` for no order."""
    return (await at_checkouts(connection, [(contact_id, order_id)]))[contact_id, order_id]


async def at_checkouts(
    connection: Connection, orders: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], AtCheckout]:
    """What checkouts of these orders (contact, order) look at, read together."""
    keys = [(bucket_of(contact), contact, order_id) for contact, order_id in orders]
    found = {}
    for contact, order_id, of_order, open_ones, latest in await connection.read(_AT_CHECKOUT, keys=keys):
        found[contact, order_id] = await _at_checkout(connection, contact, (of_order, open_ones, latest))
    return found


async def _at_checkout(
    connection: Connection, contact_id: str, found: tuple[str | None, str | None, str | None]
) -> AtCheckout:
    of_order, open_ones, latest = map(json_rows, found)
    order = [checkout_from(row) for row in of_order]
    known = {one.order_id: one for one in order}
    waiting = [known.get(row[0]) or checkout_from(row) for row in open_ones]
    given = {offer.id: offer for offer in map(offer_from, latest)}
    held = {applied.offer_id for one in (*order, *waiting) for applied in one.quoted.applied}
    if missing := sorted(held - given.keys()):
        own = {"bucket": bucket_of(contact_id), "contact": contact_id}
        named = await connection.read(_NAMED, **own, keys=[(offer_id,) for offer_id in missing])
        given |= {row[0]: offer_from(row) for row in named}
    return AtCheckout(order[0] if order else None, tuple(waiting), _newest_first(given.values()))


async def offers(connection: Connection, contact_id: str) -> tuple[Offer, ...]:
    """The offers that a member was given, newest first; of very many those that can be used."""
    ((found,),) = await connection.read(_OFFERS, bucket=bucket_of(contact_id), contact=contact_id)
    return _newest_first(map(offer_from, json_rows(found)))


async def called(connection: Connection, contact_id: str, names: str) -> tuple[Offer, ...]:
    """The member's offers by their codes, ids, or names in the program, with commas between, newest first.

    Of several of one name, some: those that can be used among them.
    """
    keys = [(name, as_typed(name)) for name in names.split(",")]
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    found = await connection.read(_CALLED, **own, keys=keys)
    return _newest_first({row[0]: offer_from(row) for (rows,) in found for row in json_rows(rows)}.values())


async def times_given(connection: Connection, contact_id: str, name: str) -> int:
    """How often the member was given the program's offer of that name, whatever became of it."""
    found = await connection.read(_GIVEN, bucket=bucket_of(contact_id), contact=contact_id, name=name)
    return int(found[0][0])


async def owners_of_codes(connection: Connection, contact_id: str, codes: str) -> dict[str, str]:  # noqa: ARG001  # as all are asked
    """Whose each of the codes is, written with commas between; nobody's is missing."""
    found = await connection.read(_OWNERS, keys=[(code,) for code in codes.split(",")])
    return {code: owner for code, owner in found}  # noqa: C416  # rows are no pairs to a type checker


async def buckets_overdue(connection: Connection, now: datetime) -> list[int]:
    """Buckets in which a checkout is overdue."""
    return await buckets(connection, _OVERDUE_PEEK, now)


async def overdue(connection: Connection, bucket: int, now: datetime, most: int) -> list[Overdue]:
    """Contacts of a bucket with an overdue checkout."""
    found = await connection.read(_OVERDUE, bucket=bucket, now=microseconds(now), most=most)
    return [Overdue(row[0], instant(row[1])) for row in found]


def code_row(contact_id: str, code: Code) -> RowValues:
    """Values of `directory` for a code."""
    return (code.kind, code.value, bucket_of(contact_id), contact_id)


def offer_row(contact_id: str, offer: Offer) -> RowValues:
    """Values of `offer`; `state` is what became of it as far as no clock is asked."""
    spent = sum(use.held_until is None for use in offer.uses)
    state = "spent" if spent >= offer.terms.times else "held" if len(offer.uses) > spent else "given"
    facts = {
        "terms": _terms_json(offer.terms),
        "uses": [[use.order_id, stored(use.held_until)] for use in offer.uses],
    }
    return (
        bucket_of(contact_id),
        contact_id,
        offer.id,
        offer.rule,
        offer.code,
        state,
        microseconds(offer.given_at),
        microseconds(offer.starts_at),
        stored(offer.ends_at),
        offer.uses[-1].order_id if offer.uses else None,
        to_json(facts),
    )


def offer_from(row: Sequence[Any]) -> Offer:
    """Read the values of `_OFFER`."""
    facts = orjson.loads(row[6])
    return Offer(
        id=row[0],
        rule=row[1],
        code=row[2],
        given_at=instant(row[3]),
        starts_at=instant(row[4]),
        ends_at=loaded(row[5]),
        terms=_terms_from(facts["terms"]),
        uses=tuple(Use(order_id, loaded(until)) for order_id, until in facts["uses"]),
    )


def checkout_row(contact_id: str, checkout: Checkout) -> RowValues:
    """Values of `checkout`."""
    facts = {
        "quoted": _quote_json(checkout.quoted),
        "captured": _quote_json(checkout.captured) if checkout.captured else None,
        "budgeted": [[one.offer_id, one.counter, one.units] for one in checkout.budgeted],
    }
    return (
        bucket_of(contact_id),
        contact_id,
        checkout.order_id,
        checkout.reference,
        checkout.state.value,
        microseconds(checkout.opened_at),
        microseconds(checkout.expires_at),
        checkout.hold_id,
        stored(checkout.changed_at),
        to_json(facts),
    )


def checkout_from(row: Sequence[Any]) -> Checkout:
    """Read the values of `_CHECKOUT`."""
    facts = orjson.loads(row[7])
    return Checkout(
        order_id=row[0],
        reference=row[1],
        state=CheckoutState(row[2]),
        opened_at=instant(row[3]),
        expires_at=instant(row[4]),
        hold_id=row[5],
        changed_at=loaded(row[6]),
        quoted=_quote_from(facts["quoted"]),
        captured=_quote_from(facts["captured"]) if facts["captured"] else None,
        budgeted=tuple(Budgeted(*one) for one in facts["budgeted"]),
    )


def _newest_first(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    return tuple(sorted(offers, key=lambda offer: (offer.given_at, offer.id), reverse=True))


def _terms_json(terms: Terms) -> dict[str, Any]:
    return {
        "kind": terms.kind.value,
        "title": dict(terms.title),
        "rate": str(terms.rate),
        "amount": terms.amount_minor,
        "product": terms.product,
        "category": terms.category,
        "sku": terms.sku,
        "at_least": terms.at_least_minor,
        "most": terms.most_minor,
        "times": terms.times,
        "stacks": terms.stacks,
        "fund": terms.fund,
        "back_on_refund": terms.back_on_refund,
    }


def _terms_from(facts: Mapping[str, Any]) -> Terms:
    return Terms(
        kind=OfferKind(facts["kind"]),
        title=facts["title"],
        rate=Fraction(facts["rate"]),
        amount_minor=facts["amount"],
        product=facts["product"],
        category=tuple(facts["category"]),
        sku=tuple(facts["sku"]),
        at_least_minor=facts["at_least"],
        most_minor=facts["most"],
        times=facts["times"],
        stacks=facts["stacks"],
        fund=facts["fund"],
        back_on_refund=facts["back_on_refund"],
    )


def _quote_json(quote: Quote) -> dict[str, Any]:
    return {
        "lines": [
            [
                line.line.sku,
                line.line.name,
                line.line.quantity,
                line.line.unit_minor,
                line.line.category,
                line.line.kind.value,
                line.line.earns,
                line.discount_minor,
                line.credit_minor,
            ]
            for line in quote.lines
        ],
        "applied": [
            [one.offer_id, one.rule, one.code, dict(one.title), one.kind.value, one.by_line_minor]
            for one in quote.applied
        ],
        "left": [[one.wanted, one.reason, dict(one.facts)] for one in quote.left],
        "currency": quote.currency,
    }


def _quote_from(facts: Mapping[str, Any]) -> Quote:
    return Quote(
        lines=tuple(
            QuotedLine(CartLine(sku, name, quantity, unit, category, LineKind(kind), earns), discount, credit)
            for sku, name, quantity, unit, category, kind, earns, discount, credit in facts["lines"]
        ),
        applied=tuple(
            Applied(offer_id, rule, code, title, OfferKind(kind), tuple(by_line))
            for offer_id, rule, code, title, kind, by_line in facts["applied"]
        ),
        left=tuple(Left(wanted, reason, more) for wanted, reason, more in facts["left"]),
        currency=facts.get("currency", ""),  # what was quoted in the program's own had none
    )
