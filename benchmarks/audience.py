"""The recipe's audience, read from what is kept current, beside a scan of the raw events by DuckDB.

Run `python -m benchmarks.audience [--database URL] [--quick]`; benchmarks/README.md says how to read it. It
has to be equal to what DuckDB finds: when it was built, after more orders came, and after time passed.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import duckdb

from benchmarks.databases import Database, Sqlite, own_postgres, postgres_at
from benchmarks.processes import ROOT, end_in_order, machine
from benchmarks.report import Report, at_least, at_most, median, ratio, say, spread
from bot.app import prepare_database
from bot.config import load_settings
from bot.conversation.audience_looks import Undecided
from bot.conversation.audiences import Keeping
from bot.core.audiences.audience import Audiences
from bot.core.audiences.audiences_file import Around, read_audiences
from bot.core.audiences.figures import Figures
from bot.core.audiences.rule import Happened
from bot.core.contact import Contact, Event
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.gate import Policy
from bot.core.ids import BUCKETS, IdSource, microseconds
from bot.core.turn import Shop
from bot.jobs.audiences import AudienceUpkeep
from bot.storage import members, rows, tables, turns
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.driver import Database as Open

T = TypeVar("T")
FASTER_MIN = 5
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECIPE = """\
high_value:
  all:
    - {event: Order Completed, count: "> 2", within: 90d}
    - {sum: {event: Order Completed, property: revenue}, is: "> 300"}
"""
_NAME = "high_value"
_SCAN = """
    SELECT contact FROM events WHERE name = 'Order Completed' AND moment <= $now
    GROUP BY contact
    HAVING COUNT(*) FILTER (moment > $since) > 2 AND SUM(cents) > 30000
"""
_TABLES = tables.Row.metadata.tables
_CONTACT = Rows(_TABLES["contact"], Present.FAIL)
_EVENT = Rows(_TABLES["event"], Present.FAIL)
_ANALYZE = Statement("ANALYZE")


@dataclass(frozen=True, slots=True)
class Size:
    contacts: int
    events: int
    more: int
    """Orders that come once all is built."""
    rounds: int


FULL = Size(1_000_000, 10_000_000, 20_000, 7)
QUICK = Size(10_000, 100_000, 2_000, 3)


@dataclass(frozen=True, slots=True)
class Published(Undecided):
    """What the benchmark publishes, without a database that says so."""

    generation: str = ""


@dataclass(slots=True)
class Taken:
    """Seconds that something took, and of CPU."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @contextlib.contextmanager
    def once(self) -> Iterator[None]:
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)

    def figures(self) -> dict[str, object]:
        return {"seconds": spread(self.wall), "cpu_seconds": spread(self.cpu)}


