"""What people do is pushed as WeChat pushes it: opened by wechatpy, answered in every way there is."""

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest

from bot.demo.wechat.faults import Fault
from bot.demo.wechat.people import CODE_IS_OVER, UNAVAILABLE, CannotDo
from bot.demo.wechat.shapes import read, write
from tests.demo.wechat.shop import ANA, ARRIVED, Shop, shop

OFFICIAL_DOWN, MINI_DOWN = UNAVAILABLE["official"], UNAVAILABLE["mini"]
BUTTONS = {
    "button": [
        {"type": "click", "name": "余额", "key": "BALANCE"},
        {
            "name": "更多",
            "sub_button": [
                {"type": "view", "name": "网站", "url": "https://shop.example/"},
                {
                    "type": "miniprogram",
                    "name": "下单",
                    "url": "https://shop.example/",
                    "appid": "wx1",
                    "pagepath": "pages/order",
                },
            ],
        },
    ]
}


@pytest.fixture
async def running() -> AsyncIterator[Shop]:
    async with shop() as made:
        yield made


async def test_a_text_is_pushed_sealed_and_the_passive_answer_is_shown(running: Shop) -> None:
    await running.people.follow(ANA, "shop")
    running.server.answers = [{"MsgType": "text", "Content": '余额 <a href="https://x.example/1">在此</a>'}]
    answer = await running.people.say(ANA, "shop", "余额 ]]> <b>")
    assert (answer.attempts, answer.status, answer.problem) == (1, 200, "")
    pushed = running.server.pushed[-1]
    assert pushed["MsgType"] == "text"
    assert pushed["Content"] == "余额 ]]> <b>"
    assert pushed["FromUserName"] == running.openid("shop")
    assert len(pushed["MsgId"]) >= 18
    query = running.server.queries[-1]
    assert query["encrypt_type"] == "aes"
    assert query["openid"] == running.openid("shop")
    assert running.received("shop") == ["余额 在此"]
    bubble = running.platform.chat(ANA, "shop").last
    assert bubble.way == "passive"
    assert bubble.more["links"] == [{"label": "在此", "page": "", "appid": "", "href": "https://x.example/1"}]


async def test_three_tries_then_people_read_that_it_is_down(running: Shop) -> None:
    await running.people.follow(ANA, "shop")
    running.server.answers = [503, 503, 500]
    answer = await running.people.say(ANA, "shop", "hi")
    assert answer.attempts == 3
    first, second, third = running.server.pushed[-3:]
    assert first == second == third  # inside, the retries are the same
    assert len({query["nonce"] for query in running.server.queries[-3:]}) == 3
    assert running.told("shop") == [OFFICIAL_DOWN]


async def test_an_answer_that_takes_too_long_is_asked_for_again() -> None:
    async with shop(push_timeout=timedelta(seconds=0.2)) as running:
        await running.people.follow(ANA, "shop")
        running.server.answers = [0.5, {"MsgType": "text", "Content": "second"}]
        answer = await running.people.say(ANA, "shop", "hi")
        assert answer.attempts == 2
        assert running.received("shop") == ["second"]


@pytest.mark.parametrize(
    "bad",
    [
        b"hello",
        b'{"errcode": 0}',
        b"<xml><MsgType>text</MsgType><Content>plain</Content></xml>",
        {"MsgType": "text", "Content": "字" * 700},
        {"MsgType": "text", "ToUserName": "somebody else", "Content": "hi"},
        {"MsgType": "unheard of"},
    ],
)
async def test_what_wechat_cannot_read_is_told_as_a_failure(running: Shop, bad: object) -> None:
    await running.people.follow(ANA, "shop")
    running.server.answers = [bad]
    answer = await running.people.say(ANA, "shop", "hi")
    assert answer.attempts == 1  # it was an answer: nothing is asked again
    assert running.told("shop") == [OFFICIAL_DOWN]
    assert running.received("shop") == []


async def test_an_answer_to_another_push_is_not_shown(running: Shop) -> None:
    await running.people.follow(ANA, "shop")
    running.server.answers = [{"MsgType": "text", "Content": "hi"}]
    running.server.nonce = "12345"
    answer = await running.people.say(ANA, "shop", "hi")
    assert answer.problem == "Nonce is another"
    assert running.told("shop") == [OFFICIAL_DOWN]


