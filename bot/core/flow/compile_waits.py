"""Compiles what steps wait for: things that happen, times, dates of the contact."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from bot.core.clicks import EVENT as CLICKED
from bot.core.contact import JsonValue
from bot.core.feedback import GIVEN
from bot.core.flow import compiled, plain_steps, steps
from bot.core.flow.complaints import Collector
from bot.core.flow.reader import Path
from bot.core.flow.schedule import weekday
from bot.core.flow.wait_parts import ThingWanted, Until
from bot.core.flow.where import Where, where
from bot.core.keywords import normalise
from bot.core.local_time import parse_clock

_UNTIL = "write 10:00, fri 10:00 or 2026-12-24 10:00"
Branch = Callable[[Sequence[plain_steps.StepBase] | None, compiled.Step, Path, str], str | None]
"""Compiles the steps of a branch (None: there is none) and returns where it begins."""


def wait_for(
    model: steps.WaitFor, base: compiled.Step, collector: Collector, flow: str, branch: Branch
) -> compiled.WaitFor:
    """Compile a `wait_for` of the flow."""
    wanted, path = model.wait_for, (*base.path, "wait_for")
    if wanted.several is None:
        things = [_wanted(wanted, base.next, path, collector, flow)]
    else:
        things = []
        for number, one in enumerate(wanted.several):
            inner: Path = ("any", number)
            then = branch(one.then, base, ("wait_for", *inner, "then"), f"any.{number + 1}.then")
            things.append(_wanted(one, then, (*path, *inner), collector, flow))
    return compiled.WaitFor(
        base.id,
        base.path,
        base.mark,
        base.next,
        wanted=tuple(things),
        is_best=wanted.take == "best",
        within=wanted.within,
        on_silence=branch(wanted.otherwise, base, ("wait_for", "else"), "else"),
    )


def _wanted(
    thing: ThingWanted, then: str | None, path: Path, collector: Collector, flow: str
) -> compiled.Wanted:
    inbound, event, fits = thing.inbound, thing.event, thing.where
    for ours, named in ((CLICKED, thing.click), (GIVEN, thing.answer)):
        if named is not None:
            event, fits = ours, {"flow": flow} if named is True else {"flow": flow, "step": named}
    return compiled.Wanted(
        event=event,
        where=compile_where(fits, (*path, "where"), collector),
        group=inbound.group if inbound else None,
        category=inbound.category if inbound else None,
        keywords=frozenset(map(normalise, (inbound.keyword or ()) if inbound else ())),
        save_as=thing.save,
        then=then,
    )


def compile_where(properties: Mapping[str, JsonValue], path: Path, collector: Collector) -> Where:
    """Compile what an event's properties must be."""
    try:
        return where(properties)
    except ValueError as error:
        collector.complain(path, str(error), "write a value, a list of values, or a comparison")
        return Where()


def wait_until(model: plain_steps.WaitUntil, base: compiled.Step, collector: Collector) -> compiled.Step:
    """Compile a `wait_until`."""
    common = (base.id, base.path, base.mark, base.next)
    path, until = (*base.path, "wait_until"), model.wait_until
    if isinstance(until, Until):
        if until.date is None:
            clock = _clock(until.fallback or "", (*path, "fallback"), collector)
            return compiled.WaitForBestTime(*common, clock)
        clock = _clock(until.at, (*path, "at"), collector)
        offset = (until.after or timedelta()) - (until.before or timedelta())
        return compiled.WaitUntilDate(*common, tuple(until.date.split(".")), clock, offset, until.past)
    if "{{" in until:
        return compiled.WaitUntil(*common, None, None, None, collector.text(until, path))
    try:
        clock, on_weekday, day = read_until(until)
    except ValueError as error:
        collector.complain_halves(path, error)
        return compiled.WaitUntil(*common, time(), None, None, None)
    return compiled.WaitUntil(*common, clock, on_weekday, day, None)


def _clock(text: str, path: Path, collector: Collector) -> time:
    try:
        return parse_clock(text)
    except ValueError as error:
        collector.complain_halves(path, error)
        return time()


def read_until(text: str) -> tuple[time, int | None, date | None]:
    """Read what a `wait_until` waits for: a clock, with a weekday (Monday 0) or a date before it.

    Raises:
        ValueError: with a sentence for the marketer.
    """
    words = text.split()
    if len(words) == 1:
        return parse_clock(words[0]), None, None
    if len(words) != 2:  # noqa: PLR2004  a day and a clock
        raise ValueError(f"'{text}' is no time; {_UNTIL}")
    clock = parse_clock(words[1])
    if words[0][:1].isdigit():
        try:
            return clock, None, datetime.strptime(words[0], "%Y-%m-%d").date()  # noqa: DTZ007  a civil date
        except ValueError as error:
            raise ValueError(f"'{words[0]}' is no date; {_UNTIL}") from error
    return clock, weekday(words[0]), None
