"""The sweep of ended credit: many wallets at a time, each exactly as a turn of its own would leave it.

What has ended is read without a lock, with the version of its wallet. Then contacts and wallets are locked
and passed over where somebody else has them, or changed the wallet since; the entries are made and written
table by table. Whatever is not plain is left for a turn.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from bot.core.ids import IdSource, microseconds
from bot.core.ledger.entries import Account, Reason
from bot.core.ledger.recorder import SYSTEM
from bot.core.ledger.sweeping import OF_LOT, DueLot, ends, ids_for
from bot.core.ledger.wallet import MAIN_WALLET
from bot.storage import rows, tables
from bot.storage.driver import Changes, Connection, Present, Rows, Statement
from bot.storage.due import ENDED
from bot.storage.rows import RowValues

_EXPIRE, _BREAKAGE = Reason.EXPIRE.value, Account.BREAKAGE.value
_WALLET_OF = itemgetter(0, 1)
_TABLES = tables.Row.metadata.tables
_ENTRY = Rows(_TABLES["entry"], Present.FAIL)
_DRAW = Rows(_TABLES["draw"], Present.FAIL)
_EVENT = Rows(_TABLES["event"], Present.FAIL)
_WALLET = Changes(
    _TABLES["wallet"], "pending_minor", "available_minor", "entry_count", "last_hash", "version"
)
_LOT = Changes(_TABLES["lot"], "pending_minor", "available_minor")
# A wallet is left alone where something else is due first: credit to be activated, a hold that timed out.
_DUE = Statement(f"""
    SELECT l.contact, l.wallet, w.pending_minor, w.available_minor, w.entry_count, w.last_hash, w.version,
        l.id, l.pending_minor, l.available_minor, l.policy, l.noticed_at IS NOT NULL
    FROM lot l @indexed(ix_lot_expiring)
    CROSS JOIN wallet w
    WHERE l.bucket = :bucket AND l.expires_at <= :now AND l.contact > :after
        AND l.pending_minor + l.available_minor + l.held_minor > 0
        AND l.pending_minor + l.available_minor > 0 AND {ENDED}
        AND w.bucket = l.bucket AND w.contact = l.contact AND w.id = l.wallet
        AND (w.pending_minor = 0 OR NOT EXISTS (
            SELECT 1 FROM lot o @indexed(ix_lot_open)
            WHERE o.bucket = w.bucket AND o.contact = w.contact AND o.wallet = w.id
                AND o.pending_minor + o.available_minor + o.held_minor > 0
                AND o.pending_minor > 0 AND o.active_from <= :now))
        AND (w.held_minor = 0 OR NOT EXISTS (
            SELECT 1 FROM hold h @indexed(ix_hold_open)
            WHERE h.bucket = w.bucket AND h.contact = w.contact AND h.wallet = w.id AND h.state = 'open'
                AND h.expires_at <= :now))
    ORDER BY l.contact, l.wallet, l.id LIMIT :most
""")  # noqa: S608  # our own text
# Who was joined to another, or waits in a flow that may hear of it, has a turn.
_LOCK = Statement("""
    SELECT w.contact, w.id FROM @each(keys: bucket integer, contact text, wallet text, version bigint)
    CROSS JOIN contact c
    CROSS JOIN wallet w
    WHERE c.bucket = keys.bucket AND c.id = keys.contact AND c.merged_into IS NULL
        AND w.bucket = c.bucket AND w.contact = c.id AND w.id = keys.wallet AND w.version = keys.version
        AND NOT EXISTS (SELECT 1 FROM run r WHERE r.bucket = c.bucket AND r.contact = c.id
                        AND r.status = 'waiting')
    ORDER BY w.bucket, w.contact, w.id
    @skip_locked(c, w)
""")


async def due_lots(
    connection: Connection, bucket: int, now: datetime, after: str, most: int
) -> list[list[DueLot]]:
    """Lots of a bucket that have ended, by contact: of those after one, about `most` lots."""
    found = await connection.read(_DUE, bucket=bucket, now=microseconds(now), after=after, most=most)
    lots = [DueLot(*row) for row in found]
    due = [list(own) for _, own in groupby(lots, key=itemgetter(0))]
    # Of the last one more may be due: a wallet is swept at once.
    return due[:-1] if len(found) == most and len(due) > 1 else due


async def sweep(
    connection: Connection, due: Sequence[tuple[int, Sequence[DueLot]]], now: datetime, ids: IdSource
) -> int:
    """End lots that have ended, by bucket, each wallet's at once; returns how many. Others stay due."""
    keys = {(bucket, lot.contact_id, lot.wallet, lot.version): None for bucket, lots in due for lot in lots}
    locked = {(row[0], row[1]) for row in await connection.read(_LOCK, keys=list(keys))}
    ours = [(bucket, [lot for lot in lots if _WALLET_OF(lot) in locked]) for bucket, lots in due]
    if locked:
        await _write(connection, ours, now, ids)
    return sum(len(lots) for _, lots in ours)


async def _write(
    connection: Connection, ours: Sequence[tuple[int, Sequence[DueLot]]], now: datetime, ids: IdSource
) -> None:
    at = microseconds(now)
    events: list[RowValues] = []
    wallets: list[RowValues] = []
    entries: list[RowValues] = []
    draws: list[RowValues] = []
    emptied: list[RowValues] = []
    for bucket, (contact, wallet), own, minted in _by_wallet(ours, now, ids):
        pending = available = 0
        for lot in own:
            pending, available = pending + lot.pending_minor, available + lot.available_minor
            emptied.append((0, 0, bucket, contact, wallet, lot.id))
        number, hash_ = 0, ""
        for end in ends(own, at, minted):
            number, entry, key, words, salt, hidden, lot_id, policy, previous, hash_, moved = end
            place = (bucket, contact, wallet, number)
            said = (*place, entry, _EXPIRE, key, at, SYSTEM, words, salt, hidden, OF_LOT, lot_id, policy)
            entries.append((*said, None, previous, hash_, at, ""))
            for line, (source, minor) in enumerate(moved, 1):
                draws.append((*place, line, source, _BREAKAGE, lot_id, None, minor))
        before = own[0]
        left = (before.wallet_pending_minor - pending, before.wallet_available_minor - available)
        wallets.append((*left, number, hash_, before.version + len(own), bucket, contact, wallet))
        name, told = _expired(wallet, pending + available)
        events.append((bucket, contact, next(minted), name, at, told, ""))
    await connection.write(_EVENT, events)
    await connection.write(_WALLET, wallets)
    await connection.write(_LOT, emptied)
    await connection.write(_ENTRY, entries)
    await connection.write(_DRAW, draws)


def _by_wallet(
    ours: Sequence[tuple[int, Sequence[DueLot]]], now: datetime, ids: IdSource
) -> Iterator[tuple[int, tuple[str, str], list[DueLot], Iterator[str]]]:
    """Each wallet's lots, and new ids for what ends them and for the event of it."""
    for bucket, lots in ours:
        wallets = [(whose, list(own)) for whose, own in groupby(lots, key=_WALLET_OF)]
        minted = iter(ids.mint_many(now, bucket, ids_for(lots) + len(wallets)))
        for whose, own in wallets:
            yield bucket, whose, own, minted


@lru_cache(maxsize=1024)
def _expired(wallet: str, minor: int) -> tuple[str, str]:
    """The name and the properties of the event of credit that ended, as they are stored."""
    if wallet == MAIN_WALLET:
        return "Credit Expired", rows.to_json({"amount": minor})
    return "Wallet Expired", rows.to_json({"wallet": wallet, "units": minor})
