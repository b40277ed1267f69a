"""Shoppers log in and out, and what they say of themselves."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from bot.channels.channel import OutcomeUnknown, SendError, SendLater
from bot.channels.wechat.errors import CodeOver, ShopperRefused
from bot.conversation.operations import PAGES, operation_work
from bot.conversation.pages import account, sessions
from bot.core.ids import new_id
from bot.core.pages.me import me_of
from bot.core.sessions import StartedBy, hash_of, new_secret, token_of
from bot.core.wechat_address import WECHAT, wechat_address
from bot.web.mp.asked import Asked, Shopper, Stranger, house_of, look, operate
from bot.web.mp.looked_at import look_at_name
from bot.web.mp.parts import Empty, Language, LanguageIn
from bot.web.mp.paying import payer_of
from bot.web.mp.wheel import is_let_in
from bot.web.rest import asked as rest
from bot.web.rest.asked import Json, Told, told
from bot.web.rest.fields import Answer, Body, Word
from bot.web.rest.problems import ApiProblem, one_field
from bot.web.rest.routes import Route

_SMS = "sms"


class LoginBody(Body):
    """A code that the mini program got of `wx.login`."""

    account: Annotated[
        str, Field(pattern="^[A-Za-z0-9_-]{1,64}$", description="the appid, or our name of it")
    ]
    code: Annotated[str, Field(pattern="^[!-~]{1,200}$", description="good for five minutes and once")]
    scene: Annotated[str, Field(pattern=r"^[ -~]{1,32}$")] | None = Field(
        None, description="with what a code or link opened the mini program"
    )
    language: LanguageIn | None = None


class LinkBody(Body):
    """What a page link carries behind `t=`."""

    token: Annotated[str, Field(pattern="^[A-Za-z0-9_.=-]{1,400}$")]


class MeBody(Body):
    """What is to be changed."""

    first_name: Word | None = None
    language: LanguageIn | None = None
    birthday: date | None = None


class SessionAnswer(Answer):
    """A session that was opened."""

    token: str = Field(description="send it with everything else: `Authorization: Bearer TOKEN`")
    expires_at: str
    member: bool
    language: Language
    is_new: bool = Field(description="whether we met just now")


class LanguageAnswer(Answer):
    """A language that the pages speak."""

    tag: Language
    name: str = Field(description="as it calls itself")


class TierName(Answer):
    """A tier."""

    id: str
    name: str


class ShopPlace(Answer):
    """Where orders are picked up."""

    id: str
    name: str
    address: str


class ShopAnswer(Answer):
    """The shop."""

    name: str
    places: list[ShopPlace]
    delivers: bool


class FeaturesAnswer(Answer):
    """What there is at this shop."""

    pay: bool = Field(description="whether orders can be paid here")
    wheel: bool
    checkin: bool
    drops: bool
    referral: bool
    rewards: bool
    bundles: bool
    products: bool
    surveys: bool
    into_wechat: bool = Field(description="whether pages can be opened in the mini program from here")


class MeAnswer(Answer):
    """Who one is here."""

    member: bool
    first_name: str | None
    birthday: str | None
    language: Language
    languages: list[LanguageAnswer]
    phone: str | None = Field(description="only its end")
    tier: TierName | None
    joined_at: str | None
    unread: int = Field(description="messages in the inbox")
    currency: str
    exponent: int = Field(description="how many digits of an amount are behind the point")
    shop: ShopAnswer
    features: FeaturesAnswer
    channel: Literal["wechat", "sms"] = Field(description="by what they came")


async def log_in(asked: rest.Asked[Stranger]) -> Told:
    """Open a session for whom a code of a mini program stands for; a stranger becomes a contact."""
    body, house = asked.body_as(LoginBody), house_of(asked)
    mini = house.mini
    account_ = mini.account_of(body.account) if mini is not None else None
    if mini is None or account_ is None:
        raise one_field(
            404,
            "no-such-account",
            "#/account",
            "is no mini program of ours",
            "send its appid, or our name of it",
        )
    try:
        login = await mini.session_of(account_, body.code)
    except SendError as error:
        raise wechat_problem(error, "#/code", "get another code: wx.login") from error
    address = wechat_address(account_.appid, login.openid)
    more: Json = {"unionid": login.unionid, "language": body.language, "scene": body.scene}
    return await _opened(asked, StartedBy.LOGIN, WECHAT, address=address, more=more)


async def follow_link(asked: rest.Asked[Stranger]) -> Told:
    """Open a session for whom a page link was made."""
    house = house_of(asked)
    link = house.read_page_link(asked.body_as(LinkBody).token)
    if link is None:
        raise one_field(404, "no-such-link", "#/token", "is none of ours", "open the link as it was sent")
    if link.until <= house.clock():
        raise one_field(410, "link-over", "#/token", "was good until a while ago", "text us for a new link")
    channel = WECHAT if link.channel == WECHAT else _SMS
    return await _opened(asked, StartedBy.LINK, channel, contact_id=link.contact_id)


async def leave(asked: Asked) -> Told:
    """End the session."""
    return await operate(asked, sessions.END, {"session": asked.who.session.id})


async def me(asked: Asked) -> Told:
    """Say who the shopper is here."""
    return _as_set_up(asked, await look(asked, lambda turn: me_of(turn, asked.who.session.channel)))


async def change(asked: Asked) -> Told:
    """Know what the shopper says of themselves; answers who they are by then."""
    body = asked.body_as(MeBody)
    await look_at_name(asked, body.first_name)
    fields = body.model_dump(mode="json", exclude_none=True)
    channel = asked.who.session.channel
    return _as_set_up(asked, await operate(asked, account.CHANGE, {"fields": fields, "channel": channel}))


def wechat_problem(error: SendError, pointer: str, remedy: str) -> ApiProblem:
    """Say what WeChat refused; `remedy` is how to get another of the code that stands at `pointer`."""
    if isinstance(error, CodeOver | OutcomeUnknown):
        return one_field(409, "code-over", pointer, "is no code of WeChat's, or over", remedy)
    if isinstance(error, ShopperRefused):
        return ApiProblem(
            403, "refused-by-wechat", "WeChat refuses this person", "see WeChat's security centre"
        )
    if isinstance(error, SendLater):
        seconds = max(1, int(error.after.total_seconds())) if error.after is not None else 5
        return ApiProblem(
            503,
            "wechat-busy",
            "WeChat cannot be asked now",
            "send it again later, with a new code",
            headers={"Retry-After": str(seconds)},
        )
    return one_field(409, "code-over", pointer, "is refused by WeChat", remedy)


def _as_set_up(asked: Asked, told_: Told) -> Told:
    """What our settings say is no fact of the shopper's: it is said as it is now."""
    features = told_.body["features"]
    assert isinstance(features, dict), "what there is"
    pays = bool(payer_of(asked))
    wheel = bool(features["wheel"]) and is_let_in(house_of(asked), asked.who)
    into = house_of(asked).mini is not None and not asked.who.session.is_in_mini_program
    set_up: Json = {"pay": pays, "wheel": wheel, "into_wechat": into}
    return replace(told_, body={**told_.body, "features": {**features, **set_up}})


