"""Whether a message costs the same in a large shop: many members, many flows, many waiting runs.

Run `python -m benchmarks.flat [--database URL] [--quick]`; benchmarks/README.md says how to read it.
"""

import argparse
import contextlib
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.databases import Database, Sqlite, own_postgres, postgres_at
from benchmarks.population import multiply
from benchmarks.posts import JOINING, Load
from benchmarks.processes import ROOT, end_in_order
from benchmarks.report import Report, at_most, median, ratio, say, spread
from benchmarks.samples import Sample, Subject
from benchmarks.subjects import Start, regulars

MEMBERS_RATIO_MAX = 1.15
FLOWS_RATIO_MAX = 1.1
WAITING_RATIO_MAX = 1.1
KEYWORDS_PER_FLOW = 4
START_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Size:
    """The large shop beside the small one; `texting` members have had their conversation when measured."""

    few_members: int
    many_members: int
    texting: int
    few_flows: int
    many_flows: int
    posts: int
    rounds: int


FULL = Size(1_000, 1_000_000, texting=10_000, few_flows=10, many_flows=5_000, posts=10_000, rounds=5)
QUICK = Size(200, 5_000, texting=1_000, few_flows=10, many_flows=100, posts=1_000, rounds=2)


@dataclass(slots=True)
class Case:
    """One server under one load; the mix comes from its first `members`."""

    name: str
    subject: Subject
    members: int
    samples: list[Sample] = field(default_factory=list)

    def measure(self, number: int) -> None:
        load = Load(
            "twilio", self.subject.server.port, f"{self.name}-{number}", self.members, self.subject.count
        )
        sample = self.subject.measure(load)
        if number:  # the first warms up
            self.samples.append(sample)
            say(f"  round {number} {self.name}: {sample.cpu:.0f} µs, {sample.per_second:.0f}/s")

    def cpu(self) -> float | None:
        """With PostgreSQL's own: a plan that degrades shows there."""
        return median([sample.cpu + (sample.database_cpu or 0) for sample in self.samples])

    def figures(self) -> dict[str, object]:
        figures: dict[str, object] = {"cpu_us_per_message": spread([sample.cpu for sample in self.samples])}
        beside = [sample.database_cpu for sample in self.samples if sample.database_cpu is not None]
        if beside:
            figures["database_cpu_us_per_message"] = spread(beside)
        return figures


class Shops:
    """The servers of this benchmark, each on a database of its own."""

    def __init__(self, database: Database, size: Size, folder: Path, stack: contextlib.ExitStack) -> None:
        self.database = database
        self.size = size
        self.folder = folder
        self.stack = stack

    def open(self, name: str, url: str, settings: Mapping[str, str] | None = None) -> Subject:
        server = regulars(Start(self.database, self.folder, name), settings, url=url)
        self.stack.callback(server.stop)
        server.wait_ready(START_PATIENCE_SECONDS)
        return Subject(name, server, "twilio", self.size.posts, self.database)

    def shop(self, name: str, members: int, settings: Mapping[str, str] | None = None) -> Subject:
        """A shop whose members joined by texting: none of their runs waits."""
        subject = self.open(name, self.database.fresh(name), settings)
        for text in JOINING:
            subject.everybody(text, range(members))
        return subject

    def large_shop(self, name: str, *, waiting: bool) -> Subject:
        """A shop of many members, most of them copies; `waiting`: of ones whose question is still open."""
        url = self.database.fresh(name)
        texting, many = self.size.texting, self.size.many_members
        with contextlib.ExitStack() as first:
            small = Shops(self.database, self.size, self.folder, first)
            subject = small.open(name, url)
            for text in JOINING:
                subject.everybody(text, range(texting))
            templates = range(texting)
            if waiting:
                templates = range(texting, texting + self.size.few_members)
                subject.everybody(JOINING[0], templates)
        rows = multiply(url, templates, range(max(texting, templates.stop), many))
        say(f"  {name}: {many:,} members, {rows:,} rows copied")
        return self.open(name, url)

    def flows(self, count: int) -> dict[str, str]:
        """The settings of a shop with this many more flows, of four keywords each."""
        top = self.folder / f"{count}-flows"
        shutil.copytree(ROOT / "flows", top / "flows")
        shutil.copytree(ROOT / "locales", top / "locales")
        for name, source in campaigns(count):
            (top / "flows" / f"{name}.yaml").write_text(source)
        return {"REGULARS_FLOWS": str(top / "flows")}


def campaigns(count: int) -> Iterator[tuple[str, str]]:
    """Names and sources of small flows, their keywords distinct words that nobody texts."""
    dice = random.Random(7)
    words: dict[str, None] = {}
    while len(words) < count * KEYWORDS_PER_FLOW:
        words["".join(dice.choices("ABDEFGIKLMNOPRSTUVZ", k=dice.randrange(8, 12)))] = None
    keywords = iter(words)
    for index in range(count):
        name = f"campaign_{index:05}"
        own = ", ".join(next(keywords) for _ in range(KEYWORDS_PER_FLOW))
        start = f"flow: {name}\ntitle: Campaign {index}\nlanguage: en\nstart:\n  - keyword: [{own}]\n"
        yield name, f"{start}steps:\n  - say: Campaign {index} thanks you.\n"


def measure(report: Report, size: Size, database: Database, folder: Path) -> None:
    """Open every shop, measure all in alternating rounds."""
    with contextlib.ExitStack() as stack:
        shops = Shops(database, size, folder, stack)
        large = shops.large_shop("large", waiting=False)
        waiting = shops.large_shop("waiting", waiting=True)
        few_flows = shops.shop("few_flows", size.texting, shops.flows(size.few_flows))
        many_flows = shops.shop("many_flows", size.texting, shops.flows(size.many_flows))
        cases = [
            Case("few members", shops.shop("few_members", size.few_members), size.few_members),
            Case("many members", large, size.many_members),
            Case("none waiting", large, size.texting),
            Case("many waiting", waiting, size.texting),
            Case("few flows", few_flows, size.texting),
            Case("many flows", many_flows, size.texting),
        ]
        dice = random.Random(3)
        for number in range(size.rounds + 1):
            for case in dice.sample(cases, len(cases)):
                case.measure(number)
    few, many, none_wait, many_wait, few_flow, many_flow = (case.cpu() for case in cases)
    members = f"{database.name}: {size.many_members:,} members over {size.few_members:,}"
    flows = f"{database.name}: {size.many_flows:,} flows over {size.few_flows}"
    runs = f"{database.name}: {size.many_members - size.texting:,} waiting runs over none"
    report.goals += [
        at_most(members, ratio(many, few), MEMBERS_RATIO_MAX),
        at_most(flows, ratio(many_flow, few_flow), FLOWS_RATIO_MAX),
        at_most(runs, ratio(many_wait, none_wait), WAITING_RATIO_MAX),
    ]
    report.figures[database.name] = {case.name: case.figures() for case in cases}


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help="small and noisy: does it run at all")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    url: str | None = arguments.database
    report = Report("flat")
    with contextlib.ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        for kind in ("sqlite", "postgresql"):
            if url is not None and not url.startswith(kind):
                continue
            folder = top / kind
            folder.mkdir()
            if kind == "sqlite":
                measure(report, size, Sqlite(folder), folder)
                continue
            server = postgres_at(url) if url else own_postgres()
            measure(report, size, stack.enter_context(server), folder)
    report.print()


if __name__ == "__main__":
    main()
