"""What WeChat Pay tells unasked: believed only when signed, answered only when it is kept.

https://pay.weixin.qq.com/doc/v3/merchant/4012791861: 200 or 204 within five seconds, or it is told again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.conversation.cashier import Cashier
from bot.core.errors import Refused, RetryLater
from bot.pay.found import PayoutFound, RefundFound
from bot.pay.merchant import Merchant
from bot.pay.notices import Notice, OtherNotice, PaidNotice, PayoutNotice, RefundNotice, opened
from bot.web.bodies import body_of
from bot.web.metrics import Metrics

PATH = "/wechat/pay/notify"
_BODY_MAX = 64 * 1024
_ID_LENGTH = 32
_NOT_FOUND = 404
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PayNotices:
    """Answers WeChat Pay; everything it needs is given by the application."""

    merchant: Merchant
    cashier: Cashier
    metrics: Metrics
    clock: Callable[[], datetime]

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        return [web.post(PATH, self.notify)]

    async def notify(self, request: web.Request) -> web.Response:
        """Take one notice."""
        try:
            body = await body_of(request, _BODY_MAX)
            notice = opened(self.merchant, request.headers, body, self.clock())
            await self._hear(notice)
        except Refused as refused:
            self.metrics.refused.labels(str(refused.status)).inc()
            _logger.warning("pay_notice_refused", why=refused.what, status=refused.status)
            return _failed(refused.status, refused.what, hangs_up=refused.__cause__ is not None)
        except RetryLater as error:
            _logger.warning("pay_notice_not_kept", why=type(error).__name__)
            return _failed(HTTPStatus.SERVICE_UNAVAILABLE, "try again later")
        self.metrics.pay_notices.labels(type(notice).__name__).inc()
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _hear(self, notice: Notice) -> None:
        match notice:
            case PaidNotice():
                payment = await self.cashier.payment(_ours(notice.payment_id))
                if payment.account != notice.account:
                    raise Refused("it is paid in another account", "look at the settings", _NOT_FOUND)
                await self.cashier.hear_paid(payment, notice.paid)
            case RefundNotice():
                refund = await self.cashier.refund_by_id(_ours(notice.refund_id))
                if refund is None:
                    raise Refused("there is no such refund", "look at the settings", _NOT_FOUND)
                await self.cashier.hear_refund(refund, RefundFound(notice.state, notice.provider_id))
            case PayoutNotice():
                payout = await self.cashier.payout_by_id(_ours(notice.payout_id))
                if payout is None:
                    raise Refused("there is no such payout", "look at the settings", _NOT_FOUND)
                found = PayoutFound(notice.state, notice.provider_id, reason=notice.reason)
                await self.cashier.hear_payout(payout, found)
            case OtherNotice():
                _logger.info("pay_notice_passed_over", kind=notice.kind[:60])


def _ours(number: str) -> str:
    """Return a number that may be one of ours. Raises Refused."""
    if len(number) != _ID_LENGTH or not all(digit in "0123456789abcdef" for digit in number):
        raise Refused("it is of somebody else's", "give each system a notify address of its own", _NOT_FOUND)
    return number


def _failed(status: int, what: str, *, hangs_up: bool = False) -> web.Response:
    """Say that it was not taken, in the words WeChat Pay logs."""
    response = web.json_response({"code": "FAIL", "message": what}, status=status)
    if hangs_up:
        response.force_close()
    return response
