"""The statements of a turn: find, lock, claim, load what a batch needs, write what it decided.

Every statement here works on a whole batch: arrays in, rows out. Locks are taken in the order of
(bucket, contact) and before anything is read; batches that meet wait for each other and never in a
circle (design section 8.8).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from bot.core.contact import Address, Contact, JsonValue, Order, OrderLine, SubscriptionState
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.loyalty.notices import next_notice_at
from bot.core.loyalty.wallet import Wallet
from bot.core.messages import MessageClass
from bot.core.turn import Snapshot, Turn
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.rows import LOT_COLUMNS, WALLET, RowValues, Unread

_LOTS_MAX = 8
"""How many open lots a snapshot carries; a turn that needs more asks for them."""
_ORDERS_MAX = 20
_ANSWERED = frozenset({"sending", "unknown", "sent", "delivered", "undelivered"})

_FIND = Statement("""
    SELECT d.kind, d.value, d.contact
    FROM @each(keys: kind text, value text)
    JOIN directory d ON d.kind = keys.kind AND d.value = keys.value
""")
_SUPPRESSED = Statement("""
    SELECT s.channel, s.address_hash, s.at
    FROM @each(keys: channel text, address_hash text)
    JOIN suppression s ON s.channel = keys.channel AND s.address_hash = keys.address_hash
""")
_LOCK = Statement("""
    SELECT c.bucket, c.id, c.locale, c.zone, c.zone_is_known, c.first_name, c.birthday_on, c.enrolled_at,
           c.attributes, c.created_at, c.merged_into, c.consent_count, c.consent_hash
    FROM @each(keys: bucket integer, id text)
    JOIN contact c ON c.bucket = keys.bucket AND c.id = keys.id
    ORDER BY c.bucket, c.id
    @lock(c)
""")
_TAKE = Statement("""
    UPDATE "trigger" SET state = 'done', attempts = attempts + 1
    WHERE bucket = :bucket AND contact = :contact AND key = :key AND state IN ('new', 'dead')
    RETURNING key
""")
_SNAPSHOT = Statement(f"""
    SELECT keys.id,
        (SELECT @rows(a.channel, a.value, a.stopped_at, a.unusable_reason)
         FROM address a WHERE a.bucket = keys.bucket AND a.contact = keys.id),
        (SELECT @rows(s.subscription_group, s.state)
         FROM subscription s WHERE s.bucket = keys.bucket AND s.contact = keys.id),
        (SELECT @rows(r.id, r.flow, r.revision, r.status, r.version, r.state, r.started_at, r.failure)
         FROM run r WHERE r.bucket = keys.bucket AND r.contact = keys.id AND r.status = 'waiting'),
        w.pending_minor, w.available_minor, w.held_minor, w.debt_minor, w.entry_count, w.last_hash, w.version,
        (SELECT @rows({LOT_COLUMNS})
         FROM (SELECT * FROM lot l WHERE l.bucket = keys.bucket AND l.contact = keys.id
               AND l.wallet = '{WALLET}' AND {tables.LOT_OPEN}
               ORDER BY l.priority, l.expires_at, l.active_from, l.id LIMIT {_LOTS_MAX + 1}) l),
        (SELECT @rows(h.id, h.order_id, h.state, h.expires_at, h.parts)
         FROM hold h WHERE h.bucket = keys.bucket AND h.contact = keys.id AND h.wallet = '{WALLET}'
         AND h.state = 'open')
    FROM @each(keys: bucket integer, id text)
    LEFT JOIN wallet w ON w.bucket = keys.bucket AND w.contact = keys.id AND w.id = '{WALLET}'
""")  # noqa: S608  # our own constants
_LOTS = Statement(f"""
    SELECT l.contact, {LOT_COLUMNS}
    FROM @each(keys: bucket integer, contact text)
    JOIN lot l ON l.bucket = keys.bucket AND l.contact = keys.contact AND l.wallet = '{WALLET}'
    WHERE {tables.LOT_OPEN}
