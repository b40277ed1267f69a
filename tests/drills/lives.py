"""A process that lives again and again: forks itself for each life, which ends at a named point by kill -9.

`python -m tests.drills.lives` reads one JSON object a line, a `Life`, lives, and says `{"ready": pid}` and
`{"ended": status}`. Forking from a process that has everything imported takes milliseconds where a new
interpreter takes seconds. Product code knows nothing of this: it calls its named points, and here is what
happens there.
"""

import asyncio
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from bot import app
from bot.channels.twilio.sender import TwilioAccount, TwilioChannel
from bot.config import load_settings
from bot.conversation.batch import Batch
from bot.storage.driver import Connection, Database

T = TypeVar("T")
MORNING = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TIMEOUT = timedelta(seconds=0.5)
"""Of real time: an answer that does not come is lost before the lease ends, as in earnest."""
_PAUSE_SECONDS = 0.03
_SAID = os.dup(1)
"""What is said to whoever started this; whatever else is printed goes to the log."""


@dataclass(slots=True)
class FastClock:
    """A clock that all processes of a drill share: `speed` times as fast since `began` (of real time)."""

    began: float
    at: datetime = MORNING
    speed: float = 1

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.at + timedelta(seconds=(time.time() - self.began) * self.speed)

    def hurry(self, speed: float) -> None:
        """Go on from here at another speed."""
        self.at, self.began, self.speed = self(), time.time(), speed


@dataclass(frozen=True, slots=True)
class Life:
    """What is asked of a life: by which clock to live, and to end the `nth` time it comes to `point`."""

    point: str | None
    nth: int
    clock: FastClock

    def json(self) -> bytes:
        """Write it in one line."""
        at = self.clock.at.isoformat()
        clock = {"began": self.clock.began, "at": at, "speed": self.clock.speed}
        return json.dumps({"point": self.point, "nth": self.nth, "clock": clock}).encode() + b"\n"


def read_life(line: bytes) -> Life:
    """Read what `Life.json` wrote."""
    wish = json.loads(line)
    clock = wish["clock"]
    at = datetime.fromisoformat(clock["at"])
    return Life(wish["point"], wish["nth"], FastClock(clock["began"], at, clock["speed"]))


class Failpoint:
    """Ends this process the `nth` time it comes to `point`."""

    def __init__(self, point: str | None, nth: int) -> None:
        self.point, self.left = point, nth

    def __call__(self, name: str) -> None:
        """Come to a point."""
        if name == self.point:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Breaking:
    """A database with points around its transactions: turns, those that settle written answers, reports."""

    def __init__(self, database: Database, at: Callable[[str], None]) -> None:
        self._database, self._at = database, at
        self.dialect = database.dialect

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run a transaction between two points."""
        what = _kind(work)
        self._at(f"before_{what}")
        done = await self._database.transact(work)
        self._at(f"after_{what}")
        return done

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Read."""
        return await self._database.query(work)

    async def close(self) -> None:
        """Close it."""
        await self._database.close()


def _kind(work: Callable[..., object]) -> str:
    batch = getattr(work, "__self__", None)
    if isinstance(batch, Batch):
        return "settling" if batch._written else "turn"  # noqa: SLF001  # only a drill tells them apart
    return "report" if "Receipts.record" in getattr(work, "__qualname__", "") else "other"


async def live(role: Any, life: Life) -> None:  # noqa: ANN401  # the literals of bot.app
    """Work until SIGTERM, striking every job all the time, or until the point is reached."""
    settings = load_settings(os.environ)
    assert settings.twilio is not None
    clock, at = life.clock, Failpoint(life.point, life.nth)
    account = TwilioAccount(
        account_sid=settings.twilio.account_sid,
        auth_token=settings.twilio.auth_tokens[0],
        sender=settings.twilio.sender or "",
        public_url=settings.public_url,
        base_url=settings.twilio.base_url,
    )
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with AsyncExitStack() as stack:
        database = Breaking(await app.prepare_database(settings, clock), at)
        running = await stack.enter_async_context(
            app.running(
                settings,
                role=role,
                clock=clock,
                database=database,
                channels={"sms": TwilioChannel(account, timeout=TIMEOUT, clock=clock)},
                at=at,
            )
        )
        running.clockwork.pause()
        if role != "worker":
            await stack.enter_async_context(app.serving(running))
        _say({"ready": os.getpid()})
        while not stopped.is_set():
            await running.clockwork.strike_all()
            await asyncio.sleep(_PAUSE_SECONDS)


def main() -> None:
    """Live as often as asked to."""
    os.dup2(2, 1)
    role = os.environ["REGULARS_DRILL_ROLE"]
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as wishes:  # nothing is read ahead
        for line in wishes:
            _live_apart(role, read_life(line))


def _live_apart(role: str, life: Life) -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.run(live(role, life))
            status = 0
        except Exception:  # noqa: BLE001  # it goes to the log, and the parent must not be lived twice
            traceback.print_exc()
        finally:
            os._exit(status)
    else:
        _say({"ended": _wait(child)})


def _wait(child: int) -> int:
    """Wait for a life to end; where whoever asked for it is gone, end it."""
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if select.select([sys.stdin], [], [], 0.005)[0]:  # nothing is asked while one lives: it is the end
            os.kill(child, signal.SIGKILL)


def _say(what: dict[str, int]) -> None:
    os.write(_SAID, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
