"""A merchant at WeChat Pay: who it is, what it signs with, and whose signatures it believes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

WECHAT_PAY_API = "https://api.mch.weixin.qq.com"
"""https://pay.weixin.qq.com/doc/v3/merchant/4012081606"""
CASH_MARKETING = "1000"
"""The scene 现金营销 of payouts (https://pay.weixin.qq.com/doc/v3/merchant/4013774588)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """One merchant number; `platform_keys` are WeChat Pay's, by the serial or key id that it names them by.

    `public_key_id` (`PUB_KEY_ID_…`) is the one its answers are to be signed with; empty: whichever it likes
    of its platform certificates.
    """

    mchid: str
    serial: str
    private_key: RSAPrivateKey = field(repr=False)
    apiv3_key: bytes = field(repr=False)
    platform_keys: Mapping[str, RSAPublicKey] = field(repr=False)
    public_key_id: str
    notify_url: str
    base_url: str = WECHAT_PAY_API
    payout_scene: str = CASH_MARKETING
    payout_reports: tuple[tuple[str, str], ...] = ()
    """What the scene wants to be told with each payout: (type, content)."""