""")  # noqa: S608  # our own constants
_LOTS_NAMED = Statement(f"""
    SELECT l.contact, {LOT_COLUMNS}
    FROM @each(keys: bucket integer, contact text, id text)
    JOIN lot l ON l.bucket = keys.bucket AND l.contact = keys.contact AND l.wallet = '{WALLET}'
        AND l.id = keys.id
""")  # noqa: S608  # our own constants
_ORDERS = Statement(f"""
    SELECT o.contact, o.id, o.source, o.status, o.placed_at, o.total_minor, o.credit_minor,
        (SELECT @rows(n.line, n.sku, n.name, n.quantity, n.unit_minor) FROM order_line n
         WHERE n.bucket = o.bucket AND n.contact = o.contact AND n.shop_order = o.id)
    FROM shop_order o
    WHERE o.bucket = :bucket AND o.contact = :contact
    ORDER BY o.placed_at DESC LIMIT {_ORDERS_MAX}
""")  # noqa: S608  # our own constants
_ANSWERS = Statement("""
    SELECT o.id, o.body, o.media, o.state, o.provider_id, o.message_class, o.attempts
    FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.trigger_key = :trigger_key
    ORDER BY o.id
""")
_CONSENT_OF = Statement("""
    SELECT
        (SELECT @rows(a.channel, a.value, a.stopped_at, a.unusable_reason)
         FROM address a WHERE a.bucket = :bucket AND a.contact = :contact),
        (SELECT @rows(s.subscription_group, s.state)
         FROM subscription s WHERE s.bucket = :bucket AND s.contact = :contact)
""")
_LOOK_AGAIN = Statement(f"""
    UPDATE lot SET notice_at = keys.notice_at
    FROM @each(keys: bucket integer, contact text, id text, notice_at bigint)
    WHERE lot.bucket = keys.bucket AND lot.contact = keys.contact AND lot.wallet = '{WALLET}'
        AND lot.id = keys.id
""")  # noqa: S608  # our own constants
_NOTICES = Statement("""
    SELECT n.contact, n.lot, n.days
    FROM @each(keys: bucket integer, contact text)
    JOIN notice n ON n.bucket = keys.bucket AND n.contact = keys.contact
""")
_ENTERED = Statement("""
    SELECT r.flow, MAX(r.started_at) FROM run r
    WHERE r.bucket = :bucket AND r.contact = :contact GROUP BY r.flow
""")
_FAIL_AGAIN = Statement("""
    UPDATE "trigger" SET attempts = attempts + 1, failure = :failure, due_at = :due_at,
        state = CASE WHEN attempts + 1 >= :tries THEN 'dead' ELSE 'new' END
    WHERE bucket = :bucket AND contact = :contact AND key = :key AND state IN ('new', 'dead')
    RETURNING state
""")
_FAIL_RUN = Statement("""
    UPDATE run SET status = 'failed', failure = :failure, version = version + 1, changed_at = :now
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND status = 'waiting'
""")
_SENT = Statement("""
    UPDATE outbox SET state = 'sent', state_at = :now, lease_until = NULL
    WHERE bucket = :bucket AND contact = :contact AND id = :id
        AND state IN ('sending', 'unknown') AND attempts = 0
