"""What shoppers do on the pages: join, check in, claim, change what they agreed to, speak, be forgotten."""

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, expect

from tests.conversation.chat import Clock, chatting
from tests.databases import SqliteDatabases
from tests.web.h5.phone import Phone, phone


async def test_a_stranger_joins_with_one_tap(stranger: Phone) -> None:
    await stranger.open()
    page = stranger.page
    await page.get_by_role("textbox", name="First name").fill("Robin")
    await page.get_by_role("button", name="Join for free").click()
    await expect(page.get_by_label("Your credit").first).to_contain_text("Hi Robin")
    await expect(page.get_by_label("Your credit").first).to_contain_text("$5.00")
    await expect(page.get_by_role("button", name="Join for free")).to_have_count(0)
    assert await stranger.chat.wallet(stranger.number) == (0, 500, 0, 0)


async def test_checking_in_is_told_and_done_once(ana: Phone) -> None:
    await ana.open("today")
    page = ana.page
    await page.get_by_role("button", name="Check in").dblclick()
    await ana.said("$0.05")
    await expect(page.get_by_text("Checked in today")).to_be_visible()
    await expect(page.get_by_text("Checked in today")).to_be_focused()
    await ana.turn_to("wallet")
    await expect(page.get_by_label("Your credit").first).to_contain_text("$5.05")


async def test_a_reward_is_claimed_after_a_look(ana: Phone) -> None:
    await ana.open("rewards")
    page = ana.page
    claim = page.get_by_role("button", name="Claim for $4.00: Pastry of the day")
    await claim.click()
    sure = page.get_by_role("dialog", name="Claim Pastry of the day for $4.00?")
    await sure.get_by_role("button", name="Cancel").click()
    await expect(sure).to_be_hidden()
    await expect(claim).to_be_focused()
    await claim.click()
    await sure.get_by_role("button", name="Claim for $4.00").click()
    await expect(page.get_by_role("heading", name="Claimed", exact=True)).to_be_visible()
    await expect(page.locator("main")).to_contain_text("Ready to spend: $1.00")
    assert (await ana.chat.wallet(ana.number))[1] == 100


async def test_a_consent_is_changed_with_the_words_that_stood_beside_it(ana: Phone) -> None:
    await ana.open("privacy")
    page = ana.page
    switch = page.get_by_role("switch").first
    await expect(switch).to_be_checked()
    await switch.click()
    await ana.said("Saved")
    await expect(page.get_by_role("switch").first).not_to_be_checked()
    await expect(page.get_by_role("switch").first).to_be_focused()
    assert "unsubscribed" in (await ana.chat.subscriptions(ana.number)).values()
    wording = await page.locator(".fine[id^=wording]").first.inner_text()
    await page.get_by_role("switch").first.click()
    await expect(page.get_by_role("switch").first).to_be_checked()
    said = await ana.chat.of("consent", "*", "at", number=ana.number)
    assert any(wording in map(str, row) for row in said), "the words are the proof"


async def test_a_copy_of_everything_is_a_file(ana: Phone) -> None:
    await ana.open("privacy")
    async with ana.page.expect_download() as copy:
        await ana.page.get_by_role("button", name="Get a copy of everything").click()
    file = await (await copy.value).path()
    assert '"Ana"' in file.read_text("utf-8")
    await ana.said("Your copy is ready")


async def test_who_asks_for_it_is_forgotten_and_signed_out(ana: Phone) -> None:
    name, page = "Forgetmenot", ana.page
    await ana.chat.run(
        "UPDATE contact SET first_name = :name WHERE id = :id",
        name=name,
        id=await ana.chat.contact_id(ana.number),
    )
    await ana.open("privacy")
    await page.get_by_role("button", name="Erase me").click()
    await page.get_by_role("dialog").get_by_role("button", name="Erase everything").click()
    await expect(page.locator("#nav a")).to_have_count(0)
    await expect(page.locator("main h2")).not_to_be_empty()
    assert await page.evaluate("sessionStorage.length") == 0
    await page.reload()
    await expect(page.get_by_role("heading", name="Open the link from our text")).to_be_visible()
    assert await ana.chat.rows("SELECT id FROM contact WHERE first_name = :name", name=name) == []


async def test_another_language_holds_at_once_and_everywhere(ana: Phone) -> None:
    await ana.open("me")
    page = ana.page
    await page.get_by_role("radio", name="简体中文").check()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    await expect(page.get_by_role("heading", level=1)).to_have_text("我的")
    await expect(page.get_by_role("radio", name="简体中文")).to_be_focused()
    await page.get_by_role("link", name="钱包").click()
    await expect(page.get_by_label("我的余额").first).to_contain_text("US$5.00")
    assert "您有" in await ana.text("余额")