async def _opened(  # who came, and how
    asked: rest.Asked[Stranger],
    started_by: StartedBy,
    channel: str,
    *,
    address: str = "",
    contact_id: str | None = None,
    more: Json | None = None,
) -> Told:
    """Open a session of a contact, or of whoever has the address."""
    door, now = asked.door, asked.door.clock()
    secret = new_secret(door.entropy)
    body: Json = {
        **(more or {}),
        "secret_hash": hash_of(secret),
        "started_by": started_by.value,
        "channel": channel,
        "address": address,
    }
    work = operation_work(
        sessions.START,
        body,
        key=f"{PAGES}session/{new_id(now, 0, door.entropy)}",
        at=now,
        contact_id=contact_id,
        address=(channel, address) if contact_id is None else None,
    )
    opened = dict(told(await door.dispatcher.submit(work)).body)
    token = token_of(str(opened.pop("session")), secret)
    return Told({**opened, "token": token})


LOGINS: tuple[Route[Stranger], ...] = (
    Route(
        method="POST",
        path="/sessions",
        name="logIn",
        summary="Open a session by a code of wx.login; whoever comes for the first time becomes a contact",
        does=log_in,
        body=LoginBody,
        answer=SessionAnswer,
        only_asks=True,
        says_no={
            403: "WeChat refuses this person",
            404: "there is no such mini program",
            409: "the code is none, or over: get another one",
        },
    ),
    Route(
        method="POST",
        path="/sessions/link",
        name="followLink",
        summary="Open a session by a page link",
        does=follow_link,
        body=LinkBody,
        answer=SessionAnswer,
        only_asks=True,
        says_no={404: "the link is none of ours, or nobody is there any more", 410: "the link is over"},
    ),
)
"""How to get a session: a code or link is good once or for a while, and opens a new one each time."""

ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="POST",
        path="/sessions/end",
        name="leave",
        summary="End the session",
        does=leave,
        answer=Empty,
    ),
    Route(
        method="GET",
        path="/me",
        name="showMe",
        summary="Who one is here, and what there is",
        does=me,
        answer=MeAnswer,
    ),
    Route(
        method="POST",
        path="/me",
        name="changeMe",
        summary="Change first name or language; say the birthday",
        does=change,
        body=MeBody,
        answer=MeAnswer,
        says_no={409: "the birthday is known already"},
    ),
)
