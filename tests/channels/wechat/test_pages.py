"""On WeChat a link to one of our pages is a page of the mini program, where the shop has one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.channels.wechat.account import AccountKind, WechatAccount
from bot.channels.wechat.pages import with_mini_pages
from bot.channels.wechat.wire import Means, requests_of
from bot.core.forms import Form, MenuOption
from bot.core.page_links import PageLinks
from bot.core.ways import WayKind
from tests.channels.wechat.platform import OFFICIAL
from tests.channels.wechat.test_wire import MESSAGE

LINKS = PageLinks("https://bot.example", (b"secret",))
CONTACT, ORDER = "0197" + "0" * 26 + "05", "e" * 30 + "05"
UNTIL = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
WALLET = LINKS.url(CONTACT, "wallet", UNTIL)
REORDER = LINKS.url(CONTACT, "reorder", UNTIL, ORDER)
MINI = WechatAccount(name="mini", appid="wxmini", secret="s", kind=AccountKind.MINI, tokens=("t",))
MINIS = {"mini": "wxmini"}


def link(page: str, label: str) -> str:
    return f'<a data-miniprogram-appid="wxmini" data-miniprogram-path="pages/{page}">{label}</a>'


@pytest.mark.parametrize("account", [OFFICIAL, MINI])
def test_a_link_is_a_page_of_the_mini_program(account: WechatAccount) -> None:
    said = with_mini_pages(f"Your wallet: {WALLET}. Bye", account, MINIS)
    assert said == f"Your wallet: {link('wallet', 'Mini Program')}. Bye"


def test_in_chinese_and_of_an_order() -> None:
    said = with_mini_pages(f"再来一单：{REORDER}", OFFICIAL, MINIS)
    assert said == f"再来一单：{link(f'reorder?order={ORDER}', '点此打开')}"


@pytest.mark.parametrize("minis", [{}, {"one": "wx1", "two": "wx2"}])
def test_without_a_mini_program_it_stays_and_with_several_too(minis: dict[str, str]) -> None:
    assert with_mini_pages(WALLET, OFFICIAL, minis) == WALLET


def test_other_links_stay() -> None:
    for url in ("https://bot.example/w/", "https://bot.example/w/#wallet", "https://shop.example/#x?t=1"):
        assert with_mini_pages(url, OFFICIAL, MINIS) == url


def test_it_is_tapped_in_what_customer_service_sends_beside_options_too() -> None:
    means = Means(OFFICIAL, MINIS)
    message = replace(MESSAGE, body=f"{WALLET} <a href='x'>y</a>")
    (request,) = requests_of(message, WayKind.CUSTOMER_SERVICE, means)
    content = str(request.body["text"])
    assert link("wallet", "Mini Program") in content
    assert content.count("<a") == 1, "what others wrote becomes no link"
    form = Form(head=WALLET, options=(MenuOption("1", "One"),))
    (request,) = requests_of(replace(message, form=form), WayKind.CUSTOMER_SERVICE, means)
    assert request.body["msgtype"] == "text"
