"""Audiences: who is in, when that may change by the passing of time alone, and why."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.core.audiences.traits import TraitRule, TraitState
from bot.core.contact import Contact, JsonValue, Pending, SubscriptionState


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

    audiences: Mapping[str, Audience]
    """By name; each after those it names."""
    traits: Mapping[str, TraitRule]
    """All rules by key: the named ones and those inside conditions."""

    def __init__(self, audiences: Iterable[Audience], traits: Iterable[TraitRule]) -> None:
        raise NotImplementedError

    def rules_by_event(self, name: str) -> tuple[TraitRule, ...]:
        """Return the rules that an event may change."""
        raise NotImplementedError

    def concerned_by_traits(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return the audiences that may change with these figures, dependents included, in order."""
        raise NotImplementedError

    def concerned_by(self, topics: Iterable[Topic]) -> tuple[str, ...]:
        """Return the audiences that may change with these topics, dependents included, in order."""
        raise NotImplementedError

    def concerned_by_audiences(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return these audiences and all that name them, in order."""
        raise NotImplementedError

    def traits_of(self, names: Iterable[str]) -> frozenset[str]:
        """Return the keys of the figures that these audiences look at."""
        raise NotImplementedError

    def topics_of(self, names: Iterable[str]) -> frozenset[Topic]:
        """Return what these audiences look at beside events and audiences."""
        raise NotImplementedError

    def judged(self, names: Collection[str], known: Known) -> dict[str, Verdict]:
        """Judge audiences in order; each sees what became of those before, else `known.audiences`."""
        raise NotImplementedError
