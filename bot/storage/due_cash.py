"""Cash that has to be looked at until it is where it belongs: payments, refunds and payouts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from bot.core.ids import bucket_of, microseconds
from bot.core.payments import Payment, Payout, Refund
from bot.storage.driver import Connection, Statement
from bot.storage.due import buckets, peek
from bot.storage.rows import stored

Moved = TypeVar("Moved", Payment, Refund, Payout)


class DueCash(Generic[Moved]):
    """One table of it: what is due is claimed with a lease, and looked at again until all is seen."""

    def __init__(self, table: str, alias: str, columns: str, read: Callable[[Sequence[Any]], Moved]) -> None:
        """`columns` are written with the alias, in the order that `read` takes them."""
        self._read: Callable[[Sequence[Any]], Moved] = read
        self._peek = peek(table, "t.due_at IS NOT NULL AND t.due_at <= :now")
        self._claim = Statement(f"""
            WITH due (due_contact, due_id) AS MATERIALIZED (
                SELECT c.contact, c.id FROM {table} c
                WHERE c.bucket = :bucket AND c.due_at IS NOT NULL AND c.due_at <= :now
                ORDER BY c.due_at LIMIT :most @skip_locked(c))
            UPDATE {table} AS {alias} SET attempts = attempts + 1, due_at = :lease
            FROM due WHERE {alias}.bucket = :bucket AND {alias}.contact = due_contact AND {alias}.id = due_id
            RETURNING {columns.replace(f"{alias}.", "")}
        """)  # noqa: S608  # our own constants
        self._later = Statement(f"""
            UPDATE {table} SET due_at = :due_at
            WHERE bucket = :bucket AND id = :id AND state = :state AND due_at = :lease
        """)  # noqa: S608  # our own constants

    async def buckets(self, connection: Connection, now: datetime) -> list[int]:
        """Buckets in which something may have to be looked at."""
        return await buckets(connection, self._peek, now)

    async def claim(
        self, connection: Connection, bucket: int, now: datetime, lease: datetime, most: int
    ) -> list[Moved]:
        """Take what is due in hand until the lease ends, the longest due first."""
        own = {"bucket": bucket, "now": microseconds(now), "lease": microseconds(lease), "most": most}
        return [self._read(row) for row in await connection.read(self._claim, **own)]

    async def look_later(self, connection: Connection, claimed: Moved, at: datetime | None) -> None:
        """Look at what was claimed at another time, unless something was heard of it since; None: never."""
        assert claimed.due_at is not None, "it was claimed"
        own = {"bucket": bucket_of(claimed.id), "id": claimed.id, "state": claimed.state.value}
        await connection.run(
            self._later, [{**own, "due_at": stored(at), "lease": microseconds(claimed.due_at)}]
        )
