"""The page of levels: where the shopper stands, and what is missing to the next."""

from typing import Annotated

from pydantic import Field

from bot.core.pages import tiers
from bot.web.mp.asked import Asked, Shopper, look
from bot.web.mp.parts import Money
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer
from bot.web.rest.routes import Route


class ReachedTierAnswer(Answer):
    """The level that was reached."""

    id: str
    name: str
    until: str | None = Field(description="the last day on which it is certain; null: for ever")


class LevelAnswer(Answer):
    """A level there is."""

    id: str
    title: str
    reached: bool
    current: bool
    missing: Money | None = Field(description="null where it is reached, or levels count orders")
    says: str = Field(description="what is missing to it; empty where it is reached")
    perks: list[str]


class ProgressAnswer(Answer):
    """How far the next level is."""

    share: Annotated[float, Field(ge=0, le=1)]
    missing: Money | None
    says: str


class KeepAnswer(Answer):
    """What keeps the level."""

    missing: Money | None
    by: str


class TiersAnswer(Answer):
    """Levels, lowest first."""

    tier: ReachedTierAnswer | None
    levels: list[LevelAnswer]
    progress: ProgressAnswer
    keep: KeepAnswer | None = Field(description="null where nothing more has to be bought for it")
    says: str


async def show(asked: Asked) -> Told:
    """Show levels and progress."""
    return await look(asked, tiers.shown)


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/tiers",
        name="showTiers",
        summary="The shopper's level, what is missing to the next, and what each is good for",
        does=show,
        answer=TiersAnswer,
    ),
)
