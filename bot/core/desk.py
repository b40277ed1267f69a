"""The desk: contacts who asked for a person of the shop, who comes first, and when a visit is over.

A visit waits until a person takes it. Higher tiers are answered first, then whoever came first. It ends when
the person closes it, when the contact goes back to the bot, or after `QUIET_AFTER` without a word of either.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

QUIET_AFTER = timedelta(minutes=30)
"""How long nobody need say a word; the same as in WeChat's own customer service
(https://developers.weixin.qq.com/doc/service/en/Customer_Service/Forwarding_of_messages_to_service_center.html)."""
ANSWER_WITHIN = timedelta(hours=24)
"""How long after the contact's last word what a person says is still an answer to it."""


class VisitState(StrEnum):
    """Where a visit stands."""

    WAITING = "waiting"
    TAKEN = "taken"
    CLOSED = "closed"


class Ending(StrEnum):
    """Why a visit ended."""

    DONE = "done"  # the person of the shop closed it
    LEFT = "left"  # the contact went back to the bot
    QUIET = "quiet"  # nobody said a word for too long
    UNTAKEN = "untaken"  # nobody had time


@dataclass(frozen=True, slots=True)
class Visit:
    """A contact's visit to the desk: from which address, since when, with whom.

    `priority` is the place of its tier, the higher the sooner. `heard_at` and `said_at` are the latest words
    of the contact and of the shop's person.
    """

    id: str
    channel: str
    address: str
    priority: int
    since: datetime
    heard_at: datetime
    state: VisitState = VisitState.WAITING
    agent: str | None = None
    taken_at: datetime | None = None
    said_at: datetime | None = None
    closed_at: datetime | None = None
    because: Ending | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits or is with somebody."""
        return self.state is not VisitState.CLOSED

    @property
    def quiet_at(self) -> datetime:
        """When it ends unless somebody says a word."""
        words = (self.heard_at, self.taken_at, self.said_at)
        return max(at for at in words if at is not None) + QUIET_AFTER

    def heard(self, now: datetime) -> "Visit":
        """Return it after a word of the contact."""
        return replace(self, heard_at=now)

    def taken(self, agent: str, now: datetime) -> "Visit":
        """Return it with somebody, or with somebody else."""
        return replace(self, state=VisitState.TAKEN, agent=agent, taken_at=self.taken_at or now)

    def said(self, now: datetime) -> "Visit":
        """Return it after a word of the shop's person."""
        return replace(self, said_at=now)

    def closed(self, because: Ending, now: datetime) -> "Visit":
        """Return it at its end."""
        return replace(self, state=VisitState.CLOSED, closed_at=now, because=because)
