"""Sessions: a shopper's login at our pages, shown by a token of ours that is kept nowhere but with them.

A token is the base64url of the session's id (16 bytes, which find the row) and of 32 random bytes, which
prove it. Kept is the SHA-256 of those: nobody guesses 256 random bits, so that a slow hash would protect
nothing and cost every request.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.ids import Entropy
from bot.core.quickly import quickly_made
from bot.core.wechat_address import WECHAT

_ID_BYTES, _SECRET_BYTES = 16, 32
_TOKEN_LENGTH = 64  # of 48 bytes in base64
_OTHER_SPELLINGS = frozenset("+/")  # read like - and _: then one session would have several tokens


class StartedBy(StrEnum):
    """How a shopper came."""

    LOGIN = "login"  # by a code of their mini program
    LINK = "link"  # by a page link in a message
    CAMPAIGN = "campaign"  # by a campaign link


LASTS = {
    StartedBy.LOGIN: timedelta(days=30),
    StartedBy.LINK: timedelta(hours=24),
    StartedBy.CAMPAIGN: timedelta(hours=24),
}
"""How long a session is good."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Session:
    """A login of a contact, who came by this address of theirs (empty: by none that is known)."""

    id: str
    contact_id: str
    token_hash: str
    channel: str
    address: str
    started_by: StartedBy
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    @property
    def is_in_mini_program(self) -> bool:
        """Whether WeChat itself said who it is: a link may have been forwarded, and opens a browser."""
        return self.channel == WECHAT and self.started_by is not StartedBy.LINK

    def is_open(self, now: datetime) -> bool:
        """Whether it is still good."""
        return self.ended_at is None and now < self.expires_at

    def fits(self, token: str) -> bool:
        """Whether this is its token; takes as long whatever is shown."""
        secret = secret_in(token)
        return hmac.compare_digest(self.token_hash, hash_of(secret)) and len(secret) == _SECRET_BYTES

    def ended(self, now: datetime) -> "Session":
        """Return it as it is when it was left."""
        return self if self.ended_at is not None else replace(self, ended_at=now)


def new_secret(entropy: Entropy) -> bytes:
    """Make what proves a session: told once, within its token."""
    return entropy(_SECRET_BYTES)


def hash_of(secret: bytes) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret).hexdigest()


def token_of(session_id: str, secret: bytes) -> str:
    """Write a session's token."""
    return base64.urlsafe_b64encode(bytes.fromhex(session_id) + secret).decode()


def id_in(token: str) -> str | None:
    """The id of the session a token is of; None where it does not look like one."""
    raw = _read(token)
    return raw[:_ID_BYTES].hex() if raw else None


def secret_in(token: str) -> bytes:
    """What proves the session; empty where it does not look like a token."""
    return _read(token)[_ID_BYTES:]


def _read(token: str) -> bytes:
    if len(token) != _TOKEN_LENGTH or not token.isascii() or not _OTHER_SPELLINGS.isdisjoint(token):
        return b""
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return b""
