"""The dispatcher: whatever waits, one work or a hundred, becomes one batch and one commit.

A contact is in one batch at a time, which keeps its messages in order. Works that arrive while a batch
is being committed form the next one, so that a slow disk costs latency and not throughput.

Whoever texts never waits behind a bulk of works for longer than one batch: bulk works wait apart, their
batches are as many as fit in a short time, and the two kinds take turns where both wait.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import structlog

from bot.conversation.batch import Batch, TurnFailed
from bot.conversation.conversation import Conversation
from bot.conversation.failures import keep_failed
from bot.conversation.work import Result, Work
from bot.core.errors import RetryLater
from bot.core.ids import bucket_of
from bot.storage import turns
from bot.storage.driver import Database, DatabaseUnavailable
from bot.storage.tally import Tally

_BATCH_MAX = 128
_BESIDE_MIN = 32
_BESIDE_SECONDS = 0.05
"""A batch begins beside another when so many wait, or the other takes so long: its statements cost as much
for one work as for many, and a batch that runs is nearly always soon done."""
_BULK_MIN = 16
"""Fewer are hardly sooner done: most of such a batch is statements and a commit, for however many."""
_BULK_SECONDS = 0.02
"""What a batch of bulk works should take: so long it holds its locks, and SQLite's only writer."""
_BACKLOG_MAX = 20_000
_SETTLE_AFTER_SECONDS = 0.25
_logger = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Waiting:
    work: Work
    done: "asyncio.Future[Result]"


def ignore(_buckets: Collection[int]) -> None:
    """Nobody delivers in this process."""


