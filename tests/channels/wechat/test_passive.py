"""What goes back in the answer to a push, as the platform will read it."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.wechat.account import AccountKind, Format, WechatAccount
from bot.channels.wechat.callback import Opened, Seal
from bot.channels.wechat.crypto import Envelope, signature
from bot.channels.wechat.passive import Answers, joined
from bot.channels.wechat.shapes import read, read_xml, text_of
from bot.core.wechat_text import TEXT_BYTES_MAX
from tests.channels.wechat.vectors import cases, needs_vectors

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCOUNT = WechatAccount(
    name="shop",
    appid="wx0123456789abcdef",
    secret="",
    kind=AccountKind.OFFICIAL,
    tokens=("AAAAA",),
    aes_keys=(b"k" * 32,),
)
ENVELOPE = Envelope(ACCOUNT.appid, ACCOUNT.aes_keys)
PUSH = Opened({"ToUserName": "gh_1", "FromUserName": "o1", "MsgType": "text"}, "n1")


def answers(form: Format = Format.XML) -> Answers:
    account = replace(ACCOUNT, format=form)
    return Answers(account.format, ENVELOPE, lambda count: b"r" * count)


def test_a_text_goes_back_to_whom_it_came_from() -> None:
    assert answers().text(PUSH, "Hi ]]> <b>", NOW) == (
        b"<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName>"
        b"<CreateTime>1795435200</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        b"<Content><![CDATA[Hi ]]]]><![CDATA[> <b>]]></Content></xml>"
    )
    assert json.loads(answers(Format.JSON).text(PUSH, "你好", NOW)) == {
        "ToUserName": "o1",
        "FromUserName": "gh_1",
        "CreateTime": 1795435200,
        "MsgType": "text",
        "Content": "你好",
    }


@pytest.mark.parametrize("form", Format)
def test_what_came_sealed_is_answered_sealed(form: Format) -> None:
    body = answers(form).text(replace(PUSH, seal=Seal("AAAAA", 0)), "你好", NOW)
    outer = read(body, form)
    assert (outer["TimeStamp"], outer["Nonce"]) == ("1795435200", "n1")
    sealed = text_of(outer, "Encrypt")
    assert outer["MsgSignature"] == signature("AAAAA", "1795435200", "n1", sealed)
    assert read(ENVELOPE.open(sealed)[0], form)["Content"] == "你好"
    if form is Format.JSON:
        assert isinstance(json.loads(body)["TimeStamp"], int), "in JSON it is a number"


def test_a_contact_is_handed_over_to_everyone_or_to_one() -> None:
    assert read_xml(answers().transfer(PUSH, NOW))["MsgType"] == "transfer_customer_service"
    named = read_xml(answers().transfer(PUSH, NOW, agent="ann@shop"))
    assert named["TransInfo"] == {"KfAccount": "ann@shop"}
    assert json.loads(answers(Format.JSON).transfer(PUSH, NOW))["ToUserName"] == "o1"


def test_several_messages_are_one_answer_if_it_is_not_too_long() -> None:
    assert joined(["Hi", "Bye"]) == "Hi\n\nBye"
    assert joined(["x" * TEXT_BYTES_MAX]) is not None
    assert joined(["x" * TEXT_BYTES_MAX, ""]) is None
    assert joined(['<a href="https://evil.example">Ana</a>']) == '＜a href="https://evil.example">Ana＜/a>'
    assert joined(["会" * 683]) is None, "bytes count, not characters"


@needs_vectors
@pytest.mark.parametrize("case", cases("wechat_callback_crypto.json"))
def test_the_printed_answer_of_the_vectors_is_written_alike(case: dict[str, Any]) -> None:
    if "reply_xml" not in case:
        return
    envelope = Envelope(case["appid"], [base64.b64decode(case["encoding_aes_key"] + "=")])
    sealed = envelope.seal(case["plaintext"].encode(), case["random16"].encode())
    printed = read_xml(case["reply_xml"].encode())
    assert printed == {
        "Encrypt": sealed,
        "MsgSignature": signature(case["token"], case["timestamp"], case["nonce"], sealed),
        "TimeStamp": case["timestamp"],
        "Nonce": case["nonce"],
    }
