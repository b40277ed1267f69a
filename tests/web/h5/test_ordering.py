"""Ordering on the pages: the first time and again, with place, size, number and credit a tap away each."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Route, expect

from bot.core.contact import Product
from bot.storage import revisions
from tests.conversation.chat import PRODUCTS, Chat
from tests.web.h5.phone import Phone

SIZED = (
    Product("TALL", "Flat white", "coffee", 450, family="flat white", size="12 oz"),
    Product("GRANDE", "Flat white", "coffee", 550, family="flat white", size="16 oz"),
)


async def sell(shop: Chat, *products: Product) -> None:
    """Sell these from now on."""
    await shop.app.database.transact(lambda one: revisions.put_products(one, products))
    shop.app.conversation.decider = await shop.app.current.load()


@pytest.fixture(scope="module", autouse=True)
async def _in_two_sizes(shop: Chat) -> None:
    await sell(shop, *PRODUCTS, *SIZED)


async def place(phone: Phone, words: str) -> None:
    await phone.page.locator(".foot").get_by_role("button", name=words).click()
    await phone.said(re.compile("Ordered|下单成功"))
    await phone.is_there()


async def orders_of(phone: Phone) -> list[tuple[object, ...]]:
    contact = await phone.chat.contact_id(phone.number)
    return await phone.chat.rows(
        "SELECT total_minor, credit_minor, status FROM shop_order WHERE contact = :contact", contact=contact
    )


async def test_the_first_order_and_the_same_again(ana: Phone) -> None:
    await ana.open("wallet")
    page = ana.page
    again = page.get_by_role("link", name="Order again")
    await expect(page.get_by_role("link", name="What we sell")).to_be_visible()
    await expect(again).to_have_count(0)
    await ana.turn_to("reorder?basket=1")
    await expect(page.get_by_role("heading", name="Nothing chosen yet")).to_be_visible()
    await ana.turn_to("reorder")
    await expect(page.get_by_role("heading", name="Nothing to order again yet")).to_be_visible()
    await page.get_by_role("link", name="What we sell").click()
    await ana.is_there()
    await page.get_by_role("radio", name="Coffee").check()
    await ana.is_there()
    await page.get_by_role("button", name="Add Oat latte").click()
    await ana.said("1 thing in your basket")
    await expect(page.get_by_role("button", name="One more Oat latte")).to_be_focused()
    await page.get_by_role("button", name="One more Oat latte").click()
    await page.get_by_role("button", name="One less Oat latte").click()
    await page.get_by_role("link", name="Review order").click()
    await expect(page.get_by_role("heading", name="Oat latte")).to_be_visible()
    await place(ana, "Order · pay $0.50 at pick-up")
    assert await page.evaluate("sessionStorage.getItem('regulars.basket')") == "[]"
    await expect(page.get_by_role("heading", name=re.compile("Order [0-9A-F]+"))).to_be_visible()
    await expect(page.locator("main")).to_contain_text("1 × Oat latte")
    assert await orders_of(ana) == [(550, 500, "placed")]
    ana.chat.clock.now += timedelta(minutes=10)  # sooner it would be the same tap
    await ana.turn_to("wallet")
    await again.click()
    await place(ana, "Order · pay $5.50 at pick-up")
    assert len(await orders_of(ana)) == 2


async def test_what_is_changed_is_priced_anew_and_told(ana: Phone) -> None:
    await ana.open("product?sku=TALL")
    page = ana.page
    foot = page.locator(".foot button")
    await expect(foot).to_have_text("Order · all paid by credit")
    await page.get_by_role("radio", name="16 oz").check()
    await ana.said("Now $0.50, before $0.00")
    await expect(page.get_by_role("radio", name="16 oz")).to_be_checked()
    await expect(page.get_by_role("radio", name="16 oz")).to_be_focused()
    await page.get_by_role("button", name="One more Flat white").click()
    await ana.said("Now $6.00, before $0.50")
    await expect(page.get_by_role("button", name="One more Flat white")).to_be_focused()
    await page.get_by_role("radio", name="Harbour").check()
    await expect(page.get_by_role("radio", name="Harbour")).to_be_checked()
    await page.get_by_role("switch", name="Use my credit").click()
    await ana.said("Now $11.00, before $6.00")
    await place(ana, "Order · pay $11.00 at pick-up")
    await expect(page.locator("main")).to_contain_text("Harbour")
    assert await orders_of(ana) == [(1100, 0, "placed")]


async def test_an_order_is_taken_back_and_the_credit_with_it(ana: Phone) -> None:
    await ana.open("product?sku=LATTE")
    page = ana.page
    await place(ana, "Order")
    assert (await ana.chat.wallet(ana.number))[1] == 0
    await page.get_by_role("button", name="Cancel order").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel order").click()
    await ana.said("Canceled")
    await expect(page.get_by_role("button", name="Cancel order")).to_have_count(0)
    assert (await ana.chat.wallet(ana.number))[1] == 500


async def test_two_taps_and_a_lost_answer_are_one_order(ana: Phone) -> None:
    await ana.open("product?sku=LATTE")
    page, tries = ana.page, []

    async def lose_the_first(route: Route) -> None:
        tries.append(route.request.headers["idempotency-key"])
        answer = await route.fetch()
        if len(tries) == 1:
            await route.abort("connectionreset")
        else:
            await route.fulfill(response=answer)

    await page.route("**/mp/orders", lose_the_first)
    await page.locator(".foot button").dblclick()
    await ana.said("Ordered")
    assert len(tries) == 2
    assert len({*tries}) == 1
    assert len(await orders_of(ana)) == 1
    ana.problems.clear()  # the browser tells of the lost answer


async def test_a_price_that_changed_meanwhile_is_shown_and_nothing_ordered(ana: Phone) -> None:
    await ana.open("product?sku=LATTE")
    page = ana.page
    await expect(page.locator(".foot button")).to_have_text("Order · pay $0.50 at pick-up")
    try:
        await sell(ana.chat, Product("LATTE", "Oat latte", "coffee", 600), *PRODUCTS[1:], *SIZED)
        await page.locator(".foot button").click()
        await expect(page.get_by_role("alert")).to_contain_text("The price has changed")
        await expect(page.locator(".foot button")).to_have_text("Order · pay $1.00 at pick-up")
        assert await orders_of(ana) == []
    finally:
        await sell(ana.chat, *PRODUCTS, *SIZED)
    ana.problems.clear()  # the browser tells of the refusal


async def test_in_chinese_it_is_the_same(ana: Phone) -> None:
    await ana.join(language="zh_Hans")
    await ana.open("product?sku=TALL")
    page = ana.page
    await page.get_by_role("button", name="增加一份Flat white").click()
    await ana.said("现为 US$4.00，之前为 US$0.00")
    await place(ana, "下单 · 到店支付 US$4.00")
    await expect(page.get_by_role("heading", name=re.compile("^订单 [0-9A-F]+"))).to_be_visible()
    await ana.turn_to("orders")
    await expect(page.locator("main")).to_contain_text("US$9.00")
