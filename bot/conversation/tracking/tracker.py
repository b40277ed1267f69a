"""The Tracker: whatever tracked messages wait become one transaction, and are answered after its commit.

Messages that arrive while a batch is being committed form the next. A batch takes as many as fit in a short
time: on SQLite it holds the only writer, and whoever texts waits behind it.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.conversation.conversation import Conversation
from bot.conversation.decide import Decisions
from bot.conversation.tracking.handed import Handed
from bot.conversation.tracking.ingest import Ingest
from bot.conversation.tracking.keeping import KeepCurrent, keep_nothing
from bot.conversation.tracking.people import Met, NameTaken
from bot.conversation.tracking.telling import Telling
from bot.core.errors import RetryLater
from bot.core.sources import Source
from bot.core.tracking.message import Taken, Tracked
from bot.storage.driver import Database
from bot.storage.faults import Fault, fault_of
from bot.storage.learnt import Learnt
from bot.storage.tracking import WrittenBefore

_BATCH_MIN = 50
_BATCH_MAX = 2_000
_BATCH_SECONDS = 0.1
_BATCH_SECONDS_BESIDE = 0.5
"""What a batch should take where others write beside it: each of its statements costs the same for many."""
_BACKLOG_MAX = 20_000
"""How many messages may wait: more than a few seconds' work is better kept by the client."""
_BEHIND = timedelta(seconds=5)
_TRIES = 5
BROKEN = "it could not be stored"
_logger = structlog.get_logger(__name__)


