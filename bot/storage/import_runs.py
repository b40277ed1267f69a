"""Imports of files: how far each has come, committed with the rows that brought it there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import orjson

from bot.core.errors import CannotStart
from bot.core.ids import bucket_of, instant, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Present, Record, Rows, Statement
from bot.storage.rows import to_json

_COLUMNS = "r.id, r.kind, r.file, r.digest, r.position, r.counts, r.state, r.started_at, r.changed_at"
_FIND = Statement(f"SELECT {_COLUMNS} FROM import_run r WHERE r.id = :id")  # noqa: S608  # our own text
_LATEST = Statement(
    f"SELECT {_COLUMNS} FROM import_run r ORDER BY r.started_at DESC, r.id LIMIT :most"  # noqa: S608  # our own text
)
# By where it stood: of two processes that import one file, one is refused.
_ADVANCE = Statement("""
    UPDATE import_run SET position = :position, counts = :counts, state = :state, changed_at = :now
    WHERE id = :id AND position = :before AND state = 'running' RETURNING id
""")
_AGAIN = Statement("""
    UPDATE import_run SET position = 0, counts = :counts, state = 'running', changed_at = :now
    WHERE id = :id AND state = 'done'
""")
_FORGET = Statement("""
    DELETE FROM "trigger" WHERE bucket = :bucket AND contact = :contact AND key = :key
""")
_RUN = Rows(tables.Row.metadata.tables["import_run"], Present.KEEP)


class State(StrEnum):
    """Whether an import is over."""

    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of rows: taken, known before, and rejected, by what of them was wrong.

    `written` is how many bytes of the file of rejected rows belong to them.
    """

    taken: int = 0
    known: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    written: int = 0

    @property
    def rejected_rows(self) -> int:
        """How many rows were rejected."""
        return sum(self.rejected.values())

    def __add__(self, other: "Counts") -> "Counts":
        rejected = dict(self.rejected)
        for what, times in other.rejected.items():
            rejected[what] = rejected.get(what, 0) + times
        return Counts(
            self.taken + other.taken, self.known + other.known, rejected, self.written + other.written
        )


@dataclass(frozen=True, slots=True)
class ImportRun:
    """An import of one file by one mapping; `position` is how many of its rows are done."""

    id: str
    kind: str
    file: str
    digest: str
    started_at: datetime
    changed_at: datetime
    position: int = 0
    counts: Counts = field(default_factory=Counts)
    state: State = State.RUNNING


class TakenOver(CannotStart):
    """Another process imports the same file."""

    def __init__(self) -> None:
        super().__init__("another process imports this file just now; wait for it, or end it")


async def begin(connection: Connection, run: ImportRun) -> ImportRun:
    """Begin an import, or find how far it had come."""
    await connection.write(_RUN, [_row(run)])
    found = await find(connection, run.id)
    assert found is not None, "it was just written"
    return found


async def find(connection: Connection, run_id: str) -> ImportRun | None:
    """The import with that id; None where there is none."""
    found = await connection.read(_FIND, id=run_id)
    return _from(found[0]) if found else None


async def latest(connection: Connection, most: int) -> list[ImportRun]:
    """The imports there were, latest first."""
    return [_from(row) for row in await connection.read(_LATEST, most=most)]


async def advance(
    connection: Connection, run: ImportRun, position: int, more: Counts, now: datetime, *, is_over: bool
) -> ImportRun:
    """Let an import be so far, with what became of the rows since.

    Raises:
        TakenOver: somebody else brought it further meanwhile.
    """
    after = replace(
        run,
        position=position,
        counts=run.counts + more,
        state=State.DONE if is_over else State.RUNNING,
        changed_at=now,
    )
    found = await connection.read(
        _ADVANCE,
        id=run.id,
        before=run.position,
        position=position,
        counts=_counts(after.counts),
        state=after.state.value,
        now=microseconds(now),
    )
    if not found:
        raise TakenOver
    return after


async def begin_again(connection: Connection, run: ImportRun, now: datetime) -> ImportRun:
    """Let an import that is over begin again from the first row."""
    await connection.run(_AGAIN, [{"id": run.id, "counts": _counts(Counts()), "now": microseconds(now)}])
    return replace(run, position=0, counts=Counts(), state=State.RUNNING, changed_at=now)


async def forget_asking(connection: Connection, contact_id: str, key: str) -> None:
    """Let what a row asked for, and was refused, be asked for again."""
    await connection.run(_FORGET, [{"bucket": bucket_of(contact_id), "contact": contact_id, "key": key}])


def _counts(counts: Counts) -> str:
    return to_json(
        {
            "taken": counts.taken,
            "known": counts.known,
            "rejected": dict(counts.rejected),
            "written": counts.written,
        }
    )


def _row(run: ImportRun) -> tuple[str | int, ...]:
    return (
        run.id,
        run.kind,
        run.file,
        run.digest,
        run.position,
        _counts(run.counts),
        run.state.value,
        microseconds(run.started_at),
        microseconds(run.changed_at),
    )


def _from(row: Record) -> ImportRun:
    counts = orjson.loads(row[5])
    return ImportRun(
        id=row[0],
        kind=row[1],
        file=row[2],
        digest=row[3],
        position=row[4],
        counts=Counts(**counts),
        state=State(row[6]),
        started_at=instant(row[7]),
        changed_at=instant(row[8]),
    )
