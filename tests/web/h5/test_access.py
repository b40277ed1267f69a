"""Everybody can use the pages: by keyboard, with a screen reader, on the smallest screen, in the dark."""

from importlib.resources import files

import pytest
from playwright.async_api import Page, Route, expect

from tests.web.h5.phone import SIZE, Phone

PAGES = (
    "wallet",
    "history",
    "today",
    "rewards",
    "reorder",
    "orders",
    "me",
    "referral",
    "tiers",
    "inbox",
    "privacy",
)
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
SMALLEST = 44  # https://www.w3.org/TR/WCAG22/#target-size-enhanced
TOO_SMALL = """size => [...document.querySelectorAll('a, button, input, label')]
    .filter(one => one.offsetParent && !one.closest('p, td, .unseen') && !one.closest('.badge'))
    .map(one => [one.outerHTML.slice(0, 80), one.closest('label') ?? one])
    .filter(([, one]) => one.tagName !== 'LABEL' || one.querySelector('input'))
    .filter(([, one]) => one.getBoundingClientRect().height < size)
    .map(([html]) => html)"""


async def found_by_axe(page: Page) -> list[str]:
    """Return what axe complains about, and where."""
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']}: {node['html'][:120]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("light", ["light", "dark"])
async def test_axe_finds_nothing_on_any_page(ana: Phone, light: str) -> None:
    await ana.page.emulate_media(color_scheme="dark" if light == "dark" else "light", reduced_motion="reduce")
    await ana.open()
    for name in PAGES:
        await ana.turn_to(name)
        assert await found_by_axe(ana.page) == [], name


async def test_axe_finds_nothing_where_something_is_wrong_or_asked(ana: Phone, stranger: Phone) -> None:
    await stranger.open()
    assert await found_by_axe(stranger.page) == []
    await ana.open("rewards")
    await ana.page.get_by_role("button", name="Claim for").first.click()
    assert await found_by_axe(ana.page) == []
    await ana.page.keyboard.press("Escape")
    await ana.page.goto(await ana.link(minutes=-1))
    await expect(ana.page.get_by_role("heading", name="Your link has ended")).to_be_visible()
    assert await found_by_axe(ana.page) == []
    ana.problems.clear()  # the browser tells of the refusal


@pytest.mark.parametrize("language", ["en", "zh_Hans", "es"])
async def test_a_small_screen_needs_no_sideways_scrolling_and_no_small_fingers(
    ana: Phone, language: str
) -> None:
    await ana.join(language=language)
    await ana.open()
    for name in PAGES:
        await ana.turn_to(name)
        assert await ana.page.evaluate("document.documentElement.scrollWidth") == SIZE["width"], name
        assert await ana.page.evaluate(TOO_SMALL, SMALLEST) == [], name
        assert await ana.page.get_by_role("heading", level=1).count() == 1


async def test_all_is_done_by_keyboard_alone(ana: Phone) -> None:
    await ana.open()
    page = ana.page
    await page.reload()
    await ana.is_there()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    reached = set()
    for _ in range(12):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.textContent.trim()"))
    assert reached >= {"What happened", "Wallet", "Today", "Rewards", "Me"}
    await page.get_by_role("link", name="Rewards").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    claim = page.get_by_role("button", name="Claim for $4.00: Pastry of the day")
    await claim.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(claim).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("dialog").get_by_role("button", name="Claim for $4.00")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Claimed", exact=True)).to_be_visible()


async def test_offline_nothing_is_lost_and_it_goes_on_by_itself(ana: Phone) -> None:
    await ana.open()
    page = ana.page
    await page.context.set_offline(True)
    await expect(page.get_by_role("status").filter(has_text="You seem to be offline")).to_be_visible()
    await page.get_by_role("link", name="Today").click()
    await expect(page.get_by_role("heading", level=2, name="You seem to be offline")).to_be_visible(
        timeout=20_000
    )
    await page.context.set_offline(False)
    await expect(page.get_by_role("button", name="Check in")).to_be_visible(timeout=20_000)
    await expect(page.locator("#offline")).to_be_hidden()
    ana.problems.clear()  # the browser tells of what it could not fetch


async def test_a_check_in_whose_answer_is_lost_is_done_once(ana: Phone) -> None:
    await ana.open("today")
    page, answers = ana.page, []

    async def lose_the_first(route: Route) -> None:
        answer = await route.fetch()
        answers.append(answer.status)
        if route.request.method == "POST" and answers.count(200) == 1:
            await route.abort("connectionreset")
        else:
            await route.fulfill(response=answer)

    await page.route("**/mp/checkin", lose_the_first)
    await page.get_by_role("button", name="Check in").click()
    await expect(page.get_by_text("Checked in today")).to_be_visible(timeout=20_000)
    assert len(answers) >= 2, "the answer was lost once"
    assert (await ana.chat.wallet(ana.number))[1] == 505
    ana.problems.clear()  # the browser tells of the lost answer
