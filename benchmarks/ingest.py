"""What a tracked message costs, deduped and with figures kept current, beside a bare insert of its event.

Run `python -m benchmarks.ingest [--database URL] [--quick]`; benchmarks/README.md says how to read it.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from benchmarks.databases import Database, Sqlite, own_postgres, postgres_at
from benchmarks.processes import ROOT, end_in_order, machine
from benchmarks.report import Report, at_most, median, ratio, say, spread
from bot.app import prepare_database, running
from bot.config import load_settings
from bot.conversation.tracking.ingest import event_id
from bot.conversation.tracking.tracker import Tracker
from bot.core.contact import JsonValue
from bot.core.ids import bucket_of, microseconds
from bot.core.sources import USUAL_SCOPES, Source, SourceKind
from bot.core.tracking.message import PAGE_VIEWED, Kind, Tracked
from bot.jobs.audiences import AudienceUpkeep
from bot.storage import rows, tracking
from bot.storage.driver import Connection, Statement
from bot.storage.driver import Database as Open

OVER_FLOOR_MAX = 2.5
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SITE = Source("0" * 32, "shop", SourceKind.BROWSER, USUAL_SCOPES[SourceKind.BROWSER], "", NOW)
PATIENT_SECONDS = 60.0
THINGS_DONE = 12
CATEGORIES = ("tea", "coffee", "bakery", "mugs", "gifts", "syrup")
NAMES = (PAGE_VIEWED, PAGE_VIEWED, "Product Viewed", "Product Viewed", "Product Added", "Tea Steeped")
_CALLED = Statement("SELECT d.value, d.contact FROM directory d WHERE d.kind = 'external'")

HISTORY = '{"sku":"SKU-17","category":"tea","price":12.5,"url":"https://shop.example/p/17?utm_source=mail"}'

TRAITS = """\
products_viewed:
  count: {event: Product Viewed}
favourite_category:
  most_frequent: {event: Product Viewed, property: category}
added_value:
  sum: {event: Product Added, property: price}
"""
AUDIENCES = """\
high_value:
  all:
    - {event: Order Completed, count: "> 2", within: 90d}
    - {sum: {event: Order Completed, property: revenue}, is: "> 300"}
browsers:
  all:
    - {computed: {products_viewed: "> 5"}}
    - {computed: {favourite_category: tea}}
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many messages each round, of how many contacts, so many at a time, in transactions of how many.

    Each contact has a `history` of so many events: tables that are empty cost nobody anything.
    """

    contacts: int
    history: int
    visitors: int
    messages: int
    batch: int
    rounds: int


FULL = Size(contacts=20_000, history=20, visitors=2_000, messages=10_000, batch=1_000, rounds=7)
QUICK = Size(contacts=1_000, history=20, visitors=200, messages=4_000, batch=500, rounds=3)


@dataclass(slots=True)
class Mix:
    """Messages as they come to a busy shop; each is new."""

    size: Size
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    made: int = 0
    here: list[int] = field(default_factory=list)
    """Who is on the site just now: each does some dozen things and goes."""

    def messages(self, many: int) -> list[Tracked]:
        """So many messages, of the last minute."""
        return [self._message() for _ in range(many)]

    def _message(self) -> Tracked:
        self.made += 1
        dice, here = self.dice, self.here
        while len(here) < self.size.visitors:
            here.append(dice.randrange(self.size.contacts))
        visitor = dice.randrange(len(here))
        user = f"user-{here[visitor]}"
        if dice.random() < 1 / THINGS_DONE:
            here[visitor] = dice.randrange(self.size.contacts)
        name = dice.choice(NAMES)
        properties: dict[str, JsonValue] = {
            "sku": f"SKU-{dice.randrange(400)}",
            "category": dice.choice(CATEGORIES),
            "price": dice.randrange(100, 3000) / 100,
            "url": f"https://shop.example/p/{dice.randrange(400)}?utm_source=mail",
        }
        at = NOW + timedelta(milliseconds=self.made)
        return Tracked(
            kind=Kind.PAGE if name == PAGE_VIEWED else Kind.TRACK,
            message_id=f"ajs-next-{self.made:012}-{dice.getrandbits(96):024x}",
            user_id=user,
            anonymous_id=f"anonymous-{user}",
            event=name,
            properties=properties,
            traits={},
            context={},
            at=at,
            received_at=at,
            source_id=SITE.id,
        )


@dataclass(slots=True)
class Subject:
    """One way to store messages, and what each took."""

    name: str
    cpu: list[float] = field(default_factory=list)
    database_cpu: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)

    def total(self) -> float | None:
        """CPU µs a message, PostgreSQL's own included."""
        beside = self.database_cpu or [0.0] * len(self.cpu)
        return median([one + other for one, other in zip(self.cpu, beside, strict=True)])

    def figures(self) -> dict[str, object]:
        figures: dict[str, object] = {"cpu_us": spread(self.cpu), "per_second": spread(self.per_second)}
        if self.database_cpu:
            figures["database_cpu_us"] = spread(self.database_cpu)
        return figures


