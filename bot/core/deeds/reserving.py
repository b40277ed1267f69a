"""Taking part in a drop: units are reserved for a member, paid with credit or through the shop, or lapse."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.deeds.on_record import InWallet, OnRecord
from bot.core.deeds.ordering import NOTHING, on_record, settle
from bot.core.deeds.paying import open_payment
from bot.core.deeds.placing import place
from bot.core.deeds.tier_turns import tier_of
from bot.core.deeds.whom import member_of, would_refuse
from bot.core.errors import Refused, TellMember
from bot.core.ids import derived_id
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.local_time import local_date
from bot.core.loyalty.drops import DROP, Drop, Opening, Reservation, ReservationState, kept_units
from bot.core.loyalty.eligibility import Refusal
from bot.core.loyalty.orders import APP, CANCELED, PAID, PLACED, REFUNDED, is_at_least, priced
from bot.core.loyalty.tiers import benefits_of
from bot.core.payments import HELD, PAYMENT, WECHAT_PAY, is_waiting
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

TABLE = "reservation"
LAPSE = "reservation.lapse"
"""The operation by which reserved units go back to the drop when their time is over."""


# What there is


def reserved(turn: Turn) -> tuple[Reservation, ...]:
    """Return what waits for the contact to be paid, newest first, as it is by now in this turn."""
    found = turn.needed("reserved")
    assert isinstance(found, tuple)
    return tuple(one for one in _by_now(turn, found) if one.state is ReservationState.RESERVED)


def find(turn: Turn, reservation_id: str) -> Reservation | None:
    """Return one of the contact's reservations by its id."""
    found = turn.needed("reservation", reservation_id)
    known = _by_now(turn, (found,) if isinstance(found, Reservation) else ())
    return next((one for one in known if one.id == reservation_id), None)


def kept_of(turn: Turn, opening: Opening) -> int:
    """Return how many units of an opening the contact has or keeps."""
    return kept_units(opening, of_opening(turn, opening), turn.now)


def of_opening(turn: Turn, opening: Opening) -> tuple[Reservation, ...]:
    """Return what the contact reserved or took of an opening, newest first, as it is by now in this turn."""
    found = turn.needed("reservations", opening.key)
    assert isinstance(found, tuple)
    return tuple(one for one in _by_now(turn, found) if one.opening == opening.key)


def _by_now(turn: Turn, stored: tuple[Reservation, ...]) -> tuple[Reservation, ...]:
    """What was read, as this turn has changed it, and what is new."""
    kept = {key: one for (table, key), one in turn.effects.kept.items() if table == TABLE}
    changed = [kept.pop(one.id, one) for one in stored]
    return tuple(one for one in (*reversed(kept.values()), *changed) if isinstance(one, Reservation))


def openings(turn: Turn) -> list[Opening]:
    """Return the drops that are for the contact, on now or next, soonest first."""
    return _soonest_first(turn, [drop for drop in turn.program.drops if _is_for(turn, drop)])


def openings_shown(turn: Turn) -> list[Opening]:
    """Return those too that would be for the contact if it joined, or had another level."""
    shown = {None, Refusal.TIER}
    return _soonest_first(
        turn, [drop for drop in turn.program.drops if would_refuse(turn, drop.whom) in shown]
    )


def opening_of(turn: Turn, key: object) -> Opening | None:
    """Return the opening of that key; None where it is over, or not for the contact."""
    return next((one for one in openings(turn) if one.key == key), None)


def opens_at(turn: Turn, opening: Opening) -> datetime:
    """When it opens to the contact: to some tiers earlier."""
    tier, tiers = tier_of(turn), turn.program.tiers
    usually = benefits_of(tiers, tier, local_date(turn.now, turn.contact.zone)).early_access
    return opening.opens_to(tier, usually)


def price_of(turn: Turn, drop: Drop) -> int | None:
    """Return what one unit costs: the drop's price, else the shop's; None where it is not sold at all."""
    product = turn.shop.products.get(drop.sku)
    return drop.price_minor or (product.price_minor if product is not None else None)


