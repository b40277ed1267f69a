"""`why CONTACT FLOW [STEP]`: why a contact got a step of a flow, or did not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import typer

from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.conversation.flow_whys import FlowWhy, NoSuchFlow, NoSuchStep, Question, as_json, flow_why
from bot.core.audiences.audience import Explained
from bot.core.contact import JsonValue
from bot.storage.driver import Connection

_TO_ITS_END = timedelta(days=1, microseconds=-1)


async def show(address: str, flow: str, step: str | None, at: str | None, *, is_json: bool) -> None:
    """Print the verdict first, then what it rests on."""
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation.whom import find_contact

    settings = read_settings(quiet=True)
    question = Question(flow, step, _then(at, settings.zone) if at is not None else None)
    async with opened(settings) as database:
        shop = (await app.decisions(settings, database)).shop

        async def look(connection: Connection) -> FlowWhy | None:
            contact_id = await find_contact(connection, address)
            if contact_id is None:
                return None
            return await flow_why(connection, shop, contact_id, question, now_of(settings))

        try:
            found = await database.query(look)
        except (NoSuchFlow, NoSuchStep) as error:
            end(str(error), WRONG_USE)
    if found is None:
        end(f"{address}: nobody with this address or id is known")
    if is_json:
        typer.echo(orjson.dumps(as_json(found)).decode())
        return
    for line in _page(found):
        typer.echo(line)


def _then(said: str, zone: ZoneInfo) -> datetime:
    """Return the instant that is meant: by a clock in the zone, unless it names its own; a day to its end."""
    try:
        at = datetime.fromisoformat(said.strip())
    except ValueError:
        end(f"'{said}' is no instant; write one like 2026-11-24 or '2026-11-24 17:00'", WRONG_USE)
    at = at if at.tzinfo is not None else at.replace(tzinfo=zone)
    is_day = len(said.strip()) == len("2026-11-24")
    return (at + _TO_ITS_END if is_day else at).astimezone(UTC)


def _page(found: FlowWhy) -> Iterator[str]:
    told, record = found.why, found.why.record
    place = f"{found.flow.name}/{found.step}" if found.step else found.flow.name
    then = f", as of {_utc(record.at)}" if record.at is not None else ""
    yield f"{place}, revision {found.flow.revision}{then}: {told.verdict}"
    if record.evaluations:
        yield "recorded"
    for evaluated in record.evaluations:
        at = f"step {evaluated.step}" if evaluated.step else "door"
        facts = ", ".join(f"{name} {_said(value)}" for name, value in evaluated.facts.items())
        by = f" ({facts})" if facts else ""
        since = f", so since {_utc(evaluated.at)}" if evaluated.at != evaluated.seen_at else ""
        yield f"  {_utc(evaluated.seen_at)}  {at}: {evaluated.verdict}{by}{since}"
    if record.runs:
        yield "runs"
    for walked in record.runs:
        run = walked.run
        arms = f", {run.variant}" if run.variant else ""
        at = run.frames[-1].step if run.frames else "?"
        stands = "has moved since" if walked.is_later else f"{run.status.value} at {at}"
        yield f"  {_utc(run.started_at)}  revision {run.revision}, {stands}{arms}"
    messages = [one for one in record.messages if found.step in {None, one.step}]
    if messages:
        yield "messages"
    for one in messages:
        reason = f": {one.reason}" if one.reason else ""
        said = f": {one.explanation}" if one.explanation else ""
        yield f"  {_utc(one.created_at)}  {one.step} by {one.channel}: {one.state.value}{reason}{said}"
    if told.conditions:
        yield "on the way"
    for condition in told.conditions:
        yield from _clauses(condition, found.flow.file)
    yield f"what starts it, as it {'is now' if record.at is None else 'was then'}"
    for starter in told.starters:
        yield from _clauses(starter, found.flow.file)


def _clauses(why: Explained, file: str, depth: int = 1) -> Iterator[str]:
    mark = "✓" if why.holds else "✗"
    wanted = f" (wanted {why.wanted})" if why.wanted else ""
    seen = "" if why.parts or (why.holds and why.seen is None) else f"  → {_said(why.seen)}{wanted}"
    yield f"{'  ' * depth}{mark} {why.text}{seen}  [{file}:{why.line}]"
    for part in why.parts:
        inside = "audiences.yaml" if why.text.startswith("schedule, audience") else file
        yield from _clauses(part, inside, depth + 1)


def _said(value: JsonValue) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
