"""What can be wrong between flows and audiences: a name that audiences.yaml does not have."""

from collections.abc import Collection, Iterator

from bot.core.audiences.moves import AUDIENCE, ENTERED, EXITED
from bot.core.errors import FlowError
from bot.core.flow import compiled
from bot.core.flow.check_flow import Complaint
from bot.core.flow.compiled import Flow
from bot.core.flow.parse import suggestion


def audiences_unknown(flow: Flow, audiences: Collection[str]) -> Iterator[Complaint]:
    """Complain about starters that name an audience which is not there."""
    for starter in flow.starters:
        for name in _named(starter):
            if name not in audiences:
                problem, remedy = unknown(name, audiences)
                yield Complaint(FlowError(flow.file, *starter.mark, problem, remedy))


def unknown(name: str, audiences: Collection[str]) -> tuple[str, str]:
    """Say that there is no such audience, and what to do."""
    meant = suggestion(name, audiences)
    remedy = f"did you mean '{meant}'?" if meant else "define it there"
    return f"audiences.yaml has no audience '{name}'", remedy


def _named(starter: compiled.Starter) -> Iterator[str]:
    match starter:
        case compiled.ScheduleStarter(audience=str(name)):
            yield name
        case compiled.EventStarter(event=event) if event in {ENTERED, EXITED}:
            for clause in starter.where.clauses:
                if clause.path == (AUDIENCE,) and isinstance(clause.operand, str):
                    yield clause.operand
