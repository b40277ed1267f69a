"""`source add|list|revoke|quota`: who may send tracked messages, and how much."""

import asyncio
import json as json_
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

import typer

from bot.cli import keyed
from bot.cli.actors import actor
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.core.sources import (
    KEY_LENGTH_MAX,
    KEY_LENGTH_MIN,
    QUOTA_USUAL,
    USUAL_SCOPES,
    Source,
    SourceKind,
    SourceScope,
    make_source,
)
from bot.storage import audit, sources, tally
from bot.storage.driver import Connection, Database

source = typer.Typer(help="Sources of tracked messages: sites, apps, servers.", no_args_is_help=True)

ACCEPTED = "accepted"
NOBODY = "-"
"""Under which name requests are counted whose write key is nobody's."""
_QUOTA_MAX = 1_000_000
_KEY = re.compile(r"[!-9;-~]+")  # printed, without a space, and without the colon that ends it in `Basic`


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(source, name="source")


@source.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="what sends, like 'web shop'")],
    *,
    kind: Annotated[SourceKind, typer.Option(help="what kind of thing it is: that says what is believed")],
    scope: Annotated[
        list[str] | None, typer.Option(help="less than is usual for its kind; several with commas")
    ] = None,
    quota: Annotated[int, typer.Option(help="messages a second")] = QUOTA_USUAL,
    origin: Annotated[
        list[str] | None, typer.Option(help="a site that may use its key, like https://shop.example")
    ] = None,
    key: Annotated[str, typer.Option(help="the key its clients have already, when you move over")] = "",
) -> None:
    """Make a source and print its write key, once: it is stored hashed and cannot be shown again."""
    from bot import app

    made, text = make_source(
        keyed.fit_name(name),
        kind,
        _scopes(scope, kind),
        app.utc_now(),
        os.urandom,
        created_by=actor(),
        quota=_quota(quota),
        origins=tuple(_origin(one) for one in origin or ()),
        brought=_brought(key),
    )
    asyncio.run(_add(made, text))


@source.command("list")
def list_(*, json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False) -> None:
    """List the sources: what each may do, how much it sent, and what of it was refused and why."""
    asyncio.run(_list(is_json=json))


