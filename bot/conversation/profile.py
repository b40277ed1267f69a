"""All that is known of a contact beside what it said and has: traits, figures, audiences, what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.audiences import since_of
from bot.core.audiences.figures import Figures
from bot.core.audiences.traits import NOTHING, TraitState, folded, value
from bot.core.contact import JsonValue
from bot.storage import latest_events, members, traits
from bot.storage.driver import Connection
from bot.storage.latest_events import LatestEvent
from bot.storage.traits import Wanted


@dataclass(frozen=True, slots=True)
class Profile:
    """Computed traits as they are now, audiences with since when, and the latest events, newest first."""

    computed: Mapping[str, JsonValue]
    audiences: Mapping[str, datetime]
    events: Sequence[LatestEvent]


async def profile(
    connection: Connection, figures: Figures, contact_id: str, now: datetime, *, events: int
) -> Profile:
    """Look at a contact and who was joined to it, with so many `events`; nothing is written."""
    own = await members.of_contact(connection, contact_id)
    return Profile(
        await _computed(connection, figures, contact_id, now),
        {
            name: one.since_at
            for name, one in sorted(own.items())
            if one.is_in and name in figures.audiences.audiences
        },
        await latest_events.latest(connection, contact_id, events),
    )


async def _computed(
    connection: Connection, figures: Figures, contact_id: str, now: datetime
) -> dict[str, JsonValue]:
    """Named figures; those that are not kept, or good no longer, are made of the events."""
    rules = {key: rule for key, rule in sorted(figures.rules.items()) if rule.name is not None}
    if not rules:
        return {}
    kept = await traits.kept(connection, contact_id, ",".join(figures.stored[key] for key in rules))
    states: dict[str, TraitState] = {}
    for key in rules:
        stored = figures.stored[key]
        state = kept.states.get(stored, NOTHING if stored in kept.built else None)
        if state is not None and (state.good_until is None or state.good_until > now):
            states[key] = state
    over = [rule for key, rule in rules.items() if key not in states]
    wanted = [Wanted(contact_id, event, since_of(rule, now)) for rule in over for event in rule.events]
    happened = await traits.happened(connection, wanted)
    for rule in over:
        of_rule = [one for event in rule.events for one in happened[contact_id, event]]
        states[rule.key] = folded(rule, of_rule, now)
    return {key: value(rule, states[key], now) for key, rule in rules.items()}
