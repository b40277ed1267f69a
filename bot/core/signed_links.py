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

ID_BYTES, UNTIL_BYTES = 16, 4
"""How long ids and instants are in tokens."""

_TAG_BYTES = 16
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
        return signed(self.secrets, self.purpose, bytes.fromhex(contact_id + identifier) + until_bytes(until))

    def read(self, token: str) -> Opened | None:
        """Return what a token opens, whether or not its time is over; None where it is none of ours."""
        body = read_signed(self.secrets, self.purpose, token)
        if body is None or len(body) != 2 * ID_BYTES + UNTIL_BYTES:
            return None
        until = read_until(body[2 * ID_BYTES :])
        return Opened(body[:ID_BYTES].hex(), body[ID_BYTES : 2 * ID_BYTES].hex(), until)


def signed(secrets: tuple[bytes, ...], purpose: str, body: bytes) -> str:
    """Return a body with its signature by the newest secret, as it is written in links."""
    return _written(body + _tag(secrets[0], purpose, body))


def read_signed(secrets: tuple[bytes, ...], purpose: str, token: str) -> bytes | None:
    """Return the body of what was signed by any of the secrets for this purpose; None where none did."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    if _written(raw) != token or len(tag) != _TAG_BYTES:
        return None
    is_ours = any(hmac.compare_digest(_tag(secret, purpose, body), tag) for secret in secrets)
    return body if is_ours else None


def until_bytes(until: datetime) -> bytes:
    """Write an instant to the whole second, as tokens carry it."""
    return _seconds(until).to_bytes(UNTIL_BYTES, "big")


def read_until(written: bytes) -> datetime:
    """Return the instant that `until_bytes` wrote."""
    return EPOCH + timedelta(seconds=int.from_bytes(written, "big"))


def signed_address(url: str, until: datetime, secret: str) -> str:
    """Sign where a link leads with the secret shared with the shop, so that its site may refuse all others.

    `signature` is the HMAC-SHA256, in hex, of the address as it is before `&signature=` is added.
    """
    joined = f"{url}{'&' if '?' in url else '?'}expires={_seconds(until)}"
    return f"{joined}&signature={hmac.digest(secret.encode(), joined.encode(), 'sha256').hex()}"


def _seconds(until: datetime) -> int:
    return (until - EPOCH) // _SECOND


def _written(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _tag(secret: bytes, purpose: str, body: bytes) -> bytes:
    return hmac.digest(secret, f"regulars/{purpose}/".encode() + body, "sha256")[:_TAG_BYTES]
