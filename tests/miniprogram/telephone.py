"""What a telephone does beside showing pages (codes, paying), and what else goes on: time, the shop."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.core.api_keys import Scope
from bot.demo import loading
from bot.demo.catalogue import PRODUCTS
from bot.demo.people import people
from bot.storage import revisions
from tests.conversation.chat import FLOWS
from tests.pay.paying import PayShop, paying
from tests.ports import free_port
from tests.web.api.conftest import made_key
from tests.wechat.wechat_chat import MINI

CASH_BACK = "\ncash_back: {amount: 2.00, at_least: 5.00, after: 1d}\n"
_WEEK = 7
_changes = count(1)


def numbers() -> dict[str, str]:
    """Members of the demo shop who text, by the name of their WeChat; a regular has some credit."""
    told, others = people(1)[:5], people(1)[5:]
    ana, wei, jose, maya, _ = told
    regular = max(
        (one for one in others if one.locale == "en" and one.stopped_days_ago is None),
        key=lambda one: sum(treat.amount_minor for treat in one.treats if treat.days > _WEEK),
    )
    named = {"ana": ana, "wei": wei, "jose": jose, "maya": maya, "regular": regular}
    return {name: one.number for name, one in named.items()}


@asynccontextmanager
async def demo_shop(folder: Path) -> AsyncIterator[PayShop]:
    """Run the demo's shop: five hundred members, cash back for a first order, WeChat on loopback."""
    flows = folder / "flows"
    shutil.copytree(FLOWS, flows)
    with (flows / "program.yaml").open("a") as program:
        program.write(CASH_BACK)
    async with paying(f"sqlite+aiosqlite:///{folder / 'shop.sqlite'}", flows=flows) as shop:
        await loading.load(shop.app.database, shop.clock.now)
        await _reload(shop)
        shop.chat.loopback.platform.pages.phones.update(numbers())
        yield shop


@asynccontextmanager
async def ringing(shop: PayShop) -> AsyncIterator[str]:
    """Answer phone.js for as long as the context lasts; gives the URL."""
    app = web.Application()
    key = await made_key(shop.chat.sms, *Scope)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as till:
        app.add_routes([web.post("/{what}", _answering(shop, till))])
        runner = web.AppRunner(app)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            await runner.cleanup()


def _answering(shop: PayShop, till: aiohttp.ClientSession) -> Callable[[web.Request], Any]:
    platform = shop.chat.loopback.platform

    async def answer(request: web.Request) -> web.Response:
        what, asked = request.match_info["what"], await request.json()
        match what:
            case "login" | "phone":
                code = platform.pages.code(platform.accounts[MINI], asked["person"], what)
                return web.json_response({"code": code})
            case "pay":
                shop.tap(asked)
                await shop.pay_.settle()
            case "transfer":
                shop.pay_.phones.confirm(asked["package"])
                await shop.pay_.settle()
            case "later":
                shop.clock.now += timedelta(minutes=asked["minutes"])
                if asked["strikes"]:
                    await shop.rest()
            case "price":
                changed = [replace(one, price_minor=asked.get(one.sku, one.price_minor)) for one in PRODUCTS]
                await shop.app.database.transact(lambda c: revisions.put_products(c, changed))
                await _reload(shop)
            case "till":
                url = f"{shop.chat.sms.url}/api{asked['path']}"
                once = {"Idempotency-Key": asked["path"]}
                async with till.post(url, json=asked["body"], headers=once) as told:
                    return web.Response(status=told.status, body=await told.read())
            case _:
                raise web.HTTPNotFound
        return web.json_response({"now": shop.clock.now.isoformat()})

    return answer


async def _reload(shop: PayShop) -> None:
    await shop.app.database.transact(lambda c: revisions.touch(c, f"products {next(_changes)}"))
    await shop.app.reload()
