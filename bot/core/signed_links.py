"""Signed links: they open one thing for one contact until they end, and nobody can make or prolong one.

The link carries what it opens and until when, and an HMAC of both under a secret of the server: nothing is
stored, and what was changed by a single character opens nothing.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.ids import EPOCH

PATH = "/c/"
CONTENT, REORDER = "content", "reorder"
"""What links are for: content that was claimed; an order to be made again."""

_ID_BYTES, _UNTIL_BYTES, _TAG_BYTES = 16, 4, 16
_TOKEN_BYTES = 2 * _ID_BYTES + _UNTIL_BYTES + _TAG_BYTES
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens: something of a contact's, until (exclusive)."""

    contact_id: str
    id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class SignedLinks:
    """Makes and reads links; the newest of `secrets` comes first and signs, all of them are believed.

    What was signed for one `purpose` opens nothing of another.
    """

    public_url: str
    secrets: tuple[bytes, ...]
    purpose: str = CONTENT

    def url(self, contact_id: str, identifier: str, until: datetime) -> str:
        """Return the link that opens it until then, to the whole second."""
        return f"{self.public_url}{PATH}{self.token(contact_id, identifier, until)}"

    def token(self, contact_id: str, identifier: str, until: datetime) -> str:
        """Return what is signed of the link, for a page of a mini program."""
        body = bytes.fromhex(contact_id + identifier) + _seconds(until).to_bytes(_UNTIL_BYTES, "big")
        return urlsafe_b64encode(body + self._tag(self.secrets[0], body)).decode().rstrip("=")

    def read(self, token: str) -> Opened | None:
        """Return what a token opens, whether or not its time is over; None where it is none of ours."""
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if len(raw) != _TOKEN_BYTES or urlsafe_b64encode(raw).decode().rstrip("=") != token:
            return None
        if not any(hmac.compare_digest(self._tag(secret, body), tag) for secret in self.secrets):
            return None
        until = EPOCH + timedelta(seconds=int.from_bytes(body[2 * _ID_BYTES :], "big"))
        return Opened(body[:_ID_BYTES].hex(), body[_ID_BYTES : 2 * _ID_BYTES].hex(), until)

    def _tag(self, secret: bytes, body: bytes) -> bytes:
        return hmac.digest(secret, f"regulars/{self.purpose}/".encode() + body, "sha256")[:_TAG_BYTES]


def signed_address(url: str, until: datetime, secret: str) -> str:
    """Sign where a link leads with the secret shared with the shop, so that its site may refuse all others.

    `signature` is the HMAC-SHA256, in hex, of the address as it is before `&signature=` is added.
    """
    joined = f"{url}{'&' if '?' in url else '?'}expires={_seconds(until)}"
    return f"{joined}&signature={hmac.digest(secret.encode(), joined.encode(), 'sha256').hex()}"


def _seconds(until: datetime) -> int:
    return (until - EPOCH) // _SECOND
