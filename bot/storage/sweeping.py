"""The sweep of ended credit: many wallets at a time, each exactly as a turn of its own would leave it.

Contacts are locked first and passed over where somebody else has them; then all is read, decided and written
in a handful of statements. Whatever is not plain is handed back for a turn.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.contact import Event
from bot.core.ids import microseconds
from bot.core.ledger.sweeping import Swept, swept
from bot.core.ledger.wallet import MAIN_WALLET, Wallet
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
    SELECT DISTINCT l.contact FROM lot l @indexed(ix_lot_expiring)
    WHERE l.bucket = :bucket AND l.expires_at <= :now AND l.contact > :after
        AND l.pending_minor + l.available_minor + l.held_minor > 0
        AND l.pending_minor + l.available_minor > 0 AND {ENDED}
    ORDER BY l.contact LIMIT :most
""")  # noqa: S608  # our own text
# Who was joined to another, or waits in a flow that may hear of it, has a turn.
_LOCK = Statement("""
    SELECT c.id FROM @each(keys: bucket integer, id text)
    JOIN contact c ON c.bucket = keys.bucket AND c.id = keys.id
    WHERE c.merged_into IS NULL
        AND NOT EXISTS (SELECT 1 FROM run r WHERE r.bucket = c.bucket AND r.contact = c.id
                        AND r.status = 'waiting')
    ORDER BY c.id
    @skip_locked(c)
""")
_WALLETS = Statement(f"""
    SELECT w.contact, w.id, w.pending_minor, w.available_minor, w.held_minor, w.debt_minor, w.entry_count,
        w.last_hash, w.version,
        (SELECT @rows({LOT_COLUMNS}) FROM lot l @indexed(ix_lot_open)
         WHERE l.bucket = w.bucket AND l.contact = w.contact AND l.wallet = w.id AND {_LOT_OPEN})
    FROM @each(keys: bucket integer, id text)
    JOIN wallet w ON w.bucket = keys.bucket AND w.contact = keys.id
    WHERE NOT EXISTS (
        SELECT 1 FROM hold h @indexed(ix_hold_open)
        WHERE h.bucket = w.bucket AND h.contact = w.contact AND h.wallet = w.id AND h.state = 'open'
            AND h.expires_at <= :now)
    ORDER BY w.contact, w.id
""")  # noqa: S608  # our own text
_LEFT = "bucket integer, contact text, id text, pending bigint, available bigint, entries bigint, hash text"
_LEAVE_WALLET = Statement(f"""
    UPDATE wallet SET pending_minor = keys.pending, available_minor = keys.available,
        entry_count = keys.entries, last_hash = keys.hash, version = keys.version
    FROM @each(keys: {_LEFT}, version bigint)
    WHERE wallet.bucket = keys.bucket AND wallet.contact = keys.contact AND wallet.id = keys.id
""")  # noqa: S608  # our own text
_EMPTY_LOT = Statement("""
    UPDATE lot SET pending_minor = 0, available_minor = 0
    FROM @each(keys: bucket integer, contact text, wallet text, id text)
    WHERE lot.bucket = keys.bucket AND lot.contact = keys.contact AND lot.wallet = keys.wallet
        AND lot.id = keys.id
""")


async def due_contacts(
    connection: Connection, bucket: int, now: datetime, after: str, most: int
) -> list[str]:
    """Contacts of a bucket of whose credit something has ended, those after one first."""
    found = await connection.read(_DUE, bucket=bucket, now=microseconds(now), after=after, most=most)
    return [row[0] for row in found]


async def sweep(
    connection: Connection, bucket: int, contacts: Sequence[str], now: datetime, mint: Callable[[], str]
) -> int:
    """End what has ended of some contacts of a bucket; returns how many lots. What is left stays due."""
    locked = await connection.read(_LOCK, keys=[(bucket, contact) for contact in contacts])
    if not locked:
        return 0
    keys = [(bucket, row[0]) for row in locked]
    wallets = await connection.read(_WALLETS, now=microseconds(now), keys=keys)
    found = [one for row in wallets if (one := _swept(row, now, mint)) is not None and one.entries]
    await _write(connection, bucket, found, now, mint)
    return sum(len(one.entries) for one in found)


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
                bucket,
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
            lots.append((bucket, wallet.contact_id, wallet.id, entry.source_id))
            ended_minor += entry.total_minor
        events.append(rows.event_row(wallet.contact_id, mint(), expired(wallet.id, ended_minor, now)))
    await connection.write(_EVENT, events)
    await connection.read(_LEAVE_WALLET, keys=wallets)
    await connection.read(_EMPTY_LOT, keys=lots)
    await connection.write(_ENTRY, entries)
    await connection.write(_DRAW, draws)


def expired(wallet: str, minor: int, now: datetime) -> Event:
    """The event of credit that ended."""
    if wallet == MAIN_WALLET:
        return Event("Credit Expired", now, {"amount": minor})
    return Event("Wallet Expired", now, {"wallet": wallet, "units": minor})
