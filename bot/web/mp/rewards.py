"""The page of rewards: what credit is traded for, and one tap that claims it."""

from typing import Annotated, Literal

from pydantic import Field

from bot.core.pages import rewards
from bot.web.mp.asked import Asked, Shopper, look, operate
from bot.web.mp.parts import ONLY_MEMBERS, Money
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer
from bot.web.rest.routes import Route

RewardId = Annotated[str, Field(pattern="^[a-z0-9_]{1,60}$", description="as GET /mp/rewards shows it")]
Kind = Literal["product", "discount", "perk", "content"]


class RewardAnswer(Answer):
    """A reward as it is for the shopper now."""

    id: str
    title: str
    description: str | None
    kind: Kind
    cost: Money
    can: bool = Field(description="whether one tap claims it now")
    why_not: str | None
    missing: Money | None = Field(description="how much credit it takes beyond what there is")
    left: int | None = Field(description="how many there are; null where nobody counts")
    ready_on: str | None = Field(description="the day that a claim now would be promised for")


class ClaimedRewardAnswer(Answer):
    """A reward that was claimed, and where it is."""

    id: str
    reward: str
    title: str
    kind: str
    state: Literal["claimed", "preparing", "sent", "delivered", "canceled", "used"]
    claimed_at: str
    promised_on: str | None
    code: str | None = Field(description="to be shown, as long as it is waited for")
    url: str | None = Field(description="opens content")
    tracking: str | None
    says: str


class RewardsAnswer(Answer):
    """What credit is traded for, cheapest first, and what was claimed."""

    available: Money
    rewards: list[RewardAnswer]
    claims: list[ClaimedRewardAnswer] = Field(description="what is waited for comes first")


class ClaimedAnswer(Answer):
    """What a tap claimed."""

    claim: ClaimedRewardAnswer
    available: Money
    says: str


async def show(asked: Asked) -> Told:
    """Show rewards and claims."""
    return await look(asked, rewards.shown)


async def claim(asked: Asked) -> Told:
    """Trade credit for a reward."""
    return await operate(asked, rewards.CLAIM, {"reward": asked.path["reward"]})


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/rewards",
        name="showRewards",
        summary="What credit is traded for, what can be had now or why not, and what was claimed",
        does=show,
        answer=RewardsAnswer,
    ),
    Route(
        method="POST",
        path="/rewards/{reward}/claim",
        name="claimByTap",
        summary="Trade credit for a reward; it cannot be taken back here, only by the text UNDO",
        does=claim,
        answer=ClaimedAnswer,
        fields={"reward": RewardId},
        says_no={
            **ONLY_MEMBERS,
            409: "reward-gone, not-for-you, had-it, sold-out or not-enough-credit: `says` in their words",
        },
    ),
)
