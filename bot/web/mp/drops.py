"""The page of drops: what is sold when, what is left, and one tap that reserves a unit or gives it back."""

from typing import Annotated, Literal

from pydantic import Field

from bot.core.pages import drops
from bot.web.mp.asked import Asked, Shopper, look, operate
from bot.web.mp.parts import ONLY_MEMBERS, Money
from bot.web.rest.asked import Told
from bot.web.rest.fields import WHOLE, Answer, Body, Minor
from bot.web.rest.routes import Route

DropId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9_]{1,60}\.[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        description="as GET /mp/drops shows it: the drop and the day it opens on",
    ),
]


class TakeBody(Body):
    """How many, and for how much at most."""

    quantity: Annotated[int, Field(ge=1, le=100), WHOLE] = 1
    to_pay_at_most_minor: Minor | None = Field(None, description="what the shopper was shown to pay")


class WindowAnswer(Answer):
    """A level that is let in before everybody."""

    tier: str
    title: str
    opens_at: str
    at: str = Field(description="in words")


class MineAnswer(Answer):
    """What is kept for the shopper."""

    id: str
    state: Literal["reserved", "taken"]
    quantity: int
    until: str | None = Field(description="when what is reserved goes to somebody else")
    to_pay: Money
    number: str = Field(description="to be shown at the till")


class DropAnswer(Answer):
    """A drop as it is for the shopper now."""

    id: str
    title: str
    sku: str
    price: Money
    credit: Money = Field(description="what credit would pay of one")
    to_pay: Money
    left: int
    yours: int = Field(description="how many more the shopper may have")
    opens_at: str = Field(description="to this shopper: to some levels earlier")
    closes_at: str
    is_on: bool
    can: bool = Field(description="whether one tap takes one now")
    early: bool = Field(description="whether the shopper is let in before everybody, now")
    windows: list[WindowAnswer]
    mine: MineAnswer | None
    says: str


class DropsAnswer(Answer):
    """Drops, soonest first."""

    drops: list[DropAnswer]


class TakenAnswer(Answer):
    """What a tap reserved or gave back."""

    drop: DropAnswer | None
    available: Money
    says: str


async def show(asked: Asked) -> Told:
    """Show the drops."""
    return await look(asked, drops.shown)


async def take(asked: Asked) -> Told:
    """Reserve units."""
    body = asked.body_as(TakeBody).model_dump(exclude_none=True)
    return await operate(asked, drops.TAKE, {**body, "drop": asked.path["drop"]})


async def give_up(asked: Asked) -> Told:
    """Give them back."""
    return await operate(asked, drops.GIVE_UP, {"drop": asked.path["drop"]})


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/drops",
        name="showDrops",
        summary="What is sold to members at a set time: when, what is left, what is kept for the shopper",
        does=show,
        answer=DropsAnswer,
    ),
    Route(
        method="POST",
        path="/drops/{drop}/take",
        name="takeDrop",
        summary="Reserve units until they are paid for; what credit pays wholly is the shopper's at once",
        does=take,
        body=TakeBody,
        answer=TakenAnswer,
        fields={"drop": DropId},
        says_no={
            **ONLY_MEMBERS,
            409: "drop-over, not-open, had-yours, price-changed or sold-out: `says` in their words",
        },
    ),
    Route(
        method="POST",
        path="/drops/{drop}/give_up",
        name="giveUpDrop",
        summary="Give back what is reserved and not paid for",
        does=give_up,
        answer=TakenAnswer,
        fields={"drop": DropId},
        says_no={**ONLY_MEMBERS, 409: "not-reserved: there is nothing of it; `says` in their words"},
    ),
)
