"""`outbox unknown`: every message whose outcome was ever in doubt, and how that ended."""

import asyncio
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer

from bot.cli.settings import read_settings
from bot.core.messages import Lane
from bot.storage import unknown
from bot.storage.unknown import Doubted, Summary


def add_to(outbox: typer.Typer) -> None:
    """Add the command."""
    outbox.command("unknown")(unknown_)


def unknown_(
    *,
    days: Annotated[int, typer.Option(min=1, help="how far back")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """List messages whose outcome was in doubt: when, which, where they stand, and how we know."""
    asyncio.run(_unknown(timedelta(days=days), as_json=as_json))


async def _unknown(back: timedelta, *, as_json: bool) -> None:
    from bot import app
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: unknown.doubted(c, app.utc_now() - back))
        summary = await database.query(unknown.summary)
    if as_json:
        typer.echo(json.dumps({"messages": [_object(one) for one in found], **_counts(summary)}))
        return
    for one in found:
        typer.echo(_line(one))
    counts = ", ".join(f"{count} {state}" for state, count in sorted(summary.by_state.items()))
    oldest = f"; the oldest open since {_at(summary.oldest_at)}" if summary.oldest_at else ""
    typer.echo(f"Ever in doubt: {counts}{oldest}." if counts else "No outcome was ever in doubt.", err=True)


def _line(one: Doubted) -> str:
    facts = [
        _at(one.doubted_at),
        f"{one.state} ({one.reason})" if one.reason else one.state,
        f"{one.message_class} in lane {Lane(one.lane).name.lower()}",
        f"{one.flow}/{one.step}" if one.flow else "no flow",
        f"contact {one.contact_id}",
        f"message {one.id}",
        one.evidence or "nothing known yet",
    ]
    return "  ".join(facts)


def _object(one: Doubted) -> dict[str, object]:
    instants = {name: _at(at) for name, at in asdict(one).items() if isinstance(at, datetime)}
    return asdict(one) | instants | {"lane": Lane(one.lane).name.lower()}


def _counts(summary: Summary) -> dict[str, object]:
    return {
        "by_state": summary.by_state,
        "open": summary.open,
        "oldest_at": _at(summary.oldest_at) if summary.oldest_at else None,
    }


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"
