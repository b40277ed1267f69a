"""What the WeChat benchmark posts is what the platform posts, and its bare round trip is a whole one."""

import os
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from benchmarks import sealed
from benchmarks.posts import Load, posts
from benchmarks.wechat import MIX, bare
from bot.channels.wechat.account import AccountKind, WechatAccount
from bot.channels.wechat.shapes import read_xml, text_of
from bot.web.wechat import Door

ACCOUNT = WechatAccount(
    name="shop",
    appid=sealed.APPID,
    secret="",
    kind=AccountKind.OFFICIAL,
    tokens=(sealed.TOKEN,),
    aes_keys=(sealed.KEY,),
)


def test_a_post_opens_at_the_door_and_its_bare_answer_opens_again() -> None:
    raw = sealed.sealed_post(80, 7, "BALANCE", "key")
    head, _, body = raw.decode().partition("\r\n\r\n")
    query = dict(parse_qsl(head.split()[1].partition("?")[2]))
    door, now = Door.of(ACCOUNT, os.urandom), datetime.now(UTC)
    push = door.callback.open(query, body.encode(), now).fields
    assert (push["Content"], push["FromUserName"]) == ("BALANCE", sealed.openid(7))
    parameters = (query["timestamp"], query["nonce"], query["msg_signature"])
    answer = read_xml(sealed.bare_round_trip(body.encode(), *parameters, "You have $5.00."))
    message, _ = door.callback.envelope.open(text_of(answer, "Encrypt"))
    inner = read_xml(message)
    assert (inner["Content"], inner["ToUserName"]) == ("You have $5.00.", sealed.openid(7))
    assert answer["MsgSignature"] == sealed.sign(*parameters[:2], text_of(answer, "Encrypt"))


def test_the_mix_is_of_what_is_answered_in_the_response() -> None:
    made = posts(Load(road="wechat", port=80, run="test", members=10, count=300, mix=MIX))
    assert {post.kind for post in made} == {"BALANCE", "HELP", "LOYALTY", "answer", "repeat"} - (
        set() if any(post.repeats is not None for post in made) else {"repeat"}
    )
    assert all(post.raw.startswith(b"POST /wechat/shop?signature=") for post in made)


def test_the_bare_round_trip_is_measured() -> None:
    assert 0 < bare(50) < 5000