class Tracker:
    """Takes tracked messages; start it, `take`, close it."""

    def __init__(
        self,
        database: Database,
        conversation: Conversation,
        keep_current: KeepCurrent = keep_nothing,
        learnt: Learnt | None = None,
        *,
        seconds: float | None = None,
    ) -> None:
        """Write to `database` what `conversation`'s publication makes of messages; `learnt` sees them all.

        A batch takes about so many `seconds`; None: what suits the database.
        """
        self._database = database
        self._conversation = conversation
        self._keep_current = keep_current
        self._learnt = learnt or Learnt()
        self._met = Met()
        self._telling: Telling | None = None
        self._waiting: deque[Handed] = deque()
        self._backlog = 0
        self._size = _BATCH_MIN
        usual = _BATCH_SECONDS if database.dialect == "sqlite" else _BATCH_SECONDS_BESIDE
        self._seconds = usual if seconds is None else seconds
        self._arrived = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def backlog(self) -> int:
        """How many messages wait."""
        return self._backlog

    def start(self) -> None:
        """Begin to take messages."""
        self._running = asyncio.create_task(self._run(), name="tracker")

    async def close(self) -> None:
        """Finish what was handed in, then stop; what comes later is refused."""
        self._closing = True
        self._arrived.set()
        if self._running is not None:
            await self._running

    async def take(self, messages: Sequence[Tracked], source: Source) -> Taken:
        """Store messages of a source; returns what became of them once it is committed.

        Raises:
            RetryLater: too much waits, the process stops, or the database cannot do it now; none is stored,
                and the same messages may be handed in again.
        """
        if self._closing or self._backlog >= _BACKLOG_MAX:
            raise RetryLater("no more messages are taken now", _BEHIND)
        telling, placed = self.telling, dict[int, str]()
        told = []
        for place, message in enumerate(messages):
            if message.event is not None:
                self._learnt.saw(message.event, message.properties)
            refusal = telling.refusal(message, source)
            if refusal is None:
                told.append(telling.told(message, source))
            else:
                placed[place] = refusal
        refused = Counter(placed.values())
        if not told:
            return Taken(0, refused, placed)
        handed = Handed(told, asyncio.get_running_loop().create_future(), refused)
        self._waiting.append(handed)
        self._backlog += len(told)
        self._arrived.set()
        return replace(await handed.done, placed=placed)

    @property
    def telling(self) -> Telling:
        """What needs a turn under the publication in force."""
        decisions = self._conversation.decider
        assert isinstance(decisions, Decisions), "messages are taken under a publication"
        if self._telling is None or self._telling.decisions is not decisions:
            self._telling = Telling.under(decisions)
        return self._telling

    # The loop

    async def _run(self) -> None:
        while not (self._closing and not self._waiting):
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._work(self._collect())

    def _collect(self) -> list[Handed]:
        """Take the oldest calls that fit in a batch, at least one."""
        batch = [self._waiting.popleft()]
        many = len(batch[0].told)
        while self._waiting and many + len(self._waiting[0].told) <= self._size:
            if self._waiting[0].is_history is not batch[0].is_history:
                break
            batch.append(self._waiting.popleft())
            many += len(batch[-1].told)
        return batch

    async def _work(self, batch: Sequence[Handed]) -> None:
        """Store a batch, and learn how many messages fit in the time that one should take."""
        began_at, many = time.perf_counter(), sum(len(one.told) for one in batch)
        try:
            await self._store(batch)
        except Exception as error:  # whatever the database says: none is stored, and the client asks again
            _logger.exception("messages_not_taken", messages=many)
            for one in batch:
                if not one.done.done():
                    _fail(one, error)
        finally:
            self._backlog -= many
            took = time.perf_counter() - began_at
            # Carefully up, at once down, as the dispatcher does with works nobody waits for.
            fits = many * self._seconds / took
            self._size = min(max(_BATCH_MIN, int(min(fits, self._size * 1.5 + 1))), _BATCH_MAX)
            _logger.info("tracked", messages=many, calls=len(batch), milliseconds=round(took * 1000, 1))

    async def _store(self, batch: Sequence[Handed]) -> None:
        broken: list[tuple[Handed, Exception]] = []
        refused = await self._stored(batch, broken)
        is_one_stored = len(broken) < sum(len(one.told) for one in batch)
        for alone, error in broken:
            if not is_one_stored and fault_of(error) is Fault.CODE:
                raise error  # it may be nothing about this message that fails
            _logger.error("message_refused", message=alone.told[0].message.message_id, exc_info=error)
        for one, more in zip(batch, refused, strict=True):
            _finish(one, more)

    async def _stored(
        self, batch: Sequence[Handed], broken: list[tuple[Handed, Exception]]
    ) -> list[Counter[str]]:
        """Store calls, apart where they fail together, and then their messages; who fails alone is `broken`.

        Returns what was refused of each. Raises whatever is no fault of the messages; what was stored
        by then is known again when it comes again.
        """
        try:
            return await self._transact(batch)
        except Exception as error:  # the fault says whether it is the messages' own
            if fault_of(error) is Fault.ELSEWHERE:
                raise
            (first, *others) = batch
            if not others and len(first.told) == 1:
                broken.append((first, error))
                return [Counter({BROKEN: 1})]
            _logger.warning("messages_split", calls=len(batch), error=type(error).__name__)
        if others:
            return [(await self._stored([one], broken))[0] for one in batch]
        refused = Counter[str]()
        for told in first.told:
            refused += (await self._stored([Handed([told], first.done, Counter())], broken))[0]
        return [refused]

    async def _transact(self, batch: Sequence[Handed]) -> list[Counter[str]]:
        ingest = Ingest(self._conversation, self.telling, self._keep_current, batch, self._met)
        tries_left = _TRIES
        while True:
            try:
                refused = await self._database.transact(ingest.run)
            except WrittenBefore as error:  # no try: it comes once, whoever names newcomers meanwhile
                if ingest.doubts:
                    raise RetryLater("others write the same events") from error
                ingest.doubts = True
            except NameTaken as error:
                tries_left -= 1
                if not tries_left:
                    raise RetryLater("others are quicker to name newcomers") from error
            else:
                self._met.learn(ingest.learnt, self._conversation.clock())
                return refused


def _finish(handed: Handed, refused: Counter[str]) -> None:
    accepted = len(handed.told) - refused.total()
    if not handed.done.done():  # whoever waited may have gone
        handed.done.set_result(Taken(accepted, handed.refused + refused))


def _fail(handed: Handed, error: Exception) -> None:
    after = error.after if isinstance(error, RetryLater) else None
    retry = RetryLater("the messages could not be stored", after)
    retry.__cause__ = error
    handed.done.set_exception(retry)
