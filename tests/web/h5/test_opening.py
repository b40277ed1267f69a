"""A link in a text opens the pages of who got it; no token stays behind, and nobody else gets in."""

import re
from datetime import timedelta

import aiohttp
from playwright.async_api import Browser, expect

from tests.conversation.chat import Chat
from tests.web.h5.phone import Phone, phone

# Keeps the answer of the wallet back until `letGo`, which has nothing left to wait for.
HOLD_THE_WALLET = """() => {
  const ask = window.fetch;
  window.fetch = async (url, asked) => {
    const answer = await ask(url, asked);
    if (!url.endsWith("/mp/wallet")) return answer;
    const text = await answer.text();
    await new Promise((resolve) => { window.letGo = resolve; });
    return { status: answer.status, headers: answer.headers, text: async () => text };
  };
}"""


async def test_the_short_link_of_an_answer_opens_the_wallet(ana: Phone) -> None:
    answer = await ana.text("WALLET")
    (link,) = re.findall(r"http\S+/l/\w+", answer)
    await ana.page.goto(link)
    await expect(ana.page.get_by_role("heading", level=1)).to_have_text("Your credit")
    await expect(ana.page.get_by_label("Your credit").first).to_contain_text("$5.00")
    assert ana.page.url == f"{ana.chat.url}/w/#wallet", "the token is in no address and no history"
    assert await ana.page.evaluate("localStorage.length + document.cookie.length") == 0
    await ana.page.reload()
    await expect(ana.page.get_by_label("Your credit").first).to_contain_text("$5.00")


async def test_the_way_back_is_the_browsers(ana: Phone) -> None:
    await ana.open()
    page = ana.page
    await page.get_by_role("link", name="What happened").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What happened")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await expect(page).to_have_title("What happened · Corner Leaf")
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your credit")
    await page.get_by_role("link", name="Me", exact=True).click()
    await page.get_by_role("link", name="Privacy and messages").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Privacy and messages")
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Me")
    await expect(page.get_by_role("button", name="Back")).to_be_hidden()


async def test_what_comes_when_the_address_has_moved_on_is_not_taken_for_the_next_page(ana: Phone) -> None:
    await ana.open()
    page = ana.page
    await page.evaluate(HOLD_THE_WALLET)
    await page.get_by_role("link", name="Today", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    await page.get_by_role("link", name="Wallet", exact=True).click()
    await page.wait_for_function("() => window.letGo")
    # The browser tells of a new address after what is already waiting to be done.
    await page.evaluate("location.hash = '#me'; letGo()")
    await expect(page.get_by_role("group", name="Language")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Me")


async def test_an_old_link_says_how_to_get_a_new_one(ana: Phone) -> None:
    await ana.page.goto(await ana.link(minutes=-1))
    await expect(ana.page.get_by_role("heading", name="Your link has ended")).to_be_visible()
    text = ana.page.get_by_role("link", name="Text WALLET")
    await expect(text).to_have_attribute("href", re.compile(r"^sms:\+\d+\?&body=WALLET$"))
    await expect(ana.page.locator("#nav a")).to_have_count(0)
    ana.problems.clear()  # the browser tells of the refusal


async def test_without_a_link_nothing_is_shown_and_nothing_asked(browser: Browser, shop: Chat) -> None:
    async with phone(browser, shop, "+12125550999", locale="es-ES") as somebody:
        await somebody.page.goto(f"{shop.url}/w/")
        await expect(
            somebody.page.get_by_role("heading", name="Abre el enlace de nuestro SMS")
        ).to_be_visible()
        assert somebody.problems == []


async def test_a_link_of_another_person_ends_the_session_before(ana: Phone, stranger: Phone) -> None:
    await ana.open()
    await ana.page.goto(await stranger.link())
    await expect(ana.page.get_by_role("button", name="Join for free")).to_be_visible()
    await expect(ana.page.locator("main")).not_to_contain_text("$5.00")


async def test_what_was_changed_in_a_link_opens_nothing(ana: Phone) -> None:
    link = await ana.link()
    await ana.page.goto(link[:-4] + ("AAAA" if not link.endswith("AAAA") else "BBBB"))
    await expect(ana.page.get_by_role("heading", name="Your link has ended")).to_be_visible()
    ana.problems.clear()  # the browser tells of the refusal


async def test_nothing_inline_and_nothing_from_elsewhere_may_run(shop: Chat) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{shop.url}/w/") as answer:
        html, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'self'" in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert re.findall(r"<script(?![^>]* src=)|\son\w+=|\sstyle=|javascript:|<style|https?://", html) == []
    assert 'data-shop="Corner Leaf"' in html


async def test_files_are_asked_for_again_by_their_content(shop: Chat) -> None:
    async with aiohttp.ClientSession() as session:
        for name in ("app.js", "app.css", "shared/client.js", "shared/texts.js", "shared/view.js"):
            async with session.get(f"{shop.url}/w/{name}") as answer:
                assert answer.status == 200, name
                tag = answer.headers["ETag"]
                assert answer.headers["Content-Encoding"] == "gzip"
            async with session.get(f"{shop.url}/w/{name}", headers={"If-None-Match": tag}) as answer:
                assert (answer.status, await answer.read()) == (304, b"")
        for name in ("nothing.js", "../app.css", "%2e%2e/__init__.py", "index.html"):
            async with session.get(f"{shop.url}/w/{name}") as answer:
                assert answer.status == 404, name


async def test_what_is_counted_down_to_is_what_was_promised_by_the_shops_clock(ana: Phone) -> None:
    await ana.open()
    soonest = ana.page.locator(".soonest")
    await expect(soonest).to_have_text(re.compile(r"Good through .+ · ends in (59|60|61) days"))
    before = ana.chat.clock.now
    try:
        ana.chat.clock.now += timedelta(days=50)
        await ana.open()
        await expect(soonest).to_have_text(re.compile(r"ends in (9|10|11) days"))
    finally:
        ana.chat.clock.now = before
