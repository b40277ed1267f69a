"""How soon `regulars serve` answers after it was started, and how much memory it holds after load.

Run `python -m benchmarks.start [--database URL] [--quick]`; benchmarks/README.md says how to read it.
"""

import argparse
import contextlib
import tempfile
from pathlib import Path

from benchmarks.databases import Database, Sqlite, own_postgres, postgres_at
from benchmarks.load import Generator
from benchmarks.posts import JOINING, Load
from benchmarks.processes import end_in_order, rss_megabytes
from benchmarks.report import Report, at_most, median, say, spread
from benchmarks.subjects import Start, regulars

START_SECONDS_MAX = 1.5
RSS_MEGABYTES_MAX = 150.0


def measure(report: Report, database: Database, folder: Path, *, starts: int, members: int) -> None:
    """Start it again and again on one database, then once more under load."""
    url = database.fresh("regulars")
    seconds: list[float] = []
    for number in range(starts + 1):
        server = regulars(Start(database, folder, "regulars"), url=url)
        try:
            ready_after = server.wait_ready()
        finally:
            server.stop()
        if number:  # the first start made the schema
            seconds.append(ready_after)
        say(f"  {database.name}: ready after {ready_after:.2f} s")
    server = regulars(Start(database, folder, "regulars"), url=url)
    try:
        server.wait_ready()
        idle = rss_megabytes(server.pid)
        Generator(Load("twilio", server.port, "join", members, everybody=JOINING[0])).run()
        Generator(Load("twilio", server.port, "mix", members, members * 2)).run()
        loaded = rss_megabytes(server.pid)
    finally:
        server.stop()
    report.goals.append(at_most(f"{database.name}: seconds to ready", median(seconds), START_SECONDS_MAX))
    report.goals.append(at_most(f"{database.name}: MB after load", loaded, RSS_MEGABYTES_MAX))
    report.figures[database.name] = {
        "seconds_to_ready": spread(seconds),
        "rss_mb_idle": idle,
        "rss_mb_after_load": loaded,
        "members": members,
    }


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help="fewer starts, less load")
    arguments = parser.parse_args()
    url: str | None = arguments.database
    starts, members = (3, 1_000) if arguments.quick else (9, 10_000)
    report = Report("start")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        if url is None or url.startswith("sqlite"):
            measure(report, Sqlite(folder), folder, starts=starts, members=members)
        if url is None or url.startswith("postgresql"):
            server = postgres_at(url) if url else own_postgres()
            measure(report, stack.enter_context(server), folder, starts=starts, members=members)
    report.print()


if __name__ == "__main__":
    main()
