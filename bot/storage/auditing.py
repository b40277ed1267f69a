"""The books of everybody, bucket by bucket, as they are stored: what the audit verifies."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.ids import bucket_of
from bot.core.ledger.entries import Entry
from bot.core.ledger.holds import Hold
from bot.core.ledger.lots import Lot
from bot.core.ledger.replay import Standing
from bot.core.ledger.verifying import Finding, findings
from bot.core.ledger.wallet import Wallet
from bot.storage import rows
from bot.storage.driver import Connection, Record, Statement
from bot.storage.entries import ENTRY_COLUMNS, entry_from
from bot.storage.rows import LOT_COLUMNS

_WALLETS = Statement("""
    SELECT w.contact, w.id, w.pending_minor, w.available_minor, w.held_minor, w.debt_minor, w.entry_count,
        w.last_hash, w.version
    FROM wallet w WHERE w.bucket = :bucket ORDER BY w.contact, w.id
""")
_LOTS = Statement(f"""
    SELECT l.contact, l.wallet, {LOT_COLUMNS} FROM lot l WHERE l.bucket = :bucket ORDER BY l.contact, l.id
""")  # noqa: S608  # our own constant
_HOLDS = Statement("""
    SELECT h.contact, h.wallet, h.id, h.order_id, h.state, h.expires_at, h.parts FROM hold h
    WHERE h.bucket = :bucket ORDER BY h.contact, h.id
""")
_ENTRIES = Statement(f"""
    SELECT e.contact, e.wallet, {ENTRY_COLUMNS} FROM entry e WHERE e.bucket = :bucket
    ORDER BY e.contact, e.wallet, e.number
""")  # noqa: S608  # our own constant
_ENTRIES_OF = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet ORDER BY e.number
""")  # noqa: S608  # our own constant
_COUNTERS = Statement("""
    SELECT c.name, SUM(c.units_left), SUM(c.units_of) FROM counter c GROUP BY c.name
    HAVING MIN(c.units_left) < 0 OR SUM(c.units_of) > 0 AND SUM(c.units_left) > SUM(c.units_of)
    ORDER BY c.name
""")
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What does not hold, and in whose wallet; a counter is nobody's."""

    contact_id: str
    wallet: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Audited:
    """How much was looked at, and all that is wrong with it."""

    wallets: int
    entries: int
    wrong: tuple[Wrong, ...]


async def audited(connection: Connection, bucket: int) -> Audited:
    """Verify every wallet of a bucket."""
    lots: defaultdict[_Key, list[Lot]] = defaultdict(list)
    holds: defaultdict[_Key, list[Hold]] = defaultdict(list)
    entries: defaultdict[_Key, list[Entry]] = defaultdict(list)
    for row in await connection.read(_LOTS, bucket=bucket):
        lots[row[0], row[1]].append(rows.lot_from(row[2:]))
    for row in await connection.read(_HOLDS, bucket=bucket):
        holds[row[0], row[1]].append(rows.hold_from(row[2:]))
    for row in await connection.read(_ENTRIES, bucket=bucket):
        entries[row[0], row[1]].append(entry_from(row[0], row[2:]))
    wallets = {(row[0], row[1]): _wallet(row) for row in await connection.read(_WALLETS, bucket=bucket)}
    wrong: list[Wrong] = []
    for key, wallet in wallets.items():
        standing = Standing(wallet, tuple(lots.pop(key, ())), tuple(holds.pop(key, ())))
        own = entries.get(key, [])
        wrong += _wrong(key, findings(standing, own, await entries_left(connection, wallet.id, own)))
    wrong += [
        Wrong(*key, Finding(3, "there are rows of a wallet that is not stored"))
        for key in sorted({*lots, *holds, *(entries.keys() - wallets.keys())})
    ]
    return Audited(len(wallets), sum(map(len, entries.values())), tuple(wrong))


async def counters_audited(connection: Connection) -> list[Wrong]:
    """Verify that no counter gave more than it had, nor holds more than it ever did."""
    return [
        Wrong("", name, Finding(19, f"{left} units are left of {of}"))
        for name, left, of in await connection.read(_COUNTERS)
    ]


async def entries_left(connection: Connection, wallet: str, entries: Sequence[Entry]) -> list[Entry]:
    """The entries of contacts that were joined to this one: what they did may be undone in its wallet."""
    found: dict[str, list[Entry]] = {}
    others = [entry.source_id for entry in entries if entry.crosses_in]
    for other in others:  # grows while it is walked
        if other not in found:
            own = {"bucket": bucket_of(other), "contact": other, "wallet": wallet}
            theirs = [entry_from(other, row) for row in await connection.read(_ENTRIES_OF, **own)]
            found[other] = theirs
            others += [entry.source_id for entry in theirs if entry.crosses_in]
    return [entry for theirs in found.values() for entry in theirs]


def _wrong(key: _Key, found: Sequence[Finding]) -> Iterator[Wrong]:
    return (Wrong(*key, finding) for finding in found)


def _wallet(row: Record) -> Wallet:
    contact, wallet, pending, available, held, debt, entry_count, last_hash, version = row
    return Wallet(contact, pending, available, held, debt, entry_count, last_hash, version, wallet)
