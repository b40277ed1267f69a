"""The drill of the sending road: kill -9 at each of its points, answers lost after acceptance; then count.

`python -m tests.drills.sending` runs it long, on both databases, and prints a table and a JSON object:
for each point how many messages there were, how many reached the phone once, twice or never, and how many
were in doubt. `make test` runs it short (`test_sending.py`).
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import open_database
from bot.config import load_settings
from bot.core.messages import OutboxState
from bot.demo.loopback_message import Fault, FaultKind
from bot.demo.loopback_network import DEMO_NUMBER, Account
from bot.demo.loopback_twilio import LoopbackTwilio
from bot.storage import unknown
from bot.storage.driver import Database, Statement
from tests.conversation.chat import SID, TOKEN, shipped
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.drills.lives import MORNING, FastClock, Life
from tests.drills.processes import Balancer, Regulars, environment
from tests.ports import free_port
from tests.postgres import running_server

SLOW, FAST = 10, 150
"""How fast the clocks go. Slowly an answer has a second of its ten to be written; fast a lease of two minutes
takes 0.8, and fifteen minutes of patience six."""
SENDING = ("before_claim", "after_claim", "before_send", "after_send", "before_record", "after_record")
ASKING = ("before_take", "after_take", "before_ask", "after_ask", "before_settle", "after_settle")
ANSWERING = (
    "before_turn",
    "after_turn",
    "before_settling",
    "after_settling",
    "before_report",
    "after_report",
)
LOST: tuple[FaultKind, ...] = ("drop_request", "drop_answer", "error_answer", "no_answer")
_KILLED = -signal.SIGKILL
_REACHED_SECONDS = 12.0
_QUIET_SECONDS = 120.0
_TEXTS_MAX = 4
PAUSE = """\
flow: pause
title: Say something a moment later
language: en
start:
  - keyword: [PAUSE]
    category: opt-in
    group: loyalty
steps:
  - say: Wait.
  - wait: 1s
  - say: {text: Done waiting., group: loyalty}
"""


@dataclass(slots=True)
class Lives:
    """One process of the drill, which is killed and begins again."""

    role: str
    environ: Mapping[str, str]
    folder: Path
    port: int
    clock: FastClock
    process: Process | None = None
    pid: int = 0

    async def open(self) -> None:
        """Start what forks the lives."""
        with (self.folder / f"{self.role}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.drills.lives",
                env={**self.environ, "REGULARS_PORT": str(self.port), "REGULARS_DRILL_ROLE": self.role},
                cwd=Path(__file__).parents[2],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )

    async def begin(self, point: str | None = None, nth: int = 1) -> None:
        """Begin a life that ends at the `nth` time at the point, and wait until it works."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(Life(point, nth, self.clock).json())
        await self.process.stdin.drain()
        said = await self._said()
        assert "ready" in said, f"{self.role} ended with {said}: see its log in {self.folder}"
        self.pid = said["ready"]

    async def killed(self) -> bool:
        """Wait until the life ends by itself; False where it does not come to its point."""
        try:
            async with asyncio.timeout(_REACHED_SECONDS):
                return (await self._said())["ended"] == _KILLED
        except TimeoutError:
            return False

    async def end(self) -> None:
        """End a life in order."""
        os.kill(self.pid, signal.SIGTERM)
        assert (await self._said())["ended"] == 0, f"{self.role} did not end in order: see {self.folder}"

    async def close(self) -> None:
        """End what forks the lives, and with it the life it has."""
        if self.process is not None and self.process.returncode is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            await self.process.wait()

    async def _said(self) -> dict[str, int]:
        assert self.process is not None
        assert self.process.stdout is not None
        said: dict[str, int] = json.loads(await self.process.stdout.readline())
        return said


@dataclass(slots=True)
class Trial:
    """One point or fault, and the phones that had to do with it."""

    name: str
    numbers: list[str]
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """What became of the messages of one trial."""

    trial: str
    reached: bool
    messages: int
    once: int
    twice: int
    never: int
    in_doubt: int
    found: int
    reported: int
    again: int
    failed: int


