"""Random lives of messages: hand-overs lost, crashes, late lists, callbacks in any order, STOP. Never two."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.channels.channel import Listed, OutcomeUnknown, SendLater, Sent
from bot.channels.twilio.errors import error_for_code
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.receipts import Receipt, Receipts
from bot.core.gate import Cleared
from bot.core.ids import bucket_of, microseconds
from bot.core.messages import MessageClass, OutboxState
from bot.core.turn import Turn
from bot.jobs.outbox import OutboxDelivery
from bot.jobs.reconciliation import Reconciliation
from bot.storage.driver import Database, Statement
from tests.storage.scripted import NOW, SHOP, Script, asked, contacts, conversation, open_at, turn

EXAMPLES = int(os.environ.get("REGULARS_UNKNOWN_EXAMPLES", "100"))
"""`REGULARS_UNKNOWN_EXAMPLES=5000` for a night."""
_ROUNDS = 14
_POINTS = ("after_claim", "before_send", "after_send", "before_record", "after_record")
_ASKING = ("after_take", "before_ask", "after_ask", "before_settle", "after_settle")
_FINAL = {"delivered", "undelivered", "failed", "canceled", "refused"}

Step = tuple[str, str, int]
SAY = st.tuples(st.just("say"), st.sampled_from(["Hello.", "Number"]), st.just(0))
HAND_OVER = st.tuples(
    st.just("deliver"), st.sampled_from(["lost", "unheard", "taken", "busy"]), st.integers(0, 14)
)
PASS = st.tuples(st.just("pass"), st.just("minutes"), st.sampled_from([1, 2, 3, 6, 16, 60, 700]))
_SAY: Step = ("say", "Hello.", 0)
_LATE: list[Step] = [("pass", "minutes", 3), ("callback", "delivered", 1), ("callback", "delivered", 0)]
STEPS = st.lists(
    st.one_of(
        SAY,
        SAY,
        HAND_OVER,
        HAND_OVER,
        PASS,
        PASS,
        st.tuples(st.just("crash"), st.sampled_from(_POINTS), st.integers(0, 14)),
        st.tuples(st.just("crash asking"), st.sampled_from(_ASKING), st.just(0)),
        st.tuples(st.just("callback"), st.sampled_from(["sent", "delivered"]), st.integers(0, 5)),
        st.tuples(st.just("list"), st.sampled_from(["up", "down"]), st.just(0)),
        st.tuples(st.just("stop"), st.just(""), st.just(0)),
    ),
    min_size=5,
    max_size=25,
)


class Killed(BaseException):
    """The process ends here, and records nothing more."""


@dataclass
class Entry:
    """A message as the provider has it; its list shows it from `listed_at` on."""

    message_id: str
    listed: Listed
    listed_at: datetime


@dataclass
class Provider:
    """The far side: takes messages, loses answers, lists late; `phone` counts what arrived, by our ids."""

    now: datetime = NOW
    behaves: str = "taken"
    lag: timedelta = timedelta()
    is_up: bool = True
    entries: list[Entry] = field(default_factory=list)
    phone: Counter[str] = field(default_factory=Counter)
    name: str = "sms"

    async def send(self, cleared: Cleared) -> Sent:
        """Take it or not, answer or not."""
        outgoing = cleared.message
        if self.behaves == "busy":
            raise error_for_code(20429)
        if self.behaves == "unheard":
            raise OutcomeUnknown("the connection broke")
        sid = f"SM{len(self.entries)}"
        listed = Listed(sid, ("+1",), outgoing.body, 0, self.now, OutboxState.DELIVERED, 1)
        self.entries.append(Entry(outgoing.id, listed, self.now + self.lag))
        self.phone[outgoing.body] += 1
        if self.behaves == "lost":
            raise OutcomeUnknown("the answer was lost")
        return Sent(sid, OutboxState.SENT, 1)

    async def taken(self, channel: str, address: str, since: datetime) -> list[Listed]:
        """List what is listed by now."""
        assert (channel, address[:1]) == ("sms", "+")
        if not self.is_up:
            raise SendLater("the list is down")
        return [
            one.listed for one in self.entries if one.listed_at <= self.now and one.listed.created_at >= since
        ]

    async def close(self) -> None:
        """Nothing is open."""


class World:
    """One contact, one provider, and a process that dies and begins again."""

    def __init__(self, database: Database, contact_id: str) -> None:
        self.database, self.contact_id = database, contact_id
        self.provider = Provider()
        self.point = ""
        self.said = 0
        self.bodies: Counter[str] = Counter()
        self.states: dict[str, str] = {}
        script = Script()
        dispatcher = Dispatcher(database, conversation(script, self.clock))
        self.receipts = Receipts(database, dispatcher, self.clock)

    def clock(self) -> datetime:
        return self.provider.now

    def at(self, name: str) -> None:
        if name == self.point:
            self.point = ""
            raise Killed

    def sleep(self, name: str) -> None:
        """Be stopped for a while at a point."""
        if name == self.point:
            self.point = ""
            self.provider.now += timedelta(minutes=2)

    async def take(self, step: Step) -> None:
        what, how, number = step
        if what == "say":
            self.said += 1
            body = f"Number {self.said}." if how == "Number" else how
            self.bodies[body] += 1
            await turn(self.database, self.contact_id, f"say {self.said}", _say(body), self.clock())
        elif what == "deliver":
            await self.deliver(how, minutes_of_lag=number)
        elif what == "crash":
            self.point = how
            await self.deliver("taken", minutes_of_lag=number)
        elif what == "crash asking":
            self.point = how
            await self.ask()
        elif what == "callback" and number < len(self.provider.entries):
            await self.call_back(self.provider.entries[number], OutboxState(how))
        elif what == "pass":
            await self.wait(number)
        elif what == "list":
            self.provider.is_up = how == "up"
        elif what == "stop":
            await self.stop()
        await self.look()

    async def deliver(self, how: str, *, minutes_of_lag: int = 0) -> None:
        self.provider.behaves, self.provider.lag = how, timedelta(minutes=minutes_of_lag)
        try:
            await self.delivery().deliver()
        except Killed:
            pass
        finally:
            self.point = ""

    async def ask(self) -> None:
        channels = {"sms": self.provider}
        asking = Reconciliation(
            self.database, channels, self.receipts, self.clock, asyncio.Event(), at=self.at
        )
        try:
            await asking.find_out()
        except Killed:
            pass
        finally:
            self.point = ""

    async def call_back(self, entry: Entry, state: OutboxState) -> None:
        sid = entry.listed.provider_id
        await self.receipts.record(Receipt(self.contact_id, entry.message_id, "twilio", sid, state))

    async def wait(self, minutes: int) -> None:
        self.provider.now += timedelta(minutes=minutes)
        await self.delivery().give_up()
        await self.ask()

    async def stop(self) -> None:
        stopped = Statement(
            "UPDATE address SET stopped_at = :now WHERE bucket = :bucket AND contact = :contact"
        )
        of = {"bucket": bucket_of(self.contact_id), "contact": self.contact_id}
        await self.database.transact(lambda c: c.run(stopped, [of | {"now": microseconds(self.clock())}]))

    def delivery(self) -> OutboxDelivery:
        """A process that has just begun: what the last one knew is in the database."""
        return OutboxDelivery(
            self.database,
            {"sms": self.provider},
            self.receipts,
            lambda: SHOP.policy,
            self.clock,
            asyncio.Event(),
            at=self.at,
        )

    async def look(self) -> None:
        """No text arrives more often than it was said; what ended stays so, unless another had its name."""
        assert self.provider.phone <= self.bodies
        rows = await asked(
            self.database, "SELECT id, state, evidence FROM outbox WHERE contact = :c", c=self.contact_id
        )
        for id_, state, evidence in rows:
            before = self.states.get(id_, state)
            was_mistaken = state == "unknown" and "is another message's" in (evidence or "")
            assert was_mistaken or before not in _FINAL or state == before
            assert was_mistaken or before != "sent" or state in {"sent", *_FINAL}
            self.states[id_] = state

    async def end(self) -> None:
        """Let everything come to rest, with a provider that works again, and account for every message."""
        self.provider.is_up = True
        for _ in range(_ROUNDS):
            await self.deliver("taken")
            await self.wait(20)
            await self.look()
        rows = await asked(
            self.database,
            "SELECT body, state, doubted_at, evidence FROM outbox WHERE contact = :c",
            c=self.contact_id,
        )
        assert len(rows) == self.said
        arrived: Counter[str] = Counter()
        given_up: Counter[str] = Counter()
        for body, state, doubted_at, evidence in rows:
            if state == "failed":
                assert doubted_at is not None, "nothing fails here but what could not be found out"
                assert evidence
                given_up[body] += 1
            elif state in {"sent", "delivered"}:
                arrived[body] += 1
            else:
                assert state == "refused", "only who stopped gets nothing more"
        assert arrived <= self.provider.phone <= arrived + given_up


def _say(body: str) -> Callable[[Turn], None]:
    def say(turn: Turn) -> None:
        turn.say(body, flow="f", step="s", message_class=MessageClass.REPLY)

    return say


async def _live(database: Database, steps: list[Step]) -> None:
    # Each life begins at the same time: what senders learnt in the last one lies in the future.
    await database.transact(lambda c: c.run(Statement("DELETE FROM sender"), [{}]))
    (contact_id,) = await contacts(database)
    world = World(database, contact_id)
    for step in steps:
        await world.take(step)
    await world.end()


async def test_who_slept_between_claim_and_hand_over_sends_nothing(database_url: str) -> None:
    """A worker may be stopped for an hour: meanwhile its message was doubted, asked about and sent again."""
    database = await open_at(database_url)
    (contact_id,) = await contacts(database)
    world = World(database, contact_id)
    await world.take(_SAY)
    asleep = OutboxDelivery(
        database,
        {"sms": world.provider},
        world.receipts,
        lambda: SHOP.policy,
        world.clock,
        asyncio.Event(),
        at=world.sleep,
    )
    world.point = "before_send"
    assert await asleep.deliver() == 1
    assert not world.provider.phone
    assert await asked(database, "SELECT state, doubted_at FROM outbox") == [("queued", None)]
    await world.end()
    assert world.provider.phone == {"Hello.": 1}
    await database.close()


def test_nothing_arrives_twice_or_is_lost_in_silence(database_url: str) -> None:
    loop = asyncio.new_event_loop()
    database = loop.run_until_complete(open_at(database_url))

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @example([_SAY, ("deliver", "lost", 10), ("pass", "minutes", 2), ("deliver", "taken", 0)])
    @example([_SAY, _SAY, ("deliver", "lost", 14), ("crash", "before_send", 14), ("pass", "minutes", 6)])
    @example(
        [_SAY, ("crash", "after_send", 14), ("pass", "minutes", 3), ("crash asking", "before_settle", 0)]
    )
    @example([_SAY, ("deliver", "unheard", 0), ("stop", "", 0)])
    @example([*[_SAY] * 6, ("deliver", "unheard", 0), ("pass", "minutes", 1), ("deliver", "lost", 0)])
    @example([*[_SAY] * 3, ("crash", "before_send", 0), ("deliver", "lost", 0), *_LATE])
    @example([_SAY, ("deliver", "lost", 0), ("list", "down", 0), ("pass", "minutes", 700)])
    @given(STEPS)
    def lives(steps: list[Step]) -> None:
        loop.run_until_complete(_live(database, steps))

    try:
        lives()
    finally:
        loop.run_until_complete(database.close())
        loop.close()
