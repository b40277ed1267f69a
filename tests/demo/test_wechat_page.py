"""The WeChat face of the phone page in a real browser: follow, write, tap, allow, break; in two languages."""

import base64
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from playwright.async_api import Locator, Page, expect

from tests.conversation.chat import FLOWS, quiet_flows
from tests.demo.running_demo import running_demo

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MENU: list[dict[str, object]] = [
    {"name": "余额", "keyword": "余额"},
    {
        "name": "更多",
        "buttons": [{"name": "帮助", "keyword": "HELP"}, {"name": "商城", "url": "https://shop.example/"}],
    },
]
ARRIVAL = {
    "id": "template-of-arrival",
    "account": "mini",
    "page": "pages/wallet",
    "fields": {"amount1": "{{ balance.available | money }}", "thing2": "Corner Leaf"},
}
USUAL = {"title": "Your usual", "page": "pages/wallet", "image": "usual.png"}
CARDS = """\
flow: cards
title: What WeChat can show
group: loyalty
language: en
start: [keyword: CARDS]
steps:
  - say: {text: "Order your usual.", card: usual_of_test}
  - choose: Which one?
    options: [{label: Oat latte, value: latte}, {label: Mocha, value: mocha}]
    save: pick
  - say: "{{ pick }} it is."
  - wait: 50h
  - say: {text: "Your credit has arrived.", notice: arrival_of_test}
"""


def save_wechat(flows: Path, *, first: str = "余额") -> None:
    """Save what the shop ships with a menu, a template and a card of ours; nobody begins in Chinese."""
    forms = yaml.safe_load((FLOWS / "wechat.yaml").read_text("utf-8"))
    forms.pop("speaks", None)
    forms["menu"] = [{**MENU[0], "name": first}, MENU[1]]
    forms["templates"] = {"arrival_of_test": ARRIVAL, **forms.get("templates", {})}
    forms["cards"] = {"usual_of_test": USUAL, **forms.get("cards", {})}
    (flows / "wechat.yaml").write_text(yaml.safe_dump(forms, allow_unicode=True, sort_keys=False), "utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wechat")


@pytest.fixture(scope="module")
async def demo_url(folder: Path) -> AsyncIterator[str]:
    flows = folder / "flows"
    shutil.copytree(quiet_flows(), flows)
    shutil.copytree(FLOWS.parent / "locales", folder / "locales")
    save_wechat(flows)
    (flows / "cards.yaml").write_text(CARDS)
    (flows / "usual.png").write_bytes(PICTURE)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REGULARS_FLOWS", str(flows))
        async with running_demo(folder / "demo") as url:
            yield url


@pytest.fixture
async def phone(page: Page, demo_url: str) -> AsyncIterator[Page]:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(error.message))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    await page.goto(demo_url)
    await expect(page.get_by_text("No messages yet.")).to_be_visible()
    yield page
    # What a person cannot do is answered with 409, which the browser tells.
    assert [line for line in problems if "409" not in line] == []


async def turn_to(phone: Page, face: str) -> None:
    await phone.get_by_role("radio", name=face).check()
    await expect(phone.locator("#phone")).to_have_class("phone wechat")


async def text(phone: Page, words: str) -> None:
    await phone.locator("#body").fill(words)
    await phone.locator("#body").press("Enter")


def last(phone: Page) -> Locator:
    return phone.get_by_role("log", name="Conversation").locator(".received").last


async def follow(phone: Page) -> None:
    await turn_to(phone, "WeChat official account")
    await phone.get_by_role("button", name="Follow", exact=True).click()
    await expect(phone.locator(".event").last).to_have_text("You followed the account")
    await expect(phone.locator(".received").first).to_be_visible()  # or it comes after what is texted next