class Dispatcher:
    """Runs works in batches; start it, `submit` to it, close it."""

    def __init__(self, database: Database, conversation: Conversation, tally: Tally | None = None) -> None:
        """Run turns of `conversation` on `database`; what they came to is counted in `tally`."""
        self._tally = tally or Tally()
        self.queued: Callable[[Collection[int]], None] = ignore
        """Called with the buckets of contacts for whom answers were just left to the outbox."""
        self._database = database
        self._conversation = conversation
        # One batch at a time where the database has one writer; where it has many, the next batch is
        # decided while the last one waits for the network.
        slots = 1 if database.dialect == "sqlite" else 3
        self._free = asyncio.Semaphore(slots)
        self._waiting: deque[_Waiting] = deque()
        self._bulk: deque[_Waiting] = deque()
        self._bulk_size = _BULK_MIN
        self._bulk_slots = max(1, slots - 1)
        self._bulk_was_last = False
        self._answering = 0
        self._beside_from = 0.0
        self._busy: set[str] = set()
        self._arrived = asyncio.Event()
        self._written: list[tuple[str, str]] = []
        self._running: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self._settle_timer: asyncio.TimerHandle | None = None
        self._must_settle = False
        self._closing = False

    @property
    def backlog(self) -> int:
        """How many works wait."""
        return len(self._waiting) + len(self._bulk)

    @property
    def is_running(self) -> bool:
        """Whether works are taken."""
        return self._running is not None and not self._running.done() and not self._closing

    def start(self) -> None:
        """Begin to take works."""
        self._running = asyncio.create_task(self._run(), name="dispatcher")

    async def close(self) -> None:
        """Finish every work that was submitted, then stop; later ones are refused."""
        self._closing = True
        self._arrived.set()
        if self._running is not None:
            await self._running
        if self._settle_timer is not None:
            self._settle_timer.cancel()
        await self._settle()

    async def submit(self, work: Work) -> Result:
        """Run a work and return what became of it once it is committed.

        Raises RetryLater when too much waits, the process stops, or the work could not even be stored.
        """
        return await self.begin(work)

    def begin(self, work: Work) -> "asyncio.Future[Result]":
        """The same for who may not wait until then: what becomes of it is there when it is done.

        Raises RetryLater when too much waits or the process stops.
        """
        if len(self._waiting) >= _BACKLOG_MAX or self._closing:
            raise RetryLater("no more works are taken now")
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._arrived.set()
        return waiting.done

    async def submit_all(self, works: Iterable[Work]) -> int:
        """Run works that nobody waits for, behind those that somebody does; returns how many were new.

        What could not be stored is left out: whoever found it finds it again.
        """
        if self._closing:
            return 0
        loop = asyncio.get_running_loop()
        waiting = [_Waiting(work, loop.create_future()) for work in works]
        self._bulk.extend(waiting)
        self._arrived.set()
        done = 0
        for one in waiting:
            try:
                done += not (await one.done).is_duplicate
            except RetryLater:
                continue
        return done

    def written(self, result: Result) -> None:
        """Say that a result's replies were handed to the provider.

        Recorded with the next batch, or by itself where none comes soon: a commit of its own for each
        answer would double what a slow disk has to do.
        """
        self._written += [(result.contact_id, reply.id) for reply in result.replies]
        if self._written and self._settle_timer is None:
            loop = asyncio.get_running_loop()
            self._settle_timer = loop.call_later(_SETTLE_AFTER_SECONDS, self._settle_soon)

    async def settle(self) -> int:
        """Record now which replies were handed over; a contact's later messages wait for that."""
        settled = len(self._written)
        await self._settle()
        return settled

    def _settle_soon(self) -> None:
        self._settle_timer = None
        self._must_settle = True
        self._arrived.set()

    async def give_back(self, result: Result) -> None:
        """Say that a result's replies could not be written in time: the outbox sends them.

        Raises RetryLater when that cannot be recorded: a retry of the webhook gets them then.
        """
        until = result.inline_until
        if until is None or not result.replies:
            return
        ids = [(result.contact_id, reply.id) for reply in result.replies]
        now = self._conversation.clock()
        try:
            await self._database.transact(lambda connection: turns.give_back(connection, ids, until, now))
        except Exception as error:  # whatever the database says: the webhook is asked again
            raise RetryLater("the replies could not be given back") from error
        self.queued([bucket_of(result.contact_id)])

    # The loop

    async def _run(self) -> None:
        while not (self._closing and not self._waiting and not self._bulk and not self._batches):
            await self._arrived.wait()
            self._arrived.clear()
            await self._free.acquire()
            task = self._next_batch()
            if task is not None:
                self._batches.add(task)
                task.add_done_callback(self._done)
                if self._waiting or self._bulk:
                    self._arrived.set()  # another slot may be free for them
                continue
            self._free.release()
            if self._must_settle and not self._batches:
                self._must_settle = False
                await self._settle()

    def _next_batch(self) -> "asyncio.Task[None] | None":
        """Begin the next batch; None where nothing waits whose contact is not in hand."""
        if self._is_turn_of_bulk() and (batch := self._collect_bulk()):
            self._bulk_slots -= 1  # here and not in the task: the next batch may be chosen before it begins
            return asyncio.create_task(self._work_bulk(batch))
        if self._is_soon_free() and len(self._waiting) < _BESIDE_MIN:
            return None
        if batch := self._collect(self._waiting, _BATCH_MAX):
            self._answering += 1
            loop = asyncio.get_running_loop()
            self._beside_from = loop.time() + _BESIDE_SECONDS
            loop.call_at(self._beside_from, self._arrived.set)
            return asyncio.create_task(self._answer(batch))
        return None

    def _is_soon_free(self) -> bool:
        """Whether a batch runs, and has not run for long."""
        return bool(self._answering) and asyncio.get_running_loop().time() < self._beside_from

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._batches.discard(task)
        self._arrived.set()

    def _is_turn_of_bulk(self) -> bool:
        return bool(self._bulk and self._bulk_slots) and not (self._waiting and self._bulk_was_last)

    def _collect_bulk(self) -> list[_Waiting]:
        batch = self._collect(self._bulk, self._bulk_size)
        self._bulk_was_last = True
        return batch

    def _collect(self, waiting: deque[_Waiting], most: int) -> list[_Waiting]:
        """Take the oldest waiting works, at most one of each lane."""
        self._bulk_was_last = False
        batch: list[_Waiting] = []
        later: list[_Waiting] = []
        while waiting and len(batch) < most:
            one = waiting.popleft()
            lane = one.work.lane
            if lane in self._busy:
                later.append(one)
            else:
                self._busy.add(lane)
                batch.append(one)
        waiting.extendleft(reversed(later))
        return batch

    async def _answer(self, batch: list[_Waiting]) -> None:
        """Run a batch of works that somebody waits for."""
        try:
            await self._work(batch)
        finally:
            self._answering -= 1

    async def _work_bulk(self, batch: list[_Waiting]) -> None:
        """Run a batch of bulk works, and learn how many fit in the time that one should take."""
        began_at = time.perf_counter()
        try:
            await self._work(batch)
        finally:
            self._bulk_slots += 1
            fits = len(batch) * _BULK_SECONDS / (time.perf_counter() - began_at)
            # Carefully up, at once down: a lock that is held too long is worse than a small batch.
            self._bulk_size = min(max(_BULK_MIN, int(min(fits, self._bulk_size * 1.25 + 1))), _BATCH_MAX)

    async def _work(self, batch: list[_Waiting]) -> None:
        began_at = time.perf_counter()
        outcomes: list[str] = []
        try:
            await self._run_batch(batch, outcomes)
            _tell(outcomes, began_at)
            self._tally.add("turn_milliseconds", times=round((time.perf_counter() - began_at) * 1000))
            for outcome in outcomes:
                self._tally.add("turn", outcome)
        except Exception:  # the outermost loop of batches: who waits is told
            _logger.exception("batch_failed", works=len(batch))
            for waiting in batch:
                if not waiting.done.done():
                    waiting.done.set_exception(RetryLater("the work could not be stored"))
        finally:
            for waiting in batch:
                self._busy.discard(waiting.work.lane)
            self._free.release()

    async def _run_batch(self, batch: list[_Waiting], outcomes: list[str]) -> None:
        """Run works in one transaction, or, where that cannot be, each by itself; adds their outcomes."""
        written, self._written = self._written, []
        todo = list(batch)
        try:
            while todo:
                works = Batch(self._conversation, [one.work for one in todo], written=written)
                try:
                    results = await self._database.transact(works.run)
                except TurnFailed as failed:
                    # One bad turn must not hurt the others: keep it apart and run the rest again.
                    bad = next(one for one in todo if one.work is failed.work)
                    todo.remove(bad)
                    outcomes.append(await self._fail(bad, failed.error))
                except RetryLater:
                    raise  # the database cannot do it now: nothing is wrong with the turns
                except Exception as error:  # noqa: BLE001  # the outermost loop of turns
                    if len(todo) == 1:
                        outcomes.append(await self._fail(todo[0], error))
                        return
                    _logger.warning("batch_split", works=len(todo), error=type(error).__name__)
                    for one in todo:
                        await self._run_batch([one], outcomes)
                    return
                else:
                    written = []
                    outcomes += [result.outcome for result in results if result is not None]
                    self._finish(todo, results)
                    return
        finally:
            self._written += written

    def _finish(self, batch: list[_Waiting], results: list[Result | None]) -> None:
        if buckets := {bucket_of(one.contact_id) for one in results if one is not None and one.has_queued}:
            self.queued(buckets)
        for waiting, result in zip(batch, results, strict=True):
            if result is None:  # its contact was already in this batch under another name: next time
                self._waiting.appendleft(waiting)
                continue
            for follow_up in result.follow_ups:
                self._later(follow_up)
            for reason in result.refused:
                self._tally.add("refused", reason)
            if result.replies:
                self._tally.add("message", "inline", len(result.replies))
            if not waiting.done.done():
                waiting.done.set_result(result)

    def _later(self, work: Work) -> None:
        """Run a stored work that nobody waits for; a failure is kept in its row."""
        done = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._waiting.append(_Waiting(work, done))

    async def _fail(self, waiting: _Waiting, error: Exception) -> str:
        """Keep a failed turn; returns the outcome. What cannot even be kept is refused, and it alone.

        Raises RetryLater where the database can do nothing now.
        """
        try:
            result = await keep_failed(self._database, self._conversation, waiting.work, error)
        except DatabaseUnavailable:
            raise
        except Exception as again:  # noqa: BLE001  # beside it may be a STOP, which needs less to be done
            _logger.error("turn_not_kept", error=type(again).__name__)  # noqa: TRY400  # its text may quote somebody
            if not waiting.done.done():
                waiting.done.set_exception(RetryLater("the work could not be stored"))
            return "not_stored"
        if not waiting.done.done():
            waiting.done.set_result(result)
        return result.outcome

    async def _settle(self) -> None:
        """Record which replies were handed over; what cannot be recorded now is tried again."""
        written, self._written = self._written, []
        if not written:
            return
        try:
            await self._database.transact(Batch(self._conversation, [], written=written).run)
        except Exception:  # turns go on without it
            self._written += written
            _logger.exception("replies_not_recorded", messages=len(written))


def _tell(outcomes: list[str], began_at: float) -> None:
    """One line for the whole batch: a line for each turn would cost a good part of the turn."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome] = counts.get(outcome, 0) + 1
    milliseconds = round((time.perf_counter() - began_at) * 1000, 1)
    _logger.info("batch", turns=len(outcomes), outcomes=counts, milliseconds=milliseconds)
