"""Cash-back in a turn: promised with a first order, offered when that still stands, and what came of it."""

from dataclasses import replace

from bot.core.contact import JsonValue, Order
from bot.core.deeds.crediting import was_bought
from bot.core.deeds.giving import Purse, give
from bot.core.deeds.left import ERASED_AT
from bot.core.deeds.paying_back import keep_payout
from bot.core.ids import bucket_of, derived_id
from bot.core.ledger.entries import Cause
from bot.core.loyalty.cash_back import CashBack
from bot.core.loyalty.orders import REFUNDED, is_at_least, total_cash_minor
from bot.core.payments import Payment, Payout, PayoutState
from bot.core.turn import Turn

ASKED = "asked"
"""The fact of a payout that WeChat Pay may have been asked for."""
TAKE_BACK = "take_back"
"""The fact of a payout that shall not be paid: its order came back."""
WHY = "why"
"""The fact of a payout that ended in which stands why: `returned`, `lapsed`, or WeChat Pay's own word."""


def promise_cash_back(turn: Turn, order: Order, payment: Payment) -> Payout | None:
    """Promise cash for a member's first order, once in a lifetime; None where there is none."""
    rule = turn.program.cash_back
    if rule is None or not turn.contact.is_member:
        return None
    amount = rule.of(total_cash_minor(order) - order.refunded_minor)
    if not amount or _bought_before(turn, order) or turn.needed("payouts"):
        return None
    payout = Payout(
        id=derived_id(f"payout/{order.id}", bucket_of(order.id)),
        order_id=order.id,
        account=payment.account,
        address=payment.address,
        amount_minor=amount,
        currency=payment.currency,
        state=PayoutState.NEW,
        created_at=turn.now,
        changed_at=turn.now,
        due_at=turn.now + rule.after,
        contact_id=turn.contact.id,
    )
    keep_payout(turn, payout)
    turn.track("Cash Back Promised", {**_facts(payout), "on": (turn.now + rule.after).date().isoformat()})
    return payout


def may_be_asked(turn: Turn, payout: Payout, order: Order | None) -> bool:
    """Whether WeChat Pay may be asked for it now; it is on record as asked for before it is."""
    if payout.is_over:
        return False
    comes_back = order is None or is_at_least(order.status, REFUNDED) or payout.facts.get(TAKE_BACK) is True
    if comes_back and ASKED not in payout.facts:
        end(turn, payout, "returned")
        return False
    if ASKED not in payout.facts:
        keep_payout(turn, replace(payout, facts={**payout.facts, ASKED: turn.now.isoformat()}))
    return not comes_back


def hear(turn: Turn, payout: Payout, after: Payout, why: str) -> None:
    """Keep what became of a payout, and let flows and wallet hear of it."""
    if after is payout:
        return
    if after.state is PayoutState.ENDED:
        end(turn, after, "returned" if payout.facts.get(TAKE_BACK) else why or "lapsed")
        return
    keep_payout(turn, after)
    if after.state is PayoutState.DONE:
        turn.track("Cash Back Paid", _facts(after))
    elif after.package and not payout.package:
        turn.track("Cash Back Waits", _facts(after))


def end(turn: Turn, payout: Payout, why: str) -> None:
    """Pay nothing out; give credit instead where the program says so and the order did not come back.

    Who was erased since has no wallet that anybody could spend from.
    """
    over = payout.becomes(PayoutState.ENDED, turn.now)
    over = replace(over, facts={**over.facts, WHY: why[:100]}, due_at=None, package="")
    rule, granted = turn.program.cash_back, 0
    is_somebodys = why != "returned" and ERASED_AT not in turn.contact.attributes
    if is_somebodys and rule is not None and rule.otherwise == "credit":
        granted = _credit(turn, over, rule)
    keep_payout(turn, over)
    turn.track("Cash Back Ended", {**_facts(over), "why": why[:100], "credit": granted})


def _credit(turn: Turn, payout: Payout, rule: CashBack) -> int:
    cause = Cause(
        f"cash_back/{payout.id}",
        actor=f"contact/{turn.contact.id}",
        source_type="payout",
        source_id=payout.id,
    )
    point = turn.program.point_value_minor
    amount = payout.amount_minor // point * point
    return give(turn, amount, Purse("cash_back"), cause, rule.expiry).granted_minor if amount else 0


def _bought_before(turn: Turn, order: Order) -> bool:
    return any(one.id != order.id and was_bought(one) for one in turn.orders())


def _facts(payout: Payout) -> dict[str, JsonValue]:
    return {"payout": payout.id, "order_id": payout.order_id, "amount": payout.amount_minor}
