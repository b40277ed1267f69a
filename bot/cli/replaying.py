"""Lives real history through one flow: a copy of the database, a clock of its own, nothing that sends."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot import app
from bot.cli.checking import terms_of
from bot.cli.rehearsing import Delivered
from bot.config import Settings
from bot.conversation.decide import Decisions
from bot.conversation.rehearsal import MovableClock
from bot.conversation.replaying import Doors, as_of_today, events_wanted, hears, rehearsing, work_of
from bot.core.flow.compiled import Flow
from bot.core.flow.costs import Price
from bot.core.in_app import APP
from bot.core.segments import as_sent, segment
from bot.core.wechat_address import WECHAT
from bot.jobs.outbox import OutboxDelivery
from bot.storage import copying, due, migrate, rehearsed, turns
from bot.storage.copying import Happening, Span
from bot.storage.driver import Database
from bot.storage.sqlite import SqliteDatabase

T = TypeVar("T")
_SMS = "sms"
_CHANNELS = (_SMS, WECHAT, APP, "email")
_TOGETHER = timedelta(seconds=5)
"""What becomes due within so little is done together, and what happens within it too."""
_WORK: Mapping[str, tuple[str, ...]] = {
    "timers": ("timers",),
    "triggers": ("triggers", "relays"),
    "audiences": ("audiences",),
    "held": ("release",),
    "queued": ("deliver",),
}
"""Which jobs do what may be due, in the order in which they are asked."""
_BEFORE = timedelta(minutes=10)
"""So long before the span audiences are made of what there was."""
_ROUNDS_MAX = 50
_MOVED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Message:
    """A message the flow would have written; `held_for` are the reasons why it waited."""

    contact: str
    step: str
    channel: str
    text: str
    state: str
    reason: str | None
    wanted_at: datetime
    sent_at: datetime | None
    segments: int
    held_for: tuple[str, ...] = ()

    @property
    def is_sent(self) -> bool:
        """Whether it would have left."""
        return self.sent_at is not None

    @property
    def is_moved(self) -> bool:
        """Whether it would have left later than the flow meant it to."""
        return self.sent_at is not None and self.sent_at - self.wanted_at > _MOVED


@dataclass(slots=True)
class Outcome:
    """What a flow would have come to."""

    flow: Flow
    span: Span
    doors: Doors
    price: Price
    messages: list[Message] = field(default_factory=list)
    lived: int = 0
    """How many events and messages were lived through."""
    under_way: int = 0
    as_of_today: Sequence[str] = ()
    """What the flow goes by that is not known as it was then."""
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def segments(self) -> int:
        """Segments of what left by SMS."""
        return sum(one.segments for one in self.messages if one.is_sent)

    @property
    def cost(self) -> Decimal:
        """What they cost, in units of the price's currency."""
        return self.price.amount * self.segments


@dataclass(slots=True)
class Rehearsals:
    """Lives one history through several flows, each in a copy of its own."""

    settings: Settings
    database: Database
    decisions: Decisions
    span: Span
    folder: Path
    _made: dict[str, Path] = field(default_factory=dict)

    async def of(self, flow: Flow) -> Outcome:
        """Live through it."""
        template = await self._template(flow.name)
        file = self.folder / f"{flow.name}-{len(list(self.folder.iterdir()))}.sqlite"
        await asyncio.to_thread(shutil.copyfile, template, file)
        names = events_wanted(self.decisions, flow)
        happened = await copying.happenings(self.database, self.span, names, flow.name)
        async with self._replay(flow, file) as replay:
            await replay.begin()
            for part in _together(happened):
                await replay.live(part)
            await replay.advance(self.span.until)
            return await replay.outcome()

    async def _template(self, flow: str) -> Path:
        if flow not in self._made:
            file = self.folder / f"{flow}.sqlite"
            await migrate.upgrade(f"sqlite+aiosqlite:///{file}")
            copied = SqliteDatabase(str(file), is_kept=False)
            try:
                await copying.copy(self.database, copied, self.span, flow)
            finally:
                await copied.close()
            self._made[flow] = file
        return self._made[flow]

    @asynccontextmanager
    async def _replay(self, flow: Flow, file: Path) -> AsyncIterator["Replay"]:
        doors = Doors()
        decided = rehearsing(self.decisions, flow, app.HANDLERS, doors)
        clock = MovableClock(self.span.since - _BEFORE)
        # Nothing that could reach anybody is set up: no provider, no shop, no merchant, no jobs but ours.
        alone = replace(self.settings, twilio=None, shop=None, wechat=(), pay=None, email=None)
        async with app.running(
            alone,
            role="web",
            clock=clock,
            database=SqliteDatabase(str(file), is_kept=False),
            channels={},
            decided=decided,
        ) as running:
            yield Replay.of(running, flow, self.span, doors, clock)


