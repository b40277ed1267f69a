"""WeChat Pay in the environment: what is read, and how what is wrong is told."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from bot.app.paying import merchant_of
from bot.config import SettingsError, load_settings

KEY = rsa.generate_private_key(65537, 2048)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tenpay.com Root CA")])
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def private(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "apiclient_key.pem").write_bytes(private(KEY))
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "pub_key.pem").write_bytes(public)
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505  # that it is too small is told
    (tmp_path / "small.pem").write_bytes(private(small))
    (tmp_path / "curve.pem").write_bytes(private(ec.generate_private_key(ec.SECP256R1())))
    (tmp_path / "words.pem").write_text("no key")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(KEY.public_key())
        .serial_number(0x57CE59D1F522D701)
        .not_valid_before(DAY)
        .not_valid_after(DAY + timedelta(days=3650))
        .sign(KEY, SHA256())
    )
    (tmp_path / "wechatpay.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return tmp_path


def given(files: Path, **changed: str | None) -> dict[str, str]:
    texts: Mapping[str, str | None] = {
        "MCHID": "1900000001",
        "SERIAL": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        "PRIVATE_KEY": str(files / "apiclient_key.pem"),
        "APIV3_KEY": "k" * 32,
        "PUBLIC_KEY": str(files / "pub_key.pem"),
        "PUBLIC_KEY_ID": "PUB_KEY_ID_0119000000012024",
        "BASE_URL": "http://127.0.0.1:9000",
        **changed,
    }
    return {f"REGULARS_WECHAT_PAY_{name}": text for name, text in texts.items() if text is not None}


def complaint(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as raised:
        load_settings(environ)
    return str(raised.value)


def test_a_merchant_is_made_of_its_settings(files: Path) -> None:
    settings = load_settings(given(files))
    assert settings.pay is not None
    assert (settings.pay.mchid, settings.pay.payout_scene) == ("1900000001", "1000")
    merchant = merchant_of(settings)
    assert merchant.notify_url == "http://127.0.0.1:8080/wechat/pay/notify"
    assert set(merchant.platform_keys) == {"PUB_KEY_ID_0119000000012024"}
    assert merchant.payout_reports == (("活动名称", "首单返现"), ("奖励说明", "首单返现"))


def test_platform_certificates_are_known_by_their_serial(files: Path) -> None:
    certificates = str(files / "wechatpay.pem")
    only = load_settings(given(files, PUBLIC_KEY=None, PUBLIC_KEY_ID=None, CERTIFICATES=certificates))
    assert set(merchant_of(only).platform_keys) == {"57CE59D1F522D701"}
    both = load_settings(given(files, CERTIFICATES=certificates))
    assert set(merchant_of(both).platform_keys) == {"57CE59D1F522D701", "PUB_KEY_ID_0119000000012024"}


def test_without_any_of_it_there_is_no_merchant() -> None:
    assert load_settings({}).pay is None
    assert load_settings({"REGULARS_WECHAT_PAY_PAYOUT_SCENE": "1000"}).pay is None


@pytest.mark.parametrize(
    "missing", ["MCHID", "SERIAL", "PRIVATE_KEY", "APIV3_KEY", "PUBLIC_KEY", "PUBLIC_KEY_ID"]
)
def test_what_is_missing_is_named(files: Path, missing: str) -> None:
    told = complaint(given(files, **{missing: None}))
    assert f"REGULARS_WECHAT_PAY_{missing}: missing" in told


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("MCHID", "shop", "is no merchant number"),
        ("SERIAL", "serial", "is no serial number"),
        ("APIV3_KEY", "short", "is no APIv3 key"),
        ("PUBLIC_KEY_ID", "KEY_1", "is no id of a public key"),
        ("PRIVATE_KEY", "nowhere.pem", "cannot be read"),
        ("PRIVATE_KEY", "words.pem", "no private key"),
        ("PRIVATE_KEY", "small.pem", "a key of another kind"),
        ("PRIVATE_KEY", "curve.pem", "a key of another kind"),
        ("PUBLIC_KEY", "apiclient_key.pem", "no public key"),
        ("CERTIFICATES", "pub_key.pem", "no certificate"),
        ("BASE_URL", "http://pay.example", "unencrypted"),
        ("PAYOUT_SCENE", "cash", "is no scene"),
        ("PAYOUT_REPORTS", "活动名称", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(files: Path, name: str, text: str, says: str) -> None:
    told = complaint(given(files, **{name: str(files / text) if text.endswith(".pem") else text}))
    assert told.startswith(f"REGULARS_WECHAT_PAY_{name}: ")
    assert says in told
    assert "; " in told


def test_a_misspelt_name_is_told(files: Path) -> None:
    told = complaint({**given(files), "REGULARS_WECHAT_PAY_MCH_ID": "1900000001"})
    assert "REGULARS_WECHAT_PAY_MCH_ID: is no setting" in told


def test_wechat_pay_itself_needs_our_address(files: Path) -> None:
    told = complaint(given(files, BASE_URL=None))
    assert "REGULARS_PUBLIC_URL: missing" in told


def test_nothing_secret_is_shown(files: Path) -> None:
    settings = load_settings(given(files))
    shown = repr(settings)
    assert "k" * 32 not in shown
    assert "PRIVATE KEY" not in shown


def test_wechat_pay_takes_one_currency_and_a_stand_in_any(files: Path) -> None:
    real = load_settings({**given(files, BASE_URL=None), "REGULARS_PUBLIC_URL": "https://tea.example"}).pay
    assert real is not None
    assert (real.takes("CNY"), real.takes("USD")) == (True, False)
    stand_in = load_settings({**given(files), "REGULARS_WECHAT_PAY_BASE_URL": "http://127.0.0.1:9"}).pay
    assert stand_in is not None
    assert stand_in.takes("USD")
