"""`import`, `imports`: what a shop has in files becomes ours, as often as the command is given only once."""

import asyncio
import gc
import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.actors import actor, is_meant
from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.importing_page import as_yaml, counted, progress, show_mapping, summarise
from bot.cli.settings import read_settings, silence_logs
from bot.config import Settings
from bot.core.errors import FlowError
from bot.core.flow.reader import read
from bot.core.importing.kinds import KINDS, Kind
from bot.core.importing.mapping import (
    FieldMap,
    Layout,
    guessed,
    layout_of,
    mapping_of,
    missing,
    problems_of,
)
from bot.core.importing.values import How, Wrong
from bot.core.local_time import zone_of
from bot.core.phone import region_of
from bot.core.turn import Shop
from bot.storage import audit, import_runs
from bot.storage.import_runs import ImportRun, State

if TYPE_CHECKING:
    from bot.conversation.importing.files import SourceFile
    from bot.storage.driver import Database

_LISTED = 20


class KindName(StrEnum):
    """What can be imported, in the order in which a shop moves."""

    CONTACTS = "contacts"
    CONSENTS = "consents"
    ORDERS = "orders"
    EVENTS = "events"
    BALANCES = "balances"


class FormatName(StrEnum):
    """How a file can hold its rows."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command was asked for."""

    kind: Kind
    file: Path
    mapping: Path | None
    layout: Layout
    written_as: FormatName | None
    rejects: Path | None
    write_map: Path | None
    on_trial: bool
    earns: bool
    again: bool
    yes: bool


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command("import")(import_)
    cli.command()(imports)


def import_(  # noqa: PLR0913  # each is a thing one may want to say
    kind: Annotated[KindName, typer.Argument(help="what the rows are")],
    file: Annotated[Path, typer.Argument(help="CSV, NDJSON or Parquet", exists=True, dir_okay=False)],
    *,
    map_: Annotated[
        Path | None, typer.Option("--map", help="which column is what, in YAML", exists=True, dir_okay=False)
    ] = None,
    write_map: Annotated[
        Path | None,
        typer.Option(help="write what is plain from the headers there, to be put right; import nothing"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="do all of it and keep nothing")] = False,
    earn: Annotated[bool, typer.Option("--earn", help="orders earn, as if they were told now")] = False,
    again: Annotated[bool, typer.Option("--again", help="go through a file that is done once more")] = False,
    rejects: Annotated[
        Path | None, typer.Option(help="where rejected rows go; without it FILE.rejected.csv or .ndjson")
    ] = None,
    format_: Annotated[
        FormatName | None, typer.Option("--format", help="what the file is, where its name does not say")
    ] = None,
    encoding: Annotated[str, typer.Option(help="how text is written; without it UTF-8")] = "",
    delimiter: Annotated[
        str, typer.Option(help="what stands between columns; without it as the first line has it")
    ] = "",
    zone: Annotated[str, typer.Option(help="of times without an offset; without it the shop's")] = "",
    region: Annotated[
        str, typer.Option(help="of numbers without a country, like US; without it your sender's")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="do not ask whether the columns are what they seem")
    ] = False,
) -> None:
    """Import rows of a file; stopped or killed, the same command goes on where it was."""
    layout = Layout(
        encoding=encoding, delimiter=delimiter.replace("\\t", "\t"), zone=zone, region=region.upper()
    )
    for name, problem, remedy in problems_of(layout):
        end(f"--{name}: {problem}; {remedy}", WRONG_USE)
    if earn and kind is not KindName.ORDERS:
        end("--earn is for orders alone", WRONG_USE)
    asked = _Asked(
        kind=KINDS[kind.value],
        file=file,
        mapping=map_,
        layout=layout,
        written_as=format_,
        rejects=rejects,
        write_map=write_map,
        on_trial=dry_run,
        earns=earn,
        again=again,
        yes=yes,
    )
    try:
        is_whole = asyncio.run(_import(asked))
    except KeyboardInterrupt:
        end("Stopped. The same command goes on where it was.", PROBLEMS)
    if not is_whole:
        raise typer.Exit(PROBLEMS)


def imports(*, most: Annotated[int, typer.Option(min=1, help="how many")] = _LISTED) -> None:
    """List the imports there were, latest first, and how far each has come."""
    asyncio.run(_list(most))


async def _list(most: int) -> None:
    from bot.cli.database import opened

    async with opened(read_settings(quiet=True)) as database:
        found = await database.query(lambda c: import_runs.latest(c, most))
    for run in found:
        typer.echo(
            f"{run.started_at:%Y-%m-%d %H:%M}  {run.kind:<9} {run.file}  {run.state}  {counted(run.counts)}"
        )
    if not found:
        typer.echo("Nothing was imported yet.", err=True)


async def _import(asked: _Asked) -> bool:
    """Import a file; False where rows were rejected, or nothing was done."""
    from bot.cli.database import opened

    settings = read_settings(quiet=True)
    silence_logs()
    try:
        source, mapping = _understood(asked)
        if asked.write_map is not None:
            return _write_map(mapping, asked.write_map)
        show_mapping(source, mapping, is_guess=asked.mapping is None)
        _end_where_missing(mapping, asked)
        question = "Is this what the columns are?"
        if asked.mapping is None and not asked.on_trial and not is_meant(question, yes=asked.yes):
            return False
        async with opened(settings) as database:
            return await _run(asked, settings, database, source, mapping)
    except FlowError as error:
        for complaint in (error, *error.others):
            typer.echo(str(complaint), err=True)
        end("The import ends here; what was said above as done is done.", WRONG_USE)


