"""Every case that Tencent's own clients are tested with passes, or is refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from bot.core.errors import Refused
from bot.pay import signing
from bot.pay.merchant import Merchant
from bot.pay.notices import opened, plaintext
from bot.pay.verifying import verify
from tests.channels.wechat.vectors import cases, needs_vectors


def of_kind(*kinds: str) -> list[Any]:
    return [one for one in cases("wechat_pay_v3.json") if one.values[0].get("kind") in kinds]


def platform_key(case: dict[str, Any]) -> tuple[str, RSAPublicKey]:
    certificate = case.get("platform_certificate_pem") or case.get("certificate_pem")
    if certificate is None:
        key = load_pem_public_key(case["public_key_pem"].encode())
        assert isinstance(key, RSAPublicKey)
        return "", key
    found = x509.load_pem_x509_certificate(certificate.encode())
    key = found.public_key()
    assert isinstance(key, RSAPublicKey)
    return f"{found.serial_number:X}", key


def merchant_of(case: dict[str, Any], mchid: str = "1234567890") -> Merchant:
    serial, key = platform_key(case)
    return Merchant(
        mchid=mchid,
        serial="0123456789ABC",
        private_key=generate_private_key(65537, 2048),
        apiv3_key=case["apiv3_key"].encode(),
        platform_keys={serial: key},
        public_key_id="",
        notify_url="https://shop.example/wechat/pay/notify",
    )


@needs_vectors
@pytest.mark.parametrize("case", of_kind("aes_gcm"))
def test_a_resource_opens_with_its_own_key_nonce_and_name_alone(case: dict[str, Any]) -> None:
    def open_it() -> str:
        key, nonce, beside = case["apiv3_key"].encode(), case["nonce"], case["associated_data"]
        return signing.decrypted(key, nonce, beside, case["ciphertext"]).decode()

    if not case["expect_ok"]:
        with pytest.raises(ValueError, match=r"."):
            open_it()
    elif "plaintext" in case:
        assert open_it() == case["plaintext"]
    else:
        assert open_it().startswith(case["expect_plaintext_startswith"])


@needs_vectors
@pytest.mark.parametrize("case", of_kind("sha256_rsa_verify"))
def test_a_signature_is_that_of_its_own_key_alone(case: dict[str, Any]) -> None:
    _, key = platform_key(case)
    assert signing.is_signed(key, case["message"].encode(), case["signature"]) is case["expect_ok"]


@needs_vectors
@pytest.mark.parametrize("case", of_kind("auth_message"))
def test_what_is_signed_of_a_request_is_laid_out_as_theirs(case: dict[str, Any]) -> None:
    url, body = case["canonical_url"], case["body"].encode()
    message = signing.request_message(case["method"], url, case["timestamp"], case["nonce"], body)
    assert message.decode() == case["message"]
    header = signing.authorization(case["mchid"], case["serial_no"], case["timestamp"], case["nonce"], "S=")
    assert header == (
        f'WECHATPAY2-SHA256-RSA2048 mchid="{case["mchid"]}",nonce_str="{case["nonce"]}",signature="S=",'
        f'timestamp="{case["timestamp"]}",serial_no="{case["serial_no"]}"'
    )


@needs_vectors
@pytest.mark.parametrize("case", of_kind("pay_invoke_message"))
def test_what_is_signed_for_the_phone_is_laid_out_as_theirs(case: dict[str, Any]) -> None:
    message = signing.invoke_message(case["appid"], case["timestamp"], case["nonce"], case["package"])
    assert message.decode() == case["message"]


@needs_vectors
@pytest.mark.parametrize("case", of_kind("notify"))
def test_a_notice_is_believed_when_it_came_and_never_again(case: dict[str, Any]) -> None:
    merchant, body = merchant_of(case), case["body"].encode()
    sent = datetime.fromtimestamp(case["now"], UTC)
    verify(merchant.platform_keys, case["headers"], body, sent)
    assert plaintext(merchant, json.loads(body)).decode() == case["plaintext"]
    for late in (timedelta(minutes=5, seconds=1), timedelta(days=2000), -timedelta(minutes=5, seconds=1)):
        with pytest.raises(Refused, match="not of now"):
            verify(merchant.platform_keys, case["headers"], body, sent + late)


@needs_vectors
@pytest.mark.parametrize("case", of_kind("notify"))
@pytest.mark.parametrize(
    ("header", "text", "why"),
    [
        ("Wechatpay-Signature", "", "not signed"),
        ("Wechatpay-Signature", "WECHATPAY/SIGNTEST/abc=", "probe"),
        ("Wechatpay-Signature", "no base64 %%", "signature is wrong"),
        ("Wechatpay-Signature", "QUJD", "signature is wrong"),
        ("Wechatpay-Nonce", "another", "signature is wrong"),
        ("Wechatpay-Timestamp", "1624523847", "signature is wrong"),
        ("Wechatpay-Timestamp", "soon", "its time is none"),
        ("Wechatpay-Timestamp", "١٦٢٤٥٢٣٨٤٦", "its time is none"),  # digits, but not these
        ("Wechatpay-Timestamp", "9" * 40, "its time is none"),
        ("Wechatpay-Serial", "D7CE59D1F522D702", "key that is not set"),
    ],
)
def test_nothing_of_a_notice_can_be_changed(case: dict[str, Any], header: str, text: str, why: str) -> None:
    merchant, sent = merchant_of(case), datetime.fromtimestamp(case["now"], UTC)
    with pytest.raises(Refused, match=why) as refused:
        opened(merchant, {**case["headers"], header: text}, case["body"].encode(), sent)
    assert refused.value.status == 401


@needs_vectors
@pytest.mark.parametrize("case", of_kind("notify"))
def test_a_notice_whose_body_was_changed_is_refused(case: dict[str, Any]) -> None:
    merchant, sent = merchant_of(case), datetime.fromtimestamp(case["now"], UTC)
    for body in (case["body"].encode() + b" ", case["body"].replace("payscore", "paystore").encode(), b""):
        with pytest.raises(Refused, match="signature is wrong"):
            opened(merchant, case["headers"], body, sent)


@needs_vectors
@pytest.mark.parametrize("case", of_kind("notify"))
def test_a_notice_of_something_else_is_nothing_to_us(case: dict[str, Any]) -> None:
    merchant, sent = merchant_of(case), datetime.fromtimestamp(case["now"], UTC)
    notice = opened(merchant, case["headers"], case["body"].encode(), sent)
    assert type(notice).__name__ == "OtherNotice"
