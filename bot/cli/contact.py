"""`contact show`: one contact with wallet, consent, runs and last messages."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import orjson
import typer

from bot.cli.contact_known import known_json
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.conversation.kinds import PROGRAM
from bot.conversation.profile import profile
from bot.conversation.published_files import figures_in
from bot.conversation.whom import find_contact, spellings
from bot.core.contact import JsonValue
from bot.core.deeds.left import Joined
from bot.core.deeds.telling import teller_of
from bot.core.errors import FlowError
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.flow.run import Run
from bot.core.groups import states_by_channel, states_of_texts
from bot.core.ledger.books import Books
from bot.core.ledger.explained import Explanation
from bot.core.ledger.phrases import Teller, tell_carried, tell_with_day
from bot.core.ledger.wallet import Balance
from bot.core.loyalty.program import Program
from bot.storage import contacts, explaining, history, revisions
from bot.storage.contacts import Message, Portrait
from bot.storage.driver import Connection
from bot.storage.revisions import Revision

contact = typer.Typer(help="Look at contacts.", no_args_is_help=True)

_RUNS = 20
_LINES = 10
_EVENTS = 10


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    from bot.cli import moving, person

    moving.add_to(contact)
    person.add_to(contact)
    cli.add_typer(contact, name="contact")


@contact.command()
def show(
    address: Annotated[str, typer.Argument(help="a phone number in any spelling, another address, or an id")],
    *,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    messages: Annotated[int, typer.Option(min=0, help="how many of the last messages")] = 20,
) -> None:
    """Show a contact: wallet and why it is so, consent, traits, audiences, runs, last events and messages."""
    if not address.strip():
        end("say whose: give a phone number, or another address", WRONG_USE)
    asyncio.run(_show(address.strip(), messages, is_json=json))


async def _show(address: str, messages: int, *, is_json: bool) -> None:
    from bot.cli.clock import now_of
    from bot.cli.database import opened

    settings = read_settings(quiet=True)
    async with opened(settings) as database:

        async def look(connection: Connection) -> tuple[str, Portrait] | None:
            contact_id = await find_contact(connection, address)
            if contact_id is None:
                return None
            found = await contacts.portrait(connection, contact_id, runs=_RUNS, messages=messages)
            return _known_as(address, found), found

        found = await database.query(look)
        published = await database.query(revisions.published)
        if found is None:
            end(f"{address}: nobody with this address or id is known")
        known_as, portrait = found
        contact_id, now = portrait.contact.id, now_of(settings)
        lines = await database.query(lambda c: explaining.explanation(c, contact_id, now, most=_LINES))
        others = await database.query(lambda c: history.other_balances(c, contact_id, now))
        figures = figures_in(published)
        known = await database.query(lambda c: profile(c, figures, contact_id, now, events=_EVENTS))
    snapshot = portrait.snapshot
    books = Books(snapshot.wallet, snapshot.lots, snapshot.holds, lots_complete=True, mint=str)
    balance = books.balance(now)
    program = _program(published)
    told = _told(lines, program, portrait.contact.zone, now)
    if is_json:
        shown = as_json(known_as, portrait, balance, told, others)
        typer.echo(orjson.dumps(shown | known_json(portrait.contact.attributes, known)).decode())
    else:
        from bot.cli.contact_page import show_page

        show_page(
            known_as, portrait, balance, program, told, others, known=known, shop_zone=settings.zone.key
        )


def _known_as(text: str, portrait: Portrait) -> str:
    """Return the address of a contact that a text names; of one named by its id, its number or the id."""
    there = {(one.channel, one.value) for one in portrait.snapshot.addresses}
    numbers = sorted(value for channel, value in there if channel == "sms")
    named = (value for channel, value in spellings(text) if (channel, value) in there)
    return next(named, numbers[0] if numbers else text)


def _told(
    lines: Explanation, program: Program | None, zone: str, now: datetime
) -> list[dict[str, JsonValue]]:
    """The latest lines of the wallet in words, newest first; without a program in minor units."""
    teller = teller_of(program, "en", zone, now) if program else Teller("en", zone, now, str, {})
    told: list[dict[str, JsonValue]] = [
        {
            "at": line.at.isoformat(),
            "kind": line.kind.value,
            "amount": line.amount_minor,
            "change": line.change.available_minor,
            "rule": line.rule,
            "entry": line.entry_id,
            "text": tell_with_day(line, teller),
        }
        for line in lines.lines
    ]
    if lines.older:
        before = lines.carried.available_minor
        told.append({"kind": "carried", "amount": before, "text": tell_carried(before, teller)})
    return told


def _program(published: Iterable[Revision]) -> Program | None:
    """The program in force; None where none is, or it cannot be read any more."""
    source = next((one for one in published if one.kind == PROGRAM), None)
    if source is None:
        return None
    try:
        return read_program(read(source.source, source.file))
    except FlowError:
        return None


def as_json(
    address: str,
    portrait: Portrait,
    balance: Balance,
    told: Sequence[dict[str, JsonValue]],
    others: Mapping[str, Balance],
) -> dict[str, JsonValue]:
    """The object that `--json` prints; amounts in minor units, instants in ISO 8601, UTC."""
    return {
        "address": address,
        "member": portrait.contact.is_member,
        "wallet": _sums(balance),
        "subscriptions": states_of_texts(portrait.snapshot.subscriptions),
        "runs": [_run(run) for run in portrait.runs],
        "messages": [_message(message) for message in portrait.messages],
        "history": list(told),
        "subscriptions_by_channel": states_by_channel(portrait.snapshot.subscriptions),
        "id": portrait.contact.id,
        **({"joined": [_joined(one) for one in portrait.joined]} if portrait.joined else {}),
        **({"other_wallets": {name: _sums(one) for name, one in others.items()}} if others else {}),
    }


def _sums(balance: Balance) -> dict[str, JsonValue]:
    return {
        "available": balance.available_minor,
        "pending": balance.pending_minor,
        "held": balance.held_minor,
        "debt": balance.debt_minor,
    }


def _joined(one: Joined) -> dict[str, JsonValue]:
    return {
        "contact": one.other,
        "at": one.at.isoformat(),
        "evidence": dict(one.evidence),
        "undone_at": one.undone_at.isoformat() if one.undone_at else None,
    }


def _run(run: Run) -> dict[str, JsonValue]:
    wait = run.wait if run.is_waiting else None
    return {
        "flow": run.flow,
        "revision": run.revision,
        "status": run.status.value,
        "started_at": run.started_at.isoformat(),
        "step": wait.step if wait else None,
        "waits_for": wait.kind.value if wait else None,
        "until": wait.until.isoformat() if wait and wait.until else None,
        "failure": run.failure.strip().splitlines()[-1] if run.failure else None,
    }


def _message(message: Message) -> dict[str, JsonValue]:
    return {
        "direction": message.direction.value,
        "at": message.at.isoformat(),
        "channel": message.channel,
        "text": message.text,
        "state": message.state,
        "reason": message.reason,
        "class": message.message_class,
        "flow": message.flow,
        "due_at": message.due_at.isoformat() if message.due_at else None,
        "segments": message.segments,
    }
