"""Signatures and ciphers of APIv3: what we sign, what WeChat Pay signs, and what it encrypts for us.

https://pay.weixin.qq.com/doc/v3/merchant/4012365342 (signing), 4013053249 (verifying), 4012071382 (sealed).
"""

import base64
import binascii

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_NONCE_BYTES = 12
_TAG_BYTES = 16


def request_message(method: str, path: str, timestamp: int, nonce: str, body: bytes) -> bytes:
    """Return what is signed of a request: `path` with its query, and the very bytes that are sent."""
    return f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """Return what is signed of an answer or a notice."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def invoke_message(appid: str, timestamp: str, nonce: str, package: str) -> bytes:
    """Return what is signed for the phone that calls up the payment."""
    return f"{appid}\n{timestamp}\n{nonce}\n{package}\n".encode()


def signature(key: RSAPrivateKey, message: bytes) -> str:
    """Sign with SHA256-RSA2048, as Base64."""
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), SHA256())).decode()


def is_signed(key: RSAPublicKey, message: bytes, signed: str) -> bool:
    """Whether a signature is that key's; one that is no Base64 is nobody's."""
    try:
        key.verify(base64.b64decode(signed, validate=True), message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def authorization(mchid: str, serial: str, timestamp: int, nonce: str, signed: str) -> str:
    """Return the header that proves a request to be the merchant's."""
    return (
        f'{SCHEME} mchid="{mchid}",nonce_str="{nonce}",signature="{signed}",'
        f'timestamp="{timestamp}",serial_no="{serial}"'
    )


def decrypted(key: bytes, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """Decrypt with AEAD_AES_256_GCM.

    Raises:
        ValueError: the key, the nonce or the text is none, or it was not encrypted with these.
    """
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        if len(sealed) < _TAG_BYTES or len(nonce.encode()) != _NONCE_BYTES:
            raise ValueError("it is too short, or its nonce is none")
        return AESGCM(key).decrypt(nonce.encode(), sealed, associated_data.encode())
    except (InvalidTag, binascii.Error) as error:
        raise ValueError("it was not encrypted with this key") from error
