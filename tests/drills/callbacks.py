"""The drill of WeChat's callback: mutated requests, which end in nothing but refusals or proper answers.

`python -m tests.drills.callbacks` posts a hundred thousand of them over real connections to a running shop,
`--million` a million, and prints what became of each kind and, on the last line, a JSON object. `make test`
posts a few thousand (`test_callbacks.py`).

What the platform signed may only be taken as it was signed: of a forged request anything but a refusal is a
finding. A genuine one that says odd things, for a platform may say what it likes, is refused or answered.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bot.channels.wechat.account import Format
from bot.channels.wechat.crypto import Envelope, signature
from bot.channels.wechat.shapes import read, text_of, write_json, write_xml
from bot.core.errors import Refused
from tests.databases import SqliteDatabases
from tests.web.wechat import TOKEN, Platform, Wechat, on_wechat

REFUSALS = frozenset({400, 403, 404, 405, 411, 413, 414, 431})
GENUINE_PERCENT = 3
CONNECTIONS = 32
PRINTED = 20
_VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors" / "wechat_messages_events.json"
_BOMBS = (
    b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
    b"<xml>" + b"<a>" * 3000 + b"</a>" * 3000 + b"</xml>",
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
    b"[" * 50_000,
    b"x" * 66_000,
    b"",
    b"\0" * 64,
    b"\xff\xfe<\0x\0m\0l\0>\0",
)
_TEXTS = (
    "",
    "\0",
    "]]>",
    "<b>&amp;",
    "💐" * 500,
    "\u202e",
    "1e999",
    "-1",
    "../..",
    "%00",
    "'; DROP TABLE outbox",
)
_KINDS = (
    *("text", "image", "voice", "video", "location", "link", "miniprogrampage", "event", "hologram", ""),
    *("subscribe", "unsubscribe", "SCAN", "CLICK", "VIEW", "LOCATION", "user_enter_tempsession"),
    *("subscribe_msg_popup_event", "subscribe_msg_sent_event", "kf_create_session"),
)


@dataclass(frozen=True, slots=True)
class Push:
    """One request before it is changed: its signed parameters and its body, and what was sealed."""

    platform: Platform
    query: dict[str, str]
    body: bytes

    def sealed(self) -> str:
        """What its signature covers."""
        return text_of(read(self.body, self.platform.account.format), "Encrypt")


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted, and whether the platform might have."""

    kind: str
    platform: Platform
    raw: bytes
    is_genuine: bool


@dataclass(slots=True)
class Tally:
    """What became of the requests."""

    by_kind: Counter[tuple[str, int]] = field(default_factory=Counter)
    answers: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, request: Request, status: int, body: bytes) -> None:
        """Count one and look whether it ended well."""
        self.by_kind[request.kind, status] += 1
        if status in REFUSALS:
            return
        if status != 200 or not request.is_genuine:
            self.findings.append(f"{request.kind}: {status} for {request.raw[:2000]!r}")
            return
        try:
            self.answers += bool(request.platform.opened(status, body).text)
        except (AssertionError, KeyError, Refused) as error:
            self.findings.append(f"{request.kind}: an answer that is none: {body[:500]!r} ({error!r})")


