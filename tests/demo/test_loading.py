"""The invented shop: believable, the same for the same day, and every wallet is what its entries say."""

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from bot import app
from bot.config import PROJECT, load_settings
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.ids import instant, microseconds
from bot.core.ledger.entries import Account, Draw, Entry, Reason
from bot.core.ledger.lots import Lot, has_ended
from bot.core.ledger.wallet import Wallet
from bot.core.local_time import local_date
from bot.core.loyalty.program import Program
from bot.core.phone import to_e164
from bot.demo import loading
from bot.demo.catalogue import PRODUCTS
from bot.demo.history import live
from bot.demo.people import MEMBERS, SEED, people
from bot.storage import revisions, rows
from bot.storage.driver import Connection, Database, Statement
from tests.core.loyalty.ledger_invariants import check_snapshot
from tests.core.loyalty.ledger_operations import Snapshot
from tests.databases import SqliteDatabases

MAILBOXES = sum(person.has_mailbox for person in people(5))
NOW = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)
_WALLETS = Statement("""
    SELECT contact, pending_minor, available_minor, held_minor, debt_minor, entry_count, last_hash, version
    FROM wallet
""")
_LOTS = Statement(f"SELECT l.contact, {rows.LOT_COLUMNS} FROM lot l ORDER BY l.contact, l.id")  # noqa: S608  # ours
_ENTRIES = Statement("""
    SELECT e.contact, e.id, e.number, e.reason, e.key, e.effective_at, e.actor, e.reason_text, e.salt,
        e.personal_hash, e.source_type, e.source_id, e.rule, e.reverses, e.previous_hash, e.hash,
        (SELECT @rows(d.line, d.source, d.target, d.lot, d.amount_minor, d.child_lot) FROM draw d
         WHERE d.bucket = e.bucket AND d.contact = e.contact AND d.wallet = e.wallet AND d.number = e.number)
    FROM entry e ORDER BY e.contact, e.number
""")
_COUNTS = Statement("""
    SELECT (SELECT COUNT(*) FROM contact WHERE enrolled_at IS NOT NULL), (SELECT COUNT(*) FROM shop_order),
        (SELECT COUNT(*) FROM product), (SELECT COUNT(*) FROM address WHERE stopped_at IS NOT NULL),
        (SELECT COUNT(*) FROM directory), (SELECT COUNT(*) FROM subscription),
        (SELECT MIN(notice_at) FROM lot), (SELECT COUNT(DISTINCT locale) FROM contact)
""")
# As `high_value` in flows/audiences.yaml.
_BEST = Statement("""
    SELECT MAX(a.value), MAX(s.state) FROM shop_order o
    LEFT JOIN address a ON a.bucket = o.bucket AND a.contact = o.contact AND a.channel = 'email'
    LEFT JOIN subscription s
        ON s.bucket = o.bucket AND s.contact = o.contact AND s.subscription_group = 'email:loyalty'
    GROUP BY o.bucket, o.contact
    HAVING SUM(o.cash_minor) > 30000 AND SUM(CASE WHEN o.placed_at > :since THEN 1 ELSE 0 END) > 2
""")


@pytest.fixture(scope="module")
def program() -> Program:
    file = PROJECT / "flows" / "program.yaml"
    return read_program(read(file.read_text(encoding="utf-8"), file.name))


@pytest.fixture(scope="module")
async def loaded(sqlite_databases: SqliteDatabases, program: Program) -> AsyncIterator[Database]:
    settings = load_settings({"DATABASE_URL": await sqlite_databases.create(), "REGULARS_SECRET": "s" * 40})
    database = await app.prepare_database(settings, lambda: NOW)
    assert not await loading.is_loaded(database)
    started = time.process_time()
    await loading.load(database, NOW)
    assert time.process_time() - started < 10
    yield database
    await database.close()


async def _snapshots(connection: Connection) -> dict[str, Snapshot]:
    lots: dict[str, list[Lot]] = defaultdict(list)
    for row in await connection.read(_LOTS):
        lots[row[0]].append(rows.lot_from(row[1:]))
    entries: dict[str, list[Entry]] = defaultdict(list)
    for row in await connection.read(_ENTRIES):
        entries[row[0]].append(_entry(row))
    return {
        row[0]: Snapshot(
            wallet=Wallet(*row), lots=tuple(lots[row[0]]), holds=(), entries=tuple(entries[row[0]])
        )
        for row in await connection.read(_WALLETS)
    }


