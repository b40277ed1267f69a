"""A flow's outline: its steps in order, what each is in a few words, and where it leads."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.flow import compiled
from bot.core.flow.compiled import Flow, Step
from bot.core.local_time import spelt_duration

END = "end"
WORDS_MAX = 52
_SHAPES: tuple[tuple[type[Step] | tuple[type[Step], ...], str], ...] = (
    (compiled.Sends, "●"),
    (compiled.Question, "◆"),
    (compiled.WAITS, "◷"),
    ((compiled.If, compiled.Split, compiled.Paths), "◇"),
)


@dataclass(frozen=True, slots=True)
class Way:
    """Where a step leads: `to` a step, or to the end; `counted` is the figure that says how often."""

    label: str
    to: str
    counted: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A step in the outline, so deep in others; `ways` without the one that only goes on to the next.

    `goes_on`: some way leads to what stands below.
    """

    step: Step
    depth: int
    shape: str
    words: str
    ways: tuple[Way, ...]
    goes_on: bool


def outline(flow: Flow) -> list[Place]:
    """Return the steps in the order of the file."""
    places, paths = [], {step.path for step in flow.steps}
    for number, step in enumerate(flow.steps):
        following = flow.steps[number + 1].id if number + 1 < len(flow.steps) else END
        every = ways_of(step)
        ways = tuple(way for way in every if way.label or way.to != following)
        goes_on = any(way.to == following for way in every)
        shape = next((shape for kinds, shape in _SHAPES if isinstance(step, kinds)), "○")
        depth = sum(step.path[:length] in paths for length in range(len(step.path)))
        places.append(Place(step, depth, shape, _words(step), ways, goes_on))
    return places


def ways_of(step: Step) -> list[Way]:
    """Return where a step may lead, the usual way first."""
    return [Way(label, to or END, counted) for label, to, counted in _ways(step)]


def _ways(step: Step) -> Iterator[tuple[str, str | None, str]]:  # noqa: C901, PLR0912  # a case for each kind
    match step:
        case compiled.If():
            yield "then", step.then, "then"
            yield "else", step.otherwise, "else"
        case compiled.Split():
            for arm, to in step.ways:
                yield arm, to or step.next, ""
        case compiled.Paths():
            for audience, to in step.ways:
                yield audience, to, ""
            yield "everybody else", step.otherwise, ""
        case compiled.WaitFor():
            for wanted in step.wanted:
                yield wanted.event or wanted.category or "a message", wanted.then, ""
            yield "none of it", step.on_silence, "expired"
        case compiled.Choose():
            for option in step.options:
                yield option.label.source.source[:WORDS_MAX], option.then, f"option {option.key}"
            yield from _of_question(step)
        case compiled.Question():
            yield "", step.next, ""
            yield from _of_question(step)
        case compiled.End():
            yield END, None, ""
        case compiled.Do() | compiled.Offer() if step.handles_problem:
            yield "", step.next, ""
            yield "cannot be done", step.on_problem, "problem"
        case compiled.Sends() if step.leaving.is_declared:
            yield "", step.next, ""
            leaving = (step.leaving.on_held, step.leaving.on_refused, step.leaving.on_failed)
            for label, to in zip(("held", "refused", "failed"), leaving, strict=True):
                if to != step.next:
                    yield label, to, ""
        case _:
            yield "", step.next, ""


def _of_question(step: compiled.Question) -> Iterator[tuple[str, str | None, str]]:
    if step.within is not None:
        yield "no answer", step.on_silence, "expired"
    yield "not understood", step.on_other, "gave_up"


def _words(step: Step) -> str:
    match step:
        case compiled.Say() | compiled.Question():
            kind = "say" if isinstance(step, compiled.Say) else step.kind
            return f"{kind} “{_short(step.wording.source.source)}”"
        case compiled.Email():
            return f"email “{_short(step.subject.source.source)}”"
        case compiled.Wait():
            return f"wait {spelt_duration(step.duration)}"
        case compiled.WaitFor():
            within = f" within {spelt_duration(step.within)}" if step.within is not None else ""
            return f"wait for {' or '.join(way.label for way in ways_of(step)[:-1])}{within}"
        case compiled.If():
            return f"if {_short(step.condition.source)}"
        case compiled.Split():
            return f"split {step.experiment}"
        case compiled.Do():
            return f"do {step.handler}"
        case compiled.Offer():
            return f"offer {step.offer}"
        case compiled.Call():
            return f"call {step.flow}"
        case compiled.Goto():
            return f"go to {step.next or END}"
        case _ if isinstance(step, compiled.WAITS):
            return "wait until"
        case _:
            return type(step).__name__.lower()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WORDS_MAX else f"{line[: WORDS_MAX - 1]}…"
