"""Credit that ended, given back by an operator who says why."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.core.contact import JsonValue
from bot.core.errors import Refused
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.loyalty.notices import next_notice_at
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]

OPERATION = "credit.reinstate"
DAYS_MAX = 366


def reinstate(turn: Turn, body: Body) -> Body:
    """Give back credit that has ended, good for `days` from today, for the `reason` that `by` gives.

    `entry` names the entry by which it ended; without one it is all that ended within `within_days`.

    Raises:
        Refused: nothing ended that was not given back before.
    """
    reason, days = str(body["reason"]).strip(), body["days"]
    assert isinstance(days, int), "days are whole"
    if not reason:
        raise Refused("a reinstatement has a reason; it is kept in the books", "say why", 422)
    if not 1 <= days <= DAYS_MAX:
        raise Refused(f"{days} days are no time for credit to be good", f"say 1 to {DAYS_MAX}", 422)
    given = 0
    entries: list[JsonValue] = []
    known = turn.needed("broken")
    assert isinstance(known, dict)
    broken: dict[str, int] = dict(known)
    ended = _ended(turn, body)
    _need_lots(turn, [one for one in ended if _is_broken(one, broken)])
    for number, undoing in enumerate(ended):
        if not _is_broken(undoing, broken):
            continue  # it was given back, or taken back with its order
        cause = Cause(
            f"reinstate/{turn.trigger.key}/{number}",
            actor=f"operator/{body['by']}",
            reason_text=reason,
            source_type="reinstatement",
            source_id=undoing.entry.id,
        )
        entry = turn.books.reinstate(undoing, turn.now, cause, timedelta(days=days), broken)
        for draw in entry.draws:
            broken[draw.of_lot] -= draw.amount_minor
        given += entry.total_minor
        entries.append(entry.id)
        for draw in entry.draws:
            lot = turn.books.lots[draw.child_lot_id or draw.of_lot]
            at = next_notice_at(lot, turn.contact.zone, turn.program.notices, turn.now)
            turn.effects.looked_at[lot.id] = at
    if not given:
        raise Refused("no credit has ended that was not given back", "see `regulars contact show`", 409)
    turn.track("Credit Reinstated", {"amount": given})
    return {
        "id": turn.contact.id,
        "amount_minor": given,
        "entries": entries,
        "available_minor": turn.books.spendable(turn.now),
    }


def _is_broken(undoing: Undoing, broken: Mapping[str, int]) -> bool:
    return any(broken.get(draw.of_lot) for draw in undoing.entry.draws)


def _need_lots(turn: Turn, ended: Sequence[Undoing]) -> None:
    """Ask for all lots at once: a turn is decided anew for each time it asks, and not without end."""
    drawn = {draw.of_lot: None for one in ended for draw in one.entry.draws}
    missing = tuple(lot_id for lot_id in drawn if lot_id not in turn.books.lots)
    if missing:
        raise NeedsMoreLots(missing)


def _ended(turn: Turn, body: Body) -> list[Undoing]:
    """What ended and was not all given back, oldest first."""
    if body.get("entry"):
        found = turn.needed("undoing", str(body["entry"]))
        if not isinstance(found, Undoing):
            raise Refused(f"there is no entry {body['entry']}", "take its id from the history", 404)
        return [found]
    ended = turn.needed("ended")
    assert isinstance(ended, tuple)
    within = body.get("within_days", 90)
    assert isinstance(within, int), "days are whole"
    since = turn.now - timedelta(days=within)
    return [one for one in ended if one.entry.effective_at >= since and not is_given_back(one)]


def is_given_back(undoing: Undoing) -> bool:
    """Whether all that ended by an entry was given back before."""
    return sum(entry.total_minor for entry in undoing.earlier) >= undoing.entry.total_minor
