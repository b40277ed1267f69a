"""The real system in one process, between a settable clock and phones that look at all they get."""

import asyncio
import io
import json
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.app import Running, prepare_database, running
from bot.channels.channel import AddressUnusable, ContactStopped
from bot.channels.twilio.errors import error_for_code
from bot.config import Settings, load_settings
from bot.conversation.inbox import inbound_work
from bot.conversation.receipts import Receipt
from bot.conversation.work import Result, Work
from bot.core.consent import ChainLink, first_break
from bot.core.contact import JsonValue
from bot.core.ids import IdSource, bucket_of, instant, microseconds
from bot.core.local_time import next_at
from bot.core.messages import Inbound, MessageClass, OutboxState
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
_REST_MAX = timedelta(days=40)
_STEP = timedelta(seconds=1)
_OPEN = ("queued", "held", "sending", "unknown")
_ALARMS = frozenset(
    {"job_failed", "turn_failed", "batch_failed", "batch_split", "send_failed", "replies_not_recorded"}
)


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
class World:
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
    texts: int = 0
    starts: int = 0
    last: Inbound | None = None
    dice: Random = field(default_factory=lambda: Random(1))
    held: set[str] = field(default_factory=set)
    phones: Phones = field(init=False)
    app: Running = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.phones = Phones(self.clock.now, self._heard)

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
        zone = self._zones(self.people[number])[0]
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
                return
        raise AssertionError("the jobs never come to rest")

    async def race(self, number: str, meaning: str, text: str) -> None:
        """Text while the jobs strike."""
        self.clock.now += _STEP
        if any(person.clarify_by and self.clock.now >= person.clarify_by for person in self.people.values()):
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

    # What must hold

    def _heard(self, entry: Entry) -> None:
        """Look at a message that arrives: nothing may come that may not."""
        person, at = self.people[entry.address], entry.at
        zones = self._zones(person)
        entry.day = f"{at.astimezone(ZoneInfo(zones[0])).date()}"
        if entry.message_class is MessageClass.REQUIRED:
            before = [
                one
                for one in self.phones.entries
                if one.address == entry.address and one.message_class is MessageClass.REQUIRED
            ]
            assert sum(one.has_arrived for one in before) <= person.owed, f"one too many: {entry}"
            if entry.step == "opt-out":
                assert person.stopped_at is not None, f"a confirmation of nothing: {entry}"
                assert at <= person.stopped_at + timedelta(minutes=5), f"confirmed too late: {entry}"
            return
        if self.is_racing:
            return
        assert not person.stopped, f"after STOP: {entry}"
        assert not person.unusable, f"to an unusable address: {entry}"
        if entry.message_class not in rules.COUNTED:
            return
        assert person.groups.get(entry.group or "") == "subscribed", f"not subscribed: {entry}"
        assert person.clarify_by is None, f"while we wait to hear what was meant: {entry}"
        assert person.snoozed_until is None or at >= person.snoozed_until, f"snoozed: {entry}"
        quiet = rules.why_quiet(entry.message_class, zones, at)
        assert quiet is None, f"quiet, {quiet}: {entry}"

    def _zones(self, person: Person) -> tuple[str, ...]:
        if person.zone is not None:
            return (person.zone,)
        guessed = self._guesses.get(person.number, SHOP_ZONE)
        return (guessed, *[zone for zone in rules.zones_of(person.number) if zone != guessed])

    _guesses: dict[str, str] = field(default_factory=dict)

    async def look(self) -> None:
        """Hold what is stored to what was said, and what arrived to the caps."""
        self._no_alarms()
        sent = await self.sent()
        for number, person in self.people.items():
            contact = await self.contact_of(number)
            assert (contact is not None) == person.is_known
            if contact is not None:
                await self._look_at(person, contact)
            arrived = [one for one in self.phones.entries if one.address == number and one.has_arrived]
            over = rules.over_cap(arrived)
            assert over is None, over
            heard = Counter(one.body for one in arrived)
            asked = Counter(one.body for one in sent if one.address == number)
            assert heard <= asked, f"twice: {heard - asked}"
        for one in sent:
            assert one.state not in {"held", "refused"} or one.reason, one
            assert one.state != "held" or one.explanation, one
            if one.state == "held" and one.reason is not None:
                self.held.add(one.reason)
            assert one.state != "failed" or one.reason or one.error_code, one

    async def _look_at(self, person: Person, contact: str) -> None:
        of = {"b": bucket_of(contact), "c": contact}
        (row,) = await self.rows(
            "SELECT zone, zone_is_known, snoozed_until, consent_hash FROM contact"
            " WHERE bucket = :b AND id = :c",
            **of,
        )
        if not row[1]:
            self._guesses[person.number] = row[0]
        person.snoozed_until = instant(row[2]) if row[2] is not None else None
        ((stopped_at, unusable, clarify_by),) = await self.rows(
            "SELECT stopped_at, unusable_reason, clarify_by FROM address WHERE bucket = :b AND contact = :c",
            **of,
        )
        if stopped_at is not None and person.number in self.phones.refused:
            person.provider_says_stop()
        person.unusable = unusable is not None
        assert not person.unusable or person.number in self.phones.refused
        assert (stopped_at is not None) == person.stopped
        assert (instant(clarify_by) if clarify_by is not None else None) == person.clarify_by
        states = dict(
            await self.rows(
                "SELECT subscription_group, state FROM subscription WHERE bucket = :b AND contact = :c", **of
            )
        )
        assert states == person.groups
        await self._look_at_log(states, row[3], of)

    async def _look_at_log(self, states: dict[str, str], last_hash: str, of: dict[str, object]) -> None:
        """The chain holds, and replaying it gives the subscriptions."""
        lines = await self.rows(
            "SELECT contact, number, subscription_group, channel, state, source, provider_id, at,"
            " words, address, because, salt, personal_hash, hash"
            " FROM consent WHERE bucket = :b AND contact = :c ORDER BY number",
            **of,
        )
        names = ("contact", "number", "group", "channel", "state", "source", "provider_id", "at")
        links, replayed = [], {}
        for line in lines:
            told = dict(zip(("words", "address", "because"), line[8:11], strict=True))
            personal = {name: value for name, value in told.items() if value is not None}
            public = dict(zip(names, line[:8], strict=True))
            links.append(ChainLink(public, line[12], line[13], line[11], personal))
            replayed[line[2]] = line[4]
        assert first_break(links, last_hash) is None
        assert [line[1] for line in lines] == list(range(1, len(lines) + 1))
        assert replayed == states

    async def nothing_is_stuck(self) -> None:
        """After all jobs have struck, what waits has a time to come, or something in hand before it."""
        now = microseconds(self.clock.now)
        sent = await self.sent()
        in_hand = {one.contact for one in sent if one.state in {"sending", "unknown"}}
        rests = await self.rows("SELECT open_until, slowed_until FROM sender")
        is_resting = any(max(row[0] or 0, row[1] or 0) > now for row in rests)
        for one in sent:
            if one.state in {"held", "unknown"}:
                assert one.due_at > now or one.state == "unknown", f"stuck: {one}"
            elif one.state == "sending":
                assert one.lease_until is not None
                assert one.lease_until > now, f"in nobody's hand: {one}"
            elif one.state == "queued" and one.due_at <= now:
                is_behind = any(
                    other.contact == one.contact and other.state == "queued" and other.id < one.id
                    for other in sent
                )
                assert is_resting or is_behind or one.contact in in_hand, f"stuck: {one}"

    async def count(self, met: Counter[str]) -> None:
        """Count what a life met: messages by class and how they ended, reasons to wait, doubts, retries."""
        met.update(
            f"{row[0]} {row[1]}{f' ({row[2]})' if row[1] in {'refused', 'held'} else ''}"
            for row in await self.rows("SELECT message_class, state, reason FROM outbox")
        )
        met.update(f"tried {row[0]} times" for row in await self.rows("SELECT attempts FROM outbox"))
        met["doubted"] += len(await self.rows("SELECT id FROM outbox WHERE doubted_at IS NOT NULL"))
        met["tried after a report"] += len(
            await self.rows("SELECT id FROM outbox WHERE earlier_ids IS NOT NULL")
        )
        met["consent lines"] += len(await self.rows("SELECT number FROM consent"))
        met["stopped in the end"] += sum(person.stopped for person in self.people.values())
        met.update(f"{reason} held" for reason in self.held)

    async def rest(self) -> None:
        """Let all be well and time pass; in the end every message there was has come to an end."""
        self.phones.behaves, self.phones.is_list_up, self.point = "well", True, ""
        until = self.clock.now + _REST_MAX
        left = {one.id for one in await self.sent()}
        while True:
            await self.pass_time()
            ends = [person.clarify_by for person in self.people.values() if person.clarify_by is not None]
            waits = [one for one in await self.sent() if one.id in left and one.state in _OPEN]
            if not waits and not ends:
                return
            assert self.clock.now < until, f"never ended: {waits}, {ends}"
            ends += [
                instant(one.lease_until if one.state == "sending" and one.lease_until else one.due_at)
                for one in waits
            ]
            self.clock.now = max(min(ends), self.clock.now + timedelta(minutes=5))

    async def pass_time(self) -> None:
        """Strike and look around."""
        await self.strike()
        await self.look()

    def _no_alarms(self) -> None:
        for line in self.log.getvalue().splitlines():
            told = json.loads(line)
            assert told.get("event") not in _ALARMS, line
            assert told.get("level") != "critical", line
        self.log.seek(0)
        self.log.truncate()

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
            self._heard(entry)


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
