"""What the pages of a mini program need of WeChat: logins, phones, codes, links, checks of texts, shipping.

https://developers.weixin.qq.com/miniprogram/dev/server/API/
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from bot.channels.channel import OperatorNeeded, OutcomeUnknown
from bot.channels.wechat.account import WechatAccount
from bot.channels.wechat.client import WechatClient
from bot.channels.wechat.errors import PageWrong
from bot.channels.wechat.token import forcing
from bot.channels.wechat.transport import WECHAT_API, Json, Transport
from bot.core.phone import NotAContact, to_e164

LINK_LASTS_MAX = timedelta(days=30)
TEXT_MAX = 2500
"""As many characters of a text may be looked at."""
SCENE_MAX, PAGE_MAX, QUERY_MAX, ITEMS_MAX = 32, 128, 1024, 120
_LINK_LASTS_MIN = timedelta(minutes=1)

# https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode
_SCENE = re.compile(rf"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{{1,{SCENE_MAX}}}")
# …/qrcode-link/url-link/api_generateurllink
_QUERY = re.compile(rf"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~%]{{0,{QUERY_MAX}}}")
_PAGE = re.compile(rf"(?![/?])[0-9A-Za-z_\-/]{{0,{PAGE_MAX}}}")


class Version(StrEnum):
    """Which version of a mini program codes and links open."""

    RELEASE = "release"
    TRIAL = "trial"
    DEVELOP = "develop"


class Scene(IntEnum):
    """What a text is that is looked at."""

    PROFILE = 1
    REVIEW = 2
    FORUM = 3
    DIARY = 4  # notes between friends


class Suggests(StrEnum):
    """What the platform says of a text."""

    PASS = "pass"  # noqa: S105  # no password
    REVIEW = "review"
    RISKY = "risky"


class Delivery(IntEnum):
    """How goods come to who paid for them."""

    EXPRESS = 1
    CITY = 2
    VIRTUAL = 3
    PICK_UP = 4


@dataclass(frozen=True, slots=True)
class MiniLogin:
    """Who a login code stands for; `session_key` only opens what the page was given with it: never kept."""

    openid: str
    unionid: str | None
    session_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeImage:
    """A round code that opens a page, as a picture of that content type."""

    content: bytes = field(repr=False)
    kind: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the platform says of a text; `label` is the kind of what it found (100: nothing)."""

    suggests: Suggests
    label: int

    @property
    def may_be_shown(self) -> bool:
        """Whether others may see the text."""
        return self.suggests is Suggests.PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """That paid goods are on their way, or lie ready: else the platform keeps the money.

    `items` say what it is, at most 120 characters; `company` is the platform's code of who brings it and
    `contact` a masked phone number, both for express only.
    """

    transaction_id: str
    openid: str = field(repr=False)
    delivery: Delivery
    items: str
    at: datetime
    tracking: str = ""
    company: str = ""
    contact: str = field(default="", repr=False)


