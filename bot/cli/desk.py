"""`desk list|take|say|close`: contacts who want a person of the shop, answered from a terminal."""

import asyncio
import json as json_
import secrets
from typing import Annotated

import typer

from bot.cli.actors import actor
from bot.cli.amounts import as_money
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.conversation.desk_queue import AtDesk
from bot.core.contact import JsonValue
from bot.core.ids import new_id
from bot.core.loyalty.fields import Currency
from bot.core.messages import Direction

desk = typer.Typer(help="Contacts who want a person of the shop.", no_args_is_help=True)

_SHOWN = 50
_SAY_MAX = 1600

Contact = Annotated[str, typer.Argument(help="a phone number, another address, or the id in `desk list`")]
Agent = Annotated[str | None, typer.Option("--as", help="who you are; your login name unless given")]


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(desk, name="desk")


@desk.command("list")
def list_(
    *,
    messages: Annotated[int, typer.Option(min=0, max=50, help="how many of the last messages")] = 5,
    json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False,
) -> None:
    """List who is at the desk, in the order to answer: by tier, then by waiting time."""
    asyncio.run(_list(messages, is_json=json))


@desk.command()
def take(contact: Contact, *, as_: Agent = None) -> None:
    """Take a contact over: of two who do, the first has it."""
    agent = as_ or actor()
    asyncio.run(_operate("take", contact, {"agent": agent}))
    typer.echo(f"Yours, {agent}: regulars desk say {contact} '…'")


@desk.command()
def say(
    contact: Contact, text: Annotated[str, typer.Argument(help="your answer")], *, as_: Agent = None
) -> None:
    """Answer a contact that you took over."""
    if not text.strip() or len(text) > _SAY_MAX:
        end(f"say something, in up to {_SAY_MAX} characters", WRONG_USE)
    asyncio.run(_operate("say", contact, {"agent": as_ or actor(), "text": text.strip()}))
    typer.echo("It leaves with the next messages.")


@desk.command()
def close(contact: Contact, *, as_: Agent = None) -> None:
    """Give a contact back to the bot, which says that it is back."""
    asyncio.run(_operate("close", contact, {"agent": as_ or actor()}))
    typer.echo("The bot has the contact again.")


async def _list(messages: int, *, is_json: bool) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation.desk_queue import at_desk

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        shop, now = (await app.decisions(settings, database)).shop, now_of(settings)
        found = await database.query(
            lambda connection: at_desk(connection, shop, now, most=_SHOWN, messages=messages)
        )
    if is_json:
        typer.echo(json_.dumps([_object(one) for one in found]))
        return
    for one in found:
        minutes = int((now - one.visit.since).total_seconds() // 60)
        where = f"{one.place}." if one.place else f"with {one.visit.agent}"
        typer.echo(f"{where}  {one.contact_id}  {one.visit.channel}, for {minutes} min")
        typer.echo(f"  {_standing(one, shop.program.currency)}")
        for message in one.messages:
            sign = "<" if message.direction is Direction.INBOUND else ">"
            typer.echo(f"  {message.at:%H:%M} {sign} {message.text}")
    if not found:
        typer.echo("Nobody is at the desk.", err=True)


def _standing(one: AtDesk, currency: Currency) -> str:
    """Who it is in one line: the name, the tier, the credit, the last order."""
    told = one.standing
    parts = [str(told["first_name"] or "no name"), str(told["tier"] or "no tier")]
    if told["member"]:
        parts.append(f"{as_money(told['available_minor'], currency)} of credit")
    else:
        parts[1] = "no member"
    order = told["last_order"]
    if isinstance(order, dict):
        parts.append(
            f"last order {order['placed_on']}, {as_money(order['paid_minor'], currency)}, {order['status']}"
        )
    return "; ".join(parts)


def _object(one: AtDesk) -> dict[str, object]:
    return {
        "contact": one.contact_id,
        "state": one.visit.state.value,
        "place": one.place,
        "agent": one.visit.agent,
        "channel": one.visit.channel,
        "since": one.visit.since.isoformat(),
        "standing": dict(one.standing),
        "messages": [
            {"direction": one.direction.value, "at": one.at.isoformat(), "text": one.text}
            for one in one.messages
        ],
    }


async def _operate(what: str, named: str, body: dict[str, JsonValue]) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation.operations import operation_work
    from bot.conversation.whom import find_contact

    settings = read_settings(quiet=True)
    now = now_of(settings)
    async with opened(settings) as database:
        contact_id = await database.query(lambda connection: find_contact(connection, named))
        if contact_id is None:
            end(f"{named}: nobody with this address or id is known")
        key = f"operator:{new_id(now, 0, secrets.token_bytes)}"
        work = operation_work(f"desk.{what}", body, key=key, at=now, contact_id=contact_id)
        done = await app.take_turn(settings, database, work, lambda: now)
    problem = (done.result or {}).get("problem")
    if isinstance(problem, dict):
        end(f"{problem['what']}: {problem['remedy']}")
