"""The phone page and what it asks for: one stream of news, and a way to text, to move time, to break things.

It speaks to the bot only as a phone does: through the loopback Twilio and the loopback WeChat. All it gets
beyond that is the panel "what the system knows", which is read from the database.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import orjson
from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from bot.app import Running
from bot.core.phone import NotAContact, NotAContactReason, to_e164
from bot.demo.clock import DemoClock
from bot.demo.faces import Face, TextFace, WechatFace, answered, passed_on
from bot.demo.knowledge import know
from bot.demo.loopback_phone import only_this_machine
from bot.demo.loopback_thread import LoopbackThread
from bot.demo.people import Person
from bot.demo.time_travel import TimeTravel
from bot.storage import turns

# Numbers kept for fiction; each start of a new conversation takes the next that never wrote.
_FRESH = tuple(f"+1{area}55501{number:02d}" for area in ("646", "347", "929") for number in range(100))
_STATIC = Path(str(files("bot.demo"))) / "static"
_LOOK_EVERY_SECONDS = 0.25
_HEARTBEAT_EVERY = 60
_SPELLING_MAX = 60
_NO_NUMBER = {
    NotAContactReason.SHORT_CODE: "That is too short for the number of a person",
    NotAContactReason.IMPOSSIBLE: "No country has such a number",
}
_SECONDS_MAX = 62 * 86400
_ONLY_OURS = {
    "Content-Security-Policy": "default-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: str
    body: str = Field(max_length=1600)


class _Broken(BaseModel):
    """What shall go wrong on one face of one phone; the loopback knows the fault's own fields."""

    model_config = ConfigDict(extra="forbid")

    number: str
    face: str
    fault: dict[str, str | int | float | None]


class _Move(BaseModel):
    """Where to move the clock: on by so many seconds, or to an instant."""

    model_config = ConfigDict(extra="forbid")

    seconds: float = Field(default=0, ge=0, le=_SECONDS_MAX)
    to: AwareDatetime | None = None


