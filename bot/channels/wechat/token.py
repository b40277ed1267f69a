"""The access token of one account: fetched once for all who wait, renewed once for all whose call failed.

It is the stable one (https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken), which
the platform gives alike to every process that asks, so that none kills another's. Only where a refused token
comes back unchanged is a new one forced: that is counted by the platform, and kills the old one.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.channels.channel import AccountSpent, OperatorNeeded, SendError, SenderSlowed, SendLater

FORCED_APART_SECONDS, FORCED_A_DAY = 30.0, 20
"""How often a new token may be forced."""
_DAY_SECONDS = 86_400.0
# The platform makes the next token five minutes before the old one ends, and both are good meanwhile.
_RENEWED_BEFORE_SECONDS = 240.0
_LASTS_SECONDS_MAX = 7200.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A token and for how many seconds it is good."""

    token: str = field(repr=False)
    seconds: float


Fetch = Callable[[bool], Awaitable[Fetched]]
"""Fetches the token, or (True) forces a new one. Raises SendError."""
MayForce = Callable[[], Awaitable[bool]]
"""Whether a new token may be forced now; who asks and may, does."""


class Tokens:
    """The token of one account as this process knows it."""

    def __init__(
        self, fetch: Fetch, may_force: MayForce | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Without `may_force` only what this process forced counts."""
        self._fetch = fetch
        self._may_force = may_force or Forced(clock)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._good_until = 0.0
        self._failed: SendError | None = None
        self._failed_until = 0.0

    async def current(self) -> str:
        """Return a token that should be good.

        Raises:
            SendLater: there is none now.
        """
        if self._token is not None and self._clock() < self._good_until:
            return self._token
        async with self._lock:  # who comes meanwhile gets the same token
            if self._token is not None and self._clock() < self._good_until:
                return self._token
            return await self._fetched(force=False)

    async def renew(self, refused: str) -> str:
        """Return another token than the one that was refused: the one somebody else got since, or a new one.

        Raises:
            SendLater: there is none now.
        """
        async with self._lock:
            if self._token is not None and self._token != refused:
                return self._token
            self._good_until = 0.0
            token = await self._fetched(force=False)
            if token == refused and await self._may_force():
                with contextlib.suppress(AccountSpent):  # of forcing alone
                    token = await self._fetched(force=True)
            if token == refused:
                self._good_until = 0.0
                error = SenderSlowed("WeChat refuses its own access token")
                raise self._remembered(error, FORCED_APART_SECONDS)
            return token

    async def _fetched(self, *, force: bool) -> str:
        if self._failed is not None and self._clock() < self._failed_until:
            raise _again(self._failed)  # for those who waited while it failed: asking again would not help
        began_at = self._clock()
        try:
            fetched = await self._fetch(force)
        except SendError as error:
            self._remembered(error, _rest(error))
            raise
        self._failed = None
        self._token = fetched.token
        lasts = min(fetched.seconds, _LASTS_SECONDS_MAX)
        self._good_until = began_at + max(lasts - _RENEWED_BEFORE_SECONDS, lasts / 2)
        return fetched.token

    def _remembered(self, error: SendError, seconds: float) -> SendError:
        self._failed, self._failed_until = error, self._clock() + seconds
        return error


class Forced:
    """How often this process forced a new token; asks as `MayForce`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """It never did."""
        self._clock = clock
        self._at: deque[float] = deque()

    async def __call__(self) -> bool:
        """Whether it may now; then it counts."""
        now = self._clock()
        while self._at and now - self._at[0] >= _DAY_SECONDS:
            self._at.popleft()
        if len(self._at) >= FORCED_A_DAY or (self._at and now - self._at[-1] < FORCED_APART_SECONDS):
            return False
        self._at.append(now)
        return True


def _again(error: SendError) -> SendError:
    """The same error once more; raising one object twice would grow its traceback."""
    return type(error)(str(error), code=error.code, after=error.after, most=error.most)


def _rest(error: SendError) -> float:
    """For how many seconds nobody asks again after this."""
    if isinstance(error, AccountSpent):
        return 60.0
    if isinstance(error, OperatorNeeded):
        return 10.0
    return 2.0 if isinstance(error, SendLater) else 1.0


def forcing(may_force: Callable[[str], Awaitable[bool]] | None, appid: str) -> MayForce | None:
    """Say for one account whether a new token may be forced; None: this process alone decides."""
    if may_force is None:
        return None

    async def may_force_it() -> bool:
        return await may_force(appid)

    return may_force_it
