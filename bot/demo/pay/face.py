"""The phones' face of the loopback WeChat Pay: pay, decline, confirm, ask for faults.

POST   /loopback/pay          {"appid", "do": "pay" or "decline", "args": what wx.requestPayment was given}
POST   /loopback/transfer     {"package"}: confirm what wx.requestMerchantTransfer was called with
GET    /loopback/trades       what was asked for, and how it stands
GET    /loopback/faults       POST, DELETE: see `faults.Fault`
POST   /loopback/settle       answers when nothing is on its way any more
"""

from collections.abc import Awaitable, Callable
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.demo.pay.book import Book, PayProblem
from bot.demo.pay.faults import Fault, Faults
from bot.demo.pay.phones import Phones


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    appid: str
    do: Literal["pay", "decline"] = "pay"
    args: dict[str, str]


class _Confirmed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    package: str


class PayFace:
    """The `/loopback/…` paths over phones and faults."""

    def __init__(
        self, phones: Phones, book: Book, faults: Faults, settle: Callable[[], Awaitable[None]]
    ) -> None:
        self._phones, self._book, self._faults, self._settled = phones, book, faults, settle

    def routes(self) -> list[web.RouteDef]:
        """The paths it answers."""
        return [
            web.post("/loopback/pay", self._pay),
            web.post("/loopback/transfer", self._confirm),
            web.get("/loopback/trades", self._trades),
            web.get("/loopback/faults", self._listed),
            web.post("/loopback/faults", self._add),
            web.delete("/loopback/faults", self._clear),
            web.post("/loopback/settle", self._settle),
        ]

    async def _pay(self, request: web.Request) -> web.Response:
        try:
            asked = _Asked.model_validate_json(await request.read())
            do = self._phones.pay if asked.do == "pay" else self._phones.decline
            said = do(asked.appid, asked.args)
        except ValidationError as error:
            return web.json_response({"errMsg": f"requestPayment:fail {error.error_count()}"}, status=400)
        except PayProblem as problem:
            return web.json_response({"errMsg": f"requestPayment:fail {problem.message}"})
        return web.json_response({"errMsg": said})

    async def _confirm(self, request: web.Request) -> web.Response:
        try:
            self._phones.confirm(_Confirmed.model_validate_json(await request.read()).package)
        except ValidationError as error:
            return web.json_response(
                {"errMsg": f"requestMerchantTransfer:fail {error.error_count()}"}, status=400
            )
        except PayProblem as problem:
            return web.json_response({"errMsg": f"requestMerchantTransfer:fail {problem.message}"})
        return web.json_response({"errMsg": "requestMerchantTransfer:ok", "result": "success"})

    async def _trades(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                one.number: {
                    "state": one.state,
                    "total": one.total,
                    "currency": one.currency,
                    "refunds": [{"amount": back.amount, "status": back.status} for back in one.refunds],
                }
                for one in self._book.trades.values()
            }
        )

    async def _listed(self, _: web.Request) -> web.Response:
        return web.json_response([fault.model_dump() for fault in self._faults])

    async def _add(self, request: web.Request) -> web.Response:
        try:
            self._faults.add(Fault.model_validate_json(await request.read()))
        except ValidationError as error:
            return web.Response(status=422, text=str(error))
        return web.Response(status=204)

    async def _clear(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.Response(status=204)

    async def _settle(self, _: web.Request) -> web.Response:
        await self._settled()
        return web.Response(status=204)