""")
# Only under the lease it was answered with: a retry of the webhook that came since has taken it over.
_UNSENT = Statement("""
    UPDATE outbox SET state = 'queued', state_at = :now, lease_until = NULL
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND state = 'sending' AND lease_until = :lease
""")
# Nobody took the answer that the provider asks for again, so it is not unknown any more.
_ANSWER_AGAIN = Statement("""
    UPDATE outbox SET state = 'sending', lease_until = :lease
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND state IN ('sending', 'unknown')
""")

_TABLES = tables.Row.metadata.tables


def _rows(
    table: str, present: Present = Present.FAIL, *, returning: str = "", once: Collection[str] = ()
) -> Rows:
    return Rows(_TABLES[table], present, returning=returning, once=once)


_DIRECTORY = _rows("directory", Present.KEEP, returning="kind, value")
_NEW_CONTACT = _rows("contact")
_CONTACT = _rows("contact", Present.REPLACE)
_ADDRESS = _rows("address", Present.REPLACE, once=("created_at",))
_SUBSCRIPTION = _rows("subscription", Present.REPLACE)
_CONSENT = _rows("consent")
_TRIGGER = _rows("trigger", Present.KEEP, returning="bucket, contact, key")
_RUN = _rows("run", Present.REPLACE)
_OUTBOX = _rows("outbox")
_EVENT = _rows("event")
_ORDER = _rows("shop_order")
_ORDER_LINE = _rows("order_line")
_CALL = _rows("call", Present.KEEP)
_WALLET = _rows("wallet", Present.REPLACE)
_LOT = _rows("lot", Present.REPLACE, once=("notice_at",))
_NOTICE = _rows("notice", Present.KEEP)
_STEP_COUNT = _rows("step_count", Present.ADD)
_ENTRY = _rows("entry")
_DRAW = _rows("draw")
_HOLD = _rows("hold", Present.REPLACE)


# Find, lock, claim


async def find(connection: Connection, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Contact ids by (kind, value) of the directory; what is unknown is missing."""
    found = await connection.read(_FIND, keys=list(names))
    return {(kind, value): contact for kind, value, contact in found}


async def suppressed(
    connection: Connection, hashes: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], datetime]:
    """When the owners of these (channel, keyed hash of an address) said stop before they were erased."""
    found = await connection.read(_SUPPRESSED, keys=list(hashes))
    return {(channel, address_hash): instant(at) for channel, address_hash, at in found}


async def create(
    connection: Connection, newcomers: Sequence[tuple[Contact, Address]], now: datetime
) -> list[bool]:
    """Create contacts with their first address; False where another process was first.

    All processes claim addresses in the same order: two that met the same strangers in another one would
    wait for each other, and a deadlock takes the server a second to see.
    """
    in_order = sorted(newcomers, key=lambda one: (one[1].channel, one[1].value))
    won = await connection.claim(
        _DIRECTORY,
        [(address.channel, address.value, contact.bucket, contact.id) for contact, address in in_order],
    )
    winners = [newcomer for newcomer, is_new in zip(in_order, won, strict=True) if is_new]
    if winners:
        await connection.write(_NEW_CONTACT, [rows.contact_row(contact) for contact, _ in winners])
        await connection.write(_ADDRESS, [rows.address_row(*winner, now) for winner in winners])
    ids = {contact.id for contact, _ in winners}
    return [contact.id in ids for contact, _ in newcomers]


async def lock(connection: Connection, contact_ids: Collection[str]) -> dict[str, Contact]:
    """Lock contacts until the transaction ends, then read them."""
    keys = sorted((bucket_of(contact_id), contact_id) for contact_id in contact_ids)
    found = await connection.read(_LOCK, keys=keys)
    return {row[1]: rows.contact_from(row) for row in found}


async def claim(connection: Connection, triggers: Sequence[RowValues]) -> list[bool]:
    """Record triggers as done; False where one with its key was there."""
    return await connection.claim(_TRIGGER, triggers)


async def take(connection: Connection, contact_id: str, key: str) -> bool:
    """Mark a stored trigger as done; False where that has happened before."""
    parameters = {"bucket": bucket_of(contact_id), "contact": contact_id, "key": key}
    return bool(await connection.read(_TAKE, **parameters))


# Load


async def load(
    connection: Connection, contacts: Mapping[str, Contact], wanted: Mapping[str, "Wanted"]
) -> dict[str, Snapshot]:
    """Snapshots of locked contacts, with what some of them want beyond it."""
    keys = [(contact.bucket, contact.id) for contact in contacts.values()]
    found = await connection.read(_SNAPSHOT, keys=keys)
    snapshots = {row[0]: _snapshot(contacts[row[0]], row) for row in found}
    if wanted:
        await _load_lots(connection, snapshots, wanted)
        await _load_more(connection, snapshots, wanted)
    return snapshots


@dataclass(slots=True)
class Wanted:
    """What a turn asked for beyond the snapshot."""

    lots: bool = False
    lot_ids: set[str] = field(default_factory=set)
    orders: bool = False
    notices: bool = False
    entered: bool = False


