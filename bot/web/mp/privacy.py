"""What is kept of one and why; everything of it to take along, or none of it any more."""

from typing import Literal

import structlog
from pydantic import Field

from bot.core.pages import privacy
from bot.storage import audit, erasing, exporting
from bot.storage.driver import Connection
from bot.web.mp.asked import Asked, Shopper, house_of, who_now
from bot.web.mp.parts import SaysAnswer
from bot.web.rest.answers import ExportAnswer
from bot.web.rest.asked import Told, read
from bot.web.rest.fields import Answer, Body
from bot.web.rest.routes import Route

_logger = structlog.get_logger(__name__)
BY = "mp"
"""Who asked for it, in the audit log: the person, at our pages."""


class KeptThing(Answer):
    """Something that is kept."""

    what: str
    why: str
    how_long: str


class Processor(Answer):
    """Who works for the shop with what is kept."""

    name: str
    why: str


class PrivacyAnswer(Answer):
    """What is kept of one."""

    keeps: list[KeptThing]
    processors: list[Processor]
    policy_url: str | None
    rights: list[str]


class ForgetBody(Body):
    """That one is sure of it."""

    confirm: Literal[True] = Field(description="true: all of it, and for good")


async def show(asked: Asked) -> Told:
    """Say what is kept."""
    house = house_of(asked)
    return Told(privacy.shown(asked.who.contact.locale, house.processors, house.policy_url))


async def export(asked: Asked) -> Told:
    """Tell everything that is stored of the shopper."""
    now = asked.door.clock()

    async def ask(connection: Connection) -> Told:
        contact = await who_now(connection, asked)
        found = await exporting.exported(connection, contact.id, now)
        assert found is not None, "whoever asks is on record"
        return Told(found)

    _logger.info("exported", contact=asked.who.contact.id)
    return await read(asked, ask)


async def erase(asked: Asked) -> Told:
    """Forget the shopper; their session is gone with the rest, so that nobody can ask twice."""
    door, now = asked.door, asked.door.clock()

    async def do(connection: Connection) -> None:
        contact = await who_now(connection, asked)
        await erasing.erase(connection, contact.id, now, door.hash_address)
        deed = audit.deed(now, BY, "contact.erase", contact.id, "asked for at our pages")
        await audit.write(connection, deed)

    await door.database.transact(do)
    door.erased()
    return Told({"says": privacy.erased(asked.who.contact.locale)})


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/privacy",
        name="showPrivacy",
        summary="What is kept of one, why and how long; who works for the shop; what one may ask",
        does=show,
        answer=PrivacyAnswer,
    ),
    Route(
        method="POST",
        path="/privacy/export",
        name="exportMe",
        summary="Everything that is stored of one",
        does=export,
        answer=ExportAnswer,
        only_asks=True,
    ),
    Route(
        method="POST",
        path="/privacy/erase",
        name="eraseMe",
        summary="Be forgotten for good: the session ends with it",
        does=erase,
        body=ForgetBody,
        answer=SaysAnswer,
    ),
)
