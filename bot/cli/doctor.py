"""`doctor`: whether this installation can do its work, one line for each thing, with the remedy."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import typer

from bot.cli.endings import PROBLEMS
from bot.cli.settings import read_settings
from bot.config import Settings, SettingsError, texts
from bot.core.errors import RegularsError
from bot.storage import dead, revisions, unsent
from bot.storage.driver import Database


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` is set where it is not well, `stops` where nothing works so."""

    name: str
    said: str
    remedy: str | None = None
    stops: bool = True


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(doctor)


def doctor() -> None:
    """Look whether everything is set up, and say what to do where it is not."""
    if asyncio.run(_doctor()):
        raise typer.Exit(PROBLEMS)


async def _doctor() -> bool:
    """Print every finding; True where one of them stops the work."""
    is_ill = False
    async with aclosing(_findings()) as findings:  # `doctor | head` leaves in the middle
        async for finding in findings:
            is_ill = is_ill or (finding.remedy is not None and finding.stops)
            mark = "ok  " if finding.remedy is None else "FAIL" if finding.stops else "note"
            remedy = f": {finding.remedy}" if finding.remedy else ""
            typer.echo(f"{mark} {finding.name:<10} {finding.said}{remedy}")
    return is_ill


async def _findings() -> AsyncGenerator[Finding]:
    yield Finding("Python", sys.version.split()[0])
    try:
        settings = read_settings(quiet=True)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding("settings", f"{problem.where}: {problem.fault}", problem.remedy)
        return
    yield Finding("settings", "read")
    yield _files(settings)
    async with aclosing(_database(settings)) as findings:
        async for finding in findings:
            yield finding
    yield _zone(settings)
    yield _public_url(settings)
    yield _twilio(settings)
    yield _shop(settings)


def _files(settings: Settings) -> Finding:
    from bot import app
    from bot.cli.checking import counted, look_over

    look = look_over(settings.flows, settings.locales, app.HANDLERS)
    if look.errors:
        return Finding("files", counted(len(look.errors), "error"), "`regulars flows check` names them")
    return Finding("files", f"{counted(len(look.flows), 'flow')} in {settings.flows}")


async def _database(settings: Settings) -> AsyncGenerator[Finding]:
    from bot.cli.database import opened, problem_of

    problem = await problem_of(settings)
    if problem is not None:
        said, _, remedy = problem.rpartition("; ")
        yield Finding("database", said, remedy)
        return
    async with opened(settings) as database:
        yield Finding("database", f"{database.dialect}, at the newest schema")
        yield await _publication(settings, database)
        yield await _left_over(database)


async def _publication(settings: Settings, database: Database) -> Finding:
    from bot import app
    from bot.conversation.publication import FLOW, compiled

    published = await database.query(revisions.published)
    if not published:
        return Finding("published", "nothing", "`regulars flows push`", stops=False)
    broken = [one.flow for one in published if one.kind == FLOW and compiled(one) is None]
    if broken:
        return Finding("published", f"{', '.join(broken)} cannot be read", "`regulars flows push` newer ones")
    try:
        async with app.running(settings, role="web", database=await app.open_database(settings)):
            pass
    except RegularsError as error:
        return Finding("published", str(error), "`regulars flows push`")
    flows = sum(one.kind == FLOW for one in published)
    return Finding("published", f"{flows} flows, all of them compile")


async def _left_over(database: Database) -> Finding:
    from bot.core.messages import OutboxState

    number = await database.query(dead.count)
    unknown = (await database.query(lambda c: unsent.counted(c, unsent.Filter((OutboxState.UNKNOWN,))))).get(
        OutboxState.UNKNOWN, 0
    )
    if number:
        return Finding("failed", f"{number} triggers", "`regulars dead list` says why", stops=False)
    if unknown:
        remedy = "`regulars outbox list --state unknown` lists them"
        return Finding("failed", f"{unknown} messages may or may not have left", remedy, stops=False)
    return Finding("failed", "nothing")


def _zone(settings: Settings) -> Finding:
    if settings.zone.key == "UTC":
        return Finding(
            "zone", "the shop's is UTC", "set REGULARS_ZONE, such as America/New_York", stops=False
        )
    return Finding("zone", f"the shop's is {settings.zone.key}; this machine's {time.tzname[0]}")


def _public_url(settings: Settings) -> Finding:
    if texts.is_loopback(settings.public_url):
        remedy = "set REGULARS_PUBLIC_URL to the https:// address the world reaches it by"
        return Finding(
            "public URL", f"{settings.public_url}, which only this machine reaches", remedy, stops=False
        )
    if not settings.public_url.startswith("https://"):
        return Finding("public URL", f"{settings.public_url} is not encrypted", "use https://", stops=False)
    return Finding("public URL", settings.public_url)


def _twilio(settings: Settings) -> Finding:
    if settings.twilio is None:
        remedy = "set REGULARS_TWILIO_ACCOUNT_SID, …_AUTH_TOKEN and …_FROM; until then no SMS comes or goes"
        return Finding("Twilio", "not set up", remedy, stops=False)
    sender = settings.twilio.messaging_service_sid or settings.twilio.sender
    return Finding("Twilio", f"sends from {sender}; its webhook is {settings.public_url}/twilio/messages")


def _shop(settings: Settings) -> Finding:
    if settings.shop is None:
        remedy = "set REGULARS_SHOP_WEBHOOK_URL and …_SECRET; until then orders stay in our book"
        return Finding("shop", "is not told of orders", remedy, stops=False)
    return Finding("shop", f"is told of orders at {settings.shop.webhook_url}")
