"""The phone page in a real browser: text, read, move the clock, break things; by mouse and by keyboard."""

import re
from collections.abc import AsyncIterator
from importlib.resources import files

import aiohttp
import pytest
from playwright.async_api import Page, expect

from bot import app
from bot.config import load_settings
from bot.core.messages import UnsendableReason
from tests.databases import SqliteDatabases
from tests.demo.running_demo import running_demo
from tests.ports import free_port

ANA, SAM, LI_WEI = "Ana", "Sam", "李伟"


@pytest.fixture(scope="module")
async def demo_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with running_demo(tmp_path_factory.mktemp("demo")) as url:
        yield url


@pytest.fixture
async def phone(page: Page, demo_url: str) -> AsyncIterator[Page]:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(error.message))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    asked: list[str] = []
    page.on(
        "request",
        lambda request: None if request.url.startswith((demo_url, "data:")) else asked.append(request.url),
    )
    await page.goto(demo_url)
    await expect(page.get_by_text("No messages yet.")).to_be_visible()
    yield page
    assert problems == []
    assert [url for url in asked if not url.startswith((demo_url, "data:"))] == []


async def text(phone: Page, words: str) -> None:
    await phone.get_by_role("textbox", name="Text message").fill(words)
    await phone.get_by_role("button", name="Send").click()


async def expect_last(phone: Page, words: str | re.Pattern[str]) -> None:
    received = phone.get_by_role("log", name="Conversation").locator(".received .bubble")
    await expect(received.last).to_contain_text(words)


async def time_has_passed(phone: Page) -> None:
    await expect(phone.locator("#passing")).to_contain_text("It is ", timeout=60_000)


async def be(phone: Page, name: str) -> None:
    await phone.get_by_role("radio", name=name).check()
    await expect(phone.get_by_text("No messages yet.").or_(phone.locator(".received")).first).to_be_visible()
    await expect(phone.locator("#who")).to_contain_text(name)


async def test_a_stranger_joins_asks_stops_and_comes_back(phone: Page) -> None:
    await phone.get_by_role("button", name="LOYALTY").click()
    await expect_last(phone, "What shall we call you?")
    bubbles = await phone.locator(".received .bubble").all_inner_texts()
    assert "You're in" in bubbles[0]
    assert "Welcome!" in bubbles[1]
    await expect(phone.locator(".received .fine").last).to_contain_text("✓✓")
    await text(phone, "Robin")
    await expect_last(phone, "Thanks, Robin!")
    await text(phone, "SKIP")
    await expect_last(phone, "All set!")
    await text(phone, "BALANCE")
    await expect_last(phone, re.compile(r"You have \$5\.00 credit"))
    await expect(phone.locator("#available")).to_have_text("$5.00")
    await phone.get_by_role("button", name="STOP").click()
    await expect_last(phone, "you are unsubscribed")
    await expect(phone.locator("#who")).to_contain_text("unsubscribed")
    await text(phone, "BALANCE")
    await expect(phone.locator(".sent .bubble").last).to_contain_text("BALANCE")
    await phone.get_by_role("button", name="START").click()
    await expect_last(phone, "You're in")
    await text(phone, "BALANCE")
    await expect_last(phone, "You have $5.00 credit")


async def test_moving_the_clock_brings_a_reminder_and_says_why_another_was_refused(phone: Page) -> None:
    await be(phone, ANA)
    await phone.get_by_role("button", name="Next reminder: ").click()
    await time_has_passed(phone)
    await expect_last(phone, re.compile(r"You have \$24\.00 credit expiring Friday\."))
    await expect(phone.locator("#ahead")).to_contain_text(re.compile(r"\+\d d"))
    await expect(phone.locator("#outbox li").first).to_contain_text("delivered")
    await be(phone, SAM)
    await expect(phone.locator("#outbox li").first).to_contain_text("refused the contact said STOP")
    await phone.get_by_role("button", name="+1 week").click()
    await time_has_passed(phone)
    await be(phone, ANA)
    await expect(phone.locator("#credit")).not_to_contain_text("$24.00")


async def test_what_goes_wrong_on_demand_is_seen(phone: Page) -> None:
    await phone.get_by_text("Break something").click()
    await phone.get_by_role("button", name="Phone is off (30003)").click()
    await expect(phone.locator("#waiting-faults")).to_contain_text("Phone is off (30003)")
    await text(phone, "HELP")
    await expect(phone.locator("#outbox li").first).to_contain_text("queued not delivered: error 30003")
    await expect(phone.locator("#waiting-faults")).to_be_empty()
    await phone.get_by_role("button", name="Our webhook's answer lost").click()
    await text(phone, "HELP")
    await expect(phone.get_by_text("The webhook was posted 2 times; you got one answer.")).to_be_visible()
    await expect(phone.locator(".received")).to_have_count(1)


async def test_the_raw_exchange_is_shown_to_the_curious(phone: Page) -> None:
    await phone.get_by_text("Raw webhook and TwiML").click()
    await text(phone, "HELP")
    await expect(phone.locator("#exchange")).to_contain_text("X-Twilio-Signature: ")
    await expect(phone.locator("#exchange")).to_contain_text("<Response><Message")


