"""How a read-out of an experiment is shown, and how experiments and notes are."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.conversation.experimenting import Result
from bot.core.contact import JsonValue
from bot.core.experiments.experiment import PARTS, Experiment
from bot.core.experiments.intervals import Interval
from bot.core.experiments.reading import REVENUE, Effect, Observed
from bot.core.local_time import zone_of
from bot.storage.experiments import Note


def shown(result: Result, now: datetime, *, exponent: int, price: str, zone: str) -> Iterator[str]:
    """A read-out, a line for each thing that is to be known."""
    read, experiment = result.read, result.read.experiment
    title = f"  {experiment.title}" if experiment.title else ""
    yield f"{experiment.name}  {state(experiment, now, zone)}{title}"
    if experiment.hypothesis:
        yield f"  Hypothesis: {experiment.hypothesis}"
    if result.first_at is not None and result.last_at is not None:
        yield f"  Met from {result.first_at:%Y-%m-%d} to {result.last_at:%Y-%m-%d}."
    yield ""
    yield from _table(result, exponent)
    yield ""
    if read.is_blocked:
        told = chance(read.sample_ratio)
        yield f"  BLOCKED: the arms did not get the contacts that their shares promise (chance {told})."
        yield "  Whoever is missing in one arm is not missing by chance: find out why before you compare."
        return
    yield f"  The arms are as even as their shares promise (chance {chance(read.sample_ratio)})."
    yield from _effects(result, now, exponent)
    if read.needed is not None:
        smallest = f"{experiment.minimum_effect:.1%}"
        yield f"  To find a difference of {smallest}, each arm needs {read.needed:,} contacts."
    if result.otherwise:
        yield f"  {result.otherwise:,} met it under other shares: they keep their arm and are not compared."
    if any(one.segments for one in read.observed):
        yield f"  A segment costs {price}."
    verdict = result.verdict
    yield f"  {f'`{verdict.arm}`: ' if verdict.arm else ''}{verdict.why}."


def _table(result: Result, exponent: int) -> Iterator[str]:
    observed = [*result.read.observed, *([result.held_out] if result.held_out.contacts else [])]
    measures = list(observed[0].measures) or list(
        next((one.measures for one in observed if one.measures), {})
    )
    width = max(len(one.arm) for one in observed) + 2
    columns = [_titled(one) for one in measures]
    yield (
        f"  {'arm':<{width}}{'contacts':>10}"
        + "".join(f"{one:>{max(14, len(one) + 2)}}" for one in columns)
        + (f"{'segments':>10}" if any(one.segments for one in observed) else "")
    )
    for one in observed:
        cells = [
            f"{_mean(one, measure, exponent):>{max(14, len(title) + 2)}}"
            for measure, title in zip(measures, columns, strict=True)
        ]
        segments = f"{one.segments:>10,}" if any(each.segments for each in observed) else ""
        yield f"  {one.arm:<{width}}{one.contacts:>10,}{''.join(cells)}{segments}"


def _effects(result: Result, now: datetime, exponent: int) -> Iterator[str]:
    experiment = result.read.experiment
    is_settled = experiment.is_settled(now)
    for effect in result.read.effects:
        lift = f" ({effect.lift:+.1%} of the first arm's)" if effect.lift is not None else ""
        yield (
            f"  {_titled(effect.measure)}, {effect.arm} against {experiment.baseline}: "
            f"{_valued(effect, effect.difference, exponent)}{lift}"
        )
        yield f"      at any time    {_interval(effect, effect.always_valid, exponent)}"
        when = "" if is_settled else "  (to be looked at once, at its end)"
        yield f"      fixed horizon  {_interval(effect, effect.fixed, exponent)}{when}"


def _interval(effect: Effect, interval: Interval | None, exponent: int) -> str:
    if interval is None:
        return "too few to say"
    low, high = (_valued(effect, value, exponent) for value in (interval.low, interval.high))
    return f"{low} to {high}{'  clear' if interval.is_above or interval.is_below else ''}"


def _valued(effect: Effect, value: float, exponent: int) -> str:
    if effect.measure == REVENUE:
        return f"{value / 10**exponent:+.{exponent}f} a contact"
    return f"{value * 100:+.2f} points"


def _mean(observed: Observed, measure: str, exponent: int) -> str:
    moments = observed.measures.get(measure)
    if moments is None or not moments.contacts:
        return "-"
    if measure == REVENUE:
        return f"{moments.mean / 10**exponent:.{exponent}f}"
    return f"{moments.mean:.2%}"


def _titled(measure: str) -> str:
    return {"revenue": "revenue", "opted_out": "opted out"}.get(measure, measure)


def chance(value: float) -> str:
    """A chance as it is told."""
    return f"{value:.3f}" if value >= 0.001 else "below 0.001"  # noqa: PLR2004  three digits


def state(experiment: Experiment, now: datetime, zone: str) -> str:
    """Where it stands, in a word or two; its last day is one of the shop's."""
    if experiment.decided is not None:
        return f"decided: {experiment.decided}"
    if experiment.is_over(now):
        return "ended, not decided"
    if experiment.ends_at is None:
        return "open"
    last = (experiment.ends_at - timedelta(microseconds=1)).astimezone(zone_of(zone))
    return f"until {last:%Y-%m-%d}"


def noted(note: Note) -> str:
    """A note in a line."""
    arm = f" `{note.facts['arm']}`" if "arm" in note.facts else ""
    facts = "; ".join(
        f"{name}: {said}" for name, said in note.facts.items() if name not in {"arm", "hypothesis"}
    )
    return (
        f"  {note.at:%Y-%m-%d} {note.actor}, {note.kind}{arm}: {note.words}{f' [{facts}]' if facts else ''}"
    )


def described(experiment: Experiment) -> dict[str, JsonValue]:
    """An experiment, as JSON."""
    return {
        "name": experiment.name,
        "title": experiment.title,
        "hypothesis": experiment.hypothesis,
        "arms": {arm.name: arm.share / PARTS for arm in experiment.arms},
        "layer": experiment.layer,
        "ends_at": experiment.ends_at.isoformat() if experiment.ends_at else None,
        "decided": experiment.decided,
    }


def as_json(result: Result) -> dict[str, JsonValue]:
    """A read-out, as JSON."""

    def interval(one: Interval | None) -> JsonValue:
        return [one.low, one.high] if one is not None else None

    read = result.read
    arms: list[JsonValue] = [
        {
            "arm": one.arm,
            "contacts": one.contacts,
            "measures": {name: moments.mean for name, moments in one.measures.items()},
            "segments": one.segments,
        }
        for one in (*read.observed, result.held_out)
    ]
    effects: list[JsonValue] = [
        {
            "measure": one.measure,
            "arm": one.arm,
            "difference": one.difference,
            "lift": one.lift,
            "always_valid": interval(one.always_valid),
            "fixed": interval(one.fixed),
        }
        for one in read.effects
    ]
    return {
        "experiment": described(read.experiment),
        "arms": arms,
        "sample_ratio": read.sample_ratio,
        "blocked": read.is_blocked,
        "effects": effects,
        "verdict": {"arm": result.verdict.arm, "why": result.verdict.why},
        "under_other_shares": result.otherwise,
    }
