"""The platform's envelope: SHA-1 over sorted texts, AES-256-CBC around the message and the appid.

https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
"""

import binascii
import hashlib
import hmac
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.core.errors import Refused

RANDOM_BYTES = 16
_IV_BYTES = 16
_BLOCK_BYTES = 32  # of the padding; the cipher's own are 16
_LENGTH_BYTES = 4
_FORBIDDEN = 403


def signature(*texts: str) -> str:
    """Return what the platform signs some texts with; the token is one of them."""
    return hashlib.sha1("".join(sorted(texts)).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def signed_with(given: str, tokens: Iterable[str], *texts: str) -> str | None:
    """Return the token that a signature of the texts was made with, None for no such; in constant time."""
    wanted = given.encode("utf-8", "replace")
    # Every token is tried, also after one that fits.
    fits = [token for token in tokens if hmac.compare_digest(signature(token, *texts).encode(), wanted)]
    return fits[0] if fits else None


class Envelope:
    """Opens and seals what goes between the platform and one account.

    While keys rotate there are two, and only the platform knows which of them is in force.
    """

    def __init__(self, appid: str, keys: Iterable[bytes]) -> None:
        """Keys are 32 bytes each: the decoded EncodingAESKey."""
        self._appid = appid.encode()
        self._ciphers = tuple(Cipher(algorithms.AES(key), modes.CBC(key[:_IV_BYTES])) for key in keys)
        # Never ended: what a message follows changes but its first block, which is random and left out.
        self._decryptors = tuple(cipher.decryptor() for cipher in self._ciphers)

    def open(self, sealed: str) -> tuple[bytes, int]:
        """Return the message inside, and the place of the key that it was sealed with.

        Raises:
            Refused: nothing that was sealed with one of the keys for this account.
        """
        try:
            encrypted = binascii.a2b_base64(sealed.encode("ascii"), strict_mode=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise Refused("Encrypt is not Base64", "post what WeChat posts") from error
        if not encrypted or len(encrypted) % _IV_BYTES:
            raise Refused("Encrypt is not in whole blocks", "post what WeChat posts")
        for key, decryptor in enumerate(self._decryptors):
            message = self._message(decryptor.update(encrypted))
            if message is not None:
                return message, key
        raise Refused(
            "Encrypt was not sealed for this account",
            "check the account's AES_KEY and APPID against its console",
            _FORBIDDEN,
        )

    def seal(self, message: bytes, random: bytes, key: int = 0) -> str:
        """Return a message as only the platform can read it, if the key at that place is in force there.

        `random` are 16 bytes that nobody can guess.
        """
        assert len(random) == RANDOM_BYTES, "the platform skips as many"
        whole = random + len(message).to_bytes(_LENGTH_BYTES, "big") + message + self._appid
        padding = _BLOCK_BYTES - len(whole) % _BLOCK_BYTES
        encryptor = self._ciphers[key].encryptor()
        encrypted = encryptor.update(whole + bytes([padding]) * padding) + encryptor.finalize()
        return binascii.b2a_base64(encrypted, newline=False).decode("ascii")

    def _message(self, whole: bytes) -> bytes | None:
        """The message of what was decrypted; None where it is none or another account's."""
        padding = whole[-1]
        if not 0 < padding <= min(_BLOCK_BYTES, len(whole)):
            return None
        if whole[-padding:] != whole[-1:] * padding:
            return None
        start = RANDOM_BYTES + _LENGTH_BYTES
        end = start + int.from_bytes(whole[RANDOM_BYTES:start], "big")
        if len(whole) - padding < start or whole[end : len(whole) - padding] != self._appid:
            return None
        return whole[start:end]
