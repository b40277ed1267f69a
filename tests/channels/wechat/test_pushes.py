"""What pushes mean: every kind of the vectors is understood or politely passed over."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.wechat.account import AccountKind, Format, WechatAccount
from bot.channels.wechat.pushes import (
    ANSWER_WITHIN,
    CONSOLE_TEST,
    NO_CONCERN,
    UNKNOWN,
    DeskStep,
    GrantChange,
    Granted,
    HandedOver,
    PassedOver,
    Push,
    Report,
    Reported,
    Said,
    read_push,
)
from bot.channels.wechat.shapes import Fields, Value, read
from bot.core.errors import Refused
from bot.core.gestures import Gesture, GestureKind
from bot.core.grants import Answer
from bot.core.messages import Inbound, OutboxState
from bot.core.windows import ENTERED, TAPPED, WROTE, opened_by
from tests.channels.wechat.vectors import cases, needs_vectors

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OFFICIAL = WechatAccount(
    name="shop", appid="wx0123456789abcdef", secret="", kind=AccountKind.OFFICIAL, tokens=("AAAAA",)
)
MINI = replace(OFFICIAL, name="mini", kind=AccountKind.MINI)
OPENID = "otFpruAK8D-E6EfStSYonYSBZ8_4"
ADDRESS = f"{OFFICIAL.appid}/{OPENID}"


def push(account: WechatAccount = OFFICIAL, **fields: Value) -> Push:
    common: Fields = {
        "ToUserName": "gh_123456789abc",
        "FromUserName": OPENID,
        "CreateTime": "1610969440",
        **fields,
    }
    return read_push(account, common, NOW)


def event(name: str, account: WechatAccount = OFFICIAL, **fields: Value) -> Push:
    return push(account, MsgType="event", Event=name, **fields)


def heard(said: Push) -> Inbound:
    assert isinstance(said, Said), said
    return said.inbound


def did(said: Push) -> tuple[GestureKind, str]:
    gesture = heard(said).gesture
    assert gesture is not None
    return gesture.kind, gesture.value


UNDERSTOOD: dict[str, type[Push]] = {
    **dict.fromkeys(
        ["text", "image", "voice", "video", "shortvideo", "location", "link", "miniprogrampage"], Said
    ),
    **dict.fromkeys(
        [
            *("subscribe", "unsubscribe", "SCAN", "LOCATION", "CLICK", "VIEW", "user_enter_tempsession"),
            *("scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin"),
            "location_select",
        ],
        Said,
    ),
    **dict.fromkeys(["kf_create_session", "kf_close_session", "kf_switch_session"], HandedOver),
    **dict.fromkeys(["subscribe_msg_popup_event", "subscribe_msg_change_event"], Granted),
    **dict.fromkeys(
        ["subscribe_msg_sent_event", "TEMPLATESENDJOBFINISH", "notify_service_msg_send_result"], Reported
    ),
}
STRANGE = {"notsure", "unknown"}  # kinds that their authors made up


@needs_vectors
@pytest.mark.parametrize("case", cases("wechat_messages_events.json"))
def test_every_push_of_the_vectors_is_understood_or_passed_over(case: dict[str, Any]) -> None:
    fields = read(case["raw"].strip().encode(), Format(case["format"]))
    kind = str(fields["MsgType"]).strip()
    name = str(fields["Event"]).strip() if kind in {"event", "device_event"} else kind
    understood = read_push(OFFICIAL, fields, NOW)
    assert type(understood) is UNDERSTOOD.get(name, PassedOver)
    if isinstance(understood, PassedOver):
        wanted = UNKNOWN if name in STRANGE else CONSOLE_TEST if name == "debug_demo" else NO_CONCERN
        assert understood.why == wanted


def test_a_text_is_an_inbound() -> None:
    inbound = heard(push(MsgType="text", Content=" 余额 ", MsgId="1234567890123456"))
    assert inbound == Inbound(
        provider="wechat",
        provider_id="wx0123456789abcdef:1234567890123456",
        channel="wechat",
        address=ADDRESS,
        to=OFFICIAL.appid,
        text="余额",
        received_at=NOW,
        facts={"msg_type": "text", "done": "1610969440"},
        answer_within=ANSWER_WITHIN,
    )
    assert opened_by(inbound) == WROTE


def test_nobody_smuggles_fields_into_what_the_platform_says_of_them() -> None:
    """A text that ends its own CDATA section, names a UnionID of somebody else, and opens the next one."""
    typed = "]]></Content><UnionID>oOfSomebodyElse_0123</UnionID><Content><![CDATA["
    body = f"""<xml><ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName>
        <CreateTime>1348831860</CreateTime><MsgType><![CDATA[text]]></MsgType>
        <Content><![CDATA[{typed}]]></Content><MsgId>7</MsgId></xml>"""
    with pytest.raises(Refused, match="twice"):
        read_push(OFFICIAL, read(body.encode(), Format.XML), NOW)


def test_only_an_official_account_can_answer_at_once() -> None:
    assert heard(push(MINI, MsgType="text", Content="hi", MsgId="1")).answer_within is None


def test_a_message_id_is_a_text() -> None:
    odd = "49d72d67-5ee7-4e4b_1555684067"
    assert heard(push(MsgType="text", Content="hi", MsgId=odd)).provider_id == f"{OFFICIAL.appid}:{odd}"


def test_a_tap_in_a_menu_message_is_its_words_and_opens_the_window_of_a_tap() -> None:
    inbound = heard(push(MsgType="text", Content="Reorder", MsgId="1", bizmsgmenuid="101"))
    assert (inbound.text, inbound.facts["bizmsgmenuid"]) == ("Reorder", "101")
    assert opened_by(inbound) == TAPPED


def test_a_voice_message_that_was_understood_counts_as_text() -> None:
    inbound = heard(push(MsgType="voice", MediaId="m1", Format="amr", Recognition="我的积分", MsgId="1"))
    assert (inbound.text, inbound.media) == ("我的积分", ())
    silent = heard(push(MsgType="voice", MediaId="m1", Format="amr", Recognition="", MsgId="2"))
    assert (silent.text, silent.media) == ("", ("wechat-media:m1",))


def test_pictures_films_links_and_cards_are_media_or_text() -> None:
    picture = heard(push(MsgType="image", PicUrl="https://mmbiz.qpic.cn/1", MediaId="m1", MsgId="1"))
    assert picture.media == ("https://mmbiz.qpic.cn/1",)
    assert heard(push(MsgType="video", MediaId="m2", MsgId="2")).media == ("wechat-media:m2",)
    link = heard(push(MsgType="link", Title="Tea", Description="…", Url="https://tea.example", MsgId="3"))
    assert link.text == "Tea https://tea.example"
    card = heard(push(MsgType="miniprogrampage", Title="Oolong", AppId="wx1", PagePath="p?id=1", MsgId="4"))
    assert (card.text, card.facts["page"]) == ("Oolong", "p?id=1")


def test_a_place_is_a_gesture_and_only_a_message_of_it_opens_the_long_window() -> None:
    message = push(MsgType="location", Location_X="23.1", Location_Y="113.3", Label="广州", MsgId="1")
    assert did(message) == (GestureKind.LOCATION, "23.1,113.3")
    assert heard(message).facts["label"] == "广州"
    assert opened_by(heard(message)) == WROTE
    told = event("LOCATION", Latitude="23.1", Longitude="113.3", Precision="119.4")
    assert did(told) == (GestureKind.LOCATION, "23.1,113.3")
    assert opened_by(heard(told)) is None


@pytest.mark.parametrize(
    ("key", "scene"),
    [("", ""), ("qrscene_123", "123"), ("qrscene_table-7", "table-7"), ("last_trade_no_4200", "")],
)
def test_who_follows_may_come_by_a_scene(key: str, scene: str) -> None:
    assert did(event("subscribe", EventKey=key, Ticket="T")) == (GestureKind.FOLLOW, scene)


def test_gestures_have_their_values() -> None:
    assert did(event("SCAN", EventKey="table-7", Ticket="T")) == (GestureKind.SCAN, "table-7")
    assert did(event("CLICK", EventKey="BALANCE")) == (GestureKind.MENU, "BALANCE")
    assert did(event("VIEW", EventKey="https://shop.example", MenuId="1")) == (
        GestureKind.VIEW,
        "https://shop.example",
    )
    enter = event("user_enter_tempsession", MINI, SessionFrom="cart")
    assert did(enter) == (GestureKind.ENTER, "cart")
    assert opened_by(heard(enter)) == ENTERED
    waiting = event("scancode_waitmsg", EventKey="6", ScanCodeInfo={"ScanType": "qrcode", "ScanResult": "2"})
    assert did(waiting) == (GestureKind.MENU, "6")
    assert heard(waiting).facts == {"scanned": "2", "done": "1610969440"}


def test_who_leaves_cannot_be_answered() -> None:
    left = heard(event("unsubscribe", EventKey=""))
    assert left.gesture == Gesture(GestureKind.UNFOLLOW)
    assert left.answer_within is None


def test_a_popup_tells_of_every_template_also_of_one() -> None:
    items: list[Value] = [
        {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "2"},
        {"TemplateId": "T2", "SubscribeStatusString": "reject", "PopupScene": "2"},
        {"TemplateId": "T3", "SubscribeStatusString": "shrug"},
    ]
    xml = event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": items})
    json = event("subscribe_msg_popup_event", MINI, List=items[0])
    assert isinstance(xml, Granted)
    assert xml.changes == (GrantChange("T1", Answer.ACCEPT), GrantChange("T2", Answer.REJECT))
    assert (xml.asked, xml.account, xml.address, xml.at) == (True, "shop", ADDRESS, NOW)
    assert isinstance(json, Granted)
    assert json.changes == (GrantChange("T1", Answer.ACCEPT),)
    changed = event("subscribe_msg_change_event", List=[items[1]])
    assert isinstance(changed, Granted)
    assert (changed.asked, changed.changes) == (False, (GrantChange("T2", Answer.REJECT),))


@pytest.mark.parametrize("items", [[], "", [{"TemplateId": ""}], ["x"], {"List": "x"}])
def test_a_popup_that_names_no_template_is_passed_over(items: Value) -> None:
    assert event("subscribe_msg_popup_event", List=items) == PassedOver(
        "event:subscribe_msg_popup_event", "no template is named"
    )


def test_reports_say_how_far_a_message_came() -> None:
    sent = event(
        "subscribe_msg_sent_event",
        List={"TemplateId": "T1", "MsgID": "17", "ErrorCode": "0", "ErrorStatus": "success"},
    )
    assert isinstance(sent, Reported)
    assert sent.reports == (Report("17", "T1", OutboxState.DELIVERED),)
    lost = event(
        "subscribe_msg_sent_event",
        List=[{"TemplateId": "T1", "MsgID": "18", "ErrorCode": "-1004", "ErrorStatus": "user reject"}],
    )
    assert isinstance(lost, Reported)
    assert lost.reports == (Report("18", "T1", OutboxState.UNDELIVERED, -1004, "user reject"),)
    blocked = event("TEMPLATESENDJOBFINISH", MsgID="19", Status="failed:user block")
    assert isinstance(blocked, Reported)
    assert blocked.reports == (Report("19", None, OutboxState.UNDELIVERED, None, "failed:user block"),)
    card = event("notify_service_msg_send_result", notify_code="p1.42", fail_ret="-1004", fail_msg="no ")
    assert isinstance(card, Reported)
    assert card.reports == (Report("p1.42", None, OutboxState.UNDELIVERED, -1004, "no"),)
    assert event("subscribe_msg_sent_event", List={"ErrorCode": "0"}) == PassedOver(
        "event:subscribe_msg_sent_event", "no message is named"
    )


def test_a_hand_over_names_who_has_the_contact_now() -> None:
    switched = event("kf_switch_session", FromKfAccount="ann@shop", ToKfAccount="bob@shop")
    assert isinstance(switched, HandedOver)
    assert (switched.step, switched.agent, switched.address) == (DeskStep.SWITCHED, "bob@shop", ADDRESS)


def key_of(push: Push) -> str:
    assert not isinstance(push, PassedOver)
    return push.inbound.provider_id if isinstance(push, Said) else push.key


def test_events_of_one_second_are_told_apart_and_retries_are_not() -> None:
    scan = event("SCAN", EventKey="7", Ticket="T")
    assert key_of(scan) == key_of(event("SCAN", Ticket="T", EventKey="7"))
    others = [
        event("SCAN", EventKey="8", Ticket="T"),
        event("subscribe", EventKey="qrscene_7", Ticket="T"),
        event("SCAN", EventKey="7", Ticket="T", CreateTime="1610969441"),
        event("SCAN", EventKey="7", Ticket="T", FromUserName="o2"),
        event("SCAN", replace(OFFICIAL, appid="wx2"), EventKey="7", Ticket="T"),
    ]
    assert len({key_of(one) for one in [scan, *others]}) == 6
    assert OPENID not in key_of(scan), "a key outlives the erasing of whom it concerned"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"MsgType": ""},
        {"MsgType": {"x": "y"}},
        {"MsgType": "text", "FromUserName": "", "Content": "hi"},
        {"MsgType": "text", "FromUserName": "a/b", "Content": "hi"},
        {"MsgType": "text", "FromUserName": ["o1", "o2"], "Content": "hi"},
        {"MsgType": "text", "FromUserName": "o" * 65, "Content": "hi"},
    ],
)
def test_what_says_not_who_sent_it_is_refused(fields: Fields) -> None:
    with pytest.raises(Refused):
        read_push(OFFICIAL, {"FromUserName": OPENID, **fields}, NOW)


def test_a_push_to_another_account_is_refused_where_ours_is_known() -> None:
    account = replace(OFFICIAL, original_id="gh_123456789abc")
    assert isinstance(push(account, MsgType="text", Content="hi", MsgId="1"), Said)
    with pytest.raises(Refused, match="for another account"):
        push(account, ToUserName="gh_other", MsgType="text", Content="hi", MsgId="1")


def test_a_kind_that_nobody_knows_is_told_so_that_it_can_be_counted() -> None:
    assert event("brand_new_event") == PassedOver("event:brand_new_event", UNKNOWN)
    assert event("x\ny " + OPENID) == PassedOver("event:odd", UNKNOWN)
    assert push(MsgType="hologram") == PassedOver("hologram", UNKNOWN)


NAMES = st.sampled_from(
    ["MsgType", "Event", "FromUserName", "Content", "MsgId", "EventKey", "List", "CreateTime", "MediaId"]
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.one_of(
        st.sampled_from(["event", "text", "location", "subscribe_msg_popup_event", "CLICK", OPENID, "0"]),
        st.text(max_size=20),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES, max_size=9))
def test_whatever_the_fields_are_they_mean_something_or_are_refused(fields: Fields) -> None:
    try:
        read_push(OFFICIAL, fields, NOW)
    except Refused:
        return
