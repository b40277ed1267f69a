"""What credit costs: each operation of a checkout beside a bare transaction, the sweep, and long histories.

Run `python -m benchmarks.ledger [--database URL] [--quick]`; benchmarks/README.md says how to read it.
"""

import argparse
import asyncio
import contextlib
import itertools
import logging
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from benchmarks.databases import Database as Place
from benchmarks.databases import Sqlite, own_postgres, postgres_at
from benchmarks.ledgers import Filled, fill, long_history, strangers
from benchmarks.reminding import TimedDatabase, settings_of
from benchmarks.report import Report, at_least, at_most, median, ratio, say, spread
from benchmarks.till import Deeds, Till
from bot import app
from bot.app import Running, prepare_database, running
from bot.cli.serving import settle_memory
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.jobs.sweeping import Sweeper
from bot.storage import explaining, history
from bot.storage.driver import Connection, Database, Statement

OPERATION_RATIO_MAX = 3.0
SWEEP_RATIO_MIN = 0.5
HISTORY_RATIO_MAX = 2.0
START = datetime(2026, 11, 24, 18, tzinfo=UTC)
_BEGAN = time.perf_counter()
_AT_ONCE = 16
_QUOTE_EVERY_SECONDS = 0.02
_LINE: dict[str, JsonValue] = {"sku": "TEA", "quantity": 2, "unit_minor": 1000}

_BARE_TABLES = (
    "CREATE TABLE bare_wallet (id integer PRIMARY KEY, balance bigint NOT NULL, entries bigint NOT NULL)",
    """
    CREATE TABLE bare_entry (wallet integer NOT NULL, number bigint NOT NULL, amount bigint NOT NULL,
        at bigint NOT NULL, PRIMARY KEY (wallet, number))
    """,
)
_BARE_WALLET = Statement("INSERT INTO bare_wallet (id, balance, entries) VALUES (:id, 1000000, 0)")
_BARE_LOCK = Statement("SELECT w.balance, w.entries FROM bare_wallet w WHERE w.id = :id @lock(w)")
_BARE_SPEND = Statement("UPDATE bare_wallet SET balance = :balance, entries = :entries WHERE id = :id")
_BARE_ENTER = Statement("INSERT INTO bare_entry (wallet, number, amount, at) VALUES (:id, :entries, 1, :at)")

# The ends of credit as one would write them without a chain, a key, or a care for holds: four statements.
_PLAIN_SWEEP = (
    """
    INSERT INTO entry (bucket, contact, wallet, number, id, reason, key, effective_at, actor, reason_text,
        salt, personal_hash, source_type, source_id, rule, previous_hash, hash, extended)
    SELECT l.bucket, l.contact, l.wallet, w.entry_count + 1, l.id, 'expire', 'auto/expire/' || l.id, :now,
        'system', '', '', '', 'lot', l.id, l.policy, w.last_hash, '', ''
    FROM lot l JOIN wallet w ON w.bucket = l.bucket AND w.contact = l.contact AND w.id = l.wallet
    WHERE l.expires_at <= :now AND l.pending_minor + l.available_minor + l.held_minor > 0
    """,
    """
    INSERT INTO draw (bucket, contact, wallet, number, line, source, target, lot, amount_minor)
    SELECT l.bucket, l.contact, l.wallet, w.entry_count + 1, 1, 'available', 'breakage', l.id,
        l.available_minor
    FROM lot l JOIN wallet w ON w.bucket = l.bucket AND w.contact = l.contact AND w.id = l.wallet
    WHERE l.expires_at <= :now AND l.pending_minor + l.available_minor + l.held_minor > 0
    """,
    """
    UPDATE wallet SET available_minor = wallet.available_minor - l.available_minor,
        entry_count = entry_count + 1, version = version + 1
    FROM lot l
    WHERE l.bucket = wallet.bucket AND l.contact = wallet.contact AND l.wallet = wallet.id
        AND l.expires_at <= :now AND l.pending_minor + l.available_minor + l.held_minor > 0
    """,
    """
    UPDATE lot SET available_minor = 0
    WHERE expires_at <= :now AND pending_minor + available_minor + held_minor > 0
    """,
)