def left_of(turn: Turn, opening: Opening) -> int:
    """Return how many units are left."""
    left = turn.needed("counter", opening.counter)
    given_back = turn.effects.given_back.get(opening.counter, 0)
    return min(opening.drop.units, left + given_back) if isinstance(left, int) else opening.drop.units


@dataclass(frozen=True, slots=True)
class Offered:
    """An opening as it is for the contact: from when on, for how much, and how many are left."""

    opening: Opening
    opens_at: datetime
    price_minor: int
    credit_minor: int
    left: int
    yours: int
    """How many more the contact may have."""
    is_on: bool


def offered(turn: Turn, opening: Opening) -> Offered:
    """Say what an opening is for the contact now."""
    drop = opening.drop
    price = price_of(turn, drop)
    assert price is not None, "what has no price is not among the openings"
    opens, left = opens_at(turn, opening), left_of(turn, opening)
    return Offered(
        opening=opening,
        opens_at=opens,
        price_minor=price,
        credit_minor=credit_for(turn, price),
        left=left,
        yours=max(0, min(left, drop.per_member - kept_of(turn, opening))),
        is_on=opens <= turn.now < opening.closes_at,
    )


def credit_for(turn: Turn, total_minor: int) -> int:
    """Return how much of a price credit would pay now."""
    if not turn.program.reorder.auto_apply_credit:
        return 0
    return min(turn.books.spendable(turn.now), total_minor)


# What is done


def reserve(
    turn: Turn, opening: Opening, quantity: int, *, to_pay_max: int | None = None, payer: str = ""
) -> Reservation:
    """Reserve units; what credit pays wholly is taken at once, otherwise the shop is told what to collect.

    `to_pay_max` is what the contact confirmed to pay. `payer` is their WeChat address where they pay through
    WeChat Pay: then an order waits for that, and the shop hears of it once it is paid.

    Raises:
        TellMember: nothing changed: `not_open` (with `at`), `drop_over`, `had_yours` (with `most`),
            `price_changed` (with `to_pay`), `sold_out`.
    """
    drop, now, contact = opening.drop, turn.now, turn.contact
    price = price_of(turn, drop)
    if now >= opening.closes_at or price is None:
        raise TellMember("drop_over")
    opens = opens_at(turn, opening)
    if now < opens:
        raise TellMember("not_open", at=opens.isoformat())
    if kept_of(turn, opening) + quantity > drop.per_member:
        raise TellMember("had_yours", most=drop.per_member)
    total = quantity * price
    credit = credit_for(turn, total)
    if to_pay_max is not None and total - credit > to_pay_max:
        raise TellMember("price_changed", to_pay=total - credit)
    if not turn.take(opening.counter, quantity, of=drop.units):
        raise TellMember("sold_out")
    reservation = Reservation(
        # The same message makes the same reservation, however often its turn is decided.
        id=derived_id(f"reservation/{contact.id}/{turn.trigger.key}/{opening.key}", contact.bucket),
        opening=opening.key,
        sku=drop.sku,
        quantity=quantity,
        unit_minor=price,
        credit_minor=credit,
        state=ReservationState.RESERVED,
        reserved_at=now,
        until=now + drop.hold_for,
        changed_at=now,
    )
    if credit < total:
        return _set_aside(turn, reservation, payer)
    taken = reservation.becomes(ReservationState.TAKEN, now)
    _place(turn, taken, PLACED)
    return taken


def pay(turn: Turn, reservation: Reservation) -> Reservation:
    """The shop was paid in time: the units are the member's by an order that credit and cash have paid.

    Raises:
        ReservationClosed: its time is over, or it was taken or canceled before.
    """
    taken, record = reservation.becomes(ReservationState.TAKEN, turn.now), NOTHING
    if taken.hold is not None:
        # A key of the order's: by it the spending is found when something of the order comes back.
        cause = replace(_cause(turn, taken, "pay"), key=f"order/{taken.id}/held")
        entry = turn.books.capture(taken.hold, taken.credit_minor, turn.now, cause)
        record = OnRecord(paid=(InWallet(MAIN_WALLET, Undoing(entry)),))
    _place(turn, taken, PAID, record)
    return taken


