"""The pages of mini programs at the loopback WeChat: logins, phones, codes, links, looked-at texts, shipping.

https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session and the page of each.
"""

import hashlib
import io
import re
import secrets
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import segno

from bot.demo.wechat.account import Account
from bot.demo.wechat.errors import (
    BAD_CODE,
    BAD_OPENID,
    BLOCKED,
    NOT_ALLOWED,
    NOT_RELEASED,
    USED_CODE,
    PlatformError,
)
from bot.demo.wechat.shapes import Fields

CODE_LASTS = timedelta(minutes=5)
SEEN_WITHIN = timedelta(hours=2)
"""Whoever wrote a text that is looked at must have been in the mini program so lately."""
LINK_LASTS_MAX = timedelta(days=30)
CodeFor = Literal["login", "phone"]
_CHARACTERS = r"0-9A-Za-z!#$&'()*+,/:;=?@\-._~"
_SCENE, _QUERY = re.compile(f"[{_CHARACTERS}]{{1,32}}"), re.compile(f"[{_CHARACTERS}%]{{0,1024}}")
_CQ_MAX, _TEXT_MAX, _ITEMS_MAX, _SHIPPED_MAX = 256, 2500, 120, 2
_NUMBERS = 10**7
_VERSIONS = ("release", "trial", "develop")


@dataclass(slots=True)
class PageCode:
    """What a page got to hand to its server, once, within five minutes."""

    account: str
    person: str
    what: CodeFor
    until: datetime
    is_used: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A link that opens a page from outside WeChat."""

    account: str
    page: str
    query: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Drawn:
    """A round code that was drawn: scanning it opens the page with the scene."""

    account: str
    page: str
    scene: str


@dataclass(slots=True)
class Paid:
    """A payment that must be told to be on its way before its money is the shop's."""

    openid: str
    told: list[Fields] = field(default_factory=list)


