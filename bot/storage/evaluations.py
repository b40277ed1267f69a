"""What was decided about contacts at the doors and steps of flows: a row for each change of it."""

from datetime import datetime

from bot.core.flow.evaluations import Evaluation
from bot.core.ids import bucket_of, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.rows import RowValues, to_json

BATCH = 1_000
_TABLE = tables.Row.metadata.tables["evaluation"]
_KEYS = ("bucket", "contact", "flow", "step")
_OVER = Statement(f"""
    SELECT e.contact, e.flow, e.step, e.at FROM evaluation e
    WHERE e.bucket = :bucket AND e.last_at < :before LIMIT {BATCH}
""")  # noqa: S608  # our own number
_OVER_STEPS = Statement(f"""
    SELECT e.contact, e.flow, e.step, e.at FROM evaluation e
    WHERE e.bucket = :bucket AND e.last_at < :before AND e.step <> '' LIMIT {BATCH}
""")  # noqa: S608  # our own number
_REMOVE = Statement("""
    DELETE FROM evaluation
    WHERE bucket = :bucket AND contact = :contact AND flow = :flow AND step = :step AND at = :at
""")


class _Evaluations(Rows):
    """Rows of evaluations: one that was decided the last time, too, is that one, and seen again."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_TABLE, Present.REPLACE)
        names = {name: f"?{number}" for number, name in enumerate(self.columns, 1)}
        self.sqlite = f"{self._insert(names)} WHERE true {self._conflict}"

    def postgres_from(self, first: int) -> str:
        """The same, of arrays."""
        arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(self._kinds, first))
        given = ", ".join(self.columns)
        names = {name: f"given.{name}" for name in self.columns}
        return f"{self._insert(names)} FROM unnest({arrays}) AS given({given}) {self._conflict}"

    def _insert(self, names: dict[str, str]) -> str:
        same = " AND ".join(f"e.{name} = {names[name]}" for name in _KEYS)
        last = f"SELECT e.at, e.verdict FROM evaluation e WHERE {same} ORDER BY e.at DESC LIMIT 1"  # noqa: S608  # our own names
        since = f"(SELECT l.at FROM ({last}) AS l WHERE l.verdict = {names['verdict']})"  # noqa: S608  # as above
        values = {**names, "at": f"COALESCE({since}, {names['at']})"}
        return f"INSERT INTO evaluation ({', '.join(values)}) SELECT {', '.join(values.values())}"


EVALUATIONS: Rows = _Evaluations()
"""Writes them."""


def evaluation_row(contact_id: str, one: Evaluation) -> RowValues:
    """Values of `evaluation`."""
    return (
        bucket_of(contact_id),
        contact_id,
        one.flow,
        one.step,
        microseconds(one.at),
        microseconds(one.seen_at),
        one.verdict,
        to_json(dict(one.facts)),
    )


async def forget(connection: Connection, bucket: int, before: datetime) -> int:
    """Forget some of a bucket's that were not decided so since; returns how many."""
    return await _forget(connection, _OVER, bucket, before)


async def forget_steps(connection: Connection, bucket: int, before: datetime) -> int:
    """The same of steps alone: every run through a journey changes what they decided, and so leaves more."""
    return await _forget(connection, _OVER_STEPS, bucket, before)


async def _forget(connection: Connection, those: Statement, bucket: int, before: datetime) -> int:
    over = await connection.read(those, bucket=bucket, before=microseconds(before))
    names = ("contact", "flow", "step", "at")
    await connection.run(_REMOVE, [{"bucket": bucket, **dict(zip(names, row, strict=True))} for row in over])
    return len(over)
