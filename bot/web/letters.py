"""Where letters lead: unsubscribing by one click (RFC 8058), choices, confirming, the picture of looks."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.conversation.letters import Readers
from bot.conversation.operations import Body
from bot.core.clicks import VisitKind, kind_of_look
from bot.core.email.links import (
    CONFIRM_PATH,
    LOOK_PATH,
    PREFERENCES_PATH,
    UNSUBSCRIBE_PATH,
    LetterLinks,
    Reader,
)
from bot.core.email.page_colors import css
from bot.core.errors import RegularsError
from bot.web.bodies import form_of
from bot.web.letter_pages import STYLE, choices_page, confirm_page, done_page, leave_page
from bot.web.limits import Limit, Limiter, caller
from bot.web.link_pages import LATER, UNKNOWN, accepted, page

WRONG_LINKS = Limit(burst=30, per_minute=30)
"""How many links that are none of ours one address may try."""
CHANGES = Limit(burst=30, per_minute=10)
"""How many changes one letter may bring: each is kept as evidence."""

_PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_POLICY = "Content-Security-Policy"
_WORDS_MAX = 1_000
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LetterDoor:
    """Answers everything below `/e/`; nothing but a POST changes anything: scanners follow links."""

    links: LetterLinks
    readers: Readers
    clock: Callable[[], datetime]
    wrong_links: Limiter = field(default_factory=lambda: Limiter(WRONG_LINKS))
    changes: Limiter = field(default_factory=lambda: Limiter(CHANGES))

    def routes(self) -> list[web.RouteDef]:
        """Where they are; HEAD comes along with GET."""
        return [
            web.get(f"{UNSUBSCRIBE_PATH}{{token}}", self.ask_to_leave),
            web.post(f"{UNSUBSCRIBE_PATH}{{token}}", self.leave),
            web.get(f"{PREFERENCES_PATH}{{token}}", self.show),
            web.post(f"{PREFERENCES_PATH}{{token}}", self.change),
            web.get(f"{CONFIRM_PATH}{{token}}", self.ask_to_confirm),
            web.post(f"{CONFIRM_PATH}{{token}}", self.confirm),
            web.get(f"{LOOK_PATH}{{token}}", self.look),
        ]

    async def ask_to_leave(self, request: web.Request) -> web.Response:
        """Ask once more whoever came by the link: what leaves is the POST."""
        reader = self.links.read_unsubscribe(request.match_info["token"])
        if reader is None:
            return self._nowhere(request)
        return await self._page(request, reader, lambda chosen: leave_page(chosen, reader.group))

    async def leave(self, request: web.Request) -> web.Response:
        """Leave at once: a mail program's one click, or the button of our page."""
        reader = self.links.read_unsubscribe(request.match_info["token"])
        if reader is None:
            return self._nowhere(request)
        if not self._may_change(reader):
            return _plain(request, HTTPStatus.TOO_MANY_REQUESTS)
        given = await form_of(request)  # whatever it says: who posts here leaves
        words = "&".join(f"{name}={value}" for name, value in given.items())
        try:
            await self.readers.leave(reader, words[:_WORDS_MAX] or "POST")
        except RegularsError:
            _logger.exception("letter_not_left", contact=reader.contact_id)
            return _plain(request, HTTPStatus.SERVICE_UNAVAILABLE)
        preferences = self.links.preferences(reader)
        return await self._page(request, reader, lambda chosen: done_page(chosen, preferences))

    async def show(self, request: web.Request) -> web.Response:
        """Show what the reader gets."""
        reader = self.links.read_preferences(request.match_info["token"])
        if reader is None:
            return self._nowhere(request)
        return await self._page(request, reader, choices_page)

    async def change(self, request: web.Request) -> web.Response:
        """Change one group, or leave all."""
        reader = self.links.read_preferences(request.match_info["token"])
        if reader is None:
            return self._nowhere(request)
        if not self._may_change(reader):
            return _plain(request, HTTPStatus.TOO_MANY_REQUESTS)
        given = await form_of(request)
        group, wording = given.get("group", ""), given.get("wording", "")[:_WORDS_MAX]
        try:
            if group:
                subscribed = given.get("subscribed") == "yes"
                await self.readers.choose(reader, group, subscribed=subscribed, wording=wording)
            elif wording:  # a form that says nothing changes nothing
                everything = Reader(reader.contact_id, reader.message_id)
                await self.readers.leave(everything, wording)
        except RegularsError:
            _logger.exception("letter_not_chosen", contact=reader.contact_id)
            return _plain(request, HTTPStatus.SERVICE_UNAVAILABLE)
        return _again(request)

    async def ask_to_confirm(self, request: web.Request) -> web.Response:
        """Ask whoever came by the link: what confirms is the POST."""
        reader = self.links.read_confirm(request.match_info["token"])
        if reader is None:
            return self._nowhere(request)
        preferences = self.links.preferences(reader)
        return await self._page(
            request, reader, lambda asked: confirm_page(asked, preferences), self.readers.asked
        )

    async def confirm(self, request: web.Request) -> web.Response:
        """Confirm the opt-in that the letter asked about."""
        reader = self.links.read_confirm(request.match_info["token"])
        if reader is None:
            return self._nowhere(request)
        if not self._may_change(reader):
            return _plain(request, HTTPStatus.TOO_MANY_REQUESTS)
        wording = (await form_of(request)).get("wording", "")
        try:
            await self.readers.confirm(reader, wording[:_WORDS_MAX])
        except RegularsError:
            _logger.exception("letter_not_confirmed", contact=reader.contact_id)
            return _plain(request, HTTPStatus.SERVICE_UNAVAILABLE)
        return _again(request)

    async def look(self, request: web.Request) -> web.Response:
        """Give the picture, and record that a person looked; whoever asks gets one."""
        reader = self.links.read_look(request.match_info["token"])
        if reader is not None and kind_of_look(request.method, request.headers) is VisitKind.PERSON:
            try:
                await self.readers.looked(reader)
            except Exception:  # whatever the database says: who reads is not to see it
                _logger.exception("look_not_recorded", contact=reader.contact_id)
        return web.Response(body=_PICTURE, content_type="image/gif", headers=_HEADERS)

    def _may_change(self, reader: Reader) -> bool:
        return self.changes.allows(reader.message_id, self.clock())

    async def _page(
        self,
        request: web.Request,
        reader: Reader,
        made: Callable[[Body], tuple[str, str]],
        look: Callable[[Reader], Awaitable[Body]] | None = None,
    ) -> web.Response:
        try:
            chosen = await (look or self.readers.chosen)(reader)
        except LookupError:
            return self._nowhere(request)
        except Exception:  # whatever the database says: it may be visited again
            _logger.exception("letter_not_shown", contact=reader.contact_id)
            return _plain(request, HTTPStatus.SERVICE_UNAVAILABLE)
        brand = self.readers.shop().letters.brand
        style = f"{STYLE}{css(brand.colors, ':root', ':root')}"
        html, language = made({**chosen, "style": style, "logo": brand.logo if brand.logo_origin else ""})
        headers = {**_page_headers(style, brand.logo_origin), "Content-Language": language}
        return web.Response(text=html, content_type="text/html", charset="utf-8", headers=headers)

    def _nowhere(self, request: web.Request) -> web.Response:
        who, now = caller(request), self.clock()
        if self.wrong_links.is_spent(who, now):
            return _plain(request, HTTPStatus.TOO_MANY_REQUESTS)
        self.wrong_links.allows(who, now)
        return _plain(request, HTTPStatus.NOT_FOUND)


@lru_cache(maxsize=16)
def _page_headers(style: str = STYLE, pictures: str = "") -> Mapping[str, str]:
    """The headers of a page: it is styled by this alone, and shows pictures from there, if from anywhere."""
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )
    return {**_HEADERS, _POLICY: f"{policy}; img-src {pictures}" if pictures else policy}


def _again(request: web.Request) -> web.Response:
    """Show the page as it is now: a reload asks for it again, and changes nothing."""
    headers = {**_page_headers(), "Location": request.path}
    return web.Response(status=HTTPStatus.SEE_OTHER, headers=headers)


def _plain(request: web.Request, status: HTTPStatus) -> web.Response:
    texts = UNKNOWN if status is HTTPStatus.NOT_FOUND else LATER
    html, language = page(texts, accepted(request.headers.get("Accept-Language", "")))
    headers = {**_page_headers(), "Content-Language": language}
    if status is not HTTPStatus.NOT_FOUND:
        headers["Retry-After"] = "60"
    return web.Response(status=status, text=html, content_type="text/html", charset="utf-8", headers=headers)
