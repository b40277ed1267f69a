"""The phones' face of the loopback: text from a phone, read what arrived, ask for faults, count.

POST   /loopback/phones/{number}/texts               {"to", "body", "media"}: text the account
GET    /loopback/phones/{number}/messages?after=&wait=   the conversation; waits for news if asked to
GET    /loopback/phones/{number}/events?after=       the same as server-sent events
GET    /loopback/phones/{number}/exchange            what its last text made us post, and the answer, raw
GET    /loopback/phones                              the numbers
GET    /loopback/counts                              how often each message arrived, for "never two"
POST   /loopback/settle                              answers when nothing is on its way any more
GET    /loopback/faults    POST, DELETE              see `loopback_message.Fault`
"""

from collections import Counter

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.demo.loopback_message import Fault, Message
from bot.demo.loopback_network import Network, Phone
from bot.demo.loopback_webhook import LOOPBACK_HOSTS, is_loopback

_WAIT_SECONDS_MAX = 60.0
_HEARTBEAT_SECONDS = 15.0


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: str | None = None
    body: str = ""
    media: tuple[str, ...] = ()


class PhoneFace:
    """The `/loopback/…` paths over a network."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def routes(self) -> list[web.RouteDef]:
        """The paths it answers."""
        phone = "/loopback/phones/{number}"
        return [
            web.get("/loopback/phones", self._phones),
            web.post(f"{phone}/texts", self._text),
            web.get(f"{phone}/messages", self._messages),
            web.get(f"{phone}/events", self._events),
            web.get(f"{phone}/exchange", self._exchange),
            web.get("/loopback/counts", self._counts),
            web.post("/loopback/settle", self._settle),
            web.get("/loopback/faults", self._faults),
            web.post("/loopback/faults", self._add_fault),
            web.delete("/loopback/faults", self._clear_faults),
        ]

    def _phone(self, request: web.Request) -> Phone:
        return self._network.phone(request.match_info["number"])

    async def _phones(self, _: web.Request) -> web.Response:
        return _json({"phones": sorted(self._network.phones)})

    async def _text(self, request: web.Request) -> web.Response:
        try:
            text = _Text.model_validate_json(await request.read())
        except ValidationError as error:
            return _invalid(error)
        texted = await self._network.text(
            request.match_info["number"],
            to=text.to or self._network.account.numbers[0],
            body=text.body,
            media=text.media,
        )
        return _json(texted)

    async def _messages(self, request: web.Request) -> web.Response:
        try:
            after = max(0, int(request.query.get("after", "0")))
            wait = min(float(request.query.get("wait", "0")), _WAIT_SECONDS_MAX)
        except ValueError:
            return _json({"error": "after and wait are numbers"}, 400)
        messages = await self._phone(request).news(after, wait)
        return _json({"messages": _seen(messages, after), "last": after + len(messages)})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        phone = self._phone(request)
        seen = request.headers.get("Last-Event-ID") or request.query.get("after", "0")
        after = int(seen) if seen.isascii() and seen.isdecimal() else 0
        stream = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await stream.prepare(request)
        while True:
            messages = _seen(await phone.news(after, _HEARTBEAT_SECONDS), after)
            lines = [
                b"id: %d\ndata: %b\n\n" % (number, orjson.dumps(message))
                for number, message in enumerate(messages, start=after + 1)
            ]
            after += len(messages)
            await stream.write(b"".join(lines) or b": still here\n\n")

    async def _exchange(self, request: web.Request) -> web.Response:
        exchange = self._network.last_exchange(request.match_info["number"])
        if exchange is None:
            return _json(None)
        answer = exchange.answer
        return _json(
            {
                "url": exchange.url,
                "headers": dict(exchange.headers),
                "form": dict(exchange.form),
                "attempts": answer.attempts,
                "status": answer.status,
                "content_type": answer.content_type,
                "answer": answer.body.decode("utf-8", "replace"),
            }
        )

    async def _counts(self, _: web.Request) -> web.Response:
        by_body = {
            number: Counter(message.body for message in phone.received)
            for number, phone in self._network.phones.items()
        }
        return _json({"by_message": self._network.arrivals, "by_body": by_body})

    async def _settle(self, _: web.Request) -> web.Response:
        await self._network.settle()
        return _json({})

    async def _faults(self, _: web.Request) -> web.Response:
        return _json({"faults": [fault.model_dump() for fault in self._network.faults]})

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            fault = Fault.model_validate_json(await request.read())
        except ValidationError as error:
            return _invalid(error)
        self._network.faults.add(fault)
        return _json(fault.model_dump(), 201)

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._network.faults.clear()
        return _json({"faults": []})


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse pages from elsewhere: those that post here, and those whose own name resolves to here.

    Pages of this machine on another port, such as the phone page, may read the answers.
    """
    origin = request.headers.get("Origin")
    if request.url.host not in LOOPBACK_HOSTS or (origin and not is_loopback(origin)):
        raise web.HTTPForbidden(text="The loopback answers to pages of this machine only.")
    if request.method == "OPTIONS":
        return web.Response(status=204)
    return await handler(request)


async def share_with_this_machine(request: web.Request, response: web.StreamResponse) -> None:
    """Let a page of this machine on another port read the answer; a signal, so that streams have it too."""
    if (origin := request.headers.get("Origin")) and is_loopback(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"


def _seen(messages: list[Message], after: int) -> list[dict[str, object]]:
    return [
        {
            "number": number,
            "sid": message.sid,
            "direction": "sent" if message.direction == "inbound" else "received",
            "from": message.sender,
            "to": message.to,
            "body": message.body,
            "media": message.media,
            "segments": message.segments,
            "status": message.status,
            "at": message.created_at,
        }
        for number, message in enumerate(messages, start=after + 1)
    ]


def _json(answer: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(answer), status=status, content_type="application/json")


def _invalid(error: ValidationError) -> web.Response:
    problems = [{"field": ".".join(map(str, it["loc"])), "problem": it["msg"]} for it in error.errors()]
    return _json({"error": "The body does not fit", "problems": problems}, 400)
