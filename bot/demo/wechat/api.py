"""The HTTP API of the loopback WeChat: tokens, messages, menus, codes, media, users; errors inside a 200."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import orjson
from aiohttp import web

from bot.demo.wechat.account import Account, unionid
from bot.demo.wechat.chat import Chat
from bot.demo.wechat.errors import (
    BAD_OPENID,
    ILLEGAL_TOKEN,
    NO_CODE,
    NO_TOKEN_AT_ALL,
    NOT_ALLOWED,
    NOT_WHITELISTED,
    PlatformError,
)
from bot.demo.wechat.faults import Fault, FaultKind
from bot.demo.wechat.menu import checked_menu
from bot.demo.wechat.people import People
from bot.demo.wechat.platform import Platform
from bot.demo.wechat.sending import Sending
from bot.demo.wechat.shapes import Fields

STABLE_TOKEN = "/cgi-bin/stable_token"  # noqa: S105  # a path
LOGIN = "/sns/jscode2session"
_FOR_EVER_SECONDS = 3600
_CODE_DEFAULT, _CODE_MAX = timedelta(seconds=60), timedelta(days=30)
_SCENE_MAX, _LIMIT_SCENE_MAX = 64, 100_000
_BYTES_MAX = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
_AGENT = re.compile(r"[^@\s]+@[^@\s]+")
Handler = Callable[[Account, web.Request, Fields], Awaitable[Fields | bytes]]


class Api:
    """The paths of api.weixin.qq.com over a platform."""

    def __init__(self, platform: Platform, people: People) -> None:
        self._platform, self._people = platform, people
        self._sending = Sending(platform, people)

    def routes(self) -> list[web.RouteDef]:
        """The paths it answers."""
        sending = self._sending
        posts: dict[str, Handler] = {
            "/cgi-bin/message/custom/send": sending.customer_service,
            "/cgi-bin/message/custom/typing": sending.typing,
            "/cgi-bin/message/subscribe/send": sending.subscribe,
            "/cgi-bin/message/subscribe/bizsend": sending.subscribe,
            "/cgi-bin/menu/create": self._create_menu,
            "/cgi-bin/qrcode/create": self._create_code,
            "/cgi-bin/media/upload": self._upload,
            "/wxa/business/getuserphonenumber": _by(self._platform.pages.give_phone),
            "/wxa/getwxacodeunlimit": _by(self._platform.pages.draw),
            "/wxa/generate_urllink": _by(self._platform.pages.link),
            "/wxa/msg_sec_check": _by(self._platform.pages.look_at),
            "/wxa/sec/order/upload_shipping_info": _by(self._platform.pages.ship),
            "/customservice/kfsession/create": self._open_session,
            "/customservice/kfsession/close": self._close_session,
        }
        gets: dict[str, Handler] = {
            "/cgi-bin/menu/get": self._menu,
            "/cgi-bin/menu/delete": self._delete_menu,
            "/cgi-bin/user/info": self._user,
            "/wxaapi/newtmpl/gettemplate": self._templates,
            "/customservice/kfsession/getsession": self._session,
        }
        return [
            web.post(STABLE_TOKEN, self._stable_token),
            web.get(LOGIN, self._login),
            *(web.post(path, self._answered(path, handler)) for path, handler in posts.items()),
            *(web.get(path, self._answered(path, handler)) for path, handler in gets.items()),
            web.get("/cgi-bin/media/get", self._download),
        ]

    # How everything is answered

    def _answered(
        self, path: str, handler: Handler
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answered(request: web.Request) -> web.StreamResponse:
            try:
                account = self._admitted(request)
                self._platform.count(account, path)
                body = await _body(request)
            except PlatformError as refused:
                return _refusal(refused)
            openid = str(body.get("touser") or body.get("openid") or request.query.get("openid", ""))
            return await self._faulty(account, openid, path, request, lambda: handler(account, request, body))

        return answered

    async def _stable_token(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await _body(request)
            account = self._account_of(body)
            self._platform.count(account, STABLE_TOKEN)
        except PlatformError as refused:
            return _refusal(refused)

        async def token() -> Fields | bytes:
            self._check_secret(account, request, body)
            token = self._platform.tokens[account.name].ask(force=body.get("force_refresh") is True)
            left = token.until - self._platform.clock()
            return {"access_token": token.value, "expires_in": int(left.total_seconds())}

        return await self._faulty(account, "", STABLE_TOKEN, request, token)

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """Exchange a page's login code; asked with the secret in place of a token."""
        asked: Fields = dict(request.query)
        try:
            account = self._account_of(asked, "authorization_code")
            self._platform.count(account, LOGIN)
        except PlatformError as refused:
            return _refusal(refused)

        async def login() -> Fields | bytes:
            self._check_secret(account, request, asked)
            if not request.query.get("js_code"):
                raise PlatformError(NO_CODE)
            person, key = self._platform.pages.login(account, request.query["js_code"])
            chat = self._platform.chat(person, account.name)
            chat.is_known = True
            found: Fields = {"openid": chat.openid, "session_key": key}
            return found | {"unionid": unionid(person)} if account.is_bound else found

        return await self._faulty(account, "", LOGIN, request, login)

    async def _faulty(
        self,
        account: Account,
        openid: str,
        path: str,
        request: web.Request,
        work: Callable[[], Awaitable[Fields | bytes]],
    ) -> web.StreamResponse:
        """Do the work, with whatever shall go wrong before, while or after."""

        def struck(*kinds: FaultKind) -> Fault | None:
            return self._platform.faults.take(account.name, openid, *kinds, path=path)

        await asyncio.sleep(self._platform.latency_seconds)
        if fault := struck("refuse"):
            return _refusal(PlatformError(fault.code))
        if fault := struck("http"):
            return web.Response(status=fault.status, text="bad gateway")
        if struck("drop_request"):
            return _cut(request)
        try:
            answer = _whole(await work())
        except PlatformError as refused:
            return _refusal(refused)
        if fault := struck("slow_answer"):
            await asyncio.sleep(fault.seconds or _FOR_EVER_SECONDS)
        if fault := struck("late_answer"):
            return _refusal(PlatformError(fault.code))
        if struck("no_json"):
            return web.Response(text="<html>ok</html>", content_type="text/html")
        return _cut(request) if struck("drop_answer") else answer

    def _admitted(self, request: web.Request) -> Account:
        """Return whose token a request has. Raises PlatformError."""
        value = request.query.get("access_token")
        if not value:
            raise PlatformError(NO_TOKEN_AT_ALL)
        refused = PlatformError(ILLEGAL_TOKEN)
        for name, tokens in self._platform.tokens.items():
            try:
                tokens.check(value)
            except PlatformError as error:
                refused = error if refused.code in (ILLEGAL_TOKEN, 40001) else refused
                continue
            account = self._platform.accounts[name]
            self._check_machine(account, request)
            return account
        raise refused

    def _account_of(self, body: Fields, grant_type: str = "client_credential") -> Account:
        if body.get("grant_type") != grant_type:
            raise PlatformError(40002)
        if not body.get("appid"):
            raise PlatformError(41002)
        found = (one for one in self._platform.accounts.values() if one.appid == body["appid"])
        account = next(found, None)
        if account is None:
            raise PlatformError(40013)
        return account

    def _check_secret(self, account: Account, request: web.Request, body: Fields) -> None:
        if not body.get("secret"):
            raise PlatformError(41004)
        if body["secret"] != account.secret:
            raise PlatformError(40125)
        if account.is_frozen:
            raise PlatformError(40243)
        self._check_machine(account, request)

    def _check_machine(self, account: Account, request: web.Request) -> None:
        if account.addresses is not None and request.remote not in account.addresses:
            raise PlatformError(NOT_WHITELISTED, ip=str(request.remote))

    # What is answered

    async def _create_menu(self, account: Account, _: web.Request, body: Fields) -> Fields:
        _only_official(account)
        self._platform.menus[account.name] = checked_menu(body)
        for chat in self._platform.chats:
            chat.wake()
        return _OK

    async def _menu(self, account: Account, _: web.Request, __: Fields) -> Fields:
        _only_official(account)
        menu = self._platform.menus.get(account.name)
        if menu is None:
            raise PlatformError(46003)
        return {"menu": menu}

    async def _delete_menu(self, account: Account, _: web.Request, __: Fields) -> Fields:
        _only_official(account)
        self._platform.menus.pop(account.name, None)
        return _OK

    async def _create_code(self, account: Account, _: web.Request, body: Fields) -> Fields:
        _only_official(account)
        name = str(body.get("action_name", ""))
        scene = _scene_of(body, name)
        if scene is None:
            raise PlatformError(40035)
        lasts = None
        if "LIMIT" not in name:
            seconds = body.get("expire_seconds", _CODE_DEFAULT.total_seconds())
            if not isinstance(seconds, int | float) or not 0 < seconds <= _CODE_MAX.total_seconds():
                raise PlatformError(40035)
            lasts = timedelta(seconds=seconds)
        code = self._platform.make_code(account.name, scene, lasts)
        answer: Fields = {"ticket": code.ticket, "url": code.link}
        return answer if lasts is None else answer | {"expire_seconds": int(lasts.total_seconds())}

    async def _upload(self, account: Account, request: web.Request, _: Fields) -> Fields:
        kind = request.query.get("type", "")
        if kind not in _BYTES_MAX:
            raise PlatformError(40004)
        form = await request.post()
        media = form.get("media")
        if not isinstance(media, web.FileField):
            raise PlatformError(41005)
        content = media.file.read()
        if not content:
            raise PlatformError(41005)
        if len(content) > _BYTES_MAX[kind]:
            raise PlatformError(40009)
        media_id = self._platform.keep_media(account, kind, content, media.content_type)
        return {"type": kind, "media_id": media_id, "created_at": int(self._platform.clock().timestamp())}

    async def _download(self, request: web.Request) -> web.StreamResponse:
        try:
            medium = self._platform.medium(self._admitted(request), request.query.get("media_id"))
        except PlatformError as refused:
            return _refusal(refused)
        return web.Response(body=medium.content, content_type=medium.content_type)

    async def _user(self, account: Account, request: web.Request, _: Fields) -> Fields:
        _only_official(account)
        chat = self._chat(account, request.query.get("openid"))
        known: Fields = {"subscribe": int(chat.is_following), "openid": chat.openid}
        known["unionid"] = unionid(chat.person)
        if chat.is_following and chat.followed_at is not None:
            known |= {
                "language": "zh_CN",
                "subscribe_time": int(chat.followed_at.timestamp()),
                "remark": "",
                "groupid": 0,
                "tagid_list": [],
                "subscribe_scene": "ADD_SCENE_QR_CODE" if chat.followed_by else "ADD_SCENE_SEARCH",
                "qr_scene": 0,
                "qr_scene_str": chat.followed_by,
            }
        return known

    async def _templates(self, account: Account, _: web.Request, __: Fields) -> Fields:
        listed = [
            {
                "priTmplId": one.template_id,
                "title": one.title,
                "content": "".join(f"{label}:{{{{{key}.DATA}}}}\n" for key, label in one.fields.items()),
                "example": "",
                "type": 2,
            }
            for one in account.templates
        ]
        return {"errcode": 0, "errmsg": "ok", "data": listed}

    async def _open_session(self, account: Account, _: web.Request, body: Fields) -> Fields:
        _only_official(account)
        agent = body.get("kf_account")
        if not isinstance(agent, str) or not _AGENT.fullmatch(agent):
            raise PlatformError(65401)
        self._people.begin_session(self._chat(account, body.get("openid")), agent)
        return _OK

    async def _close_session(self, account: Account, _: web.Request, body: Fields) -> Fields:
        _only_official(account)
        chat = self._chat(account, body.get("openid"))
        session = chat.session_at(self._platform.clock())
        if session is None or session.agent != body.get("kf_account"):
            raise PlatformError(65415)
        self._people.end_session(chat)
        return _OK

    async def _session(self, account: Account, request: web.Request, _: Fields) -> Fields:
        _only_official(account)
        chat = self._chat(account, request.query.get("openid"))
        session = chat.session_at(self._platform.clock())
        return {
            "kf_account": session.agent if session else "",
            "createtime": int(session.active_at.timestamp()) if session else 0,
        }

    def _chat(self, account: Account, openid: object) -> Chat:
        chat = self._platform.chat_of(account, openid)
        if chat is None:
            raise PlatformError(BAD_OPENID)
        return chat


