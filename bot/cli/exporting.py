"""`export`: all that there is of one kind, in a file that `import` reads."""

import asyncio
import csv
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import orjson
import typer

from bot.cli.actors import actor
from bot.cli.endings import WRONG_USE, end
from bot.cli.importing import FormatName, KindName
from bot.cli.settings import read_settings
from bot.core.ids import BUCKETS
from bot.core.importing.kinds import KINDS
from bot.storage import audit, exports
from bot.storage.exports import Exported

if TYPE_CHECKING:
    from bot.storage.driver import Database


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(export)


def export(
    kind: Annotated[KindName, typer.Argument(help="what to write")],
    file: Annotated[Path, typer.Argument(help="ends in .csv or .ndjson", dir_okay=False)],
    *,
    force: Annotated[bool, typer.Option("--force", help="write over a file that is there")] = False,
) -> None:
    """Write all that there is of one kind, in columns that `import` reads."""
    written_as = {".csv": FormatName.CSV, ".ndjson": FormatName.NDJSON, ".jsonl": FormatName.NDJSON}
    if file.suffix.lower() not in written_as:
        end(f"{file}: name it with .csv or .ndjson", WRONG_USE)
    if file.exists() and not force:
        end(f"{file} is there already; --force writes over it", WRONG_USE)
    rows = asyncio.run(_export(kind, file, written_as[file.suffix.lower()]))
    typer.echo(f"{rows:,} rows written to {file}.")


async def _export(kind: KindName, file: Path, written_as: FormatName) -> int:
    from bot import app
    from bot.cli.database import opened
    from bot.conversation.importing.files import is_private

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        currency = (await app.decisions(settings, database)).shop.program.currency
        deed = audit.deed(app.utc_now(), actor(), "export", kind.value, "")
        await database.transact(lambda c: audit.write(c, deed))
        is_private(file)
        with file.open("w", encoding="utf-8", newline="") as into:
            return await _write(database, kind, into, written_as, currency.exponent)


async def _write(
    database: "Database", kind: KindName, into: IO[str], written_as: FormatName, exponent: int
) -> int:
    """Write bucket by bucket, so that no more than one is in memory."""
    names = list(KINDS[kind.value].fields)
    writer = csv.DictWriter(into, names, extrasaction="ignore", lineterminator="\n")
    if written_as is FormatName.CSV:
        writer.writeheader()
    rows = 0

    def amount(minor: int) -> str:
        if not exponent:
            return str(minor)
        whole, part = divmod(minor, 10**exponent)
        return f"{whole}.{part:0{exponent}}"

    for bucket in range(BUCKETS):
        found = await database.query(
            lambda c, at=bucket: exports.of_bucket(c, kind.value, at, amount)  # type: ignore[misc]  # bound now
        )
        for row in found:
            rows += 1
            if written_as is FormatName.CSV:
                writer.writerow(_flat(row))
            else:
                told = {name: one for name, one in row.items() if one is not None}
                into.write(orjson.dumps(told).decode() + "\n")
    return rows


def _flat(row: Exported) -> dict[str, object]:
    return {
        name: orjson.dumps(one).decode() if isinstance(one, dict | list) else one for name, one in row.items()
    }
