"""What flows show on WeChat, from the file to the finger: options, cards, the menu, codes; SMS beside it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conversation.chat import folder
from tests.wechat.wechat_chat import WechatChat, wechatting

DRINK = """\
flow: drink
start: [keyword: DRINK, menu: ORDER, scan: table-*]
steps:
  - say: {text: "Our list{% if scene %} for table {{ rest }}{% endif %}", card: list}
  - choose: What would you like?
    options: [Tea, Coffee]
    save: drink
    else: end
  - id: sure
    ask: "{{ drink }}, shall we make it?"
    expect: yes_no
    save: ok
    else: end
  - if: ok
    then: [{say: On its way.}]
    else: [{say: Nothing made.}]
"""
WELCOME = "flow: welcome\nstart: [follow]\nsteps: [{say: Welcome!}]\n"
NAME = "flow: name\nstart: [keyword: NAME]\nsteps: [{ask: Your name?, save: who}, {say: 'Hello {{ who }}'}]\n"
WECHAT = """\
menu:
  - {name: 下单, keyword: ORDER}
  - {name: 名字, keyword: NAME}
cards:
  list: {title: Our list, page: pages/list}
"""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[WechatChat]:
    flows = folder(tmp_path, drink=DRINK, welcome=WELCOME, name=NAME, wechat=WECHAT)
    async with wechatting(database_url, flows=flows) as made:
        yield made


async def test_options_are_tapped_and_the_same_flow_is_texted(chat: WechatChat) -> None:
    await chat.follow()
    await chat("DRINK")
    assert [label for _, label in options(chat)] == ["Tea", "Coffee"]
    assert await chat.tap_option("Coffee") == ["Coffee, shall we make it?\nYes\nNo"]
    assert [label for _, label in options(chat)] == ["Yes", "No"]
    assert await chat.tap_option("Yes") == ["On its way."]
    assert await chat.sms("DRINK") == ["Our list", "What would you like?\n1 Tea\n2 Coffee"]
    assert await chat.sms("1") == ["Tea, shall we make it?"]
    assert await chat.sms("no") == ["Nothing made."]


async def test_yes_to_an_older_question_makes_nothing(chat: WechatChat) -> None:
    await chat.follow()
    await chat("DRINK")
    await chat.tap_option("Coffee")
    older = chat.last.number
    await chat.tap_option("No")
    await chat("DRINK")
    await chat.tap_option("Tea")
    await chat.people.tap_option(chat.person, chat.account, older, "Yes")
    assert await chat.came_back() == ["Still open: Tea, shall we make it?\nYes\nNo"]
    assert await chat.tap_option("Yes") == ["On its way."]


async def test_menu_code_and_following_start_flows(chat: WechatChat) -> None:
    button = {"type": "click", "name": "下单", "key": "ORDER"}
    chat.loopback.platform.menus[chat.account] = {"button": [button]}
    listed, asked = await chat.follow("table-7")
    assert listed.startswith("Our list for table 7")
    assert asked.startswith("What would you like?")
    await chat("NAME")
    assert (await chat.tap_menu("ORDER"))[-1].startswith("What would you like?")
    await chat.unfollow()
    assert await chat.follow() == ["Welcome!"]


def options(chat: WechatChat) -> list[tuple[str, str]]:
    found = chat.last.more["options"]
    assert isinstance(found, list)
    return [(key, label) for key, label in found]
