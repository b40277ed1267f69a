"""What the clock makes due is found in its bucket, by the same rules as the core's."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from bot.core.contact import JsonValue
from bot.core.flow.run import Frame, Run, RunStatus, Wait, WaitKind
from bot.core.ids import bucket_of
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Lot, days_good, has_ended
from bot.core.ledger.wallet import Wallet
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.storage import due, rows, turns
from bot.storage.driver import Connection, Database, Present, Rows
from bot.storage.tables import Row
from tests.storage.scripted import NOW, asked, contacts, turn

TABLES = Row.metadata.tables
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
A_LOT = Lot(
    id="",
    kind="promotional",
    fund="test",
    granted_minor=10,
    pending_minor=0,
    available_minor=10,
    held_minor=0,
    active_from=NOW - 9 * DAY,
    expires_at=None,
    grace_until=None,
    noticed_at=None,
    expires_on=None,
    zone="UTC",
    priority=0,
    policy="p@1",
    source_type="",
    source_id="",
    parent_lot_id=None,
)


def lots_of_every_sort(contact_id: str) -> list[Lot]:
    """Ended, in grace, endless; noticed in time, late, never; to the very microsecond."""
    tick = timedelta(microseconds=1)
    times = (None, NOW - DAY, NOW - tick, NOW, NOW + tick, NOW + DAY)
    lots: list[Lot] = []
    for expires_at, grace, noticed_at, left in product(
        times,
        (None, timedelta(0), tick, 2 * DAY),
        (None, NOW - 2 * DAY, NOW - DAY, NOW),
        ((0, 10, 0), (10, 0, 0), (0, 0, 10), (0, 0, 0)),
    ):
        lots.append(
            replace(
                A_LOT,
                id=f"{len(lots):030x}{contact_id[-2:]}",
                expires_at=expires_at,
                grace_until=None if expires_at is None or grace is None else expires_at + grace,
                noticed_at=noticed_at,
                pending_minor=left[0],
                available_minor=left[1],
                held_minor=left[2],
            )
        )
    return lots


async def test_the_lots_that_the_database_calls_ended_are_those_of_the_core(database: Database) -> None:
    (contact_id,) = await contacts(database)
    lots = lots_of_every_sort(contact_id)
    wallet = Rows(TABLES["wallet"], Present.FAIL)
    await database.transact(lambda c: c.write(wallet, [rows.wallet_row(Wallet(contact_id, version=7))]))
    table = Rows(TABLES["lot"], Present.FAIL)
    await database.transact(lambda c: c.write(table, [rows.lot_row(contact_id, lot, None) for lot in lots]))
    found = await database.query(lambda c: due.expired(c, bucket_of(contact_id), NOW, 10_000))
    (of_contact,) = found
    ended = [lot.id for lot in lots if has_ended(lot, NOW) and lot.pending_minor + lot.available_minor]
    assert list(of_contact.lot_ids) == ended
    assert 0 < len(ended) < len(lots)
    assert await database.query(lambda c: due.buckets_with_expired(c, NOW)) == [bucket_of(contact_id)]
    assert await database.query(lambda c: due.buckets_with_expired(c, NOW - 9 * DAY)) == []


async def test_what_expired_once_is_due_again_only_for_a_new_cause(database: Database) -> None:
    (contact_id,) = await contacts(database)

    def earn(turn: Turn) -> None:
        terms = days_good(turn.now, turn.now.date() + DAY, "UTC", timedelta(0))
        turn.books.earn(Grant(10, terms, "promotional", "test", "p@1"), turn.now, Cause("e", "tester"))

    await turn(database, contact_id, "t1", earn)
    later = NOW + 9 * DAY
    bucket = bucket_of(contact_id)
    (first,) = await database.query(lambda c: due.expired(c, bucket, later, 100))
    (same,) = await database.query(lambda c: due.expired(c, bucket, later, 100))
    assert first == same
    await turn(
        database, contact_id, "t2", lambda turn: void(turn.books.expire(first.lot_ids[0], turn.now)), later
    )
    assert await database.query(lambda c: due.expired(c, bucket, later, 100)) == []


def void(_: object) -> None:
    """What a deed made is looked up in the tables."""


async def test_a_lots_notice_is_due_until_somebody_looked(database: Database) -> None:
    """The instant to look next stays as it is when the lot is written again."""
    (contact_id,) = await contacts(database)
    bucket = bucket_of(contact_id)

    def earn(turn: Turn) -> None:
        terms = days_good(turn.now, turn.now.date() + 40 * DAY, "UTC", timedelta(0))
        turn.books.earn(Grant(10, terms, "promotional", "test", "p@1"), turn.now, Cause("e", "tester"))

    def spend(turn: Turn) -> None:
        turn.books.redeem(3, turn.now, Cause("r", "tester"))

    await turn(database, contact_id, "t1", earn)
    ((lot_id, notice_at),) = await asked(database, "SELECT id, notice_at FROM lot")
    assert notice_at is not None
    await turn(database, contact_id, "t2", spend)
    assert await asked(database, "SELECT notice_at, available_minor FROM lot") == [(notice_at, 7)]
    later = NOW + 20 * DAY
    assert await database.query(lambda c: due.notices(c, bucket, NOW, 10)) == []
    (found,) = await database.query(lambda c: due.notices(c, bucket, later, 10))
    assert (found.contact_id, found.lot_ids) == (contact_id, (lot_id,))
    assert await database.query(lambda c: due.buckets_with_notices(c, later)) == [bucket]

    def look(turn: Turn) -> None:
        turn.effects.notices.append((lot_id, 30))
        turn.effects.looked_at[lot_id] = later + DAY

    for key in ("t3", "t4"):  # given again, as where the lot's end has moved: the latest counts
        await turn(database, contact_id, key, look, later)
    assert await database.query(lambda c: due.notices(c, bucket, later, 10)) == []
    assert await asked(database, "SELECT lot, days, trigger_key FROM notice") == [(lot_id, 30, "t4")]


async def test_a_waiting_run_is_due_at_its_time(database: Database) -> None:
    (contact_id,) = await contacts(database)
    bucket = bucket_of(contact_id)
    run = Run("f" * 30 + contact_id[-2:], "flow", 1, RunStatus.WAITING, NOW, "sms", (Frame("flow", 1, "s"),))
    waits = {
        "at once": Wait(WaitKind.TIME, "s", NOW),
        "later": Wait(WaitKind.TIME, "s", NOW + HOUR),
        "for ever": Wait(WaitKind.EVENT, "s"),
    }
    runs = [
        replace(run, id=f"{number:030x}{contact_id[-2:]}", wait=wait, version=number)
        for number, wait in enumerate(waits.values(), 3)
    ]
    done = replace(run, status=RunStatus.DONE, wait=waits["at once"])
    table = Rows(TABLES["run"], Present.FAIL)
    await database.transact(
        lambda c: c.write(table, [rows.run_row(contact_id, one, NOW) for one in (*runs, done)])
    )
    assert await database.query(lambda c: due.buckets_with_timers(c, NOW)) == [bucket]
    assert await database.query(lambda c: due.buckets_with_timers(c, NOW - HOUR)) == []
    found = await database.query(lambda c: due.timers(c, bucket, NOW + HOUR, 10))
    assert [(one.run_id, one.version, one.due_at) for one in found] == [
        (runs[0].id, 3, NOW),
        (runs[1].id, 4, NOW + HOUR),
    ]
    assert len(await database.query(lambda c: due.timers(c, bucket, NOW + HOUR, 1))) == 1
    await database.transact(lambda c: turns.fail_run(c, contact_id, runs[0].id, "broken", NOW))
    found = await database.query(lambda c: due.timers(c, bucket, NOW, 10))
    assert found == []
    assert await asked(database, "SELECT status, failure, version FROM run WHERE failure IS NOT NULL") == [
        ("failed", "broken", 4)
    ]


async def test_only_new_triggers_are_due(database: Database) -> None:
    (contact_id,) = await contacts(database)
    bucket = bucket_of(contact_id)
    payload: dict[str, JsonValue] = {"flow": "hello", "list": [1, None]}
    values = [
        rows.trigger_row(
            contact_id,
            Trigger(f"{state} {at}", TriggerKind.START, NOW, payload),
            state=state,
            due_at=NOW + at,
        )
        for state in ("new", "done", "dead")
        for at in (HOUR, timedelta(0))
    ]
    await database.transact(lambda c: turns.claim(c, values))
    assert await database.query(lambda c: due.buckets_with_triggers(c, NOW)) == [bucket]
    (found,) = await database.query(lambda c: due.triggers(c, bucket, NOW, 10))
    assert (found.key, found.kind, found.at, found.payload) == (f"new {timedelta(0)}", "start", NOW, payload)
    assert len(await database.query(lambda c: due.triggers(c, bucket, NOW + HOUR, 10))) == 2


Peek = Callable[[Connection, datetime], Awaitable[Sequence[int]]]


@pytest.mark.parametrize(
    "peek",
    [due.buckets_with_timers, due.buckets_with_triggers, due.buckets_with_notices, due.buckets_with_expired],
)
async def test_nothing_is_due_where_nothing_is(database: Database, peek: Peek) -> None:
    assert await database.query(lambda c: peek(c, NOW)) == []
