"""Who asks for what another shopper has, by id, token, key or cursor, finds nothing there: by the table."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.core.payments import WECHAT_PAY
from bot.core.signed_links import REORDER, SignedLinks
from bot.web.mp.orders import ROUTES as OF_ORDERS
from bot.web.mp.table import ROUTES
from tests.web.mp.conftest import ShopperClient
from tests.web.mp.test_orders import TEA, paying

NAMED = re.compile(r"\{(\w+)\}")
SHARED = {"reward", "drop", "survey"}
"""What a path names of the shop's own: everybody asks by the same names."""


async def everything(shopper: ShopperClient) -> Mapping[str, Any]:
    """All that one can read of oneself."""
    paths = [route.path for route in ROUTES if route.method == "GET" and "{" not in route.path]
    found = {path: (await shopper("GET", path)) for path in paths if path not in {"/grants", "/referral/qr"}}
    kept = (await shopper("POST", "/privacy/export", once=None)).told
    return {path: got.told for path, got in found.items()} | {"export": kept}


def test_whatever_a_path_names_is_the_shops_or_is_tried_here() -> None:
    """A new route with an id of a shopper's joins the test below, or says that its names are everybody's."""
    named = {name for route in ROUTES for name in NAMED.findall(route.path)}
    assert named == {"order", *SHARED}
    assert {route.path for route in ROUTES if "{order}" in route.path} == {
        route.path for route in OF_ORDERS if "{order}" in route.path
    }


async def test_another_shoppers_orders_are_nobodys(database_url: str, tmp_path: Path) -> None:
    async with paying(database_url, tmp_path) as (li, pay):
        await li.did("/join", {})
        body = {**TEA, "to_pay_at_most_minor": 10**6}
        waits = (await li.did("/orders", {**body, "payment": WECHAT_PAY}))["order"]["id"]
        coffee = {**body, "lines": [{"sku": "LATTE", "quantity": 1}], "payment": "pickup"}
        placed = (await li.did("/orders", coffee))["order"]["id"]
        before = await everything(li)
        wang = await li.another("wang")
        await wang.did("/join", {})
        for route in (one for one in ROUTES if "{order}" in one.path):
            for order in (waits, placed):
                path = route.path.replace("{order}", order)
                once = None if route.only_asks or route.method == "GET" else f"{order}{path}"
                answered = await wang(route.method, path, once=once)
                assert (answered.status, answered.kind) == (404, "no-such-order"), (path, answered.body)
        for by_query in (
            f"/reorder?order={placed}",
            f"/reorder?token={card_of(li, await li.contact_id(), placed)}",
        ):
            assert (await wang("GET", by_query)).status in {403, 404}, by_query
        assert await everything(li) == before
        assert [trade.state for trade in pay.book.trades.values()] == ["NOTPAY"], "nothing was closed"


async def test_another_shoppers_keys_and_cursors_lead_to_ones_own(
    shopper_anywhere: ShopperClient,
) -> None:
    li = shopper_anywhere
    await li.did("/join", {})
    order = {**TEA, "payment": "pickup", "to_pay_at_most_minor": 10**6}
    numbers = [
        (await li.did("/orders", {**order, "lines": [{"sku": "TEA", "quantity": one}]}))
        for one in range(1, 21)
    ]
    first = await li(
        "POST", "/orders", {**order, "lines": [{"sku": "LATTE", "quantity": 1}]}, once="same-key"
    )
    assert first.status == 200, first.body
    pages = {path: (await li.got(path))["next"] for path in ("/orders", "/history", "/inbox")}
    assert pages["/orders"], f"{len(numbers)} are more than a page"
    mine = ids_in(await everything(li))
    wang = await li.another("wang")
    await wang.did("/join", {})
    again = await wang(
        "POST", "/orders", {**order, "lines": [{"sku": "LATTE", "quantity": 1}]}, once="same-key"
    )
    assert (again.status, again.is_replay) == (200, False)
    assert again.told["order"]["id"] != first.told["order"]["id"]
    for path, cursor in pages.items():
        if cursor is not None:
            assert not ids_in((await wang("GET", f"{path}?cursor={cursor}")).told) & mine, path
    assert not ids_in(await everything(wang)) & mine


def card_of(shopper: ShopperClient, contact: str, order: str) -> str:
    """The token of the card that proposes an order again, made for its buyer."""
    shop = shopper.chat.app.decisions.shop
    until = shopper.chat.clock.now.replace(year=shopper.chat.clock.now.year + 1)
    return SignedLinks(shop.public_url, shop.secrets, REORDER).token(contact, order, until)


def ids_in(told: object) -> set[str]:
    """Every id of ours in an answer."""
    return set(re.findall(r"\b[0-9a-f]{32}\b", repr(told)))
