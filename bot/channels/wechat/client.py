"""Asking WeChat's API for one account: wechatpy's catalogue of methods over our own transport and token.

The only module that names wechatpy, which takes a third of a second and 17 MB to import: import this one only
where an account is set up. Of wechatpy nothing is used but how its methods name their path and parameters:
its own requests know no limit to their retries, no time-out, no asyncio, and leak the token in their errors.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, TypeVar

import aiohttp
import orjson
from wechatpy.client import WeChatClient

from bot.channels.channel import OperatorNeeded, OutcomeUnknown, ProviderUnreachable, SendError, SendLater
from bot.channels.wechat.account import WechatAccount
from bot.channels.wechat.errors import BUSY, TOKEN_CODES
from bot.channels.wechat.token import Fetched, MayForce, Tokens
from bot.channels.wechat.transport import WECHAT_API, Json, Transport

_STABLE_TOKEN = "/cgi-bin/stable_token"  # noqa: S105  # a path
_BUSY_SECONDS = (0.2, 0.8)
"""How long to wait before asking again where the platform is busy; afterwards it is somebody else's turn."""
_BEGUN_WITHIN_SECONDS = 20.0
"""Nothing is asked again later than that: with its time-out it still ends within the lease of a message."""


_NO_MENU = 46003
_LASTS_AT_LEAST_SECONDS = 300.0  # the platform makes the next one by then
_Data = bytes | aiohttp.FormData | None
_Call = Callable[[str, str, dict[str, str], _Data], Awaitable[Json]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code that leads into an account: its ticket, the link inside it, and where its picture is."""

    scene: str
    ticket: str
    link: str
    picture: str


class WechatClient:
    """The API as one account may use it; `transport` may serve several."""

    def __init__(
        self, account: WechatAccount, transport: Transport, may_force: MayForce | None = None
    ) -> None:
        """Nothing is asked before the first call."""
        self.account = account
        self._transport = transport
        self._tokens = Tokens(self._fetch_token, may_force)
        self._api = _Api(account.appid, self._call)

    @property
    def answered_at(self) -> datetime | None:
        """What the platform's clock said with its latest answer."""
        return self._transport.answered_at

    async def post(self, path: str, body: Json) -> Json:
        """Post a body, as to `message/custom/send`.

        Raises:
            SendError: by its subclass; `OutcomeUnknown` where it may have been done.
        """
        return _object(await self._api.post(path, data=body))

    async def ask(self, path: str, body: Json) -> Json:
        """Post a body to a path that begins with a stroke, as `/wxa/msg_sec_check`. Raises SendError."""
        return await self._call("post", path, {}, orjson.dumps(body))

    async def ask_picture(self, path: str, body: Json) -> bytes:
        """Post a body to a path that answers with a picture. Raises SendError."""
        data = orjson.dumps(body)
        return await self._with_token(
            lambda token: self._transport.picture(path, params={"access_token": token}, data=data)
        )

    async def ask_by_secret(self, path: str, params: dict[str, str]) -> Json:
        """Get what is asked with appid and secret in place of a token. Raises SendError."""
        known = {"appid": self.account.appid, "secret": self.account.secret}
        return await self._patiently(lambda: self._transport.ask("get", path, params={**known, **params}))

    async def upload_image(self, image: bytes, name: str, kind: str) -> str:
        """Upload a picture of that content type, which the platform keeps for three days; return its id.

        Raises:
            SendError: never `OutcomeUnknown`, since what was uploaded twice harms nobody.
        """
        try:
            answer = _object(await self._api.media.upload("image", (name, image, kind)))
        except OutcomeUnknown as error:
            raise SendLater(f"a picture was not uploaded: {error}", code=error.code) from None
        media_id = answer.get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise SendLater("a picture was uploaded and got no id")
        return media_id

    async def create_menu(self, menu: Json) -> None:
        """Put the account's menu in place of the one it has. Raises SendError."""
        await self._api.menu.create(menu)

    async def menu(self) -> Json:
        """Return the menu the account has, empty where it has none. Raises SendError."""
        try:
            return _object(await self._api.menu.get())
        except SendError as error:
            if error.code == _NO_MENU:
                return {}
            raise

    async def create_qr(self, scene: str, seconds: int | None = None) -> QrCode:
        """Make a QR code that leads into the account with this scene, for good or for so many seconds.

        Raises:
            SendError: by its subclass.
        """
        action = {"action_info": {"scene": {"scene_str": scene}}}
        for_good = {"action_name": "QR_LIMIT_STR_SCENE"}
        body = action | (
            for_good if seconds is None else {"action_name": "QR_STR_SCENE", "expire_seconds": seconds}
        )
        answer = _object(await self._api.qrcode.create(body))
        ticket = str(answer.get("ticket", ""))
        return QrCode(scene, ticket, str(answer.get("url", "")), str(self._api.qrcode.get_url(ticket)))

    async def user(self, openid: str) -> Json:
        """Return what it tells of a follower: `subscribe`, `unionid`, `language`. Raises SendError."""
        return _object(await self._api.user.get(openid))

    async def templates(self) -> list[Json]:
        """Return the templates of the account: `priTmplId`, `title`, `content`. Raises SendError.

        https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/
        api_getmessagetemplatelist: the same path for mini programs and official accounts.
        """
        answer = _object(await self._api.get("gettemplate", api_base_url=f"{WECHAT_API}/wxaapi/newtmpl/"))
        found = answer.get("data")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    async def check_token(self) -> None:
        """Fetch a token, as a look whether credentials and whitelist are right. Raises SendLater."""
        await self._tokens.current()

    # Below: how

    async def _call(self, method: str, path: str, params: dict[str, str], data: _Data) -> Json:
        return await self._with_token(
            lambda token: self._transport.ask(
                method, path, params={**params, "access_token": token}, data=data
            )
        )

    async def _with_token(self, ask: Callable[[str], Awaitable[T]]) -> T:
        """Ask; once more if the token is refused, a few times more while the platform is busy."""
        began_at = time.monotonic()
        token, waits, may_renew = await self._tokens.current(), iter(_BUSY_SECONDS), True
        while True:
            try:
                return await ask(token)
            except SendError as error:
                failed = error
            is_late = time.monotonic() - began_at > _BEGUN_WITHIN_SECONDS
            wait = next(waits, None) if failed.code == BUSY else None
            if failed.code in TOKEN_CODES and may_renew and not is_late:
                may_renew = False
                token = await self._tokens.renew(token)
            elif wait is not None and not is_late:
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  # only parts processes
            else:
                raise failed

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask what needs no token, a few times more while the platform is busy."""
        waits = iter(_BUSY_SECONDS)
        while True:
            try:
                return await ask()
            except SendError as error:
                failed = error
            wait = next(waits, None) if failed.code == BUSY else None
            if wait is None:
                raise failed
            await asyncio.sleep(wait)

    async def _fetch_token(self, force: bool) -> Fetched:  # noqa: FBT001  # as the platform's own parameter
        """Fetch the token. Raises SendLater; a lost answer is as if nobody had answered: nothing was sent."""
        body = {
            "grant_type": "client_credential",
            "appid": self.account.appid,
            "secret": self.account.secret,
            "force_refresh": force,
        }
        data = orjson.dumps(body)
        try:
            answer = await self._patiently(lambda: self._transport.ask("post", _STABLE_TOKEN, data=data))
        except SendError as error:
            failed = error
        else:
            return _fetched(answer)
        raise _of_token(failed)


def _fetched(answer: Json) -> Fetched:
    token, seconds = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not token:
        raise OperatorNeeded("WeChat gave no access token: check REGULARS_WECHAT_BASE_URL")
    if not isinstance(seconds, int) or seconds < _LASTS_AT_LEAST_SECONDS:
        seconds = _LASTS_AT_LEAST_SECONDS
    return Fetched(token, seconds)


def _of_token(error: SendError) -> SendError:
    """What an error of the token's own means for what was to be asked with it: that it was not asked."""
    if isinstance(error, OutcomeUnknown):
        return ProviderUnreachable(f"no access token: {error}")
    if error.code in TOKEN_CODES:  # here it speaks of the credentials
        return OperatorNeeded(f"WeChat {error.code}: the appid or the secret is wrong", code=error.code)
    if isinstance(error, SendLater):
        return error
    return OperatorNeeded(f"no access token: {error}", code=error.code)


class _Api(WeChatClient):  # type: ignore[misc]  # it ships no types
    """wechatpy's client with one method of ours in place of all that asks; each of its methods is awaited.

    Some of them (tickets, statistics, `upload_image`) look into the answer before it is there and fail: those
    that we need are asked by `post` and `get`.
    """

    def __init__(self, appid: str, call: _Call) -> None:
        # Not its own __init__, which opens a session of requests.
        self.appid = appid
        self.session = None
        self._call = call

    @property
    def access_token(self) -> NoReturn:
        # Its __new__ reads every attribute before there is any: nothing but AttributeError may be raised.
        raise AttributeError("the token is fetched asynchronously, by our own client")

    def fetch_access_token(self) -> NoReturn:
        raise NotImplementedError("the token is fetched asynchronously, by our own client")

    async def _request(  # noqa: PLR0913  # as wechatpy calls it
        self,
        method: str,
        url_or_endpoint: str,
        *,
        params: Mapping[str, object] | None = None,
        data: Json | bytes | str | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        api_base_url: str | None = None,
        result_processor: Callable[[Json], Any] | None = None,
    ) -> Any:  # noqa: ANN401  # what a result processor returns
        url = url_or_endpoint
        if not url.startswith(("http://", "https://")):
            url = f"{api_base_url or self.API_BASE_URL}{url}"
        if not url.startswith(f"{WECHAT_API}/"):
            raise ValueError("the access token goes nowhere but to the API")
        texts = {name: str(value) for name, value in (params or {}).items()}
        answer = await self._call(method, url.removeprefix(WECHAT_API), texts, _written(data, files))
        return result_processor(answer) if result_processor is not None else answer


def _written(data: Json | bytes | str | None, files: Mapping[str, tuple[str, bytes, str]] | None) -> _Data:
    if files:
        return _form(files)
    if isinstance(data, str):
        return data.encode()
    return orjson.dumps(data) if isinstance(data, dict) else data  # UTF-8: escapes would be shown as such


def _form(files: Mapping[str, tuple[str, bytes, str]]) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for field, (name, content, kind) in files.items():
        form.add_field(field, content, filename=name, content_type=kind)
    return form


def _object(answer: object) -> Json:
    if not isinstance(answer, dict):  # only a result processor of wechatpy's could do that
        raise OutcomeUnknown("WeChat's answer cannot be understood")
    return answer
