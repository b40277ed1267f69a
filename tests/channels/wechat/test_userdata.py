"""What WeChat signs and seals for pages, by its own examples."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.channels.wechat.userdata import is_signed, unsealed
from bot.core.errors import Refused
from tests.channels.wechat.vectors import cases, needs_vectors

KEY, IV, APPID = b"k" * 16, b"i" * 16, "wx4f4bc4dec97d474b"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def sealed(plain: bytes) -> str:
    padding = 16 - len(plain) % 16
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC(IV)).encryptor()
    return b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()


def opened(text: str, key: bytes = KEY) -> Any:  # noqa: ANN401  # JSON
    return unsealed(text, b64encode(IV).decode(), b64encode(key).decode(), appid=APPID, now=NOW)


def marked(appid: object = APPID, at: object = int(NOW.timestamp())) -> str:
    return sealed(orjson.dumps({"openId": "o1", "watermark": {"appid": appid, "timestamp": at}}))


@needs_vectors
@pytest.mark.parametrize("case", cases("wechat_miniprogram_userdata.json"))
def test_the_platforms_own_examples(case: Any) -> None:  # noqa: ANN401  # a case file
    if case["kind"] == "sha1_rawdata":
        assert is_signed(case["raw_data"], case["signature"], case["session_key"])
        assert not is_signed(case["raw_data"] + " ", case["signature"], case["session_key"])
        assert not is_signed(case["raw_data"], "é" * 40, case["session_key"])
        return
    assert case["kind"] == "wxa_decrypt"
    given = case["encrypted_data"], case["iv"], case["session_key"]
    if case.get("expect") == "undecryptable":
        with pytest.raises(Refused, match="session key"):
            unsealed(*given, appid="wx", now=NOW, age_max=None)
        return
    plain = case["plaintext_json"]
    assert unsealed(*given, appid=case["appid"], now=NOW, age_max=None) == plain
    at = datetime.fromtimestamp(plain["watermark"]["timestamp"], UTC)
    assert unsealed(*given, appid=case["appid"], now=at + timedelta(minutes=5)) == plain
    with pytest.raises(Refused, match="too long ago"):
        unsealed(*given, appid=case["appid"], now=at + timedelta(minutes=5, seconds=1))
    with pytest.raises(Refused, match="another mini program"):
        unsealed(*given, appid="wxanother", now=at)


def test_what_was_sealed_for_us_just_now_is_opened() -> None:
    assert opened(marked())["openId"] == "o1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "é",
        b64encode(b"short").decode(),
        b64encode(b"x" * 32).decode(),
        sealed(b"no JSON"),
        sealed(b"[1]"),
        sealed(b"\xff\xfe"),
        marked(appid=None),
        marked(at="now"),
        marked(at=True),
        marked(at=10**18),
        marked(at=int(NOW.timestamp()) + 301),
        sealed(b'{"watermark": 1}'),
    ],
)
def test_everything_else_is_refused_and_nothing_falls_over(text: str) -> None:
    with pytest.raises(Refused):
        opened(text)


def test_keys_of_another_length_are_refused() -> None:
    with pytest.raises(Refused):
        opened(marked(), b"k" * 15)
    with pytest.raises(Refused):
        opened(marked(), b"z" * 16)
