"""The desk: contacts who want a person of the shop, who takes them, what that person says."""

from typing import Annotated

from pydantic import Field

from bot.conversation.desk_queue import AtDesk, at_desk
from bot.core.contact import JsonValue
from bot.storage.contacts import Message
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, member_id, operate
from bot.web.rest.asked import Told, read, stamp
from bot.web.rest.fields import Body, Query, Word

SAY_MAX = 1600
"""As long as a text may be: https://www.twilio.com/docs/api/errors/21617"""

Agent = Annotated[Word, Field(description="who of the shop it is; of two that take a contact, one has it")]


class DeskQuery(Query):
    """How much of the queue."""

    limit: Annotated[int, Field(ge=1, le=100, description="how many contacts at most")] = 20
    messages: Annotated[int, Field(ge=0, le=50, description="how many of the last messages of each")] = 5


class AgentBody(Body):
    """Who it is."""

    agent: Agent


class SayBody(Body):
    """Who says what."""

    agent: Agent
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=SAY_MAX,
            pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*\S[^\x00-\x09\x0b-\x1f\x7f]*$",
            description="what to say: an answer to what they asked, nothing that sells",
        ),
    ]


async def queue(asked: Asked) -> Told:
    """Tell who is at the desk, in the order in which they are to be answered."""
    query, door = asked.query_as(DeskQuery), asked.door

    async def ask(connection: Connection) -> Told:
        found = await at_desk(
            connection, door.shop(), door.clock(), most=query.limit, messages=query.messages
        )
        return Told({"queue": [_told(one) for one in found]})

    return await read(asked, ask)


async def take(asked: Asked) -> Told:
    """Take a contact over."""
    return await _operate(asked, "desk.take", {"agent": asked.body_as(AgentBody).agent})


async def say(asked: Asked) -> Told:
    """Say something to a contact that was taken over."""
    body = asked.body_as(SayBody)
    return await _operate(asked, "desk.say", {"agent": body.agent, "text": body.text})


async def close(asked: Asked) -> Told:
    """Give a contact back to the bot."""
    return await _operate(asked, "desk.close", {"agent": asked.body_as(AgentBody).agent})


async def _operate(asked: Asked, name: str, body: dict[str, JsonValue]) -> Told:
    contact_id = await member_id(asked, asked.path["contact"], "path/contact")
    return await operate(asked, name, body, contact_id=contact_id)


def _told(one: AtDesk) -> dict[str, JsonValue]:
    visit = one.visit
    return {
        "contact": one.contact_id,
        "visit": visit.id,
        "state": visit.state.value,
        "place": one.place,
        "agent": visit.agent,
        "channel": visit.channel,
        "since": stamp(visit.since),
        "heard_at": stamp(visit.heard_at),
        "quiet_at": stamp(visit.quiet_at),
        "standing": dict(one.standing),
        "messages": [_message(message) for message in one.messages],
    }


def _message(message: Message) -> dict[str, JsonValue]:
    return {
        "direction": message.direction.value,
        "at": stamp(message.at),
        "text": message.text,
        "state": message.state,
        "reason": message.reason,
    }
