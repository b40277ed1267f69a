"""`export`: all that there is of one kind, in a file that `import` reads."""

import asyncio
import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

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

Write = Callable[[Sequence[Exported]], None]
_WRITTEN_AS = {
    ".csv": FormatName.CSV,
    ".ndjson": FormatName.NDJSON,
    ".jsonl": FormatName.NDJSON,
    ".parquet": FormatName.PARQUET,
}


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(export)


def export(
    kind: Annotated[KindName, typer.Argument(help="what to write")],
    file: Annotated[Path, typer.Argument(help="ends in .csv, .ndjson or .parquet", dir_okay=False)],
    *,
    force: Annotated[bool, typer.Option("--force", help="write over a file that is there")] = False,
) -> None:
    """Write all that there is of one kind, in columns that `import` reads."""
    written_as = _WRITTEN_AS.get(file.suffix.lower())
    if written_as is None:
        end(f"{file}: name it with {', '.join(_WRITTEN_AS)}", WRONG_USE)
    if written_as is FormatName.PARQUET and find_spec("pyarrow") is None:
        end("Parquet needs pyarrow, which is not installed: pip install 'regulars[parquet]'", WRONG_USE)
    if file.exists() and not force:
        end(f"{file} is there already; --force writes over it", WRONG_USE)
    rows = asyncio.run(_export(kind, file, written_as))
    typer.echo(f"{rows:,} rows written to {file}.")


async def _export(kind: KindName, file: Path, written_as: FormatName) -> int:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation.importing.files import is_private

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        currency = (await app.decisions(settings, database)).shop.program.currency
        deed = audit.deed(now_of(settings), actor(), "export", kind.value, "")
        await database.transact(lambda c: audit.write(c, deed))
        is_private(file)
        rows = 0
        with _writing(file, written_as, list(KINDS[kind.value].fields)) as write:
            for bucket in range(BUCKETS):  # no more than one is in memory
                found = await database.query(
                    lambda c, at=bucket: exports.of_bucket(c, kind.value, at, _amounts(currency.exponent))  # type: ignore[misc]  # bound now
                )
                write(found)
                rows += len(found)
    return rows


def _amounts(exponent: int) -> Callable[[int], str]:
    def amount(minor: int) -> str:
        whole, part = divmod(minor, 10**exponent)
        return f"{whole}.{part:0{exponent}}" if exponent else str(minor)

    return amount


@contextmanager
def _writing(file: Path, written_as: FormatName, names: list[str]) -> Iterator[Write]:
    """Open a file for rows that have these columns, or some of them."""
    if written_as is FormatName.PARQUET:
        with _parquet(file, names) as write:
            yield write
        return
    with file.open("w", encoding="utf-8", newline="") as into:
        if written_as is FormatName.NDJSON:
            yield lambda rows: into.writelines(f"{_json(row)}\n" for row in rows)
            return
        writer = csv.DictWriter(into, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        yield lambda rows: writer.writerows(map(_flat, rows))


@contextmanager
def _parquet(file: Path, names: list[str]) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.int64() if name == "quantity" else pa.string()) for name in names])
    with pq.ParquetWriter(file, schema) as writer:

        def write(rows: Sequence[Exported]) -> None:
            if rows:
                writer.write_table(pa.Table.from_pylist([_flat(row) for row in rows], schema=schema))

        yield write


def _json(row: Exported) -> str:
    return orjson.dumps({name: one for name, one in row.items() if one is not None}).decode()


def _flat(row: Exported) -> dict[str, object]:
    return {
        name: orjson.dumps(one).decode() if isinstance(one, dict | list) else one for name, one in row.items()
    }
