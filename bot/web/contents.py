"""Signed links to exclusive content: leads their member to it until they end, and nobody else anywhere."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.conversation.contents import Contents
from bot.core.clicks import VisitKind, kind_of_visit
from bot.core.errors import RetryLater
from bot.core.links import as_location
from bot.core.signed_links import PATH, Opened, SignedLinks, signed_address
from bot.web.limits import Limit, Limiter, caller
from bot.web.link_pages import EXPIRED, LATER, UNKNOWN, accepted, page

WRONG_LINKS = Limit(burst=30, per_minute=30)
"""How many links that are none of ours one address may try."""
ADDRESS_GOOD_FOR = timedelta(minutes=10)
"""How long the shop's own site may believe the signed address that we lead to."""

_AFTER = ".,;:!?)'\""
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
}
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ContentLinks:
    """Answers `/c/{token}`; `shop_secret`, where there is one, signs the address that is led to."""

    contents: Contents
    links: SignedLinks
    clock: Callable[[], datetime]
    shop_secret: str | None = None
    wrong_links: Limiter = field(default_factory=lambda: Limiter(WRONG_LINKS))

    def routes(self) -> list[web.RouteDef]:
        """Where they are; HEAD comes along."""
        return [web.get(f"{PATH}{{token}}", self.visit)]

    async def visit(self, request: web.Request) -> web.Response:
        """Lead on, or say kindly why not."""
        now, who = self.clock(), caller(request)
        if self.wrong_links.is_spent(who, now):
            return _nowhere(request, HTTPStatus.TOO_MANY_REQUESTS)
        opened = self.links.read(request.match_info["token"].rstrip(_AFTER))
        if opened is None:
            self.wrong_links.allows(who, now)
            return _nowhere(request, HTTPStatus.NOT_FOUND)
        if now >= opened.until:
            return _nowhere(request, HTTPStatus.GONE)
        try:
            url = await self.contents.find(opened)
        except RetryLater:
            _logger.exception("content_not_looked_up")
            return _nowhere(request, HTTPStatus.SERVICE_UNAVAILABLE)
        location = as_location(url or "")
        if not location:
            return _nowhere(request, HTTPStatus.GONE)
        await self._record(request, opened)
        if self.shop_secret:
            location = signed_address(location, min(opened.until, now + ADDRESS_GOOD_FOR), self.shop_secret)
        return web.Response(status=HTTPStatus.FOUND, headers={**_HEADERS, "Location": location})

    async def _record(self, request: web.Request, opened: Opened) -> None:
        """Record that a person opened it; whoever comes is led on even where that fails."""
        # When its message left is not known here: that it was read at once is no sign of a machine.
        if kind_of_visit(request.method, request.headers, ADDRESS_GOOD_FOR) is not VisitKind.PERSON:
            return
        try:
            await self.contents.record(opened)
        except Exception:  # whatever the database says: it was opened
            _logger.exception("content_not_recorded", contact=opened.contact_id)


def _nowhere(request: web.Request, status: HTTPStatus) -> web.Response:
    texts = {HTTPStatus.GONE: EXPIRED, HTTPStatus.NOT_FOUND: UNKNOWN}.get(status, LATER)
    html, language = page(texts, accepted(request.headers.get("Accept-Language", "")))
    headers = {
        **_HEADERS,
        "Content-Language": language,
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = "60"
    return web.Response(status=status, text=html, content_type="text/html", charset="utf-8", headers=headers)
