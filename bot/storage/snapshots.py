"""What a batch loads of its contacts: one snapshot of each, and what some turns want beyond it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from bot.core.contact import Address, Contact, SubscriptionState
from bot.core.counting import Take
from bot.core.ids import bucket_of, instant
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import Wallet
from bot.core.turn import CREDIT, OpenWallet, Snapshot
from bot.storage import caps, counters, past, rows, tables, wallets
from bot.storage.driver import Connection, Statement
from bot.storage.inherited import latest_orders
from bot.storage.rows import ADDRESS_COLUMNS, CONTACT_COLUMNS, LOT_COLUMNS, WALLET, Unread
from bot.storage.together import Ask, Reader, together

More = dict[str, dict[str, object]]
"""What is known of contacts beyond their snapshots, by contact and name."""

_Read = Callable[[Connection], Awaitable[object]]
_LOTS_MAX = 8
"""How many open lots a snapshot carries; a turn that needs more asks for them."""
_ORDERS_MAX = 20
_NOTHING: Mapping[str, object] = MappingProxyType({})
_NO_CREDIT: tuple[Sequence[Any], rows.JsonRows, rows.JsonRows] = ((None,), (), ())

# Of `own`, the keys of contacts or the contacts themselves.
_ALWAYS = f"""
    own.id,
        (SELECT @rows({ADDRESS_COLUMNS})
         FROM address a WHERE a.bucket = own.bucket AND a.contact = own.id),
        (SELECT @rows(s.subscription_group, s.state, s.confirm_by, s.waiting_flow)
         FROM subscription s WHERE s.bucket = own.bucket AND s.contact = own.id),
        (SELECT @rows(r.id, r.flow, r.revision, r.status, r.version, r.state, r.started_at, r.failure,
                r.goals_until)
         FROM run r WHERE r.bucket = own.bucket AND r.contact = own.id AND r.status = 'waiting')
"""  # noqa: S608  # our own constants
_CREDIT = f"""
        w.pending_minor, w.available_minor, w.held_minor, w.debt_minor, w.entry_count, w.last_hash, w.version,
        (SELECT @rows({LOT_COLUMNS})
         FROM (SELECT * FROM lot l WHERE l.bucket = own.bucket AND l.contact = own.id
               AND l.wallet = '{WALLET}' AND {tables.LOT_OPEN}
               ORDER BY l.priority, l.expires_at, l.active_from, l.id LIMIT {_LOTS_MAX + 1}) l),
        (SELECT @rows(h.id, h.order_id, h.state, h.expires_at, h.parts)
         FROM hold h @indexed(ix_hold_open)
         WHERE h.bucket = own.bucket AND h.contact = own.id AND h.wallet = '{WALLET}'
         AND h.state = 'open')
"""  # noqa: S608  # our own constants
_ITS_WALLET = f"LEFT JOIN wallet w ON w.bucket = own.bucket AND w.contact = own.id AND w.id = '{WALLET}'"
_SNAPSHOT = Statement(f"SELECT {_ALWAYS}, {_CREDIT} FROM @each(own: bucket integer, id text) {_ITS_WALLET}")  # noqa: S608  # our own constants
_LOOK = Statement(f"""
    SELECT {_ALWAYS}, {CONTACT_COLUMNS.format("own")} FROM contact own
    WHERE own.bucket = :bucket AND own.id = :id
""")  # noqa: S608  # our own constants
_LOOK_AT_CREDIT = Statement(f"""
    SELECT {_ALWAYS}, {_CREDIT}, {CONTACT_COLUMNS.format("own")} FROM contact own {_ITS_WALLET}
    WHERE own.bucket = :bucket AND own.id = :id
