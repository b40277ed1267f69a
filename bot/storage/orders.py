"""Orders in our book, as rows and as the core knows them, with all that is on record of one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Any

import orjson

from bot.core.contact import Order, OrderLine
from bot.core.deeds.on_record import InWallet, OnRecord, Parked
from bot.core.ids import bucket_of, derived_id, instant, microseconds
from bot.core.ledger.books import Undoing
from bot.core.ledger.earned import EarnRecord
from bot.core.ledger.entries import Entry, Reason
from bot.core.loyalty.returns import Return
from bot.storage import offers, tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.entries import ENTRY_COLUMNS, entry_from
from bot.storage.rows import RowValues, json_rows, loaded, stored, to_json

ORDER = "order"
"""The directory's kind of orders: by the shop's own id, and by ours where it has none."""

ORDER_COLUMNS = """
    o.contact, o.id, o.source, o.status, o.placed_at, o.total_minor, o.credit_minor, o.reference, o.currency,
    o.cash_minor, o.discount_minor, o.shipping_minor, o.tax_minor, o.refunded_minor, o.returned_credit_minor,
    o.changed_at, o.facts,
    (SELECT @rows(n.line, n.sku, n.name, n.quantity, n.unit_minor, n.category, n.discount_minor,
                  n.credit_minor, n.earns, n.returned_quantity, n.returned_minor) FROM order_line n
     WHERE n.bucket = o.bucket AND n.contact = o.contact AND n.shop_order = o.id)
"""
"""What `order_from` reads of `shop_order o`."""

_BY_ID = Statement(f"""
    SELECT {ORDER_COLUMNS} FROM shop_order o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.id = :id
""")  # noqa: S608  # our own constants
# What follows is read for a whole batch. CROSS JOIN keeps SQLite from reading all that a contact ever had.
_BY_IDS = Statement(f"""
    SELECT {ORDER_COLUMNS} FROM @each(keys: bucket integer, contact text, id text)
    CROSS JOIN shop_order o
    WHERE o.bucket = keys.bucket AND o.contact = keys.contact AND o.id = keys.id
""")  # noqa: S608  # our own constants
_BY_REFERENCES = Statement(f"""
    SELECT {ORDER_COLUMNS} FROM @each(keys: bucket integer, contact text, reference text)
    CROSS JOIN shop_order o
    WHERE o.bucket = keys.bucket AND o.contact = keys.contact AND o.reference = keys.reference
""")  # noqa: S608  # our own constants
_ENTRIES = Statement(f"""
    SELECT e.contact, keys.source, e.wallet, {ENTRY_COLUMNS}
    FROM @each(keys: bucket integer, contact text, source text, since text, until text)
    CROSS JOIN entry e
    WHERE e.bucket = keys.bucket AND e.contact = keys.contact AND e.key >= keys.since AND e.key < keys.until
    ORDER BY e.wallet, e.number
""")  # noqa: S608  # our own constants
_UNDID = Statement(f"""
    SELECT e.contact, {ENTRY_COLUMNS}
    FROM @each(keys: bucket integer, contact text, id text)
    CROSS JOIN entry e
    WHERE e.bucket = keys.bucket AND e.contact = keys.contact AND e.reverses = keys.id
        AND e.reverses IS NOT NULL
    ORDER BY e.number
""")  # noqa: S608  # our own constants
_EARNED = Statement("""
    SELECT e.contact, e.source, e.rule, e.wallet, e.entry, e.lot, e.desired_minor, e.granted_minor, e.by_line,
        e.because, e.policy, e.at
    FROM @each(keys: bucket integer, contact text, source text)
    CROSS JOIN earned e
    WHERE e.bucket = keys.bucket AND e.contact = keys.contact AND e.source = keys.source
    ORDER BY e.rule
""")
_PARKED = Statement("""
    SELECT p.reference, p.body, p.at, p.applied_at FROM @each(keys: reference text)
    CROSS JOIN parked_refund p
    WHERE p.reference = keys.reference AND p.applied_at IS NULL
""")
_LOCK_PARKED = Statement("""
    SELECT p.reference, p.body, p.at, p.applied_at FROM parked_refund p
    WHERE p.reference = :reference @lock(p)
""")
_ALL_PARKED = Statement("""
    SELECT p.reference, p.body, p.at, p.applied_at FROM parked_refund p
    WHERE p.applied_at IS NULL ORDER BY p.at, p.reference LIMIT :most
""")
_OWNER = Statement("SELECT d.contact FROM directory d WHERE d.kind = 'order' AND d.value = :reference")
_LOCK_OWNER = Statement("""
    SELECT d.contact FROM directory d WHERE d.kind = 'order' AND d.value = :reference @lock(d)