@dataclass(slots=True)
class Replay:
    """One flow, one copy, one clock."""

    running: app.Running
    flow: Flow
    span: Span
    doors: Doors
    clock: MovableClock
    delivered: Delivered
    jobs: Mapping[str, Callable[[], Awaitable[int]]]
    lived: int = 0
    _held: dict[str, set[str]] = field(default_factory=dict)
    _zones: Sequence[str] = ()

    @classmethod
    def of(cls, running: app.Running, flow: Flow, span: Span, doors: Doors, clock: MovableClock) -> "Replay":
        """One with jobs of its own, which strike when it says so, and a channel that keeps what it gets."""
        going_on, delivered = asyncio.Event(), Delivered()  # nobody ever sets it
        outbox = OutboxDelivery(
            running.database,
            dict.fromkeys(_CHANNELS, delivered),
            running.receipts,
            lambda: running.decisions.shop.policy,
            running.clock,
            going_on,
        )
        jobs = {job.name: job.work for job in app.due_jobs(running, going_on)}
        jobs |= {"release": outbox.release, "deliver": outbox.deliver}
        return cls(running, flow, span, doors, clock, delivered, jobs)

    async def begin(self) -> None:
        """Make audiences of what there was, and let schedules count from the span's first instant."""
        self._zones = await self.running.database.query(due.zones)
        for _ in range(2):  # figures wait a while for other processes that there are none of
            while await self.jobs["audiences_built"]():
                pass
            self.clock.now += _BEFORE / 2
        self.clock.now = self.span.since
        await self._strike(schedules=True)

    async def live(self, together: Sequence[Happening]) -> None:
        """Let these happen, at the latest of their instants, after all that is due before."""
        at = max(one.at for one in together)
        await self.advance(at)
        self.clock.now = at
        if any(one.is_change for one in together):
            await self.running.database.transact(lambda c: copying.apply(c, together))
        works = [one for one in together if await self._matters(one)]
        results = await asyncio.gather(*[self.running.dispatcher.submit(work_of(one)) for one in works])
        replies = [(reply.contact_id, reply.id) for result in results for reply in result.replies]
        if replies:
            await self.running.database.transact(lambda c: turns.settle_inline(c, replies, at))
        if works:
            self.lived += len(works)
            await self._strike()

    async def advance(self, until: datetime) -> None:
        """Move the clock on, stopping wherever something is due."""
        while True:
            now = self.clock.now
            strike = self._next_strike(now)
            at = await self._ask(rehearsed.next_due)
            coming = min([one for one in (at, strike) if one is not None], default=None)
            if coming is None or coming > until:
                break
            self.clock.now = coming if coming == strike else min(coming + _TOGETHER, until, strike or until)
            await self._strike(schedules=strike is not None and self.clock.now >= strike)
        self.clock.now = until

    async def outcome(self) -> Outcome:
        """What it came to."""
        name, since, database = self.flow.name, self.span.since, self.running.database
        rows = await database.query(lambda c: rehearsed.written(c, name, since))
        return Outcome(
            flow=self.flow,
            span=self.span,
            doors=self.doors,
            price=terms_of(self.running.settings).price,
            messages=[self._message(row) for row in rows],
            lived=self.lived,
            under_way=await database.query(lambda c: rehearsed.under_way(c, name)),
            as_of_today=as_of_today(self.running.decisions, self.flow),
            failures=Counter(await database.query(lambda c: rehearsed.failures(c, since))),
        )

    # Below: how

    def _message(self, row: rehearsed.Row) -> Message:
        segments = segment(as_sent(row.body)).segments if row.channel == _SMS else 0
        held = tuple(sorted(self._held.get(row.id, ())))
        return Message(
            row.contact, row.step, row.channel, row.body, row.state, row.reason,
            row.wanted_at, row.handed_at, segments, held,
        )  # fmt: skip

    async def _matters(self, one: Happening) -> bool:
        """Events do; messages where the flow may hear them: all others are answered by other flows."""
        if one.event is not None:
            return True
        if one.inbound is None:
            return False
        if hears(self.running.decisions, str(one.inbound.get("text", ""))):
            return True
        return await self.running.database.query(lambda c: rehearsed.is_waiting(c, one.bucket, one.contact))

    async def _ask(self, what: Callable[..., Awaitable[T]]) -> T:
        looks = not self.running.decisions.shop.figures.is_empty
        return await self.running.database.query(partial(what, now=self.clock.now, looks=looks))

    def _next_strike(self, now: datetime) -> datetime | None:
        publication = self.running.decisions.publication
        found = [
            strike.at
            for _, starter in publication.schedules
            for zone in ([publication.shop.zone] if starter.by_shop_clock else self._zones)
            if (strike := starter.schedule.strike_after(now, zone)) is not None
        ]
        return min(found, default=None)

    async def _strike(self, *, schedules: bool = False) -> None:
        """Do what is due until nothing is left, and write down what is held."""
        if schedules:
            await self.jobs["schedules"]()
        before: frozenset[str] = frozenset()
        for _ in range(_ROUNDS_MAX):
            is_due, done = await self._ask(rehearsed.what_is_due), 0
            if not is_due:
                break
            for kind in (one for one in _WORK if one in is_due):
                for job in _WORK[kind]:
                    done += await self.jobs[job]()
            while self.delivered.receipts:
                await self.running.receipts.record(self.delivered.receipts.pop(0))
            if is_due & {"triggers", "timers", "queued", "held"}:
                for message, reason in await self.running.database.query(
                    partial(rehearsed.held, flow=self.flow.name)
                ):
                    self._held.setdefault(message, set()).add(reason)
            # The dispatcher may have been quicker than the job: that is no sign that nothing moves.
            if not done and is_due == before:
                break
            before = is_due
        self.delivered.texts.clear()
        self.delivered.forms.clear()


def _together(happened: Sequence[Happening]) -> list[list[Happening]]:
    """Part what happened into what is done together: little time apart, and nobody twice."""
    parts: list[list[Happening]] = []
    seen: set[str] = set()
    for one in happened:
        if not parts or one.at - parts[-1][0].at > _TOGETHER or one.contact in seen:
            parts.append([])
            seen = set()
        parts[-1].append(one)
        seen.add(one.contact)
    return parts