_OK: Fields = {"errcode": 0, "errmsg": "ok"}


def _by(taken: Callable[[Account, Fields], Fields | bytes]) -> Handler:
    """What needs nothing but the body."""

    async def handler(account: Account, _: web.Request, body: Fields) -> Fields | bytes:
        return taken(account, body)

    return handler


def _whole(answer: Fields | bytes) -> web.Response:
    if isinstance(answer, bytes):
        return web.Response(body=answer, content_type="image/png")
    return web.Response(body=orjson.dumps(answer), content_type="application/json")


def _only_official(account: Account) -> None:
    if not account.is_official:
        raise PlatformError(NOT_ALLOWED)


def _scene_of(body: Fields, name: str) -> str | None:
    """Return the scene of a code that shall be made; None where it is none."""
    action = body.get("action_info")
    inner = action.get("scene") if isinstance(action, dict) else None
    if not isinstance(inner, dict):
        return None
    text, number = inner.get("scene_str"), inner.get("scene_id")
    if name in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE"):
        return text if isinstance(text, str) and 0 < len(text) <= _SCENE_MAX else None
    if not isinstance(number, int) or number <= 0:
        return None
    most = {"QR_SCENE": 2**32, "QR_LIMIT_SCENE": _LIMIT_SCENE_MAX}.get(name, 0)
    return str(number) if number <= most else None


async def _body(request: web.Request) -> Fields:
    """Return the JSON a request came with; nothing for GET and uploads. Raises PlatformError."""
    if request.method == "GET" or request.content_type.startswith("multipart/"):
        return {}
    raw = await request.read()
    if not raw:
        raise PlatformError(44002)
    try:
        # The platform shows escapes as they are: it wants UTF-8.
        body = orjson.loads(re.sub(rb"\\(?=u[0-9a-fA-F]{4})", rb"\\\\", raw))
    except orjson.JSONDecodeError as error:
        raise PlatformError(47001) from error
    if not isinstance(body, dict):
        raise PlatformError(47001)
    return body


def _refusal(refused: PlatformError) -> web.Response:
    return web.json_response({"errcode": refused.code, "errmsg": f"{refused.errmsg} rid: loopback"})


def _cut(request: web.Request) -> web.Response:
    """Break the connection; what is returned is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
