"""Names that a shopper gives in the mini program are looked at by WeChat before they are kept.

https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_msgseccheck
"""

import structlog

from bot.channels.channel import SendError
from bot.core.contact import JsonValue
from bot.core.pages.membership import PHRASES
from bot.core.pages.speech import language_of, phrase
from bot.core.turn import Turn
from bot.core.wechat_address import appid_of, openid_of
from bot.web.mp.asked import Asked, house_of, look
from bot.web.rest.problems import ApiProblem, FieldProblem

_logger = structlog.get_logger(__name__)


async def may_have_name(asked: Asked, name: str | None, pointer: str = "#/first_name") -> bool:
    """Whether a first name was looked at and may be kept; `pointer` is where it stands in the body.

    False where it cannot be looked at now: what nobody looked at is shown to nobody.

    Raises:
        ApiProblem: WeChat would not have it shown.
    """
    session, mini = asked.who.session, house_of(asked).mini
    account = mini.account_of(appid_of(session.address)) if mini and session.is_in_mini_program else None
    if name is None or mini is None or account is None:
        return True
    from bot.channels.wechat.mini import Scene  # noqa: PLC0415  # 0.35 s and 17 MB, which few need

    try:
        verdict = await mini.check_text(account, openid_of(session.address), name, Scene.PROFILE)
    except SendError as error:
        _logger.warning("text_not_looked_at", why=str(error))
        return False
    if not verdict.may_be_shown:
        raise _refused(asked, pointer)
    return True


async def look_at_name(asked: Asked, name: str | None, pointer: str = "#/first_name") -> None:
    """Have a first name looked at.

    Raises:
        ApiProblem: WeChat would not have it shown, or cannot look at it now.
    """
    if not await may_have_name(asked, name, pointer):
        raise ApiProblem(
            503,
            "wechat-busy",
            "WeChat cannot look at the name now",
            "send it again later, or leave it out",
            headers={"Retry-After": "30"},
        )


async def look_at_answer(asked: Asked, text: str) -> None:
    """Have what is written among the messages looked at where it answers what the shopper is called.

    Raises:
        ApiProblem: see `look_at_name`.
    """
    if asked.who.session.is_in_mini_program and (await look(asked, _open_question)).body["is_for_a_name"]:
        await look_at_name(asked, text, "#/text")


def _open_question(turn: Turn) -> dict[str, JsonValue]:
    waits = (run.wait for run in turn.runs.values() if run.holds_question)
    return {"is_for_a_name": any(wait is not None and wait.facts.get("expect") == "name" for wait in waits)}


def _refused(asked: Asked, pointer: str) -> ApiProblem:
    remedy = "write another name, or leave it out"
    return ApiProblem(
        422,
        "text-refused",
        f"{pointer}: is refused by WeChat",
        remedy,
        errors=[FieldProblem(pointer, "is refused by WeChat", remedy)],
        facts={"says": phrase(PHRASES, language_of(asked.who.contact.locale), "name_refused")},
    )
