"""Texts that a shopper writes in the mini program are looked at by WeChat before anybody else sees them.

https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_msgseccheck
"""

import structlog

from bot.channels.channel import SendError
from bot.core.wechat_address import appid_of, openid_of
from bot.web.mp.asked import Asked, house_of
from bot.web.rest.problems import ApiProblem, one_field

_logger = structlog.get_logger(__name__)


async def may_have_name(asked: Asked, name: str | None) -> bool:
    """Whether a first name was looked at and may be shown: friends read it with gifts and invitations.

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
        raise one_field(
            422, "text-refused", "#/first_name", "is refused by WeChat", "write another name, or leave it out"
        )
    return True


async def look_at_name(asked: Asked, name: str | None) -> None:
    """Have a first name looked at.

    Raises:
        ApiProblem: WeChat would not have it shown, or cannot look at it now.
    """
    if not await may_have_name(asked, name):
        raise ApiProblem(
            503,
            "wechat-busy",
            "WeChat cannot look at the name now",
            "send it again later, or leave it out",
            headers={"Retry-After": "30"},
        )
