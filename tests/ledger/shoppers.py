"""What shoppers do in processes of their own: check out the same wallet, offer or budget, all at once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier

from bot.core.contact import JsonValue
from bot.storage import due
from bot.storage.driver import Database
from tests.conversation.shop.till import Till
from tests.ledger.processes import PROCESSES
from tests.storage.scripted import open_at


@dataclass(frozen=True, slots=True)
class Rush:
    """Who checks out what, all at once: (contact, order) of each, and what all of them ask for."""

    url: str
    checkouts: tuple[tuple[str, str], ...]
    asked: Mapping[str, JsonValue]
    is_captured: bool = True


def check_out(rush: Rush, start: Barrier, results: Pipe) -> None:
    """Check out when everybody is ready; sends what each came to: its state, discount and credit."""

    async def all_at_once() -> list[tuple[str, int, int]]:
        database = await open_at(rush.url, connections=10)
        await asyncio.gather(*(database.query(due.zones) for _ in range(10)))  # all connections
        await asyncio.to_thread(start.wait, 30)
        outcomes = await asyncio.gather(
            *(_check_out(database, rush, contact, order) for contact, order in rush.checkouts)
        )
        await database.close()
        return list(outcomes)

    results.send(asyncio.run(all_at_once()))


async def _check_out(database: Database, rush: Rush, contact: str, order: str) -> tuple[str, int, int]:
    till = Till(database, contact)
    told = await till.ask("checkout.hold", {**rush.asked, "order": order}, key=f"api:hold {contact} {order}")
    problem = told.get("problem")
    if isinstance(problem, dict):
        return str(problem["code"]), 0, 0
    if rush.is_captured:
        told = await till.ask("checkout.capture", {"order": order}, key=f"api:capture {contact} {order}")
    discount, credit = told["discount_minor"], told["credit_minor"]
    assert isinstance(discount, int)
    assert isinstance(credit, int)
    return str(told["state"]), discount, credit


async def rushed(rushes: list[Rush]) -> list[tuple[str, int, int]]:
    """Let one process for each rush check out; all at once."""
    start = PROCESSES.Barrier(len(rushes))
    pipes = [PROCESSES.Pipe(duplex=False) for _ in rushes]
    started = [
        PROCESSES.Process(target=check_out, args=(rush, start, writer))
        for rush, (_, writer) in zip(rushes, pipes, strict=True)
    ]
    for process in started:
        process.start()
    for _, writer in pipes:
        writer.close()
    outcomes: list[tuple[str, int, int]] = []
    for reader, _ in pipes:
        outcomes += await asyncio.to_thread(reader.recv)
        reader.close()
    for process in started:
        await asyncio.to_thread(process.join)
        assert process.exitcode == 0
    return outcomes
