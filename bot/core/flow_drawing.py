"""A flow drawn with its numbers: as lines of text for a terminal; `bot.core.flow_svg` draws the same."""

from collections.abc import Iterator, Mapping

from babel.numbers import get_currency_precision

from bot.core.deeds.goals import BROKEN, COMPLETED, ENDED, ENTRIES, window
from bot.core.flow.compiled import Flow
from bot.core.flow_outline import Place, Way, outline
from bot.core.flow_stats import FLOW, FlowStats, StepStats
from bot.core.message_figures import (
    CANCELED,
    CLICKED,
    DELIVERED,
    FAILED,
    HANDED,
    LEFT,
    REFUSED,
    REPLIED,
    SENT,
    UNDELIVERED,
)
from bot.core.money import money, number

_ANSWERS = (
    ("answered", "answered"),
    ("skipped", "skipped"),
    ("other", "not understood"),
    ("expired", "time was up"),
    ("heard", "heard"),
    ("problem", "could not be done"),
    ("failed", "broke"),
)
_DAY_SECONDS = 86_400


def lines(stats: FlowStats) -> Iterator[str]:
    """Draw the flow: heading, goals, then each step with what happened there and where it leads."""
    yield from heading(stats)
    yield ""
    for place in outline(stats.flow):
        bar = "│   " * place.depth
        yield f"{bar}{place.shape} {place.step.id}  {place.words}"
        for told in told_of(stats.step(place.step.id), stats.flow):
            yield f"{bar}│   {told}"
        for way in place.ways:
            yield f"{bar}├─ {way_said(way, stats.step(place.step.id))}"
        if not place.ways:
            yield f"{bar}│"
    yield "■ end"
    strays = _strays(stats)
    if strays:
        yield ""
        yield f"In steps that this revision has not: {', '.join(strays)}."


def heading(stats: FlowStats) -> Iterator[str]:
    """Say which flow, since when, who came and how it ended, and its goals."""
    flow, entered, whole = stats.flow, stats.step(FLOW), stats.whole
    revision = "all revisions" if stats.revision is None else f"revision {stats.revision}"
    since = f"since {stats.since}" if stats.since is not None else "since the beginning"
    yield (
        f"{flow.name}, {revision}, {since}: {flow.title}"
        if flow.title
        else f"{flow.name}, {revision}, {since}"
    )
    entries = entered.times(ENTRIES)
    told = [_many(entries, "entry", "entries"), f"{_said(whole.waiting)} waiting"]
    told += [f"{_said(entered.times(what))} {what}" for what in (COMPLETED, ENDED, BROKEN)]
    yield " · ".join(told)
    handed = _many(whole.times(HANDED), "message", "messages")
    yield f"{handed} handed over, {_many(whole.segments, 'segment', 'segments')}{_money(whole.cost_minor)}"
    for each, goal in enumerate(flow.goals):
        reached = whole.converted(each)
        within = window(goal).total_seconds() / _DAY_SECONDS
        share = _share(reached, entries, "of entries")
        name = "primary goal" if each == 0 else f"goal {each + 1}"
        brought = f"{_said(reached)}{share}{_money(whole.revenue(each))}"
        yield f"{name}: {goal.event} within {within:g} d: {brought}"


def told_of(step: StepStats, flow: Flow) -> list[str]:
    """Say what happened at a step, in a few lines; nothing of what did not."""
    return [line for line in _told(step, flow) if line]


def _told(step: StepStats, flow: Flow) -> Iterator[str]:
    handed = step.times(HANDED)
    yield _joined(
        [
            _count("entered", step.times("entered")),
            _count("waiting now", step.waiting),
            _count("sent", step.times(SENT)),
            _count("handed over", handed, step.times(SENT)),
            _count("delivered", step.times(DELIVERED), handed),
        ]
    )
    reached = [
        f"{goal.event} {_said(times)}{_share(times, handed)}{_money(step.revenue(each))}"
        for each, goal in enumerate(flow.goals)
        if (times := step.converted(each)) or step.revenue(each)
    ]
    yield _joined(
        [
            _count("replied", step.times(REPLIED), handed),
            _count("clicked", step.times(CLICKED), handed),
            _count("opted out", step.times(LEFT), handed),
        ]
    )
    yield _joined(reached)
    yield _joined([_count(said, step.times(what)) for what, said in _ANSWERS])
    if step.segments:
        yield f"{_many(step.segments, 'segment', 'segments')}{_money(step.cost_minor)}"
    yield _joined(
        [
            _reasons("held now", step.held),
            _reasons("refused", step.by(REFUSED)),
            _reasons("failed", step.by(FAILED)),
            _reasons("undelivered", step.by(UNDELIVERED)),
            _count("canceled", step.times(CANCELED)),
        ]
    )


def way_said(way: Way, step: StepStats) -> str:
    """Say where a way leads, and how often it was taken where that is counted."""
    often = f" {_said(step.times(way.counted))}" if way.counted else ""
    label = f"{way.label}{often} " if way.label and way.label != way.to else ""
    return f"{label}→ {way.to}"


def _strays(stats: FlowStats) -> list[str]:
    known = {FLOW, *stats.flow.by_id}
    return [
        f"{name} ({_said(one.times(SENT) or one.times('entered'))})"
        for name, one in sorted(stats.steps.items())
        if name not in known
    ]


def _count(said: str, times: int, of: int | None = None) -> str:
    return f"{said} {_said(times)}{_share(times, of) if of is not None else ''}" if times else ""


def _reasons(said: str, by: Mapping[str, int]) -> str:
    whole = sum(by.values())
    return (
        f"{said} {_said(whole)} ({', '.join(f'{why} {_said(n)}' for why, n in by.items())})" if whole else ""
    )


def _share(times: int, of: int, said: str = "") -> str:
    if not of:
        return ""
    return f" ({100 * times / of:.0f} %{f' {said}' if said else ''})"


def _money(amounts: Mapping[str, int]) -> str:
    told = [money(minor, code, _exponent(code), "en") for code, minor in amounts.items()]
    return f", {' + '.join(told)}" if told else ""


def _exponent(currency: str) -> int:
    return get_currency_precision(currency)


def _joined(parts: list[str]) -> str:
    return " · ".join(part for part in parts if part)


def _many(times: int, one: str, many: str) -> str:
    return f"{_said(times)} {one if times == 1 else many}"


def _said(times: int) -> str:
    return number(times, "en")


__all__ = ["Place", "heading", "lines", "told_of", "way_said"]
