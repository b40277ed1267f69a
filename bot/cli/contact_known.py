"""What `contact show` says is known of a contact: traits, computed traits, audiences, latest events."""

from collections.abc import Callable, Mapping
from datetime import datetime

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.conversation.profile import Profile
from bot.core.contact import JsonValue

_SHOWN_MAX = 80


def known_json(traits: Mapping[str, JsonValue], known: Profile) -> dict[str, JsonValue]:
    """The keys of it in the object that `--json` prints."""
    return {
        "traits": dict(traits),
        "computed_traits": dict(known.computed),
        "audiences": {name: since_at.isoformat() for name, since_at in known.audiences.items()},
        "events": [
            {"event": one.name, "at": one.at.isoformat(), "source": one.source, "properties": one.properties}
            for one in known.events
        ],
    }


def show_known(
    console: Console, traits: Mapping[str, JsonValue], known: Profile, local: Callable[[datetime], str]
) -> None:
    """Print it, with `local` times; nothing where there is nothing of it."""
    for heading, values in (("Traits", traits), ("Computed", known.computed)):
        there = {name: value for name, value in sorted(values.items()) if value is not None}
        said = "; ".join(f"{name} {_short(value)}" for name, value in there.items())
        if said:
            console.print(f"[bold]{heading:<8}[/bold] {escape(said)}")
    if known.audiences:
        said = ", ".join(f"{name} since {local(since_at)}" for name, since_at in known.audiences.items())
        console.print(f"[bold]Audience[/bold] {escape(said)}")
    if known.events:
        console.print(_events(known, local))


def _events(known: Profile, local: Callable[[datetime], str]) -> Table:
    table = Table(
        title="Latest events", title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0)
    )
    for heading in ("at", "event", "told by", "properties"):
        table.add_column(heading, vertical="top", overflow="fold")
    for one in known.events:
        properties = _short(one.properties) if one.properties else ""
        table.add_row(local(one.at), escape(one.name), escape(one.source or "us"), escape(properties))
    return table


def _short(value: JsonValue) -> str:
    """A value as JSON, a text as it is; cut where it is long."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"
