"""What comes before a run is told that its message was handed over, kept for the wait that follows.

The contact has a message as soon as the provider took it; its run is told a moment later, or minutes. What is
answered meanwhile is heard once the run is told, as if it had been told at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.contact import Event, JsonValue
from bot.core.flow import compiled
from bot.core.flow.check_flow import successors
from bot.core.flow.compiled import Flow
from bot.core.flow.run import LISTENS, Wait, hearing
from bot.core.flow.take.hearing import Heard, find
from bot.core.flow.walk import Walk
from bot.core.ids import instant, microseconds

KEPT_MAX = 5
"""How much is kept: the latest of what came."""
_EARLY = "early"
_STANDS = (
    compiled.Wait,
    compiled.WaitUntil,
    compiled.WaitUntilDate,
    compiled.WaitForBestTime,
    compiled.Question,
    compiled.Call,
)


Places = Sequence[tuple[Flow, str | None]]
"""Where a run goes on after a message: in its flow (None: that is over), then in those that called it."""


def places_after(walk: Walk, step: compiled.Step) -> Places:
    """Return where the run goes on after a step."""
    callers = [(walk.flows.flow(one.flow, one.revision), one.step or None) for one in reversed(walk.outer)]
    return [(walk.flow, step.next), *((flow, step_id) for flow, step_id in callers if flow is not None)]


def that_hears(wait: Wait, places: Places) -> Wait:
    """Return the wait at a message so that it hears what the waits hear that may follow at once."""
    waits = [*_ahead(places)]
    wait = hearing(wait, {event for one in waits for event in one.events})
    listens = any(one.listens for one in waits)
    return replace(wait, facts={**wait.facts, LISTENS: True}) if listens else wait


def keep(walk: Walk, step: compiled.Sends, what: Event | Heard, at: datetime) -> bool:
    """Keep what came, if a wait that may follow hears it; the run goes on standing where it does."""
    wait = walk.run.wait
    assert wait is not None, "it stands at its message"
    if all(find(one, what) is None for one in _ahead(places_after(walk, step))):
        return False
    known = wait.facts.get(_EARLY)
    before = known if isinstance(known, list) else []
    walk.wait = replace(wait, facts={**wait.facts, _EARLY: [*before, _kept(what, at)][-KEPT_MAX:]})
    return True


def since(wait: Wait, handed_at: datetime) -> Iterator[tuple[datetime, Event | Heard]]:
    """Give what came since the message was handed over, and when, in order."""
    known = wait.facts.get(_EARLY)
    for kept in known if isinstance(known, list) else ():
        assert isinstance(kept, dict), "we keep it ourselves"
        came_at = _instant(kept["came_at"])
        if came_at >= handed_at:
            yield came_at, _what(kept)


def _ahead(places: Places) -> Iterator[compiled.WaitFor]:
    """Give the waits to which the run may come without a stop, whichever way it goes."""
    for flow, first in places:
        ahead, seen, ends = [first], set[str | None](), False
        while ahead:
            step_id = ahead.pop()
            step = flow.by_id.get(step_id) if step_id is not None else None
            if step is None or step_id in seen:
                ends = ends or step is None
                continue
            seen.add(step_id)
            if isinstance(step, compiled.WaitFor):
                yield step
            elif not _stops(step):
                ahead += successors(step)
        if not ends:
            return


def _stops(step: compiled.Step) -> bool:
    return isinstance(step, _STANDS) or (isinstance(step, compiled.Sends) and step.leaving.is_awaited)


def _kept(what: Event | Heard, at: datetime) -> dict[str, JsonValue]:
    came_at = microseconds(at)
    if isinstance(what, Heard):
        said: dict[str, JsonValue] = {"text": what.text, "category": what.category, "group": what.group}
        return {"came_at": came_at, **said, **({} if what.is_text else {"is_text": False})}
    properties: dict[str, JsonValue] = {**what.properties}
    return {"came_at": came_at, "event": what.name, "at": microseconds(what.at), "properties": properties}


def _what(kept: Mapping[str, JsonValue]) -> Event | Heard:
    if "event" not in kept:
        is_text = bool(kept.get("is_text", True))
        return Heard(str(kept["text"]), _text(kept["category"]), _text(kept["group"]), is_text)
    properties = kept["properties"]
    assert isinstance(properties, dict), "properties are by name"
    return Event(str(kept["event"]), _instant(kept["at"]), properties)


def _instant(value: JsonValue) -> datetime:
    assert isinstance(value, int), "an instant is a number"
    return instant(value)


def _text(value: JsonValue) -> str | None:
    return str(value) if value is not None else None