def take_paid(turn: Turn, order: Order) -> tuple[InWallet, ...]:
    """WeChat Pay was paid in time: the units are the member's; returns what was spent of credit beside.

    Raises:
        ReservationClosed: their time is over, or they went back before.
        Refused: nothing is on record of them.
    """
    reservation = find(turn, order.id)
    if reservation is None:
        raise Refused("nothing is reserved by this order", "give the cash back", 409)
    taken = reservation.becomes(ReservationState.TAKEN, turn.now)
    _keep(turn, taken, "Drop Taken")
    if taken.hold is None:
        return ()
    cause = replace(_cause(turn, taken, "pay"), key=f"order/{taken.id}/held")
    entry = turn.books.capture(taken.hold, taken.credit_minor, turn.now, cause)
    return (InWallet(MAIN_WALLET, Undoing(entry)),)


def give_up(turn: Turn, reservation: Reservation) -> Reservation:
    """Nobody wants the units any more: they and the credit go back, and the shop need not keep them.

    Raises:
        ReservationClosed: they were taken, or went back before.
    """
    order = order_of(turn, reservation)
    given_up = _given_up(turn, reservation)
    _cancel(turn, order)
    return given_up


def release(turn: Turn, order: Order) -> None:
    """Let units and credit go back that an order waits to pay for; the order is its caller's to cancel."""
    reservation = find(turn, order.id)
    if reservation is not None and reservation.state is ReservationState.RESERVED:
        _given_up(turn, reservation)


def follow(turn: Turn, before: Order | None, order: Order) -> None:
    """Let reserved units follow the order that waits to pay for them, as the shop tells it; call it first.

    Raises:
        Refused: it is told as paid, which only WeChat Pay can tell.
    """
    if before is None or DROP not in before.facts or not is_waiting(before):
        return
    if is_at_least(order.status, REFUNDED):
        release(turn, before)
    elif is_at_least(order.status, PAID):
        raise Refused(
            f"status: order {order.reference or order.id} waits for WeChat Pay",
            "tell it when its order.placed came, or cancel it",
            409,
        )


def lapse(turn: Turn, reservation: Reservation) -> Reservation:
    """The time is over: the units go back, and so does the credit, as its hold has timed out; the shop hears.

    Raises:
        ReservationClosed: it was taken, or its units went back before, or its time is not over.
    """
    order = order_of(turn, reservation)
    lapsed = _lapsed(turn, reservation)
    _cancel(turn, order)
    return lapsed


def order_of(turn: Turn, reservation: Reservation) -> Order | None:
    """Return the order through which units are paid at WeChat; None where the shop collects."""
    made = next((one for one in turn.effects.orders if one.id == reservation.id), None)
    found = made or turn.needed("order", reservation.id)
    return found if isinstance(found, Order) and DROP in found.facts else None


def told_of(turn: Turn, reservation: Reservation) -> dict[str, JsonValue]:
    """Say of a reservation what texts, events and the shop may name."""
    drop_id = reservation.opening.partition("/")[0]
    drop = next((one for one in turn.program.drops if one.id == drop_id), None)
    return {
        "id": reservation.id,
        "drop": reservation.opening,
        "name": turn.program.text(drop.name, turn.contact.locale) if drop is not None else drop_id,
        "sku": reservation.sku,
        "quantity": reservation.quantity,
        "state": reservation.state.value,
        "until": reservation.until.isoformat(),
        "total": reservation.total_minor,
        "credit": reservation.credit_minor,
        "to_pay": reservation.to_pay_minor,
        "number": reservation.id[:6].upper(),
    }


# Below: how


def _place(turn: Turn, taken: Reservation, status: str, record: OnRecord = NOTHING) -> None:
    """Place the order by which the units are the member's."""
    place(turn, _order(turn, taken, status, turn.channel), record, drop=taken.opening)
    _keep(turn, taken, "Drop Taken")


def _wait_for_payment(turn: Turn, reservation: Reservation, payer: str) -> None:
    """Let an order wait to be paid through WeChat Pay; it holds nothing that the reservation does not."""
    facts: dict[str, JsonValue] = {DROP: reservation.opening, PAYMENT: WECHAT_PAY}
    if reservation.credit_minor:
        facts[HELD] = reservation.credit_minor
    order = replace(_order(turn, reservation, PLACED, APP), facts=facts)
    to_pay = reservation.to_pay_minor
    open_payment(turn, order, to_pay_minor=to_pay, address=payer, held_until=reservation.until)


