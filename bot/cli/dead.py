"""`dead list`, `dead replay`: what failed for good, looked at and tried again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.actors import actor
from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.settings import read_settings, silence_logs
from bot.conversation.inbox import restored
from bot.conversation.work import Result
from bot.core.errors import RetryLater
from bot.core.messages import OutboxState
from bot.storage import audit, dead, outbox
from bot.storage.dead import DeadTrigger
from bot.storage.driver import Connection, Database

if TYPE_CHECKING:
    from bot.app import Running

dead_ = typer.Typer(help="Triggers that failed for good.", no_args_is_help=True)

_BATCH = 100


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(dead_, name="dead")


@dead_.command("list")
def list_(
    *,
    most: Annotated[int, typer.Option(min=1, help="how many")] = 50,
    failure: Annotated[bool, typer.Option("--failure", help="show whole tracebacks")] = False,
) -> None:
    """List what failed, oldest first: when, what, whose, its key, and why."""
    asyncio.run(_list(most, is_whole=failure))


@dead_.command()
def replay(
    key: Annotated[str | None, typer.Argument(help="the key that `dead list` shows")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="replay everything that failed")] = False,
    note: Annotated[str, typer.Option(help="why, for the audit log")] = "",
) -> None:
    """Try again what failed; the answers leave by the outbox."""
    if (key is None) == (not all_):
        end("give one KEY, as `regulars dead list` shows it, or --all", WRONG_USE)
    if not asyncio.run(_replay(key, note)):
        raise typer.Exit(PROBLEMS)


async def _list(most: int, *, is_whole: bool) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: dead.listed(c, most))
        number = await database.query(dead.count)
    for one in found:
        trigger = one.trigger
        tries = f"{one.attempts} {'try' if one.attempts == 1 else 'tries'}"
        typer.echo(f"{trigger.at:%Y-%m-%d %H:%M:%S}  {trigger.kind}  contact {trigger.contact_id}  {tries}")
        typer.echo(f"  key {trigger.key}")
        typer.echo(f"  {one.failure.strip() if is_whole else one.reason}")
    kinds = Counter(one.trigger.kind for one in found)
    of = f" ({', '.join(f'{times} {kind}' for kind, times in sorted(kinds.items()))})" if kinds else ""
    more = f", the oldest {len(found)} shown" if number > len(found) else ""
    typer.echo(f"{number} dead{more}{of}." if number else "Nothing is dead.", err=True)


async def _replay(key: str | None, note: str) -> bool:
    """Replay the dead with this key, all without one; True where all of them went well."""
    from bot import app
    from bot.cli.database import usable

    settings = read_settings(quiet=True)
    silence_logs()
    database = await usable(settings)
    async with app.running(settings, role="web", database=database) as running:
        replayed = failed = 0
        deed = audit.deed(running.clock(), actor(), "dead.replay", f"{key or 'all'}: begun", note)
        await database.transact(lambda c: audit.write(c, deed))
        async for one in _chosen(database, key):
            outcome = await _try_again(running, one)
            replayed += 1
            failed += outcome is None
            reason = (
                await database.query(partial(dead.reason, trigger=one.trigger)) if outcome is None else ""
            )
            typer.echo(f"{one.trigger.key}: {outcome or f'failed again: {reason}'}")
        ended = replace(deed, subject=f"{key or 'all'}: {replayed} replayed, {failed} failed again")
        await database.transact(lambda c: audit.write(c, ended))
    if not replayed and key is not None:
        end(f"{key}: nothing dead has this key; `regulars dead list` shows what has failed")
    typer.echo(f"{replayed} replayed, {failed} failed again.", err=True)
    return not failed


async def _chosen(database: Database, key: str | None) -> AsyncIterator[DeadTrigger]:
    if key is not None:
        for one in await database.query(lambda c: dead.of_key(c, key)):
            yield one
        return
    after: tuple[datetime, str, str] | None = None
    while found := await database.query(partial(dead.listed, most=_BATCH, after=after)):
        for one in found:
            yield one
        after = found[-1].place


async def _try_again(running: "Running", one: DeadTrigger) -> str | None:
    """Run the turn again and say what it was; None where it failed again.

    Nobody listens for the answer: the outbox takes it.
    """
    try:
        result = await running.dispatcher.submit(restored(one.trigger))
    except RetryLater:
        return None
    if result.outcome != "failed":
        await running.dispatcher.give_back(result)
        return result.outcome or "done"
    await running.database.transact(lambda c: _cancel(c, result, running.clock()))
    return None


async def _cancel(connection: Connection, result: Result, now: datetime) -> None:
    """Take back the apology: the contact got one when the turn failed first."""
    for reply in result.replies:
        await outbox.report(
            connection,
            reply.contact_id,
            reply.id,
            OutboxState.CANCELED,
            now,
            provider_id="",
            segments=None,
            error_code=None,
        )
