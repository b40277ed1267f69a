"""Who may speak now: the pace of a number, the day of a brand, a provider that is down; for all processes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.channel import (
    AccountSpent,
    DailyLimitReached,
    OutcomeUnknown,
    ProviderUnreachable,
    SendError,
    SenderSlowed,
    SendNever,
)
from bot.core.messages import Lane, MessageClass, Outgoing
from bot.core.pacing import BEIJING, BREAKS_AFTER, next_day
from bot.core.senders import SenderPool
from bot.jobs.rates import Rates, Room
from bot.storage import senders
from bot.storage.driver import Database
from tests.storage.scripted import open_at

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ONE, OTHER = "+12025550100", "+12025550101"
CLASSES = {
    Lane.REQUIRED: MessageClass.REQUIRED,
    Lane.REPLY: MessageClass.REPLY,
    Lane.SERVICE: MessageClass.SERVICE,
    Lane.BULK: MessageClass.MARKETING,
}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows, open; the test runs once for each kind."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


def message(number: int, lane: Lane = Lane.BULK, sender: str = ONE, body: str = "Hello") -> Outgoing:
    return Outgoing(
        id=f"{number:032x}",
        contact_id="c" * 32,
        channel="sms",
        address="+13055550100",
        sender=sender,
        message_class=CLASSES[lane],
        group="loyalty",
        body=body,
        media=(),
        key=str(number),
        flow="f",
        step="s",
        due_at=NOW,
        valid_until=None,
        language="en",
    )


def paced(per_second: float = 10, per_day: int | None = None) -> Rates:
    pool = SenderPool("main", (ONE, OTHER), segments_per_second=per_second, segments_per_day=per_day)
    pools: Mapping[str, SenderPool] = {"main": pool}
    return Rates(lambda: pools)


async def take(database: Database, rates: Rates, messages: list[Outgoing], now: datetime = NOW) -> Room:
    return await database.transact(lambda c: rates.take(c, messages, now))


async def learn(
    database: Database, rates: Rates, error: SendError | None, lane: Lane = Lane.BULK, now: datetime = NOW
) -> None:
    await database.transact(lambda c: rates.learn(c, [(message(0, lane), error)], now))


async def test_a_number_sends_so_many_segments_a_second(database: Database) -> None:
    rates, sent, now = paced(10), 0, NOW
    for _ in range(40):  # ten seconds, looked at four times a second
        room = await take(database, rates, [message(number) for number in range(100)], now)
        sent += len(room.ids)
        assert room.free_at is not None
        now += timedelta(seconds=0.25)
    assert 95 <= sent <= 110


async def test_long_texts_take_more(database: Database) -> None:
    rates, sent, now = paced(10), 0, NOW
    for _ in range(40):
        room = await take(database, rates, [message(n, body="x" * 300) for n in range(50)], now)
        sent += len(room.ids)
        now += timedelta(seconds=0.25)
    assert 47 <= sent <= 55


async def test_each_number_has_its_own_pace_and_processes_share_it(database: Database) -> None:
    wanted = [message(n, sender=(ONE, OTHER)[n % 2]) for n in range(100)]
    rooms = await asyncio.gather(*(take(database, paced(10), wanted) for _ in range(4)))
    assert 8 <= sum(len(room.ids) for room in rooms) <= 14


async def test_an_answer_goes_before_what_waits_in_bulk(database: Database) -> None:
    rates = paced(1)
    await take(database, rates, [message(n) for n in range(9)])
    assert len((await take(database, rates, [message(n, Lane.REPLY) for n in range(5)])).ids) == 5
    assert (await take(database, rates, [message(20)], NOW + 3 * SECOND)).ids == frozenset()
    assert len((await take(database, rates, [message(20)], NOW + 7 * SECOND)).ids) == 1


async def test_a_brands_day_holds_all_but_answers_until_midnight(database: Database) -> None:
    rates = paced(1000, per_day=5)
    room = await take(database, rates, [message(n, sender=(ONE, OTHER)[n % 2]) for n in range(9)])
    assert len(room.ids) == 5
    assert room.free_at == next_day(NOW)
    assert len((await take(database, rates, [message(20, Lane.REPLY)], NOW + SECOND)).ids) == 1
    assert not (await take(database, rates, [message(21, Lane.SERVICE)], NOW + SECOND)).ids
    assert len((await take(database, rates, [message(n) for n in range(9)], next_day(NOW))).ids) == 5


async def test_a_slowed_sender_rests_for_every_process_and_the_others_go_on(database: Database) -> None:
    rates = Rates()
    await learn(database, rates, SenderSlowed("429", after=timedelta(seconds=30)))
    await take(database, rates, [message(1)])
    assert rates.resting([Lane.BULK], NOW) == [ONE]
    assert rates.resting([Lane.REPLY], NOW) == [], "another lane may have room"
    assert rates.resting([Lane.BULK], NOW + 5 * SECOND) == [], "it is looked at again"
    fresh = Rates()
    room = await take(database, fresh, [message(1, Lane.REPLY), message(2, sender=OTHER)])
    assert room == Room(frozenset({message(2).id}), NOW + timedelta(seconds=30))
    later = NOW + timedelta(seconds=30)
    assert len((await take(database, fresh, [message(1)], later)).ids) == 1
    await learn(database, fresh, None, now=later)
    assert {one.failures for one in await database.query(senders.listed)} == {0}


async def test_the_carriers_limit_holds_the_brand_until_midnight(database: Database) -> None:
    rates = paced(1000)
    await learn(database, rates, DailyLimitReached("30023"))
    assert not (await take(database, rates, [message(1, sender=OTHER)])).ids
    assert len((await take(database, rates, [message(1, Lane.REPLY)])).ids) == 1
    assert len((await take(database, rates, [message(1)], next_day(NOW))).ids) == 1


async def test_an_account_that_used_up_its_day_rests_until_midnight_in_beijing(database: Database) -> None:
    rates, spent = Rates(), replace(message(1, Lane.REPLY, "wx1"), channel="wechat", address="wx1/o1")
    other = replace(spent, id=f"{2:032x}", sender="wx2", address="wx2/o2")
    await database.transact(lambda c: rates.learn(c, [(spent, AccountSpent("45009"))], NOW))
    midnight = next_day(NOW, BEIJING)
    assert midnight == datetime(2026, 11, 25, 16, tzinfo=UTC)
    for process in (rates, Rates()):
        room = await take(database, process, [spent, other])
        assert (room.ids, room.free_at) == (frozenset({other.id}), midnight)
    assert (await take(database, rates, [spent, other], midnight)).ids == {spent.id, other.id}


async def test_the_carriers_limit_of_sms_holds_nothing_else(database: Database) -> None:
    rates = Rates()
    await learn(database, rates, DailyLimitReached("30023"))
    wechat = replace(message(2, Lane.BULK, "wx1"), channel="wechat", address="wx1/o1")
    assert (await take(database, rates, [message(1), wechat])).ids == {wechat.id}


@pytest.mark.parametrize("error", [ProviderUnreachable("refused"), OutcomeUnknown("503")])
async def test_a_dead_provider_is_left_alone_then_one_message_finds_out(
    database: Database, error: SendError
) -> None:
    rates = Rates()
    for _ in range(BREAKS_AFTER):
        assert len((await take(database, rates, [message(1)])).ids) == 1
        await learn(database, rates, error)
    room = await take(database, Rates(), [message(1, Lane.REQUIRED), message(2, sender=OTHER)])
    assert room.ids == frozenset()
    assert room.free_at is not None
    after = room.free_at
    rooms = [await take(database, Rates(), [message(n) for n in range(5)], after) for _ in range(3)]
    assert [len(room.ids) for room in rooms] == [1, 0, 0], "one of all processes knocks"
    await learn(database, rates, error, now=after)
    assert not (await take(database, rates, [message(1)], after + SECOND)).ids
    (state,) = [one for one in await database.query(senders.listed) if one.name == "channel:sms"]
    again = state.rests_until(after)
    assert len((await take(database, rates, [message(1)], again)).ids) == 1
    await learn(database, rates, None, now=again)
    assert len((await take(database, rates, [message(n) for n in range(9)], again)).ids) == 9


async def test_a_refusal_of_one_message_shows_that_the_provider_lives(database: Database) -> None:
    rates = Rates()
    for _ in range(BREAKS_AFTER - 1):
        await take(database, rates, [message(1)])
        await learn(database, rates, ProviderUnreachable("refused"))
    await take(database, rates, [message(1)])
    await learn(database, rates, SendNever("21610"))
    await take(database, rates, [message(1)])
    await learn(database, rates, ProviderUnreachable("refused"))
    assert len((await take(database, rates, [message(1)])).ids) == 1
