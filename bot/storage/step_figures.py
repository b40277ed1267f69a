"""Figures of steps: added to where they change, read for whoever asks, and counted anew from the tables.

They are kept in slots, and written last in a transaction: no two batches wait for each other's. Where there
is one writer there is one slot: the figures of a day lie on a sixteenth of the pages then, which each batch
writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.deeds.goals import CONVERTED, ENTRIES, PASSED, REVENUE
from bot.core.effects import StepFigure
from bot.core.ids import BUCKETS, bucket_of, instant
from bot.core.local_time import local_date
from bot.core.message_figures import Figures, Standing, add, changed, figures_of, is_of_messages
from bot.core.messages import OutboxState
from bot.storage import tables
from bot.storage.driver import Connection, Database, Present, Rows, Statement

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
_MESSAGES = Statement(f"""
    SELECT '', {STANDING.partition(",")[2]}, COUNT(*) FROM outbox
    WHERE outbox.bucket = :bucket AND outbox.flow <> '' AND outbox.on_day <> ''
    GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
""")  # noqa: S608  # as above
_QUARTER = 15 * 60 * 1_000_000
_GOALS = Statement(f"""
    SELECT c.flow, c.revision, c.step, c.variant, c.goal, c.currency, c.at / {_QUARTER}, COUNT(*),
        SUM(c.revenue_minor)
    FROM conversion c WHERE c.bucket = :bucket GROUP BY 1, 2, 3, 4, 5, 6, 7
""")  # noqa: S608  # our own number
_BEGAN = Statement(f"""
    SELECT r.flow, r.started_at / {_QUARTER}, COUNT(*) FROM run r WHERE r.bucket = :bucket GROUP BY 1, 2
""")  # noqa: S608  # our own number
_KEPT = Statement("""
    SELECT f.flow, f.revision, f.step, f.variant, f.what, f.on_day, SUM(f.times), SUM(f.amount)
    FROM step_figure f GROUP BY f.flow, f.revision, f.step, f.variant, f.what, f.on_day
    HAVING SUM(f.times) <> 0 OR SUM(f.amount) <> 0
""")
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
        await write(connection, difference, self._keys[0][0])


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


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is not what the tables say: times and amount as kept, and as counted anew."""

    figure: StepFigure
    kept: tuple[int, int]
    counted: tuple[int, int]


async def recount(database: Database, zone: str) -> list[Difference]:
    """Count anew, from messages, conversions and runs, what follows from them; returns where figures differ.

    What happens meanwhile may be in one and not yet in the other.
    """
    whole = await database.query(_kept)
    kept = {one: numbers for one, numbers in whole.items() if _is_recounted(one)}
    counted: Figures = {}
    began: dict[tuple[str, str], int] = {}
    for bucket in range(BUCKETS):
        found = await database.query(
            lambda c, bucket=bucket: c.read_all(
                [(one, {"bucket": bucket}) for one in (_MESSAGES, _GOALS, _BEGAN)]
            )  # type: ignore[misc]  # bound now
        )
        for row in found[0]:
            add(counted, figures_of(standing_from(row)), factor=int(row[13]))
        for row in found[1]:
            add(counted, _of_conversions(row, zone))
        for flow, quarter, runs in found[2]:
            of = (flow, str(local_date(instant(quarter * _QUARTER), zone)))
            began[of] = began.get(of, 0) + int(runs)
    return [*_of_entries(whole, began), *_differences(kept, counted)]


def _differences(kept: Figures, counted: Figures) -> list[Difference]:
    return [
        Difference(one, kept.get(one, (0, 0)), counted.get(one, (0, 0)))
        for one in sorted({*kept, *counted})
        if kept.get(one, (0, 0)) != counted.get(one, (0, 0))
    ]


async def mend(database: Database, differences: Sequence[Difference]) -> None:
    """Bring figures to what was counted anew."""
    missing: Figures = {}
    for one in differences:
        add(missing, {one.figure: one.counted})
        add(missing, {one.figure: one.kept}, factor=-1)
    await database.transact(lambda c: write(c, missing, 0))


def _of_entries(kept: Figures, began: Mapping[tuple[str, str], int]) -> list[Difference]:
    """Say where entries are not the runs that began on a day and those that were over at once.

    Of all revisions together: a publication may have moved a run to another. What differs is the newest's.
    """
    days = {one.on_day for one in kept}
    # Of the day on which figures by day began, and before, some entries may be on none.
    since = min(days - {""}, default="") if "" in days else ""
    entries: dict[tuple[str, str], dict[StepFigure, int]] = {}
    expected = {of: runs for of, runs in began.items() if of[1] > since}
    for one, (times, _) in kept.items():
        if one.on_day > since and one.what in {ENTRIES, PASSED}:
            of = (one.flow, one.on_day)
            entries.setdefault(of, {})
            if one.what == ENTRIES:
                entries[of][one] = times
            else:
                expected[of] = expected.get(of, 0) + times
    found = []
    for of in sorted({*entries, *expected}):
        known = entries.get(of, {})
        if missing := expected.get(of, 0) - sum(known.values()):
            newest = max(known, default=StepFigure(of[0], 0, "", "", ENTRIES, of[1]))
            times = known.get(newest, 0)
            found.append(Difference(newest, (times, 0), (times + missing, 0)))
    return found


async def _kept(connection: Connection) -> Figures:
    kept: Figures = {}
    for flow, revision, step, variant, what, on_day, times, amount in await connection.read(_KEPT):
        one = StepFigure(flow, revision, step, variant, what, on_day)
        add(kept, {one: (int(times), int(amount))})
    return kept


def _is_recounted(one: StepFigure) -> bool:
    """Whether a figure follows from messages and conversions alone."""
    return bool(one.on_day) and (is_of_messages(one.what) or one.what.startswith((CONVERTED, REVENUE)))


def _of_conversions(row: Sequence[Any], zone: str) -> Figures:
    """What conversions of one quarter of an hour add: every zone's days begin with one."""
    flow, revision, step, variant, goal, currency, quarter, times, revenue_minor = row
    day = str(local_date(instant(quarter * _QUARTER), zone))
    found = {StepFigure(flow, revision, step, variant, f"{CONVERTED}{goal}", day): (int(times), 0)}
    if currency:
        what = f"{REVENUE}{goal}:{currency}"
        found[StepFigure(flow, revision, step, variant, what, day)] = (int(times), int(revenue_minor))
    return found


async def write(connection: Connection, figures: Mapping[StepFigure, tuple[int, int]], number: int) -> None:
    """Add figures of the days that they name; who writes at the same time should give another number."""
    await connection.write(FIGURE, figure_rows(figures, "", slot_for(connection, number)))


def slot_for(connection: Connection, number: int) -> int:
    """Return the slot to count in."""
    return 0 if connection.is_near else number % SLOTS


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
