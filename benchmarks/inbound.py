"""The inbound benchmark: CPU per signed webhook of Regulars beside its floor and its peers, in one run.

Run `python -m benchmarks.inbound [--database URL] [--quick]`; benchmarks/README.md says how to read it.
"""

import argparse
import contextlib
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.databases import Database, Sqlite, build_slow_fsync, own_postgres, postgres_at
from benchmarks.load import Outcome
from benchmarks.posts import JOINING, Load, Road
from benchmarks.processes import Server, end_in_order, machine
from benchmarks.report import Goal, Report, at_least, at_most, ratio, say
from benchmarks.samples import OPEN_LOOP_RATE, Subject
from benchmarks.subjects import Start, aiogram, floor, regulars, tutorial

CPU_OVER_FLOOR_MAX = {"sqlite": 2.0, "postgresql": 2.5}
TUTORIAL_OVER_REGULARS_MIN = 12.0
AIOGRAM_OVER_REGULARS_MIN = 3.0
P99_OVER_FLOOR_MAX = 3.0
SLOW_FSYNC_THROUGHPUT_MIN = 0.7
CONCURRENCY = 64
# With a session per request on the event loop it waits for itself: for a connection from SQLAlchemy's pool
# of 15 beyond that many requests, for SQLite's lock with fewer. Its CPU is the same.
TUTORIAL_CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. Slow subjects get fewer posts a run, enough for two seconds of their CPU."""

    members: int
    rounds: int
    posts: int
    slow_posts: int
    open_loop_seconds: float


FULL = Size(members=10_000, rounds=5, posts=20_000, slow_posts=1_000, open_loop_seconds=15)
QUICK = Size(members=1_000, rounds=3, posts=2_000, slow_posts=300, open_loop_seconds=5)


class Bench:
    """All subjects on one database, measured in alternating rounds."""

    def __init__(self, size: Size, stack: contextlib.ExitStack, folder: Path) -> None:
        self.size = size
        self.stack = stack
        self.folder = folder
        self.subjects: dict[str, Subject] = {}

    def add(self, name: str, database: Database, begin: Callable[[Start], Server], count: int) -> None:
        say(f"  starting {name}")
        server = begin(Start(database, self.folder, name))
        self.stack.callback(server.stop)
        server.wait_ready()
        road: Road = "telegram" if name == "aiogram" else "twilio"
        self.subjects[name] = Subject(name, server, road, count, database)

    def load(self, subject: Subject, run: str, round_number: int = 0) -> Load:
        """The load of one run; each round has newcomers of its own whose question for a name is open."""
        share = self.size.members // (self.size.rounds + 1)
        return Load(
            road=subject.road,
            port=subject.server.port,
            run=f"{run}-{round_number}",
            members=self.size.members,
            count=subject.count,
            newcomers=(round_number * share, (round_number + 1) * share),
            concurrency=TUTORIAL_CONCURRENCY if subject.name == "tutorial" else CONCURRENCY,
        )

    def open_load(self, subject: Subject, round_number: int) -> Load:
        return Load(
            road=subject.road,
            port=subject.server.port,
            run=f"open-{round_number}",
            members=self.size.members,
            count=int(OPEN_LOOP_RATE * self.size.open_loop_seconds),
            rate=OPEN_LOOP_RATE,
        )

    def warm_up(self) -> None:
        """Members join where joining is a conversation, then everybody runs the mix once, unmeasured."""
        for subject in self.subjects.values():
            began_at = time.perf_counter()
            if subject.name.startswith("regulars") or subject.name == "aiogram":
                subject.everybody(JOINING[0], range(self.size.members))
            subject.measure(self.load(subject, "warm"))
            say(f"  {subject.name}: ready in {time.perf_counter() - began_at:.1f} s")

    def rounds(self) -> None:
        """Every round measures every subject once, in a new order."""
        dice = random.Random(2)
        for number in range(1, self.size.rounds + 1):
            closed = [(subject, False) for subject in self.subjects.values()]
            opened = [(self.subjects[name], True) for name in ("floor", "regulars") if name in self.subjects]
            for subject, is_open in dice.sample(closed + opened, len(closed + opened)):
                if is_open:
                    subject.open_loop.append(subject.measure(self.open_load(subject, number)))
                    continue
                sample = subject.measure(self.load(subject, "mix", number))
                subject.samples.append(sample)
                beside = (
                    "" if sample.database_cpu is None else f" + {sample.database_cpu:.0f} in the database"
                )
                say(
                    f"  round {number} {subject.name}: {sample.cpu:.0f} µs{beside}, "
                    f"{sample.per_second:.0f}/s, p99 {sample.outcome.p99:.1f} ms"
                )

    def goals(self, database: str) -> list[Goal]:
        def cpu(name: str) -> float | None:
            return self.subjects[name].cpu() if name in self.subjects else None

        def per_second(name: str) -> float | None:
            return self.subjects[name].per_second() if name in self.subjects else None

        def p99(name: str) -> float | None:
            return self.subjects[name].open_loop_p99() if name in self.subjects else None

        limit = CPU_OVER_FLOOR_MAX[database]
        ours = cpu("regulars")
        slow = ratio(per_second("regulars_slow_fsync"), per_second("regulars"))
        return [
            at_most(f"{database}: CPU over floor", ratio(ours, cpu("floor")), limit),
            at_least(
                f"{database}: tutorial over CPU", ratio(cpu("tutorial"), ours), TUTORIAL_OVER_REGULARS_MIN
            ),
            at_least(f"{database}: aiogram over CPU", ratio(cpu("aiogram"), ours), AIOGRAM_OVER_REGULARS_MIN),
            at_most(
                f"{database}: p99 at {OPEN_LOOP_RATE:g}/s over floor's",
                ratio(p99("regulars"), p99("floor")),
                P99_OVER_FLOOR_MAX,
            ),
            at_least(f"{database}: throughput kept with a 4 ms fsync", slow, SLOW_FSYNC_THROUGHPUT_MIN),
            at_most(f"{database}: repeats answered differently", self.total(lambda o: o.contradictions), 0),
            at_most(f"{database}: messages not answered", self.total(lambda o: o.silences), 0),
        ]

    def total(self, count: Callable[[Outcome], int]) -> int | None:
        """The sum over all measured runs of Regulars."""
        subject = self.subjects.get("regulars")
        if subject is None:
            return None
        return sum(count(sample.outcome) for sample in subject.samples + subject.open_loop)

    def figures(self) -> dict[str, object]:
        figures: dict[str, object] = {name: subject.figures() for name, subject in self.subjects.items()}
        if ours := self.subjects.get("regulars"):
            pairs = zip(ours.samples, self.subjects["floor"].samples, strict=True)
            figures["cpu_over_floor_by_round"] = [ratio(one.cpu, other.cpu) for one, other in pairs]
            figures["regulars_answers"] = ours.samples[-1].outcome.examples
        return figures


def measure(report: Report, size: Size, database: Database, slow: Database | None, folder: Path) -> None:
    """Start every subject, warm it up, measure it, report it, stop it."""
    with contextlib.ExitStack() as stack:
        bench = Bench(size, stack, folder)
        bench.add("floor", database, floor, size.posts)
        bench.add("tutorial", database, lambda start: tutorial(start, size.members), size.slow_posts)
        bench.add("aiogram", database, aiogram, size.slow_posts * 4)
        if slow:
            bench.add("floor_slow_fsync", slow, floor, size.posts)
        try:
            bench.add("regulars", database, regulars, size.posts)
            if slow:
                bench.add("regulars_slow_fsync", slow, regulars, size.posts)
        except RuntimeError as failure:
            say(f"  regulars does not start, its goals are missed: {failure}")
        bench.warm_up()
        bench.rounds()
        report.goals += bench.goals(database.name)
        report.figures[database.name] = bench.figures()


def on_sqlite(report: Report, size: Size, top: Path) -> None:
    folder = top / "sqlite"
    slow_folder = top / "sqlite-slow"
    folder.mkdir()
    slow_folder.mkdir()
    say("SQLite")
    slow = Sqlite(slow_folder, shim=build_slow_fsync(top))
    measure(report, size, Sqlite(folder), slow, folder)


def on_postgres(report: Report, size: Size, top: Path, url: str | None) -> None:
    folder = top / "postgresql"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        if url:
            say("PostgreSQL, as given; its fsync cannot be slowed from here")
            database, slow = stack.enter_context(postgres_at(url)), None
        else:
            say("PostgreSQL, started for this run")
            database = stack.enter_context(own_postgres())
            slow = stack.enter_context(own_postgres(shim=build_slow_fsync(top)))
        measure(report, size, database, slow, folder)


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help="small and noisy: does it run at all")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    url: str | None = arguments.database
    report = Report("inbound", figures={"size": asdict(size)})
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as top:
        report.figures["machine"] = machine(Path(top))
        if url is None or url.startswith("sqlite"):
            on_sqlite(report, size, Path(top))
        if url is None or url.startswith("postgresql"):
            on_postgres(report, size, Path(top), url)
    report.print()


if __name__ == "__main__":
    main()
