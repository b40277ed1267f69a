"""The API of the loopback WeChat Pay: every request's signature checked, every answer signed."""

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from bot.demo.pay.bills import bill
from bot.demo.pay.book import Book, PayProblem, Refund, Transfer, told_at
from bot.demo.pay.crypto import fits, signed
from bot.demo.pay.faults import Fault, FaultKind, Faults
from bot.demo.pay.phones import Phones, trade_told

_AUTHORIZATION = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="([^"]+)",nonce_str="([^"]+)",signature="([^"]+)",'
    r'timestamp="([0-9]+)",serial_no="([^"]+)"'
)
_FRESH_SECONDS = 300
_DONE_ALL_THE_SAME: tuple[FaultKind, ...] = (
    "drop_answer",
    "slow_answer",
    "late_answer",
    "no_json",
    "wrong_signature",
)
Did = dict[str, object] | bytes | None
_TRANSFERS = "fund-app/mch-transfer/transfer-bills"
_REPORTS = {"1000": {"活动名称", "奖励说明"}}


class Api:
    """Answers what a merchant asks."""

    def __init__(  # noqa: PLR0913  # who asks, who answers, with which keys
        self,
        book: Book,
        phones: Phones,
        faults: Faults,
        *,
        merchant: tuple[str, RSAPublicKey],
        platform: tuple[str, RSAPrivateKey],
        stranger: RSAPrivateKey,
        clock: Callable[[], datetime],
    ) -> None:
        """`merchant` is its serial and key, `platform` the answers' id and key; `stranger` forges some."""
        self.book = book
        self.latency_seconds = 0.0
        self.refund_seconds: float | None = 0.05
        """How long a refund takes; None: until somebody says so."""
        self.asked: list[tuple[str, str]] = []
        self._phones, self._faults, self._clock = phones, faults, clock
        self._serial, self._merchant_key = merchant
        self._key_id, self._key = platform
        self._stranger = stranger
        self._files: dict[str, bytes] = {}
        self._later: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Where it is."""
        return [web.route("*", "/v3/{path:.*}", self._answer)]

    async def close(self) -> None:
        """Let nothing happen any more."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until every refund that takes its time has come to its end."""
        while self._later:
            await asyncio.gather(*self._later, return_exceptions=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append((request.method, request.path))
        await asyncio.sleep(self.latency_seconds)
        fault = self._faults.take(
            "refuse", "drop_request", *_DONE_ALL_THE_SAME, path=request.path, method=request.method
        )
        if fault is not None and fault.kind == "drop_request":
            return _hung_up(request)
        try:
            self._check_signature(request, body)
            did = self._do(request, body, fault)
        except PayProblem as problem:
            told = {"code": problem.code, "message": problem.message}
            return self._written(problem.status, json.dumps(told).encode(), fault)
        if isinstance(did, bytes) and fault is not None and fault.kind == "no_json":
            return web.Response(body=b"<html>busy</html>")
        if isinstance(did, bytes):
            return web.Response(body=did, content_type="text/plain")
        return await self._with_fault(request, did, fault)

    async def _with_fault(
        self, request: web.Request, did: dict[str, object] | None, fault: Fault | None
    ) -> web.StreamResponse:
        kind = fault.kind if fault is not None else ""
        if kind == "drop_answer":
            return _hung_up(request)
        if kind == "no_json":
            return self._written(200, b"<html>busy</html>", fault)
        if fault is not None and kind == "late_answer":
            told = {"code": fault.code, "message": ""}
            return self._written(fault.status, json.dumps(told).encode(), fault)
        if fault is not None and kind == "slow_answer":
            await asyncio.sleep(fault.seconds)
        if did is None:
            return self._written(204, b"", fault)
        return self._written(200, json.dumps(did, ensure_ascii=False).encode(), fault)

    def _written(self, status: int, body: bytes, fault: Fault | None) -> web.Response:
        is_forged = fault is not None and fault.kind == "wrong_signature"
        skewed = self._faults.take("skewed_clock")
        now = self._clock() + timedelta(seconds=skewed.seconds if skewed else 0)
        timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
        key = self._stranger if is_forged else self._key
        headers = {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self._key_id,
            "Wechatpay-Signature": signed(key, timestamp, nonce, body),
            "Request-ID": secrets.token_hex(16),
        }
        return web.Response(status=status, body=body, headers=headers, content_type="application/json")

    def _check_signature(self, request: web.Request, body: bytes) -> None:
        found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if found is None:
            raise PayProblem(401, "SIGN_ERROR", "Authorization")
        mchid, nonce, signature, timestamp, serial = found.groups()
        if mchid != self.book.mchid or serial != self._serial:
            raise PayProblem(401, "SIGN_ERROR", "商户证书序列号有误")
        if abs(int(timestamp) - self._clock().timestamp()) > _FRESH_SECONDS:
            raise PayProblem(
                401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"
            )
        lines = (request.method, request.raw_path, timestamp, nonce, body)
        if not fits(self._merchant_key, signature, *lines):
            raise PayProblem(401, "SIGN_ERROR", "错误的签名，验签失败")
        wanted = request.headers.get("Wechatpay-Serial", self._key_id)
        if wanted != self._key_id:
            raise PayProblem(400, "PARAM_ERROR", "Wechatpay-Serial")

    def _do(self, request: web.Request, body: bytes, fault: Fault | None) -> Did:
        """Do what is asked."""
        if fault is not None and fault.kind == "refuse":
            raise PayProblem(fault.status, fault.code, "")
        path, book = request.path.removeprefix("/v3/"), self.book
        asked = _read(body)
        way = (request.method, re.sub(r"(out-trade-no/|out-bill-no/|refunds/)[^/]+", r"\1*", path))
        name = next(iter(re.findall(r"(?:out-trade-no|out-bill-no|refunds)/([^/]+)", path)), "")
        match way:
            case "POST", "pay/transactions/jsapi":
                return self._prepay(asked)
            case "GET", "pay/transactions/out-trade-no/*":
                if request.query.get("mchid") != book.mchid:
                    raise PayProblem(400, "PARAM_ERROR", "mchid")
                return trade_told(book, book.trade(name))
            case "POST", "pay/transactions/out-trade-no/*/close":
                book.close(name)
                return None
            case "POST", "refund/domestic/refunds":
                return self._refund(asked)
            case "GET", "refund/domestic/refunds/*":
                return _refund_told(book.refund_of(name))
            case _, where if where.startswith(_TRANSFERS):
                return self._transfers((request.method, where.removeprefix(_TRANSFERS)), name, asked)
            case "GET", "bill/tradebill" | "bill/fundflowbill":
                return self._bill(request, path.removeprefix("bill/"))
            case "GET", "billdownload/file":
                return self._files[request.query["token"]]
        raise PayProblem(404, "NOT_FOUND_PATH", path)

    def _transfers(self, way: tuple[str, str], name: str, asked: dict[str, object]) -> dict[str, object]:
        match way:
            case "POST", "":
                reports = _REPORTS.get(str(asked.get("transfer_scene_id")), set())
                return _transfer_told(self.book.transfer(asked, reports), offers=True)
            case "GET", "/out-bill-no/*":
                return _transfer_told(self.book.transfer_of(name))
            case "POST", "/out-bill-no/*/cancel":
                return _transfer_told(self.book.cancel(name))
        raise PayProblem(404, "NOT_FOUND_PATH", way[1])

    def _prepay(self, asked: dict[str, object]) -> dict[str, object]:
        trade = self.book.prepay(asked)
        if trade.state == "NOTPAY" and self._faults.take("pay_at_once"):
            self.book.pay(trade)
            self._phones.tell_paid(trade)
        return {"prepay_id": trade.prepay_id}

    def _refund(self, asked: dict[str, object]) -> dict[str, object]:
        made, is_new = self.book.refund(asked)
        if is_new:
            task = asyncio.create_task(self._refund_ends(made))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        return _refund_told(made)

    async def _refund_ends(self, made: Refund) -> None:
        if self.refund_seconds is None:
            return
        await asyncio.sleep(self.refund_seconds)
        fault = self._faults.take("abnormal_refund", "closed_refund")
        status = {"abnormal_refund": "ABNORMAL", "closed_refund": "CLOSED"}.get(fault.kind if fault else "")
        self.book.refund_ends(made, status or "SUCCESS")
        self._phones.tell_refund(made)

    def _bill(self, request: web.Request, kind: str) -> dict[str, object]:
        try:
            on_day = date.fromisoformat(request.query.get("bill_date", ""))
        except ValueError as error:
            raise PayProblem(400, "PARAM_ERROR", "bill_date") from error
        made, token = bill(self.book, kind, on_day), secrets.token_urlsafe(24)
        self._files[token] = made
        return {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(made, usedforsecurity=False).hexdigest(),
            "download_url": f"https://api.mch.weixin.qq.com/v3/billdownload/file?token={token}",
        }


def _refund_told(refund: Refund) -> dict[str, object]:
    return {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.number,
        "transaction_id": refund.trade.transaction_id,
        "out_trade_no": refund.trade.number,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": told_at(refund.made_at),
        "status": refund.status,
        "amount": {
            "total": refund.trade.total,
            "refund": refund.amount,
            "payer_total": refund.trade.total,
            "payer_refund": refund.amount,
            "settlement_refund": refund.amount,
            "settlement_total": refund.trade.total,
            "discount_refund": 0,
            "currency": refund.trade.currency,
        },
    }


def _transfer_told(transfer: Transfer, *, offers: bool = False) -> dict[str, object]:
    told: dict[str, object] = {
        "out_bill_no": transfer.number,
        "transfer_bill_no": transfer.transfer_id,
        "create_time": told_at(transfer.made_at),
        "state": transfer.state,
    }
    if transfer.state == "WAIT_USER_CONFIRM" and offers:
        told["package_info"] = transfer.package
    if transfer.why:
        told["fail_reason"] = transfer.why
    return told


def _read(body: bytes) -> dict[str, object]:
    if not body:
        return {}
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise PayProblem(400, "PARAM_ERROR", "JSON") from error
    if not isinstance(asked, dict):
        raise PayProblem(400, "PARAM_ERROR", "JSON")
    return asked


def _hung_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