async def test_a_mini_program_shows_no_passive_text_and_hands_over(running: Shop) -> None:
    running.server.answers = [
        b"",
        {"MsgType": "text", "Content": "hi"},
        {"MsgType": "transfer_customer_service"},
    ]
    await running.people.enter(ANA, "mini", "wallet")
    assert running.server.pushed[-1]["SessionFrom"] == "wallet"
    await running.people.say(ANA, "mini", "one")
    assert running.told("mini") == [MINI_DOWN]
    await running.people.say(ANA, "mini", "two")
    pushes = len(running.server.pushed)
    await running.people.say(ANA, "mini", "to a person")
    assert len(running.server.pushed) == pushes  # the shop's own people read it, the server does not
    session = running.platform.chat(ANA, "mini").session
    assert session is not None
    assert session.heard == ["to a person"]
    running.people.agent_says(ANA, "mini", "您好")
    assert running.received("mini") == ["您好"]
    running.clock.forward(minutes=31)
    await running.people.say(ANA, "mini", "back")
    assert running.server.pushed[-1]["Content"] == "back"


async def test_an_official_account_is_told_who_takes_over_and_gives_back(running: Shop) -> None:
    await running.people.follow(ANA, "shop")
    running.server.answers = [{"MsgType": "transfer_customer_service", "TransInfo": {"KfAccount": "li@shop"}}]
    await running.people.say(ANA, "shop", "a person please")
    await running.loopback.settle()
    assert (running.server.pushed[-1]["Event"], running.server.pushed[-1]["KfAccount"]) == (
        "kf_create_session",
        "li@shop",
    )
    running.people.agent_closes(ANA, "shop")
    await running.loopback.settle()
    assert running.server.pushed[-1]["Event"] == "kf_close_session"
    with pytest.raises(CannotDo):
        running.people.agent_says(ANA, "shop", "gone")
    running.people.agent_takes(ANA, "shop")
    await running.loopback.settle()
    assert running.server.pushed[-1]["Event"] == "kf_create_session"
    with pytest.raises(CannotDo):
        running.people.agent_takes(ANA, "shop")


async def test_gestures_of_an_official_account(running: Shop) -> None:
    people, pushed = running.people, running.server.pushed
    with pytest.raises(CannotDo):
        await people.say(ANA, "shop", "who does not follow cannot write")
    assert await running.code("shop", "/cgi-bin/menu/create", BUTTONS) == 0
    await people.scan(ANA, "shop", "table-7")
    assert (pushed[-1]["Event"], pushed[-1]["EventKey"]) == ("subscribe", "qrscene_table-7")
    await people.scan(ANA, "shop", "table-8")
    assert (pushed[-1]["Event"], pushed[-1]["EventKey"]) == ("SCAN", "table-8")
    await people.tap_menu(ANA, "shop", "余额")
    assert (pushed[-1]["Event"], pushed[-1]["EventKey"]) == ("CLICK", "BALANCE")
    await people.tap_menu(ANA, "shop", "网站")
    assert (pushed[-1]["Event"], pushed[-1]["EventKey"]) == ("VIEW", "https://shop.example/")
    await people.tap_menu(ANA, "shop", "下单")
    assert (pushed[-1]["Event"], pushed[-1]["EventKey"]) == ("view_miniprogram", "pages/order")
    assert running.platform.chat(ANA, "shop").opened_page == "pages/order"
    with pytest.raises(CannotDo):
        await people.tap_menu(ANA, "shop", "nowhere")
    await people.send_location(ANA, "shop", 31.2304, 121.4737, "人民广场")
    assert (pushed[-1]["MsgType"], pushed[-1]["Location_X"]) == ("location", "31.230400")
    await people.tell_location(ANA, "shop", 31.2, 121.4)
    assert pushed[-1]["Event"] == "LOCATION"
    await people.send_picture(ANA, "shop")
    assert pushed[-1]["MsgType"] == "image"
    await people.send_voice(ANA, "shop", "余额")
    assert pushed[-1]["Recognition"] == "余额"
    await people.unfollow(ANA, "shop")
    assert pushed[-1]["Event"] == "unsubscribe"
    assert await running.text("shop", "still there?") == 43004


