"""A member of a program of the test's own, whom the shop asks operations of, over a real database."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from bot.conversation.batch import Batch
from bot.conversation.operations import operate
from bot.conversation.work import Result, Work
from bot.core.contact import JsonValue, Product
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms
from bot.core.loyalty.program import Program
from bot.core.loyalty.standing import Standing
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Shop, Turn
from bot.storage.driver import Database
from tests.storage.scripted import NOW, SHOP, Script, asked, contacts, conversation, open_at

PRODUCTS = {
    "ROAST": Product("ROAST", "Friday roast", "beans", 1600),
    "BUN": Product("BUN", "Cinnamon bun", "bakery", 400),
}


def shop(**program: object) -> Shop:
    """The shop of the storage tests, with these sections in its program."""
    read = Program.model_validate(
        {
            "program": "Leaf Club",
            "currency": {"code": "USD"},
            "point_value": "0.01",
            "earning": {"rate": "5%"},
            **program,
        }
    )
    return replace(
        SHOP, program=read, products=PRODUCTS, secrets=(b"secret",), public_url="https://b.example"
    )


@dataclass
class Desk:
    """Asks operations of one member, and lets it do what handlers do; `now` is the clock."""

    database: Database
    contact_id: str
    shop: Shop
    now: datetime = NOW
    _numbers: "count[int]" = field(default_factory=count)

    async def does(self, deed: Callable[[Turn], object], key: str | None = None) -> Result:
        """Let the member do something in a turn."""
        key = key or f"deed/{next(self._numbers)}"
        return await self._run(Trigger(key, TriggerKind.START, self.now), lambda turn: void(deed(turn)))

    async def ask(self, operation: str, key: str | None = None, **body: JsonValue) -> Mapping[str, JsonValue]:
        """Ask an operation; returns what it came to, a refusal under `problem`."""
        key = key or f"api:{next(self._numbers)}"
        payload: dict[str, JsonValue] = {"operation": operation, "body": body}
        result = await self._run(Trigger(key, TriggerKind.OPERATION, self.now, payload), operate)
        assert result.result is not None
        return result.result

    async def again(self, trigger: Trigger) -> Result:
        """Do what was left for later."""
        return await self._run(trigger, operate, is_stored=True)

    async def someone_else(self) -> None:
        """Go on with another member."""
        (self.contact_id,) = await contacts(self.database)
        await self.does(lambda turn: turn.enroll())

    async def credit(self, amount_minor: int) -> None:
        """Give credit that ends in thirty days."""

        def give(turn: Turn) -> None:
            terms = Terms(turn.now, "UTC", expires_at=turn.now + timedelta(days=30))
            grant = Grant(amount_minor, terms, "promotional", "test", "p@1")
            turn.books.adjust_up(grant, turn.now, Cause(turn.trigger.key, "tester"))

        await self.does(give)

    async def tier(self, name: str) -> None:
        """Let the member have a tier."""
        await self.does(lambda turn: turn.keep("standing", "tier", Standing("tier", name, turn.now)))

    async def available(self) -> int:
        """What can be spent."""
        found: list[int] = []
        await self.does(lambda turn: found.append(turn.books.spendable(turn.now)))
        return found[0]

    async def units(self, counter: str) -> int | None:
        """What a counter has left."""
        sql = "SELECT units_left FROM counter WHERE name = :name"
        found = await asked(self.database, sql, name=counter)
        return int(found[0][0]) if found else None

    async def events(self) -> list[str]:
        """The names of all events, in the order of their ids."""
        return [row[0] for row in await asked(self.database, "SELECT name FROM event ORDER BY id")]

    async def _run(
        self, trigger: Trigger, deed: Callable[[Turn], None], *, is_stored: bool = False
    ) -> Result:
        script = Script({trigger.key: deed}, self.shop)
        work = Work(trigger, contact_id=self.contact_id, is_stored=is_stored)
        (result,) = await self.database.transact(Batch(conversation(script, lambda: self.now), [work]).run)
        assert result is not None
        return result


def void(_: object) -> None:
    """Forget what a deed returned."""


@asynccontextmanager
async def at_the_desk(url: str, **program: object) -> AsyncIterator[Desk]:
    """Open a database with one member of a shop whose program has these sections."""
    database = await open_at(url)
    try:
        (contact_id,) = await contacts(database)
        desk = Desk(database, contact_id, shop(**program))
        await desk.does(lambda turn: turn.enroll())
        yield desk
    finally:
        await database.close()
