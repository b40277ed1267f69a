"""`doctor`: whether this installation can do its work, one line for each thing, with the remedy."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated

import typer

from bot.cli.endings import PROBLEMS
from bot.cli.findings import Finding, Mark, concealing, failure, guarded, warning, well
from bot.cli.settings import read_settings, silence_logs
from bot.config import Settings, SettingsError


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(doctor)


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False) -> None:
    """Look whether everything works, and say what to do where it does not; changes nothing.

    Ends with 1 where something keeps the bot from its work. It needs neither a server that runs nor Twilio:
    what cannot be looked at then is said to be skipped.
    """
    if asyncio.run(_doctor(as_json=as_json)):
        raise typer.Exit(PROBLEMS)


async def _doctor(*, as_json: bool) -> bool:
    """Print every finding; True where one of them keeps the bot from its work."""
    found: list[Finding] = []
    async with aclosing(_findings()) as findings:  # `doctor | head` leaves in the middle
        async for finding in findings:
            found.append(finding)
            if not as_json:
                typer.echo(str(finding))
    is_ill = any(one.mark is Mark.FAIL for one in found)
    if as_json:
        typer.echo(json.dumps({"ok": not is_ill, "findings": [asdict(one) for one in found]}))
        return is_ill
    counts = [f"{sum(one.mark is mark for one in found)} {mark}" for mark in Mark]
    typer.echo(f"{', '.join(counts)}.", err=True)
    return is_ill


async def _findings() -> AsyncGenerator[Finding]:
    from bot.cli import (
        doctor_database,
        doctor_email,
        doctor_pay,
        doctor_sources,
        doctor_twilio,
        doctor_wechat,
    )  # they take longer to import than the settings to be wrong

    yield well("Python", sys.version.split()[0])
    try:
        settings = read_settings(quiet=True)
    except SettingsError as error:
        for problem in error.problems:
            yield failure("settings", f"{problem.where}: {problem.fault}", problem.remedy)
        return
    silence_logs()  # what is wrong is said in lines of our own
    conceal = concealing(settings)
    yield well("settings", "read")
    looks = [
        guarded("files", _files(settings)),
        guarded("database", doctor_database.findings(settings)),
        guarded("zone", _zone(settings)),
        guarded("public URL", doctor_twilio.public_url(settings)),
        guarded("Twilio", doctor_twilio.findings(settings)),
        guarded("WeChat", doctor_wechat.findings(settings)),
        guarded("WeChat Pay", doctor_pay.findings(settings)),
        guarded("email", doctor_email.findings(settings)),
        guarded("shop", _shop(settings)),
        guarded("tracking", doctor_sources.findings(settings)),
    ]
    for look in looks:
        async for one in look:
            yield Finding(one.name, one.mark, conceal(one.said), conceal(one.remedy))


async def _files(settings: Settings) -> AsyncGenerator[Finding]:
    from bot import app
    from bot.cli.checking import counted, look_over

    look = look_over(settings.flows, settings.locales, app.HANDLERS)
    if look.errors:
        yield failure("files", counted(len(look.errors), "error"), "`regulars flows check` names them")
    else:
        yield well("files", f"{counted(len(look.flows), 'flow')} in {settings.flows}")


async def _zone(settings: Settings) -> AsyncGenerator[Finding]:
    if settings.zone.key == "UTC":
        yield warning("zone", "the shop's is UTC", "set REGULARS_ZONE, such as America/New_York")
    else:
        yield well("zone", f"the shop's is {settings.zone.key}; this machine's {time.tzname[0]}")


async def _shop(settings: Settings) -> AsyncGenerator[Finding]:
    if settings.shop is None:
        remedy = "set REGULARS_SHOP_WEBHOOK_URL and …_SECRET; until then orders stay in our book"
        yield warning("shop", "is not told of orders", remedy)
    else:
        yield well("shop", f"is told of orders at {settings.shop.webhook_url}")
