"""Beside the chat pages are open: a link of a text, the mini program of this shopper, paid for as there."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import FrameLocator, Page, expect

from tests.demo.running_demo import running_demo


@pytest.fixture(scope="module")
async def demo_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with running_demo(tmp_path_factory.mktemp("pages")) as url:
        yield url


@pytest.fixture
async def phone(page: Page, demo_url: str) -> AsyncIterator[Page]:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(error.message))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    await page.set_viewport_size({"width": 1500, "height": 900})
    await page.goto(demo_url)
    await expect(page.get_by_text("No messages yet.")).to_be_visible()
    yield page
    assert problems == []


def pages(phone: Page) -> FrameLocator:
    return phone.frame_locator("#pages-frame iframe")


async def turn_to(phone: Page, hash_: str) -> None:
    frame = next(one for one in phone.frames if "/w/" in one.url)
    await frame.evaluate("hash => { location.hash = hash }", hash_)


async def open_program(phone: Page, person: str, button: str) -> None:
    await phone.get_by_role("radio", name=person).check()
    await phone.get_by_role("radio", name="WeChat mini program").check()
    await phone.get_by_role("button", name=button).click()
    await expect(pages(phone).locator("main > *").first).to_be_visible()


async def test_a_link_in_a_text_opens_the_pages_of_who_got_it(phone: Page) -> None:
    await phone.get_by_role("radio", name="Maya").check()
    await phone.get_by_role("textbox", name="Text message").fill("WALLET")
    await phone.keyboard.press("Enter")
    await phone.locator("#messages .bubble .link").last.click()
    await expect(pages(phone).get_by_label("Your credit").first).to_contain_text("Hi Maya")
    beside = phone.get_by_role("region", name="Browser")
    await expect(beside).to_contain_text("/l/")
    await phone.get_by_role("textbox", name="Text message").fill("REORDER")
    await phone.keyboard.press("Enter")
    await phone.get_by_role("button", name="1", exact=True).click()
    await expect(phone.locator(".received .bubble").last).to_contain_text("or tap: http")
    await phone.locator("#messages .bubble .link").last.click()
    await expect(pages(phone).get_by_role("heading", level=1)).to_have_text("Order again")
    await pages(phone).locator(".foot button").click()
    await expect(pages(phone).get_by_role("heading", name=re.compile("^Order [0-9A-F]{6}$"))).to_be_visible()
    await expect(phone.locator("#messages")).not_to_contain_text("problem")
    await beside.get_by_role("button", name="Close the pages").click()
    await expect(beside).to_be_hidden()


async def test_the_pages_close_when_the_phone_is_anothers(phone: Page) -> None:
    await open_program(phone, "A new number", "Open mini program")
    await phone.get_by_role("radio", name="Ana").check()
    await expect(phone.locator("#pages")).to_be_hidden()
    await expect(phone.locator("#pages-frame iframe")).to_have_count(0)


async def test_in_the_mini_program_one_joins_orders_and_pays(phone: Page, output_folder: Path) -> None:
    await open_program(phone, "李伟", "打开小程序")
    await pages(phone).get_by_role("button", name="免费入会").click()
    await expect(pages(phone).get_by_label("我的余额").first).to_contain_text("US$5.00")
    await expect(phone.locator("#available")).to_have_text("$5.00")
    await turn_to(phone, "reorder?sku=LAT")
    await pages(phone).get_by_role("radio", name="16 oz").check()
    await pages(phone).get_by_role("switch", name="使用余额").click()
    await pages(phone).get_by_role("radio", name="港口店").check()
    await pages(phone).get_by_role("button", name="支付 US$5.70").click()
    asked = phone.get_by_role("dialog", name="微信支付")
    await phone.screenshot(path=output_folder / "pages_beside.png")
    await asked.get_by_role("button", name="支付").click()
    await expect(pages(phone).locator("main")).to_contain_text("已用微信支付")
    await expect(pages(phone).locator("main")).to_contain_text("港口店")
    await phone.get_by_text("Orders", exact=True).click()
    await expect(phone.locator("#orders")).to_contain_text("Latte")


async def test_an_order_that_is_not_paid_waits_and_is_paid_later(phone: Page) -> None:
    await open_program(phone, "A new number", "Open mini program")
    await pages(phone).get_by_role("button", name="Join for free").click()
    await expect(pages(phone).get_by_role("button", name="Join for free")).to_have_count(0)
    await turn_to(phone, "reorder?sku=CRO")
    await pages(phone).get_by_role("switch", name="Use my credit").click()
    await pages(phone).get_by_role("button", name="Pay $").click()
    await phone.get_by_role("dialog").get_by_role("button", name="Not now").click()
    await pages(phone).get_by_role("button", name="Pay now").click()
    await phone.get_by_role("dialog").get_by_role("button", name="Pay", exact=True).click()
    await expect(pages(phone).get_by_role("button", name="Pay now")).to_have_count(0)


async def test_the_menu_and_cards_of_the_official_account_open_it_too(phone: Page) -> None:
    await phone.get_by_role("radio", name="Ana").check()
    await phone.get_by_role("radio", name="WeChat official account").check()
    await phone.get_by_role("button", name="Open mini program").click()
    await expect(pages(phone).get_by_role("heading", level=1)).to_have_text("Your credit")
    await (
        phone.get_by_role("region", name="Mini program", exact=True)
        .get_by_role("button", name="Customer service")
        .click()
    )
    await expect(phone.get_by_role("radio", name="WeChat mini program")).to_be_checked()


async def test_a_small_screen_needs_no_sideways_scrolling(phone: Page) -> None:
    await phone.set_viewport_size({"width": 360, "height": 740})
    await open_program(phone, "A new number", "Open mini program")
    assert await phone.evaluate("document.documentElement.scrollWidth") == 360
    await expect(phone.locator("#pages-frame iframe")).to_be_in_viewport()
