"""The page of drops: what is sold when, what is left, and one tap that reserves a unit or gives it back."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from bot.core.pages import drops
from bot.web.mp.asked import Asked, Shopper, look, operate
from bot.web.mp.order_answers import PayAnswer, ShopperOrder
from bot.web.mp.orders import with_pay
from bot.web.mp.parts import ONLY_MEMBERS, Money
from bot.web.mp.paying import payer_of
from bot.web.rest.asked import Json, Told
from bot.web.rest.fields import WHOLE, Answer, Body, Id, Minor
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
    payment: Literal["wechat", "pickup"] | None = Field(
        None, description="how they pay it: `wechat` at once, otherwise as the shop collects it"
    )


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
    order: Id | None = Field(description="the order that waits to be paid through WeChat Pay, if one does")


class DropAnswer(Answer):
    """A drop as it is for the shopper now."""

    id: str
    title: str
    sku: str
    price: Money
    credit: Money = Field(description="what credit would pay of one")
    to_pay: Money
    payment: Literal["wechat", "pickup"] | None = Field(description="the usual way to pay it here")
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
    order: ShopperOrder | None = Field(description="the order that waits to be paid through WeChat Pay")
    pay: PayAnswer | None = Field(description="how it is paid; none: nothing waits, or try its `/pay`")
    available: Money
    says: str


async def show(asked: Asked) -> Told:
    """Show the drops."""
    payer = payer_of(asked)
    return await look(asked, lambda turn: drops.shown(turn, payer))


async def take(asked: Asked) -> Told:
    """Reserve units."""
    body = asked.body_as(TakeBody).model_dump(exclude_none=True)
    named = {"drop": asked.path["drop"], "payer": payer_of(asked)}
    return await _told(asked, await operate(asked, drops.TAKE, {**body, **named}))


async def give_up(asked: Asked) -> Told:
    """Give them back."""
    named: Json = {"drop": asked.path["drop"], "payer": payer_of(asked)}
    return await _told(asked, await operate(asked, drops.GIVE_UP, named))


async def _told(asked: Asked, told: Told) -> Told:
    """Add how what waits is paid.

    What is told again may have been stored before drops were paid through WeChat Pay, and says nothing of it.
    """
    drop = told.body["drop"]
    if isinstance(drop, dict):
        mine = drop["mine"]
        drop = {"payment": None, **drop, "mine": {"order": None, **mine} if isinstance(mine, dict) else None}
    return await with_pay(asked, replace(told, body={"order": None, **told.body, "drop": drop}))


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
            409: "drop-over, not-open, had-yours, price-changed, sold-out or no-way-to-pay: `says` in their "
            "words",
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
