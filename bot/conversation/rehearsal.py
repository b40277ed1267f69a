"""Rehearsals: a phone that talks to the real conversation, on a clock that only the rehearsal moves."""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from bot.conversation.conversation import Conversation
from bot.conversation.decide import Decisions
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.grants import grant_work
from bot.conversation.inbox import inbound_work
from bot.conversation.joining import PROMPTED
from bot.conversation.newcomers import newcomer
from bot.conversation.work import Result, Work
from bot.core.codes import Code
from bot.core.consent import ConsentSource, Evidence, opt_in
from bot.core.contact import Address, Event, JsonValue
from bot.core.email.mailbox import EMAIL
from bot.core.experiments.exposure import EXPOSURE, Exposure
from bot.core.flow.testing import AGREED, ARM, option_of
from bot.core.forms import Form
from bot.core.gestures import Gesture
from bot.core.grants import Answer, Source
from bot.core.ids import bucket_of, new_id
from bot.core.in_app import APP
from bot.core.messages import ANSWER_WITHIN, Inbound
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT, wechat_address
from bot.core.windows import MENU_MESSAGE_CLICK
from bot.storage import rehearsal, turns
from bot.storage.driver import Connection, Database
from bot.storage.snapshots import load_snapshots
from bot.storage.writes import Writes, record

NUMBER = "+12125550100"
"""Whose phone it is: 555-01… belongs to nobody (https://www.nationalnanpa.com/number_resource_info/555_numbers.html)."""
OPENID = wechat_address("wx0000000000000000", "o-rehearsal")
"""Who it is on WeChat: in an account that nobody has."""
MAILBOX = "12125550100@mail.example"
"""What it has agreed to letters for, where it has."""
_PROVIDER = "rehearsal"
_SMS = "sms"
_TICK = timedelta(seconds=1)
_STRIKES_MAX = 50


@dataclass(slots=True)
class MovableClock:
    """A clock that stands still until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the time it shows."""
        return self.now


