"""Keys of the shop API: what each may do, how one is made and recognised.

A key is `regulars_<id>_<secret>`. The id finds the row, the secret proves the key. Kept is the SHA-256 of the
whole: the secret is 256 random bits, which nobody guesses, so that a slow hash as for passwords would protect
nothing and cost every request; and the hash alone opens nothing.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.ids import EPOCH, Entropy, new_id

_SECRET_BYTES = 32
_KEY = re.compile(r"regulars_([0-9a-f]{32})_[A-Za-z0-9_-]{43}")
_NOBODYS = "0" * 64  # the hash of nothing that anybody knows


class Scope(StrEnum):
    """What a key may do."""

    ORDERS = "orders"  # report orders and refunds, and read them
    CHECKOUT = "checkout"  # quote, hold, capture, void
    MEMBERS_READ = "members:read"  # members, their wallets and histories
    MEMBERS_WRITE = "members:write"  # enrol
    CREDIT_ADJUST = "credit:adjust"  # give and take credit by hand
    REWARDS = "rewards"  # claim rewards and say where they are; units reserved in drops
    PRODUCTS = "products"  # products and stock
    EVENTS = "events"  # say what a contact did
    DESK = "desk"  # answer contacts who want a person, and see what that takes of them
    CALLS = "calls"  # webhooks: look at them, have them made again
    EXPORT = "export"  # everything we know of a person
    ERASE = "erase"  # forget a person


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept; `hash` is of the whole key, which is nowhere."""

    id: str
    name: str
    hash: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str = ""
    revoked_at: datetime | None = None

    def fits(self, presented: str) -> bool:
        """Whether this is the key, not revoked; takes as long whatever is presented."""
        return hmac.compare_digest(self.hash, hash_of(presented)) and self.revoked_at is None


NOBODYS_KEY = ApiKey("", "", _NOBODYS, frozenset(), EPOCH)
"""What a key with an unknown id is compared with, so that it takes as long as with a known one."""


def make_key(
    name: str, scopes: frozenset[Scope], now: datetime, entropy: Entropy, created_by: str
) -> tuple[ApiKey, str]:
    """Make a key; the text, which is all that opens anything, is told once and kept nowhere."""
    key_id = new_id(now, 0, entropy)
    secret = base64.urlsafe_b64encode(entropy(_SECRET_BYTES)).rstrip(b"=").decode()
    text = f"regulars_{key_id}_{secret}"
    return ApiKey(key_id, name, hash_of(text), scopes, now, created_by), text


def id_in(presented: str) -> str | None:
    """The id in a key; None where it does not look like one."""
    found = _KEY.fullmatch(presented)
    return found[1] if found else None


def hash_of(text: str) -> str:
    """What is kept of a key; anything may be shown as one, also what is no UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
