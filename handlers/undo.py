"""Undoing: a redemption is taken back within a quarter of an hour, and its credit returns to where it was."""

from collections.abc import Mapping
from datetime import timedelta

from bot.core.codes import code_of
from bot.core.contact import JsonValue
from bot.core.deeds.claiming import cancel, fulfilments, is_spent
from bot.core.errors import TellMember
from bot.core.flow.handler import handler
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import has_ended
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.loyalty.fulfilment import FulfilmentState
from bot.core.loyalty.notices import next_notice_at
from bot.core.past import Redemption
from bot.core.turn import Turn

UNDO_WITHIN = timedelta(minutes=15)
"""How long a redemption can be taken back: at the counter the shop may rely on it afterwards."""


@handler(
    returns=("name", "credit", "code", "available"),
    problems=("nothing_to_undo", "undone_before", "too_late", "used", "order", "credit_ended"),
)
def undo(turn: Turn) -> Mapping[str, JsonValue]:
    """Take back the last redemption of a reward: its `credit` returns into the same lots with their old end.

    The `code` is void from then on, and the shop is told so. `available` is what can be spent now.

    Raises:
        TellMember: `nothing_to_undo`; `undone_before`; `too_late`; `used`: it was handed out; `order`: what
            came last is an order, which is with the shop; `credit_ended`: the credit would come back dead.
    """
    redemption = turn.last_redemption()
    redeemed_at = redemption.entry.effective_at if redemption else None
    by_text = [order.placed_at for order in turn.orders() if order.source == turn.channel]
    since = turn.now - UNDO_WITHIN
    if any(at >= since and (redeemed_at is None or at > redeemed_at) for at in by_text):
        raise TellMember("order")
    if redemption is None:
        raise TellMember("nothing_to_undo")
    _refuse_what_is_past(turn, redemption)
    entry = redemption.entry
    lot_ids = [draw.of_lot for draw in entry.draws]
    missing = tuple(lot_id for lot_id in lot_ids if lot_id not in turn.books.lots)
    if missing:
        raise NeedsMoreLots(missing)
    if any(has_ended(turn.books.lots[lot_id], turn.now) for lot_id in lot_ids):
        raise TellMember("credit_ended")
    # Before anything is moved: whoever has it, or had it sent, keeps it.
    claimed = next((one for one in fulfilments(turn) if one.id == entry.id), None)
    if claimed is not None:
        if claimed.state is not FulfilmentState.CLAIMED or is_spent(turn, claimed):
            raise TellMember("used", name=_name(turn, entry.source_id))
        cancel(turn, claimed)
    cause = Cause(
        f"undo/{entry.id}",
        actor=f"contact/{turn.contact.id}",
        source_type=entry.source_type,
        source_id=entry.source_id,
    )
    turn.books.reverse(Undoing(entry), turn.now, cause)
    for lot_id in lot_ids:
        # While a lot was empty nobody would have told of its end: what was missed is looked at now.
        lot = turn.books.lots[lot_id]
        at = next_notice_at(lot, turn.contact.zone, turn.program.notices, entry.effective_at)
        turn.effects.looked_at[lot_id] = None if at is None else max(at, turn.now)
    code = code_of(entry.id)
    facts: dict[str, JsonValue] = {"reward": entry.source_id, "cost": entry.total_minor, "code": code}
    turn.track("Redemption Undone", facts)
    told: dict[str, JsonValue] = {**facts, "entry": entry.id, "contact": turn.contact.id}
    turn.call(f"undo/{entry.id}", "reward.undone", told)
    return {
        "name": _name(turn, entry.source_id),
        "credit": entry.total_minor,
        "code": code,
        "available": turn.books.spendable(turn.now),
    }


def _refuse_what_is_past(turn: Turn, redemption: Redemption) -> None:
    entry = redemption.entry
    if redemption.undone_by:
        raise TellMember("undone_before", at=redemption.undone_by[-1].effective_at.isoformat())
    if turn.now - entry.effective_at > UNDO_WITHIN:
        raise TellMember("too_late", at=entry.effective_at.isoformat(), name=_name(turn, entry.source_id))
    if code_of(entry.id) in redemption.used:
        raise TellMember("used", name=_name(turn, entry.source_id))


def _name(turn: Turn, reward_id: str) -> str:
    """What the reward is called; one that is no more has its id."""
    reward = next((one for one in turn.program.rewards if one.id == reward_id), None)
    return turn.program.text(reward.name, turn.contact.locale) if reward else reward_id