async def test_a_code_that_is_over_leads_nowhere(running: Shop) -> None:
    scene = {
        "action_info": {"scene": {"scene_str": "spring"}},
        "action_name": "QR_STR_SCENE",
        "expire_seconds": 60,
    }
    made = await running.ask("shop", "/cgi-bin/qrcode/create", scene)
    assert made["expire_seconds"] == 60
    running.clock.forward(seconds=61)
    await running.people.scan(ANA, "shop", made["ticket"])
    assert running.told("shop") == [CODE_IS_OVER]
    assert running.server.pushed == []


async def test_popups_and_settings_are_pushed(running: Shop) -> None:
    chosen = ARRIVED.template_id
    await running.people.answer_popup(ANA, "mini", {chosen: "accept"})
    pushed = running.server.pushed[-1]
    assert pushed["Event"] == "subscribe_msg_popup_event"
    listed = pushed["SubscribeMsgPopupEvent"]["List"]
    assert (listed["TemplateId"], listed["SubscribeStatusString"]) == (chosen, "accept")
    await running.people.reject_in_settings(ANA, "mini", chosen)
    assert running.server.pushed[-1]["Event"] == "subscribe_msg_change_event"
    assert (await running.notice("mini"))["errcode"] == 43101


def test_json_has_the_list_at_the_top_and_times_as_text_in_events_only() -> None:
    event = {
        "CreateTime": 1610969440,
        "MsgType": "event",
        "SubscribeMsgPopupEvent": {"List": [{"TemplateId": "a"}]},
    }
    assert orjson.loads(write(event, "json")) == {
        "CreateTime": "1610969440",
        "MsgType": "event",
        "List": {"TemplateId": "a"},
    }
    two = {**event, "SubscribeMsgPopupEvent": {"List": [{"TemplateId": "a"}, {"TemplateId": "b"}]}}
    assert orjson.loads(write(two, "json"))["List"] == [{"TemplateId": "a"}, {"TemplateId": "b"}]
    assert write(two, "xml").count(b"<List>") == 2
    message = {"CreateTime": 1, "MsgType": "text"}
    assert orjson.loads(write(message, "json"))["CreateTime"] == 1
    assert read(b"<xml><A><B>1</B></A></xml>", "xml") == {"A": {"B": "1"}}


async def test_in_plain_mode_nothing_is_sealed() -> None:
    async with shop(mode="plain") as running:
        await running.people.follow(ANA, "shop")
        running.server.answers = [{"MsgType": "text", "Content": "plain"}]
        await running.people.say(ANA, "shop", "hi")
        assert "msg_signature" not in running.server.queries[-1]
        assert running.received("shop") == ["plain"]


async def test_in_compatible_mode_a_push_comes_both_ways() -> None:
    async with shop(mode="compatible") as running:
        await running.people.follow(ANA, "shop")
        await running.people.say(ANA, "shop", "hi")
        pushed = running.server.pushed[-1]
        assert pushed["Content"] == "hi"
        account = running.platform.accounts["shop"]
        query = running.server.queries[-1]
        parts = query["msg_signature"], query["timestamp"], query["nonce"]
        sealed = f"<xml><Encrypt>{pushed['Encrypt']}</Encrypt></xml>"
        assert "hi" in running.server.crypto(account).decrypt_message(sealed, *parts)


async def test_pushes_go_wrong_on_demand(running: Shop) -> None:
    await running.people.follow(ANA, "shop")
    pushed = running.server.pushed
    running.server.answers = [
        {"MsgType": "text", "Content": "first"},
        {"MsgType": "text", "Content": "second"},
    ]
    running.loopback.fault(Fault(kind="lose_push_answer"))
    running.loopback.fault(Fault(kind="same_query"))
    before = len(pushed)
    answer = await running.people.say(ANA, "shop", "lost")
    assert answer.attempts == 2
    assert pushed[before] == pushed[before + 1]
    assert running.server.queries[-1] == running.server.queries[-2]
    assert running.received("shop") == ["second"]
    running.loopback.fault(Fault(kind="double_push"))
    before = len(pushed)
    await running.people.say(ANA, "shop", "twice")
    assert [one["Content"] for one in pushed[before:]] == ["twice", "twice"]
    running.loopback.fault(Fault(kind="wrong_token", account="mini"))
    await running.people.say(ANA, "shop", "not this account's fault")
    assert pushed[-1]["Content"] == "not this account's fault"


async def test_the_console_verifies_the_address(running: Shop) -> None:
    assert await running.platform.pushes.verify(running.platform.accounts["shop"])
