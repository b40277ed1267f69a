"""`outbox hold|release|cancel|replay`: what an operator does to messages, asked first and written down."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.actors import actor, is_meant
from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.settings import read_settings
from bot.core.messages import Lane, MessageClass, OutboxState
from bot.storage import audit, held
from bot.storage.driver import Connection, Database
from bot.storage.interventions import TOUCHES, Intervention, Which, intervene, preview

_ID_DIGITS = 32
_IDS_NAMED = 5
_OURS = (Lane.SERVICE, Lane.BULK)
"""What nobody waits for; answers are touched only where their lane or their ids are named."""
_BY_DEFAULT = (OutboxState.FAILED, OutboxState.UNDELIVERED, OutboxState.REFUSED)
"""What a replay takes unless told; what somebody canceled stays so unless asked for."""
_DONE = {
    Intervention.CANCEL: "canceled",
    Intervention.HOLD: "held",
    Intervention.RELEASE: "released",
    Intervention.REPLAY: "queued again",
}
# Whoever holds a lane means what comes after too: the gate holds these classes back.
_CLASSES = {Lane.SERVICE: MessageClass.SERVICE.value, Lane.BULK: MessageClass.MARKETING.value}


class LaneName(StrEnum):
    """A lane, as it is typed."""

    REQUIRED = "required"
    REPLY = "reply"
    SERVICE = "service"
    BULK = "bulk"

    @property
    def lane(self) -> Lane:
        """The lane itself."""
        return Lane[self.name]


Ids = Annotated[list[str] | None, typer.Argument(help="ids of messages, as `outbox list` shows them")]
Flow = Annotated[str | None, typer.Option(help="all of this flow")]
LaneOption = Annotated[LaneName | None, typer.Option(help="all of this lane")]
All = Annotated[bool, typer.Option("--all", help="all of them")]
Note = Annotated[str, typer.Option(help="why, for the audit log")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]
Replayed = Annotated[
    list[OutboxState] | None,
    typer.Option(help="only these: failed, undelivered, refused or canceled; the last only where named"),
]


@dataclass(frozen=True, slots=True)
class Order:
    """What was typed: the messages meant, the names to hold back from now on, and the words for the log."""

    what: Intervention
    which: Which
    names: tuple[str, ...]
    subject: str
    note: str
    yes: bool


def add_to(outbox: typer.Typer) -> None:
    """Add the commands."""
    outbox.command()(hold)
    outbox.command()(release)
    outbox.command()(cancel)
    outbox.command()(replay)


def hold(
    ids: Ids = None,
    *,
    flow: Flow = None,
    lane: LaneOption = None,
    all_: All = False,
    note: Note = "",
    yes: Yes = False,
) -> None:
    """Hold messages until they are released; of a flow or lane also those still to come.

    Answers that somebody waits for go on, unless --lane or their ids name them.
    """
    which, subject = _which(ids, flow, lane, is_all=all_)
    _run(Order(Intervention.HOLD, which, _names(flow, lane, is_all=all_), subject, note, yes))


def release(
    ids: Ids = None,
    *,
    flow: Flow = None,
    lane: LaneOption = None,
    all_: All = False,
    note: Note = "",
    yes: Yes = False,
) -> None:
    """Let go on what an operator held; what the gate holds goes at its own time."""
    which, subject = _which(ids, flow, lane, is_all=all_, is_for_all_lanes=True)
    _run(Order(Intervention.RELEASE, which, _names(flow, lane, is_all=all_), subject, note, yes))


def cancel(
    ids: Ids = None,
    *,
    flow: Flow = None,
    lane: LaneOption = None,
    all_: All = False,
    note: Note = "",
    yes: Yes = False,
) -> None:
    """Cancel messages that wait: they never leave.

    Answers that somebody waits for go on, unless --lane or their ids name them.
    """
    which, subject = _which(ids, flow, lane, is_all=all_)
    _run(Order(Intervention.CANCEL, which, (), subject, note, yes))


def replay(  # noqa: PLR0913  # as above
    ids: Ids = None,
    *,
    flow: Flow = None,
    lane: LaneOption = None,
    state: Replayed = None,
    all_: All = False,
    note: Note = "",
    yes: Yes = False,
) -> None:
    """Try again what never left or did not arrive; the gate is asked as of now.

    Never what was sent, and never what may have arrived.
    """
    which, subject = _which(ids, flow, lane, is_all=all_, is_for_all_lanes=True)
    wrong = [one for one in state or () if one not in TOUCHES[Intervention.REPLAY]]
    if wrong:
        end(f"{wrong[0]}: only what never left or did not arrive can be replayed", WRONG_USE)
    states = tuple(state or (TOUCHES[Intervention.REPLAY] if ids else _BY_DEFAULT))
    _run(Order(Intervention.REPLAY, replace(which, states=states), (), subject, note, yes))


def _which(
    ids: Sequence[str] | None,
    flow: str | None,
    lane: LaneName | None,
    *,
    is_all: bool,
    is_for_all_lanes: bool = False,
) -> tuple[Which, str]:
    """The messages meant, and how the audit log names them."""
    wants = [bool(ids), bool(flow or lane), is_all]
    if wants.count(True) != 1:
        end("say which: IDS as `regulars outbox list` shows them, or --flow and --lane, or --all", WRONG_USE)
    for one in ids or ():
        if len(one) != _ID_DIGITS or not set(one) <= set("0123456789abcdef"):
            end(f"{one}: no id of a message; `regulars outbox list` shows them last", WRONG_USE)
    if ids:
        chosen = list(dict.fromkeys(ids))
        more = f" and {len(chosen) - _IDS_NAMED} more" if len(chosen) > _IDS_NAMED else ""
        return Which(ids=chosen), f"messages {', '.join(chosen[:_IDS_NAMED])}{more}"
    lanes = (lane.lane,) if lane else tuple(Lane) if is_for_all_lanes else _OURS
    named = [f"flow {flow}"] if flow else []
    named += [f"lane {lane}"] if lane else []
    return Which(flow=flow, lanes=lanes), ", ".join(named) or "all"


def _names(flow: str | None, lane: LaneName | None, *, is_all: bool) -> tuple[str, ...]:
    """What the gate is to hold back as long as the order stands: a flow, or whole classes of messages."""
    if is_all:
        return tuple(_CLASSES.values())
    if flow and lane is None:
        return (flow,)
    if lane and flow is None and lane.lane in _CLASSES:
        return (_CLASSES[lane.lane],)
    return ()


def _run(order: Order) -> None:
    if not asyncio.run(_carry_out(order)):
        raise typer.Exit(PROBLEMS)


async def _carry_out(order: Order) -> bool:
    """Say how many it is about, ask, do it and write it down; False where it was not meant."""
    from bot.cli.clock import now_of
    from bot.cli.database import opened

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        found = await preview(database, order.what, order.which)
        names = await _to_change(database, order)
        number = sum(found.values())
        if not number and not names:
            _say_nothing(order)
            return order.which.ids is None
        standing = f" and from now on whatever comes of {', '.join(names)}" if names else ""
        typer.echo(f"{order.what.value}: {_counted(number)}{_details(found)}{standing}", err=True)
        if not is_meant("Go on?", yes=order.yes):
            return False
        now = now_of(settings)
        written = audit.deed(now, actor(), f"outbox.{order.what.value}", "", order.note)
        # First what is meant: whoever is interrupted has done some of it.
        meant = replace(written, subject=f"{order.subject}: up to {_counted(number)}{standing}")
        await database.transact(lambda c: audit.write(c, meant))
        await _hold_back(database, order.what, names, now)
        done = await intervene(database, order.what, order.which, now)
        ended = replace(written, subject=f"{order.subject}: {_counted(len(done))}{standing}")
        await database.transact(lambda c: audit.write(c, ended))
    typer.echo(f"{_counted(len(done))} {_DONE[order.what]}{standing}.", err=True)
    return True


async def _to_change(database: Database, order: Order) -> tuple[str, ...]:
    """Which of the names are not yet as they are to be."""
    known = await database.query(held.held)
    if order.what is Intervention.HOLD:
        return tuple(name for name in order.names if name not in known)
    if order.what is Intervention.RELEASE:
        # --all lets go of everything that was ever held back, also of flows.
        is_all = order.which == Which()
        return tuple(sorted(known)) if is_all else tuple(name for name in order.names if name in known)
    return ()


async def _hold_back(database: Database, what: Intervention, names: Sequence[str], now: datetime) -> None:
    import os

    from bot.core.ids import new_id

    async def change(connection: Connection) -> None:
        for name in names:
            generation = new_id(now, 0, os.urandom)
            if what is Intervention.HOLD:
                await held.hold(connection, name, generation)
            else:
                await held.let_go(connection, name, generation)

    if names:
        await database.transact(change)


def _say_nothing(order: Order) -> None:
    states = [state for state in TOUCHES[order.what] if state in order.which.states]
    by = " by an operator" if order.what is Intervention.RELEASE else ""
    typer.echo(f"Nothing to {order.what.value}: none of them is {' or '.join(states)}{by}.", err=True)


def _counted(number: int) -> str:
    return f"{number} message" if number == 1 else f"{number} messages"


def _details(found: Counter[tuple[Lane, OutboxState]]) -> str:
    """` (3 queued bulk, 1 held service)`."""
    parts = [f"{number} {state} {lane.name.lower()}" for (lane, state), number in sorted(found.items())]
    return f" ({', '.join(parts)})" if parts else ""
