"""Whether what comes in WeChat Pay's name is its own, and of now: answers and notices alike.

Nobody is asked for a key that is not set: an unknown serial is refused without a call out, or whoever can
reach us could have us call as often as they like.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bot.core.errors import Refused
from bot.pay.signing import answer_message, is_signed

FRESH = timedelta(minutes=5)
"""How far its clock and ours may be apart: as in Tencent's own client."""
PROBE = "WECHATPAY/SIGNTEST/"
"""With signatures that begin so it looks whether we verify them (https://pay.weixin.qq.com/doc/v3/merchant/
4013053249): they are to be refused."""
_UNAUTHORIZED = 401
_DIGITS_MAX = 12


def verify(keys: Mapping[str, RSAPublicKey], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Let pass what WeChat Pay signed just now.

    Raises:
        Refused: it did not.
    """
    timestamp = headers.get("Wechatpay-Timestamp", "")
    nonce = headers.get("Wechatpay-Nonce", "")
    serial = headers.get("Wechatpay-Serial", "")
    signed = headers.get("Wechatpay-Signature", "")
    if not (timestamp and nonce and serial and signed):
        raise Refused("it is not signed", "only WeChat Pay may tell this", _UNAUTHORIZED)
    if signed.startswith(PROBE):
        raise Refused("a probe", "its signature is none, and is refused", _UNAUTHORIZED)
    key = keys.get(serial)
    if key is None:
        remedy = "set REGULARS_WECHAT_PAY_PUBLIC_KEY, or the platform certificate that has this serial"
        raise Refused("it is signed with a key that is not set", remedy, _UNAUTHORIZED)
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > _DIGITS_MAX:
        raise Refused("its time is none", "send seconds since 1970", _UNAUTHORIZED)
    if abs(int(timestamp) - now.timestamp()) > FRESH.total_seconds():
        raise Refused("it is not of now", "look at this machine's clock", _UNAUTHORIZED)
    if not is_signed(key, answer_message(timestamp, nonce, body), signed):
        raise Refused("its signature is wrong", "only WeChat Pay may tell this", _UNAUTHORIZED)
