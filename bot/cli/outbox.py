"""`outbox list`: messages that wait, and those that did not get through: why, and when they go."""

import asyncio
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer

from bot.cli import intervening, unknown
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.core.messages import Lane, OutboxState
from bot.core.pacing import SenderState
from bot.core.ways import WayKind
from bot.storage import contacts, held, senders, unsent
from bot.storage.driver import Connection, Database
from bot.storage.unsent import Filter, Unsent

outbox_ = typer.Typer(help="Messages on their way out.", no_args_is_help=True)

_OPEN = (OutboxState.QUEUED, OutboxState.HELD, OutboxState.SENDING, OutboxState.UNKNOWN)
_WAITS = (OutboxState.QUEUED, OutboxState.HELD)
_DIGITS_SHOWN = 4
_ID_DIGITS = 32
_FOR_EVER = timedelta(days=3650)
_LATE = timedelta(minutes=1)


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(outbox_, name="outbox")
    intervening.add_to(outbox_)
    unknown.add_to(outbox_)


@outbox_.command("list")
def list_(  # noqa: PLR0913  # each is a filter
    *,
    state: Annotated[
        list[OutboxState] | None, typer.Option(help="only these; what is not settled unless given")
    ] = None,
    flow: Annotated[str | None, typer.Option(help="only of this flow")] = None,
    lane: Annotated[intervening.LaneName | None, typer.Option(help="only of this lane")] = None,
    contact: Annotated[str | None, typer.Option(help="only to this contact: its id or an address")] = None,
    show: Annotated[bool, typer.Option("--show", help="show whole addresses")] = False,
    most: Annotated[int, typer.Option(min=1, help="how many")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """List messages, oldest first: state, age, whose, and below it why it waits or why it never left."""
    chosen = Filter(tuple(state or _OPEN), flow, lane.lane if lane else None)
    asyncio.run(_list(chosen, contact, most, is_shown=show, as_json=as_json))


async def _list(chosen: Filter, contact: str | None, most: int, *, is_shown: bool, as_json: bool) -> None:
    from bot.cli.clock import now_of
    from bot.cli.database import opened

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        contact_id = None if contact is None else await _contact(database, contact.strip())
        which = Filter(chosen.states, chosen.flow, chosen.lane, contact_id)
        found = await database.query(lambda c: unsent.listed(c, which, most))
        counts = await database.query(lambda c: unsent.counted(c, which))
        book = await database.query(senders.listed)
        names = await database.query(held.held)
    now = now_of(settings)
    resting = {one.name: one for one in book if one.rests_until(now) > now}
    if as_json:
        messages = [_object(one, now, resting, is_shown=is_shown) for one in found]
        typer.echo(json.dumps({"messages": messages, "counts": counts, "held": sorted(names)}))
        return
    for one in found:
        typer.echo(_line(one, now, is_shown=is_shown))
        if why := _why(one, now, resting):
            typer.echo(f"    {why}")
    for state in resting.values():
        typer.echo(_rest(state, now), err=True)
    if names:
        typer.echo(f"Held back by an operator: {', '.join(sorted(names))}.", err=True)
    total = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    more = f"; the oldest {len(found)} shown" if sum(counts.values()) > len(found) else ""
    typer.echo(f"{total}{more}." if total else _nothing(which), err=True)


async def _contact(database: Database, named: str) -> str:
    """The contact's id, by its id or an address in any spelling."""
    from bot.conversation.whom import spellings

    if len(named) == _ID_DIGITS and set(named) <= set("0123456789abcdef"):
        return named

    async def look(connection: Connection) -> str | None:
        for channel, value in spellings(named):
            found = await contacts.find(connection, channel, value)
            if found is not None:
                return found
        return None

    found = await database.query(look) if named else None
    if found is None:
        end(f"{named}: nobody with this id or address is known", WRONG_USE)
    return found


def _line(one: Unsent, now: datetime, *, is_shown: bool) -> str:
    address = one.address if is_shown else masked(one.address)
    by = f" by {WayKind(one.way).called}" if one.way else ""
    facts = [f"{one.state:<11}", f"{_age(now - one.created_at):>5} old", f"{one.channel} {address}{by}"]
    facts.append(f"{one.message_class}{f' of {one.flow}/{one.step}' if one.flow else ''}")
    if one.state in _WAITS and now < one.due_at < now + _FOR_EVER:
        facts.append(f"goes in {_age(one.due_at - now)}")
    if one.attempts > 1:
        facts.append(f"{one.attempts} tries")
    facts.append(one.id)
    return "  ".join(facts)


def _why(one: Unsent, now: datetime, resting: dict[str, SenderState]) -> str:
    """Why it is not gone yet, or never went."""
    said = [one.explanation or one.reason or (f"error {one.error_code}" if one.error_code else "")]
    if one.way_because and one.way_because != one.explanation:
        said.append(one.way_because)
    if one.state is OutboxState.HELD and one.due_at >= now + _FOR_EVER:
        said = ["held by an operator until `regulars outbox release`"]
    if one.state is OutboxState.QUEUED and one.due_at <= now:
        names = [one.sender, f"channel:{one.channel}"]
        if one.lane >= Lane.SERVICE:  # answers go out on a day that is full
            names += [name for name in resting if name.startswith("pool:")]
        if rests := [
            f"{name} until {_at(resting[name].rests_until(now))}" for name in names if name in resting
        ]:
            said.append(f"waits, because its sender rests: {', '.join(rests)}")
        elif now - one.due_at > _LATE:
            waits = f"due for {_age(now - one.due_at)}"
            said.append(f"{waits}: behind others, or no `regulars work` or `serve` runs")
    if one.state is OutboxState.UNKNOWN and one.channel == "sms":  # nobody else has a list
        said.append(f"Twilio's list is asked {f'again at {_at(one.due_at)}' if one.due_at > now else 'next'}")
    return "; ".join(part for part in said if part)


def _rest(state: SenderState, now: datetime) -> str:
    if state.open_until is not None and state.open_until > now:
        why = f"the breaker is open after {state.failures} failures in a row"
    else:
        why = "was told to slow down"
    return f"{state.name} rests until {_at(state.rests_until(now))}: {why}."


def _object(
    one: Unsent, now: datetime, resting: dict[str, SenderState], *, is_shown: bool
) -> dict[str, object]:
    values = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(one).items()
    }
    address = one.address if is_shown else masked(one.address)
    return values | {"address": address, "lane": one.lane.name.lower(), "why": _why(one, now, resting)}


def _nothing(which: Filter) -> str:
    if which == Filter(_OPEN):
        return "Nothing waits to be sent, and nothing is in doubt."
    of = f" of {which.flow}" if which.flow else ""
    lane = f" in lane {which.lane.name.lower()}" if which.lane is not None else ""
    to = " to this contact" if which.contact_id else ""
    return f"No message{of}{lane}{to} is {' or '.join(which.states)}."


def masked(address: str) -> str:
    """The address with all but its last characters hidden."""
    return f"…{address[-_DIGITS_SHOWN:]}" if len(address) > _DIGITS_SHOWN else "…"


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def _age(age: timedelta) -> str:
    """`12s`, `5m`, `3h`, `4d`."""
    seconds = int(age.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{max(seconds, 0)}s"
