"""What a page was given by WeChat of a shopper, signed or sealed with the session key of their login.

https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html. Only to read what
pages still get that way: phones come by code (see `mini.py`), and a session of ours needs no session key.
"""

import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.core.errors import Refused

AGE_MAX = timedelta(minutes=5)
_BLOCK_BYTES = 16
_FORBIDDEN = 403
_ANEW = "log in again, and give what WeChat gave then"


def is_signed(raw: str, signature: str, session_key: str) -> bool:
    """Whether raw data was signed with the session key (as WeChat writes it: Base64); in constant time."""
    wanted = hashlib.sha1(f"{raw}{session_key}".encode(), usedforsecurity=False).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))


def unsealed(
    sealed: str, iv: str, session_key: str, *, appid: str, now: datetime, age_max: timedelta | None = AGE_MAX
) -> Mapping[str, object]:
    """Return what was sealed for the mini program with this appid, lately; `age_max` None: whenever.

    Raises:
        Refused: sealed with another key, for another mini program, or too long ago; in the future too.
    """
    found = _object(_decrypted(_bytes(sealed), _bytes(iv), _bytes(session_key)))
    watermark = found.get("watermark")
    mark = watermark if isinstance(watermark, dict) else {}
    if mark.get("appid") != appid:
        raise Refused("it was sealed for another mini program", _ANEW, _FORBIDDEN)
    at = mark.get("timestamp")
    if not isinstance(at, int) or isinstance(at, bool):
        raise Refused("it does not say when it was sealed", _ANEW)
    if age_max is not None and abs(now - _instant(at)) > age_max:
        raise Refused("it was sealed too long ago", _ANEW, _FORBIDDEN)
    return found


def _decrypted(sealed: bytes, iv: bytes, key: bytes) -> bytes:
    if len(key) != _BLOCK_BYTES or len(iv) != _BLOCK_BYTES or not sealed or len(sealed) % _BLOCK_BYTES:
        raise Refused("it is not in whole blocks", _ANEW)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    whole = decryptor.update(sealed) + decryptor.finalize()
    padding = whole[-1]
    if not 0 < padding <= _BLOCK_BYTES or whole[-padding:] != whole[-1:] * padding:
        raise Refused("it was sealed with another session key", _ANEW, _FORBIDDEN)
    return whole[:-padding]


def _object(plain: bytes) -> Mapping[str, object]:
    try:
        found = orjson.loads(plain)
    except orjson.JSONDecodeError as error:
        raise Refused("it was sealed with another session key", _ANEW, _FORBIDDEN) from error
    if not isinstance(found, dict):
        raise Refused("it holds no fields", _ANEW)
    return found


def _bytes(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Refused("it is not Base64", _ANEW) from error


def _instant(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused("it does not say when it was sealed", _ANEW) from error
