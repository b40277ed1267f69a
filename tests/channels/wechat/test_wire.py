"""What a message looks like to WeChat, against the platform's own examples."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.channel import SendError, SendNever
from bot.channels.wechat.account import AccountKind, WechatAccount
from bot.channels.wechat.client import WechatClient
from bot.channels.wechat.transport import Json, Transport
from bot.channels.wechat.wire import Means, pictures_of, requests_of
from bot.core.forms import Card, Form, MenuOption, Notice
from bot.core.messages import MessageClass, Outgoing
from bot.core.ways import WayKind
from tests.channels.wechat.platform import OFFICIAL, platform

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "wechat_outgoing_requests.json"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINI = WechatAccount(name="mini", appid="appid", secret="s", kind=AccountKind.MINI, tokens=("t",))
MESSAGE = Outgoing(
    id="0192f3a4b5c67d8e9fa0b1c2d3e4f507",
    contact_id="c" * 32,
    channel="wechat",
    address="wxapp/OPENID",
    sender="wxapp",
    message_class=MessageClass.REPLY,
    group=None,
    body="积分 12.00 到账",
    media=(),
    key="k",
    flow="f",
    step="s",
    due_at=NOW,
    valid_until=None,
    language="zh",
)
CARD = Card(title="title", page="pagepath", image="card.png")
CS = WayKind.CUSTOMER_SERVICE
CHOICES = (MenuOption("101", "满意"), MenuOption("102", "不满意"))


def means(
    account: WechatAccount = OFFICIAL, pictures: Mapping[str, str] | None = None, *, has_menus: bool = True
) -> Means:
    return Means(account, {"mini": "appid"}, pictures or {}, has_menus)


def bodies(message: Outgoing, means_: Means, way: WayKind = CS) -> list[Json]:
    return [request.body for request in requests_of(message, way, means_)]


def custom(message: Outgoing, means_: Means) -> list[Json]:
    """Return what customer service sends, without to whom."""
    found = bodies(message, means_)
    assert {body.pop("touser") for body in found} == {"OPENID"}
    return found


def text(content: str) -> Json:
    return {"msgtype": "text", "text": {"content": content}}


def test_a_text() -> None:
    (request,) = requests_of(MESSAGE, CS, means())
    assert request.path == "message/custom/send"
    assert request.body == {"touser": "OPENID", **text("积分 12.00 到账")}


def test_a_long_text_is_several_and_nobody_puts_a_link_into_it() -> None:
    message = replace(MESSAGE, body=f'<a href="https://evil.example">{"积分到账。" * 300}</a>')
    found = custom(message, means())
    assert len(found) == 3
    assert "<a" not in json.dumps(found)


def test_options_are_tapped_where_they_can_be() -> None:
    message = replace(MESSAGE, body="满意吗?\n1 满意\n2 不满意", form=Form(head="满意吗?", options=CHOICES))
    listed = [{"id": "101", "content": "满意"}, {"id": "102", "content": "不满意"}]
    assert custom(message, means()) == [
        {"msgtype": "msgmenu", "msgmenu": {"head_content": "满意吗?", "list": listed}}
    ]
    for other in (means(MINI), means(has_menus=False)):
        assert custom(message, other) == [text(message.body)]
    long = replace(message, form=Form(head="满" * 700, options=CHOICES))
    assert custom(long, means()) == [text(message.body)]


def test_a_card_comes_after_its_text() -> None:
    message = replace(MESSAGE, form=Form(card=CARD))
    page = {"title": "title", "appid": "appid", "pagepath": "pagepath", "thumb_media_id": "M"}
    card = {"msgtype": "miniprogrampage", "miniprogrampage": page}
    for account in (OFFICIAL, MINI):
        assert pictures_of(message, CS, means(account)) == ("card.png",)
        assert custom(message, means(account, {"card.png": "M"})) == [text(message.body), card]


def test_a_card_without_a_picture_is_a_link_in_the_text() -> None:
    card = replace(CARD, title="Your <usual>", page='pages/reorder?o=1&x="2"')
    found = custom(replace(MESSAGE, form=Form(card=card)), means())
    link = (
        '<a data-miniprogram-appid="appid" data-miniprogram-path="pages/reorder?o=1&x=%222%22">'
        "Your ＜usual＞</a>"
    )
    assert found == [text(f"{MESSAGE.body}\n\n{link}")]
    head = Form(head="满意吗?", options=CHOICES, card=card)
    menu, below = custom(replace(MESSAGE, form=head), means())
    assert (menu["msgtype"], below) == ("msgmenu", text(link))


@pytest.mark.parametrize(
    ("account", "minis", "named"),
    [
        (OFFICIAL, {}, ""),
        (OFFICIAL, {"one": "a", "two": "b"}, ""),
        (OFFICIAL, {"one": "a"}, "two"),
        (MINI, {"mini": "appid", "two": "b"}, "two"),
    ],
)
def test_a_card_of_no_mini_program_that_can_be_opened_is_text_alone(
    account: WechatAccount, minis: dict[str, str], named: str
) -> None:
    message = replace(MESSAGE, form=Form(card=replace(CARD, account=named)))
    found = Means(account, minis, {"card.png": "M"})
    assert custom(message, found) == [text(message.body)]
    assert pictures_of(message, CS, found) == ()


def test_pictures() -> None:
    message = replace(MESSAGE, body="", media=("https://shop.example/1.png", "https://shop.example/2.png"))
    assert pictures_of(message, CS, means()) == message.media
    found = custom(message, means(pictures={"https://shop.example/1.png": "M1"}))
    assert found == [
        text("https://shop.example/2.png"),
        {"msgtype": "image", "image": {"media_id": "M1"}},
    ]


def test_nothing_is_no_message() -> None:
    with pytest.raises(SendNever, match="empty"):
        requests_of(replace(MESSAGE, body=" \n"), CS, means())


NOTICE = Notice("arrived", "T1", {"thing1": "积分", "amount2": "¥12.00"}, page="pages/wallet")
DATA = {"thing1": {"value": "积分"}, "amount2": {"value": "¥12.00"}}


@pytest.mark.parametrize(
    ("language", "lang"),
    [
        ("zh", "zh_CN"),
        ("zh_Hans_CN", "zh_CN"),
        ("zh_TW", "zh_TW"),
        ("zh-Hant", "zh_TW"),
        ("zh_HK", "zh_HK"),
        ("en", "en_US"),
        ("es", "en_US"),
    ],
)
def test_a_notice_of_a_mini_program(language: str, lang: str) -> None:
    message = replace(MESSAGE, language=language, form=Form(notice=NOTICE))
    (request,) = requests_of(message, WayKind.SUBSCRIBE, means(MINI))
    assert request.path == "message/subscribe/send"
    assert request.body == {
        "touser": "OPENID",
        "template_id": "T1",
        "data": DATA,
        "page": "pages/wallet",
        "miniprogram_state": "formal",
        "lang": lang,
    }


@pytest.mark.parametrize(
    ("page", "opens"),
    [
        ("", {}),
        ("https://shop.example/", {"page": "https://shop.example/"}),
        ("pages/wallet", {"miniprogram": {"appid": "appid", "pagepath": "pages/wallet"}}),
    ],
)
def test_a_notice_of_an_official_account(page: str, opens: Json) -> None:
    message = replace(MESSAGE, form=Form(notice=replace(NOTICE, page=page, account="shop")))
    (request,) = requests_of(message, WayKind.SUBSCRIBE, means())
    assert request.path == "message/subscribe/bizsend"
    assert request.body == {"touser": "OPENID", "template_id": "T1", "data": DATA, **opens}


@pytest.mark.parametrize("way", [WayKind.SUBSCRIBE, WayKind.CARD, WayKind.PASSIVE])
def test_what_cannot_go_a_way_says_so(way: WayKind) -> None:
    with pytest.raises(SendNever, match=f"cannot go as {way.called}"):
        requests_of(MESSAGE, way, means())


# ------------------------------------------------------------------------------------- the official examples


def cases() -> list[Any]:
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason="../shared/vectors is not here"))]
    found = json.loads(VECTORS.read_text())["cases"]
    return [pytest.param(case, id=case["id"]) for case in found]


def written(body: dict[str, Any]) -> list[Json]:
    """Write the message that an example shows; those of kinds that we never send are returned as they are."""
    message, pictures = replace(MESSAGE, body=""), {"pic": "MEDIA_ID", "thumb": "thumb_media_id"}
    if body.get("msgtype") == "image":
        return bodies(replace(message, media=("pic",)), means(pictures=pictures))
    if body.get("msgtype") == "miniprogrampage":
        card = Card("title", "pagepath", image="thumb")
        return bodies(replace(message, form=Form(card=card)), means(pictures=pictures))
    if body.get("msgtype") == "msgmenu":
        form = Form(head=body["msgmenu"]["head_content"], options=CHOICES)
        (menu,) = bodies(replace(message, form=form), means())
        # Ours says nothing below the options, and no blank at the end of what is above them.
        shown = menu["msgmenu"]
        assert isinstance(shown, dict)
        shown["tail_content"], shown["head_content"] = "欢迎再次光临", f"{shown['head_content']} "
        return [menu]
    if "template_id" in body:
        fields = {key: value["value"] for key, value in body["data"].items()}
        form = Form(notice=Notice("n", body["template_id"], fields, page=body["page"]))
        face = replace(means(MINI), version=body["miniprogram_state"])
        return bodies(replace(message, form=form), face, WayKind.SUBSCRIBE)
    return [body]


@pytest.mark.parametrize("case", cases())
async def test_the_official_examples_are_posted_and_answered_as_written(case: dict[str, Any]) -> None:
    assert written(case["body"]) == [case["body"]]
    async with platform() as found:
        transport = Transport(found.url)
        client = WechatClient(OFFICIAL, transport)
        try:
            response, path = case["response"], case["endpoint"]
            found.answers = {path: response}
            posted = client.post(f"https://api.weixin.qq.com{path}", case["body"])
            if not isinstance(response, dict):  # the picture of a code, in place of JSON: the mini program's
                with pytest.raises(SendError, match="cannot be understood"):
                    await posted
            elif response.get("errcode"):
                with pytest.raises(SendError, match=str(response["errcode"])):
                    await posted
            else:
                assert await posted == response
            assert found.bodies(path) == [case["body"]]
        finally:
            await transport.close()
