"""What a contact has from those that were joined to it: orders, entries that may be undone, a welcome.

Their rows stay on their own record; what their entries say of lots is told of those that these crossed into.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.contact import Order
from bot.core.deeds.on_record import InWallet, OnRecord
from bot.core.deeds.repeating import NEVER_TAKEN
from bot.core.enrolling import WELCOME
from bot.core.errors import RegularsError
from bot.core.ids import bucket_of, microseconds
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Entry
from bot.storage import orders
from bot.storage.driver import Asked, Connection, Statement
from bot.storage.entries import ENTRY_COLUMNS, entry_from
from bot.storage.families import Member, family
from bot.storage.orders import ORDER_COLUMNS, order_from

# Those on whose record something is whose it is not, by the directory.
_ELSEWHERE = Statement("""
    SELECT keys.contact, keys.reference, d.contact FROM @each(keys: contact text, reference text)
    CROSS JOIN directory d
    WHERE d.kind = 'order' AND d.value = keys.reference AND d.contact <> keys.contact
""")
_BECAME = Statement("SELECT c.merged_into FROM contact c WHERE c.bucket = :bucket AND c.id = :contact")
_LATEST = Statement(f"""
    SELECT {ORDER_COLUMNS} FROM shop_order o
    WHERE o.bucket = :bucket AND o.contact = :contact ORDER BY o.placed_at DESC LIMIT :most
""")  # noqa: S608  # our own constants
_HAS_ORDERED = Statement(f"""
    SELECT 1 FROM shop_order o
    WHERE o.bucket = :bucket AND o.contact = :contact
        AND o.status NOT IN ({", ".join(f"'{one}'" for one in sorted(NEVER_TAKEN))}) LIMIT 1
""")  # noqa: S608  # our own constants
_PAGE = Statement(f"""
    SELECT {ORDER_COLUMNS} FROM shop_order o
    WHERE o.bucket = :bucket AND o.contact = :contact
        AND (o.placed_at < :at OR (o.placed_at = :at AND o.id < :id))
    ORDER BY o.placed_at DESC, o.id DESC LIMIT :most
""")  # noqa: S608  # our own constants
ORDERS_A_PAGE = 20
"""How many orders a page shows."""
_NEWEST = 2**62
_IS_WELCOMED = Statement("""
    SELECT 1 FROM entry e WHERE e.bucket = :bucket AND e.contact = :contact AND e.key = :key
""")
_ENTRY = Statement(f"""
    SELECT {ENTRY_COLUMNS} FROM entry e
    WHERE e.bucket = :bucket AND e.contact = :contact AND (e.id = :id OR e.reverses = :id)
    ORDER BY e.number
""")  # noqa: S608  # our own constants
_Asked = tuple[str, str]


class StillJoining(RegularsError):
    """Whose it is has just become this contact, which has yet to take over what was left."""


async def on_record(connection: Connection, contact_id: str, reference: str) -> OnRecord:
    """All that is stored of an order, see `on_records`."""
    asked = (contact_id, reference)
    return (await on_records(connection, [asked]))[asked]


async def on_records(connection: Connection, asked: Sequence[_Asked]) -> dict[_Asked, OnRecord]:
    """All that is stored of orders, on the contact's own record or of whoever was joined to it.

    Raises:
        StillJoining: the contact has yet to take over what its owner left.
    """
    records = await orders.on_records(connection, asked)
    missing = [one for one, found in records.items() if found.order is None and found.checkout is None]
    if missing:
        for contact, reference, owner in await connection.read(_ELSEWHERE, keys=missing):
            theirs = await _of_another(connection, contact, reference, owner)
            if theirs is not None:
                records[contact, reference] = theirs
    return records


async def undoings(
    connection: Connection, asked: Sequence[_Asked], own: dict[_Asked, Undoing | None]
) -> None:
    """Add entries, by contact and id, that are none of the contact's `own`."""
    for contact, entry_id in asked:
        if own[contact, entry_id] is None:
            own[contact, entry_id] = await _undoing(connection, await family(connection, contact), entry_id)


async def order_by_id(connection: Connection, contact_id: str, order_id: str) -> Order | None:
    """The order with this id (ours, not the shop's); None if there is none."""
    own = await orders.order_by_id(connection, contact_id, order_id)
    if own is not None:
        return own
    for member in (await family(connection, contact_id))[1:]:
        found = await orders.order_by_id(connection, member.contact_id, order_id)
        if found is not None:
            return replace(found, contact_id=member.contact_id)
    return None


