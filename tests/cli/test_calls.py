"""`calls list`, `calls replay`: what the shop was not told can be told again."""

import pytest

from bot.app import open_database
from bot.config import Settings
from bot.core.ids import bucket_of
from bot.storage.driver import Connection, Statement
from tests.cli.conftest import Terminal, run

ANA, BEN = "0" * 30 + "05", "0" * 30 + "a7"
_PUT = Statement("""
    INSERT INTO call (bucket, contact, key, kind, payload, state, created_at, due_at, attempts, failure)
    VALUES (:bucket, :contact, :key, 'order.placed', '{}', :state, :at, :at, 20, :failure)
""")
_LEFT = Statement("SELECT c.key, c.state, c.attempts, c.failure FROM call c ORDER BY c.key")
_AUDIT = Statement("SELECT a.action, a.note FROM audit a ORDER BY a.id")


@pytest.fixture
async def calls(settings: Settings) -> Settings:
    """Three calls: one taken by the shop, two given up."""
    database = await open_database(settings)

    async def put(connection: Connection) -> None:
        many: list[dict[str, object]] = [
            {"contact": ANA, "key": "order/1", "state": "done", "at": 10, "failure": "the shop answered 500"},
            {"contact": ANA, "key": "order/2", "state": "dead", "at": 20, "failure": "the shop answered 503"},
            {"contact": BEN, "key": "order/2", "state": "dead", "at": 30, "failure": "the shop answered 404"},
        ]
        await connection.run(_PUT, [one | {"bucket": bucket_of(str(one["contact"]))} for one in many])

    await database.transact(put)
    await database.close()
    return settings


async def left(settings: Settings) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """What is in the table of calls and in the audit log."""
    database = await open_database(settings)
    found = await database.query(lambda c: c.read(_LEFT))
    audited = await database.query(lambda c: c.read(_AUDIT))
    await database.close()
    return [tuple(row) for row in found], [tuple(row) for row in audited]


async def test_what_was_given_up_is_listed_with_its_reason_newest_first(
    shop: Terminal, calls: Settings
) -> None:
    ran = await run(shop, "calls", "list")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert [line.split("-")[0] for line in lines[::2]] == [BEN, ANA]
    assert lines[1] == "  the shop answered 404"
    assert "order.placed  dead  20 tries" in lines[0]
    assert "order.placed  done" in (await run(shop, "calls", "list", "--state", "done")).out
    assert (await run(shop, "calls", "list", "--state", "queued")).err == "No call is queued.\n"


async def test_one_call_is_made_again_and_no_other(shop: Terminal, calls: Settings) -> None:
    call_id = (await run(shop, "calls", "list")).out.splitlines()[2].split()[0]
    ran = await run(shop, "calls", "replay", call_id, "--note", "the till was down")
    assert (ran.code, ran.err) == (0, "1 will be made again.\n")
    found, audited = await left(calls)
    assert ("order/2", "queued", 0, None) in found
    assert [state for _, state, *_ in found].count("dead") == 1
    assert audited == [("calls.replay", "the till was down")]
    again = await run(shop, "calls", "replay", call_id)
    assert again.code == 1
    assert "waits to be made anyway" in again.err


async def test_all_that_were_given_up_are_made_again(shop: Terminal, calls: Settings) -> None:
    assert (await run(shop, "calls", "replay", "--dead")).err == "2 will be made again.\n"
    found, _ = await left(calls)
    assert [row[1] for row in found] == ["done", "queued", "queued"]
    assert (await run(shop, "calls", "replay", "--dead")).err == "0 will be made again.\n"


@pytest.mark.parametrize("which", ["order/1", f"{ANA}-{'0' * 16}", "x"])
async def test_a_call_that_is_not_there_is_said_so(shop: Terminal, calls: Settings, which: str) -> None:
    ran = await run(shop, "calls", "replay", which)
    assert ran.code == 1
    assert "there is no such call" in ran.err


def test_either_one_or_all(shop: Terminal) -> None:
    assert shop("calls", "replay").code == 2
    assert shop("calls", "replay", "x", "--dead").code == 2


async def test_doctor_sees_what_was_given_up(shop: Terminal, calls: Settings) -> None:
    ran = await run(shop, "doctor")
    assert "WARN calls      2 calls to the shop given up: `regulars calls list`" in ran.out
    await run(shop, "calls", "replay", "--dead")
    assert "OK   calls      the shop was told everything" in (await run(shop, "doctor")).out