@source.command()
def revoke(
    which: Annotated[str, typer.Argument(metavar="SOURCE", help="its name, or its id")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    note: Annotated[str, typer.Option(help="why, for the audit log")] = "",
) -> None:
    """Take nothing from a source any more; what it told stays."""
    asyncio.run(_revoke(which.strip(), note, yes=yes))


@source.command()
def quota(
    which: Annotated[str, typer.Argument(metavar="SOURCE", help="its name, or its id")],
    messages: Annotated[int, typer.Argument(metavar="N", help="messages a second")],
) -> None:
    """Say how many messages a second a source may send; what comes above that is asked to come later."""
    asyncio.run(_set_quota(which.strip(), _quota(messages)))


def _scopes(written: list[str] | None, kind: SourceKind) -> frozenset[SourceScope]:
    usual = USUAL_SCOPES[kind]
    if not written:
        return usual
    names = keyed.words_in(written)
    beyond = sorted(names - usual)
    if beyond or not names:
        may = ", ".join(scope for scope in SourceScope if scope in usual)
        why = " (its key is public)" if usual == {SourceScope.TRACK} else ""
        what = f"{', '.join(beyond)} is not for a source of the kind {kind}" if beyond else "say what it may"
        end(f"{what}; it may: {may}{why}", WRONG_USE)
    return frozenset(map(SourceScope, names))


def _quota(messages: int) -> int:
    if not 1 <= messages <= _QUOTA_MAX:
        end(f"a quota is from 1 to {_QUOTA_MAX} messages a second", WRONG_USE)
    return messages


def _origin(written: str) -> str:
    parts = urlsplit(written.strip().lower())
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        end(f"{written} is no site; write it like https://shop.example", WRONG_USE)
    return f"{parts.scheme}://{parts.netloc}"


def _brought(key: str) -> str | None:
    if not key:
        return None
    if not KEY_LENGTH_MIN <= len(key) <= KEY_LENGTH_MAX or not _KEY.fullmatch(key):
        lengths = f"{KEY_LENGTH_MIN} to {KEY_LENGTH_MAX}"
        end(f"a key has {lengths} printed characters, without spaces and colons", WRONG_USE)
    return key


async def _add(made: Source, text: str) -> None:
    from bot.cli.database import opened

    said = f"{made.id} {made.name} ({made.kind}): {' '.join(sorted(made.scopes))}"
    deed = audit.deed(made.created_at, actor(), "source.add", said, "")

    async def keep(connection: Connection) -> str:
        """Keep it; returns why not."""
        if keyed.is_taken(made.name, await sources.listed(connection)):
            return f"there is a source called {made.name} already; give this one another name"
        if not await sources.add(connection, made):
            return "this key is in use, or was; leave --key out, and a new one is made"
        await audit.write(connection, deed)
        return ""

    async with opened(read_settings(quiet=True)) as database:
        problem = await database.transact(keep)
    if problem:
        end(problem)
    typer.echo(text)
    typer.echo(f"This is shown once. The source may: {_may(made)}.", err=True)


async def _list(*, is_json: bool) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found, counts = await known(database)
    if is_json:
        typer.echo(json_.dumps([_told(one, counts.get(one.id, Counter())) for one in found]))
        return
    for one in found:
        typer.echo(f"{one.id}  {one.name}  {one.kind}  {_may(one)}")
        sites = f", for {' '.join(one.origins)}" if one.origins else ""
        typer.echo(
            f"  {one.quota} messages a second{sites}, made {one.created_at:%Y-%m-%d %H:%M}{keyed.ended(one)}"
        )
        outcomes = counts.get(one.id, Counter())
        refused = "; ".join(f"{reason} {times}" for reason, times in _refused(outcomes).most_common())
        typer.echo(f"  taken {outcomes[ACCEPTED]}{f', refused: {refused}' if refused else ''}")
    if stray := counts.get(NOBODY):
        typer.echo(f"Requests with a write key that is nobody's: {stray.total()}", err=True)
    if not found:
        typer.echo("There is no source yet; make one: regulars source add NAME --kind browser", err=True)


async def known(database: Database) -> tuple[list[Source], Mapping[str, Counter[str]]]:
    """All sources, and by their ids how many of their messages came to what."""
    found = await database.query(sources.listed)
    counts: dict[str, Counter[str]] = {}
    for (name, label), times in (await database.query(tally.read)).items():
        if name == "source":
            source_id, _, outcome = label.partition(" ")
            counts.setdefault(source_id, Counter())[outcome] += times
    return found, counts


async def _revoke(which: str, note: str, *, yes: bool) -> None:
    name = await keyed.revoke(sources.listed, which, "source", lambda one: one.kind, note, yes=yes)
    typer.echo(f"Nothing is taken from {name} any more.", err=True)


async def _set_quota(which: str, messages: int) -> None:
    from bot import app
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await keyed.in_force(database, sources.listed, which, "source")
        said = f"{found.id} {found.name}: {found.quota} to {messages}"
        deed = audit.deed(app.utc_now(), actor(), "source.quota", said, "")

        async def change(connection: Connection) -> None:
            await sources.change(connection, replace(found, quota=messages))
            await audit.write(connection, deed)

        await database.transact(change)
    typer.echo(f"{found.name} may send {messages} messages a second.", err=True)


def _refused(outcomes: Counter[str]) -> Counter[str]:
    return Counter({reason: times for reason, times in outcomes.items() if reason != ACCEPTED})


def _may(one: Source) -> str:
    return ", ".join(scope for scope in SourceScope if scope in one.scopes)


def _told(one: Source, outcomes: Counter[str]) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "scopes": sorted(one.scopes),
        "quota": one.quota,
        "origins": list(one.origins),
        "created_at": one.created_at.isoformat(),
        "created_by": one.created_by,
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
        "accepted": outcomes[ACCEPTED],
        "refused": dict(_refused(outcomes)),
    }
