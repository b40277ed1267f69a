"""The way to a step: what was decided where the flow parts around it, and by which values."""

from collections.abc import Iterator, Mapping, Sequence

from bot.core.audiences.audience import Explained
from bot.core.contact import JsonValue
from bot.core.flow import compiled
from bot.core.flow.compiled import Flow, Step
from bot.core.flow.evaluations import Evaluation
from bot.core.flow.records import Record
from bot.core.flow.template import TemplateFailed


def way_there(flow: Flow, record: Record, step: Step) -> Iterator[Explained]:
    """Say of each parting around a step whether it led there, outermost first.

    By what was recorded of it; else of an `if`, as far as the newest run keeps what it looks at.
    """
    kept: Mapping[str, JsonValue] = record.runs[0].run.variables if record.runs else {}
    for one in flow.steps:
        depth = len(one.path)
        if len(step.path) <= depth or step.path[:depth] != one.path:
            continue
        wanted = _wanted(one, step.path[depth:])
        if wanted is None:
            continue
        recorded = record.evaluated(one.id)
        if recorded is not None:
            yield _recorded(one, recorded, wanted)
        elif isinstance(one, compiled.If):
            yield from _kept(one, kept, is_else=wanted == "else")


def said(one: Step) -> str:
    """Say what a parting asks."""
    if isinstance(one, compiled.If):
        return f"if: {one.condition.source}"
    return f"split: {one.experiment}" if isinstance(one, compiled.Split) else "paths"


def _wanted(one: Step, inside: Sequence[str | int]) -> str | None:
    """Return what is recorded at a parting of who goes this way; None where it is none."""
    match one, [*inside]:
        case compiled.If(), ["then" | "else" as way, *_]:
            return str(way)
        case compiled.Paths(), ["paths", int(number), "then", *_]:
            return f"way {number + 1}"
        case compiled.Paths(), ["paths", int(), "else", *_]:
            return "else"
        case compiled.Split(), ["arms", str(name), *_]:
            return f"arm {name}"
    return None


def _recorded(one: Step, recorded: Evaluation, wanted: str) -> Explained:
    is_if = isinstance(one, compiled.If)
    seen: JsonValue = dict(recorded.facts) if is_if and recorded.facts else recorded.verdict
    instead = "that it does not hold" if is_if and wanted == "else" else "" if is_if else wanted
    return Explained(said(one), one.mark.line, recorded.verdict == wanted, seen=seen, wanted=instead)


def _kept(one: compiled.If, kept: Mapping[str, JsonValue], *, is_else: bool) -> Iterator[Explained]:
    names = [variable.path for variable in one.condition.variables]
    if any(path[0] not in kept for path in names):
        return
    try:
        holds = one.condition.holds(kept) is not is_else
    except TemplateFailed:
        return
    seen: dict[str, JsonValue] = {".".join(map(str, path)): _at(kept, path) for path in names}
    wanted = "that it does not hold" if is_else else ""
    yield Explained(said(one), one.mark.line, holds, seen=seen, wanted=wanted)


def _at(kept: Mapping[str, JsonValue], path: Sequence[str | int]) -> JsonValue:
    value: object = kept
    for name in path:
        value = value.get(str(name)) if isinstance(value, Mapping) else None
    return value if isinstance(value, (str, int, float, bool)) else None
