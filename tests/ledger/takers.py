"""What takers do in processes of their own: everybody wants the same drop at once; and lapses are struck."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier

from bot.conversation.batch import Batch
from bot.conversation.inbox import restored
from bot.conversation.operations import operate
from bot.core.deeds import reserving
from bot.core.errors import TellMember
from bot.core.ids import BUCKETS
from bot.core.loyalty.program import Program
from bot.core.turn import Turn
from bot.storage import due
from bot.storage.driver import Database
from tests.storage.scripted import NOW, SHOP, Script, conversation, open_at, work

IN_A_BATCH = 25
CONNECTIONS = 5
UNITS = 100
HOLD_FOR = timedelta(minutes=15)
OPENING = "rush/2026-03-01"
PROGRAM = Program.model_validate(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "drops": [
            {
                "id": "rush",
                "name": "Rush",
                "sku": "RUSH",
                "units": UNITS,
                "price": "9.00",
                "at": "2026-03-01 09:00",
            }
        ],
    }
)
RUSH_SHOP = replace(SHOP, program=PROGRAM)


@dataclass(frozen=True, slots=True)
class Rush:
    """Who takes part in one process."""

    url: str
    contact_ids: tuple[str, ...]


def take_at_once(rush: Rush, start: Barrier, results: Pipe) -> None:
    """Take when everybody is ready, in batches as the dispatcher makes them; sends the answers, counted."""

    async def all_at_once() -> Counter[str]:
        database = await open_at(rush.url, connections=CONNECTIONS)
        await asyncio.gather(*(database.query(due.zones) for _ in range(CONNECTIONS)))  # all connections
        await asyncio.to_thread(start.wait, 60)
        batches = [
            rush.contact_ids[first : first + IN_A_BATCH]
            for first in range(0, len(rush.contact_ids), IN_A_BATCH)
        ]
        answers = await asyncio.gather(*(_batch(database, each) for each in batches))
        await database.close()
        return sum(answers, Counter())

    results.send(asyncio.run(all_at_once()))


def lapse_at_once(rush: Rush, start: Barrier, results: Pipe) -> None:
    """Strike what is due, as the job does in every process; sends how many turns were done."""

    async def all_at_once() -> int:
        database = await open_at(rush.url, connections=CONNECTIONS)
        later = NOW + HOLD_FOR
        waiting = []
        for bucket in range(BUCKETS):
            waiting += await database.query(lambda c, bucket=bucket: due.triggers(c, bucket, later, 1000))  # type: ignore[misc]  # bound now
        await asyncio.to_thread(start.wait, 60)

        async def strike(stored: due.StoredTrigger) -> int:
            script = Script({stored.key: operate}, RUSH_SHOP)
            batch = Batch(conversation(script, lambda: later), [restored(stored)])
            (result,) = await database.transact(batch.run)
            return int(result is not None and not result.is_duplicate)

        done = await asyncio.gather(*map(strike, waiting))
        await database.close()
        return sum(done)

    results.send(asyncio.run(all_at_once()))


async def _batch(database: Database, contact_ids: Sequence[str]) -> Counter[str]:
    answers: dict[str, str] = {}

    def take(turn: Turn) -> None:
        if not turn.contact.is_member:
            turn.enroll()
        (opening,) = reserving.openings(turn)
        try:
            answers[turn.contact.id] = reserving.reserve(turn, opening, 1).state.value
        except TellMember as problem:
            answers[turn.contact.id] = problem.code

    script = Script({f"take {one}": take for one in contact_ids}, RUSH_SHOP)
    works = [work(f"take {one}", one) for one in contact_ids]
    # A phone that got no answer sends the same message again.
    for _ in range(2):
        await database.transact(Batch(conversation(script), works).run)
    return Counter(answers.values())
