"""WeChat's callback: who is believed, what is refused, and one answer in time, the one way or the other."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import MESSAGES, prepare_database
from bot.channels.wechat.account import Mode
from bot.channels.wechat.crypto import Envelope, signature
from bot.channels.wechat.shapes import write_xml
from bot.config import load_settings
from bot.core.wechat_text import TEXT_BYTES_MAX
from bot.storage.driver import Connection, Database
from bot.web.limits import Limiter
from bot.web.wechat import Door, WechatCallbacks
from tests.conversation.chat import FLOWS, Clock
from tests.web.wechat import KEY_TEXT, OPENID, SETTINGS, TOKEN, Answered, Platform, Wechat, on_wechat

T = TypeVar("T")
SUCCESS = Answered(200, b"success")


@pytest.fixture
async def wechat(database_url: str) -> AsyncIterator[Wechat]:
    """The shipped application with an official account and a mini program."""
    async with on_wechat(database_url) as wechat:
        yield wechat


async def states(wechat: Wechat) -> list[str]:
    """How every outgoing message stands, oldest first; what was written is recorded first."""
    await wechat.chat.app.dispatcher.settle()
    return [state for (state,) in await wechat.chat.rows("SELECT state FROM outbox ORDER BY id")]


async def test_the_address_is_checked_by_its_signature(wechat: Wechat) -> None:
    timestamp = str(int(wechat.chat.clock().timestamp()))
    query = {
        "signature": signature(TOKEN, timestamp, "n"),
        "timestamp": timestamp,
        "nonce": "n",
        "echostr": "4375120948345356249",
    }
    for name, changed, status, body in (
        ("shop", {}, 200, "4375120948345356249"),
        ("mini", {}, 200, "4375120948345356249"),
        ("shop", {"signature": "x"}, 403, "the signature does not fit: sign with the account's token\n"),
        ("shop", {"echostr": "<b>"}, 200, "<b>"),  # it is plain text, and nobody may take it for another
        ("other", {}, 404, "there is no such account: use the name that the settings give it\n"),
    ):
        address = f"{wechat.chat.url}/wechat/{name}"
        async with wechat.shop.session.get(address, params=query | changed) as answer:
            assert (answer.status, await answer.text()) == (status, body)
            assert answer.content_type == "text/plain"
            if status == 200:
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_official_account_answers_in_the_response(wechat: Wechat) -> None:
    joined = await wechat.shop.text("LOYALTY")
    assert joined.status == 200
    assert joined.text.index("You're in") < joined.text.index("\n\nWelcome! We put $5.00")
    assert (await wechat.shop.text("Ana")).text.startswith("Thanks, Ana!")
    assert set(await states(wechat)) == {"sent"}
    assert (await wechat.chat.rows("SELECT channel, value FROM address")) == [
        ("wechat", f"wx0123456789abcdef/{OPENID}")
    ]


async def test_a_mini_program_is_answered_by_the_outbox(wechat: Wechat) -> None:
    assert await wechat.mini.text("LOYALTY") == SUCCESS
    assert set(await states(wechat)) == {"queued"}


async def test_the_same_push_again_has_one_effect_and_the_same_answer(wechat: Wechat) -> None:
    first = await wechat.shop.text("LOYALTY", message_id="7")
    again = await wechat.shop.text("LOYALTY", message_id="7")
    assert first.text == again.text != ""
    assert await wechat.chat.rows("SELECT available_minor FROM wallet") == [(500,)]
    assert len(await states(wechat)) == 3


async def test_the_same_push_twenty_times_at_once(wechat: Wechat) -> None:
    answers = await asyncio.gather(*(wechat.shop.text("LOYALTY", message_id="7") for _ in range(20)))
    assert len({answer.text for answer in answers}) == 1
    assert "Welcome!" in answers[0].text
    triggers = await wechat.chat.rows('SELECT kind, state FROM "trigger" ORDER BY kind')
    assert triggers == [("event", "done"), ("inbound", "done")]  # the event: credit was granted


async def test_a_byte_for_byte_retry_is_taken(wechat: Wechat) -> None:
    query, body = wechat.shop.written(MsgType="text", Content="LOYALTY", MsgId="7")
    answers = [await wechat.shop.post(query, body) for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert "Welcome!" in answers[0].text


async def test_the_same_openid_in_two_accounts_is_two_contacts(wechat: Wechat) -> None:
    await wechat.shop.text("LOYALTY")
    await wechat.mini.text("BALANCE", message_id="1")
    await wechat.shop.text("BALANCE", message_id="1")
    assert await wechat.chat.rows("SELECT COUNT(*) FROM contact") == [(2,)]


async def test_events_of_one_second_each_count_once(wechat: Wechat) -> None:
    for _ in range(2):
        await wechat.shop.event("subscribe", EventKey="qrscene_7", Ticket="T")
        await wechat.shop.event("SCAN", EventKey="7", Ticket="T")
    assert await wechat.chat.rows('SELECT COUNT(*) FROM "trigger"') == [(2,)]


async def test_what_is_of_no_concern_is_passed_over_politely(wechat: Wechat) -> None:
    for event in ("MASSSENDJOBFINISH", "brand_new_event", "debug_demo", "user_get_card"):
        assert await wechat.shop.event(event) == SUCCESS
    assert await wechat.shop.push(MsgType="hologram", MsgId="1") == SUCCESS
    assert await wechat.chat.rows("SELECT COUNT(*) FROM contact") == [(0,)]
    assert '"kind": "event:brand_new_event", "why": "not known"' in wechat.chat.log.getvalue()


async def test_a_plain_body_is_refused_in_safe_mode(wechat: Wechat) -> None:
    query, _ = wechat.shop.written(MsgType="text", Content="LOYALTY", MsgId="1")
    plain = {"ToUserName": "gh_1", "FromUserName": OPENID, "MsgType": "text", "Content": "LOYALTY"}
    assert (await wechat.shop.post(query, write_xml({**plain, "MsgId": "1"}))).status == 403
    assert await wechat.chat.rows('SELECT COUNT(*) FROM "trigger"') == [(0,)]


async def test_plain_mode_is_answered_in_plain_text(database_url: str) -> None:
    settings = {"REGULARS_WECHAT_SHOP_MODE": "plain", "REGULARS_WECHAT_SHOP_AES_KEY": ""}
    async with on_wechat(database_url, settings=settings) as wechat:
        assert wechat.shop.account.mode is Mode.PLAIN
        answer = await wechat.shop.text("LOYALTY")
        assert "Welcome!" in answer.text
        assert b"Welcome!" in answer.body


async def test_while_keys_rotate_the_answer_is_sealed_as_the_push_was(database_url: str) -> None:
    """The settings know the new token and key some time before the console does."""
    settings = {
        "REGULARS_WECHAT_SHOP_TOKEN": f"BBBBB,{TOKEN}",
        "REGULARS_WECHAT_SHOP_AES_KEY": f"{KEY_TEXT[::-1]},{KEY_TEXT}",
    }
    async with on_wechat(database_url, settings=settings) as wechat:
        ours = wechat.shop.account
        for at in (1, 0):  # the console's are the old ones first, then the new ones
            console = replace(ours, tokens=ours.tokens[at:][:1], aes_keys=ours.aes_keys[at:][:1])
            wechat.shop.account = console
            assert (await wechat.shop.text("HELP")).text.startswith("Corner Leaf")


async def test_control_characters_that_people_send_do_not_cost_their_message(wechat: Wechat) -> None:
    """Neither where it is sealed nor beside it: https://github.com/offu/WeRoBot/issues/420."""
    shop = wechat.shop
    timestamp, typed = str(int(wechat.chat.clock().timestamp())), b"\x1dHE\x02LP"
    said = write_xml(
        {"FromUserName": shop.openid, "CreateTime": 1, "MsgType": "text", "Content": "#", "MsgId": 7}
    ).replace(b"#", typed)
    sealed = Envelope(shop.account.appid, shop.account.aes_keys).seal(said, b"r" * 16)
    query = {
        "timestamp": timestamp,
        "nonce": "n",
        "msg_signature": signature(TOKEN, timestamp, "n", sealed),
    }
    beside = said.replace(b"</xml>", f"<Encrypt>{sealed}</Encrypt></xml>".encode())
    answer = await shop.post(query, beside)
    assert answer.status == 200
    assert "退订" in answer.text


