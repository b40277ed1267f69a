"""Where a flow speaks of an answer that nobody gave: it would send a text with a hole in it."""

from collections.abc import Iterable, Iterator

from bot.core.flow import compiled
from bot.core.flow.check_flow import Complaint, ahead, complaint, successors
from bot.core.flow.compiled import Flow, Step, Target
from bot.core.flow.template import Text

_Path = tuple[str, ...]
_REMEDIES = {
    "an answer that is no use": "add `else:` with what to say then, and `end`",
    "silence": "add `on_silence:`, for example `on_silence: end`",
    "SKIP": "write `skip: false`, or ask with `if` whether there is an answer",
}


def unanswered(flow: Flow) -> Iterator[Complaint]:
    """Warn of questions whose answer is used later on a way that leads there without one."""
    for step in flow.steps:
        if not isinstance(step, compiled.Question) or step.save is None:
            continue
        for cause, way in _ways_out(step):
            used = _first_use(flow, way, step.save)
            if used is not None:
                line = used.mark.line
                problem = f"after {cause}, line {line} uses '{_name(step.save)}', which has no value then"
                yield complaint(flow, step, problem, _REMEDIES[cause], is_warning=True)
                break


def _ways_out(step: compiled.Question) -> Iterator[tuple[str, str | None]]:
    """Where the question leads without an answer, the likeliest first."""
    if not isinstance(step, compiled.Ask) or step.expect != "any":  # that takes all but nothing
        yield "an answer that is no use", step.on_other
    if step.within is not None:
        yield "silence", step.on_silence
    if isinstance(step, compiled.Ask) and step.skip:
        yield "SKIP", step.next


def _first_use(flow: Flow, way: str | None, answer: Target) -> Step | None:
    path = _path(answer)

    def past(step: Step) -> Iterable[str | None]:
        return () if _asks_about(step, path) or _sets(step, answer) else successors(step)

    return next((step for step in ahead(flow, [way], past) if _uses(step, path)), None)


def _uses(step: Step, path: _Path) -> bool:
    if isinstance(step, compiled.Choose) and step.source[: len(path)] == path:
        return True
    return any(text.writes_bare(path) for text in _texts(step))


def _texts(step: Step) -> Iterator[Text]:
    match step:
        case compiled.Say():
            yield step.wording.source
        case compiled.Question():
            yield step.wording.source
            if isinstance(step, compiled.Choose):
                yield from (option.label.source for option in step.options)
        case compiled.Do() | compiled.Call():
            yield from (value.text for _, value in step.arguments if value.text is not None)


def _asks_about(step: Step, path: _Path) -> bool:
    """Whether the author thought of it: an `if` on the answer."""
    return isinstance(step, compiled.If) and any(
        variable.path[: len(path)] == path for variable in step.condition.variables
    )


def _sets(step: Step, answer: Target) -> bool:
    match step:
        case compiled.Question():
            return step.save == answer
        case compiled.Set():
            return any(target == answer for target, _ in step.values)
        case compiled.Do() | compiled.Offer():
            return not answer.of_member and step.save_as == answer.name
        case compiled.WaitFor():
            return not answer.of_member and answer.name in {one.save_as for one in step.wanted}
        case _:
            return False


def _path(answer: Target) -> _Path:
    return ("member", answer.name) if answer.of_member else (answer.name,)


def _name(answer: Target) -> str:
    return ".".join(_path(answer))
