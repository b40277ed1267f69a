"""All that ever was in a wallet: its entries, lots and holds, and the wallet as it was at any time."""

from collections.abc import Sequence
from datetime import datetime

from bot.core.ids import bucket_of, microseconds
from bot.core.ledger.books import Books, Undoing
from bot.core.ledger.entries import Entry, Extension
from bot.core.ledger.replay import Standing, as_of
from bot.core.ledger.wallet import MAIN_WALLET, Balance, Wallet
from bot.storage import rows, wallets
from bot.storage.driver import Connection, Record, Statement
from bot.storage.entries import ENTRY_COLUMNS, entry_from
from bot.storage.rows import LOT_COLUMNS

_ENDED_MAX = 50
_WALLET = Statement("""
    SELECT w.pending_minor, w.available_minor, w.held_minor, w.debt_minor, w.entry_count, w.last_hash,
        w.version
    FROM wallet w WHERE w.bucket = :bucket AND w.contact = :contact AND w.id = :wallet
""")
_WALLETS = Statement("""
    SELECT w.id FROM wallet w WHERE w.bucket = :bucket AND w.contact = :contact ORDER BY w.id
""")
_ENTRIES = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet
    ORDER BY e.number
""")  # noqa: S608  # our own constants
_UNTIL = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet
        AND COALESCE(e.recorded_at, e.effective_at) <= :at
    ORDER BY e.number
""")  # noqa: S608  # our own constants
_EXTENDED_SINCE = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet AND e.number > :newest
        AND e.extended <> ''
    ORDER BY e.number
""")  # noqa: S608  # our own constants
_ALL_LOTS = Statement(f"""
    SELECT {LOT_COLUMNS} FROM lot l
    WHERE l.bucket = :bucket AND l.contact = :contact AND l.wallet = :wallet ORDER BY l.id
""")  # noqa: S608  # our own constants
_ALL_HOLDS = Statement("""
    SELECT h.id, h.order_id, h.state, h.expires_at, h.parts FROM hold h
    WHERE h.bucket = :bucket AND h.contact = :contact AND h.wallet = :wallet ORDER BY h.id
""")
_ENDED = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet AND e.reason = 'expire'
    ORDER BY e.number DESC LIMIT {_ENDED_MAX}
""")  # noqa: S608  # our own constants
_BROKEN = Statement("""
    SELECT d.lot, SUM(CASE WHEN d.target = 'breakage' THEN d.amount_minor ELSE -d.amount_minor END)
    FROM draw d
    WHERE d.bucket = :bucket AND d.contact = :contact AND d.wallet = :wallet
        AND (d.target = 'breakage' OR d.source = 'breakage')
    GROUP BY d.lot
""")
_UNDID = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM @each(keys: id text)
    CROSS JOIN entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet
        AND e.reverses = keys.id
    ORDER BY e.number
""")  # noqa: S608  # our own constants


async def opened(connection: Connection, contact_id: str, wallet: str = MAIN_WALLET) -> Books:
    """The books of a wallet, to be looked at."""
    found = await wallets.opened(connection, contact_id, wallet)
    return Books(found.wallet, found.lots, found.holds, lots_complete=True, mint=str)


async def balance_at(
    connection: Connection, contact_id: str, at: datetime, wallet: str = MAIN_WALLET
) -> Balance:
    """What the wallet showed at an instant: from the entries that were recorded by then."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": wallet}
    found = await connection.read(_UNTIL, **own, at=microseconds(at))
    entries = _prefix([entry_from(contact_id, row) for row in found])
    newest = len(entries)
    moved = await connection.read(_EXTENDED_SINCE, **own, newest=newest)
    later: list[Extension] = [end for row in moved for end in entry_from(contact_id, row).extended]
    then = as_of(await standing(connection, contact_id, wallet), entries, at, later)
    return Books(then.wallet, then.lots, then.holds, lots_complete=True, mint=str).balance(at)


def _prefix(entries: Sequence[Entry]) -> list[Entry]:
    """The entries from the first on without a gap: clocks of several processes differ a little."""
    return [entry for number, entry in enumerate(entries, 1) if entry.number == number]


async def standing(connection: Connection, contact_id: str, wallet: str = MAIN_WALLET) -> Standing:
    """A wallet with all its lots and holds, open or not."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": wallet}
    return Standing(
        await _wallet(connection, contact_id, wallet),
        tuple(rows.lot_from(row) for row in await connection.read(_ALL_LOTS, **own)),
        tuple(rows.hold_from(row) for row in await connection.read(_ALL_HOLDS, **own)),
    )


async def entries_of(connection: Connection, contact_id: str, wallet: str = MAIN_WALLET) -> list[Entry]:
    """All entries of a wallet, by number."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": wallet}
    return [entry_from(contact_id, row) for row in await connection.read(_ENTRIES, **own)]


async def wallet_names(connection: Connection, contact_id: str) -> list[str]:
    """The wallets that a contact has."""
    found = await connection.read(_WALLETS, bucket=bucket_of(contact_id), contact=contact_id)
    return [row[0] for row in found]


async def other_balances(connection: Connection, contact_id: str, now: datetime) -> dict[str, Balance]:
    """What there is in a contact's wallets beside the main one: stamp cards, further currencies."""
    names = [name for name in await wallet_names(connection, contact_id) if name != MAIN_WALLET]
    return {name: (await opened(connection, contact_id, name)).balance(now) for name in names}


async def ended(connection: Connection, contact_id: str) -> tuple[Undoing, ...]:
    """The latest entries by which credit of the main wallet ended, oldest first, with what undid them."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": MAIN_WALLET}
    found = [entry_from(contact_id, row) for row in await connection.read(_ENDED, **own)]
    ids = [(entry.id,) for entry in found]
    undid = [entry_from(contact_id, row) for row in await connection.read(_UNDID, **own, keys=ids)]
    return tuple(
        Undoing(entry, tuple(one for one in undid if one.reverses == entry.id)) for entry in reversed(found)
    )


async def broken(connection: Connection, contact_id: str) -> dict[str, int]:
    """How much of each lot of the main wallet has ended and was neither given nor taken back since."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": MAIN_WALLET}
    found = await connection.read(_BROKEN, **own)
    return {lot: int(minor) for lot, minor in found}


async def _wallet(connection: Connection, contact_id: str, wallet: str) -> Wallet:
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": wallet}
    return _wallet_from(contact_id, wallet, await connection.read(_WALLET, **own))


def _wallet_from(contact_id: str, wallet: str, found: Sequence[Record]) -> Wallet:
    if not found:
        return Wallet(contact_id, id=wallet)
    pending, available, held, debt, entry_count, last_hash, version = found[0]
    return Wallet(contact_id, pending, available, held, debt, entry_count, last_hash, version, wallet)
