"""`why`: which flow, which rule and which consent led to a message, and what the gate said of it."""

import asyncio
from datetime import datetime
from typing import Annotated

import orjson
import typer

from bot.cli.endings import WRONG_USE, end
from bot.cli.settings import read_settings
from bot.core.contact import JsonValue
from bot.core.gate import HoldUntil, Policy, Refuse, may_leave
from bot.core.messages import MessageClass, OutboxState, Outgoing
from bot.core.past import because_of, consent_for
from bot.core.turn import consent_facts
from bot.core.ways import NoWay, WayFacts, WayKind, choose
from bot.core.wechat_address import WECHAT
from bot.storage.driver import Connection
from bot.storage.explained import Explained, explained

_LEFT = frozenset(
    {
        OutboxState.SENDING,
        OutboxState.UNKNOWN,
        OutboxState.SENT,
        OutboxState.DELIVERED,
        OutboxState.UNDELIVERED,
        OutboxState.FAILED,
    }
)
_ANSWERS = frozenset({MessageClass.REQUIRED, MessageClass.REPLY})


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(why)


def why(
    address: Annotated[str, typer.Argument(help="a phone number in any spelling, another address, or an id")],
    flow: Annotated[str | None, typer.Argument(help="a flow: why the contact is in it, or is not")] = None,
    step: Annotated[
        str | None, typer.Argument(help="a step of it: why the contact got it, or did not")
    ] = None,
    *,
    at: Annotated[
        str | None,
        typer.Option(
            help="of a flow: as it was then, like 2026-11-24 or '2026-11-24 17:00' by the shop's clock"
        ),
    ] = None,
    message: Annotated[str | None, typer.Option(help="the id of a message; the last text otherwise")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Say why a contact got its last text, or that message; or why it is where it is in a flow."""
    if flow is None:
        asyncio.run(_why(address, message, is_json=json))
        return
    if message is not None:
        end("give --message or a flow, not both", WRONG_USE)
    from bot.cli.why_flow import show  # only what is asked for is loaded

    asyncio.run(show(address, flow, step, at, is_json=json))


async def _why(address: str, message: str | None, *, is_json: bool) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation.whom import find_contact

    settings = read_settings(quiet=True)
    now = now_of(settings)
    async with opened(settings) as database:
        policy = (await app.decisions(settings, database)).shop.policy

        async def look(connection: Connection) -> tuple[str | None, Explained | None]:
            contact_id = await find_contact(connection, address)
            if contact_id is None:
                return None, None
            return contact_id, await explained(connection, contact_id, message, policy, now)

        contact_id, found = await database.query(look)
    if contact_id is None:
        end(f"{address}: nobody with this address or id is known")
    if found is None:
        nothing = f"{message}: no message of {address} has this id"
        end(nothing if message else f"{address}: nothing was sent there yet")
    facts = as_json(found, policy, now)
    if is_json:
        typer.echo(orjson.dumps(facts).decode())
    else:
        for line in _page(found, facts):
            typer.echo(line)


def as_json(found: Explained, policy: Policy, now: datetime) -> dict[str, JsonValue]:
    """The object that `--json` prints; instants in ISO 8601, UTC."""
    message, because = found.message, because_of(found.cause)
    return {
        "message": {
            "id": message.id,
            "text": message.body,
            "class": message.message_class.value,
            "group": message.group,
            "tag": message.tag,
            "channel": message.channel,
            "state": found.state.value,
            "state_at": found.state_at.isoformat(),
            "handed_at": found.handed_at.isoformat() if found.handed_at else None,
            "way": found.way,
            "way_because": found.way_because,
        },
        "flow": {"name": message.flow or None, "step": message.step, "revision": found.revision},
        "rule": {
            "name": because.rule.value,
            "event": because.event,
            "words": because.words,
            "trigger": found.cause.kind.value,
            "key": found.trigger_key,
            "at": found.created_at.isoformat(),
        },
        "consent": _consent(found),
        "gate": {"then": _then(found), "now": _now(found, policy, now)},
    }


def _consent(found: Explained) -> dict[str, JsonValue] | None:
    """The line of the log that the message rests on; None where there is none, or none is needed."""
    message = found.message
    line = consent_for(found.consent, message.group, found.handed_at or found.created_at, message.channel)
    if line is None or message.message_class in _ANSWERS:
        return None
    return {
        "line": found.consent.index(line) + 1,
        "group": line.group,
        "state": line.state.value,
        "words": line.words,
        "source": line.source.value,
        "channel": line.channel,
        "at": line.at.isoformat(),
    }


def _then(found: Explained) -> str:
    """What the gate said when the message was last before it."""
    if found.handed_at is not None or found.state in _LEFT:
        return "let it go"
    said = f"{found.state.value}: {found.reason}" if found.reason else found.state.value
    if found.explanation:
        said += f": {found.explanation}"
    return said


def _now(found: Explained, policy: Policy, now: datetime) -> str:
    """What it would say of this message today."""
    message, snapshot = found.message, found.snapshot
    address = next(
        (one for one in snapshot.addresses if (one.channel, one.value) == (message.channel, message.address)),
        None,
    )
    facts = consent_facts(
        message, snapshot.contact, address, snapshot.subscriptions, policy, counts=found.counts
    )
    verdict = may_leave(message, facts, now)
    if isinstance(verdict, Refuse):
        return f"would refuse it: {verdict.reason.value}: {verdict.explanation}"
    if isinstance(verdict, HoldUntil):
        return f"would hold it: {verdict.reason.value}: {verdict.explanation}"
    if message.channel != WECHAT:
        return "would let it go"
    way = choose(message, WayFacts(address, found.granted), now)
    if isinstance(way, NoWay):
        return f"would let it go, but no way is open: {way.because}"
    return f"would let it go by {way.kind.called}: {way.because}"


def _page(found: Explained, facts: dict[str, JsonValue]) -> list[str]:
    message, because = found.message, because_of(found.cause)
    sent = f", handed over {_utc(found.handed_at)}" if found.handed_at else ""
    of = f" of {message.group}" if message.group else ""
    tag = f", tag {message.tag}" if message.tag else ""
    step = (
        f"{message.flow}/{message.step}, revision {found.revision}"
        if message.flow
        else _without_flow(message)
    )
    cause = because.event or (f'the contact texted "{because.words}"' if because.words else "")
    consent = facts["consent"]
    gate = facts["gate"]
    assert isinstance(gate, dict)
    rests = "needs none: it answers the contact" if message.message_class in _ANSWERS else "none on record"
    if isinstance(consent, dict):
        words = f'by "{consent["words"]}"' if consent["words"] else f"from {consent['source']}"
        rests = f"line {consent['line']}: {consent['state']} to {consent['group']} {words}, {consent['at']}"
    way = [f"way      {_way(found)}"] if found.way or found.way_because else []
    return [
        f"message  {message.id}: {found.state.value} since {_utc(found.state_at)}{sent}",
        f"text     {' / '.join(message.body.splitlines())}",
        f"kind     {message.message_class.value}{of}{tag}, by {message.channel}",
        f"flow     {step}",
        f"rule     {because.rule.value}{f': {cause}' if cause else ''}",
        f"         trigger {found.trigger_key} ({found.cause.kind.value}), {_utc(found.created_at)}",
        f"consent  {rests}",
        *way,
        f"gate     {gate['then']}",
        f"         now it {gate['now']}",
    ]


def _without_flow(message: Outgoing) -> str:
    if message.message_class is MessageClass.REQUIRED:
        return "none: a required reply"
    return (
        "none: an answer"
        if message.message_class is MessageClass.REPLY
        else "none: the shop sent it by itself"
    )


def _way(found: Explained) -> str:
    """How it went on a channel with several ways, and why so."""
    way = WayKind(found.way).called if found.way else "none was open"
    return f"{way}: {found.way_because}" if found.way_because else way


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
