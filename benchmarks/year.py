"""A real year of a grocer's orders through the ledger: earned, spent, expired, returned, and audited.

Run `python -m benchmarks.year [--database URL] [--quick | --households N]`; benchmarks/README.md says how to
read it. Orders are those of `completejourney`. What people do with credit is made up by fixed rules from the
orders, so that every run is the same: who spends and when, what comes back, and in which disorder it is told.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TypeVar

import structlog

from benchmarks.completejourney import ZONE, JourneyOrder, orders
from benchmarks.databases import Sqlite, own_postgres, postgres_at
from benchmarks.members import number
from benchmarks.report import Goal, Report, say
from bot.conversation.conversation import Conversation
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.operations import OPERATIONS, operate, operation_work
from bot.conversation.shop.desk import REFUND, REPORT, claim, park
from bot.conversation.shop.orders import report
from bot.core.contact import Address, Contact, Event, JsonValue
from bot.core.gate import Policy
from bot.core.ids import BUCKETS, bucket_of, new_contact_id
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.loyalty.program import Program
from bot.core.messages import Inbound
from bot.core.turn import Shop, Turn
from bot.storage import migrate, turns
from bot.storage.auditing import audited, counters_audited
from bot.storage.driver import Connection, Database, Record, Statement
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteDatabase

T = TypeVar("T")
Told = Mapping[str, JsonValue]
QUICK_HOUSEHOLDS = 20
SPENDS_FROM_MINOR = 500
BUY, EXPIRE = "year.buy", "year.expire"
PROGRAM = Program.model_validate(
    {
        "program": "Year",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "funds": {"produce": {"limit": "400.00", "per": "month"}},
        "earning": {
            "pending": "14d",
            "caps": [{"per": "day", "most": "20.00"}],
            "rules": [
                {"id": "base", "rate": "5%"},
                {"id": "fresh", "category": ["SALAD MIX", "BERRIES"], "multiplier": 3, "fund": "produce"},
            ],
            "cards": [
                {
                    "id": "milk",
                    "name": "Milk",
                    "category": "FLUID MILK PRODUCTS",
                    "buy": 10,
                    "get": {"credit": 2},
                }
            ],
        },
        "rebates": [
            {"id": "june", "rate": "10%", "from": "2017-06-01", "until": "2017-06-14", "spend_within": "30d"}
        ],
        "expiry": {"after": "90d"},
        "grace": "7d",
    }
)
SHOP = Shop(
    name="Grocer",
    zone=ZONE,
    program=PROGRAM,
    program_policy="program@1",
    policy=Policy(zone=ZONE),
    groups={},
    senders={},
)
_MOVED = Statement(
    "SELECT d.source, d.target, SUM(d.amount_minor) FROM draw d WHERE d.wallet = 'main' GROUP BY 1, 2"
)
_WALLETS = Statement("""
    SELECT SUM(w.available_minor), SUM(w.pending_minor), SUM(w.held_minor), SUM(w.debt_minor), COUNT(*)
    FROM wallet w WHERE w.id = 'main'
""")
_ORDERS = Statement("""
    SELECT COUNT(*), SUM(o.total_minor), SUM(o.credit_minor), SUM(o.returned_credit_minor),
        SUM(o.refunded_minor)
    FROM shop_order o
""")
_RATE_BROKEN = Statement("""
    SELECT COUNT(*) FROM earned e JOIN shop_order o ON o.bucket = e.bucket AND o.contact = e.contact
        AND e.source = 'order/' || o.id
    WHERE e.rule = 'base' AND ABS(e.desired_minor * 100 - o.cash_minor * 5) >= 100
""")
_FARMED = Statement("""
    SELECT COUNT(*) FROM (
        SELECT e.entry FROM earned e
        JOIN shop_order o ON o.bucket = e.bucket AND o.contact = e.contact AND e.source = 'order/' || o.id
        JOIN entry b ON b.bucket = e.bucket AND b.contact = e.contact AND b.reverses = e.entry
        JOIN draw d ON d.bucket = b.bucket AND d.contact = b.contact AND d.wallet = b.wallet
            AND d.number = b.number
        WHERE o.status IN ('refunded', 'canceled')
        GROUP BY e.entry, e.granted_minor HAVING SUM(d.amount_minor) <> e.granted_minor
    ) kept