""")  # noqa: S608  # our own constants
_CONTACT_WIDTH = CONTACT_COLUMNS.count(",") + 1
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

    credit: bool = False
    """For who looks: snapshots of turns have it anyway."""
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

    @property
    def asks_after(self) -> bool:
        """Whether some of it is read behind the snapshot: other lots, and what locks or claims."""
        names = {*self.past, *(name for name, _ in self.named)}
        return bool(self.lots or self.lot_ids or self.takes or not past.WRITING.isdisjoint(names))

    def want(self, name: str) -> None:
        """Note what a turn asked for by name; KeyError where nothing is known by it."""
        known, _, argument = name.partition("/")
        if name in {CREDIT, "orders", "notices", "entered", "counts"}:
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
    connection: Connection,
    contacts: Mapping[str, Contact],
    wanted: Mapping[str, Wanted] | None = None,
    *,
    counts_since: date | None = None,
    first: Ask | None = None,
) -> dict[str, Snapshot]:
    """Snapshots of contacts, with what some of them want beyond it; `counts` are since that day.

    `first` asks for what is read first, see `together`.
    """
    snapshots: dict[str, Snapshot] = {}
    wanted = wanted or {}
    more: More = {contact: {} for contact in contacts}

    async def load(connection: Connection) -> None:
        keys = [(contact.bucket, contact.id) for contact in contacts.values()]
        found = await connection.read(_SNAPSHOT, own=keys) if keys else ()
        snapshots.update((row[0], _snapshot(contacts[row[0]], row, more[row[0]])) for row in found)

    await together(connection, [load, *_readers(more, wanted, counts_since)], first)
    await add_wanted(connection, snapshots, {one: want for one, want in wanted.items() if want.asks_after})
    return snapshots


async def load_look(
    connection: Connection, contact_id: str, wanted: Wanted, known: Mapping[str, object] = _NOTHING
) -> Snapshot:
    """A snapshot for who only looks: of the contact as it is now, and of its credit where that is wanted.

    What is `known` of it beyond that is not read again.
    """
    more = dict(known)
    snapshots: list[Snapshot] = []
    statement = _LOOK_AT_CREDIT if wanted.credit else _LOOK

    async def load(connection: Connection) -> None:
        (row,) = await connection.read(statement, bucket=bucket_of(contact_id), id=contact_id)
        contact = rows.contact_from(row[-_CONTACT_WIDTH:])
        snapshots.append(_snapshot(contact, row, more, has_credit=wanted.credit))

    await together(connection, [load, *_readers({contact_id: more}, {contact_id: wanted}, None)])
    (snapshot,) = snapshots
    if not wanted.asks_after:
        return snapshot
    found = {contact_id: snapshot}
    await add_wanted(connection, found, {contact_id: wanted})
    return found[contact_id]


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
    more: More = {contact: dict(snapshots[contact].more) for contact in wanted}
    readers: list[Reader[None]] = [
        partial(_load_lots, snapshots=snapshots, wanted=wanted),
        *_readers(more, wanted, counts_since),
    ]
    await together(connection, readers)
    for contact, want in wanted.items():
        known = more[contact]
        for name in want.past & past.WRITING - known.keys():
            known[name] = await past.READ[name](connection, contact)
        for name, argument in want.named:
            if name in past.WRITING and f"{name}/{argument}" not in known:
                known[f"{name}/{argument}"] = await past.READ_ONE[name](connection, contact, argument)
        snapshot = snapshots[contact].knowing(known)
        if missing := want.takes - snapshot.taken.keys():
            taken = {**snapshot.taken, **await counters.take(connection, missing)}
            snapshot = replace(snapshot, taken=taken)
        snapshots[contact] = snapshot


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


def _snapshot(
    contact: Contact, row: Sequence[Any], more: Mapping[str, object], *, has_credit: bool = True
) -> Snapshot:
    subscriptions = rows.json_rows(row[2])
    wallet, lots, holds = _NO_CREDIT
    if has_credit:
        wallet, lots, holds = row[4:11], rows.json_rows(row[11]), rows.json_rows(row[12])
    return Snapshot(
        contact=contact,
        addresses=tuple(rows.address_from(one) for one in rows.json_rows(row[1])),
        subscriptions=rows.subscriptions_from(subscriptions),
        pending=rows.pending_from(subscriptions),
        runs=tuple(rows.run_from(one) for one in rows.json_rows(row[3])),
        wallet=Wallet(contact.id) if wallet[0] is None else Wallet(contact.id, *wallet),
        lots=Unread(lots[:_LOTS_MAX], rows.lot_from),
        holds=Unread(holds, rows.hold_from),
        lots_complete=len(lots) <= _LOTS_MAX,
        more=more,
        has_credit=has_credit,
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


def _readers(more: More, wanted: Mapping[str, Wanted], counts_since: date | None) -> list[Reader[None]]:
    """What reads the rest of what is wanted; each adds what it found to what is known `more`."""
    readers = [*_of_all(more, wanted, counts_since)]
    for contact, want in wanted.items():
        missing = _missing(more[contact], contact, want)
        readers += [_into(more[contact], name, read) for name, read in missing.items()]
    return readers


def _of_all(more: More, wanted: Mapping[str, Wanted], counts_since: date | None) -> Iterator[Reader[None]]:
    """What reads for the whole batch what one statement gives."""
    notices = [one for one, want in wanted.items() if want.notices and "notices" not in more[one]]
    if notices:
        yield partial(_load_notices, more=more, contacts=notices)
    counted = [one for one, want in wanted.items() if want.counts and "counts" not in more[one]]
    if counted and counts_since is not None:
        yield partial(_load_counts, more=more, contacts=counted, since=counts_since)
    asked: dict[str, list[tuple[str, str]]] = {}
    for contact, want in wanted.items():
        for name, argument in want.named:
            if name in past.READ_TOGETHER and f"{name}/{argument}" not in more[contact]:
                asked.setdefault(name, []).append((contact, argument))
    for name, each in asked.items():
        yield partial(_read_together, name=name, more=more, asked=each)


def _missing(known: Mapping[str, object], contact: str, want: Wanted) -> dict[str, _Read]:
    """How to read what a contact wants that is not known yet, by its name."""
    missing: dict[str, _Read] = {}
    if want.orders:
        missing["orders"] = lambda c: latest_orders(c, contact, _ORDERS_MAX)
    if want.entered:
        missing["entered"] = partial(_entered, contact=contact)
    for name in want.past - past.WRITING:
        missing[name] = lambda c, read=past.READ[name]: read(c, contact)  # type: ignore[misc]  # bound now
    for name, argument in want.named:
        if name not in past.WRITING and name not in past.READ_TOGETHER:
            missing[f"{name}/{argument}"] = lambda c, read=past.READ_ONE[name], of=argument: read(
                c, contact, of
            )  # type: ignore[misc]  # bound now
    missing = {name: read for name, read in missing.items() if name not in known}
    for wallet, lot_ids in want.wallets.items():
        opened = known.get(f"wallet/{wallet}")
        if not isinstance(opened, OpenWallet) or lot_ids - {lot.id for lot in opened.lots}:
            missing[f"wallet/{wallet}"] = partial(
                wallets.opened, contact_id=contact, wallet=wallet, lot_ids=lot_ids
            )
    return missing


def _into(known: dict[str, object], name: str, read: _Read) -> Reader[None]:
    async def reader(connection: Connection) -> None:
        known[name] = await read(connection)

    return reader


async def _entered(connection: Connection, contact: str) -> dict[str, datetime]:
    found = await connection.read(_ENTERED, bucket=bucket_of(contact), contact=contact)
    return {flow: instant(started_at) for flow, started_at in found}


async def _load_notices(connection: Connection, more: More, contacts: Sequence[str]) -> None:
    given: dict[str, dict[tuple[str, int], datetime]] = {contact: {} for contact in contacts}
    keys = [(bucket_of(contact), contact) for contact in contacts]
    for contact, lot, days, at in await connection.read(_NOTICES, keys=keys):
        given[contact][lot, days] = instant(at)
    for contact, notices in given.items():
        more[contact]["notices"] = notices


async def _load_counts(connection: Connection, more: More, contacts: Sequence[str], since: date) -> None:
    for contact, found in (await caps.counts(connection, contacts, since)).items():
        more[contact]["counts"] = found


async def _read_together(
    connection: Connection, name: str, more: More, asked: Sequence[tuple[str, str]]
) -> None:
    for (contact, argument), found in (await past.READ_TOGETHER[name](connection, asked)).items():
        more[contact][f"{name}/{argument}"] = found