@dataclass(slots=True)
class Population:
    """Contacts and their orders of two years, the same in every run: most buy a little, some a lot."""

    size: Size
    dice: random.Random = field(default_factory=lambda: random.Random(90))
    contacts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        ids = IdSource(self.dice.randbytes)
        share, rest = divmod(self.size.contacts, BUCKETS)
        for bucket in range(BUCKETS):
            self.contacts += sorted(ids.mint_many(NOW, bucket, share + (bucket < rest)))

    def orders(self, contact: str, many: int) -> list[tuple[str, str, int, int]]:
        """Orders as (id, contact, at, cents)."""
        dice = self.dice
        return [
            (
                f"{dice.getrandbits(120):030x}{contact[-2:]}",
                contact,
                microseconds(NOW) - int(dice.random() * 730 * 86_400_000_000),
                dice.randrange(100, 9_000),
            )
            for _ in range(many)
        ]

    def all_orders(self) -> Iterator[list[tuple[str, str, int, int]]]:
        """All orders, contact by contact, about 20,000 at a time."""
        some: list[tuple[str, str, int, int]] = []
        usual = self.size.events // self.size.contacts
        for contact in self.contacts:
            some += sorted(self.orders(contact, self.dice.choice((usual // 2, usual, usual + usual // 2))))
            if len(some) >= 20_000:
                yield some
                some = []
        yield some


@dataclass(slots=True)
class Bench:
    """The same events in our database and in DuckDB."""

    size: Size
    database: Open
    people: Population
    duck: "duckdb.DuckDBPyConnection"
    now: datetime = NOW
    shop: Shop = field(init=False)
    keeping: Keeping = field(default_factory=lambda: Keeping(IdSource(os.urandom)))
    loaded: int = 0
    stages: dict[str, Taken] = field(default_factory=dict)
    equal: dict[str, bool] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = read_program(read((ROOT / "flows" / "program.yaml").read_text(), "program.yaml"))
        audiences = read_audiences(read(RECIPE, "flows/audiences.yaml"), Around())
        self.shop = Shop(
            name="Bench",
            zone="UTC",
            program=program,
            program_policy="program@1",
            policy=Policy(zone="UTC"),
            groups={},
            senders={},
            figures=Figures(Audiences(audiences, ())),
        )

    @property
    def upkeep(self) -> AudienceUpkeep:
        deciding = Published(self.shop)
        return AudienceUpkeep(
            self.database, self.keeping, lambda: deciding, lambda: self.now, asyncio.Event()
        )

    async def load(self) -> None:
        """Write contacts and orders into both."""
        made = [Contact(one, int(one[-2:], 16), "en", "UTC", NOW) for one in self.people.contacts]
        for first in range(0, len(made), 20_000):
            some = [rows.contact_row(one) for one in made[first : first + 20_000]]
            await self.database.transact(lambda c, some=some: c.write(_CONTACT, some))  # type: ignore[misc]  # bound now
        self.duck.execute("CREATE TABLE events (contact VARCHAR, name VARCHAR, moment BIGINT, cents INTEGER)")
        for orders in self.people.all_orders():
            self.loaded += len(orders)
            stored = [
                (int(contact[-2:], 16), contact, one, "Order Completed", at, _properties(cents), "")
                for one, contact, at, cents in orders
            ]
            await self.database.transact(lambda c, stored=stored: c.write(_EVENT, stored))  # type: ignore[misc]  # bound now
            self._into_duck(orders)
        if self.database.dialect != "sqlite":
            await self.database.query(lambda c: c.read(_ANALYZE))

    def _into_duck(self, orders: list[tuple[str, str, int, int]]) -> None:
        columns = list(zip(*orders, strict=True))
        self.duck.execute(
            "INSERT INTO events SELECT unnest(?::VARCHAR[]), 'Order Completed', unnest(?::BIGINT[]),"
            " unnest(?::INTEGER[])",
            [list(columns[1]), list(columns[2]), list(columns[3])],
        )

    async def build(self) -> None:
        """Let the job make it of all that there is; where there may be other processes it waits for them."""
        upkeep = self.upkeep
        await upkeep.build()
        self.now += timedelta(seconds=5)
        await upkeep.build()

    async def more_orders(self) -> None:
        """Let more orders come, some contacts at a time, kept current as the tracker does."""
        dice = self.people.dice
        buyers = [dice.choice(self.people.contacts) for _ in range(self.size.more)]
        for first in range(0, len(buyers), 200):
            some = sorted(set(buyers[first : first + 200]))
            orders = [
                replace_at(one, microseconds(self.now))
                for contact in some
                for one in self.people.orders(contact, 1)
            ]
            await self._take(orders)
            self._into_duck(orders)

    async def _take(self, orders: list[tuple[str, str, int, int]]) -> None:
        deciding, now = Undecided(self.shop), self.now
        happened = {
            contact: [Happened(one, "Order Completed", now, {"revenue": cents / 100})]
            for one, contact, _, cents in orders
        }

        async def take(connection: Connection) -> None:
            contacts = await turns.lock(connection, happened.keys())
            await connection.write(
                _EVENT,
                [
                    rows.event_row(contact, one.id, Event(one.name, one.at, one.properties))
                    for contact, (one,) in happened.items()
                ],
            )
            await self.keeping.keep_current(connection, deciding, happened, {}, now, contacts=contacts)

        await self.database.transact(take)

    async def compare(self, stage: str) -> None:
        """Read the audience both ways, in turns."""
        ours, scan = Taken(), Taken()
        found, wanted = set[str](), set[str]()
        for _ in range(self.size.rounds):
            with ours.once():
                found = set(await self.database.query(lambda c: members.all_of(c, _NAME)))
            with scan.once():
                since = microseconds(self.now - timedelta(days=90))
                asked = {"now": microseconds(self.now), "since": since}
                wanted = {row[0] for row in self.duck.execute(_SCAN, asked).fetchall()}
        self.stages |= {f"{stage}: kept": ours, f"{stage}: scan": scan}
        self.equal[stage] = found == wanted
        self.sizes[stage] = len(found)

    async def time(self, stage: str, work: Callable[[], Awaitable[T]]) -> T:
        say(f"  {stage}")
        taken = self.stages[stage] = Taken()
        with taken.once():
            return await work()


def _properties(cents: int) -> str:
    return f'{{"revenue":{cents / 100}}}'


def replace_at(order: tuple[str, str, int, int], at: int) -> tuple[str, str, int, int]:
    return (*order[:2], at, order[3])


async def run(url: str, size: Size) -> Bench:
    settings = load_settings({"DATABASE_URL": url, "REGULARS_SECRET": "s" * 32, "REGULARS_ZONE": "UTC"})
    opened = await prepare_database(settings, lambda: NOW)
    bench = Bench(size, opened, Population(size), duckdb.connect())
    try:
        await bench.time("load", bench.load)
        await bench.time("build", bench.build)
        await bench.compare("built")
        await bench.time("more orders", bench.more_orders)
        await bench.compare("more orders")
        bench.now += timedelta(days=7)
        await bench.time("a week passes", bench.upkeep.refresh)
        await bench.compare("a week later")
    finally:
        bench.duck.close()
        await opened.close()
    return bench


def measure(report: Report, database: Database, size: Size) -> None:
    bench = asyncio.run(run(database.fresh("audience"), size))
    for stage, is_equal in bench.equal.items():
        kept, scan = (bench.stages[f"{stage}: {way}"] for way in ("kept", "scan"))
        faster = ratio(median(scan.wall), median(kept.wall))
        report.goals.append(
            at_least(f"{database.name}, {stage}: times faster than DuckDB", faster, FASTER_MIN)
        )
        report.goals.append(at_most(f"{database.name}, {stage}: differs", float(not is_equal), 0))
    report.figures[database.name] = {
        "times_less_cpu": {
            stage: ratio(
                median(bench.stages[f"{stage}: scan"].cpu), median(bench.stages[f"{stage}: kept"].cpu)
            )
            for stage in bench.equal
        },
        "events": bench.loaded,
        "members": bench.sizes,
        **{stage: taken.figures() for stage, taken in bench.stages.items()},
    }


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help="small and noisy: does it run at all")
    parser.add_argument("--contacts", type=int, help="another number of contacts, with ten events each")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    if arguments.contacts:
        size = replace(size, contacts=arguments.contacts, events=arguments.contacts * 10)
    url: str | None = arguments.database
    report = Report("audience", figures={"size": asdict(size)})
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        top = Path(name)
        report.figures["machine"] = machine(top)
        if url is None or url.startswith("sqlite"):
            say("SQLite")
            measure(report, Sqlite(top), size)
        if url is None:
            say("PostgreSQL, started for this run")
            with own_postgres() as server:
                measure(report, server, size)
        elif url.startswith("postgresql"):
            say("PostgreSQL, as given")
            with postgres_at(url) as server:
                measure(report, server, size)
    report.print()


if __name__ == "__main__":
    main()
