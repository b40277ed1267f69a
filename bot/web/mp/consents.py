"""What one agrees to hear, on the channel one came by."""

from typing import Annotated

from pydantic import Field

from bot.core.pages import consents
from bot.web.mp.asked import Asked, Shopper, look, operate
from bot.web.rest.asked import Json, Told
from bot.web.rest.fields import Answer, Body, LongText, Word
from bot.web.rest.routes import Route


class ConsentBody(Body):
    """What is agreed to, or is not any more."""

    group: Annotated[Word, Field(description="its name")]
    subscribed: bool
    wording: Annotated[LongText, Field(description="what stood there: kept as proof of what was agreed to")]


class ConsentGroup(Answer):
    """A kind of message one may agree to."""

    name: str
    title: str
    description: str
    subscribed: bool
    pending: bool = Field(description="whether a YES by text is waited for")
    channel: str
    can_choose: bool = Field(description="whether one can agree: nobody can without an address there")
    wording: str = Field(description="what one agrees to: show it beside the switch, and send it back")


class ConsentsAnswer(Answer):
    """What there is to agree to, and what was agreed to."""

    groups: list[ConsentGroup]
    stopped: bool = Field(description="whether STOP was said there: nothing is sent then")


async def show(asked: Asked) -> Told:
    """Show what there is to agree to."""
    session = asked.who.session
    return await look(asked, lambda turn: consents.shown(turn, session.channel, session.address))


async def change(asked: Asked) -> Told:
    """Agree to a kind of message, or to it no more."""
    session = asked.who.session
    fields: Json = asked.body_as(ConsentBody).model_dump()
    by: Json = {"channel": session.channel, "address": session.address}
    known: Json = {"is_known": session.is_in_mini_program}
    return await operate(asked, consents.CHANGE, {**fields, **by, **known})


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/consents",
        name="showConsents",
        summary="What messages one agreed to, on the channel one came by",
        does=show,
        answer=ConsentsAnswer,
    ),
    Route(
        method="POST",
        path="/consents",
        name="changeConsent",
        summary="Agree to a kind of message, or to it no more: the wording that was shown goes into the log",
        does=change,
        body=ConsentBody,
        answer=ConsentsAnswer,
        says_no={
            404: "there is no such group",
            409: "stopped (START is texted first) or no-address (there is none to write to): "
            "`says` in the shopper's words",
        },
    ),
)
