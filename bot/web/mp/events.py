"""What shoppers do at the pages, as the pages tell it."""

from typing import Annotated, Literal

from pydantic import Field

from bot.conversation.pages import page_events
from bot.core.contact import JsonValue
from bot.web.mp.asked import Asked, Shopper, operate
from bot.web.mp.parts import Empty
from bot.web.rest.asked import Told
from bot.web.rest.fields import Body
from bot.web.rest.routes import Route


class PageEventBody(Body):
    """What was done, at which page."""

    name: Literal["came", "opened", "shared"]
    page: Annotated[str, Field(pattern=r"^[a-z0-9_/-]{1,64}$", description="as the pages call it")]
    campaign: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,256}$")] | None = Field(
        None, description="what the page was opened with as `c`: a campaign's token, or its name"
    )


async def happened(asked: Asked) -> Told:
    """Record what was done. It may start flows; nothing is ever given for it."""
    body = asked.body_as(PageEventBody)
    told: dict[str, JsonValue] = {
        "name": body.name,
        "page": body.page,
        "campaign": body.campaign,
        "channel": asked.who.session.channel,
        "is_mini": asked.who.session.is_in_mini_program,
    }
    done = await operate(asked, page_events.HAPPENED, told)
    return Told({}, is_replay=done.is_replay)


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="POST",
        path="/events",
        name="track",
        summary="Tell that a page was come to, opened or shared; nothing is given for it",
        does=happened,
        body=PageEventBody,
        answer=Empty,
    ),
)
