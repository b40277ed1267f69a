"""Ids and buckets: every id we mint ends in the bucket of the contact that owns it.

Ids are UUIDv7 (RFC 9562) written as 32 lower-case hex digits, so that they sort by time in every
database without a type of their own. The last byte is the bucket (0 to 255): whoever holds an id
knows where its row lives (design section 8).
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

BUCKETS = 256

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BUCKET_DIGITS = [f"{bucket:02x}" for bucket in range(BUCKETS)]

Entropy = Callable[[int], bytes]
"""Gives that many random bytes: `os.urandom`, or a seeded source in tests."""


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant: how instants are stored."""
    return (at - EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """The aware UTC instant that `microseconds` stored."""
    return EPOCH + timedelta(microseconds=stored)


def new_id(now: datetime, bucket: int, entropy: Entropy) -> str:
    """Mint an id for a row that lives in `bucket`."""
    return f"{_head(now, entropy)}{_BUCKET_DIGITS[bucket]}"


def new_contact_id(now: datetime, entropy: Entropy) -> str:
    """Mint a contact's id; its random last byte decides the contact's bucket for good."""
    return f"{_head(now, entropy)}{entropy(1).hex()}"


def derived_id(key: str, bucket: int) -> str:
    """Return the same id for the same key, so that work done twice leaves one row."""
    return f"{hashlib.sha256(key.encode()).hexdigest()[:30]}{_BUCKET_DIGITS[bucket]}"


def bucket_of(identifier: str) -> int:
    """Return the bucket an id carries."""
    return int(identifier[-2:], 16)


def _head(now: datetime, entropy: Entropy) -> str:
    milliseconds = microseconds(now) // 1000
    random = int.from_bytes(entropy(9), "big")
    # RFC 9562 section 5.7: 48 bits of time, version 7, 12 random bits, variant 10, then random bits.
    high = random >> 60 & 0xFFF
    low = random & 0x3F_FFFF_FFFF_FFFF
    return f"{milliseconds:012x}7{high:03x}{0x8 << 52 | low:014x}"
