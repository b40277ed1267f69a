"""`regulars quotes`: what people wrote and let us show; nothing is shown before somebody approves it."""

import asyncio
import os
from typing import Annotated

import orjson
import typer

from bot.cli.actors import actor
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.core.errors import Refused
from bot.core.feedback import GivenAnswer, QuoteState
from bot.core.ids import bucket_of, new_id
from bot.core.quoting import decided

quotes = typer.Typer(help="Decide which words of customers may be shown.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="the answer, as `quotes review` names it")]
Note = Annotated[str, typer.Option(help="why, for the audit log")]
_ID_DIGITS = 32


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(quotes, name="quotes")


@quotes.command()
def review(*, json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False) -> None:
    """List what people let us show and nobody has decided about yet."""
    asyncio.run(_listed(QuoteState.ALLOWED, is_json=json))


@quotes.command("list")
def list_(
    *,
    state: Annotated[QuoteState, typer.Option(help="which of them")] = QuoteState.APPROVED,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """List the quotes that texts may use, or others."""
    asyncio.run(_listed(state, is_json=json))


@quotes.command()
def approve(
    answer: Id,
    *,
    by: Annotated[str | None, typer.Option(help="who says it; their first name unless given")] = None,
    words: Annotated[str | None, typer.Option(help="an excerpt: left out is what … stands for")] = None,
    note: Note = "",
) -> None:
    """Let texts use a quote."""
    asyncio.run(_decide(answer, QuoteState.APPROVED, by, words, note))


@quotes.command()
def decline(answer: Id, *, note: Note = "") -> None:
    """Do not show a quote."""
    asyncio.run(_decide(answer, QuoteState.DECLINED, None, None, note))


@quotes.command()
def withdraw(answer: Id, *, note: Note = "") -> None:
    """Show a quote nowhere any more, because who wrote it asks for that; it stays so."""
    asyncio.run(_decide(answer, QuoteState.WITHDRAWN, None, None, note))


async def _listed(state: QuoteState, *, is_json: bool) -> None:
    from bot.cli.database import opened
    from bot.storage import feedback

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: feedback.quotes(c, state))
    if is_json:
        typer.echo(orjson.dumps({"quotes": [_told(one, contact) for contact, one in found]}).decode())
        return
    for _, given in found:
        score = f"{given.score}: " if given.score is not None else ""
        shown = given.quote.words if given.quote is not None else given.words
        by = f" ({given.quote.by})" if given.quote is not None and given.quote.by else ""
        typer.echo(f"{given.id}  {given.at:%Y-%m-%d}  {given.flow}/{given.step}  {given.language}")
        typer.echo(f"    {score}{' '.join(shown.split())}{by}")
    if not found:
        typer.echo(f"No quotes are {state}.", err=True)
    elif state is QuoteState.ALLOWED:
        typer.echo("Decide with `regulars quotes approve ID` or `regulars quotes decline ID`.", err=True)


async def _decide(named: str, state: QuoteState, by: str | None, words: str | None, note: str) -> None:
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.storage import audit, contacts, feedback
    from bot.storage.driver import Connection

    settings = read_settings(quiet=True)
    now = now_of(settings)
    if len(named) != _ID_DIGITS or not set(named) <= set("0123456789abcdef"):
        end(f"{named}: no id of an answer; `regulars quotes review` lists them", WRONG_USE)

    async def change(connection: Connection) -> str:
        found = await feedback.called(connection, named)
        if found is None:
            return f"{named}: nobody has let us show this answer"
        contact_id, given = found
        name = by
        if name is None:
            contact = await contacts.known(connection, contact_id)
            name = (contact.first_name if contact is not None else None) or ""
        try:
            quote = decided(given, state, by=name, excerpt=words)
        except Refused as refusal:
            return str(refusal)
        generation = new_id(now, bucket_of(named), os.urandom)
        changed = await feedback.decide(
            connection, contact_id, given, state, quote, by=actor(), at=now, generation=generation
        )
        if not changed:
            return "somebody has decided about it meanwhile: look again"
        await audit.write(connection, audit.deed(now, actor(), f"quotes.{state}", named, note))
        if quote is None:
            typer.echo(f"{named}: {state}")
        else:
            typer.echo(f"{named}: approved: “{quote.words}”{f' ({quote.by})' if quote.by else ''}")
        return ""

    async with opened(settings) as database:
        problem = await database.transact(change)
    if problem:
        end(problem)


def _told(given: GivenAnswer, contact: str) -> dict[str, object]:
    return {
        "id": given.id,
        "contact": contact,
        "flow": given.flow,
        "step": given.step,
        "at": given.at.isoformat(),
        "language": given.language,
        "words": given.words,
        "state": given.quote_state,
        "quote": given.quote._asdict() if given.quote is not None else None,
        "decided_by": given.decided_by,
    }