class Mutator:
    """Makes requests; the same for the same seed."""

    def __init__(self, wechat: Wechat, seed: int) -> None:
        self._dice = random.Random(seed)
        self._platforms = (wechat.shop, wechat.mini)
        self._host = urlsplit(wechat.chat.url).netloc
        self._samples = _samples()
        self._mutations: tuple[Callable[[Push], Request], ...] = (
            *(self._parameter, self._body, self._sealed_bits, self._another_key),
            *(self._another_account, self._plain, self._stale, self._bomb, self._line, self._method),
            self._encoding,
        )

    def request(self) -> Request:
        """Make the next one."""
        if self._dice.randrange(100) < GENUINE_PERCENT:
            return self._odd()
        push = self._push(self._fields())
        return self._dice.choice(self._mutations)(push)

    # Forged: nothing that the platform signed

    def _parameter(self, push: Push) -> Request:
        query, name = dict(push.query), self._dice.choice(["msg_signature", "timestamp", "nonce"])
        if self._dice.random() < 0.3:
            del query[name]
        else:
            query[name] = self._changed(query[name].encode()).decode("latin-1")
        return self._forged("parameter", push, query, push.body, unless=query == push.query)

    def _body(self, push: Push) -> Request:
        body = self._changed(push.body)
        try:
            is_same = text_of(read(body, push.platform.account.format), "Encrypt") == push.sealed()
        except Refused:
            is_same = False
        return self._forged("body", push, push.query, body, unless=is_same)

    def _sealed_bits(self, push: Push) -> Request:
        """Other bits inside, as who does not have the key would change them, under the old signature."""
        sealed = bytearray(base64.b64decode(push.sealed()))
        sealed[self._dice.randrange(len(sealed))] ^= 1 << self._dice.randrange(8)
        return self._forged("sealed bits", push, push.query, _outer(push, base64.b64encode(sealed).decode()))

    def _another_key(self, push: Push) -> Request:
        """Well signed, as who learnt the token would, and sealed with a key that is not the account's."""
        account = push.platform.account
        envelope = Envelope(account.appid, [self._dice.randbytes(32)])
        return self._resealed("another key", push, envelope.seal(b"<xml/>", b"r" * 16))

    def _another_account(self, push: Push) -> Request:
        account = push.platform.account
        envelope = Envelope(self._dice.choice(["wx", "", account.appid[:-1]]), account.aes_keys)
        return self._resealed("another account", push, envelope.seal(b"<xml/>", b"r" * 16))

    def _plain(self, push: Push) -> Request:
        """A body in plain text under a signed address: the downgrade."""
        write = write_xml if push.platform.account.format is Format.XML else write_json
        return self._forged("plain", push, push.query, write(self._fields()))

    def _stale(self, push: Push) -> Request:
        off = self._dice.choice([-(10**6), -3600, -302, 302, 3600, 10**9])
        timestamp = str(int(push.query["timestamp"]) + off)
        signed = signature(TOKEN, timestamp, push.query["nonce"], push.sealed())
        query = {**push.query, "timestamp": timestamp, "msg_signature": signed}
        return self._forged("stale", push, query, push.body)

    def _bomb(self, push: Push) -> Request:
        return self._forged("bomb", push, push.query, self._dice.choice(_BOMBS))

    def _line(self, push: Push) -> Request:
        """Another path or a query that is none."""
        path = self._dice.choice(
            ["/wechat/", "/wechat/nobody", "/wechat/%00", "/wechat/shop/", "/wechat/pay"]
        )
        junk = self._dice.choice(["", "?", "?%zz", "?=&=&", f"?nonce={'n' * 3000}", "?timestamp=%ff"])
        account = push.platform.account.name
        target = path if self._dice.random() < 0.5 else f"/wechat/{account}{junk}"
        return Request("line", push.platform, self._raw(target, push.body), is_genuine=False)

    def _method(self, push: Push) -> Request:
        target = f"/wechat/{push.platform.account.name}?{urlencode(push.query)}"
        method = self._dice.choice(["GET", "PUT", "DELETE", "OPTIONS"])
        return Request("method", push.platform, self._raw(target, push.body, method=method), is_genuine=False)

    def _encoding(self, push: Push) -> Request:
        """A body that is not encoded as it says."""
        target = f"/wechat/{push.platform.account.name}?{urlencode(push.query)}"
        encoding = f"Content-Encoding: {self._dice.choice(['gzip', 'deflate'])}\r\n"
        raw = self._raw(target, push.body, more=encoding)
        return Request("encoding", push.platform, raw, is_genuine=False)

    # Genuine, and odd

    def _odd(self) -> Request:
        """What is well sealed and signed, with anything in it: fields of other kinds, or bytes."""
        fields = self._fields()
        for _ in range(self._dice.randrange(4)):
            name = self._dice.choice([*fields, "Event", "EventKey", "MsgType", "MsgId", "List"])
            value = self._dice.choice([*_TEXTS, *_KINDS])
            fields[name] = self._dice.choice([value, {"List": value}, {name: {"List": {}}}])
        push = self._push(fields)
        if self._dice.random() < 0.3:
            account = push.platform.account
            inner, _ = Envelope(account.appid, account.aes_keys).open(push.sealed())
            sealed = Envelope(account.appid, account.aes_keys).seal(self._changed(inner), b"r" * 16)
            return self._resealed("odd bytes", push, sealed, is_genuine=True)
        return Request(
            "odd fields", push.platform, self._raw_of(push, push.query, push.body), is_genuine=True
        )

    # What they are made of

    def _fields(self) -> dict[str, object]:
        fields = dict(self._dice.choice(self._samples))
        fields |= {
            "FromUserName": f"o{self._dice.randrange(3000):027}",
            "MsgId": self._dice.randrange(10**15),
        }
        return fields

    def _push(self, fields: dict[str, object]) -> Push:
        platform = self._dice.choice(self._platforms)
        return Push(platform, *platform.written(None, **fields))

    def _changed(self, body: bytes) -> bytes:
        """The same with some bytes changed, left out, doubled or put in."""
        changed = bytearray(body)
        for _ in range(self._dice.choice([1, 1, 1, 2, 5])):
            at = self._dice.randrange(len(changed) + 1)
            match self._dice.randrange(5):
                case 0:
                    changed[at : at + 1] = bytes([self._dice.randrange(256)])
                case 1:
                    del changed[at : at + self._dice.randrange(1, 30)]
                case 2:
                    changed[at:at] = changed[at : at + self._dice.randrange(1, 30)]
                case 3:
                    changed[at:at] = self._dice.randbytes(self._dice.randrange(1, 8))
                case _:
                    del changed[at:]
        return bytes(changed)

    def _resealed(self, kind: str, push: Push, sealed: str, *, is_genuine: bool = False) -> Request:
        signed = signature(TOKEN, push.query["timestamp"], push.query["nonce"], sealed)
        raw = self._raw_of(push, {**push.query, "msg_signature": signed}, _outer(push, sealed))
        return Request(kind, push.platform, raw, is_genuine)

    def _forged(
        self, kind: str, push: Push, query: dict[str, str], body: bytes, *, unless: bool = False
    ) -> Request:
        """A forged one, `unless` the change left all that was signed as it was."""
        return Request(kind, push.platform, self._raw_of(push, query, body), is_genuine=unless)

    def _raw_of(self, push: Push, query: dict[str, str], body: bytes) -> bytes:
        return self._raw(f"/wechat/{push.platform.account.name}?{urlencode(query)}", body)

    def _raw(self, target: str, body: bytes, method: str = "POST", more: str = "") -> bytes:
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body)}\r\n{more}\r\n"
        )
        return head.encode("latin-1") + body


