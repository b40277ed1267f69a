"""The API refuses as WeChat's does: tokens, windows, grants, fields, menus, files; errors inside a 200."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.demo.wechat.faults import Fault
from tests.demo.wechat.shop import ANA, ARRIVED, MINI, OFFICIAL, Shop, shop

SEND = "/cgi-bin/message/custom/send"
PICTURE = bytes.fromhex("89504e470d0a1a0a")


@pytest.fixture
async def running() -> AsyncIterator[Shop]:
    async with shop() as made:
        await made.people.follow(ANA, "shop")
        await made.people.say(ANA, "shop", "hi")
        await made.people.say(ANA, "mini", "hi")
        yield made


async def upload(running: Shop, account: str, content: bytes, kind: str = "image") -> dict[str, object]:
    token = (await running.token(account))["access_token"]
    form = aiohttp.FormData()
    form.add_field("media", content, filename="a.png", content_type="image/png")
    params = {"access_token": token, "type": kind}
    async with running.session.post("/cgi-bin/media/upload", data=form, params=params) as answer:
        return dict(await answer.json(content_type=None))


# Tokens


async def test_everybody_gets_the_same_token_and_both_are_good_while_it_rotates(running: Shop) -> None:
    first = await running.token("shop")
    assert await running.token("shop") == first
    assert first["expires_in"] == 7200
    running.clock.forward(seconds=6899)
    assert (await running.token("shop"))["expires_in"] == 301
    running.clock.forward(seconds=2)
    second = await running.token("shop")
    assert second["access_token"] != first["access_token"]
    for token in (first, second):
        assert await running.code("shop", "/cgi-bin/menu/get", token=token["access_token"]) == 46003
    running.clock.forward(seconds=300)
    assert await running.code("shop", "/cgi-bin/menu/get", token=first["access_token"]) == 42001
    assert await running.code("shop", "/cgi-bin/menu/get", token=second["access_token"]) == 46003


async def test_a_forced_token_kills_the_old_one_not_too_often(running: Shop) -> None:
    first = (await running.token("shop"))["access_token"]
    second = (await running.token("shop", force_refresh=True))["access_token"]
    assert second != first
    assert await running.code("shop", "/cgi-bin/menu/get", token=first) == 40001
    assert (await running.token("shop", force_refresh=True))["access_token"] == second  # within 30 seconds
    for _ in range(19):
        running.clock.forward(seconds=30)
        assert "access_token" in await running.token("shop", force_refresh=True)
    running.clock.forward(seconds=30)
    assert (await running.token("shop", force_refresh=True))["errcode"] == 45009


async def test_tokens_are_refused_for_their_reasons(running: Shop) -> None:
    assert (await running.token("shop", secret="wrong"))["errcode"] == 40125
    assert (await running.token("shop", appid="wx1"))["errcode"] == 40013
    assert (await running.token("shop", grant_type="x"))["errcode"] == 40002
    account = running.platform.accounts["shop"]
    account.is_frozen = True
    assert (await running.token("shop"))["errcode"] == 40243
    account.is_frozen = False
    account.addresses = frozenset({"192.0.2.1"})
    refused = await running.token("shop")
    assert refused["errcode"] == 40164
    assert "127.0.0.1" in refused["errmsg"]
    account.addresses = None
    running.platform.tokens["shop"].limits.a_minute = 0
    assert (await running.token("shop"))["errcode"] == 45011
    assert await running.code("shop", "/cgi-bin/menu/get", token="never issued") == 40001
    assert await running.code("shop", "/cgi-bin/menu/get", token="é") == 40014
    async with running.session.get("/cgi-bin/menu/get") as answer:
        assert (await answer.json(content_type=None))["errcode"] == 41001


# Customer service


async def test_five_messages_within_48_hours_of_a_text(running: Shop) -> None:
    for account in ("shop", "mini"):
        running.platform.chat(ANA, account).windows.close()
        await running.people.say(ANA, account, "hi")
        assert [await running.text(account, str(n)) for n in range(6)] == [0, 0, 0, 0, 0, 45047]
        await running.people.say(ANA, account, "more")
        assert await running.text(account, "whole again") == 0
    running.clock.forward(hours=47, minutes=59)
    assert await running.text("mini", "just in time") == 0
    running.clock.forward(minutes=1)
    assert await running.text("mini", "too late") == 45015


async def test_a_tap_allows_three_for_a_minute_and_entering_two(running: Shop) -> None:
    running.clock.forward(hours=49)
    assert (
        await running.code(
            "shop", "/cgi-bin/menu/create", {"button": [{"type": "click", "name": "A", "key": "A"}]}
        )
        == 0
    )
    await running.people.tap_menu(ANA, "shop", "A")
    assert [await running.text("shop", str(n)) for n in range(4)] == [0, 0, 0, 45047]
    await running.people.tap_menu(ANA, "shop", "A")
    running.clock.forward(seconds=60)
    assert await running.text("shop", "too late") == 45015
    await running.people.enter(ANA, "mini")
    assert [await running.text("mini", str(n)) for n in range(3)] == [0, 0, 45047]


async def test_windows_are_apart_and_the_shorter_is_used_first(running: Shop) -> None:
    await running.people.enter(ANA, "mini")
    assert running.platform.chat(ANA, "mini").windows.left(running.clock.now) == 7
    assert [await running.text("mini", str(n)) for n in range(3)] == [0, 0, 0]
    running.clock.forward(minutes=1)
    assert running.platform.chat(ANA, "mini").windows.left(running.clock.now) == 4


async def test_an_option_is_tapped_and_comes_as_a_text_that_counts_as_a_tap(running: Shop) -> None:
    menu = {"head_content": "哪个?", "list": [{"id": "1", "content": "拿铁"}, {"id": "2", "content": "摩卡"}]}
    body = {"touser": running.openid("shop"), "msgtype": "msgmenu", "msgmenu": menu}
    assert await running.code("shop", SEND, body) == 0
    assert running.received("shop") == ["哪个?\n拿铁\n摩卡"]
    running.platform.chat(ANA, "shop").windows.close()
    number = running.platform.chat(ANA, "shop").last.number
    await running.people.tap_option(ANA, "shop", number, "摩卡")
    pushed = running.server.pushed[-1]
    assert (pushed["MsgType"], pushed["Content"], pushed["bizmsgmenuid"]) == ("text", "摩卡", "2")
    assert running.platform.chat(ANA, "shop").windows.left(running.clock.now) == 3
    running.platform.accounts["shop"].can_menu = False
    assert await running.code("shop", SEND, body) == 40200
    assert await running.code("mini", SEND, {**body, "touser": running.openid("mini")}) == 40008


async def test_cards_and_pictures_need_files_that_last_three_days(running: Shop) -> None:
    thumb = (await upload(running, "shop", PICTURE))["media_id"]
    page = {"title": "再来一单", "appid": MINI, "pagepath": "pages/order?o=1", "thumb_media_id": thumb}
    body = {"touser": running.openid("shop"), "msgtype": "miniprogrampage", "miniprogrampage": page}
    assert await running.code("shop", SEND, body) == 0
    bubble = running.platform.chat(ANA, "shop").last
    assert str(bubble.more["picture"]).startswith("data:image/png;base64,")
    opened = running.people.tap_card(ANA, "shop", bubble.number)
    assert (opened.page, opened.appid) == ("pages/order?o=1", MINI)
    wrong = {**page, "appid": OFFICIAL}
    assert await running.code("shop", SEND, {**body, "miniprogrampage": wrong}) == 40013
    running.clock.forward(days=3)
    await running.people.say(ANA, "shop", "hi")
    assert await running.code("shop", SEND, body) == 40007
    of_other = (await upload(running, "mini", PICTURE))["media_id"]
    picture = {"touser": running.openid("shop"), "msgtype": "image", "image": {"media_id": of_other}}
    assert await running.code("shop", SEND, picture) == 40007
    assert (await upload(running, "shop", PICTURE, "thing"))["errcode"] == 40004
    assert (await upload(running, "shop", b"x" * 65537, "thumb"))["errcode"] == 40009


async def test_what_is_no_message_is_refused(running: Shop) -> None:
    assert await running.text("shop", "") == 44004
    assert await running.text("shop", "字" * 683) == 45002
    assert await running.text("shop", "字" * 682) == 0
    stranger = {"touser": running.openid("shop"), "msgtype": "text", "text": {"content": "hi"}}
    assert await running.code("mini", SEND, stranger) == 40003
    assert await running.code("shop", SEND, {**stranger, "msgtype": "fax"}) == 40008


async def test_escapes_are_shown_as_they_are(running: Shop) -> None:
    token = (await running.token("shop"))["access_token"]
    body = f'{{"touser": "{running.openid("shop")}", "msgtype": "text", "text": {{"content": "\\u4f60"}}}}'
    async with running.session.post(SEND, data=body.encode(), params={"access_token": token}) as answer:
        assert (await answer.json(content_type=None))["errcode"] == 0
    assert running.received("shop") == ["\\u4f60"]


async def test_typing_is_shown_within_30_seconds_of_a_word_and_not_twice(running: Shop) -> None:
    typing = {"touser": running.openid("shop"), "command": "Typing"}
    path = "/cgi-bin/message/custom/typing"
    assert await running.code("shop", path, typing) == 0
    assert await running.code("shop", path, typing) == 45081
    running.clock.forward(seconds=15)
    assert await running.code("shop", path, typing) == 0
    running.clock.forward(seconds=16)
    assert await running.code("shop", path, typing) == 45080


# Subscribe messages


async def test_one_accept_is_one_message(running: Shop) -> None:
    assert (await running.notice("mini"))["errcode"] == 43101
    for _ in range(2):
        await running.people.answer_popup(ANA, "mini", {ARRIVED.template_id: "accept"})
    assert [(await running.notice("mini"))["errcode"] for _ in range(3)] == [0, 0, 43101]
    assert running.received("mini")[0] == "到账提醒\n商家：常客咖啡\n金额：¥4.59\n时间：2026年11月23日 15:01"
    await running.people.answer_popup(ANA, "mini", {ARRIVED.template_id: "accept"})
    await running.people.answer_popup(ANA, "mini", {ARRIVED.template_id: "reject"})
    assert (await running.notice("mini"))["errcode"] == 43101


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "二十一个字的内容就太长了所以这里要被平台拒绝掉"),
        ("thing1", "two\nlines"),
        ("thing1", ""),
        ("amount2", "-4.59"),
        ("amount2", "USD 4.59"),
        ("amount2", "12345678901"),
        ("time3", "tomorrow"),
        ("time3", "25:00"),
    ],
)
async def test_a_field_that_does_not_fit_is_named(running: Shop, key: str, value: str) -> None:
    await running.people.answer_popup(ANA, "mini", {ARRIVED.template_id: "accept"})
    refused = await running.notice("mini", **{key: value})
    assert refused["errcode"] == 47003
    assert key in refused["errmsg"]
    assert (await running.notice("mini"))["errcode"] == 0  # nothing was spent


async def test_official_accounts_send_theirs_and_are_told_of_it(running: Shop) -> None:
    await running.people.answer_popup(ANA, "shop", {ARRIVED.template_id: "accept"})
    sent = await running.notice("shop")
    await running.loopback.settle()
    pushed = running.server.pushed[-1]
    assert pushed["Event"] == "subscribe_msg_sent_event"
    assert pushed["SubscribeMsgSentEvent"]["List"]["MsgID"] == str(sent["msgid"])
    assert await running.code("shop", "/cgi-bin/message/subscribe/send", {}) == 48001
    listed = await running.ask("mini", "/wxaapi/newtmpl/gettemplate")
    assert (
        listed["data"][0]["content"] == "商家:{{thing1.DATA}}\n金额:{{amount2.DATA}}\n时间:{{time3.DATA}}\n"
    )


# The rest


async def test_menus_are_checked(running: Shop) -> None:
    create = "/cgi-bin/menu/create"
    for button, code in (
        ({"type": "click", "name": "五个汉字的名字太长", "key": "A"}, 40018),
        ({"type": "tap", "name": "A", "key": "A"}, 40017),
        ({"type": "click", "name": "A"}, 40019),
        ({"type": "view", "name": "A"}, 40020),
        ({"name": "A", "sub_button": [{"type": "click", "name": "B", "key": "B"}] * 6}, 40023),
    ):
        assert await running.code("shop", create, {"button": [button]}) == code
    good = {"type": "click", "name": "A", "key": "A"}
    assert await running.code("shop", create, {"button": [good] * 4}) == 40016
    assert await running.code("mini", create, {"button": [good]}) == 48001
    assert await running.code("shop", create, {"button": [good]}) == 0
    assert (await running.ask("shop", "/cgi-bin/menu/get"))["menu"] == {"button": [good]}
    assert await running.code("shop", "/cgi-bin/menu/delete") == 0
    assert await running.code("shop", "/cgi-bin/menu/get") == 46003


async def test_users_are_told_of(running: Shop) -> None:
    found = await running.ask("shop", "/cgi-bin/user/info", openid=running.openid("shop"))
    assert (found["subscribe"], found["unionid"][:2]) == (1, "oU")
    await running.people.unfollow(ANA, "shop")
    found = await running.ask("shop", "/cgi-bin/user/info", openid=running.openid("shop"))
    assert found["subscribe"] == 0
    assert await running.code("shop", "/cgi-bin/user/info", openid="nobody") == 40003


async def test_a_person_of_the_shop_takes_over_by_the_api(running: Shop) -> None:
    body = {"kf_account": "li@shop", "openid": running.openid("shop")}
    assert await running.code("shop", "/customservice/kfsession/close", body) == 65415
    assert await running.code("shop", "/customservice/kfsession/create", body) == 0
    session = await running.ask("shop", "/customservice/kfsession/getsession", openid=running.openid("shop"))
    assert session["kf_account"] == "li@shop"
    assert await running.code("shop", "/customservice/kfsession/close", body) == 0


async def test_limits_end_at_midnight_in_beijing(running: Shop) -> None:
    running.platform.day_limits["shop", SEND] = 1
    running.platform.minute_limits["mini", SEND] = 1
    assert [await running.text("shop", str(n)) for n in range(2)] == [0, 45009]
    assert [await running.text("mini", str(n)) for n in range(2)] == [0, 45011]
    running.clock.forward(minutes=1)
    assert await running.text("mini", "again") == 0
    running.clock.forward(hours=12)  # 00:01 in Beijing
    assert await running.text("shop", "again") == 0


async def test_the_api_fails_on_demand(running: Shop) -> None:
    fault = running.loopback.fault
    fault(Fault(kind="refuse", code=-1, path=SEND, times=2))
    assert [await running.text("shop", str(n)) for n in range(3)] == [-1, -1, 0]
    fault(Fault(kind="late_answer", code=-1, path=SEND))
    assert await running.text("shop", "all the same") == -1
    assert running.received("shop") == ["2", "all the same"]
    for kind in ("drop_request", "drop_answer"):
        fault(Fault(kind=kind, path=SEND))
        with pytest.raises(aiohttp.ClientError):
            await running.text("shop", kind)
    assert running.received("shop")[2:] == ["drop_answer"]
    fault(Fault(kind="refuse", code=40125, path="/cgi-bin/stable_token"))
    assert (await running.token("shop"))["errcode"] == 40125
    assert list(running.platform.faults) == []


async def test_the_phones_face(running: Shop) -> None:
    chat = f"/loopback/wechat/shop/{ANA}"
    async with running.session.post(f"{chat}/say", json={"text": "by HTTP"}) as answer:
        assert (await answer.json())["attempts"] == 1
    async with running.session.post(f"{chat}/follow") as answer:
        assert (answer.status, (await answer.json())["error"]) == (409, "Cannot be done: follows already")
    async with running.session.get(chat) as answer:
        seen = await answer.json()
    assert seen["windows"]["left"] == 8
    assert seen["messages"][-1]["text"] == "by HTTP"
    async with running.session.get(f"{chat}/exchange") as answer:
        exchange = await answer.json()
    assert "by HTTP" in exchange["plain"]
    assert "Encrypt" in exchange["body"]
    assert exchange["answer"] == "success"
    async with running.session.post("/loopback/wechat/accounts/shop/reset_secret") as answer:
        assert answer.status == 200
    token = (await running.token("shop"))["access_token"]
    fault = {"kind": "refuse", "code": 40125, "path": "/cgi-bin/stable_token", "account": "shop"}
    async with running.session.post("/loopback/faults", json=fault) as answer:
        assert answer.status == 201
    assert await running.code("shop", "/cgi-bin/menu/get", token=token) == 40001
    assert (await running.token("shop"))["errcode"] == 40125
    async with running.session.post("/loopback/faults", json={"kind": "unheard of"}) as answer:
        assert answer.status == 400
    async with running.session.post(f"{chat}/say", headers={"Origin": "https://elsewhere.example"}) as answer:
        assert answer.status == 403
