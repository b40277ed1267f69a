"""What can be wrong between flows, audiences and computed traits: a name that their files do not have."""

from collections.abc import Collection, Iterable, Iterator

from bot.core.audiences.moves import AUDIENCE, ENTERED, EXITED
from bot.core.errors import FlowError
from bot.core.flow import compiled
from bot.core.flow.check_flow import Complaint
from bot.core.flow.compiled import Flow
from bot.core.flow.parse import suggestion
from bot.core.flow.reader import Mark
from bot.core.flow.season_file import Whole
from bot.core.flow.template import Condition, Text, Variable
from bot.core.loyalty.eligibility import conditions_in


def audiences_unknown(flow: Flow, audiences: Collection[str]) -> Iterator[Complaint]:
    """Complain about starters, exits and paths that name an audience which is not there."""
    for name, mark in audiences_named(flow):
        if name not in audiences:
            problem, remedy = unknown(name, audiences)
            yield Complaint(FlowError(flow.file, *mark, problem, remedy))


def audiences_named(flow: Flow) -> Iterator[tuple[str, Mark]]:
    """Give each audience that starters, exits and paths name, and where."""
    for starter in flow.starters:
        yield from ((name, starter.mark) for name in _named(starter))
    for way_out in flow.exits:
        yield from ((name, way_out.mark) for name in _moved(way_out))
    for step in flow.steps:
        if isinstance(step, compiled.Paths):
            yield from ((name, step.mark) for name, _ in step.ways)


def benefits_unknown(whole: Whole, audiences: Collection[str]) -> Iterator[FlowError]:
    """Complain of benefits of the program and its seasons that are for an audience which is not there."""
    for path, whom in conditions_in(whole.program):
        for name in whom.audience:
            if name not in audiences:
                yield whole.complaint((*path, "audience"), *unknown(name, audiences))


def figures_unknown(
    sources: Iterable[Text | Condition], audiences: Collection[str], traits: Collection[str]
) -> Iterator[Complaint]:
    """Complain about texts and conditions that name an audience or a computed trait which is not there."""
    for source in sources:
        for variable in source.variables:
            match variable.path:
                case ("contact", "traits", str(name), *_) if name not in traits:
                    yield _said(source, variable, *_trait_unknown(name, traits))
        for variable in source.contained:
            match variable.path:
                case ("contact", "audiences", str(name)) if name not in audiences:
                    yield _said(source, variable, *unknown(name, audiences))


def _said(source: Text | Condition, variable: Variable, problem: str, remedy: str) -> Complaint:
    return Complaint(FlowError(source.place.file, variable.line, variable.column, problem, remedy))


def _trait_unknown(name: str, traits: Collection[str]) -> tuple[str, str]:
    meant = suggestion(name, traits)
    remedy = f"did you mean '{meant}'?" if meant else f"define it there; what the shop told is member.{name}"
    return f"traits.yaml has no trait '{name}'", remedy


def unknown(name: str, audiences: Collection[str]) -> tuple[str, str]:
    """Say that there is no such audience, and what to do."""
    meant = suggestion(name, audiences)
    remedy = f"did you mean '{meant}'?" if meant else "define it there"
    return f"audiences.yaml has no audience '{name}'", remedy


def _named(starter: compiled.Starter) -> Iterator[str]:
    match starter:
        case compiled.ScheduleStarter(audience=str(name)):
            yield name
        case compiled.EventStarter():
            yield from _moved(starter)


def _moved(heard: compiled.EventStarter | compiled.Exit) -> Iterator[str]:
    for clause in heard.where.clauses if heard.event in {ENTERED, EXITED} else ():
        if clause.path == (AUDIENCE,) and isinstance(clause.operand, str):
            yield clause.operand
