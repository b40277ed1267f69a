"""The WeChat benchmark: CPU of a safe-mode round trip beside an SMS of the same server and beside WeRoBot.

Run `python -m benchmarks.wechat [--database URL] [--quick]`; benchmarks/README.md says how to read it.
"""

import argparse
import contextlib
import random
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import sealed
from benchmarks.databases import Database, Sqlite, own_postgres, postgres_at
from benchmarks.posts import JOINING, Load, Road
from benchmarks.processes import end_in_order, machine
from benchmarks.report import Goal, Report, at_least, at_most, median, ratio, say, spread
from benchmarks.samples import Subject
from benchmarks.subjects import Start, regulars, werobot

# What is answered in the response. Whatever offers taps is not: REWARDS, a question that is open, what nobody
# understood. They are shown as menus, which only the customer-service API can send.
MIX = (("BALANCE", 40), ("HELP", 15), ("LOYALTY", 15), ("answer", 30))
ANSWERS = ("Thank you so much 😊", "thanks!", "谢谢", "muchas gracias", "Thanks a lot, see you on sunday")
BARE_SHARE = 1.5
WEROBOT_OVER_OURS_MIN = 3.0
CONCURRENCY = 64
WEROBOT_CONCURRENCY = 4  # its sessions are one SQLite connection for all threads: with more it fails
_SETTINGS = {
    "REGULARS_WECHAT_SHOP_APPID": sealed.APPID,
    "REGULARS_WECHAT_SHOP_SECRET": "made-up-for-benchmarks",
    "REGULARS_WECHAT_SHOP_KIND": "official",
    "REGULARS_WECHAT_SHOP_TOKEN": sealed.TOKEN,
    "REGULARS_WECHAT_SHOP_AES_KEY": sealed.AES_KEY,
    "REGULARS_WECHAT_BASE_URL": "http://127.0.0.1:9",  # nobody: nothing here may reach the real one
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    members: int
    rounds: int
    posts: int
    slow_posts: int
    bare: int


FULL = Size(members=10_000, rounds=5, posts=20_000, slow_posts=2_000, bare=20_000)
QUICK = Size(members=1_000, rounds=3, posts=2_000, slow_posts=500, bare=5_000)


class Bench:
    """Both roads of one server, and WeRoBot, measured in alternating rounds."""

    def __init__(self, size: Size, stack: contextlib.ExitStack, database: Database, folder: Path) -> None:
        self.size = size
        self.subjects: dict[str, Subject] = {}
        self.bare: list[float] = []
        server = regulars(Start(database, folder, "regulars"), _SETTINGS)
        stack.callback(server.stop)
        server.wait_ready()
        roads: tuple[tuple[str, Road], ...] = (("sms", "twilio"), ("wechat", "wechat"))
        for name, road in roads:
            self.subjects[name] = Subject(name, server, road, size.posts, database)
        try:
            peer = werobot(Start(database, folder, "werobot"), size.members)
            stack.callback(peer.stop)
            peer.wait_ready()
        except (RuntimeError, OSError) as failure:
            say(f"  WeRoBot does not start, its goal is missed: {failure}")
            return
        self.subjects["werobot"] = Subject("werobot", peer, "wechat", size.slow_posts, database)

    def load(self, subject: Subject, run: str, number: int = 0) -> Load:
        """The load of one run."""
        return Load(
            road=subject.road,
            port=subject.server.port,
            run=f"{subject.name}-{run}-{number}",
            members=self.size.members,
            count=subject.count,
            mix=MIX,
            answers=ANSWERS,
            concurrency=WEROBOT_CONCURRENCY if subject.name == "werobot" else CONCURRENCY,
        )

    def warm_up(self) -> None:
        """Members join on either road, then everybody runs the mix once, unmeasured."""
        for subject in self.subjects.values():
            if subject.name != "werobot":
                for text in JOINING:
                    subject.everybody(text, range(self.size.members))
            subject.measure(self.load(subject, "warm"))

    def rounds(self) -> None:
        """Every round measures everything once, in a new order."""
        dice = random.Random(5)
        for number in range(1, self.size.rounds + 1):
            self.bare.append(bare(self.size.bare))
            for subject in dice.sample(list(self.subjects.values()), len(self.subjects)):
                sample = subject.measure(self.load(subject, "mix", number))
                subject.samples.append(sample)
                say(
                    f"  round {number} {subject.name}: {sample.cpu:.0f} µs, {sample.per_second:.0f}/s,"
                    f" p99 {sample.outcome.p99:.1f} ms, {sample.outcome.silences} without an answer"
                )
            say(f"  round {number} bare: {self.bare[-1]:.1f} µs")

    def goals(self, database: str) -> list[Goal]:
        cpu = {name: subject.cpu() for name, subject in self.subjects.items()}
        sms, least = cpu["sms"], median(self.bare)
        allowed = sms + BARE_SHARE * least if sms is not None and least is not None else None
        outcomes = [sample.outcome for sample in self.subjects["wechat"].samples]
        peer = ratio(cpu.get("werobot"), cpu["wechat"])
        silences = sum(one.silences for one in outcomes)
        contradictions = sum(one.contradictions for one in outcomes)
        return [
            at_most(
                f"{database}: safe mode over SMS and {BARE_SHARE:g} times the bare round trip",
                ratio(cpu["wechat"], allowed),
                1.0,
            ),
            at_least(f"{database}: WeRoBot over CPU", peer, WEROBOT_OVER_OURS_MIN),
            at_most(f"{database}: pushes not answered", silences, 0),
            at_most(f"{database}: repeats answered in one case only", contradictions, 0),
        ]

    def figures(self) -> dict[str, object]:
        figures: dict[str, object] = {name: one.figures() for name, one in self.subjects.items()}
        pairs = zip(self.subjects["wechat"].samples, self.subjects["sms"].samples, strict=True)
        over = [round(one.cpu - other.cpu, 1) for one, other in pairs]
        peer = self.subjects.get("werobot")
        return figures | {
            "bare_us": spread(self.bare),
            "wechat_minus_sms_us": spread(over),
            "werobot_not_answered": sum(one.outcome.silences for one in peer.samples) if peer else None,
        }


def bare(times: int) -> float:
    """CPU microseconds of a bare round trip."""
    raw = sealed.sealed_post(80, 1, "BALANCE", "bare")
    head, _, body = raw.partition(b"\r\n\r\n")
    query = dict(pair.split("=", 1) for pair in head.split()[1].decode().partition("?")[2].split("&"))
    arguments = (body, query["timestamp"], query["nonce"], query["msg_signature"], "You have $5.00 credit.")
    taken = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(times // 5):
            sealed.bare_round_trip(*arguments)
        taken.append((time.process_time() - began) / (times // 5) * 1_000_000)
    return round(statistics.median(taken), 2)


def measure(report: Report, size: Size, database: Database, folder: Path) -> None:
    """Start both servers, warm them up, measure them, report them, stop them."""
    say(database.name)
    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        bench = Bench(size, stack, database, folder)
        bench.warm_up()
        bench.rounds()
        report.goals += bench.goals(database.name)
        report.figures[database.name] = bench.figures()


def main() -> None:
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="measure only there; without it SQLite and an own PostgreSQL")
    parser.add_argument("--quick", action="store_true", help="small and noisy: does it run at all")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    url: str | None = arguments.database
    report = Report("wechat", figures={"size": asdict(size)})
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as top, contextlib.ExitStack() as stack:
        report.figures["machine"] = machine(Path(top))
        if url is None or url.startswith("sqlite"):
            folder = Path(top) / "sqlite"
            folder.mkdir()
            measure(report, size, Sqlite(folder), folder)
        if url is None or url.startswith("postgresql"):
            server = stack.enter_context(postgres_at(url) if url else own_postgres())
            measure(report, size, server, Path(top) / "postgresql")
    report.print()


if __name__ == "__main__":
    main()