async def test_who_follows_writes_taps_the_menu_and_leaves(phone: Page) -> None:
    await turn_to(phone, "WeChat official account")
    await expect(phone.locator("#body")).to_be_hidden()
    await follow(phone)
    await text(phone, "LOYALTY")
    await expect(last(phone)).to_contain_text("What shall we call you?")
    await expect(last(phone).locator(".fine")).to_contain_text("passive reply")
    await expect(phone.locator("#who")).to_contain_text(re.compile(r"Window\s*5 messages until"))
    await expect(phone.locator("#who")).to_contain_text("loyalty (WeChat)")
    await expect(phone.locator("#outbox li").first).to_contain_text("wechat: passive")
    await phone.get_by_role("button", name="余额", exact=True).last.click()
    await expect(last(phone)).to_contain_text("$5.00")
    await phone.get_by_text("More", exact=True).click()
    await phone.get_by_role("button", name="Unfollow").click()
    await expect(phone.get_by_text("Follow the account to write to it.")).to_be_visible()


async def test_options_and_cards_are_tapped_and_a_notice_comes_where_it_was_allowed(phone: Page) -> None:
    await turn_to(phone, "WeChat mini program")
    await phone.get_by_role("button", name="Open the chat").first.click()
    await expect(phone.locator(".event").last).to_have_text("You opened the chat")
    await text(phone, "LOYALTY")
    await expect(last(phone)).to_contain_text("What shall we call you?")
    await text(phone, "CARDS")
    await expect(last(phone)).to_contain_text("Which one?")
    card = phone.locator(".card")
    await expect(card.locator("strong")).to_have_text("Your usual")
    await expect(card.locator("img")).to_have_attribute("src", re.compile("^data:image/png"))
    await card.click()
    opened = phone.get_by_role("region", name="Mini program", exact=True)
    await expect(opened).to_contain_text("pages/wallet")
    await opened.get_by_role("button", name="Get notices").click()
    popup = phone.get_by_role("dialog")
    await expect(popup).to_contain_text("wants to send you these messages, once each")
    await expect(popup.get_by_role("checkbox", name="arrival of test")).to_be_checked()
    await popup.get_by_role("button", name="Allow").click()
    await expect(phone.locator("#who")).to_contain_text("arrival of test: 1")
    await text(phone, "2")
    await expect(phone.locator(".received").filter(has_text="mocha it is.")).to_be_visible()
    for _ in range(3):
        await phone.get_by_role("button", name="+1 day").click()
        await expect(phone.locator("#passing")).to_contain_text("It is ", timeout=60_000)
    notice = phone.locator(".notice").filter(has_text="arrival of test")
    await expect(notice).to_contain_text("Service notification", timeout=20_000)
    await expect(notice).to_contain_text("$5.00")
    await expect(phone.locator("#who")).to_contain_text("arrival of test: 0")
    await expect(phone.locator("#outbox li").first).to_contain_text("wechat: subscribe")
    await notice.get_by_role("button", name="View details").click()
    await expect(opened).to_contain_text("pages/wallet")
    await expect(
        phone.frame_locator("#pages-frame iframe").get_by_label("Your credit").first
    ).to_contain_text("$5.00")


async def test_an_option_of_a_menu_message_is_tapped_by_keyboard(phone: Page) -> None:
    await follow(phone)
    await text(phone, "LOYALTY")
    await expect(last(phone)).to_contain_text("What shall we call you?")
    await text(phone, "CARDS")
    option = phone.get_by_role("button", name="Oat latte")
    await option.focus()
    await phone.keyboard.press("Enter")
    await expect(phone.locator(".sent").last).to_contain_text("Oat latte")
    await expect(phone.locator(".received").filter(has_text="latte it is.")).to_be_visible()
    more = phone.get_by_role("button", name="≡ 更多")
    await more.focus()
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_role("button", name="帮助").last).to_be_focused()
    await phone.keyboard.press("Escape")
    await expect(more).to_be_focused()
    await expect(phone.get_by_role("button", name="商城")).to_be_hidden()


async def test_in_chinese_all_of_the_phone_is(phone: Page) -> None:
    await phone.get_by_role("radio", name="李伟").check()
    await turn_to(phone, "WeChat mini program")
    await expect(phone.locator("#own-number")).to_have_text("小程序 · 联系客服")
    await text(phone, "会员")
    await expect(last(phone)).to_contain_text("怎么称呼您")
    await expect(last(phone).locator(".fine")).to_contain_text("客服消息")
    await expect(phone.locator("#phone")).to_have_attribute("lang", "zh-Hans")
    await phone.get_by_text("更多", exact=True).click()
    for button in ("图片", "位置", "进入客服会话", "订阅消息"):
        await expect(phone.get_by_role("button", name=button)).to_be_visible()


