"""A year of one member, played against the real system: the deeds that docs/loyalty/year.md tells."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from zoneinfo import ZoneInfo

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.core.ledger.books import Books
from bot.core.turn import Snapshot
from bot.storage import turns
from bot.storage.driver import Connection
from bot.storage.snapshots import Wanted, load_snapshots
from tests.conversation.chat import Chat

YEAR = 2027
_NEW_YORK = ZoneInfo("America/New_York")
_MOVED = """
    SELECT e.effective_at, e.wallet, e.reason, (SELECT SUM(d.amount_minor) FROM draw d
        WHERE d.bucket = e.bucket AND d.contact = e.contact AND d.wallet = e.wallet AND d.number = e.number)
    FROM entry e WHERE e.contact = :contact ORDER BY e.effective_at, e.wallet DESC, e.number
"""
_CARD = "card/coffee"
Line = dict[str, JsonValue]


def _product(sku: str, name: str, category: str, unit_minor: int) -> Callable[[int], Line]:
    return lambda quantity: {
        "sku": sku,
        "name": name,
        "category": category,
        "unit_minor": unit_minor,
        "quantity": quantity,
    }


beans = _product("BEANS", "House beans", "beans", 1400)
latte = _product("LATTE", "Oat latte", "coffee", 550)
tea = _product("TEA", "Jasmine tea", "tea", 1000)


@dataclass(frozen=True, slots=True)
class Stand:
    """How a member stands at an instant, in whole currency as members read it."""

    at: datetime
    available: str
    pending: str
    owed: str
    stamps: str
    tier: str


@dataclass
class Year:
    """The member's phone, the shop's till, and a calendar."""

    chat: Chat
    said: list[str] = field(default_factory=list)
    keys: "count[int]" = field(default_factory=count)

    async def reach(self, day: date) -> None:
        """Let the days go by until noon of this one."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=_NEW_YORK).astimezone(UTC)
        self.said += await self.chat.move_to(max(noon, self.chat.clock.now))

    async def text(self, body: str) -> list[str]:
        """Let the member text something; returns the answer."""
        return await self.chat(body)

    async def ask(self, name: str, body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Let the shop ask for something; it is not refused."""
        contact = await self.chat.contact_id()
        key = f"api:{next(self.keys)}"
        work = operation_work(name, body, key=key, at=self.chat.clock(), contact_id=contact)
        result = (await self.chat.app.dispatcher.submit(work)).result
        assert result is not None, (name, body)
        assert "problem" not in result, result
        await self.chat.strike()
        self.said += self.chat.news()
        return result

    async def buy(self, order: str, *lines: Line) -> None:
        """Sell something for cash."""
        await self.ask("order.report", {"order": order, "status": "paid", "lines": list(lines)})

    async def hold(self, order: str, *lines: Line) -> None:
        """Open a checkout, where credit pays what it can."""
        await self.ask("checkout.hold", {"order": order, "lines": list(lines)})

    async def capture(self, order: str, *lines: Line, of_the_first: int | None = None) -> None:
        """Close a checkout, of the first line maybe so many only, and report the order."""
        part: JsonValue = None if of_the_first is None else [{"line": 1, "quantity": of_the_first}]
        await self.ask("checkout.capture", {"order": order, **({"lines": part} if part else {})})
        await self.buy(order, *lines)

    async def stands(self) -> Stand:
        """Say how the member stands now."""
        contact_id, now = await self.chat.contact_id(), self.chat.clock()
        return await self.chat.app.database.query(lambda c: _stand(c, contact_id, now))

    async def moved(self) -> list[tuple[datetime, str]]:
        """What moved and when it took effect: `earn 1.95`, `coffee earn 2` for stamps."""
        rows = await self.chat.rows(_MOVED, contact=await self.chat.contact_id())
        return [
            (
                datetime.fromtimestamp(at / 1_000_000, UTC),
                f"coffee {reason} {amount}" if wallet == _CARD else f"{reason} {amount / 100:.2f}",
            )
            for at, wallet, reason, amount in rows
        ]


async def _stand(connection: Connection, contact_id: str, now: datetime) -> Stand:
    contacts = await turns.lock(connection, [contact_id])
    wanted = Wanted(lots=True)
    for name in (f"wallet/{_CARD}", "standing/tier"):
        wanted.want(name)
    snapshot = (await load_snapshots(connection, contacts, {contact_id: wanted}))[contact_id]
    balance = _books(snapshot).balance(now)
    card = snapshot.more[f"wallet/{_CARD}"].wallet  # type: ignore[attr-defined]  # an OpenWallet
    tier = snapshot.more["standing/tier"]
    return Stand(
        now,
        f"{balance.available_minor / 100:.2f}",
        f"{balance.pending_minor / 100:.2f}",
        f"{balance.debt_minor / 100:.2f}",
        str(card.available_minor + card.pending_minor - card.debt_minor),
        tier.value if tier is not None else "",  # type: ignore[attr-defined]  # a Standing
    )


def _books(snapshot: Snapshot) -> Books:
    return Books(snapshot.wallet, snapshot.lots, snapshot.holds, lots_complete=True, mint=str)


Deed = Callable[[Year], Awaitable[object]]


async def _join(year: Year) -> None:
    for word in ("LOYALTY", "Ana", "SKIP"):
        year.said += await year.text(word)


def _review(number: int) -> Deed:
    properties: JsonValue = {"review_id": "R-7", "stars": 5}
    body: Line = {"id": f"review-{number}", "name": "Product Reviewed", "properties": properties}
    return lambda year: year.ask("event.track", body)


def _refund(order: str, sku: str, quantity: int, amount_minor: int) -> Deed:
    lines: JsonValue = [{"sku": sku, "quantity": quantity, "amount_minor": amount_minor}]
    return lambda year: year.ask("order.refund", {"order": order, "lines": lines})


async def _nothing(_year: Year) -> None:
    """The days go by."""


DEEDS: tuple[tuple[str, Deed], ...] = (
    ("Jan 5", _join),
    ("Jan 9", lambda year: year.buy("L-1", beans(2), latte(2))),
    ("Jan 24", _nothing),
    ("Feb 12", lambda year: year.hold("L-2", tea(2))),
    ("Feb 12", lambda year: year.capture("L-2", tea(2))),
    ("Feb 20", _refund("L-2", "TEA", 1, 652)),
    ("Mar 7", _nothing),
    ("Mar 10", lambda year: year.buy("L-3", tea(3), beans(1))),
    ("Apr 2", lambda year: year.hold("L-4", beans(2))),
    ("Apr 2", lambda year: year.capture("L-4", beans(1), of_the_first=1)),
    ("May 4", lambda year: year.buy("L-5", beans(2), latte(2))),
    ("May 6", lambda year: year.hold("L-6", tea(1))),
    ("May 6", lambda year: year.capture("L-6", tea(1))),
    ("May 20", _review(1)),
    ("May 21", _review(2)),
    ("Jun 5", lambda year: year.hold("L-7", beans(1))),
    ("Jun 5", lambda year: year.capture("L-7", beans(1))),
    ("Jun 10", lambda year: year.ask("order.refund", {"order": "L-5", "everything": True})),
    ("Jul 20", lambda year: year.buy("L-8", beans(4))),
    ("Aug 4", _nothing),
    (
        "Sep 1",
        lambda year: year.ask(
            "credit.adjust", {"by": "till", "amount_minor": 500, "reason": "a late delivery"}
        ),
    ),
    ("Oct 2", lambda year: year.buy("L-9", beans(3))),
    ("Nov 5", lambda year: year.hold("L-10", latte(1))),
    ("Nov 5", lambda year: year.ask("checkout.void", {"order": "L-10"})),
    ("Dec 31", _nothing),
)
"""Day by day, in the order of the table's rows."""
