"""GET /mp/payouts: what is promised, what waits to be confirmed and with what, in the shopper's language."""

from datetime import timedelta
from pathlib import Path

import aiohttp

from bot.demo.pay.loopback import MCHID
from tests.conversation.chat import FLOWS
from tests.databases import SqliteDatabases
from tests.pay.paying import paying
from tests.web.mp.conftest import ShopperClient
from tests.wechat.wechat_chat import MINI, MINI_APPID

RULE = "\ncash_back: {amount: 2.00, after: 7d}\n"


async def test_cash_back_is_shown_from_the_promise_to_the_wallet(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    for name in ("program.yaml", "keywords.yaml", "shop.yaml"):
        (flows / name).write_text((FLOWS / name).read_text())
    (flows / "program.yaml").write_text((FLOWS / "program.yaml").read_text() + RULE)
    url = await sqlite_databases.create()
    async with paying(url, flows=flows) as shop, aiohttp.ClientSession() as session:
        client = await ShopperClient(shop.chat, session).another("li", language="en")
        assert await client.got("/payouts") == {"payouts": []}
        openid = shop.chat.loopback.platform.accounts[MINI].openid("li")
        await shop.join(openid)
        order = await shop.order(("LATTE", 2), person=openid)
        await shop.pay(order)
        (promised,) = (await client.got("/payouts"))["payouts"]
        assert (promised["state"], promised["order"], promised["confirm"]) == ("promised", order, None)
        assert promised["amount"] == {"minor": 200, "text": "$2.00"}
        assert promised["says"].startswith("$2.00 goes to your WeChat wallet on")
        await shop.later(days=7, hours=1)
        (waits,) = (await client.got("/payouts"))["payouts"]
        assert (waits["state"], waits["confirm"]["mchId"]) == ("waits", MCHID)
        assert waits["confirm"]["appId"] == MINI_APPID
        by_link = await client.by_link(await client.contact_id())
        assert (await by_link.got("/payouts"))["payouts"][0]["confirm"] is None
        shop.pay_.phones.confirm(waits["confirm"]["package"])
        await shop.pay_.settle()
        (paid,) = (await client.got("/payouts"))["payouts"]
        assert (paid["state"], paid["confirm"], paid["says"]) == (
            "paid",
            None,
            "$2.00 is in your WeChat wallet",
        )
        shop.clock.now += timedelta(days=1)
    await sqlite_databases.drop(url)