async def latest_orders(connection: Connection, contact_id: str, most: int) -> tuple[Order, ...]:
    """The latest orders, newest first."""
    members = await family(connection, contact_id)
    asked: list[Asked] = [
        (_LATEST, {"bucket": bucket_of(one.contact_id), "contact": one.contact_id, "most": most})
        for one in members
    ]
    found: list[Order] = []
    for member, read in zip(members, await connection.read_all(asked), strict=True):
        whose = "" if member.contact_id == contact_id else member.contact_id
        found += [replace(order_from(row), contact_id=whose) for row in read]
    found.sort(key=lambda order: order.placed_at, reverse=True)
    return tuple(found[:most])


async def has_ordered(connection: Connection, contact_id: str) -> bool:
    """Whether the contact, or anybody that was joined to it, has an order that was taken."""
    if await connection.read(_HAS_ORDERED, bucket=bucket_of(contact_id), contact=contact_id):
        return True
    others = [one.contact_id for one in (await family(connection, contact_id))[1:]]
    asked: list[Asked] = [(_HAS_ORDERED, {"bucket": bucket_of(one), "contact": one}) for one in others]
    return any(await connection.read_all(asked))


def page_after(place: tuple[datetime, str] | None) -> str:
    """Return what the page behind an order (when it was placed, its id) is called; None: the first page."""
    return f"{microseconds(place[0])},{place[1]}" if place is not None else f"{_NEWEST},"


async def orders_page(connection: Connection, contact_id: str, after: str) -> tuple[Order, ...]:
    """A page of orders (see `page_after`), newest first, and one more where there is another page."""
    at, _, order_id = after.partition(",")
    found: list[Order] = []
    for member in await family(connection, contact_id):
        of_one = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        whose = "" if member.contact_id == contact_id else member.contact_id
        read = await connection.read(_PAGE, **of_one, at=int(at), id=order_id, most=ORDERS_A_PAGE + 1)
        found += [replace(order_from(row), contact_id=whose) for row in read]
    found.sort(key=lambda order: (order.placed_at, order.id), reverse=True)
    return tuple(found[: ORDERS_A_PAGE + 1])


async def is_welcomed(connection: Connection, contact_id: str) -> bool:
    """Whether the contact was given welcome credit, or anybody that was joined to it."""
    asked: list[Asked] = [
        (_IS_WELCOMED, {"bucket": bucket_of(one.contact_id), "contact": one.contact_id, "key": WELCOME})
        for one in await family(connection, contact_id)
    ]
    return any(await connection.read_all(asked))


async def _of_another(connection: Connection, contact_id: str, reference: str, owner: str) -> OnRecord | None:
    """What is on the record of a contact that was joined to this one; None where it was not."""
    members = await family(connection, contact_id)
    member = next((one for one in members if one.contact_id == owner), None)
    if member is None:
        became = await connection.read(_BECAME, bucket=bucket_of(owner), contact=owner)
        if became and became[0][0] == contact_id:
            raise StillJoining(reference)
        return None
    theirs = await orders.on_record(connection, owner, reference)
    granted = {one: await _here(connection, found, members) for one, found in theirs.granted.items()}
    return replace(
        theirs,
        order=replace(theirs.order, contact_id=owner) if theirs.order is not None else None,
        paid=tuple([await _here(connection, one, members) for one in theirs.paid]),
        granted=granted,
        earned=tuple(
            replace(one, lot_id=member.lot(one.lot_id) if one.lot_id else "") for one in theirs.earned
        ),
    )


async def _here(connection: Connection, theirs: InWallet, members: Sequence[Member]) -> InWallet:
    """Return an entry as it is undone in the survivor's wallet, with all that undid some of it."""
    undoing = await _undoing(connection, members, theirs.undoing.entry.id)
    assert undoing is not None, "it was just read"
    return replace(theirs, undoing=undoing)


async def _undoing(connection: Connection, members: Sequence[Member], entry_id: str) -> Undoing | None:
    entry, earlier = None, list[Entry]()
    for member in members:
        own = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        for row in await connection.read(_ENTRY, **own, id=entry_id):
            found = member.entry(entry_from(member.contact_id, row))
            if found.id == entry_id:
                entry = found
            else:
                earlier.append(found)
    return Undoing(entry, tuple(earlier)) if entry is not None else None