async def test_a_chinese_member_gets_chinese_words_to_tap(phone: Page) -> None:
    await be(phone, LI_WEI)
    await phone.get_by_role("button", name="余额").click()
    await expect_last(phone, "您有")


async def test_nonsense_for_another_number_is_said_to_be_none(phone: Page) -> None:
    field = phone.get_by_role("textbox", name="Any other number")
    for nonsense, why in (
        ("hello", "That is no phone number. Write it with its country"),
        ("12345", "That is too short for the number of a person."),
        ("+999 123 456 789", "No country has such a number."),
    ):
        await field.fill(nonsense)
        await phone.get_by_role("button", name="Take it").click()
        await expect(phone.get_by_role("alert")).to_contain_text(why)
        await expect(field).to_be_focused()
    await expect(phone.locator("#trouble")).to_be_empty()
    await field.fill("(646) 555-0123")
    await expect(phone.get_by_role("alert")).to_be_empty()
    await phone.get_by_role("button", name="Take it").click()
    await expect(phone.locator("#own-number")).to_have_text("your number: +16465550123")


async def test_the_ledger_says_what_came_and_what_went(phone: Page) -> None:
    await be(phone, "Maya")
    await phone.get_by_role("button", name="REORDER").click()
    await phone.get_by_role("button", name="1", exact=True).click()
    await expect_last(phone, "Reply YES to order")
    await phone.get_by_role("button", name="YES").click()
    await expect_last(phone, "Thank you!")
    await phone.get_by_text("Ledger").click()
    entries = phone.locator("#entries li")
    await expect(entries.filter(has_text="earn").first).to_contain_text("+$")
    await expect(entries.filter(has_text="redeem").first).to_contain_text("−$")


async def test_who_writes_spanish_of_mexico_gets_spanish_words_to_tap(phone: Page) -> None:
    await be(phone, "José")
    await phone.get_by_role("button", name="SALDO").click()
    await expect_last(phone, "Tienes USD ")


async def test_what_the_contact_asked_for_is_seen(phone: Page) -> None:
    who = phone.locator("#who")
    await be(phone, "Maya")
    await text(phone, "snooze 3 days")
    await expect(who).to_contain_text(re.compile(r"Paused\s*until \w+"))
    await text(phone, "RESUME")
    await expect(who).not_to_contain_text("Paused")
    await text(phone, "MORNINGS")
    await expect(who).to_contain_text("mornings only")
    await text(phone, "too many texts")
    await expect(who).to_contain_text("whether to stop; without an answer we stop")
    await text(phone, "NO")
    await expect(who).not_to_contain_text("whether to stop")


def test_every_reason_of_the_gate_is_said_in_words() -> None:
    script = (files("bot.demo") / "static" / "phone.js").read_text("utf-8")
    said = script.partition("const SAID = {")[2].partition("};")[0]
    assert [reason for reason in UnsendableReason if not re.search(rf"\b{reason}: \"", said)] == []


async def test_everything_is_reached_by_keyboard(phone: Page) -> None:
    await phone.get_by_role("textbox", name="Text message").focus()
    await phone.keyboard.type("HELP")
    await phone.keyboard.press("Enter")
    await expect_last(phone, "Reply STOP to cancel")
    await phone.get_by_role("radio", name="A new number").focus()
    await phone.keyboard.press("ArrowDown")
    await expect(phone.locator("#who")).to_contain_text(ANA)
    reached = set()
    for _ in range(40):
        await phone.keyboard.press("Tab")
        reached.add(
            await phone.evaluate("document.activeElement.textContent.trim() || document.activeElement.id")
        )
    assert reached >= {"+1 h", "BALANCE", "body"}


async def test_a_small_screen_needs_no_sideways_scrolling(phone: Page) -> None:
    await phone.set_viewport_size({"width": 360, "height": 740})
    await be(phone, ANA)
    await text(phone, "HELP")
    await expect_last(phone, "Reply STOP to cancel")
    assert await phone.evaluate("document.documentElement.scrollWidth") == 360


async def test_a_served_shop_has_no_demo(sqlite_databases: SqliteDatabases) -> None:
    port = free_port()
    settings = load_settings(
        {
            "DATABASE_URL": await sqlite_databases.create(),
            "REGULARS_SECRET": "s" * 40,
            "REGULARS_PORT": str(port),
        }
    )
    async with (
        app.running(settings) as running,
        app.serving(running) as url,
        aiohttp.ClientSession() as session,
    ):
        for path in ("/demo/", "/demo/people", "/demo/live?number=%2B12125550191", "/demo/static/phone.js"):
            async with session.get(url + path) as answer:
                assert answer.status == 404, path
        for path in ("/demo/clock", "/demo/texts", "/demo/faults"):
            async with session.post(url + path, json={}) as answer:
                assert answer.status == 404, path


async def test_other_pages_may_not_ask_it(demo_url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for headers in ({"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}):
            async with session.post(f"{demo_url}clock", json={"seconds": 60}, headers=headers) as answer:
                assert answer.status == 403
