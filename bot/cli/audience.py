"""`regulars audience`: which audiences there are, who is in, why somebody is, and how large they were."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

import orjson
import typer

from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.core.audiences.audience import Explained
from bot.core.contact import Contact, JsonValue
from bot.core.errors import FlowError

audience = typer.Typer(help="Look at audiences.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="the audience, as audiences.yaml calls it")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]
_REACHED = {"email": "by email", "sms": "by text", "wechat": "on WeChat"}
_DAYS = 30
_BAR = 40


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(audience, name="audience")


@audience.command("list")
def list_(*, json: Json = False) -> None:
    """List the audiences in force, and how many are in each."""
    asyncio.run(_list(is_json=json))


@audience.command()
def preview(
    name: Name,
    *,
    sample: Annotated[int, typer.Option(min=0, max=1000, help="how many of those to show")] = 10,
    json: Json = False,
) -> None:
    """Say how large an audience of your files would be now, published or not, and show some of it."""
    asyncio.run(_preview(name, sample, is_json=json))


@audience.command("members")
def members_(
    name: Name,
    *,
    limit: Annotated[int, typer.Option(min=1, help="how many at most")] = 100,
    json: Json = False,
) -> None:
    """List who is in an audience, and since when."""
    asyncio.run(_members(name, limit, is_json=json))


@audience.command()
def explain(
    name: Name,
    contact: Annotated[str, typer.Argument(help="a phone number in any spelling, another address, or an id")],
    *,
    json: Json = False,
) -> None:
    """Say why a contact is in an audience or not: each clause with the value that was seen."""
    asyncio.run(_explain(name, contact, is_json=json))


@audience.command()
def history(
    name: Name,
    *,
    days: Annotated[int, typer.Option(min=1, help="how many days back")] = _DAYS,
    json: Json = False,
) -> None:
    """Say how large an audience was, day by day."""
    asyncio.run(_history(name, days, is_json=json))


async def _list(*, is_json: bool) -> None:
    from bot import app
    from bot.cli.database import opened
    from bot.conversation import audience_looks

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        shop = (await app.decisions(settings, database)).shop
        found = await audience_looks.listed(database, shop.figures)
    if is_json:
        listed: list[JsonValue] = [
            {
                "name": one.audience.name,
                "title": one.audience.title,
                "description": one.audience.description,
                "size": one.size,
                "built": one.is_built,
                "sync": [str(sync) for sync in one.audience.syncs],
            }
            for one in found
        ]
        typer.echo(orjson.dumps({"audiences": listed}).decode())
        return
    if not found:
        typer.echo("No audiences are published: write flows/audiences.yaml, then `regulars flows push`.")
    for one in found:
        title = f"  {one.audience.title}" if one.audience.title else ""
        being = "" if one.is_built else f"  (being built: {one.built} of 256 parts)"
        typer.echo(f"{one.size:>10,}  {one.audience.name}{title}{being}")


async def _preview(name: str, sample: int, *, is_json: bool) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation import audience_looks
    from bot.conversation.publishing import read_folder

    settings = read_settings(quiet=True)
    try:
        figures = read_folder(settings.flows, settings.locales).figures()
    except FlowError as error:
        for each in (error, *error.others):
            typer.echo(str(each), err=True)
        end("mend the file first: `regulars flows check`")
    if name not in figures.audiences.audiences:
        end(
            f"{settings.flows}/audiences.yaml has no audience {name}{_known(figures.audiences.audiences)}",
            WRONG_USE,
        )
    async with opened(settings) as database:
        shop = (await app.decisions(settings, database)).shop
        published = shop.figures.audiences.audiences.get(name)
        is_published = published is not None and published.digest == figures.audience(name).digest
        found = await audience_looks.preview(
            database, replace(shop, figures=figures), name, now_of(settings), sample=sample
        )
    if is_json:
        shown: list[JsonValue] = [_person(one) for one in found.sample]
        told: dict[str, JsonValue] = {
            "name": name,
            "size": found.size,
            "contacts": found.contacts,
            "published": is_published,
            "reach": {
                channel: {"addressed": found.reach.addressed[channel], "agreed": found.reach.agreed[channel]}
                for channel in _REACHED
            },
            "sample": shown,
        }
        typer.echo(orjson.dumps(told).decode())
        return
    share = f" ({found.size / found.contacts:.1%})" if found.contacts else ""
    state = "as it is published" if is_published else "as it stands in your files, which is not published"
    typer.echo(f"{name}: {found.size:,} of {found.contacts:,} contacts{share}, {state}")
    for channel, called in _REACHED.items() if found.size else ():
        have, agreed = found.reach.addressed[channel], found.reach.agreed[channel]
        without = found.reach.without(channel)
        typer.echo(
            f"  {called}: {have:,} can be reached, {agreed:,} of them agreed to it; {without:,} cannot"
        )
    for one in found.sample:
        typer.echo(f"  {one.id}  {one.first_name or '(no name)'}")


async def _members(name: str, limit: int, *, is_json: bool) -> None:
    from bot import app
    from bot.cli.database import opened
    from bot.core.ids import BUCKETS
    from bot.storage import members

    settings = read_settings(quiet=True)
    found: list[tuple[str, datetime]] = []
    async with opened(settings) as database:
        _published(name, (await app.decisions(settings, database)).shop.figures.audiences.audiences)
        for bucket in range(BUCKETS):
            left = limit - len(found)
            if left:
                found += await database.query(
                    lambda c, bucket=bucket, left=left: members.listed(c, name, bucket, "", left)  # type: ignore[misc]  # bound now
                )
    if is_json:
        listed: list[JsonValue] = [
            {"contact": contact, "since": since_at.isoformat()} for contact, since_at in found
        ]
        typer.echo(orjson.dumps({"name": name, "members": listed}).decode())
        return
    for contact, since_at in found:
        typer.echo(f"{contact}  since {since_at:%Y-%m-%d %H:%M} UTC")
    if not found:
        typer.echo(f"Nobody is in {name}.")


async def _explain(name: str, address: str, *, is_json: bool) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation import audience_looks
    from bot.conversation.whom import find_contact
    from bot.storage.driver import Connection

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        shop = (await app.decisions(settings, database)).shop
        _published(name, shop.figures.audiences.audiences)

        async def look(connection: Connection) -> audience_looks.Why | None:
            contact_id = await find_contact(connection, address)
            if contact_id is None:
                return None
            return await audience_looks.explain(connection, shop, name, contact_id, now_of(settings))

        found = await database.query(look)
    if found is None:
        end(f"{address}: nobody with this address or id is known")
    why, standing = found
    since_at = standing.since_at if standing is not None and standing.is_in else None
    if is_json:
        told = {
            "name": name,
            "is_in": why.holds,
            "since": since_at.isoformat() if since_at else None,
            "look_at": why.look_at.isoformat() if why.look_at else None,
            "why": as_json(why),
        }
        typer.echo(orjson.dumps(told).decode())
        return
    since = f", since {since_at:%Y-%m-%d %H:%M} UTC" if since_at and why.holds else ""
    typer.echo(f"{address} is {'in' if why.holds else 'not in'} {name}{since}")
    for line in _clauses(why, shop.figures.audience(name).file):
        typer.echo(line)


async def _history(name: str, days: int, *, is_json: bool) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.core.local_time import local_date
    from bot.storage import audience_sizes

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        shop = (await app.decisions(settings, database)).shop
        _published(name, shop.figures.audiences.audiences)
        since = local_date(now_of(settings), shop.zone) - timedelta(days=days)
        found = await database.query(lambda c: audience_sizes.history(c, name, since))
    if is_json:
        sizes: list[JsonValue] = [{"on": one.day.isoformat(), "size": one.size} for one in found]
        typer.echo(orjson.dumps({"name": name, "sizes": sizes}).decode())
        return
    largest = max((one.size for one in found), default=0)
    for one in found:
        bar = "█" * round(_BAR * one.size / largest) if largest else ""
        typer.echo(f"{one.day}  {one.size:>10,}  {bar}".rstrip())
    if not found:
        typer.echo(f"{name} was not counted yet; workers count every five minutes.")


def as_json(why: Explained) -> dict[str, JsonValue]:
    """An explanation as JSON: clauses with the clauses inside them."""
    told: dict[str, JsonValue] = {"clause": why.text, "line": why.line, "holds": why.holds}
    if why.parts:
        told["parts"] = [as_json(part) for part in why.parts]
    else:
        told |= {"seen": why.seen, "wanted": why.wanted}
    return told


def _clauses(why: Explained, file: str, depth: int = 1) -> Iterator[str]:
    mark = "✓" if why.holds else "✗"
    seen = "" if why.parts else f"  → {_said(why.seen)}" + (f" (wanted {why.wanted})" if why.wanted else "")
    yield f"{'  ' * depth}{mark} {why.text}{seen}  [{file}:{why.line}]"
    for part in why.parts:
        yield from _clauses(part, file, depth + 1)


def _said(value: JsonValue) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()


def _person(contact: Contact) -> dict[str, JsonValue]:
    return {"id": contact.id, "first_name": contact.first_name}


def _published(name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        end(f"no audience {name} is published{_known(known)}", WRONG_USE)


def _known(names: Mapping[str, object]) -> str:
    return f"; there are {', '.join(sorted(names))}" if names else ""
