"""How fast our senders may speak, how long they rest when told to, and when a message is tried again.

A sender's pace is a generic cell rate algorithm: one instant, `next_at`, moves on by each segment's share of
a second, and may run ahead of the clock by as much as the lane is worth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.core.ids import EPOCH
from bot.core.local_time import local_date, next_at
from bot.core.messages import Lane, Outgoing
from bot.core.segments import segment
from bot.core.senders import SenderPool

PACIFIC = "America/Los_Angeles"
"""T-Mobile's days of a brand's limit: https://support.twilio.com/hc/en-us/articles/1260804800549."""

BEIJING = "Asia/Shanghai"
"""WeChat's days of an account's quota."""

AHEAD: Mapping[Lane, timedelta] = {
    Lane.REQUIRED: timedelta(minutes=1),
    Lane.REPLY: timedelta(minutes=1),
    Lane.SERVICE: timedelta(seconds=5),
    Lane.BULK: timedelta(seconds=0.5),
}
"""How far ahead of its pace a lane may send: Twilio queues what comes too early, so that no answer waits for
the bulk before it. Bulk takes what half a second allows at once (a row is written once for several
messages), and nothing while anything else has run further ahead."""

_BACKOFF, _BACKOFF_MAX = timedelta(seconds=15), timedelta(hours=1)
_SLOWED, _SLOWED_MAX = timedelta(seconds=2), timedelta(minutes=5)
BREAKS_AFTER = 5
"""Failures in a row after which nobody knocks for a while."""
_OPEN, _OPEN_MAX = timedelta(seconds=15), timedelta(minutes=5)
_DOUBLINGS_MAX = 12


class Rests(StrEnum):
    """Who has to wait because of a refusal, beside the message itself."""

    NOBODY = "nobody"
    SENDER = "sender"
    BRAND = "brand"  # until midnight, Pacific time
    ACCOUNT = "account"  # the sender, until midnight in Beijing
    CHANNEL = "channel"


_ZONES: Mapping[Rests, str] = {Rests.BRAND: PACIFIC, Rests.ACCOUNT: BEIJING}
"""Whose midnight ends the rest of those that rest for the day."""


@dataclass(frozen=True, slots=True)
class Again:
    """The remedy "later": how long to wait (None: longer at each try), and how often to hand over at most.

    `most` None: as long as the message is worth sending, up to a day; it is not the message's fault.
    """

    after: timedelta | None = None
    most: int | None = 6
    rests: Rests = Rests.NOBODY

    def at(self, hand_overs: int, now: datetime) -> datetime:
        """Return when to try again after so many hand-overs."""
        if (zone := _ZONES.get(self.rests)) is not None:
            return next_day(now, zone)
        return now + (self.after or _doubled(_BACKOFF, hand_overs - 1, _BACKOFF_MAX))


@dataclass(frozen=True, slots=True)
class SenderState:
    """Where one of our senders (a number, `pool:name`, `channel:name`) stands.

    `next_at` is when its next segment may leave; `segments_counted` were taken on the day `counted_on`,
    Pacific time. Nothing leaves until `slowed_until` (it was too fast) and `open_until` (nobody answers
    there; afterwards one message shows whether it is over). `failures` is how many there were in a row.
    """

    name: str
    next_at: datetime = EPOCH
    counted_on: str = ""
    segments_counted: int = 0
    slowed_until: datetime | None = None
    open_until: datetime | None = None
    failures: int = 0

    def rests_until(self, now: datetime) -> datetime:
        """Return until when it was told to rest; `now` where it was not."""
        return max(now, self.slowed_until or now, self.open_until or now)

    def free_at(self, lane: Lane, now: datetime) -> datetime:
        """Return when a message of that lane may leave at the sender's pace; `now` where it may."""
        return max(now, self.next_at - AHEAD[lane])

    def with_taken(self, segments: int, per_second: float, now: datetime) -> "SenderState":
        """Take segments at that pace."""
        return replace(self, next_at=max(self.next_at, now) + timedelta(seconds=segments / per_second))

    def counted(self, now: datetime) -> int:
        """Return the segments taken today, Pacific time."""
        return self.segments_counted if self.counted_on == today(now) else 0

    def with_counted(self, segments: int, now: datetime) -> "SenderState":
        """Count segments of today."""
        return replace(self, counted_on=today(now), segments_counted=self.counted(now) + segments)

    def slowed(self, after: timedelta | None, now: datetime, spread: float = 0.0) -> "SenderState":
        """Let it rest for `after`, or longer with each time in a row; `spread` (0 to 1) parts processes."""
        rest = after or _doubled(_SLOWED, self.failures, _SLOWED_MAX) * (1 + spread / 4)
        until = max(now + rest, self.slowed_until or now)
        return replace(self, slowed_until=until, failures=self.failures + 1)

    def resting_until_tomorrow(self, now: datetime, zone: str = PACIFIC) -> "SenderState":
        """Let it rest until the day is over there."""
        return replace(self, slowed_until=next_day(now, zone))

    def rested(self, again: Again | None, now: datetime, spread: float = 0.0) -> "SenderState":
        """Let it rest as a refusal asks; `spread` as in `slowed`."""
        if again is not None and (zone := _ZONES.get(again.rests)) is not None:
            return self.resting_until_tomorrow(now, zone)
        return self.slowed(again.after if again else None, now, spread)

    def failed(self, times: int, now: datetime) -> "SenderState":
        """Count failures in a row; from `BREAKS_AFTER` on nobody knocks for a while.

        Of many that come together no more count than break it: what was in hand at once is one failure more.
        """
        failures = max(min(self.failures + times, BREAKS_AFTER), self.failures + 1)
        if failures < BREAKS_AFTER:
            return replace(self, failures=failures)
        pause = _doubled(_OPEN, (failures - BREAKS_AFTER) // 2, _OPEN_MAX)
        return replace(self, failures=failures, open_until=max(now + pause, self.open_until or now))

    def recovered(self) -> "SenderState":
        """Forget failures: it was heard from again."""
        return replace(self, failures=0, open_until=None)

    def probe_until(self, now: datetime) -> datetime:
        """Return how long to wait for what the one attempt after a pause shows."""
        return now + _OPEN * 2


def segments_of(message: Outgoing) -> int:
    """Return what a message counts as; one with pictures is one MMS."""
    return 1 if message.media else segment(message.body).segments


def pool_of(sender: str, pools: Mapping[str, SenderPool]) -> SenderPool | None:
    """Return the pool a sender belongs to; None where none is set up for it."""
    return next((pool for pool in pools.values() if sender in pool.senders), None)


def brand_name(pool: SenderPool | None) -> str:
    """Return what the state of a whole pool is kept under."""
    return f"pool:{pool.name if pool is not None else 'main'}"


def channel_name(channel: str) -> str:
    """Return what the state of a whole channel is kept under."""
    return f"channel:{channel}"


def sender_name(message: Outgoing) -> str:
    """Return what the state of a message's sender is kept under."""
    return message.sender or channel_name(message.channel)


def today(now: datetime) -> str:
    """Return the day on which segments count."""
    return local_date(now, PACIFIC).isoformat()


def next_day(now: datetime, zone: str = PACIFIC) -> datetime:
    """Return the next midnight there."""
    return next_at(time(0), zone, now)


def _doubled(first: timedelta, times: int, most: timedelta) -> timedelta:
    doubled: timedelta = first * 2 ** min(max(times, 0), _DOUBLINGS_MAX)
    return min(doubled, most)