@dataclass(frozen=True, slots=True)
class Size:
    members: int
    operations: int
    rounds: int
    lots: int
    entries: int
    looks: int


FULL = Size(members=400, operations=2_000, rounds=5, lots=1_000_000, entries=10_000, looks=500)
QUICK = Size(members=100, operations=400, rounds=2, lots=20_000, entries=10_000, looks=100)


def clock() -> datetime:
    """A clock that runs, begun at a civil hour."""
    return START + timedelta(seconds=time.perf_counter() - _BEGAN)


@dataclass(slots=True)
class Meter:
    """Takes the CPU of a piece of work: this process's and PostgreSQL's."""

    place: Place

    async def cpu(self, work: Callable[[], Awaitable[object]]) -> float:
        beside, own = self.place.cpu_seconds(), time.process_time()
        await work()
        return time.process_time() - own + (self.place.cpu_seconds() or 0) - (beside or 0)


@dataclass(slots=True)
class Shop:
    """A running shop with members who have credit; asks for operations, some at a time."""

    app: Running
    members: Sequence[str]
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def ask(self, name: str, body: dict[str, JsonValue], member: str) -> None:
        work = operation_work(name, body, key=f"bench:{next(self.numbers)}", at=clock(), contact_id=member)
        result = await self.app.dispatcher.submit(work)
        assert result.result is not None, result
        assert "problem" not in result.result, result.result

    def of(self, order: int) -> str:
        return self.members[order % len(self.members)]

    async def earn(self, order: int) -> None:
        body: dict[str, JsonValue] = {"order": f"earned-{order}", "status": "paid", "lines": [_LINE]}
        await self.ask("order.report", body, self.of(order))

    async def quote(self, order: int) -> None:
        await self.ask("checkout.quote", {"lines": [_LINE], "credit_minor": 50}, self.of(order))

    async def hold(self, order: int) -> None:
        body: dict[str, JsonValue] = {"order": f"held-{order}", "lines": [_LINE], "credit_minor": 50}
        await self.ask("checkout.hold", body, self.of(order))

    async def capture(self, order: int) -> None:
        await self.ask("checkout.capture", {"order": f"held-{order}"}, self.of(order))

    async def refund(self, order: int) -> None:
        body: dict[str, JsonValue] = {
            "order": f"earned-{order}",
            "lines": [{"sku": "TEA", "quantity": 1}],
        }
        await self.ask("order.refund", body, self.of(order))


async def some_at_a_time(deed: Callable[[int], Awaitable[None]], numbers: range) -> None:
    left = iter(numbers)

    async def work() -> None:
        for number in left:
            await deed(number)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


async def bare(database: Database, wallets: int, number: int) -> None:
    """Two rows under a row lock, durable: what nobody can do without."""
    wallet = number % wallets

    async def spend(connection: Connection) -> None:
        ((balance, entries),) = await connection.read(_BARE_LOCK, id=wallet)
        assert balance > 0
        await connection.run(_BARE_SPEND, [{"id": wallet, "balance": balance - 1, "entries": entries + 1}])
        await connection.run(_BARE_ENTER, [{"id": wallet, "entries": entries + 1, "at": number}])

    await database.transact(spend)


