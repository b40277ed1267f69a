"""What an import shows: how it understands a file, how far it is, and what became of the rows."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.core.importing.mapping import ALL, FieldMap
from bot.storage.import_runs import Counts, ImportRun

if TYPE_CHECKING:
    from bot.conversation.importing.chunks import Refusal
    from bot.conversation.importing.files import SourceFile

_QUOTED = set(":{}[],&*#?|-<>=!%@`\"'\\ \t")


def show_mapping(source: "SourceFile", mapping: FieldMap, *, is_guess: bool) -> None:
    """Say how a file is understood, before anything is done."""
    typer.echo(f"{source.path.name}: {source.told()}")
    typer.echo("What its columns seem to be:" if is_guess else "What its columns are:")
    for line in mapping.told():
        typer.echo(f"  {line}")
    if mapping.left_out:
        typer.echo(f"Left out: {', '.join(mapping.left_out)}")
        if mapping.kind.rest:
            typer.echo(
                f'  To keep them all, write `{mapping.kind.rest}: "{ALL}"` into a mapping (--write-map).'
            )


@contextmanager
def progress(source: "SourceFile", total: int) -> Iterator[Callable[[ImportRun], None]]:
    """Show how far an import is, on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _run: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    began_at = time.monotonic()
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(source.path.name, total=total)

        def show(run: ImportRun) -> None:
            rate = run.position / max(time.monotonic() - began_at, 1e-3)
            told = f"{run.position:,} rows, {run.counts.rejected_rows:,} rejected, {rate:,.0f}/s"
            bar.update(task, completed=source.look(), description=told)

        yield show


def counted(counts: Counts) -> str:
    """Say what became of rows."""
    told = {"taken": counts.taken, "known before": counts.known, "rejected": counts.rejected_rows}
    return ", ".join(f"{times:,} {what}" for what, times in told.items() if times) or "none taken"


def summarise(
    run: ImportRun, examples: Mapping[str, Sequence["Refusal"]], rejects: Path, *, on_trial: bool
) -> None:
    """Say what became of all rows, and why some were rejected."""
    would = "On trial, nothing is kept: " if on_trial else ""
    typer.echo(f"{would}{run.position:,} rows: {counted(run.counts)}.")
    for what, times in sorted(run.counts.rejected.items(), key=lambda one: -one[1]):
        typer.echo(f"  {times:,} for {what}")
        for place, why in examples.get(what, ()):
            typer.echo(f"    line {place.line}: {why.why}")
    if run.counts.rejected_rows:
        typer.echo(f"The rejected rows are in {rejects}, each with the reason; put right, import that file.")


def as_yaml(mapping: FieldMap) -> str:
    """Write a mapping as a file that `--map` reads."""
    lines = [f"import: {mapping.kind.name}", "columns:"]
    lines += [f"  {name}: {_quoted(columns)}" for name, columns in mapping.columns.items()]
    known = {*mapping.columns, *mapping.values}
    for name, field in mapping.kind.fields.items():
        if name not in known:
            lines.append(f"  # {name}:  {'must be there: ' if field.needed else ''}{field.means}")
    if mapping.left_out and mapping.kind.rest:
        lines += [f"  # {mapping.kind.rest}.{name}: {_quoted((name,))}" for name in mapping.left_out]
    lines += [f"read: {{encoding: {mapping.layout.encoding or 'utf-8'}}}", ""]
    return "\n".join(lines)


def _quoted(columns: Sequence[str]) -> str:
    texts = [
        '"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if _QUOTED & set(one) or one[:1].isdigit()
        else one
        for one in columns
    ]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