class PhonePage:
    """The `/demo/` paths."""

    def __init__(  # noqa: PLR0913  # what it shows
        self,
        app: Running,
        clock: DemoClock,
        texts: TextFace,
        chats: Sequence[WechatFace],
        travel: TimeTravel,
        *,
        told: list[Person],
        pays: LoopbackThread,
    ) -> None:
        self._app, self._clock, self._texts, self._travel, self._told = app, clock, texts, travel, told
        self._pays = pays
        self._chats = {chat.account.name: chat for chat in chats}
        self._faces: dict[str, Face] = {"sms": texts, **self._chats}
        self._closing = asyncio.Event()

    def application(self) -> web.Application:
        """Everything below `/demo/`; answers to pages of this machine only."""
        application = web.Application(middlewares=[only_this_machine])
        application.add_routes(
            [
                web.get("/", self._index),
                web.static("/static", _STATIC),
                web.get("/people", self._people),
                web.get("/number", self._number),
                web.get("/live", self._live),
                web.post("/texts", self._text),
                web.post("/wechat/{face}/{act}", self._act),
                web.post("/pay", self._pay),
                web.post("/clock", self._move),
                web.post("/faults", self._add_fault),
                web.delete("/faults", self._clear_faults),
                web.post("/shop", self._shop),
            ]
        )
        application.on_response_prepare.append(_only_ours)
        application.on_shutdown.append(self._close)
        return application

    async def _close(self, _: web.Application) -> None:
        self._closing.set()  # watchers would stay for ever

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(_STATIC / "phone.html")

    async def _people(self, _: web.Request) -> web.Response:
        currency = self._app.decisions.shop.program.currency
        owned = {number: [face.owned(number) for face in self._faces.values()] for number in _FRESH}
        names = [name for names in owned.values() for name in names]
        taken = await self._app.database.query(lambda connection: turns.find(connection, names))
        unused = (number for number, names in owned.items() if not any(name in taken for name in names))
        return answered(
            {
                "fresh": next(unused, _FRESH[0]),
                "shop": self._app.decisions.shop.name,
                "accounts": [
                    {
                        "name": chat.account.name,
                        "kind": chat.account.kind,
                        "title": chat.account.title,
                        "templates": [[one.template_id, one.title] for one in chat.account.templates],
                    }
                    for chat in self._chats.values()
                ],
                "currency": {"code": currency.code, "exponent": currency.exponent},
                "people": [
                    {
                        "number": person.number,
                        "name": person.first_name,
                        "locale": person.locale,
                        "story": person.story,
                    }
                    for person in self._told
                ],
            }
        )

    # What the page does

    async def _number(self, request: web.Request) -> web.Response:
        """Say which number a spelling means, or what is wrong with it."""
        spelling = request.query.get("spelling", "")[:_SPELLING_MAX].strip()
        try:
            return answered({"number": to_e164(spelling)})
        except NotAContact as wrong:
            why = _NO_NUMBER.get(wrong.reason, "That is no phone number")
            return answered({"error": f"{why}. Write it with its country, as in +1 646 555 0123."})

    async def _text(self, request: web.Request) -> web.Response:
        try:
            text = _Text.model_validate_json(await request.read())
            number = to_e164(text.number)
        except (ValidationError, NotAContact):
            return answered({"error": "Give a phone number and a text of at most 1,600 characters."}, 400)
        return await self._texts.text(number, text.body)

    async def _act(self, request: web.Request) -> web.Response:
        """Do on WeChat what a finger does."""
        chat = self._chats.get(request.match_info["face"])
        try:
            number = to_e164(request.query.get("number", ""))
        except NotAContact:
            return answered({"error": "That is no phone number."}, 400)
        if chat is None:
            return answered({"error": "The shop has no such account."}, 404)
        return await chat.act(number, request.match_info["act"], await request.read())

    async def _pay(self, request: web.Request) -> web.Response:
        """Pay or decline at WeChat Pay, as the phone does that was asked to."""
        return await passed_on(self._pays, "POST", "/loopback/pay", await request.read())

    async def _move(self, request: web.Request) -> web.Response:
        try:
            move = _Move.model_validate_json(await request.read())
        except ValidationError:
            return answered({"error": "Give seconds (at most 62 days) or an instant to move to."}, 400)
        await self._travel.forward_to(move.to or self._clock() + timedelta(seconds=move.seconds))
        return answered({"now": self._clock()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            broken = _Broken.model_validate_json(await request.read())
        except ValidationError:
            return answered({"error": "Give a number, a face and a fault."}, 400)
        face = self._faces.get(broken.face, self._texts)
        return await face.add_fault(broken.number, orjson.dumps(broken.fault))

    async def _clear_faults(self, _: web.Request) -> web.Response:
        for face in self._faces.values():
            await face.clear_faults()
        return answered({"faults": []})

    async def _shop(self, _: web.Request) -> web.Response:
        """Be the shop that orders are handed to: whatever is told is taken."""
        return web.Response(status=204)

    # What the page sees

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Tell all there is to see on and around one phone, again whenever it has changed."""
        try:
            number = to_e164(request.query.get("number", ""))
        except NotAContact:
            return answered({"error": "That is no phone number."}, 400)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        with contextlib.suppress(ConnectionError):  # the page was closed, or is another person now
            async for news in self._news(number, request.query.get("face", "sms")):
                await stream.write(news)
        return stream

    async def _news(self, number: str, face: str) -> AsyncIterator[bytes]:
        told, quiet = b"", 0
        while not self._closing.is_set():
            seen = orjson.dumps(await self._seen(number, face))
            if seen != told:
                told, quiet = seen, 0
                yield b"data: %b\n\n" % seen
            elif (quiet := quiet + 1) % _HEARTBEAT_EVERY == 0:
                yield b": still here\n\n"
            try:
                async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                    await self._closing.wait()
            except TimeoutError:
                continue

    async def _seen(self, number: str, name: str) -> dict[str, object]:
        face = self._faces.get(name, self._texts)
        now: datetime = self._clock()
        owned = face.owned(number)
        known = await self._app.database.query(lambda connection: know(connection, owned, now))
        return {
            "number": number,
            "face": name,
            "ahead_seconds": self._clock.ahead.total_seconds(),
            **await face.seen(number),
            "known": known,
        }


async def _only_ours(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_ONLY_OURS)
