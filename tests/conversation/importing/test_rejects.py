"""The file of rejected rows holds what was committed, whatever was written before a process ended."""

import csv
from pathlib import Path

from bot.conversation.importing.chunks import Place, Refusal
from bot.conversation.importing.files import SourceFile, look_at
from bot.conversation.importing.rejects import Rejects, rejects_of
from bot.core.importing.mapping import Layout
from bot.core.importing.rows import Rejected


def source_in(folder: Path) -> SourceFile:
    path = folder / "a.csv"
    path.write_text("id;note\n1;x\n", encoding="utf-8")
    return look_at(path, Layout())


def refusals(*numbers: int) -> list[Refusal]:
    return [(Place(n, n + 1, (str(n), "a; b\nc")), Rejected("id", f"no {n}")) for n in numbers]


def read(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file, delimiter=";")]


HEAD = ("id", "note", "_row", "_line", "_why")


def row(number: int) -> tuple[str, ...]:
    return (str(number), "a; b\nc", str(number), str(number + 1), f"id: no {number}")


def test_what_was_not_committed_is_written_over(tmp_path: Path) -> None:
    source = source_in(tmp_path)
    rejects = Rejects(rejects_of(source), source, 0)
    rejects.keep(rejects.write(refusals(2, 1)))
    rejects.write(refusals(3, 4))  # its chunk was not committed, and is taken again without the fourth
    rejects.keep(rejects.write(refusals(3)))
    assert rejects_of(source) == tmp_path / "a.rejected.csv"
    assert read(rejects_of(source)) == [HEAD, row(1), row(2), row(3)]


def test_who_goes_on_cuts_off_what_was_not_committed(tmp_path: Path) -> None:
    source = source_in(tmp_path)
    path = rejects_of(source)
    before = Rejects(path, source, 0)
    committed = before.write(refusals(1))
    before.keep(committed)
    before.write(refusals(2))  # and killed
    after = Rejects(path, source, committed)
    assert read(path) == [HEAD, row(1)]
    after.keep(after.write(refusals(5)))
    assert read(path) == [HEAD, row(1), row(5)]
    assert after.write([]) == 0


def test_a_new_import_begins_a_new_file(tmp_path: Path) -> None:
    source = source_in(tmp_path)
    first = Rejects(rejects_of(source), source, 0)
    first.keep(first.write(refusals(1)))
    Rejects(rejects_of(source), source, 0)
    assert not rejects_of(source).exists()
