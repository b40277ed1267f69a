"""The clock: strikes every job at its pace, one strike of a job at a time, and survives their failures."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.schedulers.base import STATE_RUNNING
from apscheduler.triggers.interval import IntervalTrigger

_SOON_MAX = 64
"""More than so many at once wait for the next strike, which finds them."""
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do again and again; `work` returns how much it did."""

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[int]]


class Clockwork:
    """Strikes jobs while it runs.

    The schedule lives in memory on purpose: what is due lives in the database, and any number of
    processes may strike at once (`docs/decisions.md`).
    """

    def __init__(self, jobs: Sequence[Job], stopping: asyncio.Event) -> None:
        """Nothing is struck before `start`; `stopping` is set when jobs in hand should come to an end."""
        self._stopping = stopping
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._striking: set[asyncio.Task[object]] = set()
        self._ticking: set[str] = set()
        self._soon: set[asyncio.Task[int]] = set()
        for job in jobs:
            self._scheduler.add_job(
                self._tick,
                IntervalTrigger(seconds=job.every_seconds, timezone="UTC"),
                args=(job,),
                id=job.name,
                max_instances=2,
                coalesce=True,
                misfire_grace_time=None,
            )
        self._jobs = jobs

    def soon(self, job: Job) -> None:
        """Strike a job at once, beside what is struck already; not while paused, and not without bound."""
        if self._scheduler.state == STATE_RUNNING and len(self._soon) < _SOON_MAX:
            task = asyncio.create_task(self._strike(job), name=job.name)
            self._soon.add(task)
            task.add_done_callback(self._soon.discard)

    def start(self) -> None:
        """Begin to strike."""
        self._scheduler.start()

    def pause(self) -> None:
        """Strike only when asked: whoever moves the clock wants to see what follows."""
        self._scheduler.pause()

    async def strike_all(self) -> int:
        """Strike every job once, now; returns how much was done."""
        return sum([await self._strike(job) for job in self._jobs])

    async def close(self) -> None:
        """Strike no more, and let the jobs finish what they have in hand."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.pause()
            await asyncio.gather(*self._striking, *self._soon, return_exceptions=True)
            self._scheduler.shutdown(wait=False)

    async def _tick(self, job: Job) -> None:
        """Strike a job unless it is still at the last one: a long one is no cause for a warning."""
        if job.name not in self._ticking:
            self._ticking.add(job.name)
            try:
                await self._strike(job)
            finally:
                self._ticking.discard(job.name)

    async def _strike(self, job: Job) -> int:
        task = asyncio.current_task()
        assert task is not None, "a job is struck inside a task"
        self._striking.add(task)
        began_at = time.perf_counter()
        try:
            done = await job.work()
        except Exception:  # the outermost loop of a job: the next strike tries again
            _logger.exception("job_failed", job=job.name)
            return 0
        finally:
            self._striking.discard(task)
        if done:  # most strikes find nothing, several of them a second
            milliseconds = round((time.perf_counter() - began_at) * 1000, 1)
            _logger.info("job", job=job.name, done=done, milliseconds=milliseconds)
        return done
