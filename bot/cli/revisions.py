"""`flows push`, `pull` and `diff`: between the folder and what is in force."""

import difflib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import typer

from bot import app
from bot.cli.checking import (
    Look,
    counted,
    look_over,
    name_from_here,
    placed,
    show_briefly,
    show_complaints,
    terms_of,
)
from bot.cli.clock import now_of
from bot.cli.database import opened
from bot.cli.endings import end
from bot.cli.program_push import KINDS, changed_rules, show_impact
from bot.cli.prudence import rules_of
from bot.cli.testing import held
from bot.config import Settings
from bot.conversation import migrating
from bot.conversation.migrating import INSIDE, Plan
from bot.conversation.published_files import compiled
from bot.conversation.publishing import Published, compile_folder, publish
from bot.core.errors import FlowError
from bot.core.flow.check import Complaint
from bot.core.flow.migration import Fate, StepFate
from bot.core.ids import new_id
from bot.storage import archive, revisions
from bot.storage.driver import Database
from bot.storage.revisions import Revision

_FATES = {Fate.STAY: "stays in its revision", Fate.END: "ends"}


async def push(settings: Settings, *, force: bool, is_tested: bool, may_withdraw: bool) -> bool:
    """Check and test the folder, say what becomes of waiting runs, publish what changed.

    `is_tested` leaves the flows' tests out, `may_withdraw` the question whether flows may go whose file is
    gone. False where nothing was published because it must not be.
    """
    look = look_over(settings.flows, settings.locales, app.HANDLERS, terms_of(settings))
    show_briefly(look.complaints)
    if look.errors:
        typer.echo(f"{counted(len(look.errors), 'error')}: nothing was published.", err=True)
        return False
    async with opened(settings) as database:
        now = now_of(settings)
        files = compile_folder(look.folder, now)
        in_force = {one.flow: one for one in await database.query(revisions.published)}
        unchanged = {one.flow: in_force[one.flow].revision for one in files if _is_in_force(one, in_force)}
        gone = sorted(in_force.keys() - {one.flow for one in files})
        if not is_tested and (gone or len(unchanged) < len(files)) and not await held(settings, look):
            typer.echo("Nothing was published; `--skip-tests` publishes all the same.", err=True)
            return False
        plans = await migrating.plan(database, look.flows, unchanged)
        complaints = await _against(database, plans, look, force=force)
        if complaints:
            show_complaints(complaints)
            typer.echo("Nothing was published.", err=True)
            return False
        _show_plans(plans)
        await _show_impact(database, settings, files, in_force)
        if gone and not (may_withdraw or await _agreed(database, [in_force[name] for name in gone])):
            typer.echo("Nothing was published.", err=True)
            return False
        try:
            published = await database.transact(
                lambda c: publish(c, files, new_id(now, 0, os.urandom), force=force)
            )
        except FlowError as error:
            end(f"{placed(error, look.path)}\nNothing was published.")
        _show_published(published, in_force)
        await _carry_out(database, plans, now)
    return True


async def pull(settings: Settings, *, force: bool) -> bool:
    """Fetch what is in force into the folder; False where a file has changes that nobody published."""
    async with opened(settings) as database:
        in_force = await database.query(revisions.published)
        if not in_force:
            end("nothing is published yet; `regulars flows push` publishes the folder")
        kept = 0
        for one in in_force:
            file = settings.flows / Path(*Path(one.file).parts[1:])
            ours = _text(file)
            if ours == one.source:
                continue
            if ours is not None and not force and not await _was_published(database, one.flow, ours):
                typer.echo(f"{name_from_here(file)}: kept, because it has changes that were never published")
                kept += 1
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(one.source, encoding="utf-8")
            typer.echo(
                f"{name_from_here(file)}: revision {one.revision} of {one.published_at:%Y-%m-%d %H:%M} UTC"
            )
    if kept:
        typer.echo(f"{counted(kept, 'file')} kept; look with `flows diff`, replace with --force.", err=True)
    return not kept