""")
_MERGED_INTO = Statement("SELECT c.merged_into FROM contact c WHERE c.bucket = :bucket AND c.id = :contact")
_IS_SETTLED = Statement("""
    SELECT 1 FROM directory d WHERE d.kind = 'order' AND d.value = :reference AND (
        EXISTS (SELECT 1 FROM shop_order o WHERE o.bucket = d.bucket AND o.contact = d.contact
            AND (o.reference = :reference OR o.id = :reference))
        OR EXISTS (SELECT 1 FROM checkout k WHERE k.bucket = d.bucket AND k.contact = d.contact
            AND k.reference = :reference)
        OR EXISTS (SELECT 1 FROM contact c WHERE c.bucket = d.bucket AND c.id = d.contact
            AND c.merged_into IS NOT NULL))
""")
_MOVE = Statement("""
    UPDATE directory SET bucket = :bucket, contact = :contact
    WHERE kind = 'order' AND value = :reference AND contact = :before
""")
_Asked = tuple[str, str]
"""A contact, and what an order of theirs is called."""
_CROSSED_ENDED = Statement("""
    SELECT COALESCE(SUM(CASE WHEN d.target = 'breakage' THEN d.amount_minor ELSE -d.amount_minor END), 0)
    FROM draw d
    JOIN entry e ON e.bucket = d.bucket AND e.contact = d.contact AND e.wallet = d.wallet
        AND e.number = d.number AND e.reason = 'join'
    WHERE d.bucket = :bucket AND d.contact = :contact AND d.lot = :lot
        AND (d.target = 'breakage' OR d.source = 'breakage')
""")
_TABLES = tables.Row.metadata.tables
_NEW_OWNER = Rows(_TABLES["directory"], Present.KEEP, returning="kind, value")
_NEW_PARKED = Rows(_TABLES["parked_refund"], Present.KEEP)
_PARK = Rows(_TABLES["parked_refund"], Present.REPLACE)


def order_from(row: Sequence[Any]) -> Order:
    """Read the values of `ORDER_COLUMNS`."""
    lines = sorted(json_rows(row[17]), key=itemgetter(0))
    return Order(
        id=row[1],
        source=row[2],
        status=row[3],
        placed_at=instant(row[4]),
        total_minor=row[5],
        credit_minor=row[6],
        reference=row[7],
        currency=row[8],
        cash_minor=row[9],
        discount_minor=row[10],
        shipping_minor=row[11],
        tax_minor=row[12],
        refunded_minor=row[13],
        returned_credit_minor=row[14],
        changed_at=loaded(row[15]),
        facts=orjson.loads(row[16]),
        lines=tuple(_line(line[1:]) for line in lines if line[3] > 0),  # others are no more
    )


async def order_by_id(connection: Connection, contact_id: str, order_id: str) -> Order | None:
    """The contact's order with this id (ours, not the shop's); None if there is none."""
    found = await connection.read(_BY_ID, bucket=bucket_of(contact_id), contact=contact_id, id=order_id)
    return order_from(found[0]) if found else None


async def order_called(connection: Connection, contact_id: str, reference: str) -> Order | None:
    """The contact's order by the shop's own id of it or ours; None if there is none."""
    asked = (contact_id, reference)
    return (await _orders_called(connection, [asked])).get(asked)


async def _orders_called(connection: Connection, asked: Sequence[_Asked]) -> dict[_Asked, Order]:
    own = {one: (derived_id(f"order/{one[1]}", bucket_of(one[0])), one[1]) for one in asked}
    keys = [(bucket_of(contact), contact, name) for (contact, _), names in own.items() for name in names]
    by_id = {(row[0], row[1]): order_from(row) for row in await connection.read(_BY_IDS, keys=keys)}
    found = {
        one: by_id[one[0], name]
        for one, names in own.items()
        for name in reversed(names)
        if (one[0], name) in by_id
    }
    left = [(bucket_of(contact), contact, name) for contact, name in asked if (contact, name) not in found]
    if left:
        for row in await connection.read(_BY_REFERENCES, keys=left):
            order = order_from(row)
            found.setdefault((row[0], order.reference), order)
    return found


async def on_record(connection: Connection, contact_id: str, reference: str) -> OnRecord:
    """All that is stored of the contact's order, by the shop's own id of it or ours."""
    asked = (contact_id, reference)
    return (await on_records(connection, [asked]))[asked]


async def on_records(connection: Connection, asked: Sequence[_Asked]) -> dict[_Asked, OnRecord]:
    """All that is stored of orders, by contact and the shop's own id of it or ours, read together."""
    orders = await _orders_called(connection, asked)
    ids = {
        one: orders[one].id if one in orders else derived_id(f"order/{one[1]}", bucket_of(one[0]))
        for one in asked
    }
    places = list(dict.fromkeys((contact, ids[contact, name]) for contact, name in asked))
    checkouts = await offers.at_checkouts(connection, places)
    references = [(name,) for name in sorted({name for _, name in asked})]
    parked_ones = {row[0]: parked_from(row) for row in await connection.read(_PARKED, keys=references)}
    records = {
        one: OnRecord(
            orders.get(one),
            checkout=checkouts[one[0], ids[one]].of_order,
            parked=parked_ones.get(one[1]),
        )
        for one in asked
    }
    known = {
        (contact, ids[contact, name]): record
        for (contact, name), record in records.items()
        if record.order is not None or record.checkout is not None
    }
    if not known:
        return records
    whole = await _with_entries(connection, known)
    return {one: whole.get((one[0], ids[one]), record) for one, record in records.items()}


