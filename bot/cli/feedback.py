"""`regulars feedback`: what people answered to ratings, recommendations, polls and surveys."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from bot.cli.endings import WRONG_USE, end
from bot.cli.feedback_lines import Arms, arm_lines, response
from bot.cli.settings import read_settings
from bot.core.contact import JsonValue
from bot.core.feedback_figures import Interval, OfArm, Question, Said, share

if TYPE_CHECKING:
    from bot.conversation.publication import Publication
    from bot.storage.driver import Database

_DAYS = 90
_BAR = 30
_WORDS = 10


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("feedback")(feedback)


def feedback(
    flow: Annotated[str | None, typer.Argument(help="the flow that asks; all of them unless given")] = None,
    *,
    days: Annotated[int, typer.Option(min=1, help="how many days back")] = _DAYS,
    words: Annotated[
        int, typer.Option(min=0, max=1000, help="how much of what was written to show")
    ] = _WORDS,
    experiment: Annotated[
        str | None, typer.Option(help="also what the contacts of each arm of this experiment answered")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="write a page with charts to this file")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Read out what people answered: scores with their intervals, choices, and their own words."""
    told = asyncio.run(_feedback(flow, days, words, experiment, is_html=html is not None, is_json=json))
    if html is None:
        typer.echo(told)
    else:
        html.write_text(told, encoding="utf-8")
        typer.echo(f"{html} is written: open it in a browser.")


async def _feedback(
    flow: str | None, days: int, words: int, experiment: str | None, *, is_html: bool, is_json: bool
) -> str:
    """Return what is to be shown."""
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.cli.feedback_page import page
    from bot.conversation.reading_out import read_out

    settings = read_settings(quiet=True)
    now = now_of(settings)
    since = now - timedelta(days=days)
    async with opened(settings) as database:
        publication = (await app.decisions(settings, database)).publication
        found = await read_out(database, publication, flow, since, now, words_max=words)
        arms = await _by_arm(database, publication, experiment, flow, since, now) if experiment else {}
    if flow is not None and not found:
        end(f"{flow}: nobody was asked for an answer there; `regulars feedback` shows where", WRONG_USE)
    if is_html:
        return page(publication.shop.name, found, since, now, arms)
    if is_json:
        questions = [{**_told(one), **_told_by_arm(arms.get((one.flow, one.step)))} for one in found]
        return orjson.dumps({"days": days, "questions": questions}).decode()
    if not found:
        return "Nobody has answered anything yet: docs/feedback.md says how to ask."
    return "\n\n".join("\n".join(_lines(one, arms.get((one.flow, one.step), ()))) for one in found)


async def _by_arm(
    database: "Database",
    publication: "Publication",
    experiment: str,
    flow: str | None,
    since: datetime,
    until: datetime,
) -> Arms:
    """What each arm answered; ends the command where the arms cannot be compared."""
    from bot.conversation import experimenting
    from bot.conversation.reading_out import read_out_by_arm

    tried = publication.shop.experiments.get(experiment)
    if tried is None:
        known = ", ".join(sorted(publication.shop.experiments)) or "none"
        end(f"{experiment}: there is no such experiment in force; there are {known}", WRONG_USE)
    result = await experimenting.result(database, publication, experiment, until)
    if result.read.is_blocked:
        end(f"{experiment}: its arms are uneven, so they cannot be compared; see `experiments show`")
    return await read_out_by_arm(database, publication, flow, tried, since, until)


def _lines(one: Question, arms: Sequence[OfArm]) -> Iterator[str]:
    yield f"{one.flow}/{one.step}  {one.kind}"
    if one.text:
        yield f"  {' '.join(one.text.split())}"
    yield f"  {response(one)}"
    if (score := one.nps) is not None:
        yield f"  NPS {score.points.value:+.0f}  (95 %: {score.points.low:+.0f} to {score.points.high:+.0f})"
        kinds = (
            ("promoters", score.promoters),
            ("passives", score.passives),
            ("detractors", score.detractors),
        )
        yield "  " + ", ".join(f"{number} {name}" for name, number in kinds)
    if (mean := one.mean) is not None:
        yield f"  mean {mean.value:.2f}  (95 %: {mean.low:.2f} to {mean.high:.2f})"
    yield from _bars(one.bars)
    yield from (f"  {line}" for line in arm_lines(arms))
    yield from (f"  {line}" for line in _written(one.words))


def _bars(bars: Sequence[tuple[str, int]]) -> Iterator[str]:
    sum_of = sum(number for _, number in bars)
    if not sum_of:
        return
    width = max(len(label) for label, _ in bars)
    most = max(number for _, number in bars)
    for label, number in bars:
        part = share(number, sum_of)
        bar = "█" * round(_BAR * number / most)
        said = f"{number:,} ({part.value:.0%}, {part.low:.0%} to {part.high:.0%})"
        yield f"  {label:>{width}} {bar:<{_BAR}} {said}"


def _written(words: Sequence[Said]) -> Iterator[str]:
    for said in words:
        score = f"{said.score}: " if said.score is not None else "? " if said.is_other else ""
        yield f"{said.at:%Y-%m-%d}  {score}{' '.join(said.words.split())}"


def _told(one: Question) -> dict[str, JsonValue]:
    score = one.nps
    return {
        "flow": one.flow,
        "step": one.step,
        "kind": one.kind,
        "text": one.text,
        "asked": one.asked,
        "answered": one.answered,
        "others": one.others,
        "nps": _interval(score.points) if score is not None else None,
        "mean": _interval(one.mean),
        "counts": dict(one.bars),
        "words": [
            {
                "at": said.at.isoformat(),
                "words": said.words,
                "score": said.score,
                "language": said.language,
                "other": said.is_other,
            }
            for said in one.words
        ],
    }


def _told_by_arm(arms: Sequence[OfArm] | None) -> dict[str, JsonValue]:
    if arms is None:
        return {}
    return {
        "arms": [
            {
                "arm": one.arm,
                "asked": one.question.asked,
                "answered": one.question.answered,
                "nps": _interval(one.question.nps.points) if one.question.nps is not None else None,
                "mean": _interval(one.question.mean),
                "counts": dict(one.question.bars),
                "difference": {
                    "value": round(one.difference.estimate, 4),
                    "low": round(one.difference.low, 4),
                    "high": round(one.difference.high, 4),
                }
                if one.difference is not None
                else None,
            }
            for one in arms
        ]
    }


def _interval(interval: Interval | None) -> JsonValue:
    if interval is None:
        return None
    return {name: round(value, 4) for name, value in interval._asdict().items()}
