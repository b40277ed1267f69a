"""Webhook calls: what the shop was told or could not be told, and telling it again."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from bot.core.contact import JsonValue
from bot.core.ids import instant, microseconds
from bot.storage import calls
from bot.storage.calls import LATEST, STATES, Call
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, do_once
from bot.web.api.bodies import CallsQuery
from bot.web.rest.asked import Json, Told, read, stamp
from bot.web.rest.cursors import placed, whole, written
from bot.web.rest.problems import ApiProblem, one_field

CallId = Annotated[
    str, Field(pattern="^[0-9a-f]{32}-[0-9a-f]{16}$", description="as GET /api/calls shows it")
]
_FIRST = ("", "", "")


async def listed(asked: Asked) -> Told:
    """List calls, newest first."""
    query = asked.query_as(CallsQuery)
    states = (query.state,) if query.state else STATES
    at, contact, key = placed(query.cursor, _FIRST)
    after = (_instant(at), contact, key) if query.cursor else LATEST

    async def ask(connection: Connection) -> Told:
        found = await calls.listed(connection, states, query.limit + 1, after=after)
        page = found[: query.limit]
        following = None
        if len(found) > len(page):
            created_at, owner, last = page[-1].place
            following = written((str(microseconds(created_at)), owner, last))
        return Told({"calls": [_told(call) for call in page], "next": following})

    return await read(asked, ask)


async def replay(asked: Asked) -> Told:
    """Have a call made again that was taken or given up."""
    call_id, now = asked.path["call"], asked.door.clock()

    async def do(connection: Connection) -> Json:
        call = await calls.one(connection, call_id)
        if call is None:
            raise one_field(
                404, "no-such-call", "path/call", "is not known", "take an id from GET /api/calls"
            )
        if not await calls.replay(connection, call, now):
            raise ApiProblem(
                409, "call-waits", "the call waits to be made anyway", f"it is due at {stamp(call.due_at)}"
            )
        return {"id": call_id, "state": "queued"}

    return await do_once(asked, "call.replay", do)


def _instant(part: str) -> datetime:
    try:
        return instant(whole(part))
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _told(call: Call) -> dict[str, JsonValue]:
    return {
        "id": call.id,
        "key": call.key,
        "kind": call.kind,
        "contact": call.contact_id,
        "state": call.state,
        "created_at": stamp(call.created_at),
        "due_at": stamp(call.due_at),
        "attempts": call.attempts,
        "failure": call.failure,
    }
