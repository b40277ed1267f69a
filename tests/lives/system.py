"""The real system in one process, between a settable clock and phones that look at all they get."""

import asyncio
import io
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bot.app import Running, prepare_database, running
from bot.channels.channel import AddressUnusable, ContactStopped
from bot.channels.twilio.errors import error_for_code
from bot.config import Settings, load_settings
from bot.conversation.inbox import inbound_work
from bot.conversation.receipts import Receipt
from bot.conversation.work import Result, Work
from bot.core.contact import JsonValue
from bot.core.ids import IdSource, bucket_of, microseconds
from bot.core.local_time import next_at
from bot.core.messages import Inbound, MessageClass, OutboxState, Outgoing
from bot.core.triggers import Trigger, TriggerKind
from bot.storage.driver import Connection, Statement
from bot.storage.tables import Kind, Row, kind_of
from tests.conversation.chat import Clock, logging_to
from tests.lives import rules
from tests.lives.person import Person
from tests.lives.phone import OURS, Entry, Phones

FLOWS = Path(__file__).parent / "flows"
SHOP_ZONE = "America/New_York"
_ROUNDS_MAX = 30
_STEP = timedelta(seconds=1)


class Killed(BaseException):
    """The process ends here, and records nothing more."""


@dataclass
class Sent:
    """A row of the outbox, as far as lives look at it."""

    id: str
    contact: str
    state: str
    reason: str | None
    explanation: str | None
    due_at: int
    lease_until: int | None
    body: str
    address: str
    error_code: str | None
    created_at: int


