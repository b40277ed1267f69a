"""Asking WeChat Pay: each request signed as it is sent, each answer verified before it is believed.

An answer that is not whole, not signed or not of now says nothing: the request may have been done.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import orjson
import structlog
from yarl import URL

from bot.core.contact import JsonValue
from bot.core.errors import Refused
from bot.core.pay_errors import PayLater, PayRefused, PayUnknown
from bot.core.payments import Payment, Payout, Refund
from bot.core.wechat_address import openid_of
from bot.pay import signing
from bot.pay.errors import NOT_THERE_CODES, ORDER_PAID, error_for
from bot.pay.found import (
    PayoutFound,
    RefundFound,
    Trade,
    TradeFound,
    payout_of,
    refund_of,
    text,
    trade_of,
)
from bot.pay.merchant import Merchant
from bot.pay.verifying import verify

Told = Mapping[str, JsonValue]
T = TypeVar("T")
_SECONDS = 8.0
_ANSWER_BYTES_MAX = 1 << 20
_BILL_BYTES_MAX = 256 << 20
_OK, _MULTIPLE, _NOT_FOUND, _BAD = 200, 300, 404, 400
_DESCRIPTION_MAX = 127  # https://pay.weixin.qq.com/doc/v3/merchant/4012791856
_BEIJING = timedelta(hours=8)
_KEEPALIVE_SECONDS = 15.0
# WeChat Pay answers this where it has no bill for a day on which nothing happened.
_NO_BILL = "NO_STATEMENT_EXIST"
_logger = structlog.get_logger(__name__)


class WechatPay:
    """One merchant's WeChat Pay; make it inside the running loop, and close it there."""

    def __init__(self, merchant: Merchant, clock: Callable[[], datetime]) -> None:
        """Nothing is asked before the first call."""
        self.merchant = merchant
        self.answered_at: datetime | None = None
        """What its clock said with its latest answer."""
        self._clock = clock
        self._base = merchant.base_url.rstrip("/")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=50, keepalive_timeout=_KEEPALIVE_SECONDS),
            headers={"Accept": "application/json", "User-Agent": "Regulars"},
            timeout=aiohttp.ClientTimeout(total=2 * _SECONDS, connect=_SECONDS, sock_read=_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    @property
    def mchid(self) -> str:
        """The merchant's number."""
        return self.merchant.mchid

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    # Payments

    async def prepay(self, payment: Payment) -> str:
        """Ask for a payment, once or again with the same number; return its `prepay_id`.

        Raises:
            PayRefused: with `ORDERPAID` where it was paid, `ORDER_CLOSED` where it is closed.
            PayLater, PayUnknown, PayMisset: as they say; it may be asked again.
        """
        body: dict[str, JsonValue] = {
            "appid": payment.account,
            "mchid": self.merchant.mchid,
            "description": str(payment.facts.get("description") or "Order")[:_DESCRIPTION_MAX],
            "out_trade_no": payment.id,
            "time_expire": rfc3339(payment.expires_at),
            "notify_url": self.merchant.notify_url,
            "amount": {"total": payment.amount_minor, "currency": payment.currency},
            "payer": {"openid": openid_of(payment.address)},
        }
        return await self._asked(
            lambda told: text(told, "prepay_id"), "POST", "/v3/pay/transactions/jsapi", body
        )

    def invocation(self, payment: Payment) -> dict[str, str]:
        """Return what `wx.requestPayment` is called with, signed for the phone."""
        timestamp, nonce = str(int(self._clock().timestamp())), secrets.token_hex(16)
        package = f"prepay_id={payment.prepay_id}"
        message = signing.invoke_message(payment.account, timestamp, nonce, package)
        return {
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signing.signature(self.merchant.private_key, message),
        }

    async def trade(self, payment_id: str) -> TradeFound:
        """Ask how a payment stands. Raises PayLater, PayUnknown, PayMisset or PayRefused."""
        path = f"/v3/pay/transactions/out-trade-no/{quote(payment_id)}?mchid={quote(self.merchant.mchid)}"
        try:
            return await self._asked(trade_of, "GET", path)
        except PayRefused as refused:
            if refused.code in NOT_THERE_CODES:
                return TradeFound(Trade.ABSENT)
            raise

    async def close_trade(self, payment_id: str) -> bool:
        """Let nobody pay it any more; False where somebody has.

        Raises:
            PayLater, PayUnknown, PayMisset or PayRefused.
        """
        path = f"/v3/pay/transactions/out-trade-no/{quote(payment_id)}/close"
        try:
            await self._ask("POST", path, {"mchid": self.merchant.mchid})
        except PayRefused as refused:
            if refused.code in ORDER_PAID:
                return False
            if refused.code not in {*NOT_THERE_CODES, "ORDER_CLOSED"}:
                raise
        return True

    # Refunds

    async def refund(self, refund: Refund, payment: Payment) -> RefundFound:
        """Give cash back, once or again with the same number. May raise as `trade` does."""
        body: dict[str, JsonValue] = {
            "out_trade_no": refund.payment_id,
            "out_refund_no": refund.id,
            "notify_url": self.merchant.notify_url,
            "amount": {
                "refund": refund.amount_minor,
                "total": payment.paid_minor,
                "currency": payment.currency,
            },
        }
        return await self._asked(refund_of, "POST", "/v3/refund/domestic/refunds", body)

    async def refund_found(self, refund_id: str) -> RefundFound | None:
        """Ask what became of a refund; None where it was never asked for. May raise as `trade` does."""
        return await self._found(refund_of, f"/v3/refund/domestic/refunds/{quote(refund_id)}")

    # Payouts

    async def pay_out(self, payout: Payout, remark: str) -> PayoutFound:
        """Offer cash to a shopper's wallet, with a number that never changes. May raise as `trade` does."""
        reports: list[JsonValue] = [
            {"info_type": kind, "info_content": content} for kind, content in self.merchant.payout_reports
        ]
        body: dict[str, JsonValue] = {
            "appid": payout.account,
            "out_bill_no": payout.id,
            "transfer_scene_id": self.merchant.payout_scene,
            "openid": openid_of(payout.address),
            "transfer_amount": payout.amount_minor,
            "transfer_remark": remark[:32],
            "notify_url": self.merchant.notify_url,
            "transfer_scene_report_infos": reports,
        }
        return await self._asked(payout_of, "POST", "/v3/fund-app/mch-transfer/transfer-bills", body)

    async def payout_found(self, payout_id: str) -> PayoutFound | None:
        """Ask what became of a payout; None where it was never asked for. May raise as `trade` does."""
        return await self._found(
            payout_of, f"/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{quote(payout_id)}"
        )

    async def cancel_payout(self, payout_id: str) -> PayoutFound:
        """Take a payout back that was not confirmed yet. May raise as `trade` does."""
        path = f"/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{quote(payout_id)}/cancel"
        return await self._asked(payout_of, "POST", path)

    # Bills

    async def bill(self, kind: str, on_day: date) -> bytes | None:
        """Return the bill of a day, `tradebill` or `fundflowbill`, as CSV; None where there is none.

        Raises:
            PayUnknown: what was loaded is not what was announced. PayLater, PayMisset, PayRefused.
        """
        query = {"bill_date": on_day.isoformat()}
        query |= {"bill_type": "ALL"} if kind == "tradebill" else {"account_type": "BASIC"}
        try:
            told = await self._ask("GET", f"/v3/bill/{kind}?{urlencode(query)}")
        except PayRefused as refused:
            if refused.code == _NO_BILL:
                return None
            raise
        parts = urlsplit(str(told.get("download_url", "")))
        path = f"{parts.path}?{parts.query}"  # whatever its host: nothing of ours is sent anywhere else
        body = await self._loaded(path)
        if str(told.get("hash_type")) != "SHA1" or hashlib.sha1(body).hexdigest() != told.get("hash_value"):  # noqa: S324  # theirs
            raise PayUnknown("the bill is not what was announced")
        return body

    # Below: how

    async def _found(self, read: Callable[[Told], T], path: str) -> T | None:
        try:
            return await self._asked(read, "GET", path)
        except PayRefused as refused:
            if refused.code in NOT_THERE_CODES:
                return None
            raise

    async def _asked(self, read: Callable[[Told], T], method: str, path: str, body: Told | None = None) -> T:
        told = await self._ask(method, path, body)
        try:
            return read(told)
        except (KeyError, TypeError, ValueError) as error:
            raise PayUnknown("WeChat Pay's answer cannot be understood") from error

    async def _ask(self, method: str, path: str, body: Told | None = None) -> Told:
        sent = orjson.dumps(body) if body is not None else b""
        status, headers, answer = await self._send(method, path, sent, _ANSWER_BYTES_MAX)
        if _OK <= status < _MULTIPLE:
            self._verify(headers, answer)
            return _object(answer) if answer else {}
        told = _object(answer, strictly=False)
        code, message = str(told.get("code") or ""), str(told.get("message") or "")
        # Of a refusal something follows: that nothing was paid, say. So it must be WeChat Pay's own.
        if status >= _BAD and code in NOT_THERE_CODES | ORDER_PAID and "Wechatpay-Signature" in headers:
            self._verify(headers, answer)
        raise error_for(status, code, message)

    async def _loaded(self, path: str) -> bytes:
        status, _, body = await self._send("GET", path, b"", _BILL_BYTES_MAX)
        if status != _OK:
            raise error_for(status, "", "")
        return body

    async def _send(
        self, method: str, path: str, body: bytes, most: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        timestamp, nonce = int(self._clock().timestamp()), secrets.token_hex(16)
        message = signing.request_message(method, path, timestamp, nonce, body)
        merchant = self.merchant
        headers = {
            "Authorization": signing.authorization(
                merchant.mchid,
                merchant.serial,
                timestamp,
                nonce,
                signing.signature(merchant.private_key, message),
            )
        }
        if merchant.public_key_id:
            headers["Wechatpay-Serial"] = merchant.public_key_id
        if body:
            headers["Content-Type"] = "application/json"
        url = URL(f"{self._base}{path}", encoded=True)
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                answered_at = _instant(answer.headers.get("Date", ""))
                self.answered_at = answered_at or self.answered_at
                content = await answer.content.read(most + 1)
                while not answer.content.at_eof() and len(content) <= most:
                    content += await answer.content.read(most + 1 - len(content))
                if len(content) > most:
                    raise PayUnknown("WeChat Pay's answer is too long")
                return answer.status, answer.headers, content
        except aiohttp.ClientConnectorError as error:
            raise PayLater(f"WeChat Pay is not reached: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PayUnknown(f"WeChat Pay's answer was lost: {type(error).__name__}") from None

    def _verify(self, headers: Mapping[str, str], answer: bytes) -> None:
        try:
            verify(self.merchant.platform_keys, headers, answer, self._clock())
        except Refused as refused:
            _logger.warning("pay_answer_not_believed", why=refused.what)
            raise PayUnknown(f"WeChat Pay's answer is not believed: {refused.what}") from refused


def rfc3339(at: datetime) -> str:
    """Write an instant as WeChat Pay does, in Beijing's time and whole seconds."""
    return (at.astimezone(UTC) + _BEIJING).strftime("%Y-%m-%dT%H:%M:%S+08:00")


def _object(answer: bytes, *, strictly: bool = True) -> Told:
    try:
        told = orjson.loads(answer)
    except orjson.JSONDecodeError:
        told = None
    if isinstance(told, dict):
        return told
    if strictly:
        raise PayUnknown("WeChat Pay's answer cannot be understood")
    return {}


def _instant(date_: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date_) if date_ else None
    except ValueError:
        return None
