"""The sweep of ended credit: many wallets at a time, each exactly as a turn of its own would leave it.

Contacts are locked first and passed over where somebody else has them; then all is read, decided and written
in a handful of statements. Whatever is not plain is handed back for a turn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.contact import Event
from bot.core.ids import microseconds
from bot.core.loyalty.sweeping import Swept, swept
from bot.core.loyalty.wallet import MAIN_WALLET, Wallet
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Record, Rows, Statement
from bot.storage.due import ENDED
from bot.storage.rows import LOT_COLUMNS

_TABLES = tables.Row.metadata.tables
_LOT_OPEN = "l.pending_minor + l.available_minor + l.held_minor > 0"
_ENTRY = Rows(_TABLES["entry"], Present.FAIL)
_DRAW = Rows(_TABLES["draw"], Present.FAIL)
_EVENT = Rows(_TABLES["event"], Present.FAIL)
_DUE = Statement(f"""
    SELECT DISTINCT l.contact FROM lot l
    WHERE l.bucket = :bucket AND l.expires_at <= :now AND l.contact > :after
        AND l.pending_minor + l.available_minor + l.held_minor > 0
        AND l.pending_minor + l.available_minor > 0 AND {ENDED}
    ORDER BY l.contact LIMIT :most
""")  # noqa: S608  # our own text
# Who was joined to another, or waits in a flow that may hear of it, has a turn.
_LOCK = Statement("""
    SELECT c.id FROM @each(keys: id text)
    JOIN contact c ON c.bucket = :bucket AND c.id = keys.id
    WHERE c.merged_into IS NULL
        AND NOT EXISTS (SELECT 1 FROM run r WHERE r.bucket = c.bucket AND r.contact = c.id
                        AND r.status = 'waiting')
    ORDER BY c.id
    @skip_locked(c)
""")
_WALLETS = Statement(f"""
    SELECT w.contact, w.id, w.pending_minor, w.available_minor, w.held_minor, w.debt_minor, w.entry_count,
        w.last_hash, w.version,
        (SELECT @rows({LOT_COLUMNS}) FROM lot l WHERE l.bucket = w.bucket AND l.contact = w.contact
         AND l.wallet = w.id AND {_LOT_OPEN})
    FROM @each(keys: id text)
    JOIN wallet w ON w.bucket = :bucket AND w.contact = keys.id
    WHERE NOT EXISTS (SELECT 1 FROM hold h WHERE h.bucket = w.bucket AND h.contact = w.contact
                      AND h.wallet = w.id AND h.state = 'open' AND h.expires_at <= :now)
    ORDER BY w.contact, w.id
""")  # noqa: S608  # our own text
_LEAVE_WALLET = Statement(
    """
    UPDATE wallet SET pending_minor = keys.pending, available_minor = keys.available,
        entry_count = keys.entry_count, last_hash = keys.last_hash, version = keys.version
    FROM @each(keys: contact text, id text, pending bigint, available bigint, entry_count integer,
               last_hash text, version integer)
    WHERE wallet.bucket = :bucket AND wallet.contact = keys.contact AND wallet.id = keys.id
""".replace(",\n               ", ", ")
)
_EMPTY_LOT = Statement("""
    UPDATE lot SET pending_minor = 0, available_minor = 0
    FROM @each(keys: contact text, wallet text, id text)
    WHERE lot.bucket = :bucket AND lot.contact = keys.contact AND lot.wallet = keys.wallet
        AND lot.id = keys.id
""")


@dataclass(frozen=True, slots=True)
class Sweep:
    """What became of some contacts: how many lots ended, and where to go on; empty: nothing more is due."""

    ended: int
    after: str


async def sweep(
    connection: Connection, bucket: int, now: datetime, after: str, most: int, mint: Callable[[], str]
) -> Sweep:
    """End what has ended of the next contacts of a bucket; what has to be left stays due."""
    at = microseconds(now)
    due = await connection.read(_DUE, bucket=bucket, now=at, after=after, most=most)
    if not due:
        return Sweep(0, "")
    locked = await connection.read(_LOCK, bucket=bucket, keys=[(row[0],) for row in due])
    found: list[Swept] = []
    if locked:
        wallets = await connection.read(_WALLETS, bucket=bucket, now=at, keys=[(row[0],) for row in locked])
        found = [one for row in wallets if (one := _swept(row, now, mint)) is not None and one.entries]
        await _write(connection, bucket, found, now, mint)
    return Sweep(sum(len(one.entries) for one in found), due[-1][0])


def _swept(row: Record, now: datetime, mint: Callable[[], str]) -> Swept | None:
    contact, name, pending, available, held, debt, entry_count, last_hash, version, lots = row
    wallet = Wallet(contact, pending, available, held, debt, entry_count, last_hash, version, name)
    return swept(wallet, [rows.lot_from(one) for one in rows.json_rows(lots)], now, mint)


async def _write(
    connection: Connection, bucket: int, found: Sequence[Swept], now: datetime, mint: Callable[[], str]
) -> None:
    if not found:
        return
    events, entries, draws, lots, wallets = [], [], [], [], []
    for one in found:
        wallet = one.wallet
        wallets.append(
            (
                wallet.contact_id,
                wallet.id,
                wallet.pending_minor,
                wallet.available_minor,
                wallet.entry_count,
                wallet.last_hash,
                wallet.version,
            )
        )
        ended_minor = 0
        for entry in one.entries:
            head, lines = rows.entry_rows(entry, now, wallet.id)
            entries.append(head)
            draws += lines
            lots.append((wallet.contact_id, wallet.id, entry.source_id))
            ended_minor += entry.total_minor
        events.append(rows.event_row(wallet.contact_id, mint(), expired(wallet.id, ended_minor, now)))
    await connection.write(_EVENT, events)
    await connection.read(_LEAVE_WALLET, bucket=bucket, keys=wallets)
    await connection.read(_EMPTY_LOT, bucket=bucket, keys=lots)
    await connection.write(_ENTRY, entries)
    await connection.write(_DRAW, draws)


def expired(wallet: str, minor: int, now: datetime) -> Event:
    """The event of credit that ended."""
    if wallet == MAIN_WALLET:
        return Event("Credit Expired", now, {"amount": minor})
    return Event("Wallet Expired", now, {"wallet": wallet, "units": minor})