@dataclass
class System:
    """Some people with their phones, and the system they text with; it may die and begin again."""

    url: str
    clock: Clock
    people: dict[str, Person] = field(default_factory=dict)
    log: io.StringIO = field(default_factory=io.StringIO)
    point: str = ""
    left: int = 0
    is_dead: bool = False
    is_racing: bool = False
    """Whether a text is handled while messages are in hand: those were claimed before."""
    refusals: set[str] = field(default_factory=set)
    """Messages that the provider refused because the contact has stopped, as far as that is known."""
    is_settled: bool = False
    """Whether all jobs have just struck: what follows from refusals has happened."""
    texts: int = 0
    starts: int = 0
    last: Inbound | None = None
    dice: Random = field(default_factory=lambda: Random(1))
    guesses: dict[str, str] = field(default_factory=dict)
    """Which zone was guessed for a number."""
    phones: Phones = field(init=False)
    app: Running = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.phones = Phones(self.clock.now, self.heard, self.handed)

    def handed(self, message: Outgoing) -> None:
        """Look at a message that is handed to the provider."""
        raise NotImplementedError

    def heard(self, entry: Entry) -> None:
        """Look at a message that arrives."""
        raise NotImplementedError

    # The system

    async def begin(self) -> None:
        """Start the system."""
        self.is_dead, self.point = False, ""
        settings = _settings(self.url)
        database = await prepare_database(settings, self.clock)
        await self._stack.enter_async_context(logging_to(self.log))
        self.app = await self._stack.enter_async_context(
            running(settings, clock=self.clock, database=database, channels={"sms": self.phones}, at=self._at)
        )
        self.app.clockwork.pause()
        # What is drawn at random is drawn from the life's own dice, so that it can be lived again.
        conversation = self.app.conversation
        conversation.entropy, conversation.ids = self.dice.randbytes, IdSource(self.dice.randbytes)

    async def end(self, *, is_killed: bool = False) -> None:
        """Stop the system; killed, it forgets what it has not written."""
        self.point = ""
        if is_killed:
            self.app.dispatcher._written.clear()  # noqa: SLF001  # what a process knows that dies
        await self._stack.aclose()

    async def restart(self) -> None:
        """Let it die and begin again."""
        await self.end(is_killed=True)
        await self.begin()

    async def empty(self) -> None:
        """Forget everybody: each life begins in an empty shop."""
        await self.app.database.transact(_empty)

    def _at(self, name: str) -> None:
        if name == self.point:
            self.left -= 1
            self.is_dead |= self.left <= 0
        if self.is_dead:
            raise Killed(name)

    # What happens

    async def text(
        self, number: str, meaning: str, text: str, *, provider: str | None = None, answer: str = "written"
    ) -> None:
        """Text; `answer` is what becomes of the webhook's own: written, unrecorded, lost, asked again."""
        self.clock.now += timedelta() if self.is_racing else _STEP
        self.phones.now = self.clock.now
        person = self.people[number]
        person.is_asked_size = await self._is_asked(number)
        self.texts += 1
        inbound = Inbound(
            "twilio", f"IN{self.texts}", "sms", number, OURS, text, self.clock.now, opt_out_type=provider
        )
        if provider == "START" or meaning in {"start", "yes"}:
            self.phones.blocked.discard(number)
        elif provider == "STOP":
            self.phones.blocked.add(number)
        self.phones.unusable.discard(number)
        result = await self.app.dispatcher.submit(inbound_work(inbound))
        person.says(meaning, text, self.clock.now, provider)
        assert result.outcome not in {"failed", "duplicate"}, result.outcome
        if answer == "asked again":
            result = await self.app.dispatcher.submit(inbound_work(inbound))
            assert result.is_duplicate
        if answer != "lost":
            await self._hear_inline(result)
            if answer != "unrecorded":
                self.app.dispatcher.written(result)

    async def start(self, number: str, flow: str, **variables: JsonValue) -> None:
        """Let the shop start a flow for a contact."""
        contact = await self.contact_of(number)
        if contact is None:
            return
        self.starts += 1
        payload: dict[str, JsonValue] = {"flow": flow, "variables": {"number": self.starts, **variables}}
        trigger = Trigger(f"api:{self.starts}", TriggerKind.START, self.clock.now, payload)
        result = await self.app.dispatcher.submit(Work(trigger, contact_id=contact))
        assert result.outcome == "start"

    async def move_in(self, number: str, zone: str) -> None:
        """Let it become known where a contact lives."""
        if await self.contact_of(number) is not None:
            await self.start(number, "place", zone=zone)
            self.people[number].zone = zone

    def wait_until(self, number: str, clock: time) -> None:
        """Let time pass until a clock where the contact lives shows that."""
        zone = self.zones(self.people[number])[0]
        self.clock.now = next_at(clock, zone, self.clock.now)

    async def strike(self) -> None:
        """Strike all jobs until nothing is left to do, or the process dies."""
        self.phones.now = self.clock.now
        for person in self.people.values():
            person.time_is(self.clock.now)  # the job that hears silence comes before those that send
        quiet = 0
        for _ in range(_ROUNDS_MAX):
            try:
                done = await self.app.clockwork.strike_all()
            except Killed:
                await self.restart()
                return
            if self.is_dead:
                await self.restart()
                return
            quiet = 0 if done else quiet + 1
            if quiet == 2:
                self.is_settled = True
                return
        raise AssertionError("the jobs never come to rest")

    async def race(self, number: str, meaning: str, text: str) -> None:
        """Text while the jobs strike."""
        self.clock.now += _STEP
        is_blocked = number in self.phones.blocked
        if is_blocked or any(
            person.clarify_by and self.clock.now >= person.clarify_by for person in self.people.values()
        ):
            await self.strike()  # or it would be anybody's guess which of the two comes first
        self.is_racing = True
        try:
            await asyncio.gather(self.strike(), self.text(number, meaning, text))
        finally:
            self.is_racing = False

    async def die_at(self, point: str, nth: int) -> None:
        """Strike all jobs, and let the process die at a named point."""
        self.point, self.left = point, nth
        await self.strike()
        self.point = ""

    async def report(self, entry: Entry, state: OutboxState, code: int | None) -> None:
        """Let the provider say what became of a message."""
        self.phones.now = self.clock.now
        contact = await self.contact_of(entry.address)
        assert contact is not None
        if entry.state is OutboxState.SENT:
            entry.state = state
        error = error_for_code(code) if code is not None else None
        if code is not None and isinstance(error, ContactStopped):
            self.phones.blocked.add(entry.address)
        if isinstance(error, AddressUnusable):
            self.phones.unusable.add(entry.address)
        if error is not None:
            self.phones.refused.add(entry.address)
        is_news = await self._is_news(entry)
        await self.app.receipts.record(
            Receipt(
                contact_id=contact,
                message_id=entry.message_id,
                provider="twilio",
                provider_id=entry.sid,
                state=state,
                error_code=str(code) if code is not None else None,
                stopped=isinstance(error, ContactStopped),
                unusable=isinstance(error, AddressUnusable),
                again=error.again if error is not None else None,
            )
        )
        if is_news and isinstance(error, ContactStopped):
            self.refusals.add(entry.message_id)
            self.people[entry.address].provider_says_stop()

    # Reading

    async def sent(self) -> list[Sent]:
        """Every message of the outbox, oldest first."""
        found = await self.rows(
            "SELECT id, contact, state, reason, explanation, due_at, lease_until, body, address, error_code,"
            " created_at FROM outbox ORDER BY id"
        )
        return [Sent(*row) for row in found]

    async def contact_of(self, number: str) -> str | None:
        """The contact behind a number."""
        found = await self.rows("SELECT contact FROM directory WHERE kind = 'sms' AND value = :n", n=number)
        return found[0][0] if found else None

    async def rows(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        found = await self.app.database.query(lambda c: c.read(Statement(sql), **parameters))
        return [tuple(row) for row in found]

    async def _is_news(self, entry: Entry) -> bool:
        """Whether nothing final is known yet of a message under the provider's name for it."""
        ((state, known, earlier),) = await self.rows(
            "SELECT state, provider_id, earlier_ids FROM outbox WHERE id = :id", id=entry.message_id
        )
        is_its_own = known in {None, entry.sid} and entry.sid not in (earlier or "").split()
        return state in {"sending", "unknown", "sent"} and is_its_own

    async def _is_asked(self, number: str) -> bool:
        contact = await self.contact_of(number)
        return contact is not None and bool(
            await self.rows(
                "SELECT 1 FROM run WHERE bucket = :b AND contact = :c AND flow = 'size'"
                " AND status = 'waiting' AND wake_at > :now",
                b=bucket_of(contact),
                c=contact,
                now=microseconds(self.clock.now),
            )
        )

    async def _hear_inline(self, result: Result) -> None:
        """Let the phone have what the webhook answered."""
        for reply in result.replies:
            ((message_class, group, tag, flow, step, address),) = await self.rows(
                "SELECT message_class, subscription_group, tag, flow, step, address FROM outbox"
                " WHERE id = :id",
                id=reply.id,
            )
            entry = Entry(
                sid=f"SM{len(self.phones.entries)}",
                message_id=reply.id,
                address=address,
                body=reply.body,
                message_class=MessageClass(message_class),
                group=group,
                tag=tag,
                flow=flow,
                step=step,
                at=self.clock.now,
                listed_at=self.clock.now,
            )
            self.phones.entries.append(entry)
            self.heard(entry)

    def zones(self, person: Person) -> tuple[str, ...]:
        """Where a contact may live, the likeliest first."""
        if person.zone is not None:
            return (person.zone,)
        guessed = self.guesses.get(person.number, SHOP_ZONE)
        return (guessed, *[zone for zone in rules.zones_of(person.number) if zone != guessed])


def _settings(url: str) -> Settings:
    return load_settings(
        {
            "DATABASE_URL": url,
            "REGULARS_PUBLIC_URL": "http://127.0.0.1:1",
            "REGULARS_SECRET": "s" * 32,
            "REGULARS_ZONE": SHOP_ZONE,
            "REGULARS_FLOWS": str(FLOWS),
            "REGULARS_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "REGULARS_TWILIO_AUTH_TOKEN": "nobody-asks",
            "REGULARS_TWILIO_FROM": OURS,
        }
    )


async def _empty(connection: Connection) -> None:
    for table in Row.metadata.sorted_tables:
        if kind_of(table) is not Kind.SHARED:
            await connection.run(Statement(f'DELETE FROM "{table.name}"'), [{}])  # noqa: S608  # our own names
    await connection.run(Statement("DELETE FROM setting WHERE name LIKE 'schedule:%'"), [{}])
