"""What accounts send people: customer-service messages by their windows, subscribe messages by their grants.

https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage and
https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage
"""

import base64
import secrets
from datetime import timedelta

from aiohttp import web

from bot.demo.wechat.account import Account
from bot.demo.wechat.chat import BubbleKind, Chat
from bot.demo.wechat.errors import BAD_OPENID, NO_GRANT, NOT_ALLOWED, NOT_FOLLOWING, PlatformError
from bot.demo.wechat.fields import checked
from bot.demo.wechat.people import TEXT_BYTES_MAX, People
from bot.demo.wechat.platform import Platform, links_of
from bot.demo.wechat.shapes import Fields

_MINI_SENDS = {"text", "image", "link", "miniprogrampage"}
_OFFICIAL_SENDS = {
    "text",
    "image",
    "voice",
    "video",
    "music",
    "news",
    "mpnews",
    "mpnewsarticle",
    "msgmenu",
    "wxcard",
    "miniprogrampage",
}
_EXCHANGED_WITHIN, _TYPING_LASTS = timedelta(seconds=30), timedelta(seconds=15)
_SHOWN_BYTES_MAX = 256 << 10
_MENU_ID_MAX, _TITLE_MAX = 128, 128
Shown = tuple[BubbleKind, str, dict[str, object]]


class Sending:
    """Takes messages for people, or refuses as the platform does."""

    def __init__(self, platform: Platform, people: People) -> None:
        self._platform, self._people = platform, people

    async def customer_service(self, account: Account, _: web.Request, body: Fields) -> Fields:
        """Take a customer-service message."""
        chat = self._reachable(account, body)
        kind = body.get("msgtype")
        if kind not in (_OFFICIAL_SENDS if account.is_official else _MINI_SENDS):
            raise PlatformError(40008)
        if kind == "msgmenu" and not account.can_menu:
            raise PlatformError(40200)
        content = body.get(str(kind))
        if not isinstance(content, dict):
            raise PlatformError(47001)
        bubble, text, more = self._shown(account, str(kind), content)
        chat.windows.spend(self._platform.clock())
        self._platform.deliver(chat, bubble, text, "customer_service", more)
        return {"errcode": 0, "errmsg": "ok"}

    async def typing(self, account: Account, _: web.Request, body: Fields) -> Fields:
        """Show that somebody is writing, or no more."""
        chat = self._reachable(account, body)
        now = self._platform.clock()
        command = body.get("command")
        if command not in ("Typing", "CancelTyping"):
            raise PlatformError(45072)
        if chat.spoke_at is None or now - chat.spoke_at > _EXCHANGED_WITHIN:
            raise PlatformError(45080)
        if command == "CancelTyping":
            chat.typing_until = None
        elif chat.typing_until is not None and now < chat.typing_until:
            raise PlatformError(45081)
        else:
            chat.typing_until = now + _TYPING_LASTS
        chat.wake()
        return {"errcode": 0, "errmsg": "ok"}

    async def subscribe(self, account: Account, request: web.Request, body: Fields) -> Fields:
        """Take a subscribe message: mini programs `send`, official accounts `bizsend`."""
        if request.path.endswith("/bizsend") != account.is_official:
            raise PlatformError(NOT_ALLOWED)
        chat = self._platform.chat_of(account, body.get("touser"))
        if chat is None:
            raise PlatformError(BAD_OPENID)
        template = account.template(str(body.get("template_id", "")))
        if template is None:
            raise PlatformError(40037)
        page, appid = body.get("page", ""), account.appid
        program = body.get("miniprogram")
        if isinstance(program, dict) and not page:
            page, appid = program.get("pagepath", ""), str(program.get("appid", ""))
        if not isinstance(page, str) or page.startswith("/"):
            raise PlatformError(41030)
        fields = checked(template, body.get("data"))
        if chat.grants[template.template_id] < 1:
            raise PlatformError(NO_GRANT)
        chat.grants[template.template_id] -= 1
        labelled = {template.fields[key]: value for key, value in fields.items()}
        text = "\n".join([template.title, *(f"{label}：{value}" for label, value in labelled.items())])
        more: dict[str, object] = {
            "title": template.title,
            "fields": labelled,
            "page": page,
            "appid": appid,
            "template": template.template_id,
        }
        self._platform.deliver(chat, "notice", text, "subscribe", more)
        message_id = str(secrets.randbits(62))
        if account.is_official:
            self._people.tell_sent(chat, template.template_id, message_id)
        return {"errcode": 0, "errmsg": "ok", "msgid": int(message_id)}

    # Below: how

    def _reachable(self, account: Account, body: Fields) -> Chat:
        chat = self._platform.chat_of(account, body.get("touser"))
        if chat is None:
            raise PlatformError(BAD_OPENID)
        if account.is_official and not chat.is_following:
            raise PlatformError(NOT_FOLLOWING)
        return chat

    def _shown(self, account: Account, kind: str, content: Fields) -> Shown:
        """Return what is seen of a message. Raises PlatformError."""
        if kind == "text":
            text, links = links_of(_text(content, "content", TEXT_BYTES_MAX))
            for link in links:
                if not account.is_official and link["appid"] not in ("", account.appid):
                    raise PlatformError(40013)
            return "text", text, {"links": links} if links else {}
        if kind == "msgmenu":
            return _menu(content)
        if kind == "miniprogrampage":
            return self._card(account, content)
        if kind == "image":
            medium = self._platform.medium(account, content.get("media_id"))
            return "picture", "[图片]", {"picture": _shown_picture(medium.content, medium.content_type)}
        if kind == "link":
            title = _text(content, "title", 512)
            return "card", title, {"title": title, "page": str(content.get("url", "")), "appid": ""}
        for name in ("media_id", "thumb_media_id"):
            if name in content:
                self._platform.medium(account, content[name])
        return "media", f"[{kind}]", {}

    def _card(self, account: Account, content: Fields) -> Shown:
        title = _text(content, "title", 4 * _TITLE_MAX)
        page, appid = content.get("pagepath", ""), content.get("appid", account.appid)
        if not isinstance(page, str):
            raise PlatformError(41030)
        known = {one.appid for one in self._platform.accounts.values() if not one.is_official}
        if appid not in known or (not account.is_official and appid != account.appid):
            raise PlatformError(40013)
        thumb = self._platform.medium(account, content.get("thumb_media_id"))
        more: dict[str, object] = {
            "title": title,
            "page": page,
            "appid": appid,
            "picture": _shown_picture(thumb.content, thumb.content_type),
        }
        return "card", title, more


