"""What a turn wants to happen: recorded while it is decided, committed whole or not at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from bot.core.consent import ConsentChange
from bot.core.contact import Address, Event, JsonValue, Order
from bot.core.counting import Take
from bot.core.flow.run import Run
from bot.core.links import Link
from bot.core.messages import OutboxState, Outgoing
from bot.core.quickly import quickly_made
from bot.core.triggers import Trigger


@dataclass(frozen=True, slots=True)
class OutsideCall:
    """Something to tell the shop after commit: signed, retried, at most one for each key."""

    key: str
    kind: str
    payload: Mapping[str, JsonValue]


@quickly_made
@dataclass(frozen=True, slots=True)
class Queued:
    """A message the turn decided on, with what the gate said of it."""

    message: Outgoing
    state: OutboxState
    reason: str | None = None
    hold_until: datetime | None = None
    explanation: str | None = None


class StepFigure(NamedTuple):
    """What is counted of a step; `variant` is the run's arms, as `Run.variant` says them.

    `on_day` is a day in the shop's zone; empty: the day of the turn that counts it.
    """

    flow: str
    revision: int
    step: str
    variant: str
    what: str
    on_day: str = ""


figure_of: Callable[[tuple[str, int, str, str, str, str]], StepFigure] = partial(tuple.__new__, StepFigure)
"""Make one of all its parts, in half the time that naming it takes: a turn counts a dozen."""


@dataclass(slots=True)
class Effects:
    """What a turn wants to happen; committed whole or not at all."""

    outgoing: list[Queued] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    consent: list[ConsentChange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    credited: list[Event] = field(default_factory=list)
    """Those of them whose credit this turn has granted: whoever hears of them grants none."""
    withdrawn: list[str] = field(default_factory=list)
    """Runs whose messages never leave if they have not left yet."""
    orders: list[Order] = field(default_factory=list)
    calls: list[OutsideCall] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    counts: dict[StepFigure, int] = field(default_factory=dict)
    amounts: dict[StepFigure, int] = field(default_factory=dict)
    """What comes along with what is counted: money in minor units."""
    addresses: dict[tuple[str, str], Address] = field(default_factory=dict)
    notices: list[tuple[str, int]] = field(default_factory=list)
    """Notices given: (lot, days before its end)."""
    looked_at: dict[str, datetime | None] = field(default_factory=dict)
    """Lots whose notices were considered, and when to look again; None: never."""
    later: list[Trigger] = field(default_factory=list)
    """What this contact's next turns are about; `at` says when."""
    kept: dict[tuple[str, str], object] = field(default_factory=dict)
    """What subjects of the program keep, by (table, key); see `bot/storage/kept.py`."""
    told: list[tuple[str, Trigger]] = field(default_factory=list)
    """Triggers for other contacts, relayed after commit."""
    used: set[Take] = field(default_factory=set)
    """What was taken of counters and is used; the rest of what was taken goes back."""
    given_back: dict[str, int] = field(default_factory=dict)
    """Units that go back to counters, by name."""
    result: Mapping[str, JsonValue] | None = None
    """What an operation came to, stored with its trigger."""
    contact_changed: bool = False
    revived: str | None = None
    """A contact that is its own again: it was joined to this one by mistake."""
    runs_along: tuple[str, ...] = ()
    """Runs that go along: to whom the contact becomes, or back to the one that is its own again."""
    renamed: list[tuple[str, str, str]] = field(default_factory=list)
    """Names in the directory (kind, value, whose) that are this contact's from now on."""
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    """Addresses (channel, value) that the contact left for good: what came from there is erased."""
    transfers: bool = False
    """Whether the message is handed over to the people of the shop in WeChat's own customer service."""
    asks_gate_again: bool = False
    """Whether messages that wait shall go before the gate at once: the contact wants other hours by now."""
    outcome: str = "ignored"
