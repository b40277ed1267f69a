"""Orders told many at a time end as those told one by one, in a handful of statements."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.core.deeds.on_record import Parked
from bot.core.loyalty.returns import Back, Return
from bot.storage import orders, told_orders
from bot.storage.driver import Connection, Database

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ANA, BOB = "a" * 30 + "01", "b" * 30 + "02"


@dataclass
class Counted:
    """A connection that counts how often it is asked for anything."""

    inner: Connection
    times: int = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever a connection can do
        """Count it, and do it."""
        self.times += 1
        return getattr(self.inner, name)


async def test_orders_of_a_batch_become_whose_they_would_one_by_one(database: Database) -> None:
    told = [("A-1", ANA), ("A-2", BOB), ("A-2", ANA), *((f"B-{n}", ANA) for n in range(50))]
    await database.transact(lambda c: orders.claim(c, "A-1", BOB))

    async def claim(connection: Connection) -> int:
        counted = Counted(connection)
        await told_orders.claim(counted, told)
        return counted.times

    # Three for what two have claimed, each: whether it can be moved is asked of it alone.
    assert await database.transact(claim) <= 2 + 2 * 4
    whose = await database.query(lambda c: told_orders.owners(c, [name for name, _ in told] + ["nobody's"]))
    assert whose == {"A-1": ANA, "A-2": ANA, **{f"B-{n}": ANA for n in range(50)}}


async def test_what_came_back_of_unknown_orders_is_kept_as_one_by_one(database: Database) -> None:
    some = [Return({"LATTE": Back(1)}), Return({"BUN": Back(2)}), Return(amount_minor=500)]
    told = [Parked(f"A-{n % 4}", some[n % 3], status="canceled" if n == 7 else "") for n in range(60)]

    async def alone(connection: Connection) -> dict[str, Parked]:
        for one in told:
            await orders.park(connection, Parked(f"alone {one.reference}", one.told, one.status), NOW)
        return {one.reference.removeprefix("alone "): one for one in await orders.all_parked(connection)}

    async def park(connection: Connection) -> int:
        counted = Counted(connection)
        await told_orders.park(counted, told[:20], NOW)
        await told_orders.park(counted, told[20:], NOW)
        return counted.times

    one_by_one = await database.transact(alone)
    assert await database.transact(park) == 6
    for reference, one in one_by_one.items():
        together = await database.query(lambda c, reference=reference: orders.parked(c, reference))  # type: ignore[misc]  # bound now
        assert together is not None
        assert (together.told, together.status, together.at) == (one.told, one.status, NOW)
    assert len(one_by_one) == 4
