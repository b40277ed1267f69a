"""The page of friends: the shopper's code, what inviting brings, and a picture for a friend to scan."""

from pydantic import Field

from bot.channels.channel import SendError, SendLater
from bot.conversation.looking import look_in
from bot.core.deeds.referring import own_code, own_code_if_taken
from bot.core.loyalty.referral import link_of, scene_of
from bot.core.pages import referral
from bot.core.pages.refusals import only_members, spoken
from bot.core.turn import Turn
from bot.core.wechat_address import appid_of
from bot.storage.driver import Connection
from bot.web.mp import code_images
from bot.web.mp.asked import Asked, Shopper, house_of, look
from bot.web.mp.parts import ONLY_MEMBERS, Money
from bot.web.rest.asked import Json, Told
from bot.web.rest.fields import Answer
from bot.web.rest.problems import ApiProblem
from bot.web.rest.routes import Route

PAGE = "pages/wallet"
"""The page of the mini program that a friend comes to."""


class FriendsAnswer(Answer):
    """What inviting friends brings, and has brought."""

    running: bool = Field(description="whether anything is given for it now")
    code: str
    link: str | None
    title: str = Field(description="of a card to forward; empty where nothing is given now")
    text: str = Field(description="ready to forward; empty where nothing is given now")
    rules: list[str]
    invited: int
    joined: int
    pending: Money
    earned: Money


class CodeAnswer(Answer):
    """A picture that brings a friend here with the shopper's code."""

    image: str = Field(description="a data URL")
    scene: str | None = Field(description="of a mini program's code; null for the QR code of the link")


async def show(asked: Asked) -> Told:
    """Show code, rules and what they brought."""
    found = await look(asked, _shown)
    if found.body["code"] is not None:
        return found
    code = await _taken(asked)
    return await look(asked, lambda turn: referral.shown(turn, code))


async def show_code(asked: Asked) -> Told:
    """Draw the code."""
    house, session = house_of(asked), asked.who.session
    code = await _code(asked)
    account = None
    if session.is_in_mini_program and house.mini is not None:
        account = house.mini.account_of(appid_of(session.address))
    if house.mini is not None and account is not None:
        scene = scene_of(code)
        try:
            image = await house.code_images.of_mini(house.mini, account, scene, PAGE)
        except SendError as error:
            raise _cannot_draw(error) from error
        return Told({"image": image, "scene": scene})
    link = link_of(house.shop().public_url, code)
    if link is None:
        raise ApiProblem(404, "no-link", "there are no pages of ours", "set REGULARS_PUBLIC_URL")
    return Told({"image": code_images.of_link(link), "scene": None})


async def _code(asked: Asked) -> str:
    """The shopper's own code. Raises ApiProblem for who is no member."""
    found = await look(asked, _known)
    return str(found.body["code"]) if found.body["code"] is not None else await _taken(asked)


async def _taken(asked: Asked) -> str:
    """Take a code for who asks for the first time; from then on it is only read."""
    door = asked.door

    async def take(connection: Connection) -> str:
        return await look_in(connection, door.shop(), asked.who.contact.id, door.clock(), own_code)

    return await door.database.transact(take)


def _shown(turn: Turn) -> Json:
    code = _known(turn)["code"]
    return referral.shown(turn, str(code)) if code is not None else {"code": None}


def _known(turn: Turn) -> Json:
    with spoken(turn):
        only_members(turn)
    return {"code": own_code_if_taken(turn)}


def _cannot_draw(error: SendError) -> ApiProblem:
    after = error.after if isinstance(error, SendLater) else None
    seconds = max(1, int(after.total_seconds())) if after is not None else 60
    return ApiProblem(
        503,
        "wechat-busy",
        "WeChat draws no code now",
        "ask again later; the code and its text work without a picture",
        headers={"Retry-After": str(seconds)},
    )


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/referral",
        name="showReferral",
        summary="The shopper's code, a text ready to forward, the rules, and what it has brought",
        does=show,
        answer=FriendsAnswer,
        says_no=ONLY_MEMBERS,
    ),
    Route(
        method="GET",
        path="/referral/qr",
        name="showReferralCode",
        summary="A picture for a friend to scan: in the mini program its own code, elsewhere of the link",
        does=show_code,
        answer=CodeAnswer,
        says_no={**ONLY_MEMBERS, 404: "no-link: there are no pages of ours to lead to"},
    ),
)
