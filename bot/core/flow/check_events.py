"""Events that flows wait for and nobody tells: a slip in a name is heard by nobody, and never comes."""

from collections.abc import Collection, Iterator

from bot.core.errors import FlowError
from bot.core.flow import compiled
from bot.core.flow.check_flow import Complaint
from bot.core.flow.compiled import Flow
from bot.core.flow.parse import suggestion
from bot.core.flow.reader import Mark
from bot.core.own_events import OURS
from bot.core.past import REWARD_USED
from bot.core.tracking.commerce import OF_ORDERS
from bot.core.tracking.message import GROUP_JOINED, PAGE_VIEWED, SCREEN_VIEWED
from bot.core.tracking.sessions import APP_STARTED

_TOLD = OURS | OF_ORDERS | {REWARD_USED, GROUP_JOINED, PAGE_VIEWED, SCREEN_VIEWED, APP_STARTED}
"""What nobody has to write down: our own events, and what the shop API and sources tell by these names."""


def events_unknown(flow: Flow, known: Collection[str], *, is_planned: bool) -> Iterator[Complaint]:
    """Warn of events that are neither our own nor `known` from the program's files.

    A name like no other is the shop's own affair, unless it wrote down (`is_planned`) which events come.
    """
    spelt = {name.lower(): name for name in (*_TOLD, *known)}
    for name, mark in _awaited(flow):
        if name == spelt.get(name.lower()):
            continue
        meant = suggestion(name, spelt)
        if meant is None and not is_planned:
            continue
        near = f"did you mean '{spelt[meant]}'? " if meant else ""
        remedy = f"{near}name it in flows/events.yaml if your systems tell it"
        yield Complaint(
            FlowError(flow.file, *mark, f"nobody tells of an event '{name}'", remedy), is_warning=True
        )


def _awaited(flow: Flow) -> Iterator[tuple[str, Mark]]:
    """What a flow starts on, ends on, counts as its goal or waits for."""
    for starter in flow.starters:
        if isinstance(starter, compiled.EventStarter):
            yield starter.event, starter.mark
    for goal in flow.goals:
        yield goal.event, goal.mark
    for one in flow.exits:
        yield one.event, one.mark
    for step in flow.steps:
        if isinstance(step, compiled.WaitFor):
            for event in sorted(step.events):
                yield event, step.mark
