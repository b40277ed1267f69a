"""How much waits: exact where it is little, a good estimate where it is a lot, cheap in both cases."""

import time
from datetime import timedelta

from bot.core.ids import BUCKETS, microseconds
from bot.core.messages import Lane, MessageClass
from bot.core.turn import Turn
from bot.storage import figures as module
from bot.storage import tally
from bot.storage.driver import Database, Present, Rows, Statement
from bot.storage.figures import Figures, figures
from bot.storage.tables import Row
from bot.storage.tally import Tally
from tests.storage.scripted import NOW, asked, contacts, turn

OUTBOX = Row.metadata.tables["outbox"]
MANY = 200_000


async def read(database: Database) -> Figures:
    return await database.query(lambda c: figures(c, NOW))


async def fill(database: Database, number: int, **values: object) -> None:
    """Fill the outbox with copies of the one message there is, spread over the buckets."""
    (row,) = await asked(database, "SELECT * FROM outbox LIMIT 1")
    names = [column.name for column in OUTBOX.columns]
    stored = dict(zip(await _columns(database), row, strict=True)) | values
    for start in range(0, number, 20_000):
        copies = []
        for one in range(start, min(start + 20_000, number)):
            identifier = f"{one:030x}{one % BUCKETS:02x}"
            copy = stored | {"id": identifier, "contact": identifier, "bucket": one % BUCKETS}
            copies.append(tuple(copy[name] for name in names))
        await database.transact(lambda c, copies=copies: c.write(Rows(OUTBOX, Present.FAIL), copies))  # type: ignore[misc]  # bound now


async def _columns(database: Database) -> list[str]:
    """The columns in the order in which the database has them: migrations added some."""
    sql = "SELECT name FROM pragma_table_info('outbox') ORDER BY cid"
    if database.dialect == "postgresql":
        sql = (
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'outbox'"
            " ORDER BY ordinal_position"
        )
    return [row[0] for row in await asked(database, sql)]


async def one_message(database: Database) -> None:
    (contact_id,) = await contacts(database)

    def say(turn: Turn) -> None:
        turn.say("Hello", flow="f", step="s", message_class=MessageClass.REPLY)

    await turn(database, contact_id, "say", say)


async def test_an_empty_database_has_nothing(database: Database) -> None:
    found = await read(database)
    assert found.queued == dict.fromkeys(Lane, 0)
    assert (found.held, found.unknown, found.dead, found.sending) == ({}, 0, 0, 0)
    assert (found.queued_since, found.unknown_since, found.due_since) == ({}, None, {})


async def test_what_is_little_is_counted_exactly(database: Database) -> None:
    await one_message(database)
    await fill(
        database, 900, state="held", reason="quiet_hours", due_at=microseconds(NOW - timedelta(hours=1))
    )
    change = Statement(
        "UPDATE outbox SET state = :state, reason = :reason, doubted_at = :at WHERE bucket = :bucket"
    )
    doubted = {
        "state": "unknown",
        "reason": None,
        "at": microseconds(NOW - timedelta(minutes=2)),
        "bucket": 3,
    }
    capped = {"state": "held", "reason": "capped", "at": None, "bucket": 5}
    await database.transact(lambda c: c.run(change, [doubted, capped]))
    found = await read(database)
    in_bucket = dict(
        await asked(database, "SELECT bucket, COUNT(*) FROM outbox WHERE bucket IN (3, 5) GROUP BY bucket")
    )
    queued = dict(
        await asked(database, "SELECT state, COUNT(*) FROM outbox WHERE state = 'queued' GROUP BY state")
    )
    assert found.queued[Lane.REPLY] == queued.get("queued", 0)
    assert found.unknown == in_bucket[3]
    assert found.held["capped"] == in_bucket[5]
    assert sum(found.held.values()) + found.unknown + found.queued[Lane.REPLY] == 901
    assert found.unknown_since == NOW - timedelta(minutes=2)
    assert found.due_since["held"] == NOW - timedelta(hours=1)


async def test_many_in_few_buckets_are_counted_exactly_too(database: Database) -> None:
    await one_message(database)
    await fill(database, 2_000, state="held", reason="capped")
    move = Statement("UPDATE outbox SET bucket = 7 WHERE state = 'held'")
    await database.transact(lambda c: c.run(move, [{}]))
    assert (await read(database)).held == {"capped": 2_000}


async def test_200_000_are_estimated_within_two_percent_and_cheaply(database: Database) -> None:
    await one_message(database)
    await fill(database, MANY, lane=Lane.BULK.value)
    await read(database)  # what is read first is not in memory yet
    began_at = time.perf_counter()
    found = await read(database)
    took = time.perf_counter() - began_at
    assert abs(found.queued[Lane.BULK] - MANY) <= MANY * 0.02
    assert found.queued[Lane.REPLY] == 1
    assert found.queued_since[Lane.BULK] == NOW
    assert took < 1, "counting every row takes longer on the machine that the tests run on"
    await plans_read_indexes(database)


async def plans_read_indexes(database: Database) -> None:
    """No statement of the figures reads a big table from end to end."""
    of_module = [value for value in vars(module).values() if isinstance(value, Statement)]
    for statement in (*of_module, *module._DUE.values()):  # noqa: SLF001  # its statements are its own
        explain = Statement("SELECT 1")
        explain.tables = statement.tables
        explain.sqlite, explain.sqlite_order = (
            f"EXPLAIN QUERY PLAN {statement.sqlite}",
            statement.sqlite_order,
        )
        explain.postgres, explain.postgres_order = (
            f"EXPLAIN {statement.postgres}",
            statement.postgres_order,
        )
        width = statement.tables.get("keys", 0)
        plan = await _plan(database, explain, [tuple(range(width))] if width else [])
        for table in ("outbox", "trigger", "run", "call"):
            assert f"Seq Scan on {table}" not in plan, plan
        if database.dialect == "sqlite":
            scans = [line for line in plan.splitlines() if "SCAN " in line and " INDEX " not in line]
            assert all(line.endswith(" SCAN few") or "CONSTANT" in line for line in scans), plan


async def _plan(database: Database, explain: Statement, keys: list[tuple[int, ...]]) -> str:
    found = await database.query(lambda c: c.read(explain, keys=keys, now=microseconds(NOW)))
    return "\n".join(" ".join(map(str, row)) for row in found)


async def test_tallies_of_all_processes_add_up(database: Database) -> None:
    one, other = Tally(), Tally()
    one.add("refused", "quiet_hours")
    one.add("refused", "quiet_hours", 2)
    other.add("refused", "capped")
    for each in (one, other, one):
        await each.flush(database)
    other.add("refused", "quiet_hours")
    await other.flush(database)
    assert await database.query(tally.read) == {("refused", "quiet_hours"): 4, ("refused", "capped"): 1}


async def test_what_cannot_be_written_is_kept_for_the_next_time(database: Database) -> None:
    counted = Tally()
    counted.add("message", "sent")
    away = Statement("ALTER TABLE tally RENAME TO away")
    back = Statement("ALTER TABLE away RENAME TO tally")
    await database.transact(lambda c: c.run(away, [{}]))
    failed = False
    try:
        await counted.flush(database)
    except Exception:  # noqa: BLE001  # each database has its own
        failed = True
    assert failed
    counted.add("message", "sent")
    await database.transact(lambda c: c.run(back, [{}]))
    await counted.flush(database)
    assert await database.query(tally.read) == {("message", "sent"): 2}
