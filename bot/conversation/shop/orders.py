"""Orders the shop tells of: kept as they are by now, paid, earned for once, settled with what came back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.conversation.shop.checkout_asked import read
from bot.conversation.shop.orders_asked import OrderAsked, SettleAsked, SoldAsked
from bot.conversation.shop.orders_told import told_order
from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.deeds.on_record import OnRecord
from bot.core.deeds.order_told import SHIPPED
from bot.core.deeds.ordering import (
    UNTOLD,
    on_record,
    own_record,
    refuse_anothers,
    settle,
    without_told_credit,
)
from bot.core.deeds.reserving import follow
from bot.core.errors import Refused
from bot.core.ids import derived_id
from bot.core.ledger.refusals import InsufficientCredit
from bot.core.loyalty.captured import DISCOUNT_TOLD, with_captured
from bot.core.loyalty.orders import CANCELED, PAID, is_at_least, later, priced
from bot.core.loyalty.returns import returned, told_of
from bot.core.loyalty.sales import agreed_currency
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]
_CONFLICT = 409
_UNPROCESSABLE = 422


def report(turn: Turn, body: Body) -> Body:
    """Keep an order as the shop tells it now, and bring credit to where that says it is.

    Raises:
        InsufficientCredit: more credit was to pay it than can be spent.
        TellMember: `another_members`: it is said to be somebody else's.
    """
    asked = read(OrderAsked, body)
    record = own_record(turn, asked.order)
    if asked.ours is not None:
        refuse_anothers(turn, asked.ours)
    if record.order is None and asked.ours is not None:
        record = replace(on_record(turn, asked.ours), parked=record.parked)
    order = _told(turn, asked, record)
    if asked.returned is not None:
        order = returned(order, asked.returned.told())
    order = _with_parked(turn, order, record)
    follow(turn, record.order, order)
    return told_order(settle(turn, order, record))


def settle_again(turn: Turn, body: Body) -> Body:
    """Settle an order that waited for its checkout to be over."""
    record = on_record(turn, read(SettleAsked, body).order)
    if record.order is None:
        return {}
    try:
        return told_order(settle(turn, record.order, record))
    except InsufficientCredit:
        # The shop counted on credit that it let go: the order stands, and was paid some other way.
        turn.start_over()
        return told_order(settle(turn, without_told_credit(record.order), record))


def meet(turn: Turn, _body: Body) -> Body:
    """Know a buyer: whoever is behind an address is a contact from here on, without consent to anything."""
    return {"id": turn.contact.id}


def _with_parked(turn: Turn, order: Order, record: OnRecord) -> Order:
    """Apply what was told of the order before the order itself."""
    parked = record.parked
    if parked is None:
        return order
    turn.keep("parked_refund", parked.reference, replace(parked, applied_at=turn.now))
    order = returned(order, parked.told)
    return replace(order, status=later(order.status, CANCELED)) if parked.is_canceled else order


def _told(turn: Turn, asked: OrderAsked, record: OnRecord) -> Order:
    before, currency = record.order, _currency(turn, asked, record)
    if before is None:
        return _new(turn, asked, currency, record)
    if UNTOLD in before.facts and asked.lines is not None:
        told = _new(turn, asked, currency, record)
        return replace(told, status=later(told.status, before.status))
    return _changed(turn, asked, record)


def _currency(turn: Turn, asked: OrderAsked, record: OnRecord) -> str:
    """The currency of an order: it is decided once, by what is on record of it first."""
    own, before, held = turn.program.currency.code, record.order, record.checkout
    known = (before.currency or own) if before is not None else ""
    if before is None and held is not None and (held.is_open(turn.now) or held.captured is not None):
        known = held.quoted.currency or own
    return agreed_currency(turn.program, asked.order, known, asked.currency)


def _new(turn: Turn, asked: OrderAsked, currency: str, record: OnRecord) -> Order:
    if asked.lines is None:
        raise Refused("lines: nothing is known of the order yet", "send its lines", _UNPROCESSABLE)
    return _priced(
        asked,
        Order(
            id=derived_id(f"order/{asked.order}", turn.contact.bucket),
            source=asked.source,
            placed_at=min(asked.placed_at or turn.now, turn.now),  # a shop's clock may be a little fast
            lines=_lines(turn, asked.lines, currency),
            total_minor=0,
            credit_minor=asked.credit_minor or 0,
            status=asked.status,
            reference=asked.order,
            currency=currency,
            shipping_minor=asked.shipping_minor,
            tax_minor=asked.tax_minor,
            changed_at=asked.changed_at,
            facts=_facts(asked),
        ),
        record,
    )


def _changed(turn: Turn, asked: OrderAsked, record: OnRecord) -> Order:
    """Return a known order as it is told now: nothing that is late or told twice changes it."""
    before = record.order
    assert before is not None, "it is known"
    is_late = asked.changed_at is not None and before.changed_at is not None
    is_late = is_late and asked.changed_at < before.changed_at  # type: ignore[operator]  # both are there
    told = _facts(asked)
    facts = {**told, **before.facts} if is_late else {**before.facts, **told}
    order = replace(
        before,
        status=later(before.status, asked.status),
        reference=before.reference or asked.order,
        credit_minor=max(before.credit_minor, asked.credit_minor or 0),
        changed_at=max(filter(None, (before.changed_at, asked.changed_at)), default=None),
        facts=facts,
    )
    if asked.lines is None or is_late:
        return order
    lines = _lines(turn, asked.lines, before.currency or turn.program.currency.code)
    if record.earned or is_at_least(before.status, PAID):
        if is_at_least(asked.status, before.status) and _goods(lines) != _goods(before.lines):
            raise Refused(
                "lines: what was paid does not change",
                "tell what came back as a refund, and what was added as an order of its own",
                _CONFLICT,
            )
        return order
    came_back = told_of(before)
    order = replace(order, lines=lines, shipping_minor=asked.shipping_minor, tax_minor=asked.tax_minor)
    return returned(_priced(asked, order, record), came_back)


def _facts(asked: OrderAsked) -> dict[str, JsonValue]:
    return asked.facts if asked.shipped is None else {**asked.facts, SHIPPED: asked.shipped.told()}


def _priced(asked: OrderAsked, order: Order, record: OnRecord) -> Order:
    gross = sum(line.gross_minor - line.discount_minor for line in order.lines)
    discount = asked.discount_minor or 0
    if discount > gross:
        raise Refused("discount_minor: is more than the order costs", "check the sums", _UNPROCESSABLE)
    credit = order.credit_minor
    facts = {name: fact for name, fact in order.facts.items() if name != DISCOUNT_TOLD}
    facts = {**facts, DISCOUNT_TOLD: True} if asked.says_what_is_off else facts
    captured = record.checkout.captured if record.checkout is not None else None
    order = with_captured(priced(replace(order, facts=facts), discount), captured)
    if credit > order.total_minor:
        raise Refused("credit_minor: is more than there is to pay", "check the sums", _UNPROCESSABLE)
    return order


def _lines(turn: Turn, asked: Sequence[SoldAsked], currency: str) -> tuple[OrderLine, ...]:
    return tuple(_line(turn, line, number, currency) for number, line in enumerate(asked))


def _line(turn: Turn, line: SoldAsked, number: int, currency: str) -> OrderLine:
    product = turn.shop.products.get(line.sku)
    price = line.unit_minor
    if price is None and product is not None and currency == turn.program.currency.code:
        price = product.price_minor
    if price is None:
        known = f"no product '{line.sku}' is known"
        if product is not None:
            known = f"the price of '{line.sku}' is not known in {currency}"
        raise Refused(f"lines.{number}.unit_minor: {known}", "say its price", _UNPROCESSABLE)
    discount = line.discount_minor or 0
    if discount > line.quantity * price:
        raise Refused(
            f"lines.{number}.discount_minor: is more than the line costs", "check the sums", _UNPROCESSABLE
        )
    return OrderLine(
        sku=line.sku,
        name=line.name or (product.name if product else line.sku),
        quantity=line.quantity,
        unit_minor=price,
        category=line.category or (product.category if product else ""),
        discount_minor=discount,
        earns=line.earns,
    )


def _goods(lines: Sequence[OrderLine]) -> list[tuple[str, int]]:
    return sorted((line.sku, line.quantity) for line in lines)
