"""The page of checking in: the ladder, and one tap a day."""

from pydantic import Field

from bot.core.pages import checkin
from bot.web.mp.asked import Asked, Shopper, look, operate
from bot.web.mp.parts import ONLY_MEMBERS, Money
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer
from bot.web.rest.routes import Route


class DayAnswer(Answer):
    """A day of the ladder."""

    day: int
    amount: Money
    done: bool
    is_today: bool


class LadderAnswer(Answer):
    """The ladder as it is for the shopper today; no days where there is none for them."""

    days: list[DayAnswer]
    done_today: bool
    in_a_row: int = Field(0, description="how many days one after another, up to now")
    next_at: str | None = Field(description="when the next day begins; null where today is not done")
    says: str


class CheckedInAnswer(LadderAnswer):
    """What checking in brought."""

    earned: Money
    available: Money


async def show(asked: Asked) -> Told:
    """Show the ladder."""
    return await look(asked, checkin.shown)


async def check_in(asked: Asked) -> Told:
    """Check in."""
    return await operate(asked, checkin.CHECK_IN, {})


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/checkin",
        name="showCheckin",
        summary="The days of the ladder, which are done, and today's",
        does=show,
        answer=LadderAnswer,
    ),
    Route(
        method="POST",
        path="/checkin",
        name="checkIn",
        summary="Check in, once on each of the shopper's days",
        does=check_in,
        answer=CheckedInAnswer,
        says_no={**ONLY_MEMBERS, 409: "too-early, no-checkin or not-for-you: `says` in their words"},
    ),
)
