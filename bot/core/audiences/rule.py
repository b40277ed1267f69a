"""What a computed trait is made of, and the state it is kept in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from bot.core.audiences.where import ANY, Where
from bot.core.contact import JsonValue
from bot.core.quickly import quickly_made

DIGEST_LENGTH = 16
FIGURE = "figure"
"""What stands first in the paths of tests of a figure."""


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


NUMERIC = frozenset(
    {
        TraitKind.COUNT,
        TraitKind.SUM,
        TraitKind.AVERAGE,
        TraitKind.MIN,
        TraitKind.MAX,
        TraitKind.UNIQUE_COUNT,
        TraitKind.DAYS_SINCE,
    }
)
"""Kinds whose value is a number, or None."""


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
        window = self.window and [_micros(self.window.begins), _micros(self.window.ends)]
        steps = [
            [step.event, _written(step.where), step.within and _micros(step.within), step.is_absent]
            for step in self.steps
        ]
        return digest_of(
            [self.kind, self.event, _written(self.where), self.path, self.per or "", window, steps]
        )


def digest_of(definition: object) -> str:
    """Return a short fingerprint of something that can be said in JSON."""
    text = json.dumps(definition, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def _written(where: Where) -> list[object]:
    return [[".".join(test.path), test.sign, list(test.operands)] for test in where.tests]


def _micros(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


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
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    good_until: datetime | None = None


NOTHING = TraitState()
"""The state of a figure without events."""
