"""The JSON APIs: the shop's, and what describes it."""

from aiohttp import web

from bot.app.channels import address_hashes
from bot.app.running import Running
from bot.web.api import table as shop_table
from bot.web.api.door import PREFIX as SHOP_PREFIX
from bot.web.api.door import Keys
from bot.web.limits import Limit, Limiter
from bot.web.rest import openapi
from bot.web.rest.answering import Api, answering
from bot.web.rest.asked import Door


def add_apis(server: web.Application, app: Running) -> None:
    """Let a server answer them."""
    door = Door(
        app.database,
        app.dispatcher,
        app.clock,
        lambda: app.decisions.shop,
        address_hashes(app.settings),
    )
    server.add_subapp(SHOP_PREFIX, _shop_api(app, door).application())
    server.add_routes([openapi.route_of([shop_table.FACE], app.settings.public_url)])


def _shop_api(app: Running, door: Door) -> Api:
    per_minute = app.settings.api_requests_per_minute
    keys = Keys(door, Limiter(Limit(burst=per_minute, per_minute=per_minute)))
    return Api(answering(door, keys, shop_table.ROUTES), keys, app.metrics)
