"""What turns decided, written: effects become rows, a batch's rows are written table by table."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.audiences.rule import Happened
from bot.core.contact import Contact, JsonValue
from bot.core.effects import Queued
from bot.core.ids import bucket_of, microseconds
from bot.core.ledger.books import Books
from bot.core.loyalty.notices import next_notice_at
from bot.core.message_figures import Figures, Standing, add, figures_of
from bot.core.messages import OutboxState, UnsendableReason
from bot.core.triggers import relay
from bot.core.turn import Turn
from bot.storage import counters, links, rows, step_figures, tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.kept import WRITERS
from bot.storage.rows import WALLET, RowValues

_LOOK_AGAIN = Statement("""
    UPDATE lot SET notice_at = keys.notice_at
    FROM @each(keys: bucket integer, contact text, wallet text, id text, notice_at bigint)
    WHERE lot.bucket = keys.bucket AND lot.contact = keys.contact AND lot.wallet = keys.wallet
        AND lot.id = keys.id
""")
# What waits for a time goes before the gate when it is claimed; what an operator holds is not for us.
_ASK_AGAIN = Statement(f"""
    UPDATE outbox SET due_at = CASE WHEN wanted_at > :now THEN wanted_at ELSE :now END
    WHERE bucket = :bucket AND contact = :contact AND state = 'held'
        AND reason <> '{UnsendableReason.HELD_BY_OPERATOR}' AND due_at > :now
""")  # noqa: S608  # our own constant

_WITHDRAW = Statement("""
    UPDATE outbox SET state = 'canceled', reason = 'its flow had ended', explanation = NULL, state_at = :now
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND state IN ('queued', 'held')
""")
# An answer that waits for its turn is still one.
_SAID = Statement("""
    SELECT o.bucket, o.contact, o.id, keys.now
    FROM @each(keys: bucket integer, contact text, run text, now bigint)
    JOIN outbox o ON o.bucket = keys.bucket AND o.contact = keys.contact AND o.run = keys.run
    WHERE o.state IN ('queued', 'held') AND o.message_class NOT IN ('reply', 'required')
""")
_RESULT = Statement("""
    UPDATE "trigger" SET result = :result WHERE bucket = :bucket AND contact = :contact AND key = :key
