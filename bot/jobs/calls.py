"""Tells the shop what happened: signed webhooks, the same body at every try, until it says 2xx."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import aiohttp
import structlog

from bot.core.ids import microseconds
from bot.jobs.public_network import NotPublic
from bot.storage import calls
from bot.storage.calls import StoredCall
from bot.storage.driver import Database

SIGNATURE_HEADER = "X-Regulars-Signature"
"""`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 with the shop's secret over `<t>.<body>`.

While the secret is being replaced there is one `v1` for each, the new one's first: whoever knows either can
tell that the call is ours.
"""
SEGMENTS_HEADER = "X-Signature"
"""Beside ours on what has Segment's shape, with the newest secret: what took Segment's calls takes these.

https://segment.com/docs/connections/destinations/catalog/webhooks/#authentication
"""
AUDIENCES = "audience."
"""What kinds of calls begin with that tell of audiences."""
_LEASE = timedelta(seconds=60)
_TIMEOUT_SECONDS = 15
_MOST = 20
TRIES = 20
"""With these pauses between them, three days: counted by tries, so that no time when we were down counts."""
_BACKOFF = timedelta(seconds=30)
_BACKOFF_MAX = timedelta(hours=6)
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ShopCalls:
    """Posts outside calls to the shop's one address."""

    database: Database
    session: aiohttp.ClientSession
    url: str
    secrets: Sequence[str]
    """Newest first."""
    clock: Callable[[], datetime]
    stopping: asyncio.Event

    async def make(self) -> int:
        """Make every call that is due."""
        now = self.clock()
        done = 0
        for bucket in await self.database.query(lambda c: calls.buckets_with_due(c, now)):
            if self.stopping.is_set():
                break
            claimed = await self.database.transact(
                lambda c, bucket=bucket: calls.claim(c, bucket, self.clock(), _LEASE, _MOST)  # type: ignore[misc]  # bound now
            )
            await asyncio.gather(*(self._make(call) for call in claimed))
            done += len(claimed)
        return done

    async def _make(self, call: StoredCall) -> None:
        failure = await self._post(call)
        now = self.clock()
        state, due_at = "done", now
        if failure is not None:
            _logger.warning("shop_call_failed", kind=call.kind, attempts=call.attempts, failure=failure)
            state = "dead" if call.attempts >= TRIES else "queued"
            due_at = now + min(_BACKOFF * 2 ** min(call.attempts - 1, 12), _BACKOFF_MAX)
        await self.database.transact(lambda c: calls.record(c, call, state, due_at, failure))

    async def _post(self, call: StoredCall) -> str | None:
        """Post a call; returns what went wrong, None when the shop has taken it."""
        body = call.payload.encode()
        seconds = microseconds(self.clock()) // 1_000_000
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": call.key,
            "X-Regulars-Event": call.kind,
            SIGNATURE_HEADER: signed(self.secrets, seconds, body),
        }
        if call.kind.startswith(AUDIENCES):
            headers[SEGMENTS_HEADER] = segments_signature(self.secrets[0], body)
        try:
            async with self.session.post(
                self.url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS),
            ) as answer:
                if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
                    return None
                return f"the shop answered {answer.status}"
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, NotPublic):
                return "the shop's address is not of the public internet: see REGULARS_SHOP_WEBHOOK_NETWORK"
            return f"the shop could not be reached: {type(error).__name__}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"the shop could not be reached: {type(error).__name__}"


def signed(secrets: Sequence[str], seconds: int, body: bytes) -> str:
    """Return the header that proves a call to be ours, once for each secret."""
    return ",".join([f"t={seconds}", *(f"v1={signature(secret, seconds, body)}" for secret in secrets)])


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Hex HMAC that proves a call to be ours and its time."""
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def segments_signature(secret: str, body: bytes) -> str:
    """Hex HMAC-SHA1 of a body, as Segment signs its webhooks."""
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
