"""What follows from a turn: triggers for the events that some flow starts on or waits for."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.conversation.conversation import Decider
from bot.conversation.work import Result, Work
from bot.core.triggers import LATE, Trigger, TriggerKind
from bot.core.turn import Turn

CHAIN_MAX = 5
"""How many events may cause one another before we stop: a flow that starts on its own event never would."""


_logger = structlog.get_logger(__name__)


def follow_ups(turn: Turn, decider: Decider) -> list[Trigger]:
    """Triggers for the events of a turn that some flow starts on or waits for.

    A chain of events that cause one another ends after `CHAIN_MAX` links.
    """
    if not turn.effects.events:
        return []
    depth = turn.trigger.payload.get("depth", 0)
    assert isinstance(depth, int), "we count it ourselves"
    wanted = [
        event
        for event in turn.effects.events
        if turn.now - event.at <= LATE and decider.hears(turn, event.name)
    ]
    if wanted and depth >= CHAIN_MAX:
        _logger.error("event_chain_too_long", contact=turn.contact.id, events=[one.name for one in wanted])
        return []
    cause = hashlib.sha256(turn.trigger.key.encode()).hexdigest()[:24]
    return [
        Trigger(
            key=f"event:{cause}#{number}",
            kind=TriggerKind.EVENT,
            at=turn.now,
            payload={
                "name": event.name,
                "properties": dict(event.properties),
                "depth": depth + 1,
                # Not `in`: two events may say the same.
                "credited": any(event is credited for credited in turn.effects.credited),
            },
            event=event,
        )
        for number, event in enumerate(wanted)
    ]


def with_follow_ups(
    results: Sequence[Result | None], stored: Sequence[tuple[str, Trigger]]
) -> list[Result | None]:
    """Add triggers that were stored, by contact, to what becomes of their turns, so that they come next."""
    if not stored:
        return list(results)
    works: dict[str, list[Work]] = {}
    for contact, trigger in stored:
        works.setdefault(contact, []).append(Work(trigger, contact_id=contact, is_stored=True))
    return [
        replace(result, follow_ups=(*result.follow_ups, *works.pop(result.contact_id, ())))
        if result is not None
        else None
        for result in results
    ]
