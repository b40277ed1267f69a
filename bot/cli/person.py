"""`contact export|erase|reinstate|split`: all that is known of a person, and what an operator does to it."""

import asyncio
import secrets
from dataclasses import replace
from typing import Annotated

import orjson
import typer

from bot.cli.actors import actor, is_meant
from bot.cli.amounts import as_money
from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.config import SECRET_BYTES
from bot.core.contact import JsonValue
from bot.core.ids import new_id
from bot.storage import audit
from bot.storage.driver import Connection, Database
from bot.storage.erasing import Erased, erase
from bot.storage.exporting import exported
from bot.storage.kept_secret import kept_secret

Address = Annotated[str, typer.Argument(help="a phone number in any spelling, another address, or an id")]
Reason = Annotated[str, typer.Option(help="why; it is kept")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]


def add_to(contact: typer.Typer) -> None:
    """Add the commands."""
    contact.command(name="export")(_export)
    contact.command(name="erase")(_erase)
    contact.command(name="reinstate")(_reinstate)
    contact.command(name="split")(_split)


def _export(address: Address) -> None:
    """Print everything that is stored of a person as one JSON object."""
    asyncio.run(_print_export(address))


async def _print_export(address: str) -> None:
    from bot.cli.clock import now_of
    from bot.cli.database import opened

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        contact_id = await _named(database, address)
        found = await database.query(lambda c: exported(c, contact_id, now_of(settings)))
    typer.echo(orjson.dumps(found).decode())


def _erase(address: Address, *, reason: Reason = "", yes: Yes = False) -> None:
    """Erase a person: number, name and words are gone for good; the books stay, and a STOP is remembered."""
    if not reason.strip():
        end("say why with --reason; that alone is kept of the deed", WRONG_USE)
    asyncio.run(_carry_out_erasure(address, reason.strip(), yes=yes))


async def _carry_out_erasure(address: str, reason: str, *, yes: bool) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened

    settings = read_settings()
    now = now_of(settings)
    async with opened(settings) as database:
        contact_id = await _named(database, address)
        if not is_meant(f"Erase {address} for good? Nothing of it can be brought back.", yes=yes):
            raise typer.Exit(1)
        if not settings.secrets:
            kept = await kept_secret(database, secrets.token_urlsafe(SECRET_BYTES))
            settings = replace(settings, secrets=(kept,))
        hashes = app.address_hashes(settings)

        async def change(connection: Connection) -> Erased | None:
            done = await erase(connection, contact_id, now, hashes)
            await audit.write(connection, audit.deed(now, actor(), "contact.erase", contact_id, reason))
            return done

        done = await database.transact(change)
    assert done is not None, "it was found"
    kept_as = f", {done.suppressed} of them still known as stopped" if done.suppressed else ""
    addresses = "1 address" if done.addresses == 1 else f"{done.addresses} addresses"
    typer.echo(f"Erased: contact {contact_id}, {addresses}{kept_as}. Its books stay.")


def _reinstate(
    address: Address,
    *,
    reason: Reason = "",
    days: Annotated[int, typer.Option(min=1, max=366, help="for how many days it is good again")] = 30,
    within: Annotated[int, typer.Option(min=1, help="what ended in the last so many days")] = 90,
    entry: Annotated[str, typer.Option(help="only what ended by this entry, an id")] = "",
    yes: Yes = False,
) -> None:
    """Give back credit that has ended, with a reason that stays in the books."""
    if not reason.strip():
        end("say why with --reason; the member is told", WRONG_USE)
    body: dict[str, JsonValue] = {
        "by": actor(),
        "reason": reason.strip(),
        "days": days,
        "within_days": within,
        "entry": entry,
    }
    if not is_meant(f"Give {address} back what has ended, good for {days} days?", yes=yes):
        raise typer.Exit(1)
    asyncio.run(_carry_out_reinstatement(address, body))


async def _carry_out_reinstatement(address: str, body: dict[str, JsonValue]) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation.operations import operation_work
    from bot.conversation.shop.reinstating import OPERATION

    settings = read_settings()
    now = now_of(settings)
    async with opened(settings) as database:
        contact_id = await _named(database, address)
        key = f"operator:{new_id(now, 0, secrets.token_bytes)}"
        work = operation_work(OPERATION, body, key=key, at=now, contact_id=contact_id)
        done = await app.take_turn(settings, database, work, lambda: now)
        result = done.result or {}
        problem = result.get("problem")
        if isinstance(problem, dict):
            end(f"{problem['what']}: {problem['remedy']}")
        note = str(body["reason"])
        deed = audit.deed(now, actor(), "credit.reinstate", contact_id, note)
        await database.transact(lambda c: audit.write(c, deed))
        currency = (await app.decisions(settings, database)).shop.program.currency
    given = as_money(result["amount_minor"], currency)
    typer.echo(f"Given back: {given}, good for {body['days']} days.")


def _split(
    survivor: Address,
    other: Annotated[str, typer.Argument(help="the id of who was joined to it, as `contact show` says")],
    *,
    reason: Reason = "",
    yes: Yes = False,
) -> None:
    """Undo that two contacts became one: what is left of each lot goes back, the rest is reported."""
    if not reason.strip():
        end("say why with --reason; it stays in the books", WRONG_USE)
    if not is_meant(f"Let {other} be a contact of its own again, and give back what is left?", yes=yes):
        raise typer.Exit(1)
    asyncio.run(_carry_out_split(survivor, other.strip(), reason.strip()))


async def _carry_out_split(survivor: str, other: str, reason: str) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation.operations import operation_work
    from bot.core.deeds.parting import SPLIT

    settings = read_settings()
    now = now_of(settings)
    async with opened(settings) as database:
        contact_id = await _named(database, survivor)
        key = f"operator:{new_id(now, 0, secrets.token_bytes)}"
        body: dict[str, JsonValue] = {"other": other, "by": actor(), "reason": reason}
        work = operation_work(SPLIT, body, key=key, at=now, contact_id=contact_id)
        result = (await app.take_turn(settings, database, work, lambda: now)).result or {}
        problem = result.get("problem")
        if isinstance(problem, dict):
            end(f"{problem['what']}: {problem['remedy']}")
        deed = audit.deed(now, actor(), "contact.split", contact_id, f"{other}: {reason}")
        await database.transact(lambda c: audit.write(c, deed))
        currency = (await app.decisions(settings, database)).shop.program.currency
    given, missing, owed = (
        as_money(result[f"{name}_minor"], currency) for name in ("given_back", "missing", "owed")
    )
    typer.echo(
        f"Given back: {given}, into the lots it came from. Not left of what it had brought: {missing}; "
        f"{owed} that it owed stays with the survivor."
    )


async def _named(database: Database, address: str) -> str:
    from bot.conversation.whom import find_contact

    contact_id = await database.query(lambda c: find_contact(c, address))
    if contact_id is None:
        end(f"{address}: nobody with this address or id is known")
    return contact_id
