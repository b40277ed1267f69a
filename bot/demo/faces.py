"""The faces of the demo's phone: texts through the loopback Twilio, chats through the loopback WeChat."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

import aiohttp
import orjson
from aiohttp import web
from pydantic import ValidationError

from bot.core.wechat_address import WECHAT, wechat_address
from bot.demo.loopback_thread import LoopbackThread
from bot.demo.wechat.account import Account
from bot.demo.wechat.api import STABLE_TOKEN
from bot.demo.wechat.face import Act

Json = Mapping[str, object]


class Face(Protocol):
    """One way to use a phone."""

    def owned(self, number: str) -> tuple[str, str]:
        """Return channel and value of the address that the owner of this number has here."""
        ...

    async def seen(self, number: str) -> Json:
        """Return what is to be seen: `conversation`, `exchange`, `faults`."""
        ...

    async def add_fault(self, number: str, fault: bytes) -> web.Response:
        """Have something go wrong."""
        ...

    async def clear_faults(self) -> web.Response:
        """Let everything work again."""
        ...


@dataclass(frozen=True, slots=True)
class TextFace:
    """Texts."""

    loopback: LoopbackThread

    def owned(self, number: str) -> tuple[str, str]:
        """The number is the address."""
        return "sms", number

    async def seen(self, number: str) -> Json:
        """The texts of this phone."""
        phone = f"/loopback/phones/{number}"
        return {
            "conversation": await asked(self.loopback, f"{phone}/messages"),
            "exchange": await asked(self.loopback, f"{phone}/exchange"),
            "faults": await asked(self.loopback, "/loopback/faults"),
        }

    async def text(self, number: str, body: str) -> web.Response:
        """Text the shop."""
        said = orjson.dumps({"body": body})
        return await passed_on(self.loopback, "POST", f"/loopback/phones/{number}/texts", said)

    async def add_fault(self, number: str, fault: bytes) -> web.Response:
        """Have something go wrong with this number."""
        narrowed = {**orjson.loads(fault), "number": number}
        return await passed_on(self.loopback, "POST", "/loopback/faults", orjson.dumps(narrowed))

    async def clear_faults(self) -> web.Response:
        """Let everything work again."""
        return await passed_on(self.loopback, "DELETE", "/loopback/faults")


@dataclass(frozen=True, slots=True)
class WechatFace:
    """The chat with one account on WeChat."""

    loopback: LoopbackThread
    account: Account

    def owned(self, number: str) -> tuple[str, str]:
        """The account's appid and the OpenID under which it knows the owner of this number."""
        return WECHAT, wechat_address(self.account.appid, self.account.openid(person_of(number)))

    async def seen(self, number: str) -> Json:
        """The conversation, its menu, what may be sent to it."""
        return {
            "conversation": await asked(self.loopback, self._path(number)),
            "exchange": await asked(self.loopback, f"{self._path(number)}/exchange"),
            "faults": await asked(self.loopback, "/loopback/faults"),
        }

    async def act(self, number: str, act: str, body: bytes) -> web.Response:
        """Do something as the owner of this number."""
        try:
            doing = Act.model_validate_json(body or b"{}")
        except ValidationError:
            return answered({"error": "That is nothing one could do."}, 400)
        if act == "give_phone":
            doing = doing.model_copy(update={"text": number})
        path = f"{self._path(number)}/{quote(act, safe='')}"
        return await passed_on(self.loopback, "POST", path, orjson.dumps(doing.model_dump()))

    async def add_fault(self, number: str, fault: bytes) -> web.Response:
        """Have something go wrong between this account and this person, or with the account's token."""
        narrowed = {**orjson.loads(fault), "account": self.account.name}
        if narrowed.get("path") != STABLE_TOKEN:
            narrowed["openid"] = self.account.openid(person_of(number))
        return await passed_on(self.loopback, "POST", "/loopback/faults", orjson.dumps(narrowed))

    async def clear_faults(self) -> web.Response:
        """Let everything work again."""
        return await passed_on(self.loopback, "DELETE", "/loopback/faults")

    def _path(self, number: str) -> str:
        return f"/loopback/wechat/{self.account.name}/{person_of(number)}"


def person_of(number: str) -> str:
    """Return what the loopback WeChat calls the owner of a number."""
    return hashlib.sha256(number.encode()).hexdigest()[:16]


async def asked(loopback: LoopbackThread, path: str) -> object:
    """Ask a loopback for something."""
    async with loopback.session.get(path) as answer:
        return orjson.loads(await answer.read())


async def passed_on(loopback: LoopbackThread, method: str, path: str, body: bytes = b"") -> web.Response:
    """Hand a request on to a loopback, and its answer back."""
    try:
        async with loopback.session.request(method, path, data=body) as answer:
            return web.Response(
                body=await answer.read(), status=answer.status, content_type="application/json"
            )
    except aiohttp.ClientError:
        return answered({"error": "The loopback does not answer."}, 502)


def answered(answer: Json, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(body=orjson.dumps(answer), status=status, content_type="application/json")
