"""The far side of random lives: a provider that takes, loses, refuses and lists messages, and the phones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.channels.channel import Listed, OutcomeUnknown, Sent
from bot.channels.twilio.errors import error_for_code
from bot.core.gate import Cleared
from bot.core.messages import MessageClass, OutboxState, Outgoing

OURS = "+12025550100"
STOPPED, UNUSABLE, BUSY = 21610, 21614, 20429


@dataclass
class Entry:
    """A message as the provider has it; it has arrived unless a report says otherwise."""

    sid: str
    message_id: str
    address: str
    body: str
    message_class: MessageClass
    group: str | None
    tag: str | None
    flow: str
    step: str
    at: datetime
    listed_at: datetime
    state: OutboxState = OutboxState.SENT
    day: str = ""
    """On the contact's calendar when it came; written by whoever checks."""

    @property
    def has_arrived(self) -> bool:
        """Whether the phone has it."""
        return self.state in {OutboxState.SENT, OutboxState.DELIVERED}


@dataclass
class Phones:
    """Twilio and every phone behind it. `behaves` is what the next hand-overs meet.

    `handed` looks at each message handed over, `heard` at each that arrives: they raise what is wrong.
    """

    now: datetime
    heard: Callable[[Entry], None]
    handed: Callable[[Outgoing], None]
    behaves: str = "well"
    lag: timedelta = timedelta()
    entries: list[Entry] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    unusable: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    """Addresses of which we ever said that they are blocked or unusable."""
    is_list_up: bool = True
    name: str = "sms"

    async def send(self, cleared: Cleared) -> Sent:
        """Take a message or not, answer or not."""
        message = cleared.message
        self.handed(message)
        if message.address in self.blocked | self.unusable:
            self.refused.add(message.address)
            raise error_for_code(STOPPED if message.address in self.blocked else UNUSABLE)
        if self.behaves == "busy":
            raise error_for_code(BUSY)
        if self.behaves == "unheard":
            raise OutcomeUnknown("the connection broke")
        entry = self.take(message)
        if self.behaves == "lost":
            raise OutcomeUnknown("the answer was lost")
        return Sent(entry.sid, OutboxState.SENT, 1)

    def take(self, message: Outgoing) -> Entry:
        """Let a message arrive."""
        entry = Entry(
            sid=f"SM{len(self.entries)}",
            message_id=message.id,
            address=message.address,
            body=message.body,
            message_class=message.message_class,
            group=message.group,
            tag=message.tag,
            flow=message.flow,
            step=message.step,
            at=self.now,
            listed_at=self.now + self.lag,
        )
        self.entries.append(entry)
        self.heard(entry)
        return entry

    async def taken(self, channel: str, address: str, since: datetime) -> list[Listed]:
        """List what is listed by now."""
        assert channel == "sms"
        if not self.is_list_up:
            raise error_for_code(BUSY)
        return [
            Listed(one.sid, (OURS,), one.body, 0, one.at, one.state, 1)
            for one in self.entries
            if one.address == address and one.listed_at <= self.now and one.at >= since
        ]

    async def close(self) -> None:
        """Nothing is open."""
