"""The stable access token of one account: the same for all who ask, a new one shortly before it ends.

https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
"""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.demo.wechat.errors import (
    BAD_TOKEN,
    DAY_USED_UP,
    EXPIRED_TOKEN,
    ILLEGAL_TOKEN,
    MINUTE_USED_UP,
    NO_TOKEN_AT_ALL,
    PlatformError,
)

LASTS = timedelta(seconds=7200)
ROTATED_BEFORE = timedelta(minutes=5)
"""So long before its end a token is followed by the next; until then both are good."""
FORCED_APART = timedelta(seconds=30)
_CHARACTERS_MAX = 512
_ISSUED_KEPT = 50


@dataclass(slots=True)
class TokenLimits:
    """How often it may be asked for."""

    a_minute: int = 10_000
    a_day: int = 500_000
    forced_a_day: int = 20


@dataclass(slots=True)
class Token:
    """One token, and until when it is good."""

    value: str = field(repr=False)
    until: datetime


class Tokens:
    """Issues and checks the tokens of one account."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._issued: deque[Token] = deque(maxlen=_ISSUED_KEPT)
        self._asked: deque[datetime] = deque()
        self._forced: deque[datetime] = deque()
        self.limits = TokenLimits()
        self.asked, self.forced = 0, 0
        """How often anybody asked for the token at all, and made it new."""

    @property
    def good(self) -> list[str]:
        """The tokens that are good now, oldest first."""
        now = self._clock()
        return [token.value for token in self._issued if now < token.until]

    def ask(self, *, force: bool) -> Token:
        """Return the token, or force a new one.

        Raises:
            PlatformError: it was asked for too often.
        """
        now = self._clock()
        self.asked += 1
        _forget(self._asked, now - timedelta(days=1))
        if len(self._asked) >= self.limits.a_day:
            raise PlatformError(DAY_USED_UP)
        if sum(1 for at in self._asked if at > now - timedelta(minutes=1)) >= self.limits.a_minute:
            raise PlatformError(MINUTE_USED_UP)
        self._asked.append(now)
        return self._force(now) if force else self._current(now)

    def check(self, value: str | None) -> None:
        """Let a good token pass.

        Raises:
            PlatformError: it is missing, over, or none of ours.
        """
        if not value:
            raise PlatformError(NO_TOKEN_AT_ALL)
        if len(value) > _CHARACTERS_MAX or not value.isascii() or not value.isprintable():
            raise PlatformError(ILLEGAL_TOKEN)
        known = next((token for token in self._issued if token.value == value), None)
        if known is None:
            raise PlatformError(BAD_TOKEN)
        if self._clock() >= known.until:
            raise PlatformError(EXPIRED_TOKEN)

    def kill(self) -> None:
        """Make every token bad at once, as when somebody resets the secret in the console."""
        self._issued.clear()

    def _current(self, now: datetime) -> Token:
        latest = self._issued[-1] if self._issued else None
        if latest is not None and latest.until - now > ROTATED_BEFORE:
            return latest
        return self._issue(now)

    def _force(self, now: datetime) -> Token:
        _forget(self._forced, now - timedelta(days=1))
        if self._forced and now - self._forced[-1] < FORCED_APART:
            return self._current(now)  # too soon: nothing is made new
        if len(self._forced) >= self.limits.forced_a_day:
            raise PlatformError(DAY_USED_UP)
        self._forced.append(now)
        self.forced += 1
        self._issued.clear()  # the old one is bad at once
        return self._issue(now)

    def _issue(self, now: datetime) -> Token:
        token = Token(f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(96)}", now + LASTS)
        self._issued.append(token)
        return token


def _forget(instants: deque[datetime], before: datetime) -> None:
    while instants and instants[0] <= before:
        instants.popleft()