async def operations(report: Report, place: Place, size: Size, shop: Shop) -> None:
    """Each operation beside the bare transaction, round by round: the ledger's part alone, and all of it."""
    database, meter = shop.app.database, Meter(place)
    for table in _BARE_TABLES:
        await database.transact(lambda c, table=table: c.run(Statement(table), [{}]))  # type: ignore[misc]  # bound now
    ids = [{"id": number} for number in range(size.members)]
    await database.transact(lambda c: c.run(_BARE_WALLET, ids))
    deeds = Deeds(shop.app.decisions.shop)
    conversation = replace(shop.app.conversation, decider=deeds)
    dispatcher = Dispatcher(database, conversation)
    dispatcher.start()
    till = Till(dispatcher, shop.members, clock)
    done: dict[str, Callable[[int], Awaitable[None]]] = {"bare": partial(bare, database, size.members)}
    names = ("earn", "quote", "hold", "capture", "refund")
    done |= {f"ledger {name}": partial(till.do, name) for name in names}
    done |= {
        "shop earn": shop.earn,
        "shop quote": shop.quote,
        "shop hold": shop.hold,
        "shop capture": shop.capture,
        "shop refund": shop.refund,
    }
    microseconds: dict[str, list[float]] = {name: [] for name in done}
    for number in range(size.rounds + 1):
        orders = range(number * size.operations, (number + 1) * size.operations)
        for name, deed in done.items():
            cpu = await meter.cpu(partial(some_at_a_time, deed, orders)) / size.operations * 1e6
            if number:  # the first warms up
                microseconds[name].append(cpu)
                say(f"  {place.name} round {number} {name}: {cpu:.0f} µs")
    await dispatcher.close()
    base = median(microseconds["bare"])
    report.figures[f"{place.name}: CPU of an operation, µs"] = {
        name: spread(taken) for name, taken in microseconds.items()
    }
    report.goals += [
        at_most(f"{place.name}: {name} over bare", ratio(median(taken), base), OPERATION_RATIO_MAX)
        for name, taken in microseconds.items()
        if name.startswith("ledger")
    ]


async def histories(report: Report, place: Place, size: Size, database: Database) -> None:
    """Balance and explanation of a member with a long history beside one with a short one."""
    contacts = {entries: await long_history(database, entries, START) for entries in (10, size.entries)}
    taken: dict[int, list[float]] = {entries: [] for entries in contacts}

    async def look(connection: Connection, contact: str) -> None:
        books = await history.opened(connection, contact)
        assert books.balance(START).available_minor >= 0
        found = await explaining.explanation(connection, contact, START)
        assert found.lines

    for _, (entries, contact) in itertools.product(range(size.looks), contacts.items()):
        began = time.perf_counter()
        await database.query(lambda c, contact=contact: look(c, contact))  # type: ignore[misc]  # bound now
        taken[entries].append((time.perf_counter() - began) * 1e6)
    few, many = (median(taken[entries]) for entries in contacts)
    report.goals.append(
        at_most(
            f"{place.name}: history of {size.entries:,} entries over 10", ratio(many, few), HISTORY_RATIO_MAX
        )
    )
    report.figures[f"{place.name}: balance and explanation, µs"] = {"10": few, f"{size.entries}": many}


async def sweeps(report: Report, place: Place, size: Size) -> None:
    """Our sweep and four plain statements, each alone on its own database; then ours with quotes beside."""
    meter, cpu, seconds = Meter(place), dict[str, float](), dict[str, float]()
    for name in ("plain", "ours"):
        database = await prepare_database(settings_of(await _fresh(place, name)), clock)
        filled = await fill(database, size.lots, START)
        settle_memory()
        work = (
            partial(database.transact, partial(_plain_sweep, filled.at_microseconds))
            if name == "plain"
            else (await _sweeper(database)).sweep
        )
        began = time.perf_counter()
        cpu[name] = await meter.cpu(work) / size.lots * 1e6
        seconds[name] = time.perf_counter() - began
        await _check(database, filled)
        await database.close()
        say(f"  {place.name} {name} sweep: {cpu[name]:.1f} µs a lot")
    beside = await _beside(place, size)
    report.figures[f"{place.name}: sweep of {size.lots:,} lots"] = {
        "cpu_us_per_lot": {name: round(taken, 2) for name, taken in cpu.items()},
        "seconds": {name: round(taken, 2) for name, taken in seconds.items()},
        **beside,
    }
    say(f"  {place.name} {beside}")
    name = f"{place.name}: sweep of {size.lots:,} lots, speed of plain"
    report.goals.append(at_least(name, ratio(cpu["plain"], cpu["ours"]), SWEEP_RATIO_MIN))


