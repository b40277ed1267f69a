"""Whether a request to `/wechat/{account}` is the platform's own, now, and what it says.

The plain `signature` does not cover the body: whoever saw one signed address could post anything with it.
Hence: safe mode unless the settings say otherwise, no plain text where it is set, a window of minutes, and
no address used twice with another body.
https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.channels.wechat.account import Mode, WechatAccount
from bot.channels.wechat.crypto import Envelope, signed_with
from bot.channels.wechat.shapes import Fields, read, text_of
from bot.core.errors import Refused

BODY_MAX = 64 * 1024
FRESH_FOR = timedelta(minutes=5)
"""How far the platform's clock and ours may be apart."""

_FRESH_SECONDS = FRESH_FOR.total_seconds()
_REMEMBERED_MAX = 50_000
_TIMES_MAX = 6  # the platform posts a push three times in all; some proxies try again by themselves
_PARAMETER_MAX = 128
_ECHO = re.compile(r"[!-~]{1,256}")
_TIMESTAMP = re.compile(r"[0-9]{1,10}")
_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Seal:
    """What a push was sealed with; its answer must be too.

    While token and keys rotate, the newest of our settings may not be the console's yet.
    """

    token: str = field(repr=False)
    key: int
    """Its place among the keys of the account."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A push as it was meant: its fields, and what the answer must repeat; no seal on a plain one."""

    fields: Fields
    nonce: str
    seal: Seal | None = None


class Replays:
    """Which addresses were used lately, each with its body; counted in each process by itself."""

    def __init__(self, lasts: timedelta = 2 * FRESH_FOR) -> None:
        """Remember for as long as a timestamp may count as fresh."""
        self._lasts = lasts
        self._used: OrderedDict[tuple[str, ...], tuple[bytes, int, datetime]] = OrderedDict()

    def admits(self, address: tuple[str, ...], body: bytes, now: datetime) -> bool:
        """Whether the address is new, or comes again with the same body, as the platform does."""
        while self._used and next(iter(self._used.values()))[2] <= now:
            self._used.popitem(last=False)
        digest = hashlib.sha256(body).digest()
        before = self._used.get(address)
        if before is None:
            if len(self._used) >= _REMEMBERED_MAX:
                self._used.popitem(last=False)
            self._used[address] = (digest, 1, now + self._lasts)
            return True
        known, times, until = before
        if known != digest or times >= _TIMES_MAX:
            return False
        self._used[address] = (known, times + 1, until)
        return True


class Callback:
    """The door of one account."""

    def __init__(self, account: WechatAccount, replays: Replays | None = None) -> None:
        """`replays` is only given where time is played with."""
        self._account = account
        self._replays = replays or Replays()
        self._envelope = Envelope(account.appid, account.aes_keys)

    @property
    def envelope(self) -> Envelope:
        """What answers are sealed with."""
        return self._envelope

    def echo(self, query: Mapping[str, str], now: datetime) -> str:
        """Return what the platform wants to hear when the address is entered in its console.

        Raises:
            Refused: it is not the platform that asks.
        """
        timestamp, nonce = self._fresh(query, now)
        echo = query.get("echostr", "")
        if not _ECHO.fullmatch(echo):
            raise Refused("echostr is missing", "let WeChat's console ask")
        if signed_with(query.get("signature", ""), self._account.tokens, timestamp, nonce) is None:
            raise _unsigned()
        return echo

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> Opened:
        """Return what a push says.

        Raises:
            Refused: it is not the platform's, too old, or nothing that can be read.
        """
        if len(body) > BODY_MAX:
            raise Refused("the body is too large", f"send at most {BODY_MAX} bytes", 413)
        timestamp, nonce = self._fresh(query, now)
        return (
            self._open_plain(query, body, timestamp, nonce, now)
            if self._account.mode is Mode.PLAIN
            else self._open_sealed(query, body, timestamp, nonce, now)
        )

    def _open_sealed(
        self, query: Mapping[str, str], body: bytes, timestamp: str, nonce: str, now: datetime
    ) -> Opened:
        given = query.get("msg_signature", "")
        if not given or len(given) > _PARAMETER_MAX:
            raise Refused(
                "msg_signature is missing", "let the account's console post in safe mode", _FORBIDDEN
            )
        sealed = read(body, self._account.format).get("Encrypt")
        if not isinstance(sealed, str) or not sealed:
            raise Refused(
                "the body is not encrypted", "let the account's console post in safe mode", _FORBIDDEN
            )
        sealed = sealed.strip()
        # `signature` is no proof of anything here: it does not cover the body.
        token = signed_with(given, self._account.tokens, timestamp, nonce, sealed)
        if token is None:
            raise _unsigned()
        self._once((timestamp, nonce, given), body, now)
        message, key = self._envelope.open(sealed)
        return Opened(read(message, self._account.format), nonce, Seal(token, key))

    def _open_plain(
        self, query: Mapping[str, str], body: bytes, timestamp: str, nonce: str, now: datetime
    ) -> Opened:
        given = query.get("signature", "")
        if signed_with(given, self._account.tokens, timestamp, nonce) is None:
            raise _unsigned()
        self._once((timestamp, nonce), body, now)
        fields = read(body, self._account.format)
        if not text_of(fields, "MsgType"):
            raise Refused("the body is encrypted or says nothing", "set the account's MODE to safe")
        return Opened(fields, nonce)

    def _fresh(self, query: Mapping[str, str], now: datetime) -> tuple[str, str]:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not 0 < len(nonce) <= _PARAMETER_MAX:
            raise Refused("timestamp or nonce is missing", "post what WeChat posts", _FORBIDDEN)
        if abs(now.timestamp() - int(timestamp)) > _FRESH_SECONDS:
            raise Refused("timestamp is not of now", "check this machine's clock", _FORBIDDEN)
        return timestamp, nonce

    def _once(self, address: tuple[str, ...], body: bytes, now: datetime) -> None:
        if not self._replays.admits(address, body, now):
            raise Refused("this address was used before", "post what WeChat posts", _FORBIDDEN)


def _unsigned() -> Refused:
    return Refused("the signature does not fit", "sign with the account's token", _FORBIDDEN)