def _snapshot(contact: Contact, row: Sequence[Any]) -> Snapshot:
    lots = rows.json_rows(row[11])
    wallet = (
        Wallet(contact.id)
        if row[4] is None
        else Wallet(contact.id, row[4], row[5], row[6], row[7], row[8], row[9], row[10])
    )
    return Snapshot(
        contact=contact,
        addresses=tuple(rows.address_from(one) for one in rows.json_rows(row[1])),
        subscriptions=rows.subscriptions_from(rows.json_rows(row[2])),
        runs=tuple(rows.run_from(one) for one in rows.json_rows(row[3])),
        wallet=wallet,
        lots=Unread(lots[:_LOTS_MAX], rows.lot_from),
        holds=Unread(rows.json_rows(row[12]), rows.hold_from),
        lots_complete=len(lots) <= _LOTS_MAX,
    )


async def _load_lots(
    connection: Connection, snapshots: dict[str, Snapshot], wanted: Mapping[str, Wanted]
) -> None:
    all_of = [(bucket_of(contact), contact) for contact, want in wanted.items() if want.lots]
    named = [
        (bucket_of(contact), contact, lot_id) for contact, want in wanted.items() for lot_id in want.lot_ids
    ]
    found: dict[str, dict[str, Any]] = {}
    for statement, keys in ((_LOTS, all_of), (_LOTS_NAMED, named)):
        if keys:
            for row in await connection.read(statement, keys=keys):
                found.setdefault(row[0], {})[row[1]] = rows.lot_from(row[1:])
    for contact, want in wanted.items():
        if not (want.lots or want.lot_ids):
            continue
        snapshot = snapshots[contact]
        lots = {lot.id: lot for lot in snapshot.lots} | found.get(contact, {})
        complete = snapshot.lots_complete or want.lots
        snapshots[contact] = replace(snapshot, lots=tuple(lots.values()), lots_complete=complete)


async def _load_more(
    connection: Connection, snapshots: dict[str, Snapshot], wanted: Mapping[str, Wanted]
) -> None:
    given: dict[str, list[tuple[str, int]]] = {
        contact: [] for contact, want in wanted.items() if want.notices
    }
    if given:
        keys = [(bucket_of(contact), contact) for contact in given]
        for contact, lot, days in await connection.read(_NOTICES, keys=keys):
            given[contact].append((lot, days))
    for contact, want in wanted.items():
        more = dict(snapshots[contact].more)
        if want.orders:
            found = await connection.read(_ORDERS, bucket=bucket_of(contact), contact=contact)
            more["orders"] = tuple(_order(row) for row in found)
        if want.notices:
            more["notices"] = frozenset(given[contact])
        if want.entered:
            found = await connection.read(_ENTERED, bucket=bucket_of(contact), contact=contact)
            more["entered"] = {flow: instant(started_at) for flow, started_at in found}
        snapshots[contact] = replace(snapshots[contact], more=more)


def _order(row: Sequence[Any]) -> Order:
    lines = sorted(rows.json_rows(row[7]), key=itemgetter(0))
    return Order(
        id=row[1],
        source=row[2],
        status=row[3],
        placed_at=instant(row[4]),
        total_minor=row[5],
        credit_minor=row[6],
        lines=tuple(OrderLine(sku, name, quantity, unit) for _, sku, name, quantity, unit in lines),
    )


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


async def look_again(connection: Connection, contact_id: str, lots: JsonValue, at: datetime) -> None:
    """Say when to look next whether notices of these lots are due."""
    assert isinstance(lots, list), "lots are listed"
    writes = Writes()
    bucket = bucket_of(contact_id)
    writes.looked_at += [(bucket, contact_id, str(lot), microseconds(at)) for lot in lots]
    await writes.flush(connection)


async def fail_again(  # what is written of a failure
    connection: Connection, contact_id: str, key: str, failure: str, due_at: datetime, tries: int
) -> str | None:
    """Put a stored trigger back for a later try, or, after `tries`, among the dead; returns which."""
    parameters = {
        "bucket": bucket_of(contact_id),
        "contact": contact_id,
        "key": key,
        "failure": failure,
        "due_at": microseconds(due_at),
        "tries": tries,
    }
    found = await connection.read(_FAIL_AGAIN, **parameters)
    return str(found[0][0]) if found else None


