"""How WeChat Pay signs, seals and checks what it is sent: written anew, to prove the bot's own.

Nothing here is shared with `bot.pay`: two that were wrong alike would understand each other. So signatures
are checked by hand, with whole numbers (RFC 8017, 8.2.2), and texts are sealed with the plain cipher.
"""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hmac import compare_digest

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

# What stands before the hash in a signature: that it is one by SHA-256 (RFC 8017, 9.2, note 1).
_SHA256_IS = bytes.fromhex("3031300d060960864801650304020105000420")
_NONCE_CHARACTERS = 12


def new_key() -> RSAPrivateKey:
    """Make a key."""
    return generate_private_key(65537, 2048)


def private_pem(key: RSAPrivateKey) -> bytes:
    """Write a private key as a merchant's `apiclient_key.pem`."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: RSAPrivateKey) -> bytes:
    """Write its public half as `pub_key.pem`."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(key: RSAPrivateKey, *lines: str | bytes) -> str:
    """Sign lines, each with its end."""
    return b64encode(key.sign(_hash_of(lines), PKCS1v15(), Prehashed(SHA256()))).decode()


def fits(key: RSAPublicKey, signature: str, *lines: str | bytes) -> bool:
    """Whether a signature is one of these lines."""
    numbers = key.public_numbers()
    length = (numbers.n.bit_length() + 7) // 8
    try:
        given = b64decode(signature, validate=True)
    except (NotBase64, ValueError):
        return False
    if len(given) != length:
        return False
    opened = pow(int.from_bytes(given, "big"), numbers.e, numbers.n).to_bytes(length, "big")
    tail = _SHA256_IS + _hash_of(lines)
    return compare_digest(opened, b"\x00\x01" + b"\xff" * (length - len(tail) - 3) + b"\x00" + tail)


def sealed(apiv3_key: str, text: bytes, nonce: str, beside: str) -> str:
    """Encrypt a text; what stands `beside` it is bound to it."""
    assert len(nonce) == _NONCE_CHARACTERS
    encryptor = Cipher(AES(apiv3_key.encode()), GCM(nonce.encode())).encryptor()
    encryptor.authenticate_additional_data(beside.encode())
    return b64encode(encryptor.update(text) + encryptor.finalize() + encryptor.tag).decode()


def _hash_of(lines: tuple[str | bytes, ...]) -> bytes:
    return hashlib.sha256(
        b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    ).digest()
