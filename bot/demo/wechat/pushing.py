"""Pushes what people do to the account's server: signed, sealed, three times at most, five seconds each.

https://developers.weixin.qq.com/doc/service/en/Message_Management/Passive_user_reply_message.html
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from bot.demo.loopback_webhook import is_loopback
from bot.demo.wechat.account import Account
from bot.demo.wechat.crypto import CannotOpen, is_signed, seal, sign, unseal
from bot.demo.wechat.faults import Faults
from bot.demo.wechat.shapes import Fields, NotReadable, read, write

log = logging.getLogger(__name__)

TRIES = 3
_OK = 200
_EXCHANGES_KEPT = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """How the account's server answered: `reply` is what it asks to show, `problem` why that cannot be.

    `status` None: not at all, or too late.
    """

    attempts: int
    status: int | None = None
    body: bytes = b""
    reply: Fields | None = None
    problem: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the server took the push."""
        return self.status == _OK and not self.problem


@dataclass(frozen=True, slots=True)
class Exchange:
    """One push as it went over the wire (without its query's secrets), what was in it, and what came back."""

    account: str
    openid: str
    at: datetime
    path: str
    query: tuple[str, ...]
    body: bytes
    plain: bytes
    answer: Answer
    opened: bytes


class Pushes:
    """Posts to the servers of all accounts; `open` inside the loop before use, `close` after."""

    def __init__(self, clock: Callable[[], datetime], timeout: timedelta, faults: Faults) -> None:
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=timeout.total_seconds())
        self._faults = faults
        self._session: aiohttp.ClientSession | None = None
        self.exchanges: deque[Exchange] = deque(maxlen=_EXCHANGES_KEPT)
        """The latest pushes, oldest first: for the curious."""

    async def open(self) -> None:
        """Get ready to push."""
        self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def push(self, account: Account, openid: str, fields: Fields) -> Answer:
        """Push, again if it is not taken, and return what came of it.

        Never to another machine: a demo that is configured with a public URL must not post there.
        """
        if not is_loopback(account.push_url):
            log.warning("push_not_on_this_machine")
            return Answer(0)
        if fault := self._faults.take(account.name, openid, "late_push"):
            await asyncio.sleep(fault.seconds)
        if self._faults.take(account.name, openid, "double_push"):
            first, _ = await asyncio.gather(
                self._tried(account, openid, fields), self._tried(account, openid, fields)
            )
            return first
        return await self._tried(account, openid, fields)

    async def verify(self, account: Account) -> bool:
        """Ask the server as the console does when its URL is saved: whether it gives back what it is sent."""
        assert self._session is not None, "open it first"
        echo = str(secrets.randbits(62))
        query = {**_signed(account, self._clock(), account.token), "echostr": echo}
        async with self._session.get(_url(account, query), allow_redirects=False) as answer:
            return answer.status == _OK and await answer.read() == echo.encode()

    async def _tried(self, account: Account, openid: str, fields: Fields) -> Answer:
        is_same = self._faults.take(account.name, openid, "same_query") is not None
        wrong = self._faults.take(account.name, openid, "wrong_token") is not None
        token = secrets.token_hex(12) if wrong else account.token
        query: dict[str, str] = {}
        body = b""
        answer = Answer(0)
        for attempt in range(1, TRIES + 1):
            if not query or not is_same:
                query, body = self._written(account, openid, fields, token)
            answer = replace(await self._once(account, query, body), attempts=attempt)
            opened = b""
            if answer.status == _OK:
                answer, opened = _understood(account, query, answer)
            plain = write(fields, account.format)
            path = URL(account.push_url).path
            self.exchanges.append(
                Exchange(account.name, openid, self._clock(), path, tuple(query), body, plain, answer, opened)
            )
            if self._faults.take(account.name, openid, "lose_push_answer"):
                answer = Answer(attempt)
            if answer.status == _OK:  # what cannot be understood is not asked for again
                break
        return answer

    def _written(
        self, account: Account, openid: str, fields: Fields, token: str
    ) -> tuple[dict[str, str], bytes]:
        query = {**_signed(account, self._clock(), token), "openid": openid}
        plain = write(fields, account.format)
        if account.mode == "plain":
            return query, plain
        sealed = seal(account.aes_key, account.appid, plain, secrets.token_hex(8).encode())
        query["encrypt_type"] = "aes"
        query["msg_signature"] = sign(token, query["timestamp"], query["nonce"], sealed)
        outer: Fields = {"ToUserName": fields["ToUserName"]} if account.mode == "safe" else dict(fields)
        return query, write({**outer, "Encrypt": sealed}, account.format)

    async def _once(self, account: Account, query: dict[str, str], body: bytes) -> Answer:
        assert self._session is not None, "open it first"
        kind = "application/json" if account.format == "json" else "text/xml"
        try:
            async with self._session.post(
                _url(account, query),
                data=body,
                headers={"Content-Type": kind, "User-Agent": "Mozilla/4.0", "Accept": "*/*"},
                allow_redirects=False,
            ) as answer:
                return Answer(0, answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("push_failed", extra={"why": type(error).__name__})
            return Answer(0)


def _understood(account: Account, query: dict[str, str], answer: Answer) -> tuple[Answer, bytes]:
    """Return the answer with what it asks to show, and that in plain text."""
    body = answer.body.strip()
    if body in (b"", b"success"):
        return answer, b""
    try:
        fields, opened = read(body, account.format), body
        if account.mode == "safe" or (account.mode == "compatible" and "Encrypt" in fields):
            opened = _opened(account, query, fields)
            fields = read(opened, account.format)
    except (NotReadable, CannotOpen) as error:
        return replace(answer, problem=str(error)), b""
    return replace(answer, reply=fields), opened


def _opened(account: Account, query: dict[str, str], fields: Fields) -> bytes:
    sealed, at, nonce = str(fields.get("Encrypt", "")), fields.get("TimeStamp"), str(fields.get("Nonce", ""))
    if account.format == "json" and not isinstance(at, int):
        raise CannotOpen("TimeStamp is no number")
    if nonce != query["nonce"]:
        raise CannotOpen("Nonce is another")
    if not is_signed(str(fields.get("MsgSignature", "")), account.token, str(at), nonce, sealed):
        raise CannotOpen("MsgSignature is wrong")
    return unseal(account.aes_key, account.appid, sealed)


def _signed(account: Account, now: datetime, token: str) -> dict[str, str]:
    timestamp, nonce = str(int(now.timestamp())), str(secrets.randbelow(2**31))
    assert account.token, "the console asks for a token"
    return {"signature": sign(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}


def _url(account: Account, query: dict[str, str]) -> URL:
    return URL(f"{account.push_url}?{urlencode(query)}", encoded=True)