def _cancel(turn: Turn, order: Order | None) -> None:
    if order is not None and is_waiting(order):
        settle(turn, replace(order, status=CANCELED), on_record(turn, order.id))


def _order(turn: Turn, taken: Reservation, status: str, source: str) -> Order:
    """The order of reserved units; it has the reservation's id."""
    product = turn.shop.products.get(taken.sku)
    line = OrderLine(
        taken.sku,
        product.name if product is not None else taken.sku,
        taken.quantity,
        taken.unit_minor,
        category=product.category if product is not None else "",
    )
    return priced(
        Order(
            id=taken.id,
            source=source,
            placed_at=turn.now,
            lines=(line,),
            total_minor=taken.total_minor,
            credit_minor=taken.credit_minor,
            status=status,
            currency=turn.program.currency.code,
        )
    )


def _set_aside(turn: Turn, reservation: Reservation, payer: str) -> Reservation:
    hold = None
    if reservation.credit_minor:
        ttl = reservation.until - turn.now
        cause = _cause(turn, reservation, "hold")
        hold = turn.books.hold(reservation.id, reservation.credit_minor, ttl, turn.now, cause).id
    kept = replace(reservation, hold=hold)
    body: dict[str, JsonValue] = {"reservation": kept.id}
    turn.effects.later.append(
        Trigger(
            key=f"lapse:{kept.id}",
            kind=TriggerKind.OPERATION,
            at=kept.until,
            payload={"operation": LAPSE, "body": body},
        )
    )
    _keep(turn, kept, "Drop Reserved")
    if payer:
        _wait_for_payment(turn, kept, payer)
    else:
        turn.call(f"drop/{kept.id}", "drop.reserved", {**told_of(turn, kept), "contact": turn.contact.id})
    return kept


def _given_up(turn: Turn, reservation: Reservation) -> Reservation:
    if turn.now >= reservation.until:
        return _lapsed(turn, reservation)
    canceled = reservation.becomes(ReservationState.CANCELED, turn.now)
    if canceled.hold is not None:
        turn.books.release(canceled.hold, turn.now, _cause(turn, canceled, "give_up"))
    _let_go(turn, canceled, "Drop Canceled")
    return canceled


def _lapsed(turn: Turn, reservation: Reservation) -> Reservation:
    lapsed = reservation.becomes(ReservationState.LAPSED, turn.now)
    turn.books.settle(turn.now)
    _let_go(turn, lapsed, "Drop Lapsed")
    return lapsed


def _let_go(turn: Turn, reservation: Reservation, event: str) -> None:
    turn.give_back(reservation.counter, reservation.quantity)
    _keep(turn, reservation, event)
    if order_of(turn, reservation) is None:  # else the shop never heard of it
        told = {**told_of(turn, reservation), "contact": turn.contact.id}
        turn.call(f"drop/{reservation.id}/released", "drop.released", told)


def _keep(turn: Turn, reservation: Reservation, event: str) -> None:
    turn.keep(TABLE, reservation.id, reservation)
    told = told_of(turn, reservation)
    name = told.pop("name")  # an event has a name of its own
    turn.track(event, {**told, "name_of_drop": name})


def _cause(turn: Turn, reservation: Reservation, deed: str) -> Cause:
    return Cause(
        f"drop/{deed}/{reservation.id}",
        actor=f"contact/{turn.contact.id}",
        source_type="drop",
        source_id=reservation.opening,
    )


def _soonest_first(turn: Turn, drops: list[Drop]) -> list[Opening]:
    found = [drop.opening(turn.now, turn.shop.zone) for drop in drops if price_of(turn, drop) is not None]
    return sorted((one for one in found if one is not None), key=lambda one: (one.opens_at, one.key))


def _is_for(turn: Turn, drop: Drop) -> bool:
    return drop.whom.admits(member_of(turn, drop.whom))
