"""A wallet's history: pages of entries with what explains them, and the wallet as it was at any time.

A page costs what it holds, however long the history behind it is.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.core.ids import bucket_of, microseconds
from bot.core.ledger.books import Books, Undoing
from bot.core.ledger.entries import Account, Entry, Extension
from bot.core.ledger.explained import (
    LINES_TEXTED,
    Explanation,
    Granted,
    Known,
    Page,
    Sums,
    explain_page,
    sums_of,
)
from bot.core.ledger.replay import Standing, as_of
from bot.core.ledger.wallet import MAIN_WALLET, Balance, Wallet
from bot.storage import rows, wallets
from bot.storage.driver import Asked, Connection, Record, Statement
from bot.storage.entries import ENTRY_COLUMNS, entry_from
from bot.storage.rows import LOT_COLUMNS

PAGE = 20
_NEWEST = 2**62
_ENDED_MAX = 50

_WALLET = Statement("""
    SELECT w.pending_minor, w.available_minor, w.held_minor, w.debt_minor, w.entry_count, w.last_hash,
        w.version
    FROM wallet w WHERE w.bucket = :bucket AND w.contact = :contact AND w.id = :wallet
""")
_WALLETS = Statement("""
    SELECT w.id FROM wallet w WHERE w.bucket = :bucket AND w.contact = :contact ORDER BY w.id
