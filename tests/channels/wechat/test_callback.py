"""The door of an account: only the platform, only now, only sealed where that is agreed."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels.wechat.account import AccountKind, Format, Mode, WechatAccount
from bot.channels.wechat.callback import BODY_MAX, FRESH_FOR, Callback, Opened, Replays, Seal
from bot.channels.wechat.crypto import Envelope, signature
from bot.channels.wechat.shapes import write_json, write_xml
from bot.core.errors import Refused
from tests.channels.wechat.vectors import cases, needs_vectors

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY, OLDER_KEY = b"k" * 32, b"o" * 32
SAFE = WechatAccount(
    name="shop",
    appid="wx0123456789abcdef",
    secret="",
    kind=AccountKind.MINI,
    tokens=("AAAAA",),
    aes_keys=(KEY,),
)
PLAIN = replace(SAFE, mode=Mode.PLAIN, aes_keys=())
HELLO = {"ToUserName": "gh_1", "FromUserName": "o1", "MsgType": "text", "Content": "hi", "MsgId": "1"}


def plain_query(at: datetime = NOW, nonce: str = "n1", token: str = "AAAAA") -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    return {
        "signature": signature(token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": "o1",
    }


def sealed(
    message: bytes, account: WechatAccount = SAFE, at: datetime = NOW, nonce: str = "n1", **beside: str
) -> tuple[dict[str, str], bytes]:
    """What the platform posts: query and body."""
    encrypted = Envelope(account.appid, account.aes_keys).seal(message, b"r" * 16)
    query = plain_query(at, nonce, account.tokens[0])
    query |= {
        "encrypt_type": "aes",
        "msg_signature": signature(account.tokens[0], query["timestamp"], nonce, encrypted),
    }
    write = write_xml if account.format is Format.XML else write_json
    return query, write({"ToUserName": "gh_1", "Encrypt": encrypted, **beside})


def refused(account: WechatAccount, query: Mapping[str, str], body: bytes, now: datetime = NOW) -> int:
    with pytest.raises(Refused) as raised:
        Callback(account).open(query, body, now)
    return raised.value.status


@needs_vectors
@pytest.mark.parametrize("case", cases("wechat_callback_crypto.json"))
def test_the_vectors_pass_the_whole_door_or_are_refused_there(case: dict[str, Any]) -> None:
    if case["kind"] not in {"plain_signature", "decrypt"} or "appid" not in case:
        return
    account = replace(
        SAFE,
        appid=case["appid"],
        tokens=(case["token"],),
        aes_keys=(base64.b64decode(case["encoding_aes_key"] + "="),),
    )
    query = {
        "timestamp": case["timestamp"],
        "nonce": case["nonce"],
        "msg_signature": case["msg_signature"],
        "encrypt_type": "aes",
    }
    then = datetime.fromtimestamp(int(case["timestamp"]), UTC)
    account = replace(account, format=Format.JSON if case["id"].endswith("json") else Format.XML)
    write = write_xml if account.format is Format.XML else write_json
    body = write({"ToUserName": "gh_1", "Encrypt": case["encrypt"]})
    if "expect" in case:
        assert refused(account, query, body, then) == 403
    elif case["id"] == "wechatpy-echostr-work":  # of another product: what it hides is a number alone
        assert refused(account, query, body, then) == 400
    else:
        fields = Callback(account).open(query, body, then).fields
        assert fields["FromUserName"] == (case.get("openid") or case["expect_fields"]["FromUserName"])
        assert refused(account, query, body, NOW) == 403, "it is years old"


def test_the_official_address_check_is_answered_word_for_word() -> None:
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    then = datetime.fromtimestamp(1714036504, UTC)
    assert Callback(SAFE).echo(query, then) == "4375120948345356249"
    for name in query:
        with pytest.raises(Refused):
            Callback(SAFE).echo({**query, name: ""}, then)
    with pytest.raises(Refused, match="not of now"):
        Callback(SAFE).echo(query, NOW)
    with pytest.raises(Refused):
        Callback(SAFE).echo({**query, "echostr": "<script>alert(1)</script> x"}, then)


@pytest.mark.parametrize("form", Format)
def test_a_sealed_push_opens(form: Format) -> None:
    account = replace(SAFE, format=form)
    write = write_xml if form is Format.XML else write_json
    query, body = sealed(write(HELLO), account)
    assert Callback(account).open(query, body, NOW) == Opened(dict(HELLO), "n1", Seal("AAAAA", 0))


def test_plain_text_is_refused_where_safe_mode_is_set() -> None:
    assert refused(SAFE, plain_query(), write_xml(HELLO)) == 403
    query, _ = sealed(write_xml(HELLO))
    assert refused(SAFE, query, write_xml(HELLO)) == 403
    assert refused(SAFE, query, write_xml({**HELLO, "Encrypt": ""})) == 403
    assert refused(replace(SAFE, mode=Mode.COMPATIBLE), plain_query(), write_xml(HELLO)) == 403


def test_in_compatible_mode_only_what_is_sealed_is_believed() -> None:
    account = replace(SAFE, mode=Mode.COMPATIBLE)
    query, body = sealed(write_xml(HELLO), account, MsgType="text", Content="forged", FromUserName="o2")
    assert Callback(account).open(query, body, NOW).fields == HELLO


def test_the_plain_signature_is_no_proof_in_safe_mode() -> None:
    query, body = sealed(write_xml(HELLO))
    assert refused(SAFE, {**query, "msg_signature": query["signature"]}, body) == 403
    assert refused(SAFE, {**query, "msg_signature": ""}, body) == 403
    without_plain = {name: value for name, value in query.items() if name != "signature"}
    assert Callback(SAFE).open(without_plain, body, NOW).fields == HELLO


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
@pytest.mark.parametrize("value", ["", "0", "x", "é", "9" * 500, "-1", "1e9", "\ud800"])
def test_a_changed_parameter_is_refused(name: str, value: str) -> None:
    query, body = sealed(write_xml(HELLO))
    assert refused(SAFE, {**query, name: value}, body) == 403


def test_another_accounts_push_is_refused_even_with_one_token_and_key() -> None:
    query, body = sealed(write_xml(HELLO), replace(SAFE, appid="wxffffffffffffffff"))
    assert refused(SAFE, query, body) == 403


@pytest.mark.parametrize("off", [-FRESH_FOR - timedelta(seconds=2), FRESH_FOR + timedelta(seconds=2)])
def test_what_is_old_or_of_the_future_is_refused(off: timedelta) -> None:
    query, body = sealed(write_xml(HELLO), at=NOW + off)
    assert refused(SAFE, query, body) == 403
    near, body = sealed(write_xml(HELLO), at=NOW + off * 0.9)
    assert Callback(SAFE).open(near, body, NOW).fields == HELLO


def test_a_push_may_come_again_as_the_platform_repeats_it_and_not_for_ever() -> None:
    door, (query, body) = Callback(SAFE), sealed(write_xml(HELLO))
    for _ in range(6):
        assert door.open(query, body, NOW).fields == HELLO
    with pytest.raises(Refused, match="used before"):
        door.open(query, body, NOW)


def test_one_signed_address_does_not_serve_two_bodies() -> None:
    """In plain mode the signature says nothing of the body: a seen address could carry any."""
    door = Callback(PLAIN)
    assert door.open(plain_query(), write_xml(HELLO), NOW).fields == HELLO
    with pytest.raises(Refused, match="used before"):
        door.open(plain_query(), write_xml({**HELLO, "Content": "forged"}), NOW)
    assert door.open(plain_query(nonce="n2"), write_xml(HELLO), NOW).fields == HELLO


def test_an_address_is_forgotten_when_it_has_gone_stale() -> None:
    replays = Replays()
    assert replays.admits(("a",), b"1", NOW)
    assert not replays.admits(("a",), b"2", NOW + 2 * FRESH_FOR - timedelta(seconds=1))
    assert replays.admits(("a",), b"2", NOW + 2 * FRESH_FOR)


def test_a_push_that_is_only_sealed_cannot_be_read_in_plain_mode() -> None:
    _, body = sealed(write_xml(HELLO))
    assert refused(PLAIN, plain_query(), body) == 400
    assert refused(PLAIN, plain_query(token="BBBBB"), write_xml(HELLO)) == 403


def test_both_tokens_and_keys_count_while_rotating() -> None:
    rotating = replace(SAFE, tokens=("BBBBB", "AAAAA"), aes_keys=(OLDER_KEY, KEY))
    query, body = sealed(write_xml(HELLO))
    assert Callback(rotating).open(query, body, NOW) == Opened(dict(HELLO), "n1", Seal("AAAAA", 1))
    query, body = sealed(write_xml(HELLO), rotating)
    assert Callback(rotating).open(query, body, NOW) == Opened(dict(HELLO), "n1", Seal("BBBBB", 0))


def test_a_large_body_is_refused_before_anything_is_made_of_it() -> None:
    assert refused(SAFE, {}, b"<" * (BODY_MAX + 1)) == 413


@pytest.mark.parametrize("body", [b"", b"<xml>", b"\0", b"{}", b"<xml><Encrypt><a/></Encrypt></xml>"])
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    query, _ = sealed(write_xml(HELLO))
    assert refused(SAFE, query, body) in {400, 403}
    assert refused(PLAIN, plain_query(), body) in {400, 403}