async def lapsed(connection: Connection, contact_id: str, lot_id: str) -> int:
    """How much of a lot ended unused and was not given back since."""
    crossed = await connection.read(
        _CROSSED_ENDED, bucket=bucket_of(contact_id), contact=contact_id, lot=lot_id
    )
    asked = {(contact_id, ""): [f"auto/expire/{lot_id}/"]}
    ended = [entry for _, entry in (await _entries(connection, asked))[contact_id, ""]]
    undone = await _undid(connection, ended)
    return (
        int(crossed[0][0])
        + sum(entry.total_minor for entry in ended)
        - sum(entry.total_minor for entries in undone.values() for entry in entries)
    )


# What was told of an order before the order itself


async def parked(connection: Connection, reference: str) -> Parked | None:
    """What was told of an order's return before the order; None where nothing waits."""
    found = await connection.read(_PARKED, keys=[(reference,)])
    return parked_from(found[0]) if found else None


async def all_parked(connection: Connection, most: int = 100) -> tuple[Parked, ...]:
    """What waits for its order, longest first."""
    return tuple(parked_from(row) for row in await connection.read(_ALL_PARKED, most=most))


async def park(connection: Connection, told: Parked, now: datetime) -> Parked:
    """Keep what was told of an order that is not known, with what was told before; returns both together."""
    await connection.write(_NEW_PARKED, [parked_row("", Parked(told.reference, at=now))])
    found = await connection.read(_LOCK_PARKED, reference=told.reference)
    before = parked_from(found[0])
    both = replace(
        before,
        told=before.told | told.told,
        status=before.status or told.status,
        applied_at=None,
    )
    await connection.write(_PARK, [parked_row("", both)])
    return both


def parked_row(_contact_id: str, told: Parked) -> RowValues:
    """Values of `parked_refund`."""
    assert told.at is not None, "it was told some time"
    body = {**told.told.to_json(), "status": told.status}
    return (told.reference, to_json(body), microseconds(told.at), stored(told.applied_at))


# Whose an order is


async def owner(connection: Connection, reference: str) -> str | None:
    """The contact whose order it is, by the shop's own id of it or ours; None where nobody told us."""
    found = await connection.read(_OWNER, reference=reference)
    return str(found[0][0]) if found else None


async def owner_for_good(connection: Connection, _contact_id: str, reference: str) -> str | None:
    """Whose an order is, and whose it stays until this transaction is over; None where nobody told us."""
    found = await connection.read(_LOCK_OWNER, reference=reference)
    whose: str | None = None
    while found and found[0][0] is not None:
        whose = str(found[0][0])
        found = await connection.read(_MERGED_INTO, bucket=bucket_of(whose), contact=whose)
    return whose


async def claim(connection: Connection, reference: str, contact_id: str) -> str:
    """Make an order a contact's; returns whose it is, somebody else's where something of it is theirs.

    Of two that claim it at one moment, the one whose turn reads `owner_for_good` first has it.
    """
    await connection.claim(_NEW_OWNER, [(ORDER, reference, bucket_of(contact_id), contact_id)])
    # Lock, then look: a turn that is about to put it on record decides whether it can still be moved.
    ((found,),) = await connection.read(_LOCK_OWNER, reference=reference)
    if found == contact_id or await is_settled(connection, reference):
        return str(found)
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    await connection.run(_MOVE, [{**own, "reference": reference, "before": found}])
    return contact_id


async def is_settled(connection: Connection, reference: str) -> bool:
    """Whether whose an order is can change no more: an order or a checkout of it is on their record.

    What was refused leaves no such record, only the claim that was made before its turn.
    """
    return bool(await connection.read(_IS_SETTLED, reference=reference))


async def undoings_keyed(connection: Connection, asked: Sequence[_Asked]) -> dict[_Asked, Undoing | None]:
    """Entries by the contact and the key of what caused them, with those that undid some of it.

    By key there is an index; by id all of a contact's entries are looked at.
    """
    found = await _entries(connection, {one: [one[1]] for one in asked})
    entries = {
        one: next((entry for _, entry in each if entry.key == one[1]), None) for one, each in found.items()
    }
    undone = await _undid(connection, [entry for entry in entries.values() if entry is not None])
    return {
        one: None if entry is None else Undoing(entry, tuple(undone.get(entry.id, ())))
        for one, entry in entries.items()
    }


