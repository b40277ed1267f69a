"""The sweep of ended credit leaves what turns would leave, and leaves to turns what is not plain."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core.ids import bucket_of
from bot.core.ledger.entries import Cause, Entry
from bot.core.ledger.lots import Grant, Terms, days_good
from bot.core.turn import Turn
from bot.storage import sweeping, turns
from bot.storage.driver import Connection, Database
from tests.core.loyalty.ledger_invariants import check_snapshot, wallet_sums
from tests.core.loyalty.ledger_operations import Snapshot
from tests.storage.scripted import IDS, NOW, asked, contacts, open_at, stored, turn

DAY = timedelta(days=1)
LATER = NOW + 20 * DAY


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


def grants(one: Turn, *, hold: bool = False, due: bool = False) -> None:
    """Two lots that end, one told of and one not, one that stays; more where it is asked for."""
    books, now = one.books, one.now
    for fund, days in (("told", 3), ("untold", 4), ("stays", 90)):
        terms = days_good(now, now.date() + days * DAY, "UTC", 2 * DAY)
        books.earn(Grant(50, terms, "promotional", fund, "p@1"), now, Cause(f"{fund}", "shop"))
    (told,) = [lot.id for lot in books.lots.values() if lot.fund == "told"]
    books.mark_noticed([told], now)
    books.redeem(10, now, Cause("spent", "shop"))
    if hold:
        books.hold("order 1", 20, 60 * DAY, now, Cause("held", "shop"))
    if due:
        waits = Terms(now + DAY, "UTC")
        books.earn(Grant(5, waits, "promotional", "waits", "p@1"), now, Cause("waits", "shop"))


def spends(one: Turn) -> None:
    one.books.redeem(5, one.now, Cause("spends", "shop"))


async def member(database: Database, *, hold: bool = False, due: bool = False) -> str:
    (contact,) = await contacts(database)
    await turn(database, contact, "grants", lambda one: grants(one, hold=hold, due=due))
    return contact


async def sweep(database: Database, contact: str) -> int:
    bucket = bucket_of(contact)

    async def do(connection: Connection) -> int:
        found = await sweeping.due_lots(connection, bucket, LATER, "", 5_000)
        due = [lot for own in found for lot in own]
        return await sweeping.sweep(connection, [(bucket, due)], LATER, IDS)

    return await database.transact(do)


def expire(one: Turn) -> None:
    for lot_id in sorted(one.books.lots):
        one.books.expire(lot_id, one.now, "no notice of its end was delivered; the grace has passed")


def shape(entry: Entry) -> tuple[object, ...]:
    draws = [(draw.source, draw.target, draw.amount_minor) for draw in entry.draws]
    return (entry.number, entry.reason, entry.source_type, entry.rule, entry.effective_at, entry.actor, draws)


def keys(snapshot: Snapshot) -> list[str]:
    """The keys of its entries, with lots by their fund."""
    funds = {lot.id: lot.fund for lot in snapshot.lots}
    parts = [entry.key.split("/") for entry in snapshot.entries]
    return ["/".join(funds.get(part, part) for part in key) for key in parts]


async def seen(database: Database, contact: str) -> Snapshot:
    snapshot = await database.query(lambda c: stored(c, contact))
    check_snapshot(snapshot)
    return snapshot


@pytest.mark.parametrize("hold", [False, True])
async def test_a_sweep_leaves_what_a_turn_leaves(database: Database, hold: bool) -> None:  # noqa: FBT001  # a parameter of the test
    one, other = await member(database, hold=hold), await member(database, hold=hold)
    assert await sweep(database, one) == 2
    await turn(database, other, "expire", expire, LATER)
    mine, theirs = await seen(database, one), await seen(database, other)
    assert wallet_sums(mine.wallet) == wallet_sums(theirs.wallet)
    assert list(map(shape, mine.entries)) == list(map(shape, theirs.entries))
    assert mine.wallet.version == theirs.wallet.version
    keys = [
        entry.key.replace(lot.id, lot.fund)
        for entry in mine.entries
        for lot in mine.lots
        if lot.id in entry.key
    ]
    others = [
        e.key.replace(lot.id, lot.fund) for e in theirs.entries for lot in theirs.lots if lot.id in e.key
    ]
    assert sorted(keys) == sorted(others)
    told = [entry.reason_text for entry in mine.entries[-2:]]
    assert sorted(map(bool, told)) == [False, True], "one was told of its end"
    events = await asked(
        database, "SELECT properties FROM event WHERE contact = :c AND name = 'Credit Expired'", c=one
    )
    assert events == [('{"amount":90}' if not hold else '{"amount":70}',)]


async def test_a_sweep_does_it_once(database: Database) -> None:
    contact = await member(database)
    await sweep(database, contact)
    before = await seen(database, contact)
    assert await sweep(database, contact) == 0
    assert await seen(database, contact) == before


async def test_what_is_to_be_activated_first_is_left_to_a_turn(database: Database) -> None:
    contact = await member(database, due=True)
    before = await seen(database, contact)
    assert await sweep(database, contact) == 0
    assert await seen(database, contact) == before


async def test_a_wallet_that_changed_since_it_was_read_is_left_for_the_next_sweep(database: Database) -> None:
    contact = await member(database)
    bucket = bucket_of(contact)
    due = await database.query(lambda c: sweeping.due_lots(c, bucket, LATER, "", 5_000))
    await turn(database, contact, "spends", spends)
    before = await seen(database, contact)
    (own,) = due
    assert await database.transact(lambda c: sweeping.sweep(c, [(bucket, own)], LATER, IDS)) == 0
    assert await seen(database, contact) == before
    assert await sweep(database, contact) == 2


async def test_wallets_are_found_whole(database: Database) -> None:
    contact = await member(database)
    found = await database.query(lambda c: sweeping.due_lots(c, bucket_of(contact), LATER, "", 1))
    assert [len(own) for own in found] == [1], "one that is larger than what is read at once comes in parts"
    found = await database.query(lambda c: sweeping.due_lots(c, bucket_of(contact), LATER, "", 3))
    assert [len(own) for own in found] == [2]
    assert not await database.query(lambda c: sweeping.due_lots(c, bucket_of(contact), LATER, contact, 3))


async def test_who_is_in_the_middle_of_a_turn_is_passed_over(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("it has one writer: nobody is ever in the middle")
    contact = await member(database)
    locked, done = asyncio.Event(), asyncio.Event()

    async def hold(connection: Connection) -> None:
        await turns.lock(connection, [contact])
        locked.set()
        await done.wait()

    holding = asyncio.create_task(database.transact(hold))
    await locked.wait()
    assert await sweep(database, contact) == 0
    done.set()
    await holding
    assert await sweep(database, contact) == 2
