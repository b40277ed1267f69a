"""Texts that a shopper writes in the mini program are looked at by WeChat before anybody else sees them.

https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_msgseccheck
"""

import structlog

from bot.channels.channel import SendError
from bot.core.wechat_address import appid_of, openid_of
from bot.web.mp.asked import Asked, house_of
from bot.web.rest.problems import one_field

_logger = structlog.get_logger(__name__)


async def look_at_name(asked: Asked, name: str | None) -> None:
    """Have a first name looked at; one that cannot be looked at now is taken as it is: few people see it.

    Raises:
        ApiProblem: WeChat would not have it shown.
    """
    session, mini = asked.who.session, house_of(asked).mini
    account = mini.account_of(appid_of(session.address)) if mini and session.is_in_mini_program else None
    if name is None or mini is None or account is None:
        return
    from bot.channels.wechat.mini import Scene  # noqa: PLC0415  # 0.35 s and 17 MB, which few need

    try:
        verdict = await mini.check_text(account, openid_of(session.address), name, Scene.PROFILE)
    except SendError as error:
        _logger.warning("text_not_looked_at", why=str(error))
        return
    if not verdict.may_be_shown:
        raise one_field(
            422, "text-refused", "#/first_name", "is refused by WeChat", "write another name, or leave it out"
        )
