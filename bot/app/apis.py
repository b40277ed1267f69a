"""The JSON APIs: the shop's, that of our pages, and what describes them."""

from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from aiohttp import web

from bot.app.channels import address_hashes
from bot.app.running import Running
from bot.config import Settings
from bot.conversation.looking import Looks
from bot.core.page_links import PageLinks
from bot.jobs.wechat_shared import SharedInDatabase
from bot.web.api import table as shop_table
from bot.web.api.door import PREFIX as SHOP_PREFIX
from bot.web.api.door import WRONG_KEYS, Keys
from bot.web.limits import NO_LIMIT, Limit, Limiter
from bot.web.mp import account
from bot.web.mp import table as pages_table
from bot.web.mp.asked import House, Shopper
from bot.web.mp.door import ADDRESS_SHARES, Logins, Sessions
from bot.web.mp.door import PREFIX as PAGES_PREFIX
from bot.web.rest import openapi
from bot.web.rest.answering import Api, answering
from bot.web.rest.asked import Door
from bot.web.rest.remembered import Remembered

if TYPE_CHECKING:
    from bot.channels.wechat.mini import MiniPrograms


def add_apis(server: web.Application, app: Running) -> None:
    """Let a server answer them."""
    house = _house(server, app)
    server.add_routes(_shop_api(app, house).routes())
    server.add_routes(_pages_api(app, house).routes())
    faces = [shop_table.FACE, pages_table.FACE]
    server.add_routes([openapi.route_of(faces, app.settings.public_url)])


@lru_cache(maxsize=1)
def _date(now: datetime) -> str:
    return format_datetime(now, usegmt=True)


def _shop_api(app: Running, door: Door) -> Api:
    per_minute = app.settings.api_requests_per_minute
    keys = Keys(
        door,
        per_key=Limiter(Limit(burst=per_minute, per_minute=per_minute)),
        wrong_keys=Limiter(WRONG_KEYS if per_minute else NO_LIMIT),
    )
    return Api(SHOP_PREFIX, answering(door, keys, shop_table.ROUTES), keys, app.metrics)


def _pages_api(app: Running, house: House) -> Api:
    per_minute = app.settings.pages_requests_per_minute
    sessions = Sessions(
        house,
        per_session=Limiter(Limit(burst=per_minute, per_minute=per_minute)),
        per_address=Limiter(Limit(ADDRESS_SHARES * per_minute, ADDRESS_SHARES * per_minute)),
        wrong_tokens=Limiter(Limit(burst=per_minute, per_minute=per_minute)),
    )
    routes = [
        *answering(house, Logins(house), account.LOGINS),
        *answering(house, sessions, pages_table.ROUTES),
    ]
    clock = app.clock  # pages count down by what we say it is: telephones are often wrong
    return Api(PAGES_PREFIX, routes, sessions, app.metrics, lambda: _date(clock().replace(microsecond=0)))


def _house(server: web.Application, app: Running) -> House:
    settings = app.settings
    links = PageLinks(settings.public_url, tuple(secret.encode() for secret in settings.secrets))
    sessions = Remembered[Shopper]()
    return House(
        database=app.database,
        dispatcher=app.dispatcher,
        clock=app.clock,
        shop=lambda: app.decisions.shop,
        hash_address=address_hashes(settings),
        read_page_link=links.read,
        shown=app.shown.add,
        variables=lambda: app.decisions.publication.variables,
        looks=Looks(app.database),
        sessions=sessions,
        erased=sessions.forget_all,
        mini=_mini_programs(server, app),
        cashier=app.cashier,
        processors=_processors(settings),
        policy_url=settings.privacy_url,
    )


def _processors(settings: Settings) -> tuple[str, ...]:
    """Who works for the shop with what is kept of persons."""
    known = {"Twilio": settings.twilio, "Tencent (WeChat)": settings.wechat}
    return tuple(name for name, is_set_up in known.items() if is_set_up)


def _mini_programs(server: web.Application, app: Running) -> "MiniPrograms | None":
    settings = app.settings
    if all(account_.is_official for account_ in settings.wechat):
        return None
    from bot.channels.wechat.mini import MiniPrograms  # noqa: PLC0415  # 0.35 s and 17 MB, which few need

    shared = SharedInDatabase(app.database, app.clock)
    mini = MiniPrograms(settings.wechat, base_url=settings.wechat_base_url, may_force=shared.may_force)

    async def close(_: web.Application) -> None:
        await mini.close()

    server.on_cleanup.append(close)
    return mini
