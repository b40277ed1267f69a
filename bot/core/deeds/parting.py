"""Undoing a joining: the survivor gives back what is left of each lot, and the rest is reported.

The survivor's turn gives back and lets the other be its own contact again; the other's turn takes it back
into the lots it came from. What was taken over of the program stays with the survivor.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from bot.core.contact import JsonValue
from bot.core.deeds.joining import SOURCE
from bot.core.deeds.left import Joined, LeftBehind, LeftWallet, WholeBooks
from bot.core.errors import Refused
from bot.core.ledger.crossing import CROSSING, Crossed, as_crossed, crossed_id
from bot.core.ledger.entries import Account, Cause
from bot.core.ledger.lots import Lot
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.replay import replayed
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

SPLIT = "contact.split"
"""The operation by which a survivor gives back what it took over."""
RETURNS = "contact.returns"
"""The operation by which the other takes it back."""
_SPENDABLE = (Account.PENDING, Account.AVAILABLE)


def split(turn: Turn, body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Give back to a contact what is left of what it brought; says what is not left.

    Raises:
        Refused: it was not joined to this one, or that was undone.
    """
    other, by, reason = str(body["other"]), str(body["by"]), str(body["reason"])
    found = turn.needed("joined", other)
    if not isinstance(found, Joined) or found.undone_at is not None:
        raise Refused("this contact was not joined to that one", "see `regulars contact show`", 404)
    left = turn.needed("left_by", f"{other} {found.join}")
    assert isinstance(left, LeftBehind), "whoever was joined has left"
    wallets: list[JsonValue] = []
    given = missing = owed = 0
    for wallet in left.wallets:
        back = _give_back(turn, wallet, found, by, reason)
        then = [
            one.places.get(account, 0)
            for one in as_crossed(wallet.lots, wallet.entry)
            for account in _SPENDABLE
        ]
        now = sum(one.places.get(account, 0) for one in back for account in _SPENDABLE)
        given, missing = given + now, missing + sum(then) - now
        owed += wallet.entry.moved_minor(target=Account.DEBT) if wallet.entry is not None else 0
        lots: list[JsonValue] = [_written(one) for one in back]
        wallets.append({"wallet": wallet.id, "lots": lots})
    turn.keep("joined", other, replace(found, undone_at=turn.now))
    for address in left.addresses:
        turn.addresses.pop((address.channel, address.value), None)
        turn.effects.addresses.pop((address.channel, address.value), None)
    turn.effects.revived = other
    turn.effects.runs_along = found.runs
    payload: dict[str, JsonValue] = {
        "operation": RETURNS,
        "body": {"join": found.join, "survivor": turn.contact.id, "by": by, "wallets": wallets},
    }
    key = f"split/{turn.trigger.key}"
    turn.tell(other, Trigger(key, TriggerKind.OPERATION, turn.now, payload))
    return {"given_back_minor": given, "missing_minor": missing, "owed_minor": owed}


def come_back(turn: Turn, body: Mapping[str, JsonValue]) -> None:
    """Take back into the lots they came from what the survivor gave back."""
    join, wallets = str(body["join"]), body["wallets"]
    assert isinstance(wallets, list), "wallets are listed"
    whole = turn.needed("whole_books")
    assert isinstance(whole, tuple)
    for told in wallets:
        assert isinstance(told, dict), "by name"
        wallet, lots = str(told["wallet"]), told["lots"]
        assert isinstance(lots, list), "lots are listed"
        entries = next((one.entries for one in whole if one.wallet == wallet), ())
        left = next((entry for entry in entries if entry.key == f"{join}/{wallet}"), None)
        books = turn.wallet(wallet)
        back = [_read(one, books.lots, wallet) for one in lots if isinstance(one, dict)]
        if left is not None and back:
            cause = Cause(
                f"{turn.trigger.key}/{wallet}",
                str(body["by"]),
                source_type=SOURCE,
                source_id=str(body["survivor"]),
            )
            books.settle(turn.now)
            books.come_back(back, left, turn.now, cause)


def _give_back(turn: Turn, wallet: LeftWallet, joined: Joined, by: str, reason: str) -> list[Crossed]:
    """Let what is left of the other's lots go; returns it by the other's lots."""
    whole = turn.needed("whole_books")
    assert isinstance(whole, tuple)
    mine = next((one for one in whole if one.wallet == wallet.id), None)
    assert mine is None or isinstance(mine, WholeBooks)
    books = turn.wallet(wallet.id)
    ids = {lot.id: crossed_id(joined.join, lot.id, turn.contact.id) for lot in wallet.lots}
    known = set(mine.lot_ids) if mine is not None else set()
    wanted = [one for one in ids.values() if one in known]
    missing = tuple(one for one in wanted if one not in books.lots)
    if missing or not books.lots_complete:
        raise NeedsMoreLots(missing, wallet.id)
    books.settle(turn.now)
    for lot_id in wanted:
        books.expire(lot_id, turn.now)
    replay = replayed((*(mine.entries if mine is not None else ()), *books.entries))
    back: list[Crossed] = []
    for one in as_crossed(wallet.lots, wallet.entry):
        lot_id = ids[one.lot.id]
        if lot_id not in books.lots:
            continue
        there = replay.lots[lot_id]
        places = {
            account: there[account]
            if account in _SPENDABLE
            else min(one.places.get(account, 0), there[account])
            for account in CROSSING
        }
        back.append(
            Crossed(books.lots[lot_id], {account: minor for account, minor in places.items() if minor > 0})
        )
        back[-1] = replace(back[-1], lot=replace(back[-1].lot, id=one.lot.id))
    places_of = {ids[one.lot.id]: one.places for one in back}
    cause = Cause(
        f"{turn.trigger.key}/{wallet.id}", by, reason_text=reason, source_type=SOURCE, source_id=joined.other
    )
    books.leave(places_of, 0, turn.now, cause)
    return back


def _written(one: Crossed) -> dict[str, JsonValue]:
    return {
        "lot": one.lot.id,
        "expires_on": one.lot.expires_on.isoformat() if one.lot.expires_on else None,
        "places": {account.value: minor for account, minor in one.places.items()},
    }


def _read(told: Mapping[str, JsonValue], lots: Mapping[str, Lot], wallet: str) -> Crossed:
    lot_id, places = str(told["lot"]), told["places"]
    assert isinstance(places, dict), "places are by account"
    if lot_id not in lots:
        raise NeedsMoreLots((lot_id,), wallet)
    lot = lots[lot_id]
    if told["expires_on"]:
        lot = replace(lot, expires_on=date.fromisoformat(str(told["expires_on"])))
    moved = {Account(name): minor for name, minor in places.items() if isinstance(minor, int)}
    return Crossed(lot, moved)
