"""The settings of WeChat Pay, `REGULARS_WECHAT_PAY_MCHID` and so on: one merchant, its keys in files."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from bot.config.texts import Fault, api_url, is_loopback
from bot.core.payments import CURRENCIES

V = TypeVar("V")
D = TypeVar("D")
PAY_PREFIX: Final = "REGULARS_WECHAT_PAY_"
FIELDS: Final[Mapping[str, str]] = {
    "MCHID": "the merchant number",
    "SERIAL": "the serial number of the merchant's API certificate",
    "PRIVATE_KEY": "the file of its private key, apiclient_key.pem",
    "APIV3_KEY": "the APIv3 key, 32 letters and digits",
    "PUBLIC_KEY": "the file of WeChat Pay's public key, pub_key.pem",
    "PUBLIC_KEY_ID": "that key's id, PUB_KEY_ID_…",
    "CERTIFICATES": "files of platform certificates, where the merchant still has these; comma-separated",
    "BASE_URL": "WeChat Pay's API, or a stand-in for it",
    "PAYOUT_SCENE": "the scene that payouts are allowed in; 1000 unless given",
    "PAYOUT_REPORTS": "what that scene wants to be told, as 活动名称=…;奖励说明=…",
}
_NEEDED = ("MCHID", "SERIAL", "PRIVATE_KEY", "APIV3_KEY")
_CONSOLE = "pay.weixin.qq.com shows it, under 账户中心 > API安全"
_API = "https://api.mch.weixin.qq.com"
_BITS_LEAST = 2048
CASH_MARKETING_REPORTS: Final = (("活动名称", "首单返现"), ("奖励说明", "首单返现"))
"""What scene 1000 wants to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaySettings:
    """One merchant at WeChat Pay; keys as PEM, WeChat Pay's own by the serial or id they are named by."""

    mchid: str
    serial: str
    private_key: bytes = field(repr=False)
    apiv3_key: bytes = field(repr=False)
    platform_keys: Mapping[str, bytes] = field(repr=False)
    public_key_id: str
    base_url: str
    payout_scene: str
    payout_reports: tuple[tuple[str, str], ...]

    def takes(self, currency: str) -> bool:
        """Whether one can pay in this currency; a stand-in on this machine takes any."""
        return currency in CURRENCIES or is_loopback(self.base_url)


def is_pay_setting(name: str) -> bool:
    """Whether a variable of this name says something of WeChat Pay."""
    return name.startswith(PAY_PREFIX) and name.removeprefix(PAY_PREFIX) in FIELDS


def read_pay(given: Mapping[str, str], tell: Callable[[str, str, str], None]) -> PaySettings | None:
    """Read the merchant, None where none is given; what is wrong is told: variable, fault, remedy."""
    texts = {
        name.removeprefix(PAY_PREFIX): text.strip()
        for name, text in given.items()
        if is_pay_setting(name) and text.strip()
    }
    _refuse_misspelt(given, tell)
    if not texts.keys() - {"BASE_URL", "PAYOUT_SCENE", "PAYOUT_REPORTS"}:
        return None
    return _Reading(texts, tell).read()


def _refuse_misspelt(given: Mapping[str, str], tell: Callable[[str, str, str], None]) -> None:
    for name in sorted(given):
        if name.startswith(PAY_PREFIX) and not is_pay_setting(name) and given[name].strip():
            tell(name, "is no setting", f"WeChat Pay has {', '.join(FIELDS)}")


