"""How WeChat signs and seals what it pushes, and opens what comes back: written anew, to prove the bot's own.

Nothing here is shared with `bot.channels.wechat`: two that were wrong alike would understand each other.
https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
"""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hmac import compare_digest

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

_PADDED_TO = 32  # not the 16 of AES
_RANDOM, _LENGTH = 16, 4


class CannotOpen(Exception):
    """What came back is not what the account's key would have sealed; says what is wrong."""


def sign(*parts: str) -> str:
    """Return the signature of parts in any order: SHA-1 of them in the order of their code points."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def is_signed(signature: str, *parts: str) -> bool:
    """Whether a signature is that of these parts."""
    return compare_digest(sign(*parts).encode(), signature.encode("utf-8", "surrogateescape"))


def seal(aes_key: str, appid: str, message: bytes, random16: bytes) -> str:
    """Encrypt a message for (or from) the account with this EncodingAESKey."""
    assert len(random16) == _RANDOM
    plain = random16 + len(message).to_bytes(_LENGTH, "big") + message + appid.encode()
    missing = _PADDED_TO - len(plain) % _PADDED_TO
    encryptor = _cipher(aes_key).encryptor()
    return b64encode(encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()).decode()


def unseal(aes_key: str, appid: str, sealed: str) -> bytes:
    """Decrypt a message and check that it is this account's.

    Raises:
        CannotOpen: it is not.
    """
    try:
        encrypted = b64decode(sealed, validate=True)
    except (NotBase64, ValueError) as error:
        raise CannotOpen("no base64") from error
    if not encrypted or len(encrypted) % 16:
        raise CannotOpen("no whole blocks")
    decryptor = _cipher(aes_key).decryptor()
    padded = decryptor.update(encrypted) + decryptor.finalize()
    padding = padded[-1]
    if not 1 <= padding <= _PADDED_TO or padded[-padding:] != bytes([padding]) * padding:
        raise CannotOpen("the padding is wrong: another key?")
    plain = padded[:-padding]
    length = int.from_bytes(plain[_RANDOM : _RANDOM + _LENGTH], "big")
    message, owner = plain[_RANDOM + _LENGTH :][:length], plain[_RANDOM + _LENGTH + length :]
    if len(plain) < _RANDOM + _LENGTH or len(message) < length:
        raise CannotOpen("the length is wrong")
    if owner != appid.encode():
        raise CannotOpen("it is another account's")
    return message


def _cipher(aes_key: str) -> Cipher[CBC]:
    key = b64decode(f"{aes_key}=")
    return Cipher(AES(key), CBC(key[:16]))
