"""The dispatcher: whatever waits, one work or a hundred, becomes one batch and one commit.

A contact is in one batch at a time, which keeps its messages in order. Works that arrive while a batch
is being committed form the next one, so that a slow disk costs latency and not throughput.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

import structlog

from bot.conversation.batch import Batch, Conversation, TurnFailed
from bot.conversation.failures import keep_failed
from bot.conversation.work import Result, Work
from bot.core.errors import RetryLater
from bot.storage import turns
from bot.storage.driver import Database

_BATCH_MAX = 128
_BACKLOG_MAX = 20_000
_SETTLE_AFTER_SECONDS = 0.25
_logger = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Waiting:
    work: Work
    done: "asyncio.Future[Result]"


class Dispatcher:
    """Runs works in batches; start it, `submit` to it, close it."""

    def __init__(self, database: Database, conversation: Conversation) -> None:
        """Run turns of `conversation` on `database`."""
        self._database = database
        self._conversation = conversation
        # One batch at a time where the database has one writer; where it has many, the next batch is
        # decided while the last one waits for the network.
        self._free = asyncio.Semaphore(1 if database.dialect == "sqlite" else 3)
        self._waiting: deque[_Waiting] = deque()
        self._busy: set[str] = set()
        self._arrived = asyncio.Event()
        self._written: list[tuple[str, str]] = []
        self._running: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()

    @property
    def backlog(self) -> int:
        """How many works wait."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to take works."""
        self._running = asyncio.create_task(self._run(), name="dispatcher")

    async def close(self) -> None:
        """Finish every work that was submitted, then stop."""
        while self._waiting or self._batches:  # noqa: ASYNC110  # an event would cost every batch
            await asyncio.sleep(0.01)
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._written:
            await self._settle()

    async def submit(self, work: Work) -> Result:
        """Run a work and return what became of it once it is committed.

        Raises RetryLater when too much waits or the work could not even be stored.
        """
        if len(self._waiting) >= _BACKLOG_MAX:
            raise RetryLater("too many works wait")
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._arrived.set()
        return await waiting.done

    def written(self, result: Result) -> None:
        """Say that a result's replies were handed to the provider; recorded with the next batch."""
        self._written += [(result.contact_id, reply.id) for reply in result.replies]
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
        except Exception as error:
            raise RetryLater("the replies could not be given back") from error

    # The loop

    async def _run(self) -> None:
        while True:
            if await self._is_quiet():
                await self._settle()
                continue
            await self._free.acquire()
            batch = self._collect()
            if not batch:
                self._free.release()
                continue
            task = asyncio.create_task(self._work(batch))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    async def _is_quiet(self) -> bool:
        """Wait for something to do; True where nothing came whose batch could record what was written."""
        if self._written and not self._waiting:
            try:
                async with asyncio.timeout(_SETTLE_AFTER_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                return True
        else:
            await self._arrived.wait()
        self._arrived.clear()
        return False

    def _collect(self) -> list[_Waiting]:
        """Take the oldest waiting works, at most one of each lane."""
        batch: list[_Waiting] = []
        later: list[_Waiting] = []
        while self._waiting and len(batch) < _BATCH_MAX:
            waiting = self._waiting.popleft()
            lane = waiting.work.lane
            if lane in self._busy:
                later.append(waiting)
            else:
                self._busy.add(lane)
                batch.append(waiting)
        self._waiting.extendleft(reversed(later))
        return batch

    async def _work(self, batch: list[_Waiting]) -> None:
        try:
            await self._run_batch(batch)
        except Exception:
            _logger.exception("batch_failed", works=len(batch))
            for waiting in batch:
                if not waiting.done.done():
                    waiting.done.set_exception(RetryLater("the work could not be stored"))
        finally:
            for waiting in batch:
                self._busy.discard(waiting.work.lane)
            self._free.release()
            self._arrived.set()

    async def _run_batch(self, batch: list[_Waiting]) -> None:
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
                    await self._fail(bad, failed.error)
                except Exception as error:  # noqa: BLE001  # the outermost loop of turns
                    if len(todo) == 1:
                        await self._fail(todo[0], error)
                        return
                    _logger.warning("batch_split", works=len(todo), error=type(error).__name__)
                    for one in todo:
                        await self._run_batch([one])
                    return
                else:
                    written = []
                    self._finish(todo, results)
                    return
        finally:
            self._written += written

    def _finish(self, batch: list[_Waiting], results: list[Result | None]) -> None:
        for waiting, result in zip(batch, results, strict=True):
            if result is None:  # its contact was already in this batch under another name: next time
                self._waiting.appendleft(waiting)
                continue
            for follow_up in result.follow_ups:
                self._later(follow_up)
            if not waiting.done.done():
                waiting.done.set_result(result)

    def _later(self, work: Work) -> None:
        """Run a stored work that nobody waits for; a failure is kept in its row."""
        done = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._waiting.append(_Waiting(work, done))

    async def _fail(self, waiting: _Waiting, error: Exception) -> None:
        result = await keep_failed(self._database, self._conversation, waiting.work, error)
        if not waiting.done.done():
            waiting.done.set_result(result)

    async def _settle(self) -> None:
        """Record which replies were handed over; what cannot be recorded now is tried again."""
        written, self._written = self._written, []
        try:
            await self._database.transact(Batch(self._conversation, [], written=written).run)
        except Exception:  # turns go on without it
            self._written += written
            _logger.exception("replies_not_recorded", replies=len(written))
