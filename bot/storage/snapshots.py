"""What a batch loads of its contacts: one snapshot of each, and what some turns want beyond it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from bot.core.contact import Address, Contact, SubscriptionState
from bot.core.counting import Take
from bot.core.ids import bucket_of, instant
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import Wallet
from bot.core.turn import OpenWallet, Snapshot
from bot.storage import caps, counters, past, rows, tables, wallets
from bot.storage.driver import Connection, Statement
from bot.storage.inherited import latest_orders
from bot.storage.rows import ADDRESS_COLUMNS, LOT_COLUMNS, WALLET, Unread

_LOTS_MAX = 8
"""How many open lots a snapshot carries; a turn that needs more asks for them."""
_ORDERS_MAX = 20

_SNAPSHOT = Statement(f"""
    SELECT keys.id,
        (SELECT @rows({ADDRESS_COLUMNS})
         FROM address a WHERE a.bucket = keys.bucket AND a.contact = keys.id),
        (SELECT @rows(s.subscription_group, s.state, s.confirm_by, s.waiting_flow)
         FROM subscription s WHERE s.bucket = keys.bucket AND s.contact = keys.id),
        (SELECT @rows(r.id, r.flow, r.revision, r.status, r.version, r.state, r.started_at, r.failure)
         FROM run r WHERE r.bucket = keys.bucket AND r.contact = keys.id AND r.status = 'waiting'),
        w.pending_minor, w.available_minor, w.held_minor, w.debt_minor, w.entry_count, w.last_hash, w.version,
        (SELECT @rows({LOT_COLUMNS})
         FROM (SELECT * FROM lot l WHERE l.bucket = keys.bucket AND l.contact = keys.id
               AND l.wallet = '{WALLET}' AND {tables.LOT_OPEN}
               ORDER BY l.priority, l.expires_at, l.active_from, l.id LIMIT {_LOTS_MAX + 1}) l),
        (SELECT @rows(h.id, h.order_id, h.state, h.expires_at, h.parts)
         FROM hold h @indexed(ix_hold_open)
         WHERE h.bucket = keys.bucket AND h.contact = keys.id AND h.wallet = '{WALLET}'
         AND h.state = 'open')
    FROM @each(keys: bucket integer, id text)
    LEFT JOIN wallet w ON w.bucket = keys.bucket AND w.contact = keys.id AND w.id = '{WALLET}'
""")  # noqa: S608  # our own constants
_LOTS = Statement(f"""
    SELECT l.contact, {LOT_COLUMNS}
    FROM @each(keys: bucket integer, contact text)
    JOIN lot l @indexed(ix_lot_open)
        ON l.bucket = keys.bucket AND l.contact = keys.contact AND l.wallet = '{WALLET}'
    WHERE {tables.LOT_OPEN}
""")  # noqa: S608  # our own constants
_LOTS_NAMED = Statement(f"""
    SELECT l.contact, {LOT_COLUMNS}
    FROM @each(keys: bucket integer, contact text, id text)
    JOIN lot l ON l.bucket = keys.bucket AND l.contact = keys.contact AND l.wallet = '{WALLET}'
        AND l.id = keys.id
""")  # noqa: S608  # our own constants
_CONSENT_OF = Statement(f"""
    SELECT
        (SELECT @rows({ADDRESS_COLUMNS})
         FROM address a WHERE a.bucket = :bucket AND a.contact = :contact),
        (SELECT @rows(s.subscription_group, s.state)
         FROM subscription s WHERE s.bucket = :bucket AND s.contact = :contact)
""")  # noqa: S608  # our own constants
_NOTICES = Statement("""
    SELECT n.contact, n.lot, n.days, n.at
    FROM @each(keys: bucket integer, contact text)
    JOIN notice n ON n.bucket = keys.bucket AND n.contact = keys.contact
""")
_ENTERED = Statement("""
    SELECT r.flow, MAX(r.started_at) FROM run r
    WHERE r.bucket = :bucket AND r.contact = :contact GROUP BY r.flow