""")


# The till


def buy(turn: Turn, body: Told) -> Told:
    """Tell an order that credit pays for as far as it goes, where its buyer spends at all."""
    total, spends = body["total_minor"], body["spends"]
    assert isinstance(total, int), "amounts are whole"
    credit = min(turn.books.spendable(turn.now), total) if spends else 0
    order = dict(body)
    del order["total_minor"], order["spends"]
    return report(turn, {**order, "credit_minor": credit if credit >= SPENDS_FROM_MINOR else 0})


def expire(turn: Turn, _body: Told) -> Told:
    """Settle a wallet and record what has ended, as the jobs do."""
    if not turn.books.lots_complete:
        raise NeedsMoreLots
    turn.books.settle(turn.now)
    for lot_id in list(turn.books.lots):
        turn.books.expire(lot_id, turn.now)
    return {}


_OPERATIONS = {**OPERATIONS, BUY: buy, EXPIRE: expire}


class Till:
    """Decides nothing but operations."""

    shop = SHOP

    def decide(self, turn: Turn) -> None:
        """Do what is asked for."""
        operate(turn, _OPERATIONS)

    def revoke(self, turn: Turn, inbound: Inbound, *, silently: bool = False) -> bool:  # noqa: ARG002  # a Decider is asked so
        """Nobody writes."""
        return False

    def starts_on(self, event: Event) -> bool:  # noqa: ARG002  # as above
        """No flow does."""
        return False

    def hears(self, turn: Turn, event_name: str) -> bool:  # noqa: ARG002  # a Decider is asked so
        """No flow listens."""
        return False


# What comes back


@dataclass(frozen=True, slots=True)
class Back:
    """What a shop tells of an order's return, on a day, so many times."""

    day: date
    name: str
    body: Told
    times: int


def backs(order: JourneyOrder) -> list[Back]:
    """What comes back of an order: of one in fourteen something does; nothing depends on the run."""
    chance = random.Random(f"back {order.reference}")  # no secret
    if chance.random() > 1 / 14:
        return []
    reference: Told = {"order": order.reference}
    found = []
    back_lines: list[JsonValue] = []
    day = order.placed_on
    for _ in range(chance.choice((1, 1, 2))):
        day += timedelta(days=chance.randrange(25))
        kind = chance.choice(("line", "line", "line", "cash", "everything", "cancel"))
        if kind == "line":
            back_lines = [*back_lines, {"sku": chance.choice(order.lines).product, "quantity": 1}]
            by_sku = {str(line["sku"]): line for line in back_lines if isinstance(line, dict)}
            skus: list[JsonValue] = [*by_sku.values()]
            found.append(Back(day, REFUND, {**reference, "lines": skus}, chance.choice((1, 1, 2))))
        elif kind == "cash":
            cash = sum(line.cash_minor for line in order.lines) * chance.randrange(1, 60) // 100
            found.append(Back(day, REFUND, {**reference, "amount_minor": cash}, 1))
        elif kind == "everything":
            found.append(Back(day, REFUND, {**reference, "everything": True}, 2))
        else:
            found.append(Back(day, "order.cancel", reference, 1))
    if chance.random() < 0.2:  # told in disorder
        found.reverse()
        days = sorted(back.day for back in found)
        found = [Back(day, back.name, back.body, back.times) for day, back in zip(days, found, strict=True)]
    return found


def comes_early(order: JourneyOrder) -> bool:
    """Whether the shop tells what came back of an order before the order itself."""
    return random.Random(f"early {order.reference}").random() < 1 / 40  # no secret


# The year


