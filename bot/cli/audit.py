"""`audit`: whether the books hold, what operators did, and a proof of one member's books."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from bot.cli.endings import PROBLEMS, end
from bot.cli.settings import read_settings
from bot.core.ids import BUCKETS
from bot.storage import audit as log
from bot.storage.audit import Deed
from bot.storage.auditing import Audited, audited, counters_audited
from bot.storage.driver import Database

_SHOWN = 20
_DEEDS = 50


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(audit)


def audit(
    member: Annotated[
        str, typer.Argument(help="a phone number, another address, or an id: proves this member's books")
    ] = "",
    *,
    action: Annotated[
        str, typer.Option(help="only deeds like outbox.hold, or of a kind, like outbox; no books then")
    ] = "",
    most: Annotated[int, typer.Option(min=1, help="how many deeds")] = _DEEDS,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
) -> None:
    """Verify all books, and list what operators did: when, who, what, to what, and why; newest first.

    Books: every wallet is made again from its entries, every chain and every hold is checked.
    """
    if member:
        asyncio.run(_prove(member, as_json=as_json))
    elif action:
        asyncio.run(_deeds(action, most, as_json=as_json))
    elif not asyncio.run(_audit(most, as_json=as_json)):
        raise typer.Exit(PROBLEMS)


async def _audit(most: int, *, as_json: bool) -> bool:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        books = await _books(database)
        deeds = await database.query(lambda c: log.listed(c, most))
    if as_json:
        document = {
            "books": {
                "hold": not books.wrong,
                "wallets": books.wallets,
                "entries": books.entries,
                "wrong": [asdict(one) for one in books.wrong],
            },
            "deeds": [_as_json(one) for one in deeds],
        }
        typer.echo(json.dumps(document))
    else:
        _say_books(books)
        _say(deeds, "Nobody has done anything yet.")
    return not books.wrong


async def _books(database: Database) -> Audited:
    wallets = entries = 0
    wrong = list(await database.query(counters_audited))
    for bucket in range(BUCKETS):
        found = await database.query(lambda c, bucket=bucket: audited(c, bucket))  # type: ignore[misc]  # bound now
        wallets, entries = wallets + found.wallets, entries + found.entries
        wrong += found.wrong
    return Audited(wallets, entries, tuple(wrong))


def _say_books(books: Audited) -> None:
    said = f"Books: {books.wallets} wallets, {books.entries} entries"
    if not books.wrong:
        typer.echo(f"{said}: all hold.")
        return
    typer.echo(f"{said}: {len(books.wrong)} problems.")
    for one in books.wrong[:_SHOWN]:
        whose = f"{one.contact_id} {one.wallet}".strip()
        typer.echo(f"  {whose}: {one.finding.problem} (law {one.finding.law})")
    if len(books.wrong) > _SHOWN:
        typer.echo(f"  … and {len(books.wrong) - _SHOWN} more; --json lists all.")


async def _deeds(action: str, most: int, *, as_json: bool) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: log.listed(c, most, action=action))
        kinds = [] if found else await database.query(log.actions)
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found]))
    else:
        there = f" There are: {', '.join(kinds)}." if kinds else ""
        _say(found, f"Nothing of the kind was done.{there}")


async def _prove(member: str, *, as_json: bool) -> None:
    from bot import app
    from bot.cli.database import opened
    from bot.cli.proof_of_books import as_document, proven, show_page
    from bot.conversation.whom import find_contact

    async with opened(read_settings(quiet=True)) as database:
        contact_id = await database.query(lambda c: find_contact(c, member))
        if contact_id is None:
            end(f"{member}: nobody with this address or id is known")
        books = await database.query(lambda c: proven(c, contact_id))
    if as_json:
        typer.echo(json.dumps(as_document(contact_id, books, app.utc_now())))
    else:
        show_page(contact_id, books, app.utc_now())
    if any(one.wrong for one in books):
        raise typer.Exit(PROBLEMS)


def _say(deeds: Sequence[Deed], nothing: str) -> None:
    for one in deeds:
        why = f"  ({one.note})" if one.note else ""
        typer.echo(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.actor}  {one.action}  {one.subject}{why}")
    if not deeds:
        typer.echo(nothing, err=True)


def _as_json(one: Deed) -> dict[str, object]:
    return asdict(one) | {"at": one.at.isoformat()}
