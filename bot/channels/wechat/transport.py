"""One request to WeChat's API over a pooled connection: an answer, or an error by its remedy.

Every URL holds an access token, and aiohttp's errors hold the URL: none of them leaves this module, not even
as the cause of another.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import orjson

from bot.channels.channel import OutcomeUnknown, ProviderUnreachable
from bot.channels.wechat.errors import error_for_code, error_for_status

WECHAT_API = "https://api.weixin.qq.com"
"""https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Interface_field_description.html"""

Json = dict[str, object]

_ANSWER_BYTES_MAX = 4 * 1024 * 1024
_OK = 200
# As with Twilio: never reuse a connection that the other side may just have closed.
_KEEPALIVE_SECONDS = 15.0


class Transport:
    """Connections to the API; make it inside the running loop, and close it there."""

    def __init__(
        self,
        base_url: str = WECHAT_API,
        *,
        timeout: timedelta = timedelta(seconds=8),
        connections_max: int = 50,
    ) -> None:
        """`timeout` is for connecting and for each wait on the answer; the whole takes at most twice that."""
        self._base = base_url.rstrip("/")
        seconds = timeout.total_seconds()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections_max, keepalive_timeout=_KEEPALIVE_SECONDS),
            headers={"Accept": "application/json"},
            timeout=aiohttp.ClientTimeout(total=2 * seconds, connect=seconds, sock_read=seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self.answered_at: datetime | None = None
        """What the platform's clock said with its latest answer."""

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: bytes | aiohttp.FormData | None = None,
    ) -> Json:
        """Ask once.

        Raises:
            SendError: by its subclass. Whatever happens after the request was written and before a whole
                answer came back is `OutcomeUnknown`.
        """
        return _understood(await self._answer(method, path, params, data))

    async def picture(self, path: str, *, params: Mapping[str, str], data: bytes) -> bytes:
        """Ask once for what is answered with a picture, or with JSON that says why not. Raises SendError."""
        answer = await self._answer("post", path, params, data)
        if answer.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n")):
            return answer
        _understood(answer)
        raise OutcomeUnknown("WeChat's answer is no picture")

    async def _answer(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        data: bytes | aiohttp.FormData | None,
    ) -> bytes:
        try:
            async with self._session.request(
                method, self._base + path, params=params, data=data, allow_redirects=False
            ) as answer:
                body = await _read(answer)
                status, date = answer.status, answer.headers.get("Date", "")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            failed, unreachable = type(error).__name__, True
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failed, unreachable = type(error).__name__, False
        else:
            self.answered_at = _instant(date) or self.answered_at
            if status != _OK:
                raise error_for_status(status)
            return body
        # Raised out here, so that aiohttp's error, which holds the URL, is not even its context.
        if unreachable:
            raise ProviderUnreachable(f"WeChat cannot be reached: {failed}")
        raise OutcomeUnknown(f"WeChat's answer was lost: {failed}")

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._session.close()


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > _ANSWER_BYTES_MAX:
            answer.close()
            break
    return bytes(body)


def _understood(body: bytes) -> Json:
    """Return the answer; most errors come inside a 200 too."""
    answer = _parsed(body)
    if not isinstance(answer, dict):
        raise OutcomeUnknown("WeChat's answer cannot be understood")
    code = answer.get("errcode", 0)
    if isinstance(code, str) and code.removeprefix("-").isdecimal():
        code = int(code)
    if not isinstance(code, int):
        raise OutcomeUnknown("WeChat's answer cannot be understood")
    if code:
        raise error_for_code(code, str(answer.get("errmsg", "")))
    return answer


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:  # some answers have control characters or broken UTF-8 inside their texts
        return json.loads(body.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None


def _instant(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
