"""The page of the wheel; in a mini program only where its review allows it."""

from typing import Annotated

from pydantic import Field

from bot.core.pages import wheel
from bot.core.wechat_address import appid_of
from bot.web.mp.asked import Asked, House, Shopper, house_of, look, operate
from bot.web.mp.parts import ONLY_MEMBERS, Money
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer
from bot.web.rest.problems import ApiProblem
from bot.web.rest.routes import Route

_NOT_REVIEWED = "wheel-not-here: WeChat's rule 3.2.8.9 keeps it out of this mini program"


class PrizeAnswer(Answer):
    """A field of the wheel."""

    id: str
    title: str
    odds: Annotated[str, Field(description="exactly, like 1/100")]
    percent: str


class ProofAnswer(Answer):
    """What anyone needs to draw a spin again, see docs/loyalty/delight.md."""

    day: str
    ticket: str
    seal: str
    roll: int
    total: int
    drawn: str
    given: str
    seed: str | None = Field(description="told when the day is over")
    says: str


class WheelAnswer(Answer):
    """The wheel; where it is not `enabled` for the shopper, nothing of it but why."""

    enabled: bool
    prizes: list[PrizeAnswer]
    spins_left: int = Field(description="today")
    rules: str
    sponsor: str | None
    until: str | None
    last: ProofAnswer | None = Field(description="the last spin")
    says: str


class WonAnswer(Answer):
    """What was won."""

    id: str
    title: str
    amount: Money


class SpunAnswer(Answer):
    """What a spin came to."""

    prize: WonAnswer
    proof: ProofAnswer
    spins_left: int
    available: Money
    says: str


def is_let_in(house: House, who: Shopper) -> bool:
    """Whether a session may see the wheel at all: in a mini program only where its account says so."""
    session = who.session
    if not session.is_in_mini_program:
        return True
    account = house.mini.account_of(appid_of(session.address)) if house.mini is not None else None
    return account is not None and account.plays_wheel


async def show(asked: Asked) -> Told:
    """Show the wheel."""
    channel = _channel(asked)
    return await look(asked, lambda turn: wheel.shown(turn, channel))


async def spin(asked: Asked) -> Told:
    """Spin it."""
    return await operate(asked, wheel.SPIN, {"channel": _channel(asked)})


def _channel(asked: Asked) -> str:
    """The session's channel. Raises ApiProblem where the wheel may not be there."""
    if not is_let_in(house_of(asked), asked.who):
        # Mini programs must not hold lotteries (抽奖): rule 3.2.8.9 of WeChat's operating rules.
        # https://developers.weixin.qq.com/miniprogram/product/
        raise ApiProblem(
            403,
            "wheel-not-here",
            "rule 3.2.8.9 of WeChat keeps lotteries out of mini programs",
            "where this one's review allows it, set REGULARS_WECHAT_<NAME>_WHEEL=yes for its account",
        )
    return asked.who.session.channel


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/wheel",
        name="showWheel",
        summary="Prizes with their odds, the rules, and the proof of the last spin",
        does=show,
        answer=WheelAnswer,
        says_no={403: _NOT_REVIEWED},
    ),
    Route(
        method="POST",
        path="/wheel/spin",
        name="spinWheel",
        summary="Spin the wheel, for free",
        does=spin,
        answer=SpunAnswer,
        says_no={
            403: f"{_NOT_REVIEWED}; {ONLY_MEMBERS[403]}",
            409: "no-wheel, not-here, not-for-you, spun-today or spun-enough: `says` in their words",
        },
    ),
)
