"""The page of cash-back: what waits is confirmed on the shopper's phone (`wx.requestMerchantTransfer`)."""

from typing import Literal

from pydantic import Field

from bot.core.pages import payouts
from bot.web.mp.asked import Asked, Shopper, house_of, look
from bot.web.mp.parts import Money
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer
from bot.web.rest.routes import Route


class ConfirmAnswer(Answer):
    """What `wx.requestMerchantTransfer` is called with."""

    mchId: str  # noqa: N815  # as wx wants them
    appId: str  # noqa: N815  # same
    package: str


class PayoutAnswer(Answer):
    """Cash for the shopper's wallet at WeChat."""

    id: str
    order: str = Field(description="the order that earned it")
    amount: Money
    state: Literal["promised", "waits", "on_its_way", "paid", "ended"]
    says: str
    until: str | None = Field(description="until when it is to be confirmed; null where it does not wait")
    confirm: ConfirmAnswer | None = Field(description="null where it cannot be confirmed here or now")


class PayoutsAnswer(Answer):
    """The newest first."""

    payouts: list[PayoutAnswer]


async def show(asked: Asked) -> Told:
    """Show the shopper's cash-back."""
    session, cashier = asked.who.session, house_of(asked).cashier
    address = session.address if session.is_in_mini_program else ""
    mchid = cashier.till.mchid if cashier is not None else ""
    return await look(asked, lambda turn: payouts.shown(turn, address, mchid))


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/payouts",
        name="showPayouts",
        summary="Cash-back for the shopper's wallet at WeChat, and what of it waits to be confirmed",
        does=show,
        answer=PayoutsAnswer,
    ),
)
