"""Cards that are full no more: what they became goes, where nobody has it yet, before stamps are owed."""

from dataclasses import replace

from bot.core.contact import JsonValue, Order
from bot.core.deeds.claiming import TABLE, cancel, fulfilments, name_of, spent_among
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Account, Cause, Entry
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from bot.core.loyalty.notices import next_notice_at
from bot.core.turn import Turn

REWARD_TAKEN_BACK = "Reward Taken Back"
_OF_CARD = "_card"
"""The fact of a claim in which stands the card that it was: its wallet, and the entries behind it."""


def claimed_by_card(turn: Turn, claimed: Fulfilment, wallet: str, spent: Entry, granted: Entry) -> None:
    """Keep which card became this reward: the entry that spent its stamps, and that which gave the credit."""
    card: JsonValue = {"wallet": wallet, "spent": spent.id, "granted": granted.id}
    turn.keep(TABLE, claimed.id, replace(claimed, facts={**claimed.facts, _OF_CARD: card}))


def unclaim(turn: Turn, wallet: str, stamps: int, order: Order) -> tuple[str, ...]:
    """Cancel rewards that cards of a wallet became, the newest first, until so many stamps are there.

    Only what is still merely claimed: what the shop prepares, hands out or took off an order stays, and its
    stamps are owed. Returns what was canceled, as the member calls it.
    """
    if turn.wallet(wallet).spendable(turn.now) >= stamps:
        return ()
    waiting = [one for one in fulfilments(turn) if _is_waiting(one, wallet)]
    spent = spent_among(turn, waiting)
    canceled = []
    for one in waiting:
        if one.id not in spent and turn.wallet(wallet).spendable(turn.now) < stamps:
            _unclaim(turn, one, wallet, order)
            canceled.append(name_of(turn, one.reward))
    return tuple(canceled)


def _is_waiting(claimed: Fulfilment, wallet: str) -> bool:
    card = claimed.facts.get(_OF_CARD)
    is_of_card = isinstance(card, dict) and card.get("wallet") == wallet
    return is_of_card and claimed.state is FulfilmentState.CLAIMED


def _unclaim(turn: Turn, claimed: Fulfilment, wallet: str, order: Order) -> None:
    """Undo a card's completion from its end: the claim, the credit that it was given for it, the stamps."""
    card = claimed.facts[_OF_CARD]
    assert isinstance(card, dict), "asked before"
    _give_back(turn, claimed)
    _reverse(turn, MAIN_WALLET, str(card["granted"]), Account.CLAWBACK, claimed)
    _reverse(turn, wallet, str(card["spent"]), Account.SPENT, claimed)
    cancel(turn, claimed)
    facts: dict[str, JsonValue] = {
        "reward": claimed.reward,
        "cost": claimed.cost_minor,
        "code": claimed.code,
        "order": order.id,
    }
    told: dict[str, JsonValue] = {**facts, "entry": claimed.id, "contact": turn.contact.id}
    turn.call(f"undo/{claimed.id}", "reward.undone", told)
    turn.track(REWARD_TAKEN_BACK, {**facts, "name_of_reward": name_of(turn, claimed.reward)})


def _give_back(turn: Turn, claimed: Fulfilment) -> None:
    """Return the credit that paid for it into its lots, and look at what nobody told of them meanwhile."""
    entry = _reverse(turn, MAIN_WALLET, claimed.id, Account.SPENT, claimed)
    for draw in entry.draws if entry is not None else ():
        if draw.target is Account.AVAILABLE and draw.child_lot_id is None:
            lot = turn.books.lots[draw.of_lot]
            at = next_notice_at(lot, turn.contact.zone, turn.program.notices, claimed.claimed_at)
            turn.effects.looked_at[lot.id] = None if at is None else max(at, turn.now)


def _reverse(turn: Turn, wallet: str, entry_id: str, account: Account, claimed: Fulfilment) -> Entry | None:
    """Undo what is left of an entry; None where an operator undid it before."""
    undoing = _undoing(turn, entry_id)
    if undoing is None or undoing.left_minor(account) <= 0:
        return None
    cause = Cause(
        f"unclaim/{claimed.id}/{entry_id}",
        actor=f"contact/{turn.contact.id}",
        source_type="reward",
        source_id=claimed.reward,
    )
    return turn.wallet(wallet).reverse(undoing, turn.now, cause, turn.program.grace)


def _undoing(turn: Turn, entry_id: str) -> Undoing | None:
    made = (entry for books in turn.opened_books for entry in books.entries if entry.id == entry_id)
    here = next(made, None)
    if here is not None:
        return Undoing(here)
    found = turn.needed("undoing", entry_id)
    return found if isinstance(found, Undoing) else None
