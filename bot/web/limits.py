"""Limits on what strangers may cost us: messages per number, new numbers per block of numbers.

Counted in each process by itself: they stop floods, they are no quota. STOP is never counted.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address

from aiohttp import web

_REMEMBERED_MAX = 100_000
_BLOCK_DIGITS = 6  # numbers that differ in the last six digits only are often one carrier's


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `burst` at once, refilled at `per_minute`; a burst of 0 means no limit."""

    burst: int
    per_minute: int


NO_LIMIT = Limit(burst=0, per_minute=0)


@dataclass(slots=True)
class _Allowance:
    left: float
    at: datetime


class Limiter:
    """Allowances by key, the least recently used forgotten first."""

    def __init__(self, limit: Limit) -> None:
        """Give every key the same limit."""
        self._limit = limit
        self._allowances: OrderedDict[str, _Allowance] = OrderedDict()

    def allows(self, key: str, now: datetime) -> bool:
        """Use one of the key's allowance; False when nothing is left of it."""
        limit = self._limit
        if not limit.burst:
            return True
        allowance = self._allowances.get(key)
        if allowance is None:
            self._allowances[key] = _Allowance(limit.burst - 1, now)
            if len(self._allowances) > _REMEMBERED_MAX:
                self._allowances.popitem(last=False)
            return True
        self._allowances.move_to_end(key)
        refilled = (now - allowance.at).total_seconds() * limit.per_minute / 60
        allowance.left = min(float(limit.burst), allowance.left + max(0.0, refilled))
        allowance.at = now
        if allowance.left < 1:
            return False
        allowance.left -= 1
        return True

    def is_spent(self, key: str, now: datetime) -> bool:
        """Whether nothing is left of the key's allowance; nothing is used of it."""
        allowance = self._allowances.get(key)
        if allowance is None or not self._limit.burst:
            return False
        refilled = (now - allowance.at).total_seconds() * self._limit.per_minute / 60
        return allowance.left + max(0.0, refilled) < 1

    def wait_seconds(self, key: str, now: datetime) -> int:
        """In how many whole seconds the key may be used again; 0: now."""
        allowance = self._allowances.get(key)
        if allowance is None or not self._limit.burst:
            return 0
        refilled = (now - allowance.at).total_seconds() * self._limit.per_minute / 60
        missing = 1 - allowance.left - max(0.0, refilled)
        return max(0, math.ceil(missing * 60 / self._limit.per_minute))

    def knows(self, key: str) -> bool:
        """Whether the key was seen lately."""
        return key in self._allowances


class InboundLimits:
    """What an address may send us, and how many new addresses a block of numbers may bring."""

    def __init__(self, messages: Limit, newcomers: Limit) -> None:
        """`messages` for each address, `newcomers` for each block of numbers."""
        self._messages = Limiter(messages)
        self._newcomers = Limiter(newcomers)

    def allows(self, address: str, now: datetime, *, is_known: bool = False) -> bool:
        """Whether to take a message from the address; one that `is_known` to the shop is no newcomer."""
        is_newcomer = not is_known and self.is_stranger(address)
        if is_newcomer and not self._newcomers.allows(block_of(address), now):
            return False
        return self._messages.allows(address, now)

    def is_stranger(self, address: str) -> bool:
        """Whether this process has taken no message from the address lately."""
        return not self._messages.knows(address)


def block_of(address: str) -> str:
    """Return the block of numbers that an address is of."""
    return address[:-_BLOCK_DIGITS]


def caller(request: web.Request) -> str:
    """Return who asks: behind a proxy of ours what that proxy says, otherwise the connection's other end."""
    remote = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if forwarded and _may_be_ours(remote) else remote


@lru_cache(maxsize=1024)
def _may_be_ours(remote: str) -> bool:
    """Whether a proxy of ours may be at that address; none is a socket of this machine."""
    try:
        return ip_address(remote).is_private
    except ValueError:
        return True
