"""The phones' face of the loopback WeChat: act as a person, read a conversation, ask for faults, count.

POST   /loopback/wechat/{account}/{person}/{act}      see `_acts`: say, tap_menu, scan, follow, log_in, …
GET    /loopback/wechat/{account}/{person}            the conversation and all that is around it
GET    /loopback/wechat/{account}/{person}/exchange   what the person's last act made us push
POST   /loopback/wechat/accounts/{account}/{what}     the console: kill_token, reset_secret, freeze, verify
POST   /loopback/settle                               answers when nothing is on its way any more
GET    /loopback/faults    POST, DELETE               see `faults.Fault`
"""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.demo.wechat.api import STABLE_TOKEN
from bot.demo.wechat.chat import Chat
from bot.demo.wechat.faults import Fault
from bot.demo.wechat.people import CannotDo, Opened, People
from bot.demo.wechat.platform import Platform
from bot.demo.wechat.pushing import Answer, Exchange


class Act(BaseModel):
    """What a person does; which fields count depends on the act."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="", max_length=4096)
    number: int = 0
    option: str = ""
    link: int = 0
    latitude: float = 31.2304
    longitude: float = 121.4737
    answers: dict[str, str] = {}


class WechatFace:
    """The `/loopback/…` paths over a platform."""

    def __init__(self, platform: Platform, people: People) -> None:
        self._platform, self._people = platform, people

    def routes(self) -> list[web.RouteDef]:
        """The paths it answers."""
        chat = "/loopback/wechat/{account}/{person}"
        return [
            web.post("/loopback/wechat/accounts/{account}/{what}", self._console),
            web.get(chat, self._seen),
            web.get(f"{chat}/exchange", self._exchange),
            web.post(f"{chat}/{{act}}", self._act),
            web.post("/loopback/settle", self._settle),
            web.get("/loopback/faults", self._faults),
            web.post("/loopback/faults", self._add_fault),
            web.delete("/loopback/faults", self._clear_faults),
        ]

    async def _act(self, request: web.Request) -> web.Response:
        person, account = request.match_info["person"], request.match_info["account"]
        try:
            act = Act.model_validate_json(await request.read() or b"{}")
            doing = self._acts(person, account, act).get(request.match_info["act"])
            if doing is None:
                return _json({"error": "no such act"}, 404)
            done = await doing()
            chat = self._platform.chat(person, account)
        except ValidationError as error:
            return _invalid(error)
        except (CannotDo, LookupError) as error:
            return _json({"error": f"Cannot be done: {error}"}, 409)
        if isinstance(done, Opened):
            return _json({"page": done.page, "appid": done.appid})
        if isinstance(done, str):
            return _json({"code": done, "appid": chat.account.appid})
        return _json({"attempts": done.attempts, "status": done.status, "problem": done.problem})

    def _acts(
        self, person: str, account: str, act: Act
    ) -> dict[str, Callable[[], Awaitable[Answer | Opened | str]]]:
        people, text = self._people, act.text

        async def tap() -> Opened:
            return people.tap_card(person, account, act.number, act.link)

        async def log_in() -> str:
            return people.log_in(person, account)

        async def give_phone() -> str:
            return people.give_phone(person, account, text)

        async def open_link() -> Opened:
            return people.open_link(person, text)

        async def agent_takes() -> Answer:
            people.agent_takes(person, account)
            return Answer(0)

        async def agent_says() -> Answer:
            people.agent_says(person, account, text)
            return Answer(0)

        async def agent_closes() -> Answer:
            people.agent_closes(person, account)
            return Answer(0)

        where = act.latitude, act.longitude
        return {
            "say": lambda: people.say(person, account, text),
            "picture": lambda: people.send_picture(person, account),
            "voice": lambda: people.send_voice(person, account, text or None),
            "location": lambda: people.send_location(person, account, *where, text),
            "tell_location": lambda: people.tell_location(person, account, *where),
            "card": lambda: people.send_card(person, account, text, act.option),
            "tap_option": lambda: people.tap_option(person, account, act.number, act.option),
            "tap_menu": lambda: people.tap_menu(person, account, text),
            "follow": lambda: people.follow(person, account),
            "unfollow": lambda: people.unfollow(person, account),
            "scan": lambda: people.scan(person, account, text),
            "enter": lambda: people.enter(person, account, text),
            "answer_popup": lambda: people.answer_popup(person, account, act.answers),
            "reject_in_settings": lambda: people.reject_in_settings(person, account, text),
            "tap": tap,
            "log_in": log_in,
            "give_phone": give_phone,
            "open_link": open_link,
            "agent_takes": agent_takes,
            "agent_says": agent_says,
            "agent_closes": agent_closes,
        }

    async def _seen(self, request: web.Request) -> web.Response:
        try:
            chat = self._platform.chat(request.match_info["person"], request.match_info["account"])
        except LookupError:
            return _json({"error": "no such account"}, 404)
        return _json(self.seen(chat, self._platform.clock()))

    def seen(self, chat: Chat, now: datetime) -> dict[str, object]:
        """Return a conversation and all that is around it."""
        account = chat.account
        session = chat.session_at(now)
        return {
            "account": account.name,
            "kind": account.kind,
            "title": account.title,
            "appid": account.appid,
            "openid": chat.openid,
            "is_following": chat.is_following,
            "is_known": chat.is_known,
            "is_typing": chat.typing_until is not None and now < chat.typing_until,
            "menu": self._platform.menus.get(account.name, {}).get("button", []),
            "agent": session.agent if session else None,
            "windows": {"left": chat.windows.left(now), "until": chat.windows.until(now)},
            "templates": [
                {
                    "id": template.template_id,
                    "title": template.title,
                    "grants": chat.grants[template.template_id],
                }
                for template in account.templates
            ],
            "messages": chat.bubbles,
            "last": len(chat.bubbles),
        }

    async def _exchange(self, request: web.Request) -> web.Response:
        person, account = request.match_info["person"], request.match_info["account"]
        try:
            openid = self._platform.chat(person, account).openid
        except LookupError:
            return _json({"error": "no such account"}, 404)
        latest = (
            one
            for one in reversed(self._platform.pushes.exchanges)
            if (one.account, one.openid) == (account, openid)
        )
        exchange = next(latest, None)
        return _json(None if exchange is None else _told(exchange))

    async def _console(self, request: web.Request) -> web.Response:
        """Do what an administrator does in the account's console."""
        account = self._platform.accounts.get(request.match_info["account"])
        if account is None:
            return _json({"error": "no such account"}, 404)
        match request.match_info["what"]:
            case "kill_token":
                self._platform.tokens[account.name].kill()
            case "reset_secret":
                account.secret = secrets.token_hex(16)
                self._platform.tokens[account.name].kill()
            case "freeze":
                account.is_frozen = True
            case "unfreeze":
                account.is_frozen = False
            case "verify":
                return _json({"is_right": await self._platform.pushes.verify(account)})
            case _:
                return _json({"error": "no such thing"}, 404)
        return _json({})

    async def _settle(self, _: web.Request) -> web.Response:
        await self._platform.settle()
        return _json({})

    async def _faults(self, _: web.Request) -> web.Response:
        return _json({"faults": [fault.model_dump() for fault in self._platform.faults]})

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            fault = Fault.model_validate_json(await request.read())
        except ValidationError as error:
            return _invalid(error)
        self._platform.faults.add(fault)
        if fault.path == STABLE_TOKEN:  # or it would strike hours later, when the token is over
            for name, tokens in self._platform.tokens.items():
                if fault.account in (None, name):
                    tokens.kill()
        return _json(fault.model_dump(), 201)

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._platform.faults.clear()
        return _json({"faults": []})


def _told(exchange: Exchange) -> dict[str, object]:
    answer = exchange.answer
    return {
        "at": exchange.at,
        "path": exchange.path,
        "query": exchange.query,
        "body": exchange.body.decode("utf-8", "replace"),
        "plain": exchange.plain.decode("utf-8", "replace"),
        "attempts": answer.attempts,
        "status": answer.status,
        "problem": answer.problem,
        "answer": answer.body.decode("utf-8", "replace"),
        "opened": exchange.opened.decode("utf-8", "replace"),
    }


def _json(answer: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(answer), status=status, content_type="application/json")


def _invalid(error: ValidationError) -> web.Response:
    problems = [{"field": ".".join(map(str, it["loc"])), "problem": it["msg"]} for it in error.errors()]
    return _json({"error": "The body does not fit", "problems": problems}, 400)
