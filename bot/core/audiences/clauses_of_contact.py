"""Clauses about what is known of a contact: traits, consent, tier, wallet, membership, other audiences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.core.audiences.amounts import Comparison, plain
from bot.core.audiences.audience import Known, Topic, Verdict
from bot.core.audiences.clauses import Clause, earliest
from bot.core.audiences.where import Test
from bot.core.contact import Contact, JsonValue, SubscriptionState
from bot.core.groups import share_consent, split_key

NONE = "none"
"""No tier, and no word about consent."""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Attribute(Clause):
    """A trait the shop told, or a field of the contact, passes tests."""

    name: str
    tests: tuple[Test, ...]

    @property
    def topics(self) -> frozenset[Topic]:
        """The contact."""
        return frozenset({Topic.CONTACT})

    def judged(self, known: Known) -> Verdict:
        """Test it, with days and hours in the contact's zone."""
        values, zone = {self.name: self.seen(known)}, known.contact.zone
        holds = all(test.holds(values, known.now, zone) for test in self.tests)
        return Verdict(holds, earliest(test.changes_at(values, known.now, zone) for test in self.tests))

    def seen(self, known: Known) -> JsonValue:
        """Return the trait."""
        own = FIELDS.get(self.name)
        return own(known.contact) if own is not None else known.contact.attributes.get(self.name)

    def wanted(self) -> str:
        """Say the tests."""
        return " and ".join(" ".join([*test.path[1:], test.wanted]) for test in self.tests)


def _text(at: object) -> JsonValue:
    return None if at is None else str(at)


FIELDS: Mapping[str, Callable[[Contact], JsonValue]] = {
    "first_name": lambda contact: contact.first_name,
    "birthday": lambda contact: _text(contact.birthday_on),
    "locale": lambda contact: contact.locale,
    "zone": lambda contact: contact.zone,
    "is_member": lambda contact: contact.is_member,
    "created_at": lambda contact: contact.created_at.isoformat(),
    "enrolled_at": lambda contact: contact.enrolled_at.isoformat() if contact.enrolled_at else None,
}
"""Fields of a contact, called as texts call them (`member.first_name`); they hide traits of the name."""


@dataclass(frozen=True, slots=True)
class IsMember(Clause):
    """The contact is enrolled, or is not."""

    wants: bool

    @property
    def topics(self) -> frozenset[Topic]:
        """The contact."""
        return frozenset({Topic.CONTACT})

    def judged(self, known: Known) -> Verdict:
        """Look at the contact."""
        return Verdict(known.contact.is_member is self.wants)

    def seen(self, known: Known) -> JsonValue:
        """Return whether the contact is one."""
        return known.contact.is_member

    def wanted(self) -> str:
        """Say which."""
        return "is true" if self.wants else "is false"


@dataclass(frozen=True, slots=True)
class Consents(Clause):
    """The contact stands in one of some states to a group; on any channel where none is named."""

    group: str
    states: frozenset[str]
    channel: str | None = None

    @property
    def topics(self) -> frozenset[Topic]:
        """Consent."""
        return frozenset({Topic.CONSENT})

    def judged(self, known: Known) -> Verdict:
        """Look at the states."""
        keys = self._keys(known)
        holds = not self.states.isdisjoint(self._states(known))
        ends = [
            known.pending[key].confirm_by + _MICROSECOND
            for key in keys
            if key in known.pending and known.pending[key].confirm_by >= known.now
        ]
        return Verdict(holds, earliest(ends))

    def _keys(self, known: Known) -> list[str]:
        found = []
        for key in known.subscriptions:
            group, channel = split_key(key)
            if group == self.group and (self.channel is None or share_consent(channel, self.channel)):
                found.append(key)
        return found

    def _states(self, known: Known) -> list[str]:
        return [_state_now(known, key) for key in self._keys(known)] or [NONE]

    def seen(self, known: Known) -> JsonValue:
        """Return the states by channel."""
        states = [f"{_state_now(known, key)} ({split_key(key)[1]})" for key in self._keys(known)]
        return ", ".join(sorted(states)) or NONE

    def wanted(self) -> str:
        """Say which."""
        return f"is {' or '.join(sorted(self.states))}"


def _state_now(known: Known, key: str) -> str:
    """A double opt-in that nobody confirmed in time is none."""
    state, pending = known.subscriptions[key], known.pending.get(key)
    if state is SubscriptionState.PENDING and pending is not None and pending.confirm_by < known.now:
        return SubscriptionState.UNSUBSCRIBED
    return state


@dataclass(frozen=True, slots=True)
class InTier(Clause):
    """The contact is in one of these tiers; `none` is one, too."""

    tiers: frozenset[str]

    @property
    def topics(self) -> frozenset[Topic]:
        """The tier."""
        return frozenset({Topic.TIER})

    def judged(self, known: Known) -> Verdict:
        """Look at the tier."""
        return Verdict(self.seen(known) in self.tiers)

    def seen(self, known: Known) -> JsonValue:
        """Return the tier."""
        return known.tier or NONE

    def wanted(self) -> str:
        """Say which."""
        return f"is {' or '.join(sorted(self.tiers))}"


@dataclass(frozen=True, slots=True)
class Holds(Clause):
    """What a wallet holds is as wanted: `available`, `pending`, `held` or `debt`."""

    account: str
    comparison: Comparison
    unit: int
    """How many millionths of the currency's whole unit a minor unit is: 10,000 of cents."""

    @property
    def topics(self) -> frozenset[Topic]:
        """The wallet."""
        return frozenset({Topic.WALLET})

    def judged(self, known: Known) -> Verdict:
        """Compare it exactly."""
        return Verdict(self.comparison.holds(self._amount(known)), known.credit.changes_at)

    def _amount(self, known: Known) -> int:
        credit = known.credit
        minor = {
            "available": credit.available_minor,
            "pending": credit.pending_minor,
            "held": credit.held_minor,
            "debt": credit.debt_minor,
        }[self.account]
        return minor * self.unit

    def seen(self, known: Known) -> JsonValue:
        """Return the amount, in whole units of the currency."""
        return plain(self._amount(known))

    def wanted(self) -> str:
        """Say the comparison."""
        return str(self.comparison)


@dataclass(frozen=True, slots=True)
class IsIn(Clause):
    """The contact is in another audience."""

    audience: str

    @property
    def audiences(self) -> frozenset[str]:
        """The other one."""
        return frozenset({self.audience})

    def judged(self, known: Known) -> Verdict:
        """Look there; when it changes this is judged again."""
        return Verdict(self.audience in known.audiences)

    def seen(self, known: Known) -> JsonValue:
        """Return whether the contact is in it."""
        return self.audience in known.audiences

    def wanted(self) -> str:
        """Say so."""
        return "is true"
