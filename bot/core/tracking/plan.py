"""The tracking plan: which events and properties are known, personal, kept for how long, and not taken."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bot.core.audiences.moves import ENTERED, EXITED
from bot.core.contact import JsonValue
from bot.core.tracking.commerce import OF_ORDERS, named_now
from bot.core.tracking.sessions import SESSION_STARTED
from bot.core.tracking.within import Sieve, first_of, sieve

BLOCKED = "the tracking plan blocks this event"
UNKNOWN = "the tracking plan does not name this event"
OURS = frozenset({SESSION_STARTED, ENTERED, EXITED})
"""Events that we make of what sources tell: they go after a time where the plan says so for them alone."""


class JsonKind(StrEnum):
    """What a property is, as JSON tells it."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    OBJECT = "object"
    NOTHING = "null"


def kind_of(value: JsonValue) -> JsonKind:
    """Say what a value is."""
    return KINDS[type(value)]


KINDS: Mapping[type, JsonKind] = {
    type(None): JsonKind.NOTHING,
    str: JsonKind.TEXT,
    bool: JsonKind.BOOLEAN,
    int: JsonKind.NUMBER,
    float: JsonKind.NUMBER,
    list: JsonKind.LIST,
    dict: JsonKind.OBJECT,
}


@dataclass(frozen=True, slots=True)
class PlannedProperty:
    """A property as the plan has it; None: of any kind."""

    kind: JsonKind | None = None
    description: str = ""
    is_personal: bool = False
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """An event as the plan has it.

    Of one whose `properties` are not named, none is unknown; those inside of others are named by their path,
    like `products.price`. `keep` is for how long, None: as all others;
    `is_for_good` that it never goes.
    """

    description: str = ""
    properties: Mapping[str, PlannedProperty] = field(default_factory=dict)
    keep: timedelta | None = None
    is_for_good: bool = False
    is_blocked: bool = False

    def names(self, name: str) -> bool:
        """Whether a property is named, or something inside of it."""
        return name in self.properties or any(first_of(path) == name for path in self.properties)


class Plan:
    """What is taken of messages, and how long it stays."""

    __slots__ = ("_blocked", "_named", "_personal", "_taken_of", "blocks_unknown", "events", "keep")

    def __init__(
        self,
        events: Mapping[str, PlannedEvent],
        *,
        keep: timedelta | None = None,
        blocks_unknown: bool = False,
    ) -> None:
        """Make one; `keep` is for events that say nothing of it (None: for good)."""
        self.events = events
        self.keep = keep
        self.blocks_unknown = blocks_unknown
        self._blocked = frozenset(name for name, one in events.items() if one.is_blocked)
        self._named = events.keys() - self._blocked
        self._taken_of = {name: taken for name, one in events.items() if (taken := self._taken(one))}
        self._personal = {
            name: sieve(tagged)
            for name, event in events.items()
            if (tagged := [each for each, one in event.properties.items() if one.is_personal])
        }

    def refusal(self, event: str) -> str | None:
        """Return why an event is not taken; None where it is. Orders always are."""
        if event in self._named or not (self.blocks_unknown or event in self._blocked):
            return None
        if event in self._blocked:
            return BLOCKED
        return None if event in OURS or is_of_orders(event) else UNKNOWN

    def taken(self, event: str, properties: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Return the properties that are taken: the very same where all are."""
        rule = self._taken_of.get(event)
        if rule is None:
            return properties
        return rule.left(properties)

    def takes(self, event: str, name: str) -> bool:
        """Whether a property of an event that is taken is taken, too."""
        rule = self._taken_of.get(event)
        return rule is None or rule.takes(name)

    def kept(self, event: str) -> timedelta | None:
        """For how long an event is kept; None: for good."""
        if is_of_orders(event):
            return None
        planned = self.events.get(event)
        if planned is not None and (planned.is_for_good or planned.keep is not None):
            return planned.keep
        return None if event in OURS else self.keep

    def of_nobody(self, event: str, properties: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Return the properties without those that tell of a person: the very same where none does."""
        tagged = self._personal.get(event)
        return properties if tagged is None else tagged.left(properties)

    @property
    def ends(self) -> Iterable[tuple[str, timedelta | None]]:
        """The events that do not go when all others do, and when these go; None: never."""
        named = {name: self.kept(name) for name in self.events} | dict.fromkeys(OF_ORDERS)
        return [(name, kept) for name, kept in sorted(named.items()) if kept != self.keep or name in OURS]

    @property
    def ends_anything(self) -> bool:
        """Whether any event goes after a time."""
        return self.keep is not None or any(one.keep is not None for one in self.events.values())

    def _taken(self, event: PlannedEvent) -> Sieve | None:
        blocked = [name for name, one in event.properties.items() if one.is_blocked]
        if self.blocks_unknown and event.properties:
            return sieve(blocked, event.properties)
        return sieve(blocked) if blocked else None


def is_of_orders(event: str) -> bool:
    """Whether an event tells of an order, by any of its names: the books are made of these."""
    return named_now(event) in OF_ORDERS


NO_PLAN = Plan({})
"""Everything is taken, and kept for good."""
