"""Loads the demo shop into an empty database: catalogue, members, and all that they lived through."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from random import Random

from bot.conversation.kinds import PROGRAM
from bot.core.contact import Contact
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.local_time import local_date
from bot.core.loyalty.notices import next_notice_at
from bot.core.loyalty.pace import Paces
from bot.core.loyalty.program import Program
from bot.core.loyalty.refill import Refill, after_order
from bot.demo.catalogue import BY_SKU, PRODUCTS, UNITS_LEFT
from bot.demo.history import Life, live
from bot.demo.people import ANAS_ZONE, SEED, people
from bot.storage import counters, revisions, rows, tables, turns
from bot.storage.driver import Connection, Database, Present, Rows, Statement
from bot.storage.products import stock_of
from bot.storage.refills import refill_row
from bot.storage.rows import RowValues

_FRIDAY = 4
_WEEK = 7
_ANYBODY = Statement("SELECT 1 FROM contact LIMIT 1")
_WRITTEN = (
    "directory",
    "address",
    "consent",
    "subscription",
    "event",
    "shop_order",
    "order_line",
    "wallet",
    "lot",
    "entry",
    "draw",
    "notice",
    "refill",
)
_ROWS = {name: Rows(tables.Row.metadata.tables[name], Present.FAIL) for name in _WRITTEN}


async def is_loaded(database: Database) -> bool:
    """Whether there is anybody in the database."""
    return bool(await database.query(lambda connection: connection.read(_ANYBODY)))


async def load(database: Database, now: datetime) -> int:
    """Load it all as of `now` in one transaction; returns how many members there are."""
    program = await database.query(_program)
    lives = lived(program, now)

    async def write(connection: Connection) -> None:
        await revisions.put_products(connection, PRODUCTS)
        for sku, units in UNITS_LEFT.items():
            await counters.set_units(connection, stock_of(sku), units)
        await _write(connection, lives, program, now)

    await database.transact(write)
    return len(lives)


def lived(program: Program, now: datetime) -> list[Life]:
    """Every member's two years; the same for the same day and program."""
    return [
        live(person, program, now, Random(SEED + number))
        for number, person in enumerate(people(friday_in_days(now)))
    ]


def friday_in_days(now: datetime) -> int:
    """How far the next Friday is; two days at least, so that the notice of its last day is still to come."""
    return (_FRIDAY - local_date(now, ANAS_ZONE).weekday() - 2) % _WEEK + 2


async def _program(connection: Connection) -> Program:
    published = await revisions.published(connection)
    file = next(file for file in published if file.kind == PROGRAM)
    return read_program(read(file.source, file.file))


async def _write(connection: Connection, lives: Sequence[Life], program: Program, now: datetime) -> None:
    written: dict[str, list[RowValues]] = {name: [] for name in _WRITTEN}
    newcomers = []
    for life in lives:
        contact = _add_consent(written, life)
        newcomers.append((contact, life.address))
        if life.mailbox is not None:
            own = life.mailbox
            written["directory"].append((own.channel, own.value, contact.bucket, contact.id))
            written["address"].append(rows.address_row(contact, own, contact.created_at))
        _add_orders(written, life)
        _add_credit(written, life, program, now)
        _add_refills(written, life, program, now)
    created = await turns.create(connection, newcomers, now)
    assert all(created), "nobody has the number of another"
    for name, values in written.items():
        await connection.write(_ROWS[name], values)


def _add_consent(written: dict[str, list[RowValues]], life: Life) -> Contact:
    contact = life.contact
    for change in life.consent:
        line = rows.consent_row(
            contact,
            change,
            number=contact.consent_count + 1,
            previous_hash=contact.consent_hash,
            salt=life.random.randbytes(16).hex(),
        )
        written["consent"].append(line.values)
        contact = replace(contact, consent_count=contact.consent_count + 1, consent_hash=line.hash)
    latest = {change.key: change for change in life.consent}
    written["subscription"] += [rows.subscription_row(contact, change) for change in latest.values()]
    return contact


def _add_orders(written: dict[str, list[RowValues]], life: Life) -> None:
    contact_id = life.contact.id
    for event in life.events:
        written["event"].append(rows.event_row(contact_id, life.new_id(event.at), event))
    for order in life.orders:
        head, lines = rows.order_rows(contact_id, order)
        written["shop_order"].append(head)
        written["order_line"] += lines


def _add_credit(written: dict[str, list[RowValues]], life: Life, program: Program, now: datetime) -> None:
    contact, books = life.contact, life.books
    written["wallet"].append(rows.wallet_row(books.wallet))
    for lot in books.lots.values():
        # Only what lies ahead: the notices of the past were lived already.
        notice_at = next_notice_at(lot, contact.zone, program.notices, now) if lot.is_open else None
        written["lot"].append(rows.lot_row(contact.id, lot, notice_at))
    for entry in books.entries:
        head, draws = rows.entry_rows(entry)
        written["entry"].append(head)
        written["draw"] += draws
    for notice in life.notices:
        key = f"notice:{notice.lot_id}:{notice.days}"
        written["notice"].append(
            (contact.bucket, contact.id, notice.lot_id, notice.days, key, rows.stored(notice.at))
        )


def _add_refills(written: dict[str, list[RowValues]], life: Life, program: Program, now: datetime) -> None:
    """Expect what they use up as if every order had been told; who was to be asked by now was asked."""
    kept: dict[str, Refill] = {}
    for order in life.orders if program.refill is not None else ():
        assert program.refill is not None, "there are no orders without"
        found = after_order(kept, order, program.refill, Paces(), BY_SKU, life.contact.zone)
        kept |= {refill.category: refill for refill in found}
    for refill in kept.values():
        is_ahead = refill.prompt_at is not None and refill.prompt_at > now
        ahead = refill if is_ahead else replace(refill, prompt_at=None)
        written["refill"].append(refill_row(life.contact.id, ahead))