""")


@dataclass(slots=True)
class Wanted:
    """What a turn asked for beyond the snapshot."""

    lots: bool = False
    lot_ids: set[str] = field(default_factory=set)
    orders: bool = False
    notices: bool = False
    entered: bool = False
    counts: bool = False
    past: set[str] = field(default_factory=set)
    """Names in `past.READ`."""
    named: set[tuple[str, str]] = field(default_factory=set)
    """Names in `past.READ_ONE`, each with its argument."""
    wallets: dict[str, set[str]] = field(default_factory=dict)
    """Wallets beside the main one, with lots that are wanted even if they are not open."""
    takes: set[Take] = field(default_factory=set)

    def want(self, name: str) -> None:
        """Note what a turn asked for by name; KeyError where nothing is known by it."""
        known, _, argument = name.partition("/")
        if name in {"orders", "notices", "entered", "counts"}:
            setattr(self, name, True)
        elif known == "wallet":
            self.wallets.setdefault(argument, set())
        elif argument:
            self.named.add((known, argument))
            past.READ_ONE[known]
        else:
            self.past.add(name)
            past.READ[name]


async def load_snapshots(
    connection: Connection, contacts: Mapping[str, Contact], wanted: Mapping[str, Wanted] | None = None
) -> dict[str, Snapshot]:
    """Snapshots of contacts, with what some of them want beyond it."""
    keys = [(contact.bucket, contact.id) for contact in contacts.values()]
    found = await connection.read(_SNAPSHOT, keys=keys) if keys else ()
    snapshots = {row[0]: _snapshot(contacts[row[0]], row) for row in found}
    await add_wanted(connection, snapshots, wanted or {})
    return snapshots


async def add_wanted(
    connection: Connection,
    snapshots: dict[str, Snapshot],
    wanted: Mapping[str, Wanted],
    *,
    counts_since: date | None = None,
) -> None:
    """Add to snapshots of locked contacts what some of them want beyond it; `counts` are since that day.

    What was added before, in this transaction, is not read again.
    """
    if not wanted:
        return
    await _load_lots(connection, snapshots, wanted)
    await _load_more(connection, snapshots, wanted)
    if counts_since is not None:
        await _load_counts(connection, snapshots, wanted, counts_since)


async def load_consent(
    connection: Connection, contact: Contact
) -> tuple[tuple[Address, ...], dict[str, SubscriptionState]]:
    """Addresses and subscriptions alone: enough to say STOP when nothing else can be read."""
    ((addresses, subscriptions),) = await connection.read(
        _CONSENT_OF, bucket=contact.bucket, contact=contact.id
    )
    return (
        tuple(rows.address_from(one) for one in rows.json_rows(addresses)),
        rows.subscriptions_from(rows.json_rows(subscriptions)),
    )


def _snapshot(contact: Contact, row: Sequence[Any]) -> Snapshot:
    subscriptions, lots = rows.json_rows(row[2]), rows.json_rows(row[11])
    wallet = (
        Wallet(contact.id)
        if row[4] is None
        else Wallet(contact.id, row[4], row[5], row[6], row[7], row[8], row[9], row[10])
    )
    return Snapshot(
        contact=contact,
        addresses=tuple(rows.address_from(one) for one in rows.json_rows(row[1])),
        subscriptions=rows.subscriptions_from(subscriptions),
        pending=rows.pending_from(subscriptions),
        runs=tuple(rows.run_from(one) for one in rows.json_rows(row[3])),
        wallet=wallet,
        lots=Unread(lots[:_LOTS_MAX], rows.lot_from),
        holds=Unread(rows.json_rows(row[12]), rows.hold_from),
        lots_complete=len(lots) <= _LOTS_MAX,
    )


async def _load_lots(
    connection: Connection, snapshots: dict[str, Snapshot], wanted: Mapping[str, Wanted]
) -> None:
    found: dict[str, dict[str, Lot]] = {
        contact: {} for contact, want in wanted.items() if want.lots or want.lot_ids
    }
    if not found:
        return
    loaded = {contact: {lot.id: lot for lot in snapshots[contact].lots} for contact in found}
    all_of = [
        (bucket_of(contact), contact)
        for contact in found
        if wanted[contact].lots and not snapshots[contact].lots_complete
    ]
    named = [
        (bucket_of(contact), contact, lot_id)
        for contact in found
        for lot_id in wanted[contact].lot_ids - loaded[contact].keys()
    ]
    for statement, keys in ((_LOTS, all_of), (_LOTS_NAMED, named)):
        if keys:
            for row in await connection.read(statement, keys=keys):
                found[row[0]][row[1]] = rows.lot_from(row[1:])
    for contact, lots in found.items():
        complete = snapshots[contact].lots_complete or wanted[contact].lots
        snapshots[contact] = replace(
            snapshots[contact], lots=tuple((loaded[contact] | lots).values()), lots_complete=complete
        )


async def _load_more(
    connection: Connection, snapshots: dict[str, Snapshot], wanted: Mapping[str, Wanted]
) -> None:
    more = {contact: dict(snapshots[contact].more) for contact in wanted}
    await _load_notices(connection, more, wanted)
    await _read_together(connection, more, wanted)
    for contact, want in wanted.items():
        known, own = more[contact], {"bucket": bucket_of(contact), "contact": contact}
        if want.orders and "orders" not in known:
            known["orders"] = await latest_orders(connection, contact, _ORDERS_MAX)
        if want.entered and "entered" not in known:
            found = await connection.read(_ENTERED, **own)
            known["entered"] = {flow: instant(started_at) for flow, started_at in found}
        for name in want.past - known.keys():
            known[name] = await past.READ[name](connection, contact)
        for name, argument in want.named:
            if f"{name}/{argument}" not in known:
                known[f"{name}/{argument}"] = await past.READ_ONE[name](connection, contact, argument)
        for wallet, lot_ids in want.wallets.items():
            opened = known.get(f"wallet/{wallet}")
            if not isinstance(opened, OpenWallet) or lot_ids - {lot.id for lot in opened.lots}:
                known[f"wallet/{wallet}"] = await wallets.opened(connection, contact, wallet, lot_ids)
        taken = dict(snapshots[contact].taken)
        if want.takes - taken.keys():
            taken |= await counters.take(connection, want.takes - taken.keys())
        snapshots[contact] = replace(snapshots[contact], more=known, taken=taken)


async def _load_notices(
    connection: Connection, more: Mapping[str, dict[str, object]], wanted: Mapping[str, Wanted]
) -> None:
    given: dict[str, dict[tuple[str, int], datetime]] = {
        contact: {} for contact, want in wanted.items() if want.notices and "notices" not in more[contact]
    }
    if not given:
        return
    keys = [(bucket_of(contact), contact) for contact in given]
    for contact, lot, days, at in await connection.read(_NOTICES, keys=keys):
        given[contact][lot, days] = instant(at)
    for contact, notices in given.items():
        more[contact]["notices"] = notices


async def _read_together(
    connection: Connection, more: Mapping[str, dict[str, object]], wanted: Mapping[str, Wanted]
) -> None:
    """Read what one statement gives for the whole batch."""
    for name, read in past.READ_TOGETHER.items():
        asked = [
            (contact, argument)
            for contact, want in wanted.items()
            for known, argument in want.named
            if known == name and f"{name}/{argument}" not in more[contact]
        ]
        if asked:
            for (contact, argument), found in (await read(connection, asked)).items():
                more[contact][f"{name}/{argument}"] = found


async def _load_counts(
    connection: Connection, snapshots: dict[str, Snapshot], wanted: Mapping[str, Wanted], since: date
) -> None:
    counted = await caps.counts(connection, [one for one, want in wanted.items() if want.counts], since)
    for contact, found in counted.items():
        snapshot = snapshots[contact]
        snapshots[contact] = replace(snapshot, more={**snapshot.more, "counts": found})
