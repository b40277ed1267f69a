"""Computed traits and audiences of a turn's contact, right at the moment that somebody asks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.audiences.audience import Audience, Credit, Known, Topic
from bot.core.audiences.traits import NOTHING, Happened, TraitRule, TraitState, folded, merged, value
from bot.core.contact import JsonValue
from bot.core.deeds.tier_turns import tier_of
from bot.core.ids import microseconds
from bot.core.ledger.books import Books
from bot.core.loyalty.eligibility import AUDIENCE
from bot.core.turn import Turn

KEPT, HAPPENED = "figures", "happened"
"""What a turn asks for by these names: states by their stored keys, and events since an instant."""
NO_CREDIT = Credit()


@dataclass(frozen=True, slots=True)
class KeptFigures:
    """The states that are kept of a contact, by stored key; one of `built` that is missing has no events."""

    states: Mapping[str, TraitState]
    built: frozenset[str]


def audiences_of(turn: Turn) -> list[str]:
    """Return the audiences that the contact is in now, by name."""
    audiences = turn.shop.figures.audiences
    verdicts = audiences.judged(audiences.audiences, known(turn, audiences.audiences))
    return [name for name, verdict in verdicts.items() if verdict.is_in]


def is_in(turn: Turn, audience: str) -> bool:
    """Whether the contact is in an audience now; in none that there is not."""
    audiences = turn.shop.figures.audiences
    if audience not in audiences.audiences:
        return False
    names = with_named([audience], audiences.audiences)
    return audiences.judged(names, known(turn, names))[audience].is_in


def asked_in(turn: Turn, needs: Iterable[str]) -> frozenset[str]:
    """Return which of the audiences that conditions need the contact is in now; see `Eligibility.needs`."""
    named = (need.removeprefix(AUDIENCE) for need in needs if need.startswith(AUDIENCE))
    return frozenset(name for name in named if is_in(turn, name))


def trait_of(turn: Turn, name: str) -> JsonValue:
    """Return a computed trait by its name, as it is now; None where there is none of that name."""
    rule = turn.shop.figures.rules.get(name)
    if rule is None or rule.name is None:
        return None
    return value(rule, states_of(turn, [name])[name], turn.now)


def known(turn: Turn, names: Iterable[str], inside: frozenset[str] = frozenset()) -> Known:
    """Return all that these audiences look at; `inside` are those that the contact is in."""
    figures, names = turn.shop.figures, list(names)
    topics = figures.audiences.topics_of(names)
    return Known(
        contact=turn.contact,
        now=turn.now,
        traits=states_of(turn, figures.traits_of(names)),
        audiences=inside,
        subscriptions=turn.subscriptions,
        pending=turn.pending,
        tier=tier_of(turn) if Topic.TIER in topics else None,
        credit=credit_in(turn.books, turn.now) if Topic.WALLET in topics else NO_CREDIT,
    )


def states_of(turn: Turn, keys: Iterable[str]) -> dict[str, TraitState]:
    """Return states of figures by their keys, the events of this turn among them."""
    figures, keys = turn.shop.figures, sorted(keys)
    if not keys:
        return {}
    kept = turn.needed(KEPT, ",".join(figures.stored[key] for key in keys))
    assert isinstance(kept, KeptFigures)
    states, over = dict[str, TraitState](), list[TraitRule]()
    for key in keys:
        stored = figures.stored[key]
        state = kept.states.get(stored, NOTHING if stored in kept.built else None)
        if state is None or (state.good_until is not None and state.good_until <= turn.now):
            over.append(figures.rules[key])
        else:
            states[key] = state
    turn.need(*(asked_for(rule, event, turn) for rule in over for event in rule.events))
    for rule in over:
        states[rule.key] = folded(rule, _happened(turn, rule), turn.now)
    _add_own(turn, states)
    return states


def asked_for(rule: TraitRule, event: str, turn: Turn) -> str:
    """What a turn asks for to fold a figure anew: events of a name, since when they may count."""
    since = 0
    if rule.window is not None and not rule.steps:
        since = max(0, microseconds(turn.now - rule.window.begins))
    return f"{HAPPENED}/{since} {event}"


def credit_in(books: Books, now: datetime) -> Credit:
    """Return what a wallet holds now, and when that changes by itself."""
    balance = books.balance(now)
    ends = [ending.ends_at for ending in balance.endings if ending.ends_at is not None]
    changes = [*ends, *(part.active_from for part in balance.pending)]
    return Credit(
        available_minor=balance.available_minor,
        pending_minor=balance.pending_minor,
        held_minor=balance.held_minor,
        debt_minor=balance.debt_minor,
        changes_at=min((at for at in changes if at > now), default=None),
    )


def _happened(turn: Turn, rule: TraitRule) -> list[Happened]:
    found: list[Happened] = []
    for event in rule.events:
        name, _, argument = asked_for(rule, event, turn).partition("/")
        happened = turn.needed(name, argument)
        assert isinstance(happened, tuple)
        found += happened
    return found


def _add_own(turn: Turn, states: dict[str, TraitState]) -> None:
    """Let what happens in this turn count before it is written."""
    for number, event in enumerate(turn.effects.events):
        own = [Happened(f"now-{number}", event.name, event.at, event.properties)]
        for rule in turn.shop.figures.rules_of(event.name):
            if rule.key in states:
                states[rule.key] = merged(rule, states[rule.key], folded(rule, own, turn.now))


def with_named(names: Iterable[str], audiences: Mapping[str, Audience]) -> list[str]:
    """Return audiences and all that they name."""
    found = list(names)
    for name in found:  # grows while it is walked
        found += [one for one in audiences[name].condition.audiences if one not in found]
    return found