class _Reading:
    """The texts on their way to values."""

    def __init__(self, texts: Mapping[str, str], tell: Callable[[str, str, str], None]) -> None:
        self._texts = texts
        self._tell = tell

    def read(self) -> PaySettings:
        for needed in _NEEDED:
            if needed not in self._texts:
                self._complain(needed, "missing", f"give {FIELDS[needed]}; {_CONSOLE}")
        if "PUBLIC_KEY" not in self._texts and "CERTIFICATES" not in self._texts:
            self._complain("PUBLIC_KEY", "missing", f"give {FIELDS['PUBLIC_KEY']}; {_CONSOLE}")
        for one, other in (("PUBLIC_KEY", "PUBLIC_KEY_ID"), ("PUBLIC_KEY_ID", "PUBLIC_KEY")):
            if one in self._texts and other not in self._texts:
                self._complain(other, f"missing, though {PAY_PREFIX}{one} is given", f"give {FIELDS[other]}")
        key_id = self._of("PUBLIC_KEY_ID", _key_id, "")
        keys = dict(self._of("CERTIFICATES", _certificates, ()))
        public = self._of("PUBLIC_KEY", _public_key, b"")
        return PaySettings(
            mchid=self._of("MCHID", _mchid, ""),
            serial=self._of("SERIAL", _serial, ""),
            private_key=self._of("PRIVATE_KEY", _private_key, b""),
            apiv3_key=self._of("APIV3_KEY", _apiv3_key, b""),
            platform_keys=keys | ({key_id: public} if key_id and public else {}),
            public_key_id=key_id,
            base_url=self._of("BASE_URL", api_url, _API),
            payout_scene=self._of("PAYOUT_SCENE", _scene, "1000"),
            payout_reports=self._of("PAYOUT_REPORTS", _reports, CASH_MARKETING_REPORTS),
        )

    def _of(self, name: str, read: Callable[[str], V], default: D) -> V | D:
        text = self._texts.get(name)
        if text is None:
            return default
        try:
            return read(text)
        except Fault as fault:
            self._complain(name, fault.fault, fault.remedy)
            return default

    def _complain(self, name: str, fault: str, remedy: str) -> None:
        self._tell(f"{PAY_PREFIX}{name}", fault, remedy)


def _mchid(text: str) -> str:
    if not re.fullmatch(r"[0-9]{8,32}", text):
        raise Fault("is no merchant number: ten digits", _CONSOLE)
    return text


def _serial(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Fa-f]{8,64}", text):
        raise Fault("is no serial number: 40 hexadecimal digits", _CONSOLE)
    return text.upper()


def _apiv3_key(text: str) -> bytes:
    if not re.fullmatch(r"[!-~]{32}", text):
        raise Fault("is no APIv3 key: 32 letters and digits", "make it up, and give it to the console too")
    return text.encode()


def _key_id(text: str) -> str:
    if not re.fullmatch(r"PUB_KEY_ID_[0-9A-Za-z]{8,64}", text):
        raise Fault("is no id of a public key: PUB_KEY_ID_ and digits", _CONSOLE)
    return text


def _scene(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,36}", text):
        raise Fault("is no scene: digits", "see 商家转账 in the merchant platform")
    return text


def _reports(text: str) -> tuple[tuple[str, str], ...]:
    found = [tuple(part.strip() for part in one.split("=", 1)) for one in text.split(";") if one.strip()]
    if not all(len(one) == 2 and all(one) for one in found):  # noqa: PLR2004  # name and content
        raise Fault("cannot be read", "write 活动名称=首单返现;奖励说明=首单返现")
    return tuple((one[0], one[1]) for one in found)


def _file(text: str) -> bytes:
    try:
        return Path(text).expanduser().read_bytes()
    except OSError as error:
        raise Fault("names a file that cannot be read", "give its path; it must be ours to read") from error


def _private_key(text: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415  # few need it
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  # few need it
        load_pem_private_key,
    )

    pem = _file(text)
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise Fault("names a file that is no private key", "name apiclient_key.pem") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < _BITS_LEAST:
        raise Fault("names a key of another kind", "name apiclient_key.pem")
    return pem


def _public_key(text: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  # as above
        load_pem_public_key,
    )

    pem = _file(text)
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError) as error:
        raise Fault("names a file that is no public key", "name pub_key.pem") from error
    if not isinstance(key, RSAPublicKey):
        raise Fault("names a key of another kind", "name pub_key.pem")
    return pem


def _certificates(text: str) -> tuple[tuple[str, bytes], ...]:
    from cryptography import x509  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  # as above
        Encoding,
        PublicFormat,
    )

    found = []
    for file in text.split(","):
        pem = _file(file.strip())
        try:
            certificate = x509.load_pem_x509_certificate(pem)
        except ValueError as error:
            raise Fault("names a file that is no certificate", "name wechatpay_….pem") from error
        key = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        found.append((f"{certificate.serial_number:X}", key))
    return tuple(found)