@dataclass(slots=True)
class Drill:
    """A shop whose processes die, its provider and its phones."""

    loopback: LoopbackTwilio
    database: Database
    clock: FastClock
    web: Lives | None
    worker: Lives
    behaviours: "Behaviours"
    trials: list[Trial] = field(default_factory=list)
    numbers: int = 0

    def phones(self, name: str, *faults: tuple[FaultKind, float]) -> Trial:
        """Make a trial with one phone for each way in which the provider may behave besides."""
        trial = Trial(name, [])
        for more in self.behaviours:
            number = f"+4477009{self.numbers:05}"
            self.numbers += 1
            trial.numbers.append(number)
            self.fault(number, *faults, *more)
        self.trials.append(trial)
        return trial

    def fault(self, number: str, *faults: tuple[FaultKind, float]) -> None:
        """Have things go wrong for a number: what loses an answer does so once, the rest always."""
        for kind, seconds in faults:
            times = 1 if kind in LOST else None
            self.loopback.fault(Fault(kind=kind, number=number, seconds=seconds, times=times, status=503))

    async def text(self, trial: Trial) -> None:
        """Let all phones of a trial text at once; who gets no answer texts again, as people do."""
        await asyncio.gather(*(self._text(number) for number in trial.numbers))

    async def _text(self, number: str) -> None:
        for _ in range(_TEXTS_MAX):
            texted = await self.loopback.text(number, "PAUSE")
            if texted.error_code is None:
                return

    async def kill(self, victim: Lives, point: str, nth: int, *lost: FaultKind) -> None:
        """Let a life end at a point while phones text, and the next one begin."""
        trial = self.phones(f"kill -9 {point} ({nth})", *((kind, 0) for kind in lost))
        await victim.end()
        await victim.begin(point, nth)
        texting = asyncio.create_task(self.text(trial))
        trial.reached = await victim.killed()
        if trial.reached:
            await victim.begin()
        await texting

    async def lose(self, kind: FaultKind) -> None:
        """Let answers be lost at the provider."""
        await self.text(self.phones(f"provider: {kind}", (kind, 0)))

    async def hurry(self) -> None:
        """Let the clocks of all go fast from now on."""
        lives = [one for one in (self.web, self.worker) if one is not None]
        for one in lives:
            await one.end()
        self.clock.hurry(FAST)
        for one in lives:
            await one.begin()

    async def until_quiet(self) -> None:
        """Wait until every outcome is known and nothing is on its way."""
        waiting = Statement("""
            SELECT (SELECT COUNT(*) FROM outbox WHERE state IN ('queued', 'sending', 'held', 'unknown')),
                (SELECT COUNT(*) FROM "trigger" WHERE state = 'new'),
                (SELECT COUNT(*) FROM run WHERE status = 'waiting')
        """)
        async with asyncio.timeout(_QUIET_SECONDS):
            while tuple((await self.database.query(lambda c: c.read(waiting)))[0]) != (0, 0, 0):  # noqa: ASYNC110  # the database tells nobody
                await asyncio.sleep(0.2)
        await self.loopback.settle()

    async def lines(self) -> list[Line]:
        """Say of each trial what became of its messages."""
        rows = await self.database.query(lambda c: c.read(Statement("SELECT id, address FROM outbox")))
        doubted = {one.id: one for one in await self.database.query(lambda c: unknown.doubted(c, MORNING))}
        arrivals = self.loopback.network.arrivals
        lines = []
        for trial in self.trials:
            ids = [id_ for id_, address in rows if address in trial.numbers]
            times = Counter(min(arrivals.get(id_, 0), 2) for id_ in ids)
            doubts = [doubted[id_] for id_ in ids if id_ in doubted]
            told = [one.evidence or "" for one in doubts]
            lines.append(
                Line(
                    trial.name,
                    reached=trial.reached,
                    messages=len(ids),
                    once=times[1],
                    twice=times[2],
                    never=times[0],
                    in_doubt=len(doubts),
                    found=sum("in the provider's list as" in one for one in told),
                    reported=sum("reported as" in one for one in told),
                    again=sum("queued again" in one for one in told),
                    failed=sum(one.state is OutboxState.FAILED for one in doubts),
                )
            )
        return lines

    async def check(self) -> list[Line]:
        """Assert what must hold of every message; returns the lines of the report."""
        lines = await self.lines()
        not_reached = [line.trial for line in lines if not line.reached]
        assert not not_reached, f"never came to {not_reached}"
        arrivals = self.loopback.network.arrivals
        twice = {id_: times for id_, times in arrivals.items() if times > 1}
        assert not twice, f"arrived more than once: {twice}"
        rows = await self.database.query(
            lambda c: c.read(Statement("SELECT id, state, doubted_at, evidence FROM outbox"))
        )
        assert set(arrivals) <= {row[0] for row in rows}
        for id_, state, doubted_at, evidence in rows:
            if arrivals.get(id_, 0) == 1 and state in {"delivered", "sent"}:
                continue
            assert state == "failed", f"{id_} is {state} and arrived {arrivals.get(id_, 0)} times"
            assert doubted_at is not None, f"{id_} failed without a doubt"
            assert evidence, f"{id_} ended without evidence"
        texted = sum(len(trial.numbers) for trial in self.trials)
        assert len(rows) >= texted, f"{len(rows)} messages of {texted} texts"
        return lines