def _menu(content: Fields) -> Shown:
    head, tail = str(content.get("head_content", "")), str(content.get("tail_content", ""))
    listed = content.get("list")
    if not isinstance(listed, list) or not listed:
        raise PlatformError(44004)
    options = []
    for one in listed:
        if not isinstance(one, dict):
            raise PlatformError(47001)
        key, label = str(one.get("id", "")), str(one.get("content", ""))
        if not key or not label or len(key) > _MENU_ID_MAX:
            raise PlatformError(40035)
        options.append((key, label))
    text = "\n".join([*filter(None, [head]), *(label for _, label in options), *filter(None, [tail])])
    if len(text.encode()) > TEXT_BYTES_MAX:
        raise PlatformError(45002)
    return "menu", text, {"head": head, "options": options, "tail": tail}


def _text(content: Fields, name: str, bytes_max: int) -> str:
    text = content.get(name)
    if not isinstance(text, str) or not text.strip():
        raise PlatformError(44004)
    if len(text.encode()) > bytes_max:
        raise PlatformError(45002)
    return text


def _shown_picture(content: bytes, content_type: str) -> str:
    """Return a picture as the page can show it; empty where it is too large for that."""
    if not content or len(content) > _SHOWN_BYTES_MAX or not content_type.startswith("image/"):
        return ""
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"
