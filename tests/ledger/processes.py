"""What races and crashes do in processes of their own: spend the same credit, work until killed."""

import asyncio
import logging
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier

import structlog

from bot.conversation.batch import Batch, TurnFailed
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.inbox import restored
from bot.core.ids import bucket_of
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms
from bot.core.ledger.refusals import InsufficientCredit
from bot.core.messages import MessageClass
from bot.core.turn import Turn
from bot.storage import due
from bot.storage.driver import Database
from tests.storage.scripted import NOW, Script, conversation, open_at, work

# One process that has imported everything forks the others, so that each starts at once.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class Race:
    """Who spends what, all at once; `keys` are of triggers, each a spend of its own."""

    url: str
    contact_id: str
    amount_minor: int
    keys: tuple[str, ...]


def spend(race: Race, start: Barrier, results: Pipe) -> None:
    """Spend when everybody is ready; sends what became of each key: won, refused or duplicate."""

    async def all_at_once() -> list[str]:
        database = await open_at(race.url, connections=10)
        await asyncio.gather(*(database.query(due.zones) for _ in range(10)))  # all connections
        await asyncio.to_thread(start.wait, 30)
        outcomes = await asyncio.gather(*(_spend(database, race, key) for key in race.keys))
        await database.close()
        return list(outcomes)

    results.send(asyncio.run(all_at_once()))


async def _spend(database: Database, race: Race, key: str) -> str:
    def deed(turn: Turn) -> None:
        turn.books.redeem(race.amount_minor, turn.now, Cause(turn.trigger.key, "tester"))

    batch = Batch(conversation(Script({key: deed})), [work(key, race.contact_id)])
    try:
        (result,) = await database.transact(batch.run)
    except TurnFailed as failed:
        if not isinstance(failed.error, InsufficientCredit):
            raise
        return "refused"
    assert result is not None
    return "duplicate" if result.is_duplicate else "won"


class Effects(Script):
    """Decides every trigger by the number its key ends in: earn, spend, or fail half-way."""

    def decide(self, turn: Turn) -> None:
        """Leave an entry, a message and an event; every fifth turn fails with all of it decided."""
        key = turn.trigger.key
        number = int(key.rpartition("/")[2])
        cause = Cause(key, "tester", reason_text=f"because of {key}")
        if number % 2:
            turn.books.redeem(3, turn.now, cause)
        else:
            turn.books.earn(Grant(10, Terms(turn.now, "UTC"), "earned", "test", "p@1"), turn.now, cause)
        turn.say(f"Done: {key}", flow="f", step="s", message_class=MessageClass.REPLY)
        turn.track("Worked", {"key": key})
        if number % 5 == 4:
            raise ArithmeticError(key)


def work_until_killed(url: str, contact_ids: Sequence[str], name: str, acknowledged: Pipe) -> None:
    """Run turns for ever; sends the key of each when its result is known, as a webhook answers."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    async def work_on() -> None:
        database = await open_at(url)
        dispatcher = Dispatcher(database, conversation(Effects()))
        dispatcher.start()

        async def submit(number: int) -> None:
            contact_id = contact_ids[number % len(contact_ids)]
            key = f"{name}/{number}"
            await dispatcher.submit(work(key, contact_id))
            acknowledged.send(key)

        number = 0
        while True:
            async with asyncio.TaskGroup() as group:
                for _ in range(24):
                    group.create_task(submit(number))
                    number += 1
                group.create_task(take_stored(database, dispatcher, contact_ids))

    asyncio.run(work_on())


async def take_stored(database: Database, dispatcher: Dispatcher, contact_ids: Sequence[str]) -> int:
    """Run some stored triggers of each contact, as the job of due triggers does; returns how many."""
    waiting = []
    for bucket in {bucket_of(contact_id) for contact_id in contact_ids}:
        waiting += await database.query(lambda c, bucket=bucket: due.triggers(c, bucket, NOW, 2))  # type: ignore[misc]  # bound now
    await asyncio.gather(*(dispatcher.submit(restored(one)) for one in waiting))
    return len(waiting)