""")

_TABLES = tables.Row.metadata.tables


def _rows(
    table: str, present: Present = Present.FAIL, *, returning: str = "", once: Collection[str] = ()
) -> Rows:
    return Rows(_TABLES[table], present, returning=returning, once=once)


_CONTACT = _rows("contact", Present.REPLACE)
_ADDRESS = _rows("address", Present.REPLACE, once=("created_at",))
_SUBSCRIPTION = _rows("subscription", Present.REPLACE)
_CONSENT = _rows("consent")
_TRIGGER = _rows("trigger", Present.KEEP)
_RUN = _rows("run", Present.REPLACE)
_OUTBOX = _rows("outbox")
_LINK = links.LINK
_EVENT = _rows("event")
_ORDER = _rows("shop_order", Present.REPLACE)
_ORDER_LINE = _rows("order_line", Present.REPLACE)
_CALL = _rows("call", Present.KEEP)
_WALLET = _rows("wallet", Present.REPLACE)
_LOT = _rows("lot", Present.REPLACE, once=("notice_at",))
_NOTICE = _rows("notice", Present.REPLACE)  # it is given again where its lot's end has moved
_STEP_FIGURE = step_figures.FIGURE
_ENTRY = _rows("entry")
_DRAW = _rows("draw")
_HOLD = _rows("hold", Present.REPLACE)


@dataclass(slots=True)
class Writes:
    """Everything a batch of turns wrote, by table; written in a fixed order: contacts, then credit."""

    by_table: dict[Rows, list[RowValues]] = field(default_factory=dict)
    on_day: str = ""
    """The day in the shop's zone, for statistics."""
    figures: Figures = field(default_factory=dict)
    """What is added to the statistics of steps."""
    looked_at: list[tuple[int, str, str, str, int | None]] = field(default_factory=list)
    """Lots (bucket, contact, wallet, id) and when to look next whether a notice is due."""
    asked_again: list[dict[str, object]] = field(default_factory=list)
    """Contacts whose messages that wait shall go before the gate now."""
    withdrawn: list[tuple[int, str, str, int]] = field(default_factory=list)
    """Runs (bucket, contact, id, now) whose messages never leave if they have not left yet."""
    results: list[dict[str, object]] = field(default_factory=list)
    """What operations came to."""
    given_back: dict[str, int] = field(default_factory=dict)
    """Units that go back to counters."""
    happened: dict[str, list[Happened]] = field(default_factory=dict)
    """The events among it, by contact, as figures of contacts see them."""

    def add(self, table: Rows, *values: RowValues) -> None:
        """Add rows of one table."""
        self.by_table.setdefault(table, []).extend(values)

    def count(self, slot: int) -> None:
        """Add the statistics of steps to what is written."""
        self.add(_STEP_FIGURE, *step_figures.figure_rows(self.figures, self.on_day, slot))

    def trigger(self, values: RowValues) -> None:
        """Add a trigger that waits for its turn."""
        self.add(_TRIGGER, values)

    async def flush(self, connection: Connection) -> None:
        """Write it all."""
        withdrawn = await self._withdraw(connection)
        await connection.write_all(
            [(table, self.by_table[table]) for table in _WRITE_ORDER if self.by_table.get(table)]
        )
        if self.results:
            await connection.run(_RESULT, self.results)
        if self.given_back:
            await counters.give_back(connection, self.given_back)
        if self.looked_at:
            await connection.read(_LOOK_AGAIN, keys=self.looked_at)
        if self.asked_again:
            await connection.run(_ASK_AGAIN, self.asked_again)
        await withdrawn.count(connection)

    async def _withdraw(self, connection: Connection) -> step_figures.Changing:
        """Call off what turns take back; whoever hands it over may have been quicker."""
        said = await connection.read(_SAID, keys=self.withdrawn) if self.withdrawn else ()
        changing = await step_figures.Changing.of(connection, [(row[1], row[2]) for row in said])
        if said:
            names = ("bucket", "contact", "id", "now")
            await connection.run(_WITHDRAW, [dict(zip(names, row, strict=True)) for row in said])
        return changing


