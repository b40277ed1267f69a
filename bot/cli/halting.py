"""`flows pause|resume|drain`: what an operator does to a whole flow, written down with its reason."""

import asyncio
from typing import Annotated

import typer

from bot.cli.actors import actor
from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.settings import read_settings
from bot.core.flow.halts import Halt

Name = Annotated[str, typer.Argument(help="the flow")]
Reason = Annotated[str, typer.Option("--reason", help="why, for the audit log")]


def add_to(flows: typer.Typer) -> None:
    """Add the commands."""
    flows.command()(pause)
    flows.command()(resume)
    flows.command()(drain)


def pause(name: Name, *, reason: Reason = "") -> None:
    """Let nobody into a flow, and let runs that wait stand still until it is resumed.

    What it has queued leaves all the same: `regulars outbox hold --flow` keeps that back.
    """
    _run(name, Halt.PAUSED, "flow.pause", reason)


def drain(name: Name, *, reason: Reason = "") -> None:
    """Let nobody into a flow; whoever is inside goes on to the end."""
    _run(name, Halt.DRAINING, "flow.drain", reason)


def resume(name: Name, *, reason: Reason = "") -> None:
    """Let people in again; runs whose time has passed meanwhile go on at once."""
    _run(name, None, "flow.resume", reason)


def _run(name: str, halt: Halt | None, deed: str, reason: str) -> None:
    reason = reason.strip()
    if halt is not None and not reason:
        end("say why, with --reason: whoever finds it halted reads it in `regulars audit`", WRONG_USE)
    if not asyncio.run(_carry_out(name, halt, deed, reason)):
        raise typer.Exit(PROBLEMS)


async def _carry_out(name: str, halt: Halt | None, deed: str, reason: str) -> bool:
    """Do it and say what it means for those inside; False where it is so already."""
    import os

    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.core.ids import new_id
    from bot.storage import audit, halts, revisions
    from bot.storage.driver import Connection

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        now = now_of(settings)
        before = (await database.query(halts.halted)).get(name)
        is_there = any(
            one.flow == name and one.kind == "flow" for one in await database.query(revisions.published)
        )
        if not is_there and before is None:
            end(
                f"{name}: no such flow is published; `regulars flows diff` shows those of the folder",
                WRONG_USE,
            )
        if halt is None:
            await halts.wake(database, name, now)  # also those that an interrupted resume left
        waiting, passed = await halts.standing(database, name, now)
        if before is halt:
            noted = ""
            if reason:
                done = audit.deed(now, actor(), deed, f"flow {name}: so already", reason)
                await database.transact(lambda c: audit.write(c, done))
                noted = " Your reason is written down."
            typer.echo(f"{name} is {halt or 'not halted'} already.{noted}", err=True)
            return False

        async def change(connection: Connection) -> None:
            await halts.change(connection, name, halt, new_id(now, 0, os.urandom))
            subject = f"flow {name}: {_counted(waiting)} inside"
            await audit.write(connection, audit.deed(now, actor(), deed, subject, reason))

        await database.transact(change)
        if before is Halt.PAUSED:
            await halts.wake(database, name, now)
    typer.echo(f"{name}: {_meaning(halt, before, waiting, passed)}", err=True)
    return True


def _meaning(halt: Halt | None, before: Halt | None, waiting: int, passed: int) -> str:
    """Say what it means for those inside."""
    inside = _counted(waiting)
    if halt is Halt.PAUSED:
        return f"paused. Nobody enters; {inside} inside stand still."
    over = f"; the time of {passed} has passed meanwhile, and they go on now" if passed else ""
    over = over if before is Halt.PAUSED else ""
    if halt is Halt.DRAINING:
        return f"draining. Nobody enters; {inside} inside go on to the end{over}."
    return f"resumed. {inside} inside{over}."


def _counted(number: int) -> str:
    return f"{number} run" if number == 1 else f"{number} runs"
