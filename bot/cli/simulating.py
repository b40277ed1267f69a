"""`flows simulate` and `flows diff A B`: what flows would have done in the last weeks, before they do it."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import typer
from babel.numbers import get_currency_precision

from bot import app
from bot.cli.clock import now_of
from bot.cli.database import opened
from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.replaying import Message, Outcome, Rehearsals
from bot.cli.settings import read_settings
from bot.config import Settings
from bot.conversation.decide import Decisions
from bot.conversation.published_files import compiled
from bot.conversation.publishing import flow_of, read_folder
from bot.conversation.replaying import why_not
from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.flow.compiled import Flow, ScheduleStarter
from bot.core.local_time import parse_duration
from bot.core.money import money
from bot.storage import flow_records, revisions
from bot.storage.copying import Span
from bot.storage.driver import Database

_TEXT = 60


@dataclass(frozen=True, slots=True)
class Named:
    """A flow, and what it is called in the report."""

    name: str
    flow: Flow


async def simulate(name: str, history: str, *, is_json: bool, messages: bool) -> None:
    """Print what one flow would have done."""
    (one,), decisions = await _lived([name], history)
    if is_json:
        typer.echo(orjson.dumps(as_json(*one)).decode())
        return
    _show(*one)
    if messages:
        for line in _lines(one[1], decisions):
            typer.echo(line)


async def compare(names: Sequence[str], history: str, *, is_json: bool) -> None:
    """Print what two flows, or two revisions of one, would have done differently."""
    (first, second), _ = await _lived(names, history)
    told = difference(first[1], second[1])
    if is_json:
        told |= {"a": as_json(*first), "b": as_json(*second)}
        typer.echo(orjson.dumps(told).decode())
        return
    _show_both(first, second)
    typer.echo(sentence(told))


Lived = tuple[Named, Outcome]


async def _lived(names: Sequence[str], history: str) -> tuple[list[Lived], Decisions]:
    settings = read_settings(quiet=True)
    try:
        back = parse_duration(history)
    except ValueError as error:
        end(f"--history {history}: {error}", WRONG_USE)
    async with opened(settings) as database:
        decisions = await app.decisions(settings, database)
        found = [await _named(settings, database, name) for name in names]
        for one in found:
            _check(one, decisions)
        now = now_of(settings)
        with tempfile.TemporaryDirectory(prefix="regulars-") as folder:
            rehearsals = Rehearsals(settings, database, decisions, Span(now - back, now), Path(folder))
            return [(one, await rehearsals.of(one.flow)) for one in found], decisions


async def _named(settings: Settings, database: Database, name: str) -> Named:
    """The flow that is named: in force, a revision of it (`name@3`), or a file."""
    path = Path(name)
    if path.suffix == ".yaml":
        return Named(path.name, _of_file(settings, path))
    flow, _, number = name.partition("@")
    if number and not number.isdecimal():
        end(f"{name}: write a revision like {flow}@3", WRONG_USE)
    wanted = int(number) if number else await database.query(lambda c: flow_records.in_force(c, flow))
    stored = await database.query(lambda c: revisions.revision(c, flow, wanted)) if wanted else None
    found = compiled(stored) if stored is not None and stored.kind == "flow" else None
    if found is not None:
        return Named(f"{flow}@{found.revision}", found)
    file = settings.flows / f"{flow}.yaml"
    if number or not file.is_file():
        end(f"{name}: there is no such flow, neither in force nor in {settings.flows}", WRONG_USE)
    return Named(file.name, _of_file(settings, file))


def _of_file(settings: Settings, path: Path) -> Flow:
    try:
        folder = read_folder(path.absolute().parent, settings.locales)
        file = next((one for one in folder.files if one.name == path.stem), None)
        if file is None or file.kind != "flow":
            end(f"{path}: there is no such flow", WRONG_USE)
        return flow_of(file, folder)
    except FlowError as error:
        for each in (error, *error.others):
            typer.echo(str(each), err=True)
        end("mend the file first: `regulars flows check`", PROBLEMS)


def _check(one: Named, decisions: Decisions) -> None:
    reason = why_not(one.flow)
    if reason is not None:
        end(f"{one.name}: {reason}", WRONG_USE)
    known = decisions.shop.figures.audiences.audiences
    for starter in one.flow.starters:
        if isinstance(starter, ScheduleStarter) and starter.audience and starter.audience not in known:
            end(f"{one.name}: audience {starter.audience} is not published; `regulars flows push`", WRONG_USE)


# What it says


def _money(amount: Decimal, currency: str) -> str:
    exponent = get_currency_precision(currency)
    return money(round(amount * 10**exponent), currency, exponent, "en")


def as_json(named: Named, outcome: Outcome) -> dict[str, JsonValue]:
    """Everything of an outcome."""
    return {
        "flow": named.name,
        "since": outcome.span.since.isoformat(),
        "until": outcome.span.until.isoformat(),
        "lived": outcome.lived,
        "entries": len(outcome.doors.entered),
        "people": len(outcome.doors.people),
        "turned_away": dict(outcome.doors.reasons),
        "under_way": outcome.under_way,
        "as_of_today": list(outcome.as_of_today),
        "segments": outcome.segments,
        "cost": str(outcome.cost),
        "currency": outcome.price.currency,
        "failures": dict(outcome.failures),
        "messages": [_message(one) for one in outcome.messages],
    }


def _message(one: Message) -> dict[str, JsonValue]:
    return {
        "contact": one.contact,
        "step": one.step,
        "channel": one.channel,
        "text": one.text,
        "state": one.state,
        "reason": one.reason,
        "wanted_at": one.wanted_at.isoformat(),
        "sent_at": one.sent_at.isoformat() if one.sent_at else None,
        "segments": one.segments,
        "held_for": list(one.held_for),
    }


def difference(one: Outcome, other: Outcome) -> dict[str, JsonValue]:
    """What the second does that the first does not: people, sends, segments, money, moved sends."""
    before, after = one.doors.people, other.doors.people
    return {
        "people": len(after) - len(before),
        "only_in_a": len(before - after),
        "only_in_b": len(after - before),
        "sends": _count(other, _is_sent) - _count(one, _is_sent),
        "segments": other.segments - one.segments,
        "cost": str(other.cost - one.cost),
        "currency": one.price.currency,
        "moved": _count(other, _is_moved) - _count(one, _is_moved),
        "not_sent": _count(other, _is_lost) - _count(one, _is_lost),
    }


def sentence(told: Mapping[str, JsonValue]) -> str:
    """The difference in a line."""
    amount = Decimal(str(told["cost"]))
    apart = ("" if amount < 0 else "+") + _money(amount, str(told["currency"]))
    return (
        f"{told['people']:+} people ({told['only_in_b']} new, {told['only_in_a']} no more),"
        f" {told['sends']:+} sends, {told['segments']:+} segments, {apart},"
        f" {told['moved']:+} sends move, {told['not_sent']:+} are not sent"
    )


def _count(outcome: Outcome, fits: Callable[[Message], bool]) -> int:
    return sum(fits(one) for one in outcome.messages)


def _is_sent(one: Message) -> bool:
    return one.is_sent


def _is_moved(one: Message) -> bool:
    return one.is_moved


def _is_lost(one: Message) -> bool:
    return not one.is_sent and one.state not in {"queued", "held", "sending"}


def _figures(outcome: Outcome) -> list[tuple[str, str]]:
    reasons = outcome.doors.reasons
    away = ", ".join(f"{reason} {times}" for reason, times in reasons.most_common())
    moved = Counter(why for one in outcome.messages if one.is_moved for why in one.held_for or ("later",))
    lost = Counter(f"{one.state}: {one.reason or '?'}" for one in outcome.messages if _is_lost(one))
    return [
        ("people in", f"{len(outcome.doors.people):,}"),
        ("entries", f"{len(outcome.doors.entered):,}"),
        ("turned away", f"{sum(reasons.values()):,}" + (f" ({away})" if away else "")),
        ("still under way", f"{outcome.under_way:,}"),
        ("messages written", f"{len(outcome.messages):,}"),
        ("sent", f"{_count(outcome, _is_sent):,}"),
        ("moved to later", f"{_count(outcome, _is_moved):,}{_listed(moved)}"),
        ("not sent", f"{_count(outcome, _is_lost):,}{_listed(lost)}"),
        ("SMS segments", f"{outcome.segments:,}"),
        ("what they cost", _money(outcome.cost, outcome.price.currency)),
        ("turns that failed", f"{sum(outcome.failures.values()):,}"),
        ("as they are today", ", ".join(outcome.as_of_today) or "nothing"),
    ]


def _listed(times: Counter[str]) -> str:
    return f" ({', '.join(f'{what} {count:,}' for what, count in times.most_common(4))})" if times else ""


def _show(named: Named, outcome: Outcome) -> None:
    typer.echo(_heading(outcome, named.name))
    for label, value in _figures(outcome):
        typer.echo(f"{label:<20}{value}")
    steps = Counter(one.step for one in outcome.messages)
    if steps:
        typer.echo(f"\n{'step':<20}{'written':>9}{'sent':>9}{'moved':>9}{'not sent':>10}{'segments':>10}")
    for step in steps:
        own = [one for one in outcome.messages if one.step == step]
        sent = [one for one in own if one.is_sent]
        typer.echo(
            f"{step:<20}{len(own):>9,}{len(sent):>9,}{sum(map(_is_moved, own)):>9,}"
            f"{sum(map(_is_lost, own)):>10,}{sum(one.segments for one in sent):>10,}"
        )
    for failure, times in outcome.failures.most_common(5):
        typer.echo(f"failed {times} times: {failure}", err=True)


def _show_both(first: Lived, second: Lived) -> None:
    typer.echo(_heading(first[1], f"{first[0].name} and {second[0].name}"))
    rows = list(zip(_figures(first[1]), _figures(second[1]), strict=True))
    wide = max(len(first[0].name), *(len(one[1]) for one, _ in rows)) + 2
    typer.echo(f"{'':<20}{first[0].name:<{wide}}{second[0].name}")
    for (label, one), (_, other) in rows:
        typer.echo(f"{label:<20}{one:<{wide}}{other}")


def _heading(outcome: Outcome, names: str) -> str:
    since, until = outcome.span.since, outcome.span.until
    return (
        f"{names}, {since:%Y-%m-%d} to {until:%Y-%m-%d}: lived through {outcome.lived:,} events and messages"
    )


def _lines(outcome: Outcome, decisions: Decisions) -> Iterator[str]:
    zone = ZoneInfo(decisions.shop.zone)
    yield f"\nevery message, in the shop's time ({zone.key})"
    for one in outcome.messages:
        at = (one.sent_at or one.wanted_at).astimezone(zone)
        state = "" if one.is_sent else f" [{one.state}: {one.reason}]"
        held = f" [waited: {', '.join(one.held_for)}]" if one.held_for else ""
        text = " / ".join(one.text.splitlines())
        short = text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"
        yield f"{at:%Y-%m-%d %H:%M}  {one.contact[-8:]}  {one.step:<12} {short}{state}{held}"
