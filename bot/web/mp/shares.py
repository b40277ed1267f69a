"""Cards that shoppers may send to friends: the text is prefilled, and nothing is given for it."""

from pydantic import Field

from bot.core.pages import shares
from bot.web.mp.asked import Asked, Shopper, look
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer
from bot.web.rest.routes import Route


class ShareAnswer(Answer):
    """A card to send."""

    id: str = Field(description="setup, milestone or tier")
    title: str
    path: str = Field(description="for onShareAppMessage; carries the code of who shares it")
    image: str | None


class SharesAnswer(Answer):
    """The cards that are true of the shopper now."""

    shares: list[ShareAnswer]


async def show(asked: Asked) -> Told:
    """Show what there is to share."""
    return await look(asked, shares.shares)


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/shares",
        name="showShares",
        summary="Cards to send to friends, with their texts; nothing is given for sending them",
        does=show,
        answer=SharesAnswer,
    ),
)