def _outer(push: Push, sealed: str) -> bytes:
    write = write_xml if push.platform.account.format is Format.XML else write_json
    return write({"ToUserName": "gh_123456789abc", "Encrypt": sealed})


def _samples() -> Sequence[dict[str, object]]:
    """Pushes to begin with: the platform's own where they are at hand."""
    texts = ("LOYALTY", "BALANCE", "STOP", "START", "余额", "hi")
    # Eight times, or few are answered in words: the platform's own are mostly events.
    own: list[dict[str, object]] = [{"MsgType": "text", "Content": text} for text in texts * 8]
    own += [{"MsgType": "event", "Event": kind, "EventKey": "qrscene_7"} for kind in _KINDS]
    if _VECTORS.is_file():
        for case in json.loads(_VECTORS.read_text(encoding="utf-8"))["cases"]:
            fields = case["derived_dict"]
            own.append({name: value for name, value in fields.items() if isinstance(value, str | int)})
    return own


async def drill(wechat: Wechat, count: int, seed: int, told: Callable[[int], None]) -> Tally:
    """Post so many requests over some connections."""
    mutator, tally = Mutator(wechat, seed), Tally()
    parts = urlsplit(wechat.chat.url)
    left = iter(range(count))

    async def post() -> None:
        reader = writer = None
        for number in left:
            request = mutator.request()
            if reader is None or writer is None:
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(request.raw)
            try:
                async with asyncio.timeout(60):
                    status, body, is_open = await _answer(reader)
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                tally.findings.append(f"{request.kind}: no answer, {error!r}, for {request.raw[:2000]!r}")
                status, body, is_open = 0, b"", False
            if status:
                tally.add(request, status, body)
            if not is_open:
                writer.close()
                reader = writer = None
            told(number)
        if writer is not None:
            writer.close()

    await asyncio.gather(*(post() for _ in range(CONNECTIONS)))
    return tally


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection goes on."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(lines[0].split()[1]), body, headers.get("connection", "").lower() != "close"


def report(tally: Tally, seconds: float) -> dict[str, object]:
    """What is printed on the last line."""
    kinds: dict[str, dict[int, int]] = {}
    for (kind, status), times in sorted(tally.by_kind.items()):
        kinds.setdefault(kind, {})[status] = times
    return {
        "drill": "callbacks",
        "requests": sum(tally.by_kind.values()),
        "findings": len(tally.findings),
        "answers": tally.answers,
        "seconds": round(seconds, 1),
        "kinds": kinds,
    }


async def _main(count: int, seed: int) -> bool:
    began = time.perf_counter()

    def told(number: int) -> None:
        if number and number % 50_000 == 0:
            print(f"{number} in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)  # noqa: T201

    with tempfile.TemporaryDirectory(prefix="regulars-drill-") as folder:
        url = await SqliteDatabases(Path(folder)).create()
        async with on_wechat(url) as wechat:
            tally = await drill(wechat, count, seed, told)
            errors = Counter(
                event
                for line in wechat.chat.log.getvalue().splitlines()
                if '"level": "error"' in line and (event := json.loads(line)["event"])
            )
    for finding in tally.findings[:PRINTED]:
        print(finding)  # noqa: T201  # the report
    told_of = report(tally, time.perf_counter() - began) | {"errors_logged": dict(errors)}
    print(json.dumps(told_of))  # noqa: T201  # the report
    return not tally.findings and not errors


def main() -> None:
    """Run it long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="a million requests, not a hundred thousand")
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        went_well = asyncio.run(_main(1_000_000 if arguments.million else 100_000, arguments.seed))
        sys.exit(0 if went_well else 1)


if __name__ == "__main__":
    main()
