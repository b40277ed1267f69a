"""The loopback's own signing and sealing, against the platform's published examples."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.demo.wechat.account import made_aes_key
from bot.demo.wechat.crypto import CannotOpen, is_signed, seal, sign, unseal

_FILE = Path(__file__).parents[4] / "shared" / "vectors" / "wechat_callback_crypto.json"
if not _FILE.exists():
    pytest.skip("the published examples are not beside the project", allow_module_level=True)
CASES: list[dict[str, Any]] = json.loads(_FILE.read_text())["cases"]


def of_kind(*kinds: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] in kinds]


@pytest.mark.parametrize("case", of_kind("plain_signature"))
def test_a_plain_push_is_signed_over_token_time_and_nonce(case: dict[str, Any]) -> None:
    fits = is_signed(case["signature"], case["token"], case["timestamp"], case["nonce"])
    assert fits is ("expect" not in case)


@pytest.mark.parametrize("case", of_kind("sha1_sorted"))
def test_parts_are_signed_in_order(case: dict[str, Any]) -> None:
    assert sign(*case["items"]) == case["signature"]


@pytest.mark.parametrize("case", of_kind("decrypt"))
def test_sealed_pushes_open(case: dict[str, Any]) -> None:
    parts = case["token"], case["timestamp"], case["nonce"], case["encrypt"]
    expect = case.get("expect", "")
    is_right = is_signed(case["msg_signature"], *parts)
    if expect and not is_right:
        return
    assert is_right
    if expect:
        with pytest.raises(CannotOpen):
            unseal(case["encoding_aes_key"], case["appid"], case["encrypt"])
        return
    plain = unseal(case["encoding_aes_key"], case["appid"], case["encrypt"])
    if "plaintext" in case:
        assert plain.decode() == case["plaintext"]
    for value in case.get("expect_fields", {}).values():
        assert str(value) in plain.decode()


@pytest.mark.parametrize("case", of_kind("encrypt"))
def test_what_is_sealed_is_what_the_platform_would_seal(case: dict[str, Any]) -> None:
    sealed = seal(
        case["encoding_aes_key"], case["appid"], case["plaintext"].encode(), case["random16"].encode()
    )
    assert sealed == case["encrypt"]
    if "msg_signature" in case:
        assert sign(case["token"], case["timestamp"], case["nonce"], sealed) == case["msg_signature"]


def test_what_another_key_sealed_is_not_opened() -> None:
    mine, other = made_aes_key(), made_aes_key()
    sealed = seal(mine, "wx1", "你好".encode(), b"0" * 16)
    assert unseal(mine, "wx1", sealed).decode() == "你好"
    for key, appid, said in ((other, "wx1", sealed), (mine, "wx2", sealed), (mine, "wx1", sealed[:-4])):
        with pytest.raises(CannotOpen):
            unseal(key, appid, said)
