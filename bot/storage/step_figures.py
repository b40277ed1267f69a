"""Figures of steps: added to where they change, read for whoever asks, and counted anew from the tables.

They are kept in slots, and written last in a transaction: no two batches wait for each other's.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.core.effects import StepFigure
from bot.core.ids import bucket_of
from bot.core.message_figures import Standing, changed
from bot.core.messages import OutboxState
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement

SLOTS = 16
FIGURE = Rows(tables.Row.metadata.tables["step_figure"], Present.ADD)

STANDING = """
    outbox.id, outbox.flow, outbox.revision, outbox.step, outbox.variant, outbox.on_day, outbox.state,
    outbox.reason, outbox.error_code, outbox.segments,
    outbox.replied_at IS NOT NULL, outbox.clicked_at IS NOT NULL, outbox.left_at IS NOT NULL
"""
"""What `standing_from` reads of the outbox."""
_LOCKED = Statement(f"""
    SELECT {STANDING} FROM @each(keys: bucket integer, contact text, id text)
    JOIN outbox ON outbox.bucket = keys.bucket AND outbox.contact = keys.contact AND outbox.id = keys.id
    WHERE outbox.flow <> '' AND outbox.on_day <> ''
    ORDER BY outbox.bucket, outbox.contact, outbox.id @lock(outbox)
""")  # noqa: S608  # our own text
_STANDS = Statement(f"""
    SELECT {STANDING} FROM @each(keys: bucket integer, contact text, id text)
    JOIN outbox ON outbox.bucket = keys.bucket AND outbox.contact = keys.contact AND outbox.id = keys.id
    WHERE outbox.flow <> '' AND outbox.on_day <> ''
""")  # noqa: S608  # as above
_WAITING = Statement("""
    SELECT o.id FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.state IN ('queued', 'held')
""")


class Changing:
    """Messages (contact, id) that a transaction changes: locked as they stood, then compared.

    changing = await Changing.of(connection, [(contact_id, message_id)])
    ...
    await changing.count(connection)  # last: counters are the only rows that others share
    """

    __slots__ = ("_before", "_keys")

    def __init__(self, keys: Sequence[tuple[int, str, str]], before: Mapping[str, Standing]) -> None:
        self._keys = keys
        self._before = before

    @classmethod
    async def of(cls, connection: Connection, messages: Iterable[tuple[str, str]]) -> "Changing":
        """Lock messages and note how they stand."""
        keys = sorted({(bucket_of(message), contact, message) for contact, message in messages})
        found = await connection.read(_LOCKED, keys=keys) if keys else ()
        return cls(keys, {row[0]: standing_from(row) for row in found})

    @classmethod
    async def waiting(cls, connection: Connection, contact_id: str) -> "Changing":
        """Lock what waits to leave a contact."""
        found = await connection.read(_WAITING, bucket=bucket_of(contact_id), contact=contact_id)
        return await cls.of(connection, [(contact_id, row[0]) for row in found])

    async def count(self, connection: Connection) -> None:
        """Add what has changed since."""
        if not self._before:
            return
        found = await connection.read(_STANDS, keys=self._keys)
        difference = changed(self._before, {row[0]: standing_from(row) for row in found})
        await write(connection, difference, slot=self._keys[0][0] % SLOTS)


def standing_from(row: Sequence[Any]) -> Standing:
    """Read the columns of `STANDING`."""
    return Standing(
        flow=row[1],
        revision=row[2],
        step=row[3],
        variant=row[4],
        on_day=row[5],
        state=OutboxState(row[6]),
        reason=row[7],
        error_code=row[8],
        segments=row[9] or 0,
        is_replied=bool(row[10]),
        is_clicked=bool(row[11]),
        is_left=bool(row[12]),
    )


async def write(connection: Connection, figures: Mapping[StepFigure, tuple[int, int]], slot: int) -> None:
    """Add figures of the days that they name."""
    await connection.write(FIGURE, figure_rows(figures, "", slot))


def figure_rows(
    figures: Mapping[StepFigure, tuple[int, int]], on_day: str, slot: int
) -> list[tuple[str, int, str, str, str, str, int, int, int]]:
    """Values of `step_figure`, in one order; those that name no day are of `on_day`."""
    by_key: dict[tuple[str, int, str, str, str, str, int], tuple[int, int]] = {}
    for one, (times, amount) in figures.items():
        key = (one.flow, one.revision, one.step, one.variant, one.on_day or on_day, one.what, slot)
        before = by_key.get(key, (0, 0))
        by_key[key] = before[0] + times, before[1] + amount
    return [(*key, *number) for key, number in sorted(by_key.items())]
