"""A till: asks for operations on one member over a real database, on a clock that the test moves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from bot.conversation.batch import Batch
from bot.conversation.operations import OPERATIONS, operate, operation_work
from bot.core.contact import JsonValue, Product
from bot.core.deeds.offering import give_offer
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.loyalty.offers import Offer
from bot.core.loyalty.program import Program
from bot.core.turn import Shop, Turn
from bot.storage import offers
from bot.storage.driver import Database
from tests.core.loyalty.ledger_invariants import check_snapshot
from tests.core.loyalty.ledger_operations import Snapshot
from tests.storage.scripted import NOW, SHOP, Script, contacts, conversation, stored, work

Told = Mapping[str, JsonValue]
PRODUCTS = {
    "TEA": Product("TEA", "Jasmine tea", "tea", 350),
    "BEANS": Product("BEANS", "House beans", "coffee", 1400),
}
WRITTEN = {
    "program": "Leaf Club",
    "currency": {"code": "USD"},
    "point_value": "0.01",
    "earning": {"rate": "5%"},
    "funds": {"autumn": {"limit": "10.00"}},
    "offers": {
        "tea20": {"title": {"en": "20% off tea"}, "percent": "20%", "category": "tea", "valid": "2d"},
        "five_off": {"title": {"en": "$5 off"}, "amount": "5.00", "fund": "autumn", "at_least": "10.00"},
        "alone": {"title": {"en": "$4 off"}, "amount": "4.00", "stacks": False, "back_on_refund": True},
        "shipping": {"title": {"en": "Free shipping"}, "free_shipping": True, "times": 2},
        "gold": {"title": {"en": "For gold"}, "percent": "10%", "for": {"tag": "gold"}},
        "once": {"title": {"en": "Once"}, "percent": "10%", "per_member": 1},
        "over": {"title": {"en": "Gone by"}, "percent": "10%", "until": "2026-02-01"},
    },
}
_KEYS = count(1)


def shop_with(written: Mapping[str, object] = WRITTEN) -> Shop:
    """The shop of scripted turns with this program."""
    return replace(SHOP, program=Program.model_validate(written), products=PRODUCTS)


SHOP_WITH_OFFERS = shop_with()


@dataclass
class Till:
    """Asks for operations on one member."""

    database: Database
    contact_id: str
    shop: Shop = SHOP_WITH_OFFERS
    now: datetime = NOW
    given: dict[str, Offer] = field(default_factory=dict)

    @classmethod
    async def of_member(cls, database: Database, *, credit: int = 0, shop: Shop = SHOP_WITH_OFFERS) -> "Till":
        """A new member, with so much credit that never ends."""
        (contact_id,) = await contacts(database)
        till = cls(database, contact_id, shop)
        await till.deed(Turn.enroll)
        if credit:
            await till.grant(credit)
        return till

    async def ask(self, name: str, body: Told | None = None, *, key: str | None = None) -> Told:
        """Ask for an operation; a refusal is what it says under `problem`."""
        key = key or f"api:{next(_KEYS)}"
        asked = operation_work(
            name, dict(body or {}), key=key, at=self.now, contact_id=self.contact_id, operations=OPERATIONS
        )
        script = Script({key: operate}, shop=self.shop)
        batch = Batch(conversation(script, lambda: self.now), [asked])
        (result,) = await self.database.transact(batch.run)
        assert result is not None
        assert result.result is not None
        return result.result

    async def refused(self, name: str, body: Told) -> Told:
        """Ask for what is refused; returns why."""
        problem = (await self.ask(name, body)).get("problem")
        assert isinstance(problem, dict), "it was not refused"
        return problem

    async def give(self, name: str) -> Offer:
        """Give the member an offer."""

        def deed(given_in: Turn) -> None:
            self.given[name] = give_offer(given_in, name, given_in.trigger.key)

        await self.deed(deed)
        return self.given[name]

    async def give_many(self, name: str) -> None:
        """Give the member more of an offer than a turn looks at."""
        for number in range(3):

            def deed(given_in: Turn, number: int = number) -> None:
                for each in range(20):
                    give_offer(given_in, name, f"{name} {number} {each}")

            await self.deed(deed)

    async def grant(self, amount: int, *, until: datetime | None = None, order: str = "") -> None:
        """Grant credit, of an order if one is named."""

        def deed(earner: Turn) -> None:
            grant = Grant(
                amount, Terms(earner.now, "UTC", expires_at=until, grace_until=until), "earned", "test", "p@1"
            )
            source = ("order", order) if order else ("", "")
            cause = Cause(earner.trigger.key, "tester", source_type=source[0], source_id=source[1])
            earner.books.earn(grant, earner.now, cause)

        await self.deed(deed)

    async def sweep(self) -> None:
        """Record what has ended, as a job does."""

        def deed(sweeper: Turn) -> None:
            if not sweeper.books.lots_complete:
                raise NeedsMoreLots
            for lot_id in tuple(sweeper.books.lots):
                sweeper.books.expire(lot_id, sweeper.now)

        await self.deed(deed)

    async def deed(self, deed: Callable[[Turn], object]) -> None:
        """Do something in a turn."""
        key = f"deed {next(_KEYS)}"

        def do(one: Turn) -> None:
            deed(one)

        script = Script({key: do}, shop=self.shop)
        asked = work(key, self.contact_id, self.now)
        await self.database.transact(Batch(conversation(script, lambda: self.now), [asked]).run)

    async def offer(self, name: str) -> Offer:
        """The offer as it is stored now."""
        found = await self.database.query(lambda c: offers.offers(c, self.contact_id))
        return next(offer for offer in found if offer.id == self.given[name].id)

    async def books(self) -> Snapshot:
        """The member's books as they are stored, sound."""
        snapshot = await self.database.query(lambda c: stored(c, self.contact_id))
        check_snapshot(snapshot)
        return snapshot

    def wait(self, duration: timedelta) -> None:
        """Move the clock on."""
        self.now += duration
