"""Made-up wallets for the ledger's benchmark: strangers, members whose credit has ended, long histories."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from benchmarks.members import number
from bot.core.contact import Address, Contact
from bot.core.ids import IdSource, bucket_of, microseconds, new_contact_id
from bot.core.ledger.books import Books
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms, days_good
from bot.core.ledger.wallet import Wallet
from bot.storage import rows, tables, turns
from bot.storage.driver import Connection, Database, Present, Rows

_TABLES = tables.Row.metadata.tables
_CHUNK = 2_000
_IDS = IdSource(os.urandom)
_CREDIT = 500


@dataclass(frozen=True, slots=True)
class Filled:
    """What a database was filled with: lots that have ended, what they hold in all, and as of when."""

    lots: int
    minor: int
    at_microseconds: int


async def strangers(database: Database, count: int, now: datetime, since: int = 0) -> list[str]:
    """Make contacts with numbers."""
    newcomers = []
    for index in range(count):
        contact_id = new_contact_id(now, os.urandom)
        contact = Contact(
            contact_id, bucket_of(contact_id), "en", "America/New_York", now, zone_is_known=True
        )
        newcomers.append((contact, Address("sms", number(since + index))))
    await database.transact(lambda c: turns.create(c, newcomers, now))
    return [contact.id for contact, _ in newcomers]


async def fill(database: Database, lots: int, now: datetime) -> Filled:
    """Members with one lot each that has ended, as their own turns left them."""
    granted_at = now - timedelta(days=60)
    terms = days_good(granted_at, (now - timedelta(days=30)).date(), "America/New_York", timedelta(days=14))
    grant = Grant(_CREDIT, terms, "promotional", "earning", "program@1")
    for begin in range(0, lots, _CHUNK):
        values: dict[str, list[rows.RowValues]] = {
            name: [] for name in ("contact", "wallet", "lot", "entry", "draw")
        }
        for _ in range(min(_CHUNK, lots - begin)):
            contact_id = new_contact_id(granted_at, os.urandom)
            contact = Contact(contact_id, bucket_of(contact_id), "en", "America/New_York", granted_at)
            values["contact"].append(rows.contact_row(contact))
            books = _books(contact_id, granted_at)
            entry = books.earn(grant, granted_at, Cause("earned", "shop"))
            books.mark_noticed([entry.draws[0].of_lot], granted_at)
            _keep(values, books, granted_at)
        await database.transact(partial(_write, values))
    return Filled(lots, lots * _CREDIT, microseconds(now))


async def long_history(database: Database, entries: int, now: datetime) -> str:
    """A member with so many entries, half of them credit that came and half credit that went."""
    (contact_id,) = await strangers(database, 1, now, since=5_000_000 + entries)
    values: dict[str, list[rows.RowValues]] = {name: [] for name in ("wallet", "lot", "entry", "draw")}
    books = _books(contact_id, now)
    grant = Grant(_CREDIT, Terms(now, "America/New_York"), "promotional", "earning", "program@1")
    for index in range(entries // 2):
        cause = Cause(f"order/{index}", "shop", source_type="order", source_id=f"{index}")
        books.earn(grant, now, cause)
        books.redeem(_CREDIT, now, Cause(f"spent/{index}", "shop", source_type="reward", source_id="latte"))
    _keep(values, books, now)
    await database.transact(partial(_write, values))
    return contact_id


def _books(contact_id: str, now: datetime) -> Books:
    mint: Callable[[], str] = partial(_IDS.mint, now, bucket_of(contact_id))
    return Books(Wallet(contact_id), lots_complete=True, mint=mint)


def _keep(values: dict[str, list[rows.RowValues]], books: Books, now: datetime) -> None:
    contact_id = books.wallet.contact_id
    values["wallet"].append(rows.wallet_row(books.wallet))
    values["lot"] += [rows.lot_row(contact_id, lot, None) for lot in books.lots.values()]
    for entry in books.entries:
        head, draws = rows.entry_rows(entry, now)
        values["entry"].append(head)
        values["draw"] += draws


async def _write(values: dict[str, list[rows.RowValues]], connection: Connection) -> None:
    for name, these in values.items():
        await connection.write(Rows(_TABLES[name], Present.FAIL), these)
