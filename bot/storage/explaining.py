"""A wallet's history, page by page, with what explains it; of whoever was joined to the contact, too.

A page costs what it holds, however long the history behind it is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.core.ids import bucket_of
from bot.core.ledger.entries import Account, Entry
from bot.core.ledger.explained import (
    LINES_TEXTED,
    Explanation,
    Granted,
    Known,
    Page,
    Place,
    Sums,
    change_of,
    explain_page,
)
from bot.core.ledger.wallet import MAIN_WALLET
from bot.storage import history, rows
from bot.storage.driver import Asked, Connection, Record, Statement
from bot.storage.entries import ENTRY_COLUMNS, entry_from
from bot.storage.families import family
from bot.storage.rows import LOT_COLUMNS

PAGE = 20
_NEWEST = 2**62

_SUMS = Statement("""
    SELECT w.available_minor, w.pending_minor, w.held_minor, w.debt_minor
    FROM wallet w WHERE w.bucket = :bucket AND w.contact = :contact AND w.id = :wallet
""")
_COUNT = Statement("""
    SELECT w.entry_count FROM wallet w WHERE w.bucket = :bucket AND w.contact = :contact AND w.id = :wallet
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
_IS_JOINED = Statement("""
    SELECT 1 FROM joined j WHERE j.bucket = :bucket AND j.contact = :contact AND j.undone_at IS NULL LIMIT 1
""")
_CROSSINGS = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM @each(keys: key text)
    CROSS JOIN entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet AND e.key = keys.key
""")  # noqa: S608  # our own constants
# A subquery for each name, here and below: a join may read all that a wallet ever had to find the few.
_LOTS = Statement(f"""
    SELECT (SELECT @rows({LOT_COLUMNS}) FROM lot l
        WHERE l.bucket = :bucket AND l.contact = :contact AND l.wallet = :wallet AND l.id = keys.id)
    FROM @each(keys: id text)
""")  # noqa: S608  # our own constants
_HOLDS = Statement("""
    SELECT (SELECT @rows(h.id, h.order_id) FROM hold h
        WHERE h.bucket = :bucket AND h.contact = :contact AND h.wallet = :wallet AND h.id = keys.id)
    FROM @each(keys: id text)
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
# What is undone was done not long before, as a rule: looked for backwards, it is found after a few rows.
_UNDONE = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.wallet = :wallet AND e.number < :number
        AND e.id = :id
    ORDER BY e.number DESC LIMIT 1
""")  # noqa: S608  # our own constants


@dataclass(frozen=True, slots=True)
class _Books:
    """Entries of one contact's wallet, newest first, and its sums after the newest of them."""

    entries: list[Entry]
    after: Sums


class _Shown(NamedTuple):
    """Entries of all who are one contact, newest first, the sums after them, where what is older begins."""

    contacts: Sequence[str]
    entries: Sequence[Entry]
    after: Sums
    older: Place


async def page(
    connection: Connection, contact_id: str, wallet: str = MAIN_WALLET, place: Place = (), most: int = PAGE
) -> Page:
    """Some entries of a wallet, from a place in its history back; by default the newest there are.

    Those of whoever was joined to the contact are among them, each when it happened. The entries by which
    credit crossed are not: together they moved nothing.
    """
    contacts, shown, after, older = await _shown(connection, contact_id, wallet, place, most)
    return Page(tuple(reversed(shown)), after, await _known(connection, contacts, wallet, shown), older)


async def texted_page(connection: Connection, contact_id: str, asked: str = "") -> Page:
    """A page of one text message: its wallet and its number, as in `EUR 2`; the newest of the main one."""
    wallet, _, number = (asked or f"{MAIN_WALLET} 1").rpartition(" ")
    before = (int(number) - 1) * LINES_TEXTED
    place = await _place_after(connection, contact_id, wallet, before) if before else ()
    if place is None:
        return Page((), Sums(), Known())
    return await page(connection, contact_id, wallet, place, LINES_TEXTED)


async def explanation(  # which page, of what, as of when
    connection: Connection,
    contact_id: str,
    now: datetime,
    wallet: str = MAIN_WALLET,
    place: Place = (),
    most: int = PAGE,
) -> Explanation:
    """Explain a page of a wallet's entries; the newest one with what is due and not booked yet."""
    found = await page(connection, contact_id, wallet, place, most)
    books = None if place else await history.opened(connection, contact_id, wallet)
    return explain_page(found, books, now)


async def _place_after(connection: Connection, contact_id: str, wallet: str, newer: int) -> Place | None:
    """Where what is older than the `newer` newest entries begins; None where there is nothing.

    A wallet's numbers have no gaps. Only of whoever was joined is what is newer read, to know whose it is.
    """
    members = [one.contact_id for one in await family(connection, contact_id)]
    asked: list[Asked] = [
        (_COUNT, {"bucket": bucket_of(one), "contact": one, "wallet": wallet}) for one in members
    ]
    count = sum(int(row[0]) for found in await connection.read_all(asked) for row in found)
    if count <= newer:
        return None
    if len(members) == 1:
        return (count - newer,)
    return (await _shown(connection, contact_id, wallet, (), newer)).older or None


async def _shown(connection: Connection, contact_id: str, wallet: str, place: Place, most: int) -> _Shown:
    """The entries of a page, without what explains them."""
    asked = _ask(contact_id, wallet, place[0] if place else _NEWEST, most + 1)
    *found, joined = await connection.read_all([*asked, (_IS_JOINED, _contact(asked[0][1]))])
    books, contacts = [_books(contact_id, found)], [contact_id]
    if joined:
        members = await family(connection, contact_id)
        contacts = [one.contact_id for one in members]
        crossings = [f"{one.crossings[0][0]}/{wallet}" for one in members[1:]]
        newest = [*place, *[_NEWEST] * len(contacts)]
        books = [
            await _without(connection, _ask(one, wallet, since, most + 1 + len(crossings)), crossings)
            for one, since in zip(contacts, newest, strict=False)
        ]
    shown, older = _latest([one.entries for one in books], most)
    return _Shown(contacts, shown, sum((one.after for one in books), Sums()), older)


