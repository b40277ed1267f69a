"""One person's conversation with one account, as it is on their phone and as the platform keeps it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.demo.wechat.account import Account
from bot.demo.wechat.windows import Windows

Direction = Literal["sent", "received", "told"]
"""By the person, to the person, or by WeChat itself."""
BubbleKind = Literal["text", "picture", "voice", "location", "menu", "card", "notice", "media", "event"]
Way = Literal["", "passive", "customer_service", "subscribe", "agent"]
SESSION_LASTS = timedelta(minutes=30)
"""A hand-over to the shop's own people ends by itself after so long without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One thing in the conversation: `text` is what can be read in it, `more` what can be tapped or seen."""

    number: int
    direction: Direction
    kind: BubbleKind
    text: str
    at: datetime
    way: Way = ""
    more: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """A hand-over to one of the shop's own people, who sees what is said meanwhile."""

    agent: str
    active_at: datetime
    heard: list[str] = field(default_factory=list)


class Chat:
    """A conversation; grants are counted by template."""

    def __init__(self, person: str, account: Account) -> None:
        self.person, self.account, self.openid = person, account, account.openid(person)
        self.bubbles: list[Bubble] = []
        self.arrivals: Counter[str] = Counter()
        """How often each text arrived here."""
        self.windows = Windows()
        self.grants: Counter[str] = Counter()
        self.session: Session | None = None
        self.is_following = False
        self.is_known = False
        """Whether the account knows the OpenID: the person followed, wrote or came in at least once."""
        self.followed_at: datetime | None = None
        self.followed_by = ""
        """The scene that led to following."""
        self.spoke_at: datetime | None = None
        self.typing_until: datetime | None = None
        self.opened_page = ""
        """The page of a mini program, or link, that the person opened last."""
        self._news = asyncio.Event()

    @property
    def received(self) -> list[str]:
        """The texts that arrived, in order."""
        return [bubble.text for bubble in self.bubbles if bubble.direction == "received"]

    @property
    def last(self) -> Bubble:
        """What arrived last."""
        return next(bubble for bubble in reversed(self.bubbles) if bubble.direction == "received")

    def bubble(self, number: int) -> Bubble:
        """Return what has this number. Raises LookupError."""
        if not 1 <= number <= len(self.bubbles):
            raise LookupError(number)
        return self.bubbles[number - 1]

    def add(  # what is in a bubble
        self,
        direction: Direction,
        kind: BubbleKind,
        text: str,
        at: datetime,
        *,
        way: Way = "",
        more: dict[str, object] | None = None,
    ) -> Bubble:
        """Put something at the end of the conversation and wake whoever watches it."""
        bubble = Bubble(
            number=len(self.bubbles) + 1,
            direction=direction,
            kind=kind,
            text=text,
            at=at,
            way=way,
            more=more or {},
        )
        self.bubbles.append(bubble)
        if direction == "received":
            self.arrivals[text] += 1
        self.wake()
        return bubble

    def wake(self) -> None:
        """Tell whoever watches that something is new."""
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, after: int, timeout_seconds: float) -> list[Bubble]:
        """Return what is behind the first `after`, waiting for something if there is nothing."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while len(self.bubbles) <= after:
                    await self._news.wait()
        except TimeoutError:
            return []
        return self.bubbles[after:]

    def session_at(self, now: datetime) -> Session | None:
        """Return the hand-over that lasts, ending one that has been silent too long."""
        if self.session is not None and now - self.session.active_at >= SESSION_LASTS:
            self.session = None
        return self.session