@dataclass
class Year:
    """A running year: everybody's till on one database."""

    database: Database
    now: datetime = datetime(2017, 1, 1, 12, tzinfo=UTC)
    members: dict[str, str] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    asked: int = 0

    async def live(self, days: Iterator[tuple[date, Sequence[JourneyOrder]]]) -> None:
        """Let every day happen, and then four months in which nobody buys."""
        self.dispatcher = Dispatcher(self.database, self._conversation())
        self.dispatcher.start()
        coming: dict[date, list[tuple[str, Back]]] = defaultdict(list)
        last = date(2017, 1, 1)
        for day, bought in days:
            await self._pass(last, day, coming)
            last = day
            self.now = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
            await self._meet({order.household for order in bought})
            await self._one_by_one(bought, attrgetter("household"), lambda one: self._bought(one, coming))
            if day.day == 1:
                say(f"{day}: {self.done[REPORT] + self.done[BUY]} orders")
        await self._pass(last, last + timedelta(days=120), coming)
        await self.dispatcher.close()

    async def _pass(self, last: date, day: date, coming: dict[date, list[tuple[str, Back]]]) -> None:
        """Let what comes back until a day come back, and what ends end, on their days."""
        while last < day:
            self.now = datetime(last.year, last.month, last.day, 23, 30, tzinfo=UTC)
            due = coming.pop(last, [])
            await self._one_by_one(due, itemgetter(0), lambda one: self._comes_back(*one))
            if last.weekday() == 0:
                await self._all([self._ask(EXPIRE, {}, contact) for contact in self.members.values()])
            last += timedelta(days=1)

    async def _bought(self, order: JourneyOrder, coming: dict[date, list[tuple[str, Back]]]) -> None:
        found = backs(order)
        if found and comes_early(order):
            await self._parked(found[0])
        for back in found:
            coming[max(back.day, self.now.date())].append((order.household, back))
        contact = self.members[order.household]
        await self.database.transact(lambda c: claim(c, order.reference, contact))
        lines: list[JsonValue] = [
            {
                "sku": line.product,
                "category": line.category,
                "unit_minor": line.gross_minor,
                "discount_minor": line.discount_minor,
            }
            for line in order.lines
        ]
        told: Told = {"order": order.reference, "placed_at": order.placed_at.isoformat(), "lines": lines}
        chance = random.Random(f"buy {order.reference}")  # no secret
        total = sum(line.cash_minor for line in order.lines)
        spends = int(order.household) % 3 > 0
        if spends and chance.random() < 1 / 8:
            held: list[JsonValue] = [
                {"sku": line.product, "category": line.category, "unit_minor": line.cash_minor}
                for line in order.lines
            ]
            await self._ask("checkout.hold", {"order": order.reference, "lines": held}, contact)
            await self._ask("checkout.capture", {"order": order.reference}, contact)
            await self._ask(REPORT, {**told, "status": "paid"}, contact)
        else:
            body = {**told, "status": "paid", "total_minor": total, "spends": spends}
            await self._ask(BUY, body, contact)
        if chance.random() < 1 / 10:
            await self._ask(REPORT, {"order": order.reference, "status": "fulfilled"}, contact)

    async def _parked(self, back: Back) -> None:
        if "everything" not in back.body and back.name == REFUND:
            self.done["parked"] += 1
            await self.database.transact(lambda c: park(c, back.name, back.body, self.now))

    async def _comes_back(self, household: str, back: Back) -> None:
        for _ in range(back.times):
            await self._ask(back.name, back.body, self.members[household])

    async def _ask(self, name: str, body: Told, contact: str) -> Told:
        self.asked += 1
        key = f"year:{self.asked}"
        work = operation_work(name, body, key=key, at=self.now, contact_id=contact, operations=_OPERATIONS)
        result = (await self.dispatcher.submit(work)).result
        assert result is not None, f"{name} failed: {body}"
        self.done[f"{name} refused" if "problem" in result else name] += 1
        return result

    async def _one_by_one(
        self, what: Sequence[T], household: Callable[[T], str], deed: Callable[[T], Awaitable[object]]
    ) -> None:
        """Do what a household does in its order, and what all of them do at once."""
        of: dict[str, list[T]] = defaultdict(list)
        for one in what:
            of[household(one)].append(one)

        async def live(mine: Sequence[T]) -> None:
            for one in mine:
                await deed(one)

        await self._all([live(mine) for mine in of.values()])

    async def _all(self, deeds: Iterable[Awaitable[object]]) -> None:
        await asyncio.gather(*deeds)

    async def _meet(self, households: set[str]) -> None:
        """Make members of those who buy for the first time."""
        fresh = sorted(households - self.members.keys())
        newcomers = []
        for household in fresh:
            contact_id = new_contact_id(self.now, os.urandom)
            contact = Contact(
                contact_id,
                bucket_of(contact_id),
                "en",
                ZONE,
                self.now,
                zone_is_known=True,
                enrolled_at=self.now,
            )
            newcomers.append((contact, Address("sms", number(int(household)))))
            self.members[household] = contact_id
        if newcomers:
            await self.database.transact(lambda c: turns.create(c, newcomers, self.now))

    def _conversation(self) -> Conversation:
        async def load_revision(_connection: Connection, flow: str, revision: int) -> None:
            raise AssertionError(f"{flow}@{revision} was asked for")

        return Conversation(Till(), lambda: self.now, load_revision, lambda address: (address,))


# The books


async def books(database: Database) -> dict[str, int]:
    """All that moved, from the entries' own draws, and what the wallets say there is."""
    moved = {(source, target): int(amount) for source, target, amount in await _read(database, _MOVED)}

    def into(account: str) -> int:
        return sum(amount for (_, target), amount in moved.items() if target == account)

    def out_of(account: str) -> int:
        return sum(amount for (source, _), amount in moved.items() if source == account)

    ((available, pending, held, debt, wallets),) = await _read(database, _WALLETS)
    return {
        "issued": out_of("issue"),
        "outstanding": int(available + pending + held),
        "owed": int(debt),
        "spent": into("spent") - out_of("spent"),
        "restored": out_of("spent"),
        "expired": into("breakage") - out_of("breakage"),
        "clawed_back": into("clawback") - out_of("clawback"),
        "wallets": int(wallets),
    }