""")
_PAGE = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet AND e.number <= :newest
    ORDER BY e.number DESC LIMIT :most
""")  # noqa: S608  # our own constants
_SINCE = Statement("""
    SELECT d.source, d.target, CAST(SUM(d.amount_minor) AS bigint) FROM draw d
    WHERE d.bucket = :bucket AND d.contact = :contact AND d.wallet = :wallet AND d.number > :newest
    GROUP BY d.source, d.target
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
# A subquery for each name, here and below: a join may read all that a wallet ever had to find the few.
_LOTS = Statement(f"""
    SELECT (SELECT @rows({LOT_COLUMNS}) FROM lot l
        WHERE l.bucket = :bucket AND l.contact = :contact AND l.wallet = :wallet AND l.id = keys.id)
    FROM @each(keys: id text)
""")  # noqa: S608  # our own constants
_ALL_LOTS = Statement(f"""
    SELECT {LOT_COLUMNS} FROM lot l
    WHERE l.bucket = :bucket AND l.contact = :contact AND l.wallet = :wallet ORDER BY l.id
""")  # noqa: S608  # our own constants
_HOLDS = Statement("""
    SELECT (SELECT @rows(h.id, h.order_id) FROM hold h
        WHERE h.bucket = :bucket AND h.contact = :contact AND h.wallet = :wallet AND h.id = keys.id)
    FROM @each(keys: id text)
""")
_ALL_HOLDS = Statement("""
    SELECT h.id, h.order_id, h.state, h.expires_at, h.parts FROM hold h
    WHERE h.bucket = :bucket AND h.contact = :contact AND h.wallet = :wallet ORDER BY h.id
""")
_ORDERS = Statement("""
    SELECT (SELECT @rows(o.id, o.reference) FROM shop_order o
        WHERE o.bucket = :bucket AND o.contact = :contact AND o.id = keys.id AND o.reference <> '')
    FROM @each(keys: id text)
""")
_GRANTED = Statement("""
    SELECT (SELECT @rows(r.entry, r.rule, r.desired_minor, r.granted_minor) FROM earned r
        WHERE r.bucket = :bucket AND r.contact = :contact AND r.source = keys.source)
    FROM @each(keys: source text)
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
# What is undone was done not long before, as a rule: looked for backwards, it is found after a few rows.
_UNDONE = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet AND e.number < :number
        AND e.id = :id
    ORDER BY e.number DESC LIMIT 1
""")  # noqa: S608  # our own constants


async def page(
    connection: Connection, contact_id: str, wallet: str = MAIN_WALLET, newest: int = 0, most: int = PAGE
) -> Page:
    """Some of a wallet's entries, the newest of them that number; 0: the newest there is."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": wallet}
    asked: list[Asked] = [(_PAGE, {**own, "newest": newest or _NEWEST, "most": most}), (_WALLET, own)]
    if newest:
        asked.append((_SINCE, {**own, "newest": newest}))
    found, wallets_found, *since = await connection.read_all(asked)
    entries = tuple(entry_from(contact_id, row) for row in reversed(found))
    after = sums_of(_wallet_from(contact_id, wallet, wallets_found))
    if newest:
        after -= _moved(since[0])
    return Page(entries, after, await _known(connection, contact_id, own, entries))


async def texted_page(connection: Connection, contact_id: str, newest: str = "") -> Page:
    """The page of one text message, of the main wallet."""
    return await page(connection, contact_id, newest=int(newest or 0), most=LINES_TEXTED)


async def explanation(  # which page, of what, as of when
    connection: Connection,
    contact_id: str,
    now: datetime,
    wallet: str = MAIN_WALLET,
    newest: int = 0,
    most: int = PAGE,
) -> Explanation:
    """Explain a page of a wallet's entries; the newest one with what is due and not booked yet."""
    found = await page(connection, contact_id, wallet, newest, most)
    books = None if newest else await opened(connection, contact_id, wallet)
    return explain_page(found, books, now)


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


def _moved(since: Sequence[Record]) -> Sums:
    """By how much entries changed the sums, by what they moved from where to where."""
    net: dict[Account, int] = {}
    for source, target, minor in since:
        net[Account(source)] = net.get(Account(source), 0) - minor
        net[Account(target)] = net.get(Account(target), 0) + minor
    return Sums(
        net.get(Account.AVAILABLE, 0),
        net.get(Account.PENDING, 0),
        net.get(Account.HELD, 0),
        -net.get(Account.DEBT, 0),
    )


async def _known(
    connection: Connection, contact_id: str, own: Mapping[str, object], entries: Sequence[Entry]
) -> Known:
    asked: list[Asked] = [
        (_UNDONE, {**own, "number": entry.number, "id": entry.reverses})
        for entry in entries
        if entry.reverses is not None
    ]
    undone = {
        row[0]: entry_from(contact_id, row) for found in await connection.read_all(asked) for row in found
    }
    told = (*entries, *undone.values())
    draws = [draw for entry in told for draw in entry.draws]
    lot_ids = {one for draw in draws for one in (draw.lot_id, draw.child_lot_id) if one}
    holds = {entry.source_id for entry in told if entry.source_type == "hold"}
    order_ids = {entry.source_id for entry in told if entry.source_type == "order"}
    sources = {f"{entry.source_type}/{entry.source_id}" for entry in entries if entry.source_type}
    whose = _contact(own)
    lots_found, holds_found, orders_found, earned = await _named(
        connection,
        (_LOTS, own, lot_ids),
        (_HOLDS, own, holds),
        (_ORDERS, whose, order_ids),
        (_GRANTED, whose, sources),
    )
    lots = {row[0]: rows.lot_from(row) for row in lots_found}
    order_of = {row[0]: row[1] for row in holds_found}
    orders = {row[0]: row[1] for row in orders_found}
    others = {lot.source_id for lot in lots.values() if lot.source_type == "order"} | {*order_of.values()}
    (others_found,) = await _named(connection, (_ORDERS, whose, others - order_ids))
    orders |= {row[0]: row[1] for row in others_found}
    granted: dict[str, tuple[Granted, ...]] = {}
    for entry_id, rule, desired, minor in sorted(earned, key=lambda row: str(row[1])):
        granted[entry_id] = (*granted.get(entry_id, ()), Granted(rule, desired, minor))
    return Known(
        lots=lots,
        orders=orders | {hold: orders.get(order, order) for hold, order in order_of.items()},
        undone=undone,
        granted=granted,
    )


async def _named(
    connection: Connection, *asked: tuple[Statement, Mapping[str, object], Collection[str]]
) -> list[Sequence[Record]]:
    """What each statement finds of its names."""
    many = [
        (statement, {**own, "keys": [(name,) for name in sorted(names)]})
        for statement, own, names in asked
        if names
    ]
    found = iter(await connection.read_all(many))
    return [
        [row for (of_one,) in next(found) for row in rows.json_rows(of_one)] if names else ()
        for _, _, names in asked
    ]


def _contact(own: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in own.items() if name != "wallet"}
