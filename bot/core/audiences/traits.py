"""Computed traits: figures of one contact made of their events, right whatever order the events come in.

A state is made of events (`folded`) and states are added up (`merged`); all orders and groupings give the
same, so late events are as good as punctual ones. A window makes a state right only for a time: `good_until`
is when the oldest event in it leaves, or the next one comes in; from then on it has to be folded anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.audiences.where import ANY, Where
from bot.core.contact import JsonValue
from bot.core.quickly import quickly_made


class TraitKind(StrEnum):
    """What is made of the events."""

    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    MOST_FREQUENT = "most_frequent"
    UNIQUE_LIST = "unique_list"
    UNIQUE_COUNT = "unique_count"
    DAYS_SINCE = "days_since"
    FUNNEL = "funnel"


@quickly_made
@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a contact, as figures see it."""

    id: str
    name: str
    at: datetime
    properties: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Window:
    """Which events count by their age: `ends` ≤ age < `begins`, to the microsecond."""

    begins: timedelta
    ends: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a funnel: an event within a time of the one before, or (`is_absent`) that there is none."""

    event: str
    where: Where = ANY
    within: timedelta | None = None
    is_absent: bool = False


@dataclass(frozen=True, slots=True)
class TraitRule:
    """What a figure is made of.

    `key` is its name, or of an unnamed one its definition's digest, so that equal ones are kept once.
    `path` is the property, with dots into what is nested, lists too (`products.category`). With `per` the
    figure is kept for each value of that field of an event's products, and `path` is the product's.
    """

    key: str
    kind: TraitKind
    event: str
    where: Where = ANY
    path: str = ""
    per: str | None = None
    window: Window | None = None
    name: str | None = None
    steps: tuple[Step, ...] = ()

    @property
    def events(self) -> tuple[str, ...]:
        """The names of the events it is made of: more than one for funnels alone."""
        return tuple(dict.fromkeys(step.event for step in self.steps)) if self.steps else (self.event,)

    @property
    def digest(self) -> str:
        """What tells this definition from others, whatever it is called: figures of another are made anew."""
        raise NotImplementedError


_NO_FACTS: Mapping[str, JsonValue] = {}


@quickly_made
@dataclass(frozen=True, slots=True)
class TraitState:
    """A figure of one contact: right for every instant from when it was made until before `good_until`.

    `n` counts what is in it, `total` adds it up in millionths. `first_at` and `last_at` are the oldest and
    the newest event in it. `facts` is what the kind needs beside these, as plain JSON.
    """

    n: int = 0
    total: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    facts: Mapping[str, JsonValue] = field(default=_NO_FACTS)
    good_until: datetime | None = None


NOTHING = TraitState()
"""The state of a figure without events."""


def folded(rule: TraitRule, events: Iterable[Happened], now: datetime) -> TraitState:
    """Make the state as of `now` from a contact's events, each once, in any order; others are passed over."""
    raise NotImplementedError


def merged(rule: TraitRule, one: TraitState, other: TraitState) -> TraitState:
    """Add up two states of different events; right while now is before `good_until` of both."""
    raise NotImplementedError


def value(rule: TraitRule, state: TraitState, now: datetime) -> JsonValue:
    """Return the figure as texts and conditions see it; None where there is none."""
    raise NotImplementedError
