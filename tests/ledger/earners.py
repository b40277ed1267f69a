"""What earners do in processes of their own: everybody's order wants credit of the same fund at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier

from bot.conversation.batch import Batch
from bot.core.contact import Order, OrderLine
from bot.core.deeds.crediting import credit_order
from bot.core.loyalty.program import Program
from bot.core.turn import Turn
from bot.storage import due
from tests.storage.scripted import NOW, SHOP, Script, conversation, open_at, work

IN_A_BATCH = 25
CONNECTIONS = 5
FUND_LIMIT = 200_03
"""In cents: it ends in the middle of somebody's order, and in the middle of a rule."""
PROGRAM = Program.model_validate(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {
            "rules": [
                {"id": "tea", "rate": "10%", "fund": "autumn"},
                {"id": "gift", "credit": "0.25", "fund": "autumn"},
            ]
        },
        "funds": {"autumn": {"limit": f"{FUND_LIMIT // 100}.{FUND_LIMIT % 100:02}", "per": "month"}},
    }
)
WANTED_MINOR = 35
"""What each order would earn: ten per cent of a dollar, and the gift."""


@dataclass(frozen=True, slots=True)
class Rush:
    """Who earns in one process."""

    url: str
    contact_ids: tuple[str, ...]


def earn(turn: Turn) -> None:
    """Place an order that earns out of the fund."""
    if not turn.contact.is_member:
        turn.enroll()
    order = Order(turn.new_id(), "shop", NOW, (OrderLine("TEA", "Tea", 1, 100, category="tea"),), 100)
    # A turn that is decided again places the same order again.
    order = replace(order, id=f"{turn.contact.id[:-4]}ff{turn.contact.id[-2:]}")
    credit_order(turn, order)


def earn_at_once(rush: Rush, start: Barrier, results: Pipe) -> None:
    """Earn when everybody is ready, in batches as the dispatcher makes them; sends how many were done."""

    async def all_at_once() -> int:
        database = await open_at(rush.url, connections=CONNECTIONS)
        await asyncio.gather(*(database.query(due.zones) for _ in range(CONNECTIONS)))  # all connections
        await asyncio.to_thread(start.wait, 30)

        async def batch(contact_ids: Sequence[str]) -> int:
            script = Script({f"earn {one}": earn for one in contact_ids}, replace(SHOP, program=PROGRAM))
            works = [work(f"earn {one}", one) for one in contact_ids]
            done = await database.transact(Batch(conversation(script), works).run)
            return sum(one is not None for one in done)

        batches = [
            rush.contact_ids[first : first + IN_A_BATCH]
            for first in range(0, len(rush.contact_ids), IN_A_BATCH)
        ]
        counts = await asyncio.gather(*(batch(each) for each in batches))
        await database.close()
        return sum(counts)

    results.send(asyncio.run(all_at_once()))