Behaviours = Sequence[Sequence[tuple[FaultKind, float]]]
BEHAVIOURS: Behaviours = (
    (),
    (("no_callbacks", 0), ("no_retry", 0)),
    (("no_callbacks", 0), ("no_retry", 0), ("late_list", 240)),
    (("duplicate_callbacks", 0), ("late_callbacks", 0.3)),
    (("reversed_callbacks", 0), ("late_callbacks", 3), ("no_retry", 0)),
)
"""How a provider may behave besides: reports never come, late, twice or reversed; its list lags.

With `no_retry` it does not ask again for an answer that it did not get.
"""


@asynccontextmanager
async def drilling(url: str, folder: Path, behaviours: Behaviours, *, apart: bool) -> AsyncIterator[Drill]:
    """Start everything: with `apart` a web and a worker process, else one that does all."""
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    clock = FastClock(time.time(), speed=SLOW)
    loopback = LoopbackTwilio(
        Account(SID, TOKEN, f"{public}/twilio/messages"), latency=timedelta(milliseconds=10), clock=clock
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(loopback)
        environ = environment(
            url,
            public,
            loopback.url,
            shipped(folder, "fallback", pause=PAUSE),
            REGULARS_ZONE="Europe/London",
            REGULARS_TWILIO_ACCOUNT_SID=SID,
            REGULARS_TWILIO_AUTH_TOKEN=TOKEN,
            REGULARS_TWILIO_FROM=DEMO_NUMBER,
        )
        web = Lives("web", environ, folder, free_port(), clock) if apart else None
        worker = Lives("worker" if apart else "all", environ, folder, free_port(), clock)
        first = web or worker
        balancer = Balancer(port, [Regulars(first.role, (), environ, folder, port=first.port)])
        await stack.enter_async_context(balancer.running())
        for lives in (web, worker):
            if lives is not None:
                await lives.open()
                stack.push_async_callback(lives.close)
                await lives.begin()
        database = await open_database(load_settings({**environ, "REGULARS_PORT": str(first.port)}))
        stack.push_async_callback(database.close)
        yield Drill(loopback, database, clock, web, worker, behaviours)


async def drill(
    url: str,
    folder: Path,
    *,
    apart: bool,
    nths: Sequence[int] = (1,),
    behaviours: Behaviours = BEHAVIOURS[::2],
) -> list[Line]:
    """Run it all on an empty database; returns the lines of the report."""
    async with drilling(url, folder, behaviours, apart=apart) as shop:
        for nth in nths:
            for point in SENDING:
                await shop.kill(shop.worker, point, nth)
            for point in ANSWERING:
                await shop.kill(shop.web or shop.worker, point, 1)  # a batch may take all phones at once
        await shop.hurry()
        for kind in LOST:
            await shop.lose(kind)
        for nth in nths:
            for number, point in enumerate(ASKING):
                await shop.kill(shop.worker, point, nth, LOST[number % 2])
        await shop.until_quiet()
        lines = await shop.check()
        for lives in (shop.web, shop.worker):
            if lives is not None:
                await lives.end()
    return lines


def table(lines: Sequence[Line]) -> str:
    """The report for people."""
    names = [name for name in asdict(lines[0]) if name not in {"trial", "reached"}]
    width = max(len(line.trial) for line in lines)
    head = f"{'':{width}}  " + "  ".join(f"{name.replace('_', ' '):>8}" for name in names)
    total = {name: sum(getattr(line, name) for line in lines) for name in names}
    body = [
        f"{line.trial:{width}}  " + "  ".join(f"{getattr(line, name):>8}" for name in names) for line in lines
    ]
    return "\n".join([head, *body, f"{'all':{width}}  " + "  ".join(f"{total[name]:>8}" for name in names)])


def report(lines: Sequence[Line]) -> dict[str, Any]:
    """The report for programs."""
    return {"trials": [asdict(line) for line in lines]}


async def _full(databases: Databases, folder: Path, *, apart: bool, nths: Sequence[int]) -> list[Line]:
    url = await databases.create()
    try:
        return await drill(url, folder, apart=apart, nths=nths, behaviours=BEHAVIOURS)
    finally:
        await databases.drop(url)


def main() -> None:
    """Run it long and print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.sending", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="kill at the first, second … time at a point")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    chosen = parser.parse_args()
    nths = tuple(range(1, chosen.rounds + 1))
    reports: dict[str, Any] = {"drill": "sending", "at": f"{datetime.now().astimezone():%Y-%m-%dT%H:%M:%S%z}"}
    with tempfile.TemporaryDirectory() as name, running_server() as server:
        for kind in ("sqlite", "postgresql"):
            if chosen.database not in {kind, "both"}:
                continue
            folder = Path(name) / kind
            folder.mkdir()
            databases = SqliteDatabases(folder) if kind == "sqlite" else PostgresDatabases(server)
            lines = asyncio.run(_full(databases, folder, apart=kind == "postgresql", nths=nths))
            print(f"\n{kind}\n{table(lines)}")  # noqa: T201  # the report
            reports[kind] = report(lines)
    print(json.dumps(reports))  # noqa: T201  # the report


if __name__ == "__main__":
    main()