class MiniPrograms:
    """The shop's mini programs; make it inside the running loop, and close it there.

    Everything raises SendError by its subclass: `CodeOver` (the page must get another code),
    `ShopperRefused`, `ShopperAway`, `PageWrong`, `SenderSlowed` and other `SendLater` (`after` says when),
    `OperatorNeeded`, `OutcomeUnknown` (a code may be used up, a message told: never asked again by itself).
    """

    def __init__(
        self,
        accounts: Sequence[WechatAccount],
        *,
        base_url: str = WECHAT_API,
        may_force: Callable[[str], Awaitable[bool]] | None = None,
        version: Version = Version.RELEASE,
        timeout: timedelta = timedelta(seconds=8),
    ) -> None:
        """Official accounts among them are left out; `may_force`: see `Shared`."""
        self._transport = Transport(base_url, timeout=timeout)
        self._clients = {
            account.appid: WechatClient(account, self._transport, forcing(may_force, account.appid))
            for account in accounts
            if not account.is_official
        }
        self._version = version

    @property
    def accounts(self) -> tuple[WechatAccount, ...]:
        """The mini programs, in the order they were given."""
        return tuple(client.account for client in self._clients.values())

    def account_of(self, appid_or_name: str) -> WechatAccount | None:
        """Return the mini program with this appid, or the name we gave it."""
        return next((one for one in self.accounts if appid_or_name in (one.appid, one.name)), None)

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._transport.close()

    async def session_of(self, account: WechatAccount, code: str) -> MiniLogin:
        """Return who `wx.login` gave this code to. It lives for five minutes and works once."""
        answer = await self._client(account).ask_by_secret(
            "/sns/jscode2session", {"js_code": code, "grant_type": "authorization_code"}
        )
        openid, key, unionid = answer.get("openid"), answer.get("session_key"), answer.get("unionid")
        if not isinstance(openid, str) or not openid or not isinstance(key, str):
            raise OutcomeUnknown("WeChat's answer names nobody")
        return MiniLogin(openid, unionid if isinstance(unionid, str) and unionid else None, key)

    async def phone_of(self, account: WechatAccount, code: str, openid: str) -> str:
        """Return the phone number (E.164) that a shopper gave by this code; each success costs 0.03 yuan."""
        answer = await self._client(account).ask(
            "/wxa/business/getuserphonenumber", {"code": code, "openid": openid}
        )
        found = answer.get("phone_info")
        told = found if isinstance(found, dict) else {}
        national, country = told.get("purePhoneNumber"), told.get("countryCode")
        try:
            return to_e164(f"+{country}{national}")
        except NotAContact as error:
            raise OutcomeUnknown("WeChat's answer has no phone number") from error

    async def code_image(self, account: WechatAccount, scene: str, page: str) -> CodeImage:
        """Draw a code that opens a page with a scene (at most 32 characters); they are not counted."""
        if not _SCENE.fullmatch(scene):
            raise PageWrong(f"a scene has 1 to {SCENE_MAX} characters of 0-9A-Za-z!#$&'()*+,/:;=?@-._~")
        _check_page(page)
        content = await self._client(account).ask_picture(
            "/wxa/getwxacodeunlimit",
            {
                "scene": scene,
                "page": page,
                # Only of the released version the platform knows the pages.
                "check_path": self._version is Version.RELEASE,
                "env_version": self._version.value,
            },
        )
        return CodeImage(content, "image/png" if content.startswith(b"\x89PNG") else "image/jpeg")

    async def url_link(
        self, account: WechatAccount, page: str, query: str, *, now: datetime, until: datetime
    ) -> str:
        """Make a link that opens a page from outside WeChat for everybody who has it, 30 days at most."""
        _check_page(page)
        if not _QUERY.fullmatch(query):
            raise PageWrong(f"a query has at most {QUERY_MAX} characters of 0-9A-Za-z!#$&'()*+,/:;=?@-._~%")
        if not _LINK_LASTS_MIN <= until - now <= LINK_LASTS_MAX:
            raise PageWrong("a link lasts from a minute to 30 days")
        answer = await self._client(account).ask(
            "/wxa/generate_urllink",
            {
                "path": page,
                "query": query,
                "expire_type": 0,
                "expire_time": int(until.timestamp()),
                "env_version": self._version.value,
            },
        )
        link = answer.get("url_link")
        if not isinstance(link, str) or not link.startswith("https://"):
            raise OutcomeUnknown("WeChat's answer has no link")
        return link

    async def shipped(self, account: WechatAccount, shipment: Shipment) -> None:
        """Tell that paid goods are sent or ready; once more at most for one payment: then `AlreadyTold`.

        https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/api_uploadshippinginfo
        """
        sent: Json = {"item_desc": shipment.items[:ITEMS_MAX]}
        if shipment.delivery is Delivery.EXPRESS:
            sent |= {"tracking_no": shipment.tracking, "express_company": shipment.company}
            if shipment.contact:
                sent["contact"] = {"receiver_contact": shipment.contact}
        await self._client(account).ask(
            "/wxa/sec/order/upload_shipping_info",
            {
                # 2: by WeChat Pay's own number.
                "order_key": {"order_number_type": 2, "transaction_id": shipment.transaction_id},
                "logistics_type": int(shipment.delivery),
                "delivery_mode": 1,  # all of it at once
                "shipping_list": [sent],
                "upload_time": shipment.at.isoformat(timespec="milliseconds"),
                "payer": {"openid": shipment.openid},
            },
        )

    async def check_text(self, account: WechatAccount, openid: str, text: str, scene: Scene) -> Verdict:
        """Have a text looked at before others see it; who wrote it must have been there within two hours.

        https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_msgseccheck
        """
        answer = await self._client(account).ask(
            "/wxa/msg_sec_check",
            {"content": text[:TEXT_MAX], "version": 2, "scene": int(scene), "openid": openid},
        )
        found = answer.get("result")
        told = found if isinstance(found, dict) else {}
        try:
            return Verdict(Suggests(str(told.get("suggest"))), int(str(told.get("label", 100))))
        except ValueError as error:
            raise OutcomeUnknown("WeChat's answer says nothing of the text") from error

    def _client(self, account: WechatAccount) -> WechatClient:
        client = self._clients.get(account.appid)
        if client is None:
            raise OperatorNeeded(f"{account.name} is no mini program that is set up")
        return client


def _check_page(page: str) -> None:
    if not _PAGE.fullmatch(page):
        raise PageWrong("a page is like pages/wallet/index: no stroke before it, no query behind it")
