"""What the mini program may ask for, and that one accept counts once, whoever tells of it first."""

import asyncio
from datetime import timedelta

from bot.demo.wechat.account import Template
from tests.web.mp.conftest import ShopperClient
from tests.wechat.wechat_chat import MINI, PERSON

ORDERS = {"your-template-credit-arrived", "your-template-order-shipped"}
SHIPPED = "your-template-order-shipped"


async def left(shopper: ShopperClient, template: str = SHIPPED) -> int:
    shown = (await shopper.got("/grants?for=order"))["templates"]
    found = {one["id"]: one["left"] for one in shown}
    return int(found[template])


async def test_templates_are_asked_for_at_their_occasion(shopper: ShopperClient) -> None:
    shown = (await shopper.got("/grants?for=order"))["templates"]
    assert {one["id"] for one in shown} == ORDERS
    assert all(one["left"] == 0 for one in shown)
    assert {one["title"] for one in shown} == {"积分到账", "订单已发出"}
    assert len((await shopper.got("/grants"))["templates"]) == 5
    assert (await shopper.got("/grants?for=nothing")) == {"templates": []}
    assert (await shopper("GET", "/grants?for=No!")).status == 400


async def test_an_accept_is_counted_and_a_refusal_ends_it(shopper_anywhere: ShopperClient) -> None:
    shopper = shopper_anywhere
    told = await shopper.did("/grants", {"results": {SHIPPED: "accept"}})
    assert told == {"grants": [{"id": SHIPPED, "left": 1}]}
    assert await left(shopper) == 1
    shopper.chat.clock.now = shopper.chat.clock.now.replace(minute=30)
    assert await shopper.did("/grants", {"results": {SHIPPED: "acceptWithAudio"}}) == {
        "grants": [{"id": SHIPPED, "left": 2}]
    }
    assert await shopper.did("/grants", {"results": {SHIPPED: "filter"}}) == {
        "grants": [{"id": SHIPPED, "left": 2}]
    }
    assert await shopper.did("/grants", {"results": {SHIPPED: "reject"}}) == {
        "grants": [{"id": SHIPPED, "left": 0}]
    }


async def test_one_accept_told_by_page_and_push_counts_once(shopper_anywhere: ShopperClient) -> None:
    shopper = shopper_anywhere
    account = shopper.chat.loopback.platform.accounts[MINI]
    account.templates = (*account.templates, Template(SHIPPED, "发货", {"thing1": "内容"}))

    async def popup() -> None:
        shopper.chat.clock.now += timedelta(seconds=1)
        await shopper.chat.people.answer_popup(PERSON, MINI, {SHIPPED: "accept"})
        await shopper.chat.loopback.settle()

    async def page() -> None:
        shopper.chat.clock.now += timedelta(seconds=1)
        await shopper.did("/grants", {"results": {SHIPPED: "accept"}})

    await popup()
    await page()
    assert await left(shopper) == 1
    await page()
    assert await left(shopper) == 2
    await popup()
    assert await left(shopper) == 2
    await asyncio.gather(popup(), page())
    assert await left(shopper) == 3


async def test_the_same_key_counts_once_and_another_body_is_refused(shopper: ShopperClient) -> None:
    body = {"results": {SHIPPED: "accept"}}
    answered = [await shopper("POST", "/grants", body, once="g") for _ in range(3)]
    assert [one.told for one in answered] == [{"grants": [{"id": SHIPPED, "left": 1}]}] * 3
    other = await shopper("POST", "/grants", {"results": {SHIPPED: "reject"}}, once="g")
    assert (other.status, other.kind) == (422, "key-used")
    assert await left(shopper) == 1


async def test_what_is_no_template_or_no_answer_is_not_counted(shopper: ShopperClient) -> None:
    assert await shopper.did("/grants", {"results": {"somebody-elses": "accept"}}) == {"grants": []}
    assert (await shopper("POST", "/grants", {"results": {SHIPPED: "yes"}})).status == 422
    assert (await shopper("POST", "/grants", {"results": {}})).status == 422


async def test_outside_of_the_mini_program_nothing_can_be_allowed(shopper: ShopperClient) -> None:
    texting = await shopper.texting()
    assert await texting.got("/grants") == {"templates": []}
    refused = await texting("POST", "/grants", {"results": {SHIPPED: "accept"}})
    assert (refused.status, refused.kind) == (409, "not-in-the-mini-program")