async def test_who_they_are_is_kept(ana: Phone) -> None:
    await ana.open("me")
    page = ana.page
    await page.get_by_label("First name").fill("Anna")
    await page.get_by_label("Birthday").fill("1990-05-21")
    await page.get_by_role("button", name="Save").click()
    await ana.said("Saved")
    await expect(page.get_by_label("Me").first).to_contain_text("Hi Anna")


async def test_a_friend_is_invited(ana: Phone) -> None:
    await ana.open("referral")
    page = ana.page
    code = await page.locator(".purse code").inner_text()
    await page.get_by_role("button", name="Copy message").click()
    await ana.said("Copied")
    assert code in await page.evaluate("navigator.clipboard.readText()")
    await page.get_by_role("button", name="Show QR code").click()
    picture = page.get_by_role("img", name="QR code of your invitation")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.naturalWidth") > 0


async def test_levels_show_what_is_missing(ana: Phone) -> None:
    await ana.open("tiers")
    await expect(ana.page.get_by_role("progressbar", name="Your level")).to_be_visible()
    await expect(ana.page.get_by_role("heading", name=re.compile(r"Silver.*\$150\.00 to go"))).to_be_visible()


async def test_what_is_written_in_the_inbox_is_answered(ana: Phone) -> None:
    await ana.open("inbox")
    page = ana.page
    await page.get_by_role("textbox", name="Write a message").fill("BALANCE")
    await page.keyboard.press("Enter")
    talk = page.get_by_role("log", name="Messages")
    await expect(talk.locator(".mine")).to_contain_text("BALANCE")
    await expect(talk.locator(".theirs").last).to_contain_text("You have $5.00")
    await expect(page.get_by_role("textbox", name="Write a message")).to_be_focused()


async def test_answers_in_the_inbox_name_no_link_to_where_one_is(ana: Phone) -> None:
    await ana.open("inbox")
    page = ana.page
    await page.get_by_role("textbox", name="Write a message").fill("WALLET")
    await page.keyboard.press("Enter")
    talk = page.get_by_role("log", name="Messages")
    await expect(talk.locator(".theirs").last).to_contain_text("You have $5.00")
    await expect(talk).not_to_contain_text("http")
    assert not [row for row in await ana.chat.outbox("body", ana.number) if "t=" in str(row)]


async def test_questions_of_the_shop_are_answered_by_taps(ana: Phone) -> None:
    await ana.open("inbox")
    page = ana.page
    await page.get_by_role("button", name="Start").click()
    talk = page.get_by_role("log", name="Messages")
    await expect(talk.locator(".theirs").last).to_contain_text("How do you like us so far?")
    for answer in ("Very much", "Coffee"):
        ana.chat.clock.now += timedelta(seconds=2)
        await talk.get_by_role("button", name=answer).click()
        await expect(talk.get_by_role("button", name=answer)).to_have_count(0)
    await expect(talk.locator(".theirs").last).to_contain_text("What should we have next?")
    await page.get_by_role("textbox", name="Write a message").fill("Cardamom buns")
    await page.keyboard.press("Enter")
    await expect(talk).to_contain_text("We read every answer.")
    await expect(page.get_by_text("Answered")).to_be_visible()


async def test_a_sale_for_members_opens_while_one_looks_and_something_is_taken(
    browser: Browser, sqlite_databases: SqliteDatabases
) -> None:
    opens_at = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)  # Friday, 10:00 in New York
    clock = Clock(now=opens_at - timedelta(seconds=4))
    url = await sqlite_databases.create()
    async with chatting(url, clock=clock) as chat, phone(browser, chat, "+12125550900") as ana:
        await ana.join()
        clock.now = opens_at - timedelta(seconds=4)
        await ana.open("today")
        sale = ana.page.locator("article").filter(has_text="Friday beans")
        await expect(sale).to_contain_text(re.compile(r"Opens in 00:0\d"))
        clock.now = opens_at + timedelta(seconds=1)
        await sale.get_by_role("button", name="Take one").click(timeout=15_000)
        await expect(sale).to_contain_text(re.compile("Yours|Reserved"))
        await sale.get_by_role("button", name="Give it back").click()
        await ana.page.get_by_role("dialog").get_by_role("button", name="Give it back").click()
        await expect(sale.get_by_role("button", name="Give it back")).to_have_count(0)
        assert ana.problems == []
