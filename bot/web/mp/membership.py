"""Shoppers become members, and say which phone number is theirs."""

import hashlib
from typing import Annotated

from pydantic import Field

from bot.channels.channel import SendError
from bot.core.pages import membership
from bot.core.wechat_address import appid_of, openid_of
from bot.web.mp.account import wechat_problem
from bot.web.mp.asked import Asked, Shopper, answered_before, house_of, operate
from bot.web.mp.looked_at import may_have_name
from bot.web.rest.asked import Json, Told
from bot.web.rest.fields import Answer, Body, Word
from bot.web.rest.problems import ApiProblem
from bot.web.rest.routes import Route


class JoinBody(Body):
    """Who becomes a member."""

    first_name: Word | None = None


class PhoneBody(Body):
    """A code that WeChat's button for the phone number gave."""

    code: Annotated[str, Field(pattern="^[!-~]{1,200}$", description="good for five minutes and once")]


class JoinedAnswer(Answer):
    """A member, new or not."""

    member: bool
    says: str


class PhoneAnswer(Answer):
    """A phone number that is the shopper's."""

    phone: str = Field(description="only its end")
    says: str


async def join(asked: Asked) -> Told:
    """Become a member; without a name that WeChat cannot look at now: nobody waits for that."""
    name = asked.body_as(JoinBody).first_name
    before = await answered_before(asked, lambda known: known.get("first_name") in {None, name})
    if before is not None:
        return before
    may_have = await may_have_name(asked, name)
    return await operate(asked, membership.JOIN, {"first_name": name} if name and may_have else {})


async def phone(asked: Asked) -> Told:
    """Ask WeChat whose number it is, once, and make it the shopper's."""
    session, house = asked.who.session, house_of(asked)
    code = asked.body_as(PhoneBody).code
    hashed = hashlib.sha256(code.encode()).hexdigest()
    before = await answered_before(asked, lambda body: body.get("code_hash") == hashed)
    if before is not None:
        return before
    account = house.mini.account_of(appid_of(session.address)) if house.mini is not None else None
    if not session.is_in_mini_program or house.mini is None or account is None:
        raise ApiProblem(
            409,
            "not-here",
            "the number is asked of WeChat",
            "log in by the mini program: POST /mp/sessions",
        )
    try:
        number = await house.mini.phone_of(account, code, openid_of(session.address))
    except SendError as error:
        raise wechat_problem(error, "#/code", "ask for the number again") from error
    body: Json = {"phone": number, "account": account.appid, "code_hash": hashed}
    return await operate(asked, membership.PHONE, body)


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="POST",
        path="/join",
        name="join",
        summary="Become a member, with the welcome credit; no consent to messages, which is given for itself",
        does=join,
        body=JoinBody,
        answer=JoinedAnswer,
    ),
    Route(
        method="POST",
        path="/phone",
        name="addPhone",
        summary="Say one's phone number by WeChat's button; who texts us from there is the same person then",
        does=phone,
        body=PhoneBody,
        answer=PhoneAnswer,
        says_no={
            403: "WeChat refuses this person",
            409: "the code is none, or over",
        },
    ),
)