async def diff(settings: Settings) -> None:
    """Print how the folder differs from what is in force."""
    look = look_over(settings.flows, settings.locales, app.HANDLERS)
    async with opened(settings) as database:
        in_force = {one.flow: one for one in await database.query(revisions.published)}
    ours = {file.name: file for file in look.folder.files}
    by_name = {} if look.errors else {one.flow: one for one in compile_folder(look.folder, app.utc_now())}
    lines = 0
    for name in sorted(ours.keys() | in_force.keys()):
        theirs = in_force.get(name)
        mine = ours.get(name)
        for line in _diff(
            theirs.source if theirs else "",
            mine.text if mine else "",
            f"{name} (revision {theirs.revision})" if theirs else "(not published)",
            mine.file if mine else "(not in the folder)",
        ):
            typer.echo(line)
            lines += 1
        draft = by_name.get(name)
        if theirs and draft and draft.source == theirs.source and draft.checksum != theirs.checksum:
            typer.echo(f"{mine.file if mine else name}: translations differ from revision {theirs.revision}")
            lines += 1
    if not lines:
        typer.echo("The folder is what is in force.", err=True)


async def _show_impact(
    database: Database, settings: Settings, files: Sequence[Revision], in_force: Mapping[str, Revision]
) -> None:
    """Say what the change would do where the rules in force change."""
    stored = [one for one in in_force.values() if one.kind in KINDS]
    if stored and changed_rules([one for one in files if one.kind in KINDS], in_force):
        after = rules_of(settings.flows / "program.yaml").program
        await show_impact(database, settings, stored, after)


def _is_in_force(one: Revision, in_force: Mapping[str, Revision]) -> bool:
    return one.flow in in_force and in_force[one.flow].checksum == one.checksum


async def _against(database: Database, plans: Sequence[Plan], look: Look, *, force: bool) -> list[Complaint]:
    """What speaks against publishing beyond the files themselves."""
    declared = {str(error): error for plan in plans for error in plan.migration.complaints}
    complaints = [Complaint(placed(error, look.path)) for error in declared.values()]
    stranded = await migrating.stranded(database, app.HANDLERS)
    return complaints + ([] if force else [Complaint(error) for error in stranded])


async def _agreed(database: Database, gone: Sequence[Revision]) -> bool:
    """Say which flows would go out of force, and ask; where nobody can answer, that means no."""
    inside: Counter[str] = Counter()
    for flow, _, _, runs in await database.query(revisions.waiting):
        inside[flow] += runs
    for one in gone:
        runs = inside[one.flow]
        waiting = f"; {counted(runs, 'run')} inside it {'goes' if runs == 1 else 'go'} on" if runs else ""
        typer.echo(f"{one.file} is gone: {one.flow} would be withdrawn{waiting}")
    if not sys.stdin.isatty():
        typer.echo("Give --yes to withdraw, or bring the files back with `regulars flows pull`.", err=True)
        return False
    return typer.confirm(f"Withdraw {counted(len(gone), 'flow')}?")


def _show_plans(plans: Sequence[Plan]) -> None:
    for plan in plans:
        for step in plan.migration.steps:
            typer.echo(f"{plan.old.name}, revision {plan.old.revision}: {_said(step)}")


def _said(step: StepFate) -> str:
    where = "inside a called flow" if step.step == INSIDE else f"at step {step.step}"
    fate = f"moves to step {step.target}" if step.fate is Fate.MOVE else _FATES[step.fate]
    return f"1 run {where} {fate}" if step.runs == 1 else f"{step.runs} runs {where}: each {fate}"


def _show_published(published: Published, in_force: Mapping[str, Revision]) -> None:
    for one in published.published:
        before = in_force.get(one.flow)
        since = f", revision {before.revision} before" if before else ", new"
        typer.echo(f"published {one.flow}: revision {one.revision}{since}")
    for name in published.withdrawn:
        typer.echo(f"withdrawn {name}: its file is gone; runs inside it go on")
    if not published.changed:
        typer.echo("Nothing has changed since the last push.")


async def _carry_out(database: Database, plans: Sequence[Plan], now: datetime) -> None:
    in_force = {one.flow: one for one in await database.query(revisions.published)}
    for plan in plans:
        new = compiled(in_force[plan.old.name])
        if new is not None:
            done = await migrating.carry_out(database, plan.old, new, now)
            if done:
                typer.echo(
                    f"{plan.old.name}, revision {plan.old.revision}: {counted(done, 'run')} moved or ended"
                )


async def _was_published(database: Database, flow: str, text: str) -> bool:
    return await database.query(lambda c: archive.was_published(c, flow, text))


def _diff(theirs: str, mine: str, their_name: str, my_name: str) -> Iterator[str]:
    return difflib.unified_diff(theirs.splitlines(), mine.splitlines(), their_name, my_name, lineterm="", n=2)


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None
