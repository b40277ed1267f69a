"""`outbox list`: messages that wait, and those that did not get through."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from bot.cli import unknown
from bot.cli.settings import read_settings
from bot.core.messages import OutboxState
from bot.storage import unsent

outbox_ = typer.Typer(help="Messages on their way out.", no_args_is_help=True)

_OPEN = (OutboxState.QUEUED, OutboxState.HELD, OutboxState.SENDING, OutboxState.UNKNOWN)
_DIGITS_SHOWN = 4


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(outbox_, name="outbox")
    unknown.add_to(outbox_)


@outbox_.command("list")
def list_(
    *,
    state: Annotated[
        list[OutboxState] | None, typer.Option(help="only these; what is not settled unless given")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="show whole addresses")] = False,
    most: Annotated[int, typer.Option(min=1, help="how many")] = 50,
) -> None:
    """List messages: state, age, reason, whose; oldest first."""
    asyncio.run(_list(tuple(state or _OPEN), most, is_shown=show))


async def _list(states: tuple[OutboxState, ...], most: int, *, is_shown: bool) -> None:
    from bot import app
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: unsent.listed(c, states, most))
        counts = await database.query(lambda c: unsent.counted(c, states))
    now = app.utc_now()
    for one in found:
        address = one.address if is_shown else masked(one.address)
        facts = [f"{one.state:<11}", f"{_age(now - one.created_at):>5} old", f"{one.channel} {address}"]
        facts.append(f"{one.message_class}{f' of {one.flow}' if one.flow else ''}")
        if one.state in {OutboxState.QUEUED, OutboxState.HELD} and one.due_at > now:
            facts.append(f"due in {_age(one.due_at - now)}")
        if one.attempts > 1:
            facts.append(f"{one.attempts} tries")
        if one.reason:
            facts.append(one.reason)
        typer.echo("  ".join(facts))
    total = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    more = f"; the oldest {len(found)} shown" if sum(counts.values()) > len(found) else ""
    typer.echo(f"{total}{more}." if total else _nothing(states), err=True)


def _nothing(states: tuple[OutboxState, ...]) -> str:
    if states == _OPEN:
        return "Nothing waits to be sent, and nothing is in doubt."
    return f"No message is {' or '.join(states)}."


def masked(address: str) -> str:
    """The address with all but its last characters hidden."""
    return f"…{address[-_DIGITS_SHOWN:]}" if len(address) > _DIGITS_SHOWN else "…"


def _age(age: timedelta) -> str:
    """`12s`, `5m`, `3h`, `4d`."""
    seconds = int(age.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{max(seconds, 0)}s"