def _ask(contact_id: str, wallet: str, newest: int, most: int) -> list[Asked]:
    own = {"bucket": bucket_of(contact_id), "contact": contact_id, "wallet": wallet}
    return [
        (_PAGE, {**own, "newest": newest, "most": most}),
        (_SUMS, own),
        (_SINCE, {**own, "newest": newest}),
    ]


def _books(contact_id: str, found: Sequence[Sequence[Record]]) -> _Books:
    entries, sums, since = found
    now = Sums(*sums[0]) if sums else Sums()
    return _Books([entry_from(contact_id, row) for row in entries], now - _moved(since))


async def _without(connection: Connection, asked: Sequence[Asked], crossings: Sequence[str]) -> _Books:
    """Read one contact's books as if these entries had never been."""
    own, newest = asked[1][1], asked[0][1]["newest"]
    assert isinstance(newest, int), "we asked for it"
    contact_id = str(own["contact"])
    keys: Asked = (_CROSSINGS, {**own, "keys": [(key,) for key in crossings]})
    *found, crossed = await connection.read_all([*asked, keys])
    books, after = _books(contact_id, found), Sums()
    after = books.after
    for entry in (entry_from(contact_id, row) for row in crossed):
        after -= change_of(entry) if entry.number <= newest else Sums()
    return _Books([entry for entry in books.entries if entry.key not in crossings], after)


def _latest(books: Sequence[list[Entry]], most: int) -> tuple[list[Entry], Place]:
    """Take the latest entries, newest first, each wallet's in its order; and where what is left begins."""
    shown: list[Entry] = []
    while len(shown) < most and any(books):
        latest = max(filter(None, books), key=lambda entries: entries[0].effective_at)
        shown.append(latest.pop(0))
    older = tuple(entries[0].number if entries else 0 for entries in books)
    return shown, older if any(older) else ()


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


# What explains entries


async def _known(
    connection: Connection, contacts: Sequence[str], wallet: str, entries: Sequence[Entry]
) -> Known:
    undone = await _undone(connection, contacts, wallet, entries)
    told = (*entries, *undone.values())
    order_ids = {entry.source_id for entry in told if entry.source_type == "order"}
    named = []
    for contact in contacts:
        own: dict[str, object] = {"bucket": bucket_of(contact), "contact": contact, "wallet": wallet}
        theirs = [entry for entry in told if entry.contact_id == contact]
        draws = [draw for entry in theirs for draw in entry.draws]
        lot_ids = {one for draw in draws for one in (draw.lot_id, draw.child_lot_id) if one}
        holds = {entry.source_id for entry in theirs if entry.source_type == "hold"}
        sources = {f"{one.source_type}/{one.source_id}" for one in theirs if one.source_type}
        whose = _contact(own)
        named += [(_LOTS, own, lot_ids), (_HOLDS, own, holds), (_ORDERS, whose, order_ids)]
        named += [(_GRANTED, whose, sources)]
    found = await _named(connection, named)
    lots = {row[0]: rows.lot_from(row) for row in _flat(found[0::4])}
    order_of = {row[0]: row[1] for row in _flat(found[1::4])}
    orders = {row[0]: row[1] for row in _flat(found[2::4])}
    others = {lot.source_id for lot in lots.values() if lot.source_type == "order"} | {*order_of.values()}
    whose_orders = [{"bucket": bucket_of(contact), "contact": contact} for contact in contacts]
    others_found = await _named(connection, [(_ORDERS, whose, others - order_ids) for whose in whose_orders])
    orders |= {row[0]: row[1] for row in _flat(others_found)}
    granted: dict[str, tuple[Granted, ...]] = {}
    for entry_id, rule, desired, minor in sorted(_flat(found[3::4]), key=lambda row: str(row[1])):
        granted[entry_id] = (*granted.get(entry_id, ()), Granted(rule, desired, minor))
    return Known(
        lots=lots,
        orders=orders | {hold: orders.get(order, order) for hold, order in order_of.items()},
        undone=undone,
        granted=granted,
    )


async def _undone(
    connection: Connection, contacts: Sequence[str], wallet: str, entries: Sequence[Entry]
) -> dict[str, Entry]:
    """The entries that some undo: what a contact has bought may be returned once it is another one's."""
    whose, asked = [], list[Asked]()
    for entry in entries:
        for contact in contacts:
            if entry.reverses is None or bucket_of(contact) != bucket_of(entry.reverses):
                continue
            own = {"bucket": bucket_of(contact), "contact": contact, "wallet": wallet}
            number = entry.number if contact == entry.contact_id else _NEWEST
            whose.append(contact)
            asked.append((_UNDONE, {**own, "number": number, "id": entry.reverses}))
    read = await connection.read_all(asked)
    found = zip(whose, read, strict=True)
    return {row[0]: entry_from(contact, row) for contact, records in found for row in records}


async def _named(
    connection: Connection, asked: Iterable[tuple[Statement, Mapping[str, object], Collection[str]]]
) -> list[Sequence[Record]]:
    """What each statement finds of its names."""
    asked = list(asked)
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


def _flat(found: Iterable[Sequence[Record]]) -> list[Record]:
    return [row for records in found for row in records]


def _contact(own: Mapping[str, object]) -> dict[str, object]:
    return {name: own[name] for name in ("bucket", "contact")}
