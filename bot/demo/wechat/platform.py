"""What the loopback WeChat keeps: accounts, tokens, menus, QR codes, media, everybody's conversations."""

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from bot.demo.wechat.account import Account
from bot.demo.wechat.chat import BubbleKind, Chat, Way
from bot.demo.wechat.errors import DAY_USED_UP, MINUTE_USED_UP, PlatformError
from bot.demo.wechat.faults import Faults
from bot.demo.wechat.pages import Pages
from bot.demo.wechat.pushing import Pushes
from bot.demo.wechat.shapes import Fields
from bot.demo.wechat.tokens import Tokens

BEIJING = timezone(timedelta(hours=8))
MEDIA_LAST = timedelta(days=3)
_A_DAY = {
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/menu/create": 1000,
    "/wxa/generate_urllink": 500_000,
    "/wxa/msg_sec_check": 2_000_000,
}
_A_MINUTE = {"/wxa/getwxacodeunlimit": 5000, "/wxa/msg_sec_check": 4000}
_LINK = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*("([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True)
class Media:
    """A file that an account uploaded, good until then."""

    account: str
    kind: str
    content: bytes = field(repr=False)
    content_type: str
    until: datetime


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code that leads into an account; `until` None: for good."""

    account: str
    scene: str
    ticket: str
    until: datetime | None

    @property
    def link(self) -> str:
        """What the picture says."""
        return f"http://weixin.qq.com/q/{quote(self.ticket[-24:])}"


class Platform:
    """The state of it all; `open` before use, `close` after."""

    def __init__(
        self,
        accounts: Iterable[Account],
        *,
        clock: Callable[[], datetime],
        latency: timedelta,
        push_timeout: timedelta,
    ) -> None:
        """`latency` passes before the API answers."""
        self.accounts = {account.name: account for account in accounts}
        self.clock = clock
        self.faults = Faults()
        self.pushes = Pushes(clock, push_timeout, self.faults)
        self.tokens = {name: Tokens(clock) for name in self.accounts}
        self.pages = Pages(clock)
        self.menus: dict[str, Fields] = {}
        self.codes: dict[str, QrCode] = {}
        self.media: dict[str, Media] = {}
        self.asked: Counter[tuple[str, str]] = Counter()
        """How often each path was asked for an account."""
        self.day_limits: dict[tuple[str, str], int] = {}
        """What is less than usual, by account and path."""
        self.minute_limits: dict[tuple[str, str], int] = {}
        self._of_day: Counter[tuple[str, str, str]] = Counter()
        self._of_minute: Counter[tuple[str, str, int]] = Counter()
        self.latency_seconds = latency.total_seconds()
        """May be changed at any time, from any thread."""
        self._chats: dict[tuple[str, str], Chat] = {}
        self._by_openid: dict[tuple[str, str], Chat] = {}
        self._journeys: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Get ready to push."""
        await self.pushes.open()

    async def close(self) -> None:
        """Stop all that is on its way."""
        for journey in self._journeys:
            journey.cancel()
        await asyncio.gather(*self._journeys, return_exceptions=True)
        await self.pushes.close()

    async def settle(self) -> None:
        """Wait until nothing is on its way any more."""
        while self._journeys:
            await asyncio.wait(set(self._journeys))

    def spawn(self, journey: Coroutine[None, None, None]) -> None:
        """Let something happen beside."""
        task = asyncio.create_task(journey)
        self._journeys.add(task)
        task.add_done_callback(self._journeys.discard)

    # Who is who

    def chat(self, person: str, account: str) -> Chat:
        """Return a person's conversation with an account. Raises LookupError: no such account."""
        chat = self._chats.get((account, person))
        if chat is None:
            chat = self._chats[account, person] = Chat(person, self.accounts[account])
            self._by_openid[account, chat.openid] = chat
        return chat

    def chat_of(self, account: Account, openid: object) -> Chat | None:
        """Return the conversation with whoever the account knows by this OpenID."""
        chat = self._by_openid.get((account.name, openid)) if isinstance(openid, str) else None
        return chat if chat is not None and chat.is_known else None

    @property
    def chats(self) -> list[Chat]:
        """Every conversation there is."""
        return list(self._chats.values())

    # What reaches a person

    def deliver(
        self, chat: Chat, kind: BubbleKind, text: str, way: Way, more: dict[str, object] | None = None
    ) -> None:
        """Show something in a conversation."""
        now = self.clock()
        chat.typing_until = None
        chat.spoke_at = now
        chat.add("received", kind, text, now, way=way, more=more)

    # What accounts have

    def count(self, account: Account, path: str) -> None:
        """Count a request of an account's.

        Raises:
            PlatformError: that was one too many for a minute or a day (of Beijing).
        """
        now = self.clock()
        key = account.name, path
        self.asked[key] += 1
        day, minute = now.astimezone(BEIJING).date().isoformat(), int(now.timestamp() // 60)
        self._of_minute[*key, minute] += 1
        in_minute = self.minute_limits.get(key, _A_MINUTE.get(path))
        if in_minute is not None and self._of_minute[*key, minute] > in_minute:
            raise PlatformError(MINUTE_USED_UP)
        self._of_day[*key, day] += 1
        most = self.day_limits.get(key, _A_DAY.get(path))
        if most is not None and self._of_day[*key, day] > most:
            raise PlatformError(DAY_USED_UP)

    def keep_media(self, account: Account, kind: str, content: bytes, content_type: str) -> str:
        """Keep a file for three days and return its id."""
        media_id = secrets.token_urlsafe(48)
        self.media[media_id] = Media(account.name, kind, content, content_type, self.clock() + MEDIA_LAST)
        return media_id

    def medium(self, account: Account, media_id: object) -> Media:
        """Return a file of an account's. Raises PlatformError: there is none any more."""
        medium = self.media.get(media_id) if isinstance(media_id, str) else None
        if medium is None or medium.account != account.name or self.clock() >= medium.until:
            raise PlatformError(40007)
        return medium

    def make_code(self, account: str, scene: str, lasts: timedelta | None) -> QrCode:
        """Make a QR code that leads into an account."""
        until = None if lasts is None else self.clock() + lasts
        code = QrCode(account, scene, f"gQ{secrets.token_urlsafe(60)}", until)
        self.codes[code.ticket] = code
        return code

    def code(self, account: str, scene_or_ticket: str) -> QrCode:
        """Return the latest QR code with this ticket or scene; one printed in the console lasts."""
        of_account = (code for code in reversed(self.codes.values()) if code.account == account)
        found = next((one for one in of_account if scene_or_ticket in (one.ticket, one.scene)), None)
        return found or self.make_code(account, scene_or_ticket, None)


def links_of(text: str) -> tuple[str, list[Mapping[str, str]]]:
    """Return a text as it is read, and the links in it: `label` with `page` and `appid`, or `href`."""
    links: list[Mapping[str, str]] = []

    def shown(found: re.Match[str]) -> str:
        given = {name: one or other for name, _, one, other in _ATTRIBUTE.findall(found[1])}
        page, href = given.get("data-miniprogram-path", ""), given.get("href", "")
        if not page and not href:
            return found[0]
        links.append(
            {"label": found[2], "page": page, "appid": given.get("data-miniprogram-appid", ""), "href": href}
        )
        return found[2]

    return _LINK.sub(shown, text), links
