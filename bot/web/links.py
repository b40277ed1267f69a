"""Short links: leads whoever opens one to where it was written to lead, and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.conversation.campaigns import Campaigns
from bot.conversation.clicks import Clicks, FoundLink
from bot.core.clicks import VisitKind, kind_of_visit
from bot.core.errors import RetryLater
from bot.core.links import PATH, as_location, bucket_of_code
from bot.core.page_links import AT_ONCE, PageLinks
from bot.web.limits import Limit, Limiter, caller
from bot.web.link_pages import EXPIRED, LATER, UNKNOWN, accepted, page
from bot.web.metrics import Metrics

WRONG_CODES = Limit(burst=30, per_minute=30)
"""How many codes that do not exist one address may try: nobody mistypes so often."""

RECORDED_VISITS = Limit(burst=60, per_minute=10)
"""How many visits of one link are recorded: whoever reloads it all day must not fill the database."""

_AFTER = ".,;:!?)'\""
# Counting depends on being asked every time; nobody shall learn where the visitor came from.
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
}
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinkVisits:
    """Answers `/l/{code}`; everything it needs is given by the application."""

    clicks: Clicks
    metrics: Metrics
    clock: Callable[[], datetime]
    pages: PageLinks
    campaigns: Campaigns | None = None
    """Where the links of campaigns are; None where there is no mini program."""
    wrong_codes: Limiter = field(default_factory=lambda: Limiter(WRONG_CODES))
    recorded: Limiter = field(default_factory=lambda: Limiter(RECORDED_VISITS))

    def routes(self) -> list[web.RouteDef]:
        """Where they are; HEAD comes along."""
        return [web.get(f"{PATH}{{code}}", self.visit)]

    async def visit(self, request: web.Request) -> web.Response:
        """Lead on, or say kindly why not."""
        now, who = self.clock(), caller(request)
        if self.wrong_codes.is_spent(who, now):
            return self._nowhere(request, HTTPStatus.TOO_MANY_REQUESTS)
        # Keyboards like to write in capitals, and some messengers take the full stop for a part of the link.
        code = request.match_info["code"].rstrip(_AFTER).lower()
        try:
            link = await self.clicks.find(code) if bucket_of_code(code) is not None else None
        except RetryLater:
            _logger.exception("link_not_looked_up")
            return self._nowhere(request, HTTPStatus.SERVICE_UNAVAILABLE)
        if link is None:
            self.wrong_codes.allows(who, now)
            return self._nowhere(request, HTTPStatus.NOT_FOUND)
        location = await self._location(link, now)
        if now >= link.expires_at or not location:
            return self._nowhere(request, HTTPStatus.GONE, link.locale)
        kind = kind_of_visit(request.method, request.headers, now - link.sent_at, link.channel)
        self.metrics.visits.labels(kind.value).inc()
        if self.recorded.allows(code, now):
            await self._record(link, kind)
        return web.Response(status=HTTPStatus.FOUND, headers={**_HEADERS, "Location": location})

    async def _location(self, link: FoundLink, now: datetime) -> str:
        """Where a link leads; to one of our pages as its contact, for as long as a page takes to load."""
        if self.pages.is_bare(link.url):
            campaign = self.pages.campaign_of(link.url) if self.campaigns is not None else ""
            if campaign and self.campaigns is not None:
                led = await self.campaigns.address(campaign, link.contact_id, link.sent_at)
                if led is not None:
                    return led
            return self.pages.sign(link.url, link.contact_id, min(now + AT_ONCE, link.expires_at))
        return as_location(link.url)

    async def _record(self, link: FoundLink, kind: VisitKind) -> None:
        """Record a visit; whoever comes is led on even where that fails."""
        try:
            await self.clicks.record(link, kind)
        except Exception:  # whatever the database says: who visits is led on
            _logger.exception("visit_not_recorded", contact=link.contact_id)

    def _nowhere(self, request: web.Request, status: HTTPStatus, locale: str | None = None) -> web.Response:
        texts = {HTTPStatus.GONE: EXPIRED, HTTPStatus.NOT_FOUND: UNKNOWN}.get(status, LATER)
        languages = [locale] if locale else accepted(request.headers.get("Accept-Language", ""))
        self.metrics.visits.labels(status.name.lower()).inc()
        html, language = page(texts, languages)
        headers = {
            **_HEADERS,
            "Content-Language": language,
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        }
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            headers["Retry-After"] = "60"
        return web.Response(
            status=status, text=html, content_type="text/html", charset="utf-8", headers=headers
        )