async def checked(database: Database) -> tuple[list[Goal], Mapping[str, object]]:
    """Audit every wallet, hold the totals against each other, and look for credit that was farmed."""
    wrong, wallets, entries = len(await database.query(counters_audited)), 0, 0
    for bucket in range(BUCKETS):
        found = await database.query(lambda c, bucket=bucket: audited(c, bucket))  # type: ignore[misc]  # bound now
        wrong, wallets, entries = wrong + len(found.wrong), wallets + found.wallets, entries + found.entries
        for one in found.wrong[:3]:
            say(f"wrong: {one}")
    sums = await books(database)
    total = sums["outstanding"] - sums["owed"] + sums["spent"] + sums["expired"] + sums["clawed_back"]
    ((count, sold, credit, returned_credit, refunded),) = await _read(database, _ORDERS)
    ((farmed,),), ((rate_broken,),) = await _read(database, _FARMED), await _read(database, _RATE_BROKEN)
    goals = [
        _none("findings of the audit", wrong),
        _none("issued less outstanding, spent, expired and clawed back", sums["issued"] - total),
        # An order that is told after all of it came back spends nothing and restores nothing.
        _none(
            "credit that stayed with orders less what is spent", int(credit - returned_credit) - sums["spent"]
        ),
        _none("orders whose 5 percent are not floor or ceiling of it", int(rate_broken)),
        _none("returned orders that kept what they earned", int(farmed)),
    ]
    figures: Mapping[str, object] = {
        "books_minor": sums,
        "orders": {"count": count, "total_minor": int(sold), "refunded_minor": int(refunded)},
        "audited": {"wallets": wallets, "entries": entries},
    }
    return goals, figures


def _none(name: str, value: int) -> Goal:
    return Goal(name, value, "0", value == 0)


async def _read(database: Database, statement: Statement) -> Sequence[Record]:
    return await database.query(lambda connection: connection.read(statement))


# Running it


def days_of(households: int | None) -> Iterator[tuple[date, Sequence[JourneyOrder]]]:
    """The orders of the year by day, of that many households (None: all)."""
    known: set[str] = set()
    wanted = (order for order in orders() if households is None or _is_of(order, known, households))
    for day, bought in groupby(wanted, key=lambda order: order.placed_on):
        yield day, list(bought)


def _is_of(order: JourneyOrder, known: set[str], households: int) -> bool:
    if len(known) < households:
        known.add(order.household)
    return order.household in known


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The empty database at the URL, with today's tables."""
    await migrate.upgrade(url)
    database: Database
    if url.startswith("sqlite"):
        database = SqliteDatabase(url.partition(":///")[2])
    else:
        database = await PostgresDatabase.open(url.replace("+asyncpg", ""), connections=8)
    try:
        yield database
    finally:
        await database.close()


async def lived(url: str, days: Iterator[tuple[date, Sequence[JourneyOrder]]], report_: Report) -> Year:
    """Live these days on an empty database, audit it, and add what it came to to the report."""
    async with opened(url) as database:
        year = Year(database)
        began_at, used = time.perf_counter(), time.process_time()
        await year.live(days)
        seconds, cpu = time.perf_counter() - began_at, time.process_time() - used
        say("auditing")
        goals, figures = await checked(database)
        report_.goals += [replace(goal, name=f"{database.dialect}: {goal.name}") for goal in goals]
        report_.figures[database.dialect] = {
            "households": len(year.members),
            "asked": dict(sorted(year.done.items())),
            "requests_a_second": round(year.asked / seconds),
            "cpu_milliseconds_a_request": round(cpu / year.asked * 1000, 2),
            **figures,
        }
        return year


def main(*, database_url: str | None = None, households: int | None = None) -> Report:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    report_ = Report("year")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = [Sqlite(folder).fresh("year")]
        if database_url is None or database_url.startswith("postgresql"):
            make = own_postgres() if database_url is None else postgres_at(database_url)
            urls.append(stack.enter_context(make).fresh("year"))
        for url in urls if database_url is None else urls[-1:]:
            asyncio.run(_lived(url, households, report_))
    return report_


async def _lived(url: str, households: int | None, report_: Report) -> None:
    await lived(url, days_of(households), report_)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="an SQLite or PostgreSQL URL; both without")
    parser.add_argument("--households", type=int, help="so many instead of all 2,469")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_HOUSEHOLDS} households")
    arguments = parser.parse_args()
    asked_for = QUICK_HOUSEHOLDS if arguments.quick else arguments.households
    main(database_url=arguments.database, households=asked_for).print()
