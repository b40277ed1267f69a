"""Steps that wait: for a time, an event, a message."""

from datetime import datetime

from bot.core.contact import JsonValue
from bot.core.flow import compiled
from bot.core.flow.run import Wait, WaitKind
from bot.core.flow.schedule import Schedule
from bot.core.flow.walk import RunFails, Walk
from bot.core.local_time import instant_of, next_at, zone_of


def take_wait(walk: Walk, step: compiled.Wait) -> None:
    """Stand still for some time."""
    walk.wait = Wait(WaitKind.TIME, step.id, walk.since + step.duration)


def take_wait_until(walk: Walk, step: compiled.WaitUntil) -> str | None:
    """Stand still until an instant; go on where it has passed."""
    until = _instant(walk, step)
    if until <= walk.turn.now:
        return step.next
    walk.wait = Wait(WaitKind.TIME, step.id, until)
    return None


def take_wait_for(walk: Walk, step: compiled.WaitFor) -> None:
    """Stand still until something happens."""
    until = walk.since + step.within if step.within else None
    if step.event is not None:
        walk.wait = Wait(WaitKind.EVENT, step.id, until, {"event": step.event})
        return
    facts: dict[str, JsonValue] = {"group": step.group, "category": step.category}
    if step.keywords:
        facts["keywords"] = [*sorted(step.keywords)]
    walk.wait = Wait(WaitKind.INBOUND, step.id, until, facts)


def _instant(walk: Walk, step: compiled.WaitUntil) -> datetime:
    zone, now = walk.turn.contact.zone, walk.turn.now
    if step.text is not None:
        said = step.text.render(walk.context(), walk.turn.contact.locale)
        try:
            instant = datetime.fromisoformat(said)
        except ValueError as error:
            raise RunFails(f"'{said}' is no instant to wait for") from error
        return instant if instant.tzinfo else instant.replace(tzinfo=zone_of(zone))
    assert step.clock is not None
    if step.day is not None:
        return instant_of(step.day, step.clock, zone)
    if step.weekday is not None:
        return Schedule(step.clock, frozenset({step.weekday})).next_after(now, zone)
    return next_at(step.clock, zone, now)
