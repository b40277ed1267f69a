"""What a message looks like to WeChat's API: which paths it is posted to, and as which JSON.

Customer-service messages: https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/
api_sendcustommessage. Subscribe messages: …/mp-message-management/subscribe-message/api_sendmessage, and for
official accounts https://developers.weixin.qq.com/doc/offiaccount/Subscription_Messages/api.html.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.channels.channel import SendNever
from bot.channels.wechat.account import WechatAccount
from bot.channels.wechat.pages import has_page_links, with_mini_pages
from bot.channels.wechat.transport import Json
from bot.core.forms import Card, Form, Notice
from bot.core.messages import Outgoing
from bot.core.ways import WayKind
from bot.core.wechat_address import openid_of
from bot.core.wechat_text import TEXT_BYTES_MAX, parts_of, without_links

CUSTOM = "message/custom/send"
SUBSCRIBE, SUBSCRIBE_OFFICIAL = "message/subscribe/send", "message/subscribe/bizsend"

FORMAL = "formal"
"""The published version of a mini program, which subscribe messages open; others: `trial`, `developer`."""
_NO_FORM = Form()
_TRADITIONAL = {
    "zh-hk": "zh_HK",
    "zh-mo": "zh_HK",
    "zh-tw": "zh_TW",
    "zh-hant": "zh_TW",
    "zh-hant-hk": "zh_HK",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request of those that a message is."""

    path: str
    body: Json

    @property
    def is_text(self) -> bool:
        """Whether it is a text, or a part of one."""
        return self.body.get("msgtype") in {"text", "msgmenu"}


@dataclass(frozen=True, slots=True)
class Means:
    """What beside the message decides how it looks.

    `pictures` are media ids by the address of the picture: what is missing there could not be uploaded.
    `minis` are appids of mini programs by our name of the account. `has_menus`: whether the account may send
    menu messages. `version` is that of the mini program a subscribe message opens.
    """

    account: WechatAccount
    minis: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    has_menus: bool = True
    version: str = FORMAL


def pictures_of(message: Outgoing, way: WayKind, means: Means) -> tuple[str, ...]:
    """Return the addresses of the pictures that must be uploaded before a message can be written."""
    if way is not WayKind.CUSTOMER_SERVICE:
        return ()
    card = message.form.card if message.form is not None else None
    images = (card.image,) if card is not None and card.image and _appid(card.account, means) else ()
    return tuple(dict.fromkeys((*images, *message.media)))


def requests_of(message: Outgoing, way: WayKind, means: Means) -> tuple[Request, ...]:
    """Write a message: its texts come first, then what adorns them. Each request counts against the window.

    Raises:
        SendNever: there is nothing in it that could go this way.
    """
    openid = openid_of(message.address)
    if way is WayKind.CUSTOMER_SERVICE:
        bodies = _custom(message, means)
        if not bodies:
            raise SendNever("the message is empty")
        return tuple(Request(CUSTOM, {"touser": openid, **body}) for body in bodies)
    notice = message.form.notice if message.form is not None else None
    if way is WayKind.SUBSCRIBE and notice is not None:
        return (_subscribe(openid, notice, message.language, means),)
    raise SendNever(f"the message cannot go as {way.called}")


def _custom(message: Outgoing, means: Means) -> list[Json]:
    form = message.form or _NO_FORM
    card = _card(form.card, means) if form.card is not None else None
    link = _link(form.card, means) if form.card is not None and card is None else None
    if menu := _menu(form, means):
        bodies = [menu] if link is None else [menu, _text(link)]
    else:
        text = without_links(message.body if form.options else form.head or message.body)
        text = with_mini_pages(text, means.account, means.minis)
        if link is not None:
            text = f"{text}\n\n{link}" if text.strip() else link
        bodies = [_text(part) for part in parts_of(text.strip())]
    missing = [image for image in message.media if image not in means.pictures]
    bodies += [_text(address) for address in missing if address.startswith(("http://", "https://"))]
    if card is not None:
        bodies.append(card)
    bodies += [_image(means.pictures[image]) for image in message.media if image in means.pictures]
    return bodies


def _text(content: str) -> Json:
    return {"msgtype": "text", "text": {"content": content}}


def _image(media_id: str) -> Json:
    return {"msgtype": "image", "image": {"media_id": media_id}}


def _menu(form: Form, means: Means) -> Json | None:
    """Options to tap; where an account cannot show them, the text lists them with their numbers."""
    if not (form.options and form.head.strip() and means.has_menus and means.account.is_official):
        return None
    if has_page_links(form.head):  # the head of a menu cannot be tapped
        return None
    head = without_links(form.head.strip())
    listed = [{"id": option.key, "content": without_links(option.label)} for option in form.options]
    if len(head.encode()) + sum(len(one["content"].encode()) for one in listed) > TEXT_BYTES_MAX:
        return None
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": head, "list": listed}}


def _card(card: Card, means: Means) -> Json | None:
    """A page of a mini program as a card: it needs a picture, and a mini program of ours."""
    appid, picture = _appid(card.account, means), means.pictures.get(card.image)
    if appid is None or picture is None:
        return None
    page = {"title": card.title, "appid": appid, "pagepath": card.page, "thumb_media_id": picture}
    return {"msgtype": "miniprogrampage", "miniprogrampage": page}


def _link(card: Card, means: Means) -> str | None:
    """The same page as a link in the text."""
    appid = _appid(card.account, means)
    if appid is None:
        return None
    page = card.page.replace('"', "%22").replace("<", "%3C").replace(">", "%3E")
    title = card.title.replace("<", "＜").replace(">", "＞").strip() or "→"
    return f'<a data-miniprogram-appid="{appid}" data-miniprogram-path="{page}">{title}</a>'


def _appid(name: str, means: Means) -> str | None:
    """Whose page is opened: the account named, the one the contact is in, or the only one there is."""
    own = None if means.account.is_official else means.account.appid
    if name:
        appid = means.minis.get(name)
        return appid if own is None or appid == own else None
    if own is not None:
        return own
    return next(iter(means.minis.values())) if len(means.minis) == 1 else None


def _subscribe(openid: str, notice: Notice, language: str, means: Means) -> Request:
    fields = {key: {"value": value} for key, value in notice.fields.items()}
    body: Json = {"touser": openid, "template_id": notice.template_id, "data": fields}
    if means.account.is_official:
        if notice.page.startswith(("http://", "https://")):
            body["page"] = notice.page
        elif notice.page and (appid := _page_of(notice, means)):
            body["miniprogram"] = {"appid": appid, "pagepath": notice.page}
        return Request(SUBSCRIBE_OFFICIAL, body)
    if notice.page:
        body["page"] = notice.page
    body["miniprogram_state"] = means.version
    body["lang"] = _language(language)
    return Request(SUBSCRIBE, body)


def _page_of(notice: Notice, means: Means) -> str | None:
    """Whose page an official account's notice opens; its `account` may be the official account itself."""
    return _appid(notice.account if notice.account in means.minis else "", means)


def _language(language: str) -> str:
    """Return which of the four languages the platform knows is nearest."""
    spelled = language.lower().replace("_", "-")
    if spelled in _TRADITIONAL:
        return _TRADITIONAL[spelled]
    return "zh_CN" if spelled.partition("-")[0] == "zh" else "en_US"
