"""Who hears of an order: flows by events, the program's tiers and referrals by what is counted of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.contact import JsonValue, Order
from bot.core.deeds import referring, refill_turns, tier_turns
from bot.core.deeds.on_record import OnRecord
from bot.core.deeds.referring import OrderSeen
from bot.core.deeds.tier_turns import counted
from bot.core.ledger.entries import Account
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.loyalty.orders import CANCELED, PAID, REFUNDED, in_words, is_at_least
from bot.core.loyalty.program import Program
from bot.core.loyalty.returns import shares
from bot.core.loyalty.sales import wallet_of
from bot.core.payments import is_waiting
from bot.core.turn import Turn

SHIPPED = "_shipped"
"""The fact of an order in which stands who brings it, by which number, and when."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a turn came to for an order, in minor units of its currency.

    `granted_minor` was earned, `restored_minor` went back to the member, and `lost_minor` of what should
    have could not, because its lots had ended. Of what was earned, `taken_minor` was taken back: `owed_minor`
    of it is owed, `lapsed_minor` had ended unused. `stamps` were taken back from cards, and with them the
    `rewards`, by their names, that full cards had become.
    """

    order: Order
    granted_minor: int = 0
    restored_minor: int = 0
    lost_minor: int = 0
    taken_minor: int = 0
    owed_minor: int = 0
    lapsed_minor: int = 0
    stamps: int = 0
    rewards: tuple[str, ...] = ()

    @property
    def moved_back(self) -> bool:
        """Whether credit or stamps went back, either way."""
        return bool(self.restored_minor or self.lost_minor or self.taken_minor or self.stamps)


def names_of(order: Order) -> dict[str, JsonValue]:
    """What events call an order by: our id, and the shop's own."""
    return {"order_id": order.id, "reference": order.reference}


def tell_of_sale(turn: Turn, before: Order | None, order: Order, *, is_sold: bool) -> None:
    """Track that an order was placed, was paid, and is on its way, each the first time.

    What waits for its payment is placed once it is paid.
    """
    if _is_placed_now(before, order):
        facts: dict[str, JsonValue] = {"total": order.total_minor, "credit": order.credit_minor}
        turn.track(
            "Order Placed", {**names_of(order), **facts}, at=order.placed_at if before is None else None
        )
    was_paid = before is not None and is_at_least(before.status, PAID)
    if not was_paid and is_sold:
        is_dated = before is None or before.changed_at != order.changed_at
        turn.track(
            "Order Completed", completed(turn.program, order), at=order.changed_at if is_dated else None
        )
    shipped = order.facts.get(SHIPPED)
    was_shipped = before.facts.get(SHIPPED) if before is not None else None
    if (
        isinstance(shipped, dict)
        and not is_at_least(order.status, REFUNDED)
        and _is_news(shipped, was_shipped)
    ):
        turn.track("Order Shipped", {**names_of(order), "items": in_words(order), **shipped})


def _is_placed_now(before: Order | None, order: Order) -> bool:
    if before is None:
        return not is_waiting(order)
    return is_waiting(before) and is_at_least(order.status, PAID) and not is_at_least(order.status, REFUNDED)


def _is_news(shipped: Mapping[str, JsonValue], before: JsonValue) -> bool:
    """Whether it had not left before, or this is another parcel of it."""
    return not isinstance(before, dict) or shipped.get("tracking") != before.get("tracking")


def completed(program: Program, order: Order) -> dict[str, JsonValue]:
    """An order as Segment's clients tell of one (https://segment.com/docs/connections/spec/ecommerce/v2/).

    What Segment names in whole units of the currency is so; what ends in `_minor` is in minor units.
    """
    code = order.currency or program.currency.code
    known = program.currency_called(code) or program.currency
    products: list[JsonValue] = [
        {
            "sku": line.sku,
            "name": line.name,
            "category": line.category,
            "quantity": line.quantity,
            "price": _whole(line.unit_minor, known.exponent),
        }
        for line in order.lines
    ]
    return {
        **names_of(order),
        "currency": code,
        "revenue": _whole(order.cash_minor, known.exponent),
        "total_minor": order.total_minor,
        "cash_minor": order.cash_minor,
        "credit_minor": order.credit_minor,
        "products": products,
    }


def _whole(minor: int, exponent: int) -> int | float:
    """An amount in whole units: a figure for audiences and other systems, never for the books."""
    return minor if exponent == 0 else minor / 10**exponent


def tell_of_return(turn: Turn, settled: Settled, before: Order | None) -> None:
    """Track what came back, with the figures a member is told; nothing where nothing more did."""
    order, wallet = settled.order, wallet_of(turn.program, settled.order.currency)
    currency = order.currency or turn.program.currency.code
    if before is not None and is_waiting(before) and not settled.moved_back:
        return  # nobody had paid for it
    if settled.taken_minor:
        turn.track(
            "Credit Clawed Back",
            {
                **names_of(order),
                "amount": settled.taken_minor,
                "owed": settled.owed_minor,
                "lapsed": settled.lapsed_minor,
                "wallet": wallet,
                "currency": currency,
            },
        )
    canceled = is_at_least(order.status, CANCELED)
    was_canceled = before is not None and is_at_least(before.status, CANCELED)
    is_news = before is not None and not was_canceled and _came_back(before) != _came_back(order)
    if not settled.moved_back and not is_news:
        return
    facts: dict[str, JsonValue] = {
        **names_of(order),
        "refunded": order.refunded_minor - (before.refunded_minor if before is not None else 0),
        "refunded_total": order.refunded_minor,
        "is_all": is_at_least(order.status, REFUNDED),
        "restored": settled.restored_minor,
        "lost": settled.lost_minor,
        "taken_back": settled.taken_minor - settled.lapsed_minor,
        "owed": settled.owed_minor,
        "stamps": settled.stamps,
        "rewards": ", ".join(settled.rewards) or None,
        "wallet": wallet,
        "currency": currency,
    }
    turn.track("Order Canceled" if canceled and not was_canceled else "Order Refunded", facts)


def _came_back(order: Order) -> tuple[object, ...]:
    return order.refunded_minor, order.returned_credit_minor, order.status == CANCELED, shares(order)


def needs_of(turn: Turn, facts: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return what `let_program_hear` will ask for, as far as it is known by now; see `Turn.need`."""
    return (*tier_turns.needs_of(turn), *referring.needs_of(turn, facts), *refill_turns.needs_of(turn))


def let_program_hear(turn: Turn, record: OnRecord, settled: Settled, *, is_sold: bool) -> None:
    """Let tiers, referrals and refills follow the order: what was counted before, and what counts now."""
    before, order = record.order, settled.order
    points = sum(one.granted_minor for one in record.earned if one.wallet == MAIN_WALLET)
    points -= sum(
        entry.moved_minor(target=Account.CLAWBACK)
        for one in record.granted.values()
        if one.wallet == MAIN_WALLET
        for entry in one.undoing.earlier
    )
    after = points + settled.granted_minor - settled.taken_minor
    tier_turns.order_changed(turn, order.placed_at, counted(before, points), counted(order, after))
    is_back = is_at_least(order.status, REFUNDED)
    cash_left = 0 if is_back else max(0, order.cash_minor - order.refunded_minor)
    came_back = is_back or order.refunded_minor > 0
    seen = OrderSeen(order.id, order.placed_at, cash_left, order.facts, is_sold=is_sold, came_back=came_back)
    referring.order_changed(turn, seen)
    refill_turns.refill_after_order(turn, order)
