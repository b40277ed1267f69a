"""What must hold in random lives, looked at when a message arrives, after each step and in the end."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.core.consent import ChainLink, first_break
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.messages import MessageClass, Outgoing
from tests.lives import rules
from tests.lives.person import Person
from tests.lives.phone import STOPPED, Entry
from tests.lives.system import Sent, System

_REST_MAX = timedelta(days=40)
_OPEN = ("queued", "held", "sending", "unknown")
_ALARMS = frozenset(
    {"job_failed", "turn_failed", "batch_failed", "batch_split", "send_failed", "replies_not_recorded"}
)


@dataclass
class World(System):
    """The system and its people, and what must hold of them. `held` are the reasons to wait that were met."""

    held: set[str] = field(default_factory=set)

    def handed(self, message: Outgoing) -> None:
        """Look at a message that is handed over: none is to who is known not to want or not to get it."""
        person = self.people[message.address]
        if message.message_class is not MessageClass.REQUIRED and not self.is_racing:
            assert not person.stopped, f"handed over after STOP: {message}"
            assert not person.unusable, f"handed over to an unusable address: {message}"

    def heard(self, entry: Entry) -> None:
        """Look at a message that arrives: nothing may come that may not."""
        person, at = self.people[entry.address], entry.at
        zones = self.zones(person)
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
        if entry.message_class not in rules.COUNTED:
            return
        assert person.groups.get(entry.group or "") == "subscribed", f"not subscribed: {entry}"
        assert person.clarify_by is None, f"while we wait to hear what was meant: {entry}"
        assert person.snoozed_until is None or at >= person.snoozed_until, f"snoozed: {entry}"
        quiet = rules.why_quiet(entry.message_class, zones, at)
        assert quiet is None, f"quiet, {quiet}: {entry}"

    async def look(self) -> None:
        """Hold what is stored to what was said, and what arrived to the caps."""
        self._no_alarms()
        sent = await self.sent()
        self._hear_refusals(sent)
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

    def _hear_refusals(self, sent: list[Sent]) -> None:
        """Whom the provider has refused as stopped has stopped, once all jobs have struck."""
        if self.is_settled:
            blocked = [one for one in sent if one.error_code == f"{STOPPED}" and one.id not in self.refusals]
            for one in blocked:
                self.people[one.address].provider_says_stop()
                self.refusals.add(one.id)
        self.is_settled = False

    async def _look_at(self, person: Person, contact: str) -> None:
        of = {"b": bucket_of(contact), "c": contact}
        (row,) = await self.rows(
            "SELECT zone, zone_is_known, snoozed_until, consent_hash FROM contact"
            " WHERE bucket = :b AND id = :c",
            **of,
        )
        if not row[1]:
            self.guesses[person.number] = row[0]
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
            await self.nothing_is_stuck()
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