async def test_an_event_with_an_odd_time_is_taken(wechat: Wechat) -> None:
    """Its key has to fit into an index."""
    odd = "".join(random.Random(5).choices("0123456789", k=4000))
    for _ in range(2):
        assert await wechat.shop.event("CLICK", EventKey="x", CreateTime=odd) == SUCCESS
    keys = await wechat.chat.rows("SELECT key FROM trigger")
    assert [len(key) < 200 for (key,) in keys if "click" in key] == [True]


async def test_a_push_of_yesterday_is_refused(wechat: Wechat) -> None:
    query, body = wechat.shop.written(MsgType="text", Content="LOYALTY", MsgId="1")
    wechat.chat.clock.now += timedelta(days=1)
    assert (await wechat.shop.post(query, body)).status == 403


@pytest.mark.parametrize("size", [70_000, 900_000])
async def test_a_body_that_is_too_large_is_refused(wechat: Wechat, size: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * size

    query, _ = wechat.shop.written(MsgType="text", Content="LOYALTY", MsgId="1")
    assert (await wechat.shop.post(query, b"x" * size)).status == 413
    address = f"{wechat.chat.url}/wechat/shop"
    async with wechat.shop.session.post(address, params=query, data=chunks()) as answer:
        assert answer.status == 413


async def test_no_log_ever_has_a_query_or_an_openid(wechat: Wechat) -> None:
    query, body = wechat.shop.written(MsgType="text", Content="LOYALTY", MsgId="1")
    await wechat.shop.post(query, body)
    await wechat.shop.post({**query, "nonce": "another-nonce"}, body)
    await wechat.shop.post(query, b"x")
    await wechat.chat.run("ALTER TABLE outbox RENAME TO gone")
    try:
        assert (await wechat.shop.text("Ana")).status == 503
    finally:
        await wechat.chat.run("ALTER TABLE gone RENAME TO outbox")
    told = wechat.chat.log.getvalue()
    assert '"route": "/wechat/{account}"' in told, "a failure is told, by its route"
    for secret in (query["msg_signature"], query["signature"], "another-nonce", "timestamp=", OPENID):
        assert secret not in told


async def test_what_could_not_be_stored_is_no_success_and_comes_again(wechat: Wechat) -> None:
    await wechat.shop.text("LOYALTY")
    await wechat.chat.run("ALTER TABLE outbox RENAME TO gone")
    lost = await wechat.shop.text("Ana", message_id="77")
    await wechat.chat.run("ALTER TABLE gone RENAME TO outbox")
    assert (lost.status, lost.body) == (503, b"try again later")
    assert (await wechat.shop.text("Ana", message_id="77")).text.startswith("Thanks, Ana!")


async def test_who_writes_too_much_is_not_answered_but_leaving_is_heard(wechat: Wechat) -> None:
    answers = [await wechat.shop.text("HELP") for _ in range(35)]
    assert answers[29].text
    assert answers[30] == SUCCESS
    assert await wechat.chat.rows('SELECT COUNT(*) FROM "trigger"') == [(30,)]
    assert (await wechat.shop.text("STOP")).text
    await wechat.shop.event("unsubscribe", EventKey="")
    assert await wechat.chat.rows('SELECT COUNT(*) FROM "trigger"') == [(32,)]


async def test_a_report_is_recorded_on_the_message_it_names(wechat: Wechat) -> None:
    await wechat.mini.text("LOYALTY")
    sent = "UPDATE outbox SET state = 'sent', provider_id = '17' WHERE id = (SELECT MIN(id) FROM outbox)"
    await wechat.chat.run(sent)
    report = {"TemplateId": "T1", "MsgID": "17", "ErrorCode": "0", "ErrorStatus": "success"}
    assert await wechat.mini.event("subscribe_msg_sent_event", List=report) == SUCCESS
    assert (await states(wechat))[0] == "delivered"
    lost = {**report, "MsgID": "18", "ErrorCode": "-1", "ErrorStatus": "system error"}
    assert await wechat.mini.event("subscribe_msg_sent_event", List=[lost]) == SUCCESS
    assert "reports_of_nothing_known" in wechat.chat.log.getvalue()


async def test_what_a_popup_was_told_is_kept_once_for_each_template(wechat: Wechat) -> None:
    await wechat.mini.text("LOYALTY")
    said = [{"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "0"}]
    said.append({"TemplateId": "T2", "SubscribeStatusString": "reject", "PopupScene": "0"})
    query, body = wechat.mini.written(MsgType="event", Event="subscribe_msg_popup_event", List=said)
    for _ in range(2):
        assert await wechat.mini.post(query, body) == SUCCESS
    grants = "SELECT template, units FROM subscribe_grant ORDER BY template"
    assert await wechat.chat.rows(grants) == [("T1", 1), ("T2", 0)]


@dataclass(slots=True)
class Delayed:
    """A database that takes its time for every transaction."""

    database: Database
    seconds: float = 0.0
    dialect: str = ""

    def __post_init__(self) -> None:
        self.dialect = self.database.dialect

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Wait, then do it."""
        await asyncio.sleep(self.seconds)
        return await self.database.transact(work)

    async def query(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Ask at once."""
        return await self.database.query(work)

    async def close(self) -> None:
        """Close the real one."""
        await self.database.close()


@dataclass(slots=True)
class Slow:
    """An account whose callback has less patience than five seconds, on a database that can be slowed."""

    wechat: Wechat
    shop: Platform
    database: Delayed
    callbacks: WechatCallbacks


@asynccontextmanager
async def slow(database_url: str, *, answer_seconds: float, hang_up_seconds: float) -> AsyncIterator[Slow]:
    settings = load_settings(
        SETTINGS | {"DATABASE_URL": database_url, "REGULARS_FLOWS": str(FLOWS), "REGULARS_SECRET": "s" * 32}
    )
    clock = Clock()
    database = Delayed(await prepare_database(settings, clock))
    async with on_wechat(database_url, database=database, clock=clock) as wechat:
        app = wechat.chat.app
        callbacks = WechatCallbacks(
            doors={account.name: Door.of(account, os.urandom) for account in app.settings.wechat},
            dispatcher=app.dispatcher,
            receipts=app.receipts,
            limits=Limiter(MESSAGES),
            metrics=app.metrics,
            clock=clock,
            says_stop=app.decisions.says_stop,
            answer_seconds=answer_seconds,
            hang_up_seconds=hang_up_seconds,
        )
        server = web.Application()
        server.add_routes(callbacks.routes())
        async with TestServer(server) as served:
            url = str(served.make_url("")).rstrip("/")
            yield Slow(wechat, replace(wechat.shop, url=url), database, callbacks)


async def test_an_answer_after_its_time_is_left_to_the_outbox(database_url: str) -> None:
    async with slow(database_url, answer_seconds=0.4, hang_up_seconds=5) as at:
        at.database.seconds = 0.5
        assert await at.shop.text("LOYALTY", message_id="7") == SUCCESS
        assert set(await states(at.wechat)) == {"queued"}
        at.database.seconds = 0
        assert await at.shop.text("LOYALTY", message_id="7") == SUCCESS, "a retry says it no second time"
        assert (await at.shop.text("Ana")).text.startswith("Thanks, Ana!"), "what is quick is said at once"


async def test_a_turn_that_takes_too_long_is_no_success_and_its_answer_is_not_lost(database_url: str) -> None:
    async with slow(database_url, answer_seconds=0.1, hang_up_seconds=0.2) as at:
        at.database.seconds = 0.5
        hung_up = await at.shop.text("LOYALTY", message_id="7")
        assert (hung_up.status, hung_up.body) == (503, b"try again later")
        at.database.seconds = 0
        await at.callbacks.close()
        assert set(await states(at.wechat)) == {"queued"}
        assert await at.shop.text("LOYALTY", message_id="7") == SUCCESS
        assert set(await states(at.wechat)) == {"queued"}


async def test_a_retry_that_overtakes_the_late_result_says_it_once(database_url: str) -> None:
    async with slow(database_url, answer_seconds=0.3, hang_up_seconds=0.4) as at:
        at.database.seconds = 0.6
        query, body = at.shop.written(MsgType="text", Content="LOYALTY", MsgId="7")
        assert (await at.shop.post(query, body)).status == 503
        at.database.seconds = 0
        at.wechat.chat.clock.now += timedelta(seconds=5)  # the lease of the retry is another
        again = await at.shop.post(query, body)
        await at.callbacks.close()
        written = {"sent"} if again.text else {"queued"}
        assert set(await states(at.wechat)) == written, "never both, never neither"


async def test_an_answer_that_is_too_long_is_left_to_the_outbox(wechat: Wechat) -> None:
    await wechat.shop.text("LOYALTY")
    await wechat.shop.text("Ana")
    await wechat.shop.text("SKIP")
    query, body = wechat.shop.written(MsgType="text", Content="BALANCE", MsgId="7")
    assert (await wechat.shop.post(query, body)).text
    await wechat.chat.app.dispatcher.settle()
    grown = "UPDATE outbox SET body = :body, state = 'sending' WHERE trigger_key LIKE '%:7'"
    await wechat.chat.run(grown, body="x" * (TEXT_BYTES_MAX + 1))
    assert await wechat.shop.post(query, body) == SUCCESS
    assert (await states(wechat))[-1] == "queued"