async def _with_entries(connection: Connection, records: Mapping[_Asked, OnRecord]) -> dict[_Asked, OnRecord]:
    """Add what paid orders, what they earned, and what of either was undone; by contact and our id."""
    keys = [(bucket_of(contact), contact, f"order/{order_id}") for contact, order_id in records]
    earned: dict[_Asked, list[EarnRecord]] = {}
    for row in await connection.read(_EARNED, keys=keys):
        order_id = str(row[1]).removeprefix("order/")
        earned.setdefault((row[0], order_id), []).append(_earned_from(row[1:]))
    beginnings = {}
    for (contact, order_id), record in records.items():
        begin = [f"order/{order_id}", f"earn/order/{order_id}/", f"earn/{order_id}"]
        if record.checkout is not None and record.checkout.hold_id:
            begin.append(f"close/{record.checkout.hold_id}")
        beginnings[contact, order_id] = begin
    found = await _entries(connection, beginnings)
    undone = await _undid(connection, [entry for entries in found.values() for _, entry in entries])
    return {
        place: _filled(place[1], record, found[place], earned.get(place, ()), undone)
        for place, record in records.items()
    }


def _filled(
    order_id: str,
    record: OnRecord,
    found: Sequence[tuple[str, Entry]],
    earned: Sequence[EarnRecord],
    undone: Mapping[str, Sequence[Entry]],
) -> OnRecord:
    undoings = [InWallet(wallet, Undoing(entry, tuple(undone.get(entry.id, ())))) for wallet, entry in found]
    spending = {Reason.REDEEM, Reason.CAPTURE}
    granted = {one.undoing.entry.id: one for one in undoings if one.undoing.is_grant}
    return replace(
        record,
        paid=tuple(one for one in undoings if one.undoing.entry.reason in spending),
        earned=tuple(earned) or tuple(_earned_before_records(order_id, one) for one in granted.values()),
        granted=granted,
    )


async def _entries(
    connection: Connection, beginnings: Mapping[_Asked, Sequence[str]]
) -> dict[_Asked, list[tuple[str, Entry]]]:
    """Entries, with their wallets, whose keys are one of these or go on from it; by contact and what for."""
    keys = [
        (bucket_of(contact), contact, source, one, f"{one.removesuffix('/')}0")  # "0" follows "/"
        for (contact, source), begin in beginnings.items()
        for one in begin
    ]
    found: dict[_Asked, list[tuple[str, Entry]]] = {place: [] for place in beginnings}
    for row in await connection.read(_ENTRIES, keys=keys):
        found[row[0], row[1]].append((row[2], entry_from(row[0], row[3:])))
    return found


async def _undid(connection: Connection, entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """The entries that undid some of these, by the id of what they undid."""
    undone: dict[str, list[Entry]] = {}
    if entries:
        keys = [(bucket_of(entry.contact_id), entry.contact_id, entry.id) for entry in entries]
        for row in await connection.read(_UNDID, keys=keys):
            entry = entry_from(row[0], row[1:])
            undone.setdefault(entry.reverses or "", []).append(entry)
    return undone


def _earned_from(row: Sequence[Any]) -> EarnRecord:
    return EarnRecord(
        source=row[0],
        rule=row[1],
        wallet=row[2],
        entry_id=row[3],
        lot_id=row[4],
        desired_minor=row[5],
        granted_minor=row[6],
        by_line_minor=tuple(orjson.loads(row[7])),
        because=tuple(orjson.loads(row[8])),
        policy=row[9],
        at=instant(row[10]),
    )


def _earned_before_records(order_id: str, granted: InWallet) -> EarnRecord:
    """What an order earned when nobody kept yet by which rule: by one, on all it cost."""
    entry = granted.undoing.entry
    amount, lot_id = entry.total_minor, entry.draws[0].of_lot
    return EarnRecord(
        source=f"order/{order_id}",
        rule="base",
        wallet=granted.wallet,
        entry_id=entry.id,
        lot_id=lot_id,
        desired_minor=amount,
        granted_minor=amount,
        by_line_minor=(),
        because=(),
        policy=entry.rule,
        at=entry.effective_at,
    )


def parked_from(row: Sequence[Any]) -> Parked:
    """Read a row of `parked_refund`."""
    body: Mapping[str, Any] = orjson.loads(row[1])
    return Parked(row[0], Return.from_json(body), body["status"], instant(row[2]), loaded(row[3]))


def _line(row: Sequence[Any]) -> OrderLine:
    sku, name, quantity, unit, category, discount, credit, earns, returned, returned_minor = row
    return OrderLine(
        sku, name, quantity, unit, category, discount, credit, bool(earns), returned, returned_minor
    )
