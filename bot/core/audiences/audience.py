"""Audiences: who is in, when that may change by the passing of time alone, and why."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Protocol

from bot.core.audiences.rule import TraitRule, TraitState
from bot.core.contact import Contact, JsonValue, Pending, SubscriptionState
from bot.core.quickly import quickly_made


class Topic(StrEnum):
    """What an audience can depend on beside events."""

    CONTACT = "contact"  # fields, attributes, membership
    CONSENT = "consent"
    TIER = "tier"
    WALLET = "wallet"


class Sync(StrEnum):
    """How the shop's webhook is told of members, in Segment's shapes."""

    IDENTIFY = "identify"  # traits: {name: true}
    TRACK = "track"  # Audience Entered, Audience Exited


@dataclass(frozen=True, slots=True)
class Credit:
    """What a wallet holds now; by itself (credit that arrives or ends) it changes at `changes_at` first."""

    available_minor: int = 0
    pending_minor: int = 0
    held_minor: int = 0
    debt_minor: int = 0
    changes_at: datetime | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class Known:
    """All that a condition may see of a contact.

    `traits` are states by the rules' keys, every one good at `now`; one that is left out has no events.
    `subscriptions` and `pending` are by subscription key, as a turn has them. `audiences` are those the
    contact is in. What an audience does not ask about may be left out (`Audiences.traits_of`, `topics_of`).
    """

    contact: Contact
    now: datetime
    traits: Mapping[str, TraitState] = field(default_factory=dict)
    audiences: frozenset[str] = frozenset()
    subscriptions: Mapping[str, SubscriptionState] = field(default_factory=dict)
    pending: Mapping[str, Pending] = field(default_factory=dict)
    tier: str | None = None
    credit: Credit = Credit()


@quickly_made
@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether somebody is in; before `look_at` time alone does not change it (None: never)."""

    is_in: bool
    look_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """A clause as it was written and what was found, with the clauses inside it."""

    text: str
    line: int
    holds: bool
    seen: JsonValue = None
    """The value that was looked at; None of a group of clauses too."""
    wanted: str = ""
    look_at: datetime | None = None
    parts: tuple["Explained", ...] = ()


class Condition(Protocol):
    """What decides who is in."""

    @property
    def rules(self) -> tuple[TraitRule, ...]:
        """The figures it looks at."""

    @property
    def topics(self) -> frozenset[Topic]:
        """What it looks at beside events and audiences."""

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences it names."""

    def judged(self, known: Known) -> Verdict:
        """Return whether it holds."""

    def explained(self, known: Known) -> Explained:
        """Say why."""


@dataclass(frozen=True, slots=True)
class Audience:
    """A set of contacts chosen by a rule."""

    name: str
    condition: Condition
    title: str = ""
    description: str = ""
    syncs: tuple[Sync, ...] = ()
    file: str = ""
    digest: str = ""
    """What tells this definition from others: members by another are judged anew."""


def judged(audience: Audience, known: Known) -> Verdict:
    """Return whether a contact is in an audience."""
    return audience.condition.judged(known)


def explained(audience: Audience, known: Known) -> Explained:
    """Say why a contact is in an audience or not, as a tree."""
    return audience.condition.explained(known)


class Audiences:
    """What a publication says of audiences and computed traits, indexed once."""

    def __init__(self, audiences: Iterable[Audience], traits: Iterable[TraitRule]) -> None:
        by_name = {audience.name: audience for audience in audiences}
        self.audiences: Mapping[str, Audience] = {name: by_name[name] for name in in_order(_names(by_name))}
        """By name; each after those it names."""
        rules = {rule.key: rule for audience in self.audiences.values() for rule in audience.condition.rules}
        self.traits: Mapping[str, TraitRule] = rules | {rule.key: rule for rule in traits}
        """All rules by key: the named ones and those inside conditions."""
        self._naming = {name for name, audience in self.audiences.items() if audience.condition.audiences}
        """Those that look at others."""
        self._by_event: dict[str, tuple[TraitRule, ...]] = {}
        for rule in self.traits.values():
            for event in rule.events:
                self._by_event[event] = (*self._by_event.get(event, ()), rule)

    def rules_by_event(self, name: str) -> tuple[TraitRule, ...]:
        """Return the rules that an event may change."""
        return self._by_event.get(name, ())

    def concerned_by_traits(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return the audiences that may change with these figures, dependents included, in order."""
        wanted = frozenset(keys)
        return self.concerned_by_audiences(
            name
            for name, audience in self.audiences.items()
            if any(rule.key in wanted for rule in audience.condition.rules)
        )

    def concerned_by(self, topics: Iterable[Topic]) -> tuple[str, ...]:
        """Return the audiences that may change with these topics, dependents included, in order."""
        wanted = frozenset(topics)
        return self.concerned_by_audiences(
            name for name, audience in self.audiences.items() if wanted & audience.condition.topics
        )

    def concerned_by_audiences(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return these audiences and all that name them, in order."""
        found = set(names)
        for name, audience in self.audiences.items():
            if found & audience.condition.audiences:
                found.add(name)
        return tuple(name for name in self.audiences if name in found)

    def traits_of(self, names: Iterable[str]) -> frozenset[str]:
        """Return the keys of the figures that these audiences look at."""
        return frozenset(rule.key for name in names for rule in self.audiences[name].condition.rules)

    def topics_of(self, names: Iterable[str]) -> frozenset[Topic]:
        """Return what these audiences look at beside events and audiences."""
        return frozenset(topic for name in names for topic in self.audiences[name].condition.topics)

    def judged(self, names: Collection[str], known: Known) -> dict[str, Verdict]:
        """Judge audiences in order; each sees what became of those before, else `known.audiences`."""
        wanted, is_in, found = frozenset(names), set(known.audiences), dict[str, Verdict]()
        for name, audience in self.audiences.items():
            if name not in wanted:
                continue
            seen = replace(known, audiences=frozenset(is_in)) if name in self._naming else known
            verdict = found[name] = audience.condition.judged(seen)
            if verdict.is_in:
                is_in.add(name)
            else:
                is_in.discard(name)
        return found


def _names(audiences: Mapping[str, Audience]) -> dict[str, frozenset[str]]:
    return {name: audience.condition.audiences for name, audience in audiences.items()}


def in_order(names: Mapping[str, Collection[str]]) -> list[str]:
    """Return names so that each comes after those that it needs; needed ones that are not there are ignored.

    Raises:
        Cycle: some need each other.
    """
    there = {name: sorted(one for one in needed if one in names) for name, needed in names.items()}
    try:
        return [*TopologicalSorter(there).static_order()]
    except CycleError as error:
        circle = error.args[1][
            :0:-1
        ]  # backwards: there each is needed by the next; the first stands there twice
        begin = min(range(len(circle)), key=lambda number: [*names].index(circle[number]))
        raise Cycle([*circle[begin:], *circle[: begin + 1]]) from error


class Cycle(ValueError):
    """Audiences name each other in a circle, which `names` goes round."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(" → ".join(names))
        self.names = names


NO_AUDIENCES = Audiences((), ())
"""Neither audiences nor computed traits."""
