"""What happened how often: counted in memory, added to the database now and then by every process.

So that `/metrics` of any process tells what all of them did, also workers, who answer no HTTP. A process
that is killed takes the last seconds with it, as a counter in memory would take everything.
"""

from collections import Counter

from bot.storage import tables
from bot.storage.driver import Connection, Database, Present, Rows, Statement

_READ = Statement("SELECT t.name, t.label, t.times FROM tally t ORDER BY t.name, t.label")
_ADD = Rows(tables.Row.metadata.tables["tally"], Present.ADD)


class Tally:
    """What this process counted since the last `flush`."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        """Begin at zero."""
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, label: str = "", times: int = 1) -> None:
        """Count something; labels are few: states, reasons, codes, never what belongs to a contact."""
        self._counts[name, label] += times

    async def flush(self, database: Database) -> int:
        """Add it to the database's; what cannot be written now is kept for the next time. Returns 0."""
        counts, self._counts = self._counts, Counter()
        # In one order, so that two processes never wait for each other in a ring.
        values = [(*key, times) for key, times in sorted(counts.items()) if times]
        if values:
            try:
                await database.transact(lambda c: c.write(_ADD, values))
            except BaseException:
                self._counts.update(counts)
                raise
        return 0


async def read(connection: Connection) -> dict[tuple[str, str], int]:
    """Everything that was ever counted, by name and label."""
    return {(row[0], row[1]): int(row[2]) for row in await connection.read(_READ)}
