"""Orders under a rush and with lost answers: one order, credit spent once, books sound, on both databases."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp

from tests.conversation.chat import chatting, shipped
from tests.core.loyalty.ledger_invariants import check_snapshot
from tests.storage.scripted import stored
from tests.web.api.conftest import Answered
from tests.web.mp.conftest import ShopperClient, at_the_pages
from tests.web.mp.crowd import crowd

SETTINGS = {"REGULARS_PAGES_REQUESTS_PER_MINUTE": "100000"}
SHELF = ("LATTE", "BUN", "TEA")
TEA: dict[str, Any] = {
    "lines": [{"sku": "TEA", "quantity": 2}],
    "payment": "pickup",
    "to_pay_at_most_minor": 10**6,
}
TAPS = 200


def flows(where: Path) -> Path:
    return shipped(where, "loyalty", "policy", "shop", "reorder")


async def check_books(shopper: ShopperClient, contact: str) -> tuple[int, int]:
    """Hold the books against themselves and the orders; returns how many orders, and the credit they took."""
    snapshot = await shopper.chat.app.database.query(lambda c: stored(c, contact))
    check_snapshot(snapshot)
    ((orders, credit),) = await shopper.chat.sms.rows(
        "SELECT COUNT(*), SUM(credit_minor) FROM shop_order WHERE status <> 'canceled'"
    )
    ((spent,),) = await shopper.chat.sms.rows("""
        SELECT COALESCE(SUM(d.amount_minor), 0) FROM draw d
        JOIN entry e ON e.bucket = d.bucket AND e.contact = d.contact AND e.wallet = d.wallet
            AND e.number = d.number
        WHERE d.target = 'spent' AND e.source_type = 'order'
    """)
    assert int(credit) == int(spent)
    return int(orders), int(spent)


async def test_who_orders_many_things_at_once_spends_credit_once(database_url: str, tmp_path: Path) -> None:
    async with at_the_pages(database_url, flows=flows(tmp_path), settings=SETTINGS) as mini:
        member = await mini.texting()
        baskets = [
            {**TEA, "lines": [{"sku": sku, "quantity": quantity}], "place": place}
            for sku in SHELF
            for quantity in range(1, 4)  # a twin is looked for among the latest twenty orders
            for place in ("old_town", "harbour")
        ]
        told = await asyncio.gather(*(member("POST", "/orders", body) for body in baskets for _ in range(3)))
        assert {one.status for one in told} == {200}
        credits_ = {one.told["order"]["id"]: one.told["order"]["credit"]["minor"] for one in told}
        orders, spent = await check_books(mini, await member.contact_id())
        assert (orders, spent) == (len(baskets), sum(credits_.values()))
        assert spent == 500, "what orders earn is pending, so that there is no more to spend"


async def test_a_phone_that_loses_every_answer_orders_once(database_url: str, tmp_path: Path) -> None:
    """Each tap is sent and its connection cut before, while or after it is answered; then one is heard."""
    async with at_the_pages(database_url, flows=flows(tmp_path), settings=SETTINGS) as mini:
        member = await mini.texting()
        url, headers = f"{mini.chat.sms.url}/mp/orders", {"Authorization": f"Bearer {member.token}"}
        for number in range(25):
            cut = aiohttp.ClientTimeout(total=0.001 + number / 2000)
            sent = {**headers, "Idempotency-Key": f"lost-{number}", "Content-Type": "application/json"}
            async with aiohttp.ClientSession(timeout=cut) as phone:
                try:
                    async with phone.post(url, data=json.dumps(TEA).encode(), headers=sent) as answer:
                        await answer.read()
                except TimeoutError:
                    pass
        heard = await member.did("/orders", TEA)
        shown = await member.got("/orders")
        assert [one["id"] for one in shown["orders"]] == [heard["order"]["id"]]
        assert await check_books(mini, await member.contact_id()) == (1, 500)


async def test_taps_that_reach_two_servers_are_one_order(database_url: str, tmp_path: Path) -> None:
    async with (
        chatting(database_url, flows=flows(tmp_path), settings=SETTINGS) as here,
        chatting(database_url, flows=flows(tmp_path), settings=SETTINGS) as there,
    ):
        (seat,) = await crowd(here, 1)
        content = json.dumps(TEA).encode()
        headers = {"Authorization": f"Bearer {seat.token}", "Content-Type": "application/json"}

        async def tap(phone: aiohttp.ClientSession, url: str, number: int) -> Answered:
            sent = {**headers, "Idempotency-Key": f"tap-{number}"}
            async with phone.post(f"{url}/mp/orders", data=content, headers=sent) as answer:
                return Answered(answer.status, dict(answer.headers), await answer.read())

        async with aiohttp.ClientSession() as phone:
            urls: Iterable[str] = [here.url, there.url] * (TAPS // 2)
            told = await asyncio.gather(*(tap(phone, url, number) for number, url in enumerate(urls)))
        assert {one.status for one in told} == {200}
        assert len({one.told["order"]["id"] for one in told}) == 1
        assert await here.rows("SELECT COUNT(*) FROM shop_order") == [(1,)]