def _understood(asked: _Asked) -> tuple["SourceFile", FieldMap]:
    """Look at the file and read the mapping; what the command says of the layout goes before the mapping."""
    from bot.conversation.importing.files import Format, look_at

    written_as = Format(asked.written_as.value) if asked.written_as else None
    grouped = asked.kind.grouped_by is not None
    if asked.mapping is None:
        source = look_at(asked.file, asked.layout, written_as, grouped=grouped)
        mapping = guessed(asked.kind, source.headers, source.layout)
    else:
        document = read(asked.mapping.read_bytes(), asked.mapping.name)
        layout = layout_of(document).under(asked.layout)
        source = look_at(asked.file, layout, written_as, grouped=grouped)
        mapping = replace(mapping_of(document, asked.kind, source.headers), layout=source.layout)
    source.columns = source.needed(mapping)
    return source, mapping


def _end_where_missing(mapping: FieldMap, asked: _Asked) -> None:
    problems = list(missing(mapping.kind, {*mapping.columns, *mapping.values}))
    for problem, remedy in problems:
        typer.echo(f"{asked.file.name}: {problem}; {remedy}", err=True)
    if problems:
        end("Write a mapping: --write-map FILE begins one, --map FILE takes it.", WRONG_USE)


def _write_map(mapping: FieldMap, path: Path) -> bool:
    if path.exists():
        end(f"{path} is there already", WRONG_USE)
    path.write_text(as_yaml(mapping), encoding="utf-8")
    typer.echo(f"Wrote {path}. Put it right and give it with --map.")
    return True


async def _run(
    asked: _Asked, settings: Settings, database: "Database", source: "SourceFile", mapping: FieldMap
) -> bool:
    from bot.app.importing import importing
    from bot.conversation.importing.assembling import Assembly
    from bot.conversation.importing.importer import Importer
    from bot.conversation.importing.rejects import Rejects, rejects_of

    conversation = await importing(settings, database)
    shop = conversation.decider.shop
    how = _how(mapping, settings, shop)
    run = await _begun(database, asked, mapping, how)
    if run.state is State.DONE:
        typer.echo(f"This file was imported on {run.changed_at:%Y-%m-%d}: {counted(run.counts)}.")
        typer.echo("Nothing was done. --again goes through it once more; what is known stays.", err=True)
        return True
    if run.position:
        typer.echo(f"It goes on after row {run.position:,}.")
    assembly = Assembly.of(conversation, run, source, mapping, how, earns=asked.earns)
    path = asked.rejects or rejects_of(source)
    importer = Importer(
        database, assembly, Rejects(path, source, run.counts.written), on_trial=asked.on_trial
    )
    gc.collect()
    gc.freeze()  # what is loaded by now stays: to look through it time and again costs a third
    try:
        with progress(source, source.size) as show:
            done = await importer.run(show)
    except Wrong as wrong:  # rows are rejected for it; here it is what is the same in all
        end(str(wrong), WRONG_USE)
    if not asked.on_trial:
        note = f"{asked.kind.name} {asked.file.name}: {counted(done.counts)}"
        deed = audit.deed(conversation.clock(), actor(), "import", note, "")
        await database.transact(lambda c: audit.write(c, deed))
    summarise(done, importer.examples, path, on_trial=asked.on_trial)
    return not done.counts.rejected_rows


async def _begun(database: "Database", asked: _Asked, mapping: FieldMap, how: How) -> ImportRun:
    """Begin, or find how far it was; on trial nothing is written."""
    from bot import app
    from bot.conversation.importing.files import digest_of

    digest, now = digest_of(asked.file), app.utc_now()
    told = "\0".join([asked.kind.name, digest, mapping.digest, how.region, how.zone.key, str(asked.earns)])
    run = ImportRun(
        id=hashlib.sha256(told.encode()).hexdigest()[:32],
        kind=asked.kind.name,
        file=asked.file.name,
        digest=digest,
        started_at=now,
        changed_at=now,
    )
    if asked.on_trial:
        return run
    run = await database.transact(lambda c: import_runs.begin(c, run))
    if run.state is State.DONE and asked.again:
        found = run
        return await database.transact(lambda c: import_runs.begin_again(c, found, now))
    return run


def _how(mapping: FieldMap, settings: Settings, shop: Shop) -> How:
    layout, program = mapping.layout, shop.program
    code = mapping.values.get("currency", program.currency.code)
    currency = next((one for one in program.currencies if one.code == code), program.currency)
    senders = [number for pool in shop.senders.values() for number in pool.numbers]
    return How(
        zone=zone_of(layout.zone) if layout.zone else settings.zone,
        exponent=currency.exponent,
        region=layout.region or next((region for number in senders if (region := region_of(number))), ""),
        decimal=layout.decimal,
        dates=layout.dates,
    )
