"""Only what was sealed for the account opens, and it opens to what was sealed."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.account import Format
from bot.channels.wechat.crypto import Envelope, signature, signed_with
from bot.channels.wechat.shapes import read
from bot.core.errors import Refused
from tests.channels.wechat.vectors import cases, needs_vectors

KEY = base64.b64decode("A" * 43 + "=")
OTHER_KEY = bytes(range(32))
RANDOM = b"1234567890123456"


def envelope_of(case: dict[str, Any]) -> Envelope:
    return Envelope(case["appid"], [base64.b64decode(case["encoding_aes_key"] + "=")])


@needs_vectors
@pytest.mark.parametrize("case", cases("wechat_callback_crypto.json"))
def test_every_case_of_the_vectors_passes_or_is_refused(case: dict[str, Any]) -> None:
    match case["kind"]:
        case "sha1_sorted":
            assert signature(*case["items"]) == case["signature"]
        case "plain_signature":
            fits = signed_with(case["signature"], [case["token"]], case["timestamp"], case["nonce"])
            assert (fits is None) is (case.get("expect") == "invalid_signature")
        case "encrypt":
            sealed = envelope_of(case).seal(case["plaintext"].encode(), case["random16"].encode())
            assert sealed == case["encrypt"]
            if "msg_signature" in case:
                signed = signature(case["token"], case["timestamp"], case["nonce"], sealed)
                assert signed == case["msg_signature"]
            assert envelope_of(case).open(sealed) == (case["plaintext"].encode(), 0)
        case "decrypt":
            check_opening(case)
        case other:
            pytest.fail(f"a kind of case that nobody checks: {other}")


def check_opening(case: dict[str, Any]) -> None:
    fits = signed_with(
        case["msg_signature"], [case["token"]], case["timestamp"], case["nonce"], case["encrypt"]
    )
    assert (fits is None) is (case.get("expect") == "invalid_signature")
    if case.get("expect") == "invalid_appid":
        with pytest.raises(Refused, match="not sealed for this account"):
            envelope_of(case).open(case["encrypt"])
        return
    message, _ = envelope_of(case).open(case["encrypt"])
    if "plaintext" in case:
        assert message.decode() == case["plaintext"]
        assert json.loads(message)["FromUserName"] == case["openid"]
    if "expect_fields" in case:
        fields = read(message, Format.XML)
        assert {name: fields[name] for name in case["expect_fields"]} == case["expect_fields"]


@given(message=st.binary(max_size=300), random=st.binary(min_size=16, max_size=16))
def test_what_is_sealed_opens_again(message: bytes, random: bytes) -> None:
    envelope = Envelope("wx1", [KEY])
    assert envelope.open(envelope.seal(message, random)) == (message, 0)


def test_both_keys_open_and_seal_while_rotating() -> None:
    older, newer = Envelope("wx1", [KEY]), Envelope("wx1", [OTHER_KEY])
    rotating = Envelope("wx1", [OTHER_KEY, KEY])
    assert rotating.open(older.seal(b"hello", RANDOM)) == (b"hello", 1)
    assert rotating.open(newer.seal(b"hello", RANDOM)) == (b"hello", 0)
    assert older.open(rotating.seal(b"hello", RANDOM, 1)) == (b"hello", 0)
    assert newer.open(rotating.seal(b"hello", RANDOM)) == (b"hello", 0)
    with pytest.raises(Refused):
        newer.open(older.seal(b"hello", RANDOM))


@pytest.mark.parametrize(
    "sealed", ["", "é", "====", "AAAA", "A" * 43, "A" * 44 + "\n", " " * 44, "A" * 88, "\ud800", "AAA=AAAA"]
)
def test_what_was_never_sealed_is_refused(sealed: str) -> None:
    with pytest.raises(Refused):
        Envelope("wx1", [KEY]).open(sealed)


@given(at=st.integers(min_value=0, max_value=95), bit=st.integers(min_value=0, max_value=7))
def test_a_changed_bit_never_opens_to_another_account_or_raises_anything_else(at: int, bit: int) -> None:
    envelope = Envelope("wx0123456789abcdef", [KEY])
    encrypted = bytearray(base64.b64decode(envelope.seal(b"x" * 40, RANDOM)))
    encrypted[at] ^= 1 << bit
    try:
        opened, _ = envelope.open(base64.b64encode(encrypted).decode())
    except Refused:
        return
    # CBC itself does not protect what it hides: that is what msg_signature is for.
    assert len(opened) == 40


@given(st.binary(max_size=200))
def test_whatever_is_decrypted_is_a_message_or_refused(plain: bytes) -> None:
    """Also what somebody with the key made up: lengths and padding that lie."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 -- of this test

    whole = plain + bytes(-len(plain) % 16)
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16])).encryptor()
    sealed = base64.b64encode(encryptor.update(whole) + encryptor.finalize()).decode()
    try:
        opened, _ = Envelope("wx1", [KEY]).open(sealed)
    except Refused:
        return
    assert opened in plain


@pytest.mark.parametrize("given", ["", "x", "é", "a" * 5000, "\ud800"])
def test_a_signature_that_is_none_fits_nothing(given: str) -> None:
    assert signed_with(given, ["AAAAA", "BBBBB"], "1", "2") is None


def test_either_token_signs_while_rotating() -> None:
    assert signed_with(signature("older", "1", "2"), ["newer", "older"], "1", "2") == "older"
    assert signed_with(signature("newer", "1", "2"), ["newer", "older"], "1", "2") == "newer"
    assert signed_with(signature("newest", "1", "2"), ["newer", "older"], "1", "2") is None
