"""`flows test`: holds the conversations written in flows and shows how they went."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import typer

from bot import app
from bot.cli.checking import Look, counted, look_over, placed, show_complaints
from bot.cli.endings import WRONG_USE, end
from bot.cli.rehearsing import Rehearsal, rehearsal
from bot.config import Settings
from bot.core.errors import FlowError
from bot.core.flow.compiled import Conversation, Exchange, Flow
from bot.core.flow.testing import Outcome, run_conversation
from bot.core.gestures import GestureKind
from bot.core.local_time import spelt_duration


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A conversation that was held; `failures` are turns and runs that failed in it."""

    outcome: Outcome
    failures: Sequence[str]

    @property
    def went_well(self) -> bool:
        """Whether all came as written and nothing failed."""
        return self.outcome.error is None and not self.failures


async def run(settings: Settings, names: Sequence[str], *, is_verbose: bool) -> bool:
    """Run the tests of these flows (none: of all) and print how they went; True where all went well."""
    look = look_over(settings.flows, settings.locales, app.HANDLERS)
    if look.errors:
        show_complaints(look.errors)
        typer.echo(f"{counted(len(look.errors), 'error')}: nothing was tested.", err=True)
        return False
    wanted = chosen(look.flows, names)
    async with rehearsal(settings) as place:
        await place.publish()
        held = [
            await show_flow(place, look, flow, is_verbose=is_verbose)
            for flow in wanted
            if flow.tests or names
        ]
    all_of_them = [one for tests in held for one in tests]
    bad = sum(not one.went_well for one in all_of_them)
    verdict = f"{counted(bad, 'surprise')}" if bad else "all as written"
    typer.echo(f"{counted(len(wanted), 'flow')}, {counted(len(all_of_them), 'test')}: {verdict}.")
    return not bad


async def held(settings: Settings, look: Look) -> bool:
    """Run the tests of all flows and print only those that went wrong; True where all went well."""
    bad: list[tuple[Flow, Rehearsed]] = []
    async with rehearsal(settings) as place:
        await place.publish()
        for flow in look.flows.values():
            tests = [await _hold(place, flow, conversation) for conversation in flow.tests]
            bad += [(flow, one) for one in tests if not one.went_well]
    for flow, one in bad:
        for line in (*transcript(one.outcome), *_complaints(look.path, flow, one)):
            typer.echo(line)
    if bad:
        typer.echo(f"{counted(len(bad), 'test')} went otherwise than written.", err=True)
    return not bad


async def show_flow(place: Rehearsal, look: Look, flow: Flow, *, is_verbose: bool) -> list[Rehearsed]:
    """Hold a flow's conversations and print how each went."""
    typer.echo(flow.name if flow.tests else f"{flow.name}: it has no tests")
    held = []
    for conversation in flow.tests:
        rehearsed = await _hold(place, flow, conversation)
        held.append(rehearsed)
        mark = "ok  " if rehearsed.went_well else "FAIL"
        typer.echo(f"  {mark} {conversation.name}")
        if is_verbose or not rehearsed.went_well:
            for line in transcript(rehearsed.outcome):
                typer.echo(f"       {line}")
        for line in _complaints(look.path, flow, rehearsed):
            typer.echo(line)
    return held


def chosen(flows: Mapping[str, Flow], names: Sequence[str]) -> list[Flow]:
    """The flows of these names, all where none is given; ends the command where there is no such flow."""
    for name in names:
        if name not in flows:
            end(unknown_flow(name, flows), WRONG_USE)
    return [flows[name] for name in (names or sorted(flows))]


def unknown_flow(name: str, flows: Collection[str]) -> str:
    """Say that there is no such flow, and which may be meant."""
    near = get_close_matches(name, flows, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(flows)) or 'none'}"
    return f"{name}: there is no such flow; {remedy}"


def transcript(outcome: Outcome) -> Iterable[str]:
    """The conversation as it went, a line for each line that was said."""
    for turned in outcome.turns:
        yield f"> {_moved(turned.exchange)}"
        for answer in turned.answers:
            first, *rest = answer.splitlines() or [""]
            yield f"< {first}"
            yield from (f"  {line}" for line in rest)
        yield from (f"! not sent: {line}" for line in turned.unsent)


async def _hold(place: Rehearsal, flow: Flow, conversation: Conversation) -> Rehearsed:
    async with place.phone(flow.language, channel=conversation.channel) as phone:
        phone.confirms = True
        outcome = await run_conversation(flow, conversation, phone)
        return Rehearsed(outcome, await phone.failures())


def _complaints(path: Path, flow: Flow, rehearsed: Rehearsed) -> Iterable[str]:
    if rehearsed.outcome.error is not None:
        yield str(placed(rehearsed.outcome.error, path))
    mark = rehearsed.outcome.turns[0].exchange.mark
    for failure in rehearsed.failures:
        problem = f"a turn failed: {failure}"
        yield str(
            placed(FlowError(flow.file, mark.line, mark.column, problem, "see it with --verbose"), path)
        )


def _moved(exchange: Exchange) -> str:
    match exchange.kind:
        case "say":
            return exchange.text
        case "tap":
            return f"[{exchange.text}]"
        case "allow":
            return f"(allows {exchange.text})"
        case kind if kind in set(GestureKind):
            return f"({kind}{f' {exchange.text}' if exchange.text else ''})"
        case "advance":
            return f"({spelt_duration(exchange.duration)} later)"
        case "event":
            return f"(the event {exchange.event})"
        case _:
            return f"(known from here on: {', '.join(f'{k} = {v}' for k, v in exchange.values.items())})"
