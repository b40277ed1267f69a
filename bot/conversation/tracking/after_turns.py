"""What turns change of sessions and traits: an opened mini program, and contacts who turned out to be one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bot.conversation.tracking.sessions import settle_late, settle_whole
from bot.core.audiences.rule import Happened
from bot.core.contact import Event, JsonValue
from bot.core.deeds.left import LeftBehind
from bot.core.tracking.sessions import ACTIVITIES, SESSION_STARTED, Seen, seen
from bot.core.tracking.told_fields import with_fields
from bot.core.tracking.told_traits import KnownTraits, Times, both
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.storage import activity, rows, tracking
from bot.storage.driver import Connection

_ACTIVE = frozenset(ACTIVITIES)


class Hears(Protocol):
    """Says who listens: see `bot.conversation.batch.Decider`."""

    def hears(self, turn: Turn, event_name: str) -> bool:
        """Whether a flow starts on the event, or a run of the contact waits for it."""


@dataclass(slots=True)
class Sessions:
    """What figures of contacts are to be kept current with, as `KeepCurrent` is told."""

    happened: dict[str, list[Happened]] = field(default_factory=dict)
    anew: dict[str, tuple[str, ...]] = field(default_factory=dict)


async def after_turns(connection: Connection, turns: Sequence[Turn], decider: Hears) -> Sessions:
    """Keep sessions and traits current with turns that are written, in their transaction."""
    sessions = Sessions()
    active = {turn.contact.id: turn for turn in turns if any(map(_is_active, turn.effects.events))}
    if active:
        await _go_on(connection, active, decider, sessions)
    for turn in turns:
        if turn.trigger.kind is TriggerKind.JOINED:
            await _join(connection, turn, str(turn.trigger.payload["loser"]), sessions)
        elif turn.effects.revived is not None:
            for contact in (turn.contact.id, turn.effects.revived):
                await _settle_whole(connection, contact, sessions)
    return sessions


def _is_active(event: Event) -> bool:
    return event.name in _ACTIVE


async def _go_on(connection: Connection, active: dict[str, Turn], decider: Hears, sessions: Sessions) -> None:
    standing = await tracking.standing(connection, active=active, told=(), heard=(), events=())
    seen_of: dict[str, Seen] = {}
    for contact, turn in active.items():
        instants = [event.at for event in turn.effects.events if event.name in _ACTIVE]
        seen_of[contact] = seen(standing.activity.get(contact), instants)
    started = [(contact, at) for contact, one in seen_of.items() for at in one.started]
    activities = [tracking.activity_row(contact, one.activity) for contact, one in sorted(seen_of.items())]
    await connection.write_all(
        [
            (tracking.EVENT, [activity.session_row(*one) for one in started]),
            (tracking.ACTIVITY, activities),
        ]
    )
    late = {contact: one.late for contact, one in seen_of.items() if one.late}
    if late:
        settled = await settle_late(connection, late, {one: seen_of[one].activity for one in late})
        sessions.anew |= dict.fromkeys(settled.moved, (SESSION_STARTED,))
        started += [(contact, at) for contact, instants in settled.started.items() for at in instants]
    triggers = []
    for contact, at in started:
        identity = activity.session_id(contact, at)
        if contact not in sessions.anew:
            sessions.happened.setdefault(contact, []).append(Happened(identity, SESSION_STARTED, at, {}))
        if decider.hears(active[contact], SESSION_STARTED):
            triggers.append(rows.trigger_row(contact, session_trigger(identity, at), state="new"))
    await connection.write(tracking.TRIGGER, triggers)


async def _join(connection: Connection, turn: Turn, other: str, sessions: Sessions) -> None:
    """Let sessions and traits be as if the two had always been one."""
    contact = turn.contact
    times = await tracking.known_times(connection, [contact.id, other])
    if other in times:
        left = turn.needed("left_by", f"{other} {turn.trigger.payload['join']}")
        assert isinstance(left, LeftBehind), "whoever was joined has left"
        mine, theirs = times.get(contact.id, Times()), times[other]
        fields = both(mine.fields, theirs.fields)
        before = turn.snapshot.contact.attributes  # by now it has all of the other's that it had not
        traits = both(KnownTraits(before, mine.of), KnownTraits(left.contact.attributes, theirs.of))
        joined = replace(contact, attributes=traits.traits)
        joined = with_fields(joined, [mine.fields, theirs.fields], fields)
        await tracking.write_traits(connection, {contact.id: (joined, Times(traits.times, fields))})
        turn.contact = joined  # audiences are judged next, by what they know of it
    await _settle_whole(connection, contact.id, sessions)


async def _settle_whole(connection: Connection, contact: str, sessions: Sessions) -> None:
    if await settle_whole(connection, contact):
        sessions.anew[contact] = (SESSION_STARTED,)


def session_trigger(event_id: str, at: datetime) -> Trigger:
    """Return the trigger by which flows hear that a session began."""
    payload: dict[str, JsonValue] = {"name": SESSION_STARTED, "properties": {}}
    return Trigger(f"event:session/{event_id}", TriggerKind.EVENT, at, payload)
