"""Wallets beside the main one: a stamp card's, another currency's. Few turns open them."""

from collections.abc import Collection

from bot.core.ids import bucket_of
from bot.core.ledger.wallet import Wallet
from bot.core.turn import OpenWallet
from bot.storage import rows, tables
from bot.storage.driver import Connection, Statement
from bot.storage.rows import LOT_COLUMNS

_WALLET = Statement("""
    SELECT w.pending_minor, w.available_minor, w.held_minor, w.debt_minor, w.entry_count, w.last_hash,
        w.version,
        (SELECT @rows(h.id, h.order_id, h.state, h.expires_at, h.parts)
         FROM hold h @indexed(ix_hold_open)
         WHERE h.bucket = w.bucket AND h.contact = w.contact AND h.wallet = w.id
         AND h.state = 'open')
    FROM wallet w WHERE w.bucket = :bucket AND w.contact = :contact AND w.id = :wallet
""")
_LOTS = Statement(f"""
    SELECT {LOT_COLUMNS} FROM lot l @indexed(ix_lot_open)
    WHERE l.bucket = :bucket AND l.contact = :contact AND l.wallet = :wallet AND {tables.LOT_OPEN}
""")  # noqa: S608  # our own constants
_LOTS_NAMED = Statement(f"""
    SELECT {LOT_COLUMNS}
    FROM @each(keys: id text)
    JOIN lot l ON l.bucket = :bucket AND l.contact = :contact AND l.wallet = :wallet AND l.id = keys.id
""")  # noqa: S608  # our own constants


async def opened(
    connection: Connection, contact_id: str, wallet: str, lot_ids: Collection[str] = ()
) -> OpenWallet:
    """A contact's wallet with its open lots and holds, and those lots; an empty one where there is none."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": wallet}
    found = await connection.read(_WALLET, **own)
    if not found:
        return OpenWallet(Wallet(contact_id, id=wallet))
    row = found[0]
    lots = {one[0]: rows.lot_from(one) for one in await connection.read(_LOTS, **own)}
    if lot_ids:
        keys = [(lot_id,) for lot_id in sorted(lot_ids)]
        lots |= {one[0]: rows.lot_from(one) for one in await connection.read(_LOTS_NAMED, **own, keys=keys)}
    holds = tuple(rows.hold_from(one) for one in rows.json_rows(row[7]))
    known = Wallet(contact_id, row[0], row[1], row[2], row[3], row[4], row[5], row[6], wallet)
    return OpenWallet(known, tuple(lots.values()), holds)