async def _sweeper(database: Database) -> Sweeper:
    """The job as a worker runs it; what it leaves to turns would be an error here."""
    decisions = await app.decisions(settings_of(""), database)

    async def in_turns() -> int:
        return 0

    return Sweeper(database, clock, lambda: decisions, asyncio.Event(), in_turns, os.urandom)


async def _beside(place: Place, size: Size) -> dict[str, object]:
    """How long a quote waits while the sweep goes on, and how long its longest transaction was."""
    settings = settings_of(await _fresh(place, "beside"))
    database = TimedDatabase(await prepare_database(settings, clock))
    await fill(database, size.lots, START)
    async with running(settings, role="web", clock=clock, database=database, channels={}) as shop_app:
        shop = Shop(shop_app, await members(shop_app, 20))
        sweeper = await _sweeper(database)
        settle_memory()
        idle = await _quotes(shop, asyncio.sleep(3))
        database.seconds.clear()
        waits = await _quotes(shop, _all(sweeper))
        longest = max(database.seconds, default=0.0) * 1000
    return {
        "longest_transaction_ms": round(longest, 1),
        "quotes": len(waits),
        "quote_p99_ms_idle": _p99_ms(idle),
        "quote_p99_ms_under_sweep": _p99_ms(waits),
    }


async def _all(sweeper: Sweeper) -> None:
    await sweeper.sweep()


async def _fresh(place: Place, name: str) -> str:
    """Making one asks the server, in a loop of its own."""
    return await asyncio.to_thread(place.fresh, name)


async def _plain_sweep(at: int, connection: Connection) -> None:
    for statement in _PLAIN_SWEEP:
        await connection.run(Statement(statement), [{"now": at}])


async def _quotes(shop: Shop, work: Awaitable[None]) -> list[float]:
    """Quote fifty times a second while something else goes on; how long each waited, in seconds."""
    task, waits, number = asyncio.ensure_future(work), list[float](), 0
    while not task.done():
        due = time.perf_counter() + _QUOTE_EVERY_SECONDS
        begun = time.perf_counter()
        await shop.quote(number)
        waits.append(time.perf_counter() - begun)
        number += 1
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await task
    return waits


async def _check(database: Database, filled: Filled) -> None:
    """Every lot has its entry, and nothing is left."""
    count = Statement(
        "SELECT COUNT(*), COALESCE(SUM(d.amount_minor), 0) FROM draw d WHERE d.target = 'breakage'"
    )
    found = await database.query(lambda c: c.read(count))
    assert tuple(map(int, found[0])) == (filled.lots, filled.minor), found


def _p99_ms(seconds: Sequence[float]) -> float | None:
    return round(sorted(seconds)[len(seconds) * 99 // 100] * 1000, 1) if seconds else None


async def members(app: Running, count: int) -> list[str]:
    """Enrolled members with credit for many checkouts."""
    ids = await strangers(app.database, count, START)
    shop = Shop(app, ids)
    for member in ids:
        await shop.ask("member.enroll", {}, member)
        credit: dict[str, JsonValue] = {"amount_minor": 100_000_00, "reason": "to spend", "by": "bench"}
        await shop.ask("credit.adjust", credit, member)
    return ids


async def measure(report: Report, place: Place, size: Size) -> None:
    settings = settings_of(await _fresh(place, "ledger"))
    database = await prepare_database(settings, clock)
    async with running(settings, role="web", clock=clock, database=database, channels={}) as app:
        shop = Shop(app, await members(app, size.members))
        settle_memory()
        await operations(report, place, size, shop)
        await histories(report, place, size, database)
    await sweeps(report, place, size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help="small and noisy: does it run at all")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    size = QUICK if arguments.quick else FULL
    url: str | None = arguments.database
    report = Report("ledger")
    with contextlib.ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        if url is None or url.startswith("sqlite"):
            asyncio.run(measure(report, Sqlite(top), size))
        if url is None or url.startswith("postgres"):
            server = stack.enter_context(postgres_at(url) if url else own_postgres())
            asyncio.run(measure(report, server, size))
    report.print()


if __name__ == "__main__":
    main()