class Pages:
    """What happens between pages, platform and the account's server."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._codes: dict[str, PageCode] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._seen: dict[tuple[str, str], datetime] = {}
        self.phones: dict[str, str] = {}
        """The phone number (E.164) of each person; who is not in it has one in China."""
        self.blocked: set[str] = set()
        """The people whom the platform takes for frauds."""
        self.phones_left = 1000
        """How many phone numbers may still be asked for: they are bought."""
        self.phones_given: Counter[str] = Counter()
        """How often each account was given (and billed for) a phone number."""
        self.links: dict[str, Link] = {}
        self.drawn: list[Drawn] = []
        self.payments: dict[str, Paid] = {}
        """Payments by WeChat Pay's number, as its loopback knows them."""

    # On the phone

    def code(self, account: Account, person: str, what: CodeFor = "login") -> str:
        """Give a page a code of a person who opened it, as `wx.login` or the phone number's button does."""
        value = f"0{secrets.token_urlsafe(24)[:31]}"
        now = self._clock()
        self._codes[value] = PageCode(account.name, person, what, now + CODE_LASTS)
        self._seen[account.name, account.openid(person)] = now
        if what == "login":
            # A new login may replace the session key: here it always does.
            self._keys[account.name, person] = b64encode(secrets.token_bytes(16)).decode()
        return value

    def phone(self, person: str) -> str:
        """Return a person's phone number."""
        digits = int.from_bytes(hashlib.sha256(person.encode()).digest()[:5]) % _NUMBERS
        return self.phones.get(person) or f"+861380{digits:07d}"

    def opened(self, url: str) -> tuple[str, str]:
        """Open a link: returns the account, and the page with its query as the page gets it.

        Raises:
            LookupError: no such link, or it is over.
        """
        parts = urlsplit(url)
        link = self.links.get(f"{parts.scheme}://{parts.netloc}{parts.path}")
        if link is None or self._clock() >= link.until:
            raise LookupError("no such link, or it is over")
        own = parse_qs(parts.query).get("cq", [""])[0]
        if len(own) > _CQ_MAX:
            raise LookupError("what was added to the link is too long")
        query = "&".join(part for part in (link.query, own) if part)
        return link.account, f"{link.page}?{query}" if query else link.page

    # At the platform

    def login(self, account: Account, code: object) -> tuple[str, str]:
        """Return the person a login code was given, and their session key. Raises PlatformError."""
        person = self._spend(account, code, "login")
        if person in self.blocked:
            raise PlatformError(BLOCKED)
        return person, self._keys[account.name, person]

    def give_phone(self, account: Account, body: Fields) -> Fields:
        """Give the phone number that a person let a page have. Raises PlatformError."""
        _only_mini(account)
        if self.phones_left <= 0:
            raise PlatformError(1400001)
        code = body.get("code")
        waiting = self._codes.get(code) if isinstance(code, str) else None
        openid = body.get("openid")
        if waiting is not None and openid is not None and openid != account.openid(waiting.person):
            raise PlatformError(BAD_CODE)
        number = self.phone(self._spend(account, code, "phone"))
        self.phones_left -= 1
        self.phones_given[account.name] += 1
        country, national = _parted(number)
        shown = national if country == "86" else f"{country}{national}"
        stamp = {"timestamp": int(self._clock().timestamp()), "appid": account.appid}
        told = {"phoneNumber": shown, "purePhoneNumber": national, "countryCode": country}
        return {"errcode": 0, "errmsg": "ok", "phone_info": {**told, "watermark": stamp}}

    def draw(self, account: Account, body: Fields) -> bytes:
        """Draw a code that opens a page. Raises PlatformError."""
        _only_mini(account)
        scene, page = body.get("scene"), body.get("page", "")
        if not isinstance(scene, str) or not _SCENE.fullmatch(scene):
            raise PlatformError(40169)
        self._check_page(account, page, body, must_be=bool(body.get("check_path", True)))
        self.drawn.append(Drawn(account.name, str(page), scene))
        picture = io.BytesIO()
        segno.make(f"{account.appid}/{page}?scene={scene}", error="m").save(picture, kind="png", scale=6)
        return picture.getvalue()

    def link(self, account: Account, body: Fields) -> Fields:
        """Make a link that opens a page from outside WeChat. Raises PlatformError."""
        _only_mini(account)
        if not account.is_released:
            raise PlatformError(NOT_RELEASED)
        page, query = body.get("path", ""), body.get("query", "")
        self._check_page(account, page, body, must_be=True)
        if not isinstance(query, str) or not _QUERY.fullmatch(query):
            raise PlatformError(40212)
        until, now = body.get("expire_time"), self._clock()
        if body.get("expire_type", 0) != 0 or not isinstance(until, int):
            raise PlatformError(40097)
        lasts = timedelta(seconds=until - now.timestamp())
        if not timedelta(minutes=1) <= lasts + timedelta(seconds=1) or lasts > LINK_LASTS_MAX:
            raise PlatformError(85401)
        url = f"https://wxaurl.cn/{secrets.token_urlsafe(12)[:11]}"
        self.links[url] = Link(account.name, str(page), query, now + lasts)
        return {"errcode": 0, "errmsg": "ok", "url_link": url}

    def look_at(self, account: Account, body: Fields) -> Fields:
        """Say what is to be thought of a text; 赌 is risky, 代购 is looked at again. Raises PlatformError."""
        _only_mini(account)
        content, openid = body.get("content"), body.get("openid")
        if body.get("version") != 2 or body.get("scene") not in (1, 2, 3, 4):  # noqa: PLR2004  # as documented
            raise PlatformError(40129)
        if not isinstance(content, str) or not content:
            raise PlatformError(44002)
        if len(content) > _TEXT_MAX:
            raise PlatformError(45002)
        seen_at = self._seen.get((account.name, str(openid)))
        if seen_at is None:
            raise PlatformError(BAD_OPENID)
        if self._clock() - seen_at > SEEN_WITHIN:
            raise PlatformError(61010)
        found = {"suggest": "pass", "label": 100}
        if "赌" in content:
            found = {"suggest": "risky", "label": 20006}
        elif "代购" in content:
            found = {"suggest": "review", "label": 10001}
        trace = secrets.token_hex(12)
        return {"errcode": 0, "errmsg": "ok", "trace_id": trace, "result": found, "detail": []}

    def ship(self, account: Account, body: Fields) -> Fields:
        """Take it that paid goods are on their way. Raises PlatformError."""
        _only_mini(account)
        key, payer, sent = body.get("order_key"), body.get("payer"), body.get("shipping_list")
        if not isinstance(key, dict) or not isinstance(payer, dict) or not isinstance(sent, list):
            raise PlatformError(47001)
        if body.get("logistics_type") not in (1, 2, 3, 4):
            raise PlatformError(10060005)
        if len(sent) != 1 or not 0 < len(str(sent[0].get("item_desc", ""))) <= _ITEMS_MAX:
            raise PlatformError(40097)
        if body["logistics_type"] == 1 and not (
            sent[0].get("tracking_no") and sent[0].get("express_company")
        ):
            raise PlatformError(40097)
        try:
            datetime.fromisoformat(str(body.get("upload_time")))
        except ValueError as error:
            raise PlatformError(40097) from error
        paid = self.payments.get(str(key.get("transaction_id")))
        if paid is None or paid.openid != payer.get("openid"):
            raise PlatformError(10060001)
        if len(paid.told) >= _SHIPPED_MAX:
            raise PlatformError(10060003)
        paid.told.append(dict(body))
        return {"errcode": 0, "errmsg": "ok"}

    # Below: how

    def _spend(self, account: Account, code: object, what: CodeFor) -> str:
        found = self._codes.get(code) if isinstance(code, str) else None
        if found is None or (found.account, found.what) != (account.name, what):
            raise PlatformError(BAD_CODE)
        if self._clock() >= found.until:
            raise PlatformError(BAD_CODE)
        if found.is_used:
            raise PlatformError(USED_CODE if what == "login" else BAD_CODE)
        found.is_used = True
        return found.person

    def _check_page(self, account: Account, page: object, body: Fields, *, must_be: bool) -> None:
        if body.get("env_version", "release") not in _VERSIONS:
            raise PlatformError(85402)
        if not isinstance(page, str) or page.startswith("/") or "?" in page:
            raise PlatformError(41030)
        if must_be and page and account.pages is not None and page not in account.pages:
            raise PlatformError(41030)


def _only_mini(account: Account) -> None:
    if account.is_official:
        raise PlatformError(NOT_ALLOWED)


def _parted(number: str) -> tuple[str, str]:
    """Part a number of China or North America into the country's code and the rest."""
    digits = number.removeprefix("+")
    country = "86" if digits.startswith("86") else digits[:1]
    return country, digits.removeprefix(country)
