"""Claimed rewards by the shop's hand: one more step on their way, another promised day, or canceled."""

from collections.abc import Mapping
from datetime import date

from bot.core.contact import JsonValue
from bot.core.deeds.claiming import cancel, claim, find, move_on, told_of, track_canceled
from bot.core.errors import Refused
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause
from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]


def take(turn: Turn, body: Body) -> Body:
    """Trade the member's credit for the `reward` of that id: one tap, and its state and promise come back.

    Raises:
        TellMember: as `bot.core.deeds.claiming.claim` says.
    """
    return told_of(turn, claim(turn, body.get("reward")))


def advance(turn: Turn, body: Body) -> Body:
    """Say where the reward `claim` (its id or code) is: its `state`, `promised_on`, `tracking`.

    Without `state` it stays where it is. Canceled, its credit and its unit go back; flows hear of each step.

    Raises:
        Refused: there is none, the state or the day is none, or it does not go back.
    """
    name = str(body.get("claim") or "")
    fulfilment = find(turn, name) if name else None
    if fulfilment is None:
        raise Refused("claim: the member has claimed no such reward", "use its id or its code", 404)
    state = _state(body.get("state"), fulfilment)
    if state is FulfilmentState.CANCELED and fulfilment.state is not state:
        return told_of(turn, _canceled(turn, fulfilment))
    tracking = body.get("tracking")
    moved = move_on(
        turn,
        fulfilment,
        state,
        promised_on=_day(body.get("promised_on")),
        facts={"tracking": str(tracking)} if tracking else None,
    )
    return told_of(turn, moved)


def _canceled(turn: Turn, fulfilment: Fulfilment) -> Fulfilment:
    """Cancel it, and return its credit into the lots it came from, with some grace where they have ended."""
    canceled = cancel(turn, fulfilment)
    undoing = turn.needed("undoing", fulfilment.id)
    assert isinstance(undoing, Undoing), "an entry paid for it"
    cause = Cause(
        f"cancel/{fulfilment.id}",
        actor="shop",
        source_type="reward",
        source_id=fulfilment.reward,
    )
    turn.books.reverse(undoing, turn.now, cause, turn.program.grace)
    track_canceled(turn, canceled)
    return canceled


def _state(written: JsonValue, fulfilment: Fulfilment) -> FulfilmentState:
    if written is None:
        return fulfilment.state
    try:
        return FulfilmentState(str(written))
    except ValueError as error:
        states = ", ".join(FulfilmentState)
        raise Refused(f"state: '{written}' is no state of a claimed reward", f"use {states}", 422) from error


def _day(written: JsonValue) -> date | None:
    if written is None:
        return None
    try:
        return date.fromisoformat(str(written))
    except ValueError as error:
        raise Refused(f"promised_on: '{written}' is no day", "write it like 2026-11-27", 422) from error