def _entry(row: Sequence[Any]) -> Entry:
    draws = sorted(rows.json_rows(row[16]), key=lambda draw: int(draw[0]))
    return Entry(
        id=row[1],
        contact_id=row[0],
        number=row[2],
        reason=Reason(row[3]),
        key=row[4],
        effective_at=instant(row[5]),
        actor=row[6],
        reason_text=row[7],
        salt=row[8],
        personal_hash=row[9],
        source_type=row[10],
        source_id=row[11],
        rule=row[12],
        reverses=row[13],
        previous_hash=row[14],
        hash=row[15],
        draws=tuple(
            Draw(Account(source), Account(target), lot, amount, child)
            for _, source, target, lot, amount, child in draws
        ),
    )


async def test_every_wallet_is_the_replay_of_its_entries(loaded: Database) -> None:
    snapshots = await loaded.query(_snapshots)
    assert len(snapshots) == MEMBERS
    for snapshot in snapshots.values():
        check_snapshot(snapshot)
        keys = [entry.key for entry in snapshot.entries]
        assert len(set(keys)) == len(keys)
        instants = [entry.effective_at for entry in snapshot.entries]
        assert instants == sorted(instants)
        assert instants[-1] <= NOW
    reasons = {entry.reason for snapshot in snapshots.values() for entry in snapshot.entries}
    assert reasons >= {Reason.EARN, Reason.ACTIVATE, Reason.REDEEM, Reason.EXPIRE, Reason.ADJUST}


async def test_the_past_is_settled_and_only_what_lies_ahead_is_due(loaded: Database) -> None:
    snapshots = await loaded.query(_snapshots)
    ended = [lot for one in snapshots.values() for lot in one.lots if lot.is_open and has_ended(lot, NOW)]
    assert ended == []
    ((members, orders, products, stopped, names, subscriptions, first_notice, locales),) = await loaded.query(
        lambda connection: connection.read(_COUNTS)
    )
    assert members == MEMBERS
    assert names == subscriptions == MEMBERS + MAILBOXES
    assert 5000 <= orders <= 7500
    assert products == len(PRODUCTS) == 52  # forty things, twelve of them in another size
    assert 10 <= stopped <= 40
    assert instant(first_notice) > NOW
    assert locales == 4  # en, es_MX, es_US, zh_Hans


async def test_credit_expires_in_a_month_a_week_and_a_day(loaded: Database) -> None:
    snapshots = await loaded.query(_snapshots)
    days = [
        (lot.expires_on - local_date(NOW, lot.zone)).days
        for one in snapshots.values()
        for lot in one.lots
        if lot.is_open and lot.expires_on is not None
    ]
    for end in (1, 7, 30):
        assert days.count(end) >= 5


async def test_what_the_shop_sells_is_in_the_catalogue(loaded: Database) -> None:
    assert set(await loaded.query(revisions.products)) == {product.sku for product in PRODUCTS}


def test_a_life_is_the_same_on_the_same_day(program: Program) -> None:
    ana = people(5)[0]
    first, second = (live(ana, program, NOW, Random(1)) for _ in range(2))
    assert first.orders == second.orders
    assert first.books.entries == second.books.entries
    assert live(ana, program, NOW, Random(2)).orders != first.orders


@pytest.mark.parametrize("later", range(7))
def test_ana_has_credit_that_ends_on_a_friday(program: Program, later: int) -> None:
    now = NOW + timedelta(days=later, hours=9)  # past midnight in UTC, still the day before where Ana lives
    ana = live(people(loading.friday_in_days(now))[0], program, now, Random(SEED))
    treat = next(lot for lot in ana.books.lots.values() if lot.granted_minor == 2400)
    assert treat.expires_on is not None
    assert treat.expires_on.strftime("%A") == "Friday"
    assert treat.available_minor == 2400
    assert treat.noticed_at is None


async def test_a_hundred_may_be_written_to_maya_and_most_of_the_best_customers_among_them(
    loaded: Database,
) -> None:
    assert {person.first_name for person in people(5)[:5] if person.has_mailbox} == {"Maya"}
    assert 90 <= MAILBOXES <= 110
    best = await loaded.query(lambda c: c.read(_BEST, since=microseconds(NOW - timedelta(days=90))))
    may_be_written_to = [row for row in best if row[0] is not None and row[1] == "subscribed"]
    assert len(best) > 20
    assert len(best) / 2 < len(may_be_written_to) < len(best)


def test_nobody_shares_a_number() -> None:
    numbers = [person.number for person in people(5)]
    assert len(set(numbers)) == len(numbers) == MEMBERS
    assert all(to_e164(number) == number for number in numbers)
