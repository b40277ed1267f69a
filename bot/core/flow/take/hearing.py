"""What runs that wait hear: events and messages that move them on, and events that end them."""

from dataclasses import dataclass, replace

from bot.core.contact import Event, JsonValue
from bot.core.flow import compiled
from bot.core.flow.run import LISTENS, Wait, events_of
from bot.core.flow.walk import Walk
from bot.core.keywords import normalise

_BEST = "best"


@dataclass(frozen=True, slots=True)
class Heard:
    """What an inbound message was routed as, for the runs that listen without consuming it.

    Without `is_text` nothing was written: somebody opted in another way, which is heard where that is asked.
    """

    text: str
    category: str | None = None
    group: str | None = None
    is_text: bool = True


def ends(walk: Walk, event: Event) -> bool:
    """Whether the event is an exit of the flow that the run began in."""
    return any(one.event == event.name and one.where.holds(event.properties) for one in walk.exits)


def find(step: compiled.WaitFor, what: Event | Heard) -> int | None:
    """Return which of the things that a step waits for this is; None: none."""
    return next((number for number, wanted in enumerate(step.wanted) if _is_wanted(wanted, what)), None)


def best(wait: Wait) -> int | None:
    """Return which came of those of which the best is taken; None: none did."""
    known = wait.facts.get(_BEST)
    return known if isinstance(known, int) else None


def still_best(wait: Wait, before: Wait) -> Wait:
    """Return a wait with what came already to one that it takes the place of, if that heard the same."""
    known = best(before)
    names, names_before = (events_of(one.kind, one.facts) or frozenset() for one in (wait, before))
    is_same = names <= names_before and wait.facts.get(LISTENS) == before.facts.get(LISTENS)
    return replace(wait, facts={**wait.facts, _BEST: known}) if known is not None and is_same else wait


def is_better(wait: Wait, found: int) -> bool:
    """Whether it stands higher than what came before, where the best is taken."""
    known = best(wait)
    return known is None or found < known


def keep(walk: Walk, step: compiled.WaitFor, found: int, what: Event | Heard) -> None:
    """Remember what came; where the best is taken, go on standing there."""
    wait, wanted = walk.run.wait, step.wanted[found]
    assert wait is not None, "it waits for this"
    walk.count("heard")
    if len(step.wanted) > 1:
        walk.count(f"way {found + 1}")
    if isinstance(what, Event):
        walk.keep("event", event_values(what))
        if wanted.save_as is not None:
            walk.keep(wanted.save_as, dict(what.properties))
    elif wanted.save_as is not None:
        walk.keep(wanted.save_as, {"text": what.text})
    if step.is_best:
        walk.wait = Wait(wait.kind, wait.step, wait.until, {**wait.facts, _BEST: found})


def event_values(event: Event) -> dict[str, JsonValue]:
    """Return what texts may name of an event."""
    return {**event.properties, "name": event.name, "at": event.at.isoformat()}


def _is_wanted(wanted: compiled.Wanted, what: Event | Heard) -> bool:
    if isinstance(what, Event):
        return wanted.event == what.name and wanted.where.holds(what.properties)
    if wanted.event is not None or (wanted.category is None and not what.is_text):
        return False
    return (
        (wanted.group is None or wanted.group == what.group)
        and (wanted.category is None or wanted.category == what.category)
        and (not wanted.keywords or normalise(what.text) in wanted.keywords)
    )
