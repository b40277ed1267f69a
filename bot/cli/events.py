"""`events list|review`: what sources tell, and what of it the tracking plan does not name."""

import asyncio
import json as json_
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.endings import end
from bot.cli.settings import read_settings
from bot.config import Settings
from bot.core.errors import FlowError
from bot.core.flow.events_file import read_events
from bot.core.flow.events_proposed import NotWritten, Proposal, proposals, shown, written
from bot.core.flow.reader import read
from bot.core.tracking.plan import BLOCKED, NO_PLAN, OURS, JsonKind, Plan, is_of_orders
from bot.storage import learnt
from bot.storage.learnt import Seen, SeenEvent
from bot.storage.plan import in_force

events = typer.Typer(help="Events that sources tell, and the tracking plan.", no_args_is_help=True)

FILE = "events.yaml"


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(events, name="events")


@events.command("list")
def list_(
    *,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="only what the plan in force does not name")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False,
) -> None:
    """List the events that came, with their properties: how often, of which types, unknown or blocked."""
    asyncio.run(_list(is_unknown=unknown, is_json=json))


@events.command()
def review(
    *,
    write: Annotated[bool, typer.Option("--write", help="write it into events.yaml")] = False,
) -> None:
    """Propose for events.yaml what came and is not named there."""
    asyncio.run(_review(is_written=write))


async def _list(*, is_unknown: bool, is_json: bool) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        plan = await database.query(in_force)
        came = await database.query(learnt.read)
    told = [_told(one, plan) for one in came]
    if is_unknown:
        told = [one for one in told if one["state"] == "unknown" or one["unknown_properties"]]
    if is_json:
        typer.echo(json_.dumps(told))
        return
    by_name = {one.name: one for one in came}
    for one in told:
        _show(by_name[str(one["event"])], plan)
    if not told:
        typer.echo("Nothing is unknown." if came else "No event came from a source yet.", err=True)


def _show(event: SeenEvent, plan: Plan) -> None:
    state = _state(event.name, plan)
    typer.echo(f"{_printed(event.name)}{f'  ({state})' if state else ''}  {_often(event.seen)}")
    for name, seen in event.properties.items():
        said = [", ".join(_kinds(seen)), *_remarks(event.name, name, seen, plan)]
        typer.echo(f"  {_printed(name)}: {'; '.join(said)}  {seen.times:,}")


def _printed(name: str) -> str:
    """Say a name that somebody made up as it does no harm to a terminal."""
    return name if name.isprintable() else json_.dumps(name)


def _told(event: SeenEvent, plan: Plan) -> dict[str, object]:
    return {
        "event": event.name,
        "state": _state(event.name, plan) or "known",
        **_seen(event.seen),
        "unknown_properties": [name for name in event.properties if _is_unknown(event.name, name, plan)],
        "properties": {
            name: {"types": _kinds(seen), "remarks": _remarks(event.name, name, seen, plan), **_seen(seen)}
            for name, seen in event.properties.items()
        },
    }


def _seen(seen: Seen) -> dict[str, object]:
    return {
        "times": seen.times,
        "first_at": seen.first_at.isoformat(),
        "last_at": seen.last_at.isoformat(),
    }


def _often(seen: Seen) -> str:
    times = "once" if seen.times == 1 else f"{seen.times:,} times"
    return f"{times}, last {seen.last_at:%Y-%m-%d %H:%M} UTC"


def _state(event: str, plan: Plan) -> str:
    """Say what the plan makes of an event; empty: it is known, or needs no plan."""
    refusal = plan.refusal(event)
    if refusal is not None:
        return "blocked" if refusal == BLOCKED else "unknown, blocked"
    return "" if event in plan.events or event in OURS or is_of_orders(event) else "unknown"


def _is_unknown(event: str, name: str, plan: Plan) -> bool:
    planned = plan.events.get(event)
    return planned is not None and bool(planned.properties) and not planned.names(name)


def _remarks(event: str, name: str, seen: Seen, plan: Plan) -> list[str]:
    planned = plan.events.get(event)
    one = planned.properties.get(name) if planned is not None else None
    remarks = ["unknown"] if _is_unknown(event, name, plan) else []
    if not plan.takes(event, name):
        remarks.append("blocked")
    if one is not None and one.is_personal:
        remarks.append("personal")
    if one is not None and one.kind is not None and seen.kinds - {one.kind, JsonKind.NOTHING}:
        remarks.append(f"planned as {one.kind}")
    return remarks


def _kinds(seen: Seen) -> list[str]:
    return [kind.value for kind in JsonKind if kind in seen.kinds]


async def _review(*, is_written: bool) -> None:
    settings = read_settings(quiet=True)
    path, text = settings.flows / FILE, ""
    name = f"{settings.flows.name}/{FILE}"
    if path.exists():
        text = path.read_text(encoding="utf-8")
    try:
        plan = read_events(read(text, name)).compiled() if text.strip() else NO_PLAN
    except FlowError as error:
        for each in (error, *error.others):
            typer.echo(str(each), err=True)
        end("mend the file first: `regulars flows check`")
    found = proposals(plan, await _came(settings))
    if not found:
        typer.echo(f"{name} names all that came.", err=True)
        return
    typer.echo(shown(found))
    if is_written:
        _write(path, text, name, found)
    else:
        typer.echo(f"`regulars events review --write` writes it into {name}.", err=True)


async def _came(settings: Settings) -> Mapping[str, Mapping[str, frozenset[JsonKind]]]:
    from bot.cli.database import opened

    async with opened(settings) as database:
        came = await database.query(learnt.read)
    return {one.name: {name: seen.kinds for name, seen in one.properties.items()} for one in came}


def _write(path: Path, text: str, name: str, found: Sequence[Proposal]) -> None:
    try:
        whole = written(text, name, found)
    except NotWritten:
        end(f"{name} has it all in one line somewhere, {{like: this}}; write these lines in yourself")
    path.write_text(whole, encoding="utf-8")
    typer.echo(f"{name} has it now. Look over it, say what is personal, and publish it.", err=True)