async def fail_run(connection: Connection, contact_id: str, run_id: str, failure: str, now: datetime) -> None:
    """Close a run whose timer cannot be handled, so that it is not struck again and again."""
    parameters = {
        "bucket": bucket_of(contact_id),
        "contact": contact_id,
        "id": run_id,
        "failure": failure,
        "now": microseconds(now),
    }
    await connection.run(_FAIL_RUN, [parameters])


@dataclass(frozen=True, slots=True)
class Answer:
    """A message that was given as the answer to a trigger."""

    id: str
    body: str
    media: tuple[str, ...]
    was_inline: bool
    """Whether it went back in the answer to the webhook, and no other way since."""
    is_required: bool


async def answers(connection: Connection, contact_id: str, trigger_key: str) -> list[Answer]:
    """What was answered to a trigger, in order."""
    found = await connection.read(
        _ANSWERS, bucket=bucket_of(contact_id), contact=contact_id, trigger_key=trigger_key
    )
    return [
        Answer(
            id=row[0],
            body=row[1],
            media=tuple(row[2].split()),
            was_inline=row[3] in _ANSWERED and row[4] is None and row[6] == 0,
            is_required=row[5] == MessageClass.REQUIRED,
        )
        for row in found
    ]


# Write


@dataclass(slots=True)
class Writes:
    """Everything a batch of turns wrote, by table; written in a fixed order: contacts, then credit."""

    by_table: dict[Rows, list[RowValues]] = field(default_factory=dict)
    looked_at: list[tuple[int, str, str, int | None]] = field(default_factory=list)
    """Lots (bucket, contact, id) and when to look next whether a notice is due."""

    def add(self, table: Rows, *values: RowValues) -> None:
        """Add rows of one table."""
        self.by_table.setdefault(table, []).extend(values)

    def count(self, counts: Mapping[tuple[str, int, str, str], int], slot: int) -> None:
        """Add to the statistics of steps: (flow, revision, step, what) → times."""
        for (flow, revision, step, what), times in sorted(counts.items()):
            self.add(_STEP_COUNT, (flow, revision, step, what, slot, times))

    def trigger(self, values: RowValues) -> None:
        """Add a trigger that waits for its turn."""
        self.add(_TRIGGER, values)

    async def flush(self, connection: Connection) -> None:
        """Write it all."""
        for table in _WRITE_ORDER:
            values = self.by_table.get(table)
            if values:
                await connection.write(table, values)
        if self.looked_at:
            await connection.read(_LOOK_AGAIN, keys=self.looked_at)


_WRITE_ORDER = (
    _CONTACT,
    _ADDRESS,
    _SUBSCRIPTION,
    _CONSENT,
    _RUN,
    _OUTBOX,
    _EVENT,
    _ORDER,
    _ORDER_LINE,
    _CALL,
    _WALLET,
    _LOT,
    _ENTRY,
    _DRAW,
    _HOLD,
    _NOTICE,
    _TRIGGER,
    _STEP_COUNT,  # last: counters are the only rows that turns of different contacts share
)


def record(
    writes: Writes,
    turn: Turn,
    *,
    inline_until: datetime | None,
    salt: Callable[[], str],
) -> tuple[str, ...]:
    """Add what one turn decided; returns the ids of the messages that leave in the webhook's own answer."""
    effects, now = turn.effects, turn.now
    contact = turn.contact
    contact_id = contact.id
    if effects.consent:
        contact = _record_consent(writes, turn, salt)
    if effects.contact_changed or effects.consent:
        writes.add(_CONTACT, rows.contact_row(contact))
    for address in effects.addresses.values():
        writes.add(_ADDRESS, rows.address_row(contact, address, now))
    for run in effects.runs.values():
        writes.add(_RUN, rows.run_row(contact_id, run, now))
    inline = []
    for queued in effects.outgoing:
        is_inline = inline_until is not None and turn.may_answer_inline(queued)
        if is_inline:
            inline.append(queued.message.id)
        until = inline_until if is_inline else None
        writes.add(_OUTBOX, rows.outbox_row(queued, turn.trigger.key, now, inline_until=until))
    for event in effects.events:
        writes.add(_EVENT, rows.event_row(contact_id, turn.new_id(), event))
    for order in effects.orders:
        head, lines = rows.order_rows(contact_id, order)
        writes.add(_ORDER, head)
        writes.add(_ORDER_LINE, *lines)
    for call in effects.calls:
        writes.add(_CALL, rows.call_row(contact_id, call, now))
    _record_credit(writes, turn)
    if effects.looked_at:
        _record_notices(writes, turn)
    return tuple(inline)


