"""Who sends: the source a key is of, whether it may send from there, and how much at a time."""

import base64
import binascii
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import structlog
from aiohttp import web

from bot.core.api_keys import hash_of
from bot.core.errors import RetryLater
from bot.core.sources import KEY_LENGTH_MAX, Source, SourceScope
from bot.core.tracking.message import Taken, Tracked
from bot.storage import sources
from bot.storage.driver import Database
from bot.storage.tally import Tally
from bot.web.limits import Limit, Limiter, caller
from bot.web.track.answers import TrackProblem, later

WRONG_KEYS = Limit(burst=30, per_minute=30)
"""How many keys of nobody one address may try: looking one up costs a query."""
KEPT_SECONDS = 1.0
"""How long a source is known without looking again: a revoked key opens nothing after that."""
ABSENT_SECONDS = 10.0
"""How long a key is nobody's without looking again: whoever sends with a wrong one does so all day."""
_REMEMBERED_MAX = 10_000
_NOBODY = "-"
_logger = structlog.get_logger(__name__)


class Quotas:
    """What each source may still send: a second's worth at once, and as much again every second.

    A batch may overdraw, so that a large one is not refused for ever; then the next waits for longer.
    Counted in each process by itself.
    """

    def __init__(self) -> None:
        """Everybody may send."""
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def wait_seconds(self, source: Source, now: datetime) -> int:
        """In how many whole seconds the source may send again; 0: now."""
        left = self._refilled(source, now)
        return 0 if left >= 1 else math.ceil((1 - left) / source.quota)

    def use(self, source: Source, messages: int, now: datetime) -> None:
        """Count what it sent."""
        self._left[source.id] = (self._refilled(source, now) - messages, now)
        self._left.move_to_end(source.id)
        if len(self._left) > _REMEMBERED_MAX:
            self._left.popitem(last=False)

    def _refilled(self, source: Source, now: datetime) -> float:
        left, at = self._left.get(source.id, (float(source.quota), now))
        passed = max(0.0, (now - at).total_seconds())
        return min(float(source.quota), left + passed * source.quota)


class Tracker(Protocol):
    """Puts tracked messages into the books."""

    async def take(self, messages: Sequence[Tracked], source: Source) -> Taken:
        """Take messages of one source; returns after their commit. Raises RetryLater: nothing was taken."""


@dataclass(frozen=True, slots=True)
class SourceDoor:
    """Lets sources in by their keys, and counts what became of what they sent."""

    database: Database
    clock: Callable[[], datetime]
    tally: Tally
    wrong_keys: Limiter = field(default_factory=lambda: Limiter(WRONG_KEYS))
    quotas: Quotas = field(default_factory=Quotas)
    _known: OrderedDict[str, tuple[Source | None, float]] = field(default_factory=OrderedDict)
    """Sources by the hashes of their keys, None for keys of nobody; each good until an instant."""

    async def admit(self, request: web.Request, key: str, scope: SourceScope) -> Source | None:
        """The source that shows a key, if it may send now; None where the key is nobody's.

        Raises:
            TrackProblem: 403 where it may not, 429 where it may later.
        """
        source = await self.source_of(key, caller(request))
        if source is None:
            return None
        if not source.may(scope):
            raise TrackProblem(403, "missing_scope", f"the source {source.name} lacks the scope {scope}")
        origin = request.headers.get("Origin")
        if origin and source.origins and origin not in source.origins:
            raise TrackProblem(403, "wrong_origin", f"the source {source.name} is not for pages of {origin}")
        wait = self.quotas.wait_seconds(source, self.clock())
        if wait:
            raise later(wait, "over_quota", f"the source sends more than {source.quota} messages a second")
        return source

    async def source_of(self, key: str, who: str) -> Source | None:
        """The source in force that a key is of, as `who` shows it.

        Raises:
            TrackProblem: 429 where somebody there tries key after key.
        """
        if not key or len(key) > KEY_LENGTH_MAX:
            return None
        hashed, now = hash_of(key), self.clock()
        known, good_until = self._known.get(hashed, (None, 0.0))
        if time.monotonic() < good_until:
            return known
        # Behind one address of a carrier are whole towns: a key that was good is looked up then, too.
        if known is None and self.wrong_keys.is_spent(who, now):
            wait = self.wrong_keys.wait_seconds(who, now)
            raise later(wait, "too_many_wrong_keys", "too many write keys that are nobody's")
        found = await self.database.query(lambda c: sources.of_key(c, hashed))
        if found is None:
            self.wrong_keys.allows(who, now)
            _logger.warning("write_key_of_nobody")
        kept_for = KEPT_SECONDS if found is not None else ABSENT_SECONDS
        self._known[hashed] = (found, time.monotonic() + kept_for)
        if len(self._known) > _REMEMBERED_MAX:
            self._known.popitem(last=False)
        return found

    async def hand_in(
        self, tracker: Tracker, source: Source, messages: Sequence[Tracked], refused: Mapping[str, int]
    ) -> Taken:
        """Have messages of a source in the books, and count them with those that are `refused` already.

        Returns what became of all.

        Raises:
            RetryLater: nothing was taken.
        """
        outcomes = Counter(refused)
        sent = len(messages) + outcomes.total()
        self.quotas.use(source, sent, self.clock())
        taken = Taken(0)
        if messages:
            try:
                taken = await tracker.take(messages, source)
            except RetryLater:
                self.quotas.use(source, -sent, self.clock())  # they come once more
                raise
            outcomes.update(taken.refused)
        self.tally.add("source", f"{source.id} accepted", taken.accepted)
        for reason, times in outcomes.items():
            self.tally.add("source", f"{source.id} {reason}", times)
        return replace(taken, refused=outcomes)

    def count_nobodys(self) -> None:
        """Count a request whose key is nobody's."""
        self.tally.add("source", f"{_NOBODY} wrong_write_key")


def key_in(request: web.Request, in_body: object) -> str:
    """The write key of a request: `Basic base64(key:)`, `writeKey` in the body, or both alike; or `Bearer`.

    Raises:
        TrackProblem: there are two.
    """
    scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
    written = in_body if isinstance(in_body, str) else ""
    match scheme.lower():
        case "basic":
            basic = _user_in(presented.strip())
            if basic and written and basic != written:
                raise TrackProblem(401, "two_write_keys", "header and body name different write keys")
            return basic or written
        case "bearer":
            # Segment's OAuth sends a token of its own here, and the write key in the body.
            return written or presented.strip()
    return written


def _user_in(basic: str) -> str:
    """The user name, which is the key; the colon behind it may be missing."""
    try:
        return base64.b64decode(basic, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
