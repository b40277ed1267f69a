"""WeChat from the finger to the database and back: text, window, token, leaving; on both databases."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.demo.wechat.people import UNAVAILABLE
from bot.storage import turns
from bot.storage.driver import Connection
from bot.storage.sqlite import SqliteDatabase
from tests.conversation.chat import FLOWS
from tests.wechat.wechat_chat import MINI, WechatChat, wechatting

SEND = "/cgi-bin/message/custom/send"


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[WechatChat]:
    async with wechatting(database_url) as made:
        await made.follow()
        yield made


async def test_a_text_is_answered_passively_in_one_answer(chat: WechatChat) -> None:
    before, asked = len(await chat.outbox()), chat.asked(SEND)  # the welcome of who follows
    (answer,) = await chat("LOYALTY")
    assert answer.count("\n\n") == 2  # what the law asks for, the welcome, the question
    assert chat.last.way == "passive"
    assert (await chat.outbox("way, state"))[before:] == [("passive", "sent")] * 3
    assert chat.asked(SEND) == asked
    assert chat.told == []


async def test_a_mini_program_is_answered_by_customer_service(chat: WechatChat) -> None:
    mini = chat.of(account=MINI)
    assert len(await mini("BALANCE")) == 1
    assert mini.last.way == "customer_service"
    assert mini.asked(SEND) == 1
    assert mini.told == []


async def test_the_same_push_again_gets_the_stored_answer_and_one_turn(chat: WechatChat) -> None:
    before = len(await chat.outbox())  # the welcome of who follows
    chat.fault(kind="lose_push_answer")
    answers = await chat("HELP")
    assert len(answers) == 1
    assert (await chat.outbox())[before:] == [("sent",)]
    chat.fault(kind="double_push")
    answers = await chat("HELP")
    assert len(answers) == 1
    assert len(await chat.outbox()) == before + 2
    first, second = list(chat.loopback.platform.pushes.exchanges)[-2:]
    assert first.answer.reply is not None
    assert first.answer.reply["Content"] == answers[0]
    assert second.answer.reply in (None, first.answer.reply)
    assert chat.told == []


async def test_a_push_that_was_signed_with_another_token_is_nobodys(chat: WechatChat) -> None:
    chat.fault(kind="wrong_token")
    assert await chat("HELP") == []
    assert chat.told == [UNAVAILABLE["official"]]
    assert (await chat("HELP")) != []


async def test_stop_and_its_chinese_word_end_it_on_wechat_alone(chat: WechatChat) -> None:
    await chat("LOYALTY")
    await chat.sms("LOYALTY")
    assert len(await chat("退订")) == 1
    assert "subscribed" not in (await chat.subscriptions()).values()
    assert await chat("BALANCE") == []
    assert await chat.sms("BALANCE") != []
    assert await chat("START") != []


async def test_six_messages_that_a_window_has_not_room_for_arrive_as_one(
    database_url: str, tmp_path: Path
) -> None:
    flows = tmp_path / "flows"
    shutil.copytree(FLOWS, flows)
    says = "".join(f"  - say: Line {number}.\n" for number in range(1, 7))
    (flows / "lines.yaml").write_text(f"flow: lines\ntitle: Six\nstart: [keyword: LINES]\nsteps:\n{says}")
    async with wechatting(database_url, flows=flows) as chat:
        mini = chat.of(account=MINI)
        whole = "\n\n".join(f"Line {number}." for number in range(1, 7))
        assert await mini("LINES") == [whole]
        assert mini.conversation().windows.left(chat.clock.now) == 4
        assert mini.asked(SEND) == 1  # the shop counts too: nothing is asked in vain
        assert await mini.outbox("state, reason") == [("sent", None)] * 6


async def test_a_token_that_died_is_renewed_once(chat: WechatChat) -> None:
    mini = chat.of(account=MINI)
    await mini("HELP")
    tokens = chat.loopback.platform.tokens[MINI]
    asked = tokens.asked
    tokens.kill()
    assert len(await mini("HELP")) == 1
    assert tokens.asked == asked + 1
    assert tokens.forced == 0


async def test_an_answer_that_was_lost_is_not_said_twice(chat: WechatChat) -> None:
    mini = chat.of(account=MINI)
    chat.fault(kind="drop_answer", path=SEND)
    await mini("HELP")
    await mini.later(minutes=30)
    assert max(mini.conversation().arrivals.values()) == 1


async def test_who_unfollows_hears_nothing_more(chat: WechatChat) -> None:
    await chat("LOYALTY")
    asked = chat.asked(SEND)
    assert await chat.unfollow() == []
    assert await chat.later(hours=30) == []
    assert chat.asked(SEND) == asked


async def test_a_slow_turn_is_answered_by_customer_service_and_never_twice(chat: WechatChat) -> None:
    await chat("LOYALTY")
    async with held(chat):
        saying = asyncio.create_task(chat.people.say(chat.person, chat.account, "BALANCE"))
        await asyncio.sleep(3.8)  # longer than a passive answer waits, shorter than WeChat does
    answer = await saying
    assert (answer.attempts, answer.is_taken, answer.reply) == (1, True, None)
    assert len(await chat.came_back()) >= 1
    assert max(chat.conversation().arrivals.values()) == 1
    assert chat.last.way == "customer_service"
    assert chat.told == []


@asynccontextmanager
async def held(chat: WechatChat) -> AsyncIterator[None]:
    """Keep the contact's row, or the whole of SQLite, from every turn."""
    contact, database = await chat.contact_id(), chat.app.database
    has_it, free, let_go = asyncio.Event(), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def work(connection: Connection) -> None:
        await turns.lock(connection, [contact])
        loop.call_soon_threadsafe(has_it.set)
        if isinstance(database, SqliteDatabase):  # its transactions have a thread of their own
            let_go.wait(10)
        else:
            await free.wait()

    holding = asyncio.create_task(database.transact(work))
    await has_it.wait()
    try:
        yield
    finally:
        free.set()
        let_go.set()
        await holding