@dataclass(slots=True)
class Phone:
    """A phone of somebody nobody knows yet; see `bot.core.flow.testing.Chat` for what it can do.

    `strike` does all jobs once and says how much was done; what they send lands in `delivered`, and whatever
    can be tapped in `forms`. With `confirms` it says YES by itself to the prompt of a double opt-in: no
    flow's test is about that.
    """

    database: Database
    dispatcher: Dispatcher
    conversation: Conversation
    clock: MovableClock
    strike: Callable[[], Awaitable[int]]
    delivered: list[str]
    forms: list[Form]
    channel: str = "sms"
    contact_id: str = ""
    confirms: bool = False
    _told: set[str] = field(default_factory=set)
    """Messages of which `unsent` has told."""
    _numbers: "count[int]" = field(default_factory=count)

    async def switch_on(self, language: str) -> None:
        """Make the contact, who speaks `language`."""
        # Whoever opens our pages is known by something else: here by the phone.
        first = inbound_work(replace(self._inbound(""), channel=self._known_on, address=self._known_as))
        contact, address = newcomer(first, self._decisions.shop, self.clock(), os.urandom, stopped_at=None)
        if contact.locale.split("_", 1)[0] != language.split("_", 1)[0]:
            contact = replace(contact, locale=language)
        await self.database.transact(lambda c: turns.create(c, [(contact, address)], self.clock()))
        self.contact_id = contact.id
        await self._strike()  # schedules begin to count from here

    async def say(self, text: str) -> list[str]:
        """Text something; returns what comes back."""
        return await self._submit(self._inbound(text))

    async def tap(self, option: str) -> list[str]:
        """Tap an option of the last message that had any, by its number or label; returns what comes back."""
        form = next((form for form in reversed(self.forms) if form.options), None)
        found = option_of(form, option) if form is not None else None
        if found is None:
            return [f"(nothing to tap is called {option})"]
        said = self._inbound(found.label)
        return await self._submit(replace(said, facts={MENU_MESSAGE_CLICK: found.key}))

    async def gesture(self, gesture: Gesture) -> list[str]:
        """Follow, scan, tap the menu and so on; returns what comes back."""
        return await self._submit(replace(self._inbound(""), gesture=gesture))

    async def allow(self, template: str) -> list[str]:
        """Allow one subscribe message of a template of `wechat.yaml`."""
        found = self._decisions.shop.wechat.templates.get(template)
        if found is None:
            return [f"(there is no template {template})"]
        self.clock.now += _TICK
        key, said = f"{_PROVIDER}:allow:{next(self._numbers)}", [(found.template_id, Answer.ACCEPT)]
        await self.dispatcher.submit(grant_work(key, OPENID, said, Source.PUSH, self.clock()))
        return await self._strike()

    async def _submit(self, inbound: Inbound) -> list[str]:
        self.clock.now += _TICK
        work = inbound_work(replace(inbound, received_at=self.clock()))
        result = await self.dispatcher.submit(replace(work, contact_id=self.contact_id))
        await self._written(result)
        if self.confirms and result.outcome == PROMPTED:
            yes = replace(inbound_work(self._inbound("YES")), contact_id=self.contact_id)
            result = await self.dispatcher.submit(yes)
            await self._written(result)
        return [_shown(reply.body, reply.media) for reply in result.replies] + await self._strike()

    async def advance(self, duration: timedelta) -> list[str]:
        """Move the clock on, stopping wherever something is due; returns what is sent on the way."""
        end, sent = self.clock() + duration, []
        while (due := await self._next_due()) is not None and due <= end:
            self.clock.now = due
            sent += await self._strike()
        self.clock.now = end
        return sent + await self._strike()

    async def event(self, name: str, properties: Mapping[str, JsonValue]) -> list[str]:
        """Let the shop report an event of this contact."""
        self.clock.now += _TICK
        now = self.clock()
        event = Event(name, now, properties)
        payload: dict[str, JsonValue] = {"name": name, "properties": dict(properties)}
        key = f"{_PROVIDER}:event:{next(self._numbers)}"
        trigger = Trigger(key, TriggerKind.EVENT, now, payload, event=event)
        await self.dispatcher.submit(Work(trigger, contact_id=self.contact_id))
        return await self._strike()

    async def set(self, fields: Mapping[str, JsonValue]) -> list[str]:
        """Know these of the contact from here on."""

        async def know(connection: Connection) -> None:
            contacts = await turns.lock(connection, [self.contact_id])
            snapshots = await load_snapshots(connection, contacts, {})
            turn = Turn(
                trigger=Trigger(_PROVIDER, TriggerKind.START, self.clock()),
                snapshot=snapshots[self.contact_id],
                shop=self._decisions.shop,
                now=self.clock(),
                mint=lambda: new_id(self.clock(), bucket_of(self.contact_id), os.urandom),
            )
            for name, value in fields.items():
                if name.startswith(ARM):
                    experiment = name.removeprefix(ARM)
                    met = Exposure(experiment, str(value), self.clock(), shares="")
                    turn.keep(EXPOSURE, experiment, met)
                elif name.startswith(AGREED):
                    self._agree(turn, name.removeprefix(AGREED))
                else:
                    turn.set_field(name.removeprefix("member."), value)
            writes = Writes()
            record(writes, turn, inline_until=None, salt=lambda: "")
            await writes.flush(connection)

        await self.database.transact(know)
        return []

    async def unsent(self) -> list[str]:
        """Which messages were refused or are held since this was asked last, and why, a line each."""
        found = await self.database.query(lambda c: rehearsal.unsent(c, self.contact_id))
        news = [one for one in found if one.id not in self._told]
        self._told.update(one.id for one in news)
        return [_why_not(one) for one in news]

    async def failures(self) -> list[str]:
        """What went wrong in turns and runs so far, a line each."""
        found = await self.database.query(lambda c: rehearsal.failures(c, self.contact_id))
        return [failure.strip().splitlines()[-1] for failure in found]

    # Below: how

    def _agree(self, turn: Turn, channel: str) -> None:
        """Agree to all groups on a channel, as if on a page; what has no address there gets one."""
        own = {_SMS: NUMBER, WECHAT: OPENID, EMAIL: MAILBOX}[channel]
        if (channel, own) not in turn.addresses:
            turn.keep("directory", f"{channel}/{own}", Code(own, channel))
            turn.change_address(Address(channel, own))
        for group in turn.shop.groups:
            said = Evidence(group, channel, "", ConsentSource.PAGES, self.clock(), address=own)
            turn.change_consent(opt_in(said))

    @property
    def _decisions(self) -> Decisions:
        assert isinstance(self.conversation.decider, Decisions)
        return self.conversation.decider

    def _inbound(self, text: str) -> Inbound:
        return Inbound(
            provider=_PROVIDER,
            provider_id=str(next(self._numbers)),
            channel=self.channel,
            address=self.contact_id if self.channel == APP else self._known_as,
            to="",
            text=text,
            received_at=self.clock(),
            # What is shown beside texts cannot go back in an answer.
            answer_within=ANSWER_WITHIN if self.channel == _SMS else None,
        )

    @property
    def _known_on(self) -> str:
        return _SMS if self.channel == APP else self.channel

    @property
    def _known_as(self) -> str:
        return NUMBER if self._known_on == _SMS else OPENID

    async def _written(self, result: Result) -> None:
        """Record at once that the replies arrived: what waits behind them must not wait for real time."""
        ids = [(reply.contact_id, reply.id) for reply in result.replies]
        if ids:
            await self.database.transact(lambda c: turns.settle_inline(c, ids, self.clock()))

    async def _strike(self) -> list[str]:
        """Strike the jobs until nothing is left to do now; returns what was sent."""
        for number in range(_STRIKES_MAX):
            # Some jobs only make work for others and count nothing, so one idle strike is not enough.
            if not await self.strike() and number:
                break
        sent = self.delivered.copy()
        self.delivered.clear()
        return sent

    async def _next_due(self) -> datetime | None:
        now = self.clock()
        due = await self.database.query(lambda c: rehearsal.next_due(c, self.contact_id, now))
        zone = await self.database.query(self._zone)
        shop = self._decisions.shop.zone
        strikes = [
            starter.schedule.strike_after(now, shop if starter.by_shop_clock else zone)
            for _, starter in self._decisions.publication.schedules
        ]
        struck = [strike.at for strike in strikes if strike is not None]
        return min([*struck, *([due] if due is not None else [])], default=None)

    async def _zone(self, connection: Connection) -> str:
        return (await turns.lock(connection, [self.contact_id]))[self.contact_id].zone


def _why_not(unsent: rehearsal.Unsent) -> str:
    """Say of a message that it did not leave, and why."""
    by = f"{unsent.flow}.{unsent.step}" if unsent.flow else unsent.step
    became = "was refused" if unsent.held_until is None else f"is held until {unsent.held_until:%a %H:%M} UTC"
    return f"`{by}` ({unsent.channel}) {became}: {unsent.reason}: {unsent.explanation or 'no more is known'}"


def _shown(body: str, media: tuple[str, ...]) -> str:
    return "\n".join(part for part in (body, *media) if part)
