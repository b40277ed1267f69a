"""`flows audit`: every text in force with its age, replies, clicks and opt-outs."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import orjson
import typer

from bot.cli.settings import read_settings
from bot.core.audited_text import Audited

_TEXT_MAX = 90
_PLACES_MAX = 3


def add_to(flows: typer.Typer) -> None:
    """Add the command."""
    flows.command("audit")(audit)


def audit(
    flow: Annotated[str | None, typer.Argument(help="only what this flow says")] = None,
    *,
    named: Annotated[bool, typer.Option("--named", help="only the texts of flows/copy/")] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """List every text in force: how old it is, and who replied, clicked and opted out, of who got it.

    Counted is what came of it since it reads as it does, in every language.
    """
    found = asyncio.run(_found())
    chosen = [
        one
        for one in found[0]
        if (one.name or not named)
        and (flow is None or any(place.startswith(f"{flow}/") for place in one.places))
    ]
    if json:
        typer.echo(orjson.dumps({"texts": [_told(one) for one in chosen]}).decode())
        return
    typer.echo(f"{'sent':>9} {'replied':>8} {'clicked':>8} {'opted out':>10} {'age':>6}  text")
    for one in chosen:
        for line in _lines(one, found[1]):
            typer.echo(line)
    typer.echo(f"{len(chosen)} texts", err=True)


async def _found() -> tuple[list[Audited], datetime]:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation.copy_audit import audit as audited

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        publication = (await app.decisions(settings, database)).publication
        return await audited(database, publication), now_of(settings)


def _lines(one: Audited, now: datetime) -> Iterator[str]:
    replied, clicked, left = (f"{share:.1%}" if share is not None else "" for share in one.shares.values())
    age = f"{(now - one.since).days} d" if one.since is not None else "unused"
    places = ", ".join(one.places[:_PLACES_MAX]) + (" …" if len(one.places) > _PLACES_MAX else "")
    about = ", ".join(filter(None, (one.occasion, one.tone, one.channel)))
    name = f"{one.name} ({about}): {places}" if one.name else f"{places} ({about})" if about else places
    yield f"{one.sent:>9,} {replied:>8} {clicked:>8} {left:>10} {age:>6}  {name}  [{' '.join(one.languages)}]"
    text = " ".join(one.text.split())
    yield f"{'':>47}{text if len(text) <= _TEXT_MAX else f'{text[: _TEXT_MAX - 1]}…'}"


def _told(one: Audited) -> dict[str, object]:
    return {
        "name": one.name or None,
        "text": one.text,
        "places": one.places,
        "languages": one.languages,
        "occasion": one.occasion,
        "channel": one.channel,
        "tone": one.tone,
        "since": one.since.isoformat() if one.since is not None else None,
        "counts": one.counts,
        "shares": one.shares,
    }
