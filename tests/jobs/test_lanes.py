"""Going through the lanes: who is in front of whom, and that nobody stands in everybody's way."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast

import pytest

from bot.channels.channel import SendError, SenderSlowed, Sent
from bot.conversation.receipts import Receipts
from bot.core.contact import Address, Contact
from bot.core.effects import Queued
from bot.core.gate import Cleared, Policy
from bot.core.ids import IdSource, microseconds, new_contact_id
from bot.core.messages import MessageClass, OutboxState, Outgoing
from bot.core.senders import SenderPool
from bot.jobs.outbox import BULK, OutboxDelivery
from bot.jobs.rates import Rates
from bot.storage import rows, tables
from bot.storage.driver import Connection, Database, Present, Rows, Statement
from tests.storage.scripted import asked, open_at

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
SLOW, FAST = "+12025550100", "+12025550101"
BUCKET = 7
IDS = IdSource(os.urandom)
T = TypeVar("T")
_TABLES = tables.Row.metadata.tables


@dataclass(slots=True)
class Phones:
    """A provider that takes everything, or refuses it all, and how much of it came at once."""

    name: str = "sms"
    refusal: SendError | None = None
    taken: list[Outgoing] = field(default_factory=list)
    in_hand: int = 0
    in_hand_max: int = 0

    async def send(self, cleared: Cleared) -> Sent:
        """Take it."""
        if self.refusal is not None:
            raise self.refusal
        self.in_hand += 1
        self.in_hand_max = max(self.in_hand_max, self.in_hand)
        await asyncio.sleep(0.001)
        self.in_hand -= 1
        self.taken.append(cleared.message)
        return Sent(f"SM{cleared.message.id}", OutboxState.SENT, 1)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows, open; the test runs once for each kind."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


def delivery(
    database: Database,
    phones: Phones,
    pools: Mapping[str, SenderPool] | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
) -> OutboxDelivery:
    """Delivery on a clock that stands unless another is given; it has no reports to handle."""
    return OutboxDelivery(
        database,
        {"sms": phones},
        cast("Receipts", None),
        Policy,
        clock,
        asyncio.Event(),
        rates=Rates(lambda: pools or {}),
    )


async def waiting(
    database: Database,
    count: int,
    sender: str = FAST,
    *,
    since: timedelta = timedelta(),
    state: OutboxState = OutboxState.QUEUED,
) -> None:
    """Let a marketing message wait for each of so many new contacts, all in one bucket."""
    values: dict[str, list[rows.RowValues]] = {
        name: [] for name in ("contact", "address", "subscription", "outbox")
    }
    due_at = NOW - since
    for number in range(count):
        contact_id = f"{new_contact_id(NOW, os.urandom)[:-2]}{BUCKET:02x}"
        contact = Contact(contact_id, BUCKET, "en", "America/New_York", NOW, zone_is_known=True)
        address = Address("sms", f"+1212{int(contact_id[-12:], 16)}")
        values["contact"].append(rows.contact_row(contact))
        values["address"].append(rows.address_row(contact, address, NOW))
        values["subscription"].append(
            (BUCKET, contact_id, "loyalty", "subscribed", microseconds(NOW), None, None)
        )
        message = Outgoing(
            id=IDS.mint(NOW, BUCKET),
            contact_id=contact_id,
            channel="sms",
            address=address.value,
            sender=sender,
            message_class=MessageClass.MARKETING,
            group="loyalty",
            body=f"Hello {number}",
            media=(),
            key="k",
            flow="f",
            step="s",
            due_at=due_at,
            valid_until=None,
            language="en",
        )
        values["outbox"].append(rows.outbox_row(Queued(message, state), "t", due_at, inline_until=None))

    async def write(connection: Connection) -> None:
        for name, these in values.items():
            await connection.write(Rows(_TABLES[name], Present.FAIL), these)

    await database.transact(write)


async def test_looking_for_answers_where_there_are_none_slows_nothing(database: Database) -> None:
    phones = Phones()
    outbox = delivery(database, phones)
    await waiting(database, 24)
    assert await outbox.replies() == 0, "as four times a second"
    assert await outbox.bulk() == 24
    assert phones.in_hand_max == BULK.at_once


@pytest.mark.parametrize("held_up_by", ["its pace", "its brand's day"])
async def test_what_waits_for_its_sender_does_not_hide_what_need_not(
    database: Database, held_up_by: str
) -> None:
    per_day = 1 if held_up_by == "its brand's day" else None
    pools = {
        "slow": SenderPool("slow", (SLOW,), segments_per_second=1, segments_per_day=per_day),
        "fast": SenderPool("fast", (FAST,), segments_per_second=100_000),
    }
    phones = Phones()
    outbox = delivery(database, phones, pools)
    await waiting(database, 50, SLOW, since=timedelta(hours=1))
    await waiting(database, 30, FAST)
    for _ in range(3):
        await outbox.bulk()
    assert sum(one.sender == FAST for one in phones.taken) == 30
    assert sum(one.sender == SLOW for one in phones.taken) == 1, "the clock stands"


@dataclass(slots=True)
class Counted:
    """A database, and the most that a transaction said to have changed."""

    inner: Database
    dialect: str = "either"
    most: int = 0

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.transact`."""
        result = await self.inner.transact(work)
        self.most = max(self.most, result if isinstance(result, int) else 0)
        return result

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """See `Database.query`."""
        return await self.inner.query(work)

    async def close(self) -> None:
        """Whoever opened it closes it."""


async def test_what_is_held_until_the_same_moment_is_released_in_small_parts(database: Database) -> None:
    counted = Counted(database)
    outbox = delivery(counted, Phones())
    await waiting(database, 450, state=OutboxState.HELD)
    assert await outbox.release() == 450
    assert await asked(database, "SELECT state, COUNT(*) FROM outbox GROUP BY state") == [("queued", 450)]
    assert counted.most < 450
    assert await outbox.release() == 0


async def test_what_waited_for_days_is_tried_for_a_day_all_the_same(database: Database) -> None:
    await waiting(database, 1, since=timedelta(days=3))
    phones, now = Phones(refusal=SenderSlowed("429", after=timedelta(minutes=1))), NOW

    async def tries(times: int, every: timedelta) -> list[tuple[object, ...]]:
        nonlocal now
        outbox = delivery(database, phones, clock=lambda: now)
        for _ in range(times):
            await outbox.bulk()
            now += every
        return await asked(database, "SELECT state, attempts FROM outbox")

    assert await tries(9, timedelta(minutes=10)) == [("queued", 9)]
    assert await tries(2, timedelta(days=1)) == [("failed", 11)]


async def test_one_that_cannot_be_judged_stays_and_lets_the_others_pass(database: Database) -> None:
    await waiting(database, 1, since=timedelta(hours=1))
    nowhere = Statement("UPDATE contact SET zone = 'Lunar/Tranquility'")
    await database.transact(lambda c: c.run(nowhere, [{}]))
    await waiting(database, 5)
    phones = Phones()
    await delivery(database, phones).bulk()
    assert len(phones.taken) == 5
    assert await asked(database, "SELECT reason FROM outbox WHERE state = 'held'") == [("gate_failed",)]