async def test_a_code_is_scanned_and_what_breaks_is_told(phone: Page) -> None:
    await turn_to(phone, "WeChat official account")
    await phone.get_by_role("button", name="Scan a code").first.click()
    await phone.get_by_role("dialog").get_by_role("textbox").fill("door")
    await phone.keyboard.press("Enter")
    await expect(phone.locator(".event").last).to_have_text("You followed the account")
    await phone.locator("#raw").get_by_text("Raw push").click()
    await expect(phone.locator("#exchange")).to_contain_text("qrscene_door")
    await expect(phone.locator("#exchange")).to_contain_text("msg_signature=…")
    await phone.get_by_text("Break something").click()
    await phone.get_by_role("button", name="Push signed with another token").click()
    await expect(phone.locator("#waiting-faults")).to_contain_text("another token")
    await text(phone, "BALANCE")
    await expect(phone.locator(".event.told")).to_have_text("该公众号暂时无法提供服务，请稍后再试")
    await expect(phone.locator("#trouble")).to_contain_text("pushed it 3 times")
    await phone.get_by_role("button", name="Our answer to a push lost").click()
    await expect(phone.locator("#waiting-faults")).to_contain_text("Our answer to a push lost")
    heard = await phone.locator(".received").count()
    await text(phone, "LANGUAGE")
    await expect(phone.locator("#trouble")).to_contain_text("2 times; you got one answer")
    await expect(last(phone)).to_contain_text("Which language")
    await expect(phone.locator(".received")).to_have_count(heard + 1)


async def test_a_person_of_the_shop_takes_over_answers_and_gives_back(phone: Page) -> None:
    await follow(phone)
    await phone.get_by_text("More", exact=True).click()
    await phone.get_by_role("button", name="A person takes over").click()
    answer = phone.get_by_role("textbox", name="Answer as that person")
    heard = await phone.locator(".received").count()
    await text(phone, "Is there oat milk?")
    await answer.fill("There is.")
    await answer.press("Enter")
    await expect(last(phone)).to_contain_text("There is.")
    await expect(last(phone).locator(".fine")).to_contain_text("a person of the shop")
    await expect(phone.locator(".received")).to_have_count(heard + 1)  # the bot heard nothing of it
    await phone.get_by_role("button", name="End it").click()
    await expect(answer).to_be_hidden()
    await text(phone, "HELP")
    await expect(last(phone)).to_contain_text("STOP")


async def test_a_small_screen_needs_no_sideways_scrolling_in_either_light(
    phone: Page, output_folder: Path
) -> None:
    await phone.set_viewport_size({"width": 360, "height": 740})
    await follow(phone)
    await text(phone, "LOYALTY")
    await expect(last(phone)).to_contain_text("What shall we call you?")
    await text(phone, "CARDS")
    await expect(last(phone)).to_contain_text("Which one?")
    await phone.get_by_text("More", exact=True).click()
    assert await phone.evaluate("document.documentElement.scrollWidth") == 360
    for light in ("light", "dark"):
        await phone.emulate_media(color_scheme=light)
        await phone.screenshot(path=output_folder / f"wechat_{light}.png", full_page=True)


async def test_back_to_texts_the_phone_is_as_before(phone: Page) -> None:
    await follow(phone)
    await phone.get_by_role("radio", name="SMS").check()
    await expect(phone.locator("#menu")).to_be_hidden()
    await expect(phone.get_by_role("textbox", name="Text message")).to_be_visible()
    await text(phone, "HELP")
    await expect(last(phone)).to_contain_text("STOP")
    await expect(phone.locator("#messages .fine").last).to_contain_text("✓✓")


async def test_a_menu_that_is_saved_is_on_the_phone_a_moment_later(phone: Page, folder: Path) -> None:
    await follow(phone)
    flows = folder / "flows"
    try:
        save_wechat(flows, first="我的余额")
        await expect(phone.get_by_role("button", name="我的余额")).to_be_visible(timeout=20_000)
    finally:
        save_wechat(flows)
