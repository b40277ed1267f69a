"""Health, readiness, metrics: what operators and load balancers ask."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from ipaddress import ip_address

from aiohttp import web

from bot.storage.figures import Figures
from bot.web.metrics import CONTENT_TYPE, Metrics


@dataclass(frozen=True, slots=True)
class Health:
    """Says whether this process lives and whether it can answer; `ready` raises or returns why not."""

    ready: Callable[[], Awaitable[str | None]]
    metrics: Metrics
    metrics_token: str | None
    backlog: Callable[[], int]
    figures: Callable[[], Awaitable[Figures]]
    clock: Callable[[], datetime]

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        return [
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
            web.get("/metrics", self.exposition),
        ]

    async def healthz(self, _request: web.Request) -> web.Response:
        """Answer as long as the process lives."""
        return web.json_response({"status": "ok"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Answer 200 when messages can be handled, otherwise 503 with the reason."""
        problem = await self.ready()
        if problem is None:
            return web.json_response({"status": "ready"})
        return web.json_response(
            {"status": "not ready", "reason": problem}, status=HTTPStatus.SERVICE_UNAVAILABLE
        )

    async def exposition(self, request: web.Request) -> web.Response:
        """Give Prometheus what was counted; off loopback only with the token."""
        if not self._may_read(request):
            return web.Response(
                status=HTTPStatus.FORBIDDEN,
                text="metrics need the token: send `Authorization: Bearer` with REGULARS_METRICS_TOKEN\n",
            )
        self.metrics.backlog.set(self.backlog())
        await self.metrics.of_all.refresh(self.figures, self.clock)
        return web.Response(body=self.metrics.exposition(), headers={"Content-Type": CONTENT_TYPE})

    def _may_read(self, request: web.Request) -> bool:
        authorization = request.headers.get("Authorization", "")
        if self.metrics_token and hmac.compare_digest(
            authorization.encode(), f"Bearer {self.metrics_token}".encode()
        ):
            return True
        # Behind a proxy on this machine everyone comes from loopback: a forwarded request needs the token.
        is_forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
        return not is_forwarded and _is_loopback(request.remote)


def _is_loopback(remote: str | None) -> bool:
    try:
        return ip_address(remote or "").is_loopback
    except ValueError:
        return False