@dataclass(slots=True)
class Bench:
    """The same messages in alternating rounds: the floor into a database of its own."""

    size: Size
    database: Database
    tracker: Tracker
    floor: Open
    owners: dict[str, str]
    subjects: dict[str, Subject] = field(default_factory=dict)

    async def rounds(self, mix: Mix) -> None:
        for number in range(self.size.rounds + 1):
            messages = mix.messages(self.size.messages)
            order = [("floor", self._insert), ("regulars", self._take)]
            mix.dice.shuffle(order)
            for name, store in order:
                gc.collect()
                gc.freeze()  # whoever sends messages keeps them, not who stores them
                cpu, beside = time.process_time(), self.database.cpu_seconds()
                began_at = time.perf_counter()
                await store(messages)
                took = time.perf_counter() - began_at
                cpu = (time.process_time() - cpu) / len(messages) * 1e6
                if number == 0:
                    continue  # it warms up
                subject = self.subjects.setdefault(name, Subject(name))
                subject.cpu.append(cpu)
                subject.per_second.append(len(messages) / took)
                after = self.database.cpu_seconds()
                if beside is not None and after is not None:
                    subject.database_cpu.append((after - beside) / len(messages) * 1e6)
                say(f"  round {number} {name}: {cpu:.1f} µs, {len(messages) / took:.0f}/s")

    async def _insert(self, messages: Sequence[Tracked]) -> None:
        """Store the events and nothing else: rows of a batch in one statement, one commit."""
        for first in range(0, len(messages), self.size.batch):
            batch = messages[first : first + self.size.batch]

            async def insert(connection: Connection, batch: Sequence[Tracked] = batch) -> None:
                values = []
                for one in batch:
                    owner = self.owners[one.user_id or ""]
                    bucket = bucket_of(owner)
                    text = rows.to_json(one.properties)
                    values.append(
                        (
                            bucket,
                            owner,
                            event_id(one.message_id, bucket),
                            one.event,
                            microseconds(one.at),
                            text,
                            one.source_id,
                        )
                    )
                await connection.write(tracking.EVENT, values)

            await self.floor.transact(insert)

    async def _take(self, messages: Sequence[Tracked]) -> None:
        """Let the Tracker have them as calls of 20 messages, so many at a time as make such a batch."""
        call = 20
        for first in range(0, len(messages), self.size.batch):
            batch = messages[first : first + self.size.batch]
            calls = [batch[begin : begin + call] for begin in range(0, len(batch), call)]
            await asyncio.gather(*(self.tracker.take(one, SITE) for one in calls))

    async def held(self, connection: Connection) -> int:
        ((count,),) = await connection.read(Statement("SELECT COUNT(*) FROM event WHERE source <> ''"))
        return int(count)