_WRITE_ORDER = (
    _CONTACT,
    _ADDRESS,
    _SUBSCRIPTION,
    _CONSENT,
    _RUN,
    _OUTBOX,
    _LINK,
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
    *(table for table, _ in WRITERS.values()),
    _TRIGGER,
    _STEP_FIGURE,  # last: counters are the only rows that turns of different contacts share
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
    inline = _record_messages(writes, turn, inline_until)
    add(writes.figures, {one: (times, effects.amounts.get(one, 0)) for one, times in effects.counts.items()})
    writes.add(_TRIGGER, *(rows.trigger_row(contact_id, trigger, state="new") for trigger in effects.later))
    for event in effects.events:
        event_id = turn.new_id()
        writes.add(_EVENT, rows.event_row(contact_id, event_id, event))
        happened = Happened(event_id, event.name, event.at, event.properties)
        writes.happened.setdefault(contact_id, []).append(happened)
    for order in effects.orders:
        head, lines = rows.order_rows(contact_id, order)
        writes.add(_ORDER, head)
        writes.add(_ORDER_LINE, *lines)
    for call in effects.calls:
        writes.add(_CALL, rows.call_row(contact_id, call, now))
    for books in turn.opened_books:
        _record_credit(writes, turn, books)
    _record_program(writes, turn)
    if effects.looked_at:
        _record_notices(writes, turn)
    if effects.asks_gate_again:
        writes.asked_again.append({"bucket": contact.bucket, "contact": contact_id, "now": microseconds(now)})
    writes.withdrawn += [(contact.bucket, contact_id, run, microseconds(now)) for run in effects.withdrawn]
    return tuple(inline)


def _record_messages(writes: Writes, turn: Turn, inline_until: datetime | None) -> list[str]:
    """Add messages and the links made for them; returns the ids of those that leave inline."""
    effects, now, inline = turn.effects, turn.now, list[str]()
    answers = turn.inline_answers() if inline_until is not None else frozenset()
    for queued in effects.outgoing:
        is_inline = queued.message.id in answers
        if is_inline:
            inline.append(queued.message.id)
        until = inline_until if is_inline else None
        writes.add(
            _OUTBOX,
            rows.outbox_row(queued, turn.trigger.key, now, inline_until=until, on_day=writes.on_day),
        )
        add(writes.figures, figures_of(_standing(queued, writes.on_day)))
    for link in effects.links:
        writes.add(_LINK, links.link_row(turn.contact.id, link, now))
    return inline


def _standing(queued: Queued, on_day: str) -> Standing:
    """How a message stands that is about to be written."""
    message, origin = queued.message, queued.message.origin
    revision, variant = (origin.revision, origin.variant) if origin is not None else (0, "")
    state = OutboxState(queued.state)
    return Standing(message.flow, revision, message.step, variant, on_day, state, queued.reason)


def _record_notices(writes: Writes, turn: Turn) -> None:
    contact = turn.contact
    for lot_id, days in turn.effects.notices:
        writes.add(
            _NOTICE, (contact.bucket, contact.id, lot_id, days, turn.trigger.key, microseconds(turn.now))
        )
    wallets = {lot_id: books.wallet.id for books in turn.opened_books for lot_id in books.lots}
    # What the turn was about and is not there any more is not in its books.
    usual = str(turn.trigger.payload.get("wallet", WALLET))
    writes.looked_at += [
        (contact.bucket, contact.id, wallets.get(lot_id, usual), lot_id, rows.stored(notice_at))
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
        latest[change.key] = change
    for change in latest.values():
        writes.add(_SUBSCRIPTION, rows.subscription_row(contact, change))
    return contact


def _record_program(writes: Writes, turn: Turn) -> None:
    """Add what subjects of the program keep, what goes to others, an operation's result, and unused units."""
    effects, contact = turn.effects, turn.contact
    for (table, _), what in effects.kept.items():
        into, row = WRITERS[table]
        writes.add(into, row(contact.id, what))
    for other, trigger in effects.told:
        writes.trigger(rows.trigger_row(contact.id, relay(other, trigger), state="new"))
    if effects.result is not None:
        own = {"bucket": contact.bucket, "contact": contact.id, "key": turn.trigger.key}
        writes.results.append({**own, "result": rows.to_json(effects.result)})
    unused = [(take.counter, got) for take, got in turn.snapshot.taken.items() if take not in effects.used]
    for counter, units in (*unused, *effects.given_back.items()):
        if units:
            writes.given_back[counter] = writes.given_back.get(counter, 0) + units


def _record_credit(writes: Writes, turn: Turn, books: Books) -> None:
    if not books.is_changed:
        return
    wallet = books.wallet.id
    writes.add(_WALLET, rows.wallet_row(books.wallet))
    contact_id = turn.contact.id
    notices = turn.program.notices_of(wallet)
    for lot in books.new_lots:
        notice_at = next_notice_at(lot, turn.contact.zone, notices, turn.now) if notices is not None else None
        writes.add(_LOT, rows.lot_row(contact_id, lot, notice_at, wallet))
    writes.add(_LOT, *(rows.lot_row(contact_id, lot, None, wallet) for lot in books.changed_lots))
    # What closed comes first: an order that is held for again has one open hold at every moment.
    holds = (*books.changed_holds, *books.new_holds)
    writes.add(_HOLD, *(rows.hold_row(contact_id, hold, wallet) for hold in holds))
    for entry in books.entries:
        head, draws = rows.entry_rows(entry, turn.now, wallet)
        writes.add(_ENTRY, head)
        writes.add(_DRAW, *draws)


async def look_again(
    connection: Connection, contact_id: str, payload: Mapping[str, JsonValue], at: datetime
) -> None:
    """Say when to look next whether notices of the lots of a trigger are due."""
    lots, wallet = payload["lots"], str(payload.get("wallet", WALLET))
    assert isinstance(lots, list), "lots are listed"
    writes = Writes()
    bucket = bucket_of(contact_id)
    writes.looked_at += [(bucket, contact_id, wallet, str(lot), microseconds(at)) for lot in lots]
    await writes.flush(connection)
