"""Sending through Twilio's message resource: one POST on a pooled connection, errors by remedy.

https://www.twilio.com/docs/messaging/api/message-resource. Ours and not the SDK's client: that one
hides Retry-After, and warns twice per request with today's aiohttp.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson

from bot.channels.channel import Listed, OutcomeUnknown, ProviderUnreachable, Sent
from bot.channels.twilio.errors import error_for_answer
from bot.channels.twilio.lookup import messages_to
from bot.channels.twilio.webhook import status_url
from bot.core.gate import Cleared
from bot.core.messages import OutboxState, Outgoing

_MESSAGING_SERVICE = "MG"  # what the SID of a messaging service begins with
# ValidityPeriod, in seconds: how long Twilio may keep the message in its own queue.
_VALIDITY_MIN, _VALIDITY_MAX = 1, 36_000
# Twilio's side closes an idle connection before ours would: never reuse one that may be gone, because a
# request that dies on it is a message whose fate nobody knows.
_KEEPALIVE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Whose account sends, from which number, and where statuses come back to.

    `sender` is a From number or the SID of a messaging service (MG…), for messages that name none.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    public_url: str
    base_url: str = "https://api.twilio.com"


class TwilioChannel:
    """SMS by Twilio; make it inside the running loop, and close it there."""

    name = "sms"

    def __init__(
        self,
        account: TwilioAccount,
        *,
        connections_max: int = 50,
        timeout: timedelta = timedelta(seconds=15),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`timeout` is for connecting and for each wait on the answer; the whole takes at most twice that."""
        self._url = f"{account.base_url.rstrip('/')}/2010-04-01/Accounts/{account.account_sid}/Messages.json"
        self._sender = account.sender
        self._public_url = account.public_url
        self._clock = clock
        credentials = base64.b64encode(f"{account.account_sid}:{account.auth_token}".encode()).decode("ascii")
        seconds = timeout.total_seconds()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections_max, keepalive_timeout=_KEEPALIVE_SECONDS),
            headers={"Authorization": f"Basic {credentials}", "Accept": "application/json"},
            # `connect` includes the wait for a free connection: running out of it leaves nothing sent.
            timeout=aiohttp.ClientTimeout(total=2 * seconds, connect=seconds, sock_read=seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def send(self, cleared: Cleared) -> Sent:
        """Post the message once.

        Raises:
            SendError: by its subclass. Whatever happens after the request was written and before a
                whole answer came back is `OutcomeUnknown`.
        """
        try:
            async with self._session.post(
                self._url, data=self._form(cleared.message), allow_redirects=False
            ) as answer:
                body = await answer.read()
                return _read(answer.status, body, answer.headers.get("Retry-After"), self._clock())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise ProviderUnreachable(f"Twilio cannot be reached: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise OutcomeUnknown(f"Twilio's answer was lost: {type(error).__name__}") from error

    async def taken(self, channel: str, address: str, since: datetime) -> list[Listed]:
        """List what Twilio took for an address since then, oldest first.

        Raises:
            SendLater: it could not be asked, or its answer not be read to the end.
        """
        return await messages_to(self._session, self._url, self._to(channel, address), since)

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._session.close()

    def _to(self, channel: str, address: str) -> str:
        return address if channel == self.name else f"{channel}:{address}"

    def _form(self, outgoing: Outgoing) -> list[tuple[str, str]]:
        sender = outgoing.sender or self._sender
        form = [
            ("To", self._to(outgoing.channel, outgoing.address)),
            ("MessagingServiceSid" if sender.startswith(_MESSAGING_SERVICE) else "From", sender),
            ("StatusCallback", status_url(self._public_url, outgoing.contact_id, outgoing.id)),
        ]
        if outgoing.body:
            form.append(("Body", outgoing.body))
        form.extend(("MediaUrl", url) for url in outgoing.media)
        if outgoing.valid_until is not None:
            left = int((outgoing.valid_until - self._clock()).total_seconds())
            form.append(("ValidityPeriod", str(max(_VALIDITY_MIN, min(left, _VALIDITY_MAX)))))
        return form


def _read(status: int, body: bytes, retry_after: str | None, now: datetime) -> Sent:
    answer = _json_object(body)
    if 200 <= status < 300:  # noqa: PLR2004  # RFC 9110: success
        sid = answer.get("sid")
        if not isinstance(sid, str):  # taken, but by what name?
            raise OutcomeUnknown(f"Twilio answered {status} without a message SID")
        return Sent(provider_id=sid, state=OutboxState.SENT, segments=_segments(answer.get("num_segments")))
    code = answer.get("code")
    raise error_for_answer(status, code if isinstance(code, int) else None, _after(retry_after, now))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _segments(counted: object) -> int | None:
    """Return Twilio's count: a string, and "0" until a messaging service has chosen its number."""
    return int(counted) or None if isinstance(counted, str) and counted.isdecimal() else None


def _after(header: str | None, now: datetime) -> timedelta | None:
    """Return how long Retry-After asks to wait: seconds, or an HTTP date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    if header.isascii() and header.isdecimal():
        return timedelta(seconds=min(int(header), 86_400))
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(timedelta(), (at if at.tzinfo else at.replace(tzinfo=UTC)) - now)
