"""One running server and the runs measured of it."""

from dataclasses import dataclass, field

from benchmarks.databases import Database
from benchmarks.load import Generator, Outcome
from benchmarks.posts import Load, Road
from benchmarks.processes import Server, rss_megabytes
from benchmarks.report import median, spread

OPEN_LOOP_RATE = 100.0  # messages a second


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured run of one subject; CPU in microseconds per message."""

    cpu: float
    database_cpu: float | None
    per_second: float
    outcome: Outcome


@dataclass(slots=True)
class Subject:
    """A running server with what was measured of it."""

    name: str
    server: Server
    road: Road
    count: int
    database: Database
    samples: list[Sample] = field(default_factory=list)
    open_loop: list[Sample] = field(default_factory=list)

    def cpu(self) -> float | None:
        return median([sample.cpu for sample in self.samples])

    def per_second(self) -> float | None:
        return median([sample.per_second for sample in self.samples])

    def open_loop_p99(self) -> float | None:
        return median([sample.outcome.p99 for sample in self.open_loop])

    def everybody(self, text: str, members: range) -> None:
        """Let each of these members text this once, unmeasured."""
        self.measure(
            Load(
                self.road,
                self.server.port,
                f"everybody-{text}",
                len(members),
                everybody=text,
                first_member=members.start,
            )
        )

    def measure(self, load: Load) -> Sample:
        """Raises RuntimeError if anything but 200 was answered: a fast refusal is no result."""
        generator = Generator(load)
        cpu, database_cpu = self.server.cpu_seconds(), self.database.cpu_seconds()
        outcome = generator.run()
        self.server.settle()
        if not outcome.good:
            raise RuntimeError(f"{self.name} answered {outcome.statuses}:\n{self.server.log_end()}")
        million = 1_000_000 / outcome.answered
        after = self.database.cpu_seconds()
        beside = None if database_cpu is None or after is None else round((after - database_cpu) * million, 1)
        return Sample(
            cpu=round((self.server.cpu_seconds() - cpu) * million, 1),
            database_cpu=beside,
            per_second=round(outcome.answered / outcome.seconds, 1),
            outcome=outcome,
        )

    def figures(self) -> dict[str, object]:
        """What the report says of it."""
        database_cpu = [sample.database_cpu for sample in self.samples if sample.database_cpu is not None]
        figures: dict[str, object] = {
            "cpu_us_per_message": spread([sample.cpu for sample in self.samples]),
            "per_second": spread([sample.per_second for sample in self.samples]),
            "p50_ms": median([sample.outcome.p50 for sample in self.samples]),
            "p99_ms": median([sample.outcome.p99 for sample in self.samples]),
            "rss_mb": rss_megabytes(self.server.pid),
        }
        if database_cpu:
            figures["database_cpu_us_per_message"] = spread(database_cpu)
        if self.open_loop:
            figures["open_loop"] = {
                "per_second": OPEN_LOOP_RATE,
                "p50_ms": median([sample.outcome.p50 for sample in self.open_loop]),
                "p99_ms": spread([sample.outcome.p99 for sample in self.open_loop]),
                "cpu_us_per_message": median([sample.cpu for sample in self.open_loop]),
            }
        return figures