@contextlib.asynccontextmanager
async def opened(database: Database, urls: tuple[str, str], size: Size, folder: Path) -> AsyncIterator[Bench]:
    """A running application and an empty database beside it, both with every contact known."""
    flows = folder / "flows"
    flows.mkdir()
    for name in ("program", "keywords", "policy", "loyalty"):
        source = ROOT / "flows" / f"{name}.yaml"
        if source.exists():
            (flows / source.name).write_text(source.read_text())
    (flows / "traits.yaml").write_text(TRAITS)
    (flows / "audiences.yaml").write_text(AUDIENCES)
    common = {"REGULARS_SECRET": "s" * 32, "REGULARS_FLOWS": str(flows), "REGULARS_ZONE": "UTC"}
    settings = load_settings({"DATABASE_URL": urls[0], **common})
    bare = load_settings({"DATABASE_URL": urls[1], **common})
    floor = await prepare_database(bare, lambda: NOW)
    clock_at = NOW + timedelta(hours=1)
    async with running(settings, clock=lambda: clock_at) as app:
        app.clockwork.pause()
        # As a worker does within seconds: until then whoever is met is folded from all there is.
        upkeep = AudienceUpkeep(
            app.database, app.conversation.keeping, lambda: app.decisions, lambda: clock_at, asyncio.Event()
        )
        await upkeep.build()
        clock_at += timedelta(seconds=5)
        await upkeep.build()
        # As many in a transaction as the floor has, however slow the machine is just now.
        keep_current = app.conversation.keeping.keep_current
        tracker = Tracker(app.database, app.conversation, keep_current, seconds=PATIENT_SECONDS)
        tracker.start()
        everybody = [
            Tracked(
                kind=Kind.IDENTIFY,
                message_id=f"who-{number}",
                user_id=f"user-{number}",
                anonymous_id=f"anonymous-user-{number}",
                event=None,
                properties={},
                traits={"plan": "pro"},
                context={},
                at=NOW,
                received_at=NOW,
                source_id=SITE.id,
            )
            for number in range(size.contacts)
        ]
        for first in range(0, len(everybody), 1000):
            await tracker.take(everybody[first : first + 1000], SITE)
        owners = {str(user): str(one) for user, one in await app.database.query(lambda c: c.read(_CALLED))}
        for each in (app.database, floor):
            await remember(each, list(owners.values()), size)
        while await app.clockwork.strike_all():
            pass  # figures of what happened before are made first
        yield Bench(size, database, tracker, floor, owners)
        await tracker.close()
    await floor.close()


async def remember(database: Open, contacts: Sequence[str], size: Size) -> None:
    """Give each contact a history, of events that no figure is made of."""
    for first in range(0, len(contacts), 1000):
        values = []
        for contact in sorted(contacts[first : first + 1000]):
            bucket = bucket_of(contact)
            for number in range(size.history):
                at = microseconds(NOW - timedelta(days=number + 1))
                event = event_id(f"{contact}/{number}", bucket)
                values.append((bucket, contact, event, "Tea Cooled", at, HISTORY, SITE.id))
        await database.transact(lambda c, values=values: c.write(tracking.EVENT, values))  # type: ignore[misc]  # bound now


def measure(report: Report, database: Database, size: Size, folder: Path) -> None:
    folder.mkdir()
    urls = database.fresh("regulars"), database.fresh("floor")

    async def run() -> Bench:
        mix = Mix(size)
        async with opened(database, urls, size, folder) as bench:
            await bench.rounds(mix)
            return bench

    bench = asyncio.run(run())
    floor, ours = bench.subjects["floor"], bench.subjects["regulars"]
    over = ratio(ours.total(), floor.total())
    report.goals.append(at_most(f"{database.name}: CPU over a bare insert", over, OVER_FLOOR_MAX))
    report.figures[database.name] = {name: one.figures() for name, one in bench.subjects.items()}


def main() -> None:
    end_in_order()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help="small and noisy: does it run at all")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    url: str | None = arguments.database
    report = Report("ingest", figures={"size": asdict(size)})
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        top = Path(name)
        report.figures["machine"] = machine(top)
        if url is None or url.startswith("sqlite"):
            say("SQLite")
            measure(report, Sqlite(top), size, top / "sqlite")
        if url is None:
            say("PostgreSQL, started for this run")
            with own_postgres() as server:
                measure(report, server, size, top / "postgresql")
        elif url.startswith("postgresql"):
            say("PostgreSQL, as given")
            with postgres_at(url) as server:
                measure(report, server, size, top / "postgresql")
    report.print()


if __name__ == "__main__":
    main()
