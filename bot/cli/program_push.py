"""`program push`: publishes the rules once it is said who moves and what they may cost."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence

import typer

from bot.cli.checking import counted
from bot.cli.clock import now_of
from bot.cli.database import opened
from bot.cli.prudence import rules_of, show_findings
from bot.config import Settings
from bot.conversation.impact import DAYS, Impact, impact_of
from bot.conversation.kinds import PROGRAM, SEASON
from bot.conversation.published_files import program_in
from bot.conversation.publishing import Folder, compile_folder, publish, read_folder
from bot.core.errors import FlowError
from bot.core.ids import new_id
from bot.core.local_time import local_date
from bot.core.loyalty.program import Program
from bot.core.money import money
from bot.storage import revisions
from bot.storage.driver import Database
from bot.storage.revisions import Revision

KINDS = frozenset({PROGRAM, SEASON})


async def push(settings: Settings, *, may: bool, force: bool) -> bool:
    """Check the rules, reckon them, ask unless it may be done, and publish; False where nothing was."""
    now = now_of(settings)
    try:
        whole = rules_of(settings.flows / "program.yaml")
        folder = read_folder(settings.flows, settings.locales)
        rules = Folder(tuple(file for file in folder.files if file.kind in KINDS), folder.translations)
        files = compile_folder(rules, now)
    except (OSError, FlowError) as error:
        for complaint in (error, *(error.others if isinstance(error, FlowError) else ())):
            typer.echo(str(complaint))
        typer.echo("Nothing was published.", err=True)
        return False
    show_findings(whole, settings.flows, local_date(now, settings.zone.key))
    async with opened(settings) as database:
        in_force = {one.flow: one for one in await database.query(revisions.published)}
        if not changed_rules(files, in_force):
            typer.echo("Nothing has changed since the last push.")
            return True
        await show_impact(database, settings, in_force.values(), whole.program)
        if not may and not _agreed():
            typer.echo("Nothing was published.", err=True)
            return False
        others = [one for one in in_force.values() if one.kind not in KINDS]
        published = await database.transact(
            lambda c: publish(c, [*files, *others], new_id(now, 0, os.urandom), force=force)
        )
    for one in published.published:
        before = in_force.get(one.flow)
        since = f", revision {before.revision} before" if before else ", new"
        typer.echo(f"published {one.flow}: revision {one.revision}{since}")
    for name in published.withdrawn:
        typer.echo(f"withdrawn {name}: its file is gone")
    return True


async def show_impact(
    database: Database, settings: Settings, in_force: Iterable[Revision], after: Program
) -> None:
    """Print what a change would do, where there is a program in force that can be compared."""
    before = program_in(in_force)
    if before is None:
        typer.echo("There is no program in force that this could be compared with.")
        return
    impact = await impact_of(database, before, after, settings.zone.key, now_of(settings))
    for line in impact_lines(impact, after):
        typer.echo(line)


def impact_lines(impact: Impact, program: Program) -> list[str]:
    """Say in lines what a change would do."""
    orders, members = counted(impact.after.orders, "order"), counted(impact.after.members, "member")
    lines = [f"Reckoned on the last {DAYS} days: {orders} of {members}, of {impact.members} there are."]
    before, after = _money(impact.before.credit_minor, program), _money(impact.after.credit_minor, program)
    if not impact.changes():
        lines.append(f"They would have earned the same: {after}.")
    else:
        less_or_more = "more" if impact.more_minor >= 0 else "less"
        difference = _money(abs(impact.more_minor), program)
        lines.append(f"They would have earned {after} instead of {before}: {difference} {less_or_more}.")
        lines += [
            f"  {rule}: {_money(amounts[0], program)} -> {_money(amounts[1], program)}"
            for rule, amounts in impact.changes().items()
        ]
        lines.append(f"{impact.gaining} would have earned more, {impact.losing} less.")
    kept_back = impact.after.desired_minor - impact.after.credit_minor
    if kept_back:
        lines.append(f"Caps and funds would have kept back {_money(kept_back, program)}.")
    for (source, target), number in sorted(impact.moves.items()):
        lines.append(
            f"{counted(number, 'member')} would move: {source or 'no tier'} -> {target or 'no tier'}"
        )
    return lines


def _money(minor: int, program: Program) -> str:
    return money(minor, program.currency.code, program.currency.exponent, program.language)


def changed_rules(files: Sequence[Revision], in_force: Mapping[str, Revision]) -> bool:
    """Whether these are other rules than those in force."""
    ours = {one.flow: one.checksum for one in files}
    theirs = {one.flow: one.checksum for one in in_force.values() if one.kind in KINDS}
    return ours != theirs


def _agreed() -> bool:
    if not sys.stdin.isatty():
        typer.echo("Give --yes to publish it.", err=True)
        return False
    return typer.confirm("Publish it?")