def _record_notices(writes: Writes, turn: Turn) -> None:
    contact = turn.contact
    for lot_id, days in turn.effects.notices:
        writes.add(
            _NOTICE, (contact.bucket, contact.id, lot_id, days, turn.trigger.key, microseconds(turn.now))
        )
    writes.looked_at += [
        (contact.bucket, contact.id, lot_id, rows.stored(notice_at))
        for lot_id, notice_at in turn.effects.looked_at.items()
    ]


def _record_consent(writes: Writes, turn: Turn, salt: Callable[[], str]) -> Contact:
    contact = turn.contact
    latest = {}
    for change in turn.effects.consent:
        line = rows.consent_row(
            contact,
            change,
            number=contact.consent_count + 1,
            previous_hash=contact.consent_hash,
            salt=salt(),
        )
        contact = replace(contact, consent_count=contact.consent_count + 1, consent_hash=line.hash)
        writes.add(_CONSENT, line.values)
        latest[change.group] = change
    for change in latest.values():
        writes.add(_SUBSCRIPTION, rows.subscription_row(contact, change))
    return contact


def _record_credit(writes: Writes, turn: Turn) -> None:
    books = turn.opened_books
    if books is None or not books.is_changed:
        return
    writes.add(_WALLET, rows.wallet_row(books.wallet))
    contact_id = turn.contact.id
    notices = turn.program.notices
    for lot in books.new_lots:
        notice_at = next_notice_at(lot, turn.contact.zone, notices, turn.now)
        writes.add(_LOT, rows.lot_row(contact_id, lot, notice_at))
    writes.add(_LOT, *(rows.lot_row(contact_id, lot, None) for lot in books.changed_lots))
    # What closed comes first: an order that is held for again has one open hold at every moment.
    writes.add(_HOLD, *(rows.hold_row(contact_id, hold) for hold in (*books.changed_holds, *books.new_holds)))
    for entry in books.entries:
        head, draws = rows.entry_rows(entry)
        writes.add(_ENTRY, head)
        writes.add(_DRAW, *draws)


async def answer_again(
    connection: Connection, contact_id: str, ids: Sequence[str], lease_until: datetime
) -> None:
    """Let a retry of the webhook carry stored answers; whoever held them before cannot give them back."""
    bucket, lease = bucket_of(contact_id), microseconds(lease_until)
    many = [{"bucket": bucket, "contact": contact_id, "id": one, "lease": lease} for one in ids]
    await connection.run(_ANSWER_AGAIN, many)


async def give_back(
    connection: Connection, ids: Sequence[tuple[str, str]], lease_until: datetime, now: datetime
) -> None:
    """Queue messages (contact, id) that a webhook's answer was to carry until then and did not."""
    lease, at = microseconds(lease_until), microseconds(now)
    many = [
        {"bucket": bucket_of(contact), "contact": contact, "id": message, "lease": lease, "now": at}
        for contact, message in ids
    ]
    await connection.run(_UNSENT, many)


async def settle_inline(connection: Connection, ids: Sequence[tuple[str, str]], now: datetime) -> None:
    """Record of messages (contact, id) that the webhook's answer that carried them was written."""
    many = [
        {"bucket": bucket_of(contact), "contact": contact, "id": message, "now": microseconds(now)}
        for contact, message in ids
    ]
    await connection.run(_SENT, many)
