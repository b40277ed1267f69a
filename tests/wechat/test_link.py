"""Linking a number on WeChat: by the code texted and typed, or shown and texted; on both databases."""

import re
from collections.abc import AsyncIterator

import pytest

from bot.core.proofs import A_DAY_FOR_ADDRESS, TRIES_MAX
from tests.conversation.chat import NUMBER
from tests.wechat.wechat_chat import WechatChat, wechatting

OTHER = "+12125550188"


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[WechatChat]:
    async with wechatting(database_url) as made:
        await made.follow()
        yield made


async def asked(chat: WechatChat, number: str = NUMBER) -> str:
    """Name a number; returns the code that is shown."""
    await chat("LINK")
    (answer,) = await chat(number)
    found = re.search(rf"Text (\d{{6}}) from \{number} to ", answer)
    assert found, answer
    return found[1]


async def test_a_known_number_is_texted_a_code_and_a_stranger_nothing(chat: WechatChat) -> None:
    await chat.sms("LOYALTY")
    await asked(chat)
    (text,) = chat.sms.news()
    assert re.match(r"\d{6} links this number to a WeChat account at Corner Leaf", text)
    await chat("0")  # the question stays open otherwise
    await asked(chat, OTHER)
    assert chat.sms.news(OTHER) == []
    assert await chat.sms.rows("SELECT contact FROM directory WHERE value = :n", n=OTHER) == []


async def test_what_is_answered_is_the_same_whoever_is_known(chat: WechatChat) -> None:
    await chat.sms("LOYALTY")
    said = []
    for number in (NUMBER, OTHER):
        await chat("LINK")
        (answer,) = await chat(number)
        said.append(re.sub(r"\d{6}", "code", answer.replace(number, "number"), count=1))
    assert said[0] == said[1]


async def test_wrong_codes_are_counted_and_then_a_new_one_is_needed(chat: WechatChat) -> None:
    await asked(chat)
    for left in range(TRIES_MAX - 1, 0, -1):
        answers = await chat("000000")
        assert f"Tries left: {left}." in answers[0]
    assert "wrong too often" in (await chat("000000"))[0]
    assert await chat.rows("proof", "state, tries, address", "id") == [("spent", 5, "")]


async def test_too_late_is_said(chat: WechatChat) -> None:
    code = await asked(chat)
    await chat.later(minutes=9, seconds=50)
    await chat.sms.later(strike=False, seconds=20)
    assert "counts no more" in (await chat.sms(code))[0]


async def test_a_number_can_be_asked_for_so_often_in_a_day_by_whomever(chat: WechatChat) -> None:
    for person in range(A_DAY_FOR_ADDRESS):
        other = chat.of(person=f"person{person}")
        await other.follow()
        await asked(other, OTHER)
    await chat("LINK")
    assert "too often today" in (await chat(OTHER))[0]
    await asked(chat, "+12125550189")


async def test_the_code_of_one_number_is_none_from_another(chat: WechatChat) -> None:
    code = await asked(chat, OTHER)
    await chat.sms(code)
    assert await chat.rows("proof", "state", "id") == [("open",)]
    for _ in range(TRIES_MAX):
        await chat.sms("111111", number=OTHER)
    answers = await chat.sms(code, number=OTHER)
    assert "belong together" not in answers[0]
    assert await chat.rows("proof", "state", "id") == [("open",)]


async def test_it_is_for_wechat_and_for_numbers(chat: WechatChat) -> None:
    await chat.sms("LINK")
    assert "linked in WeChat" in (await chat.sms("+12125550188"))[0]
    await chat("LINK")
    assert "could not read" in (await chat("my number"))[0]
