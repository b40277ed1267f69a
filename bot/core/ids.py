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
_COUNT_MAX = 0xFFF
_PAGE_BYTES = 4096
_VARIANT = 0x8 << 52
_LOW_BITS = 0x3F_FFFF_FFFF_FFFF
_OF_VARIANT = {f"{digit:x}": f"{0x8 | digit & 0x3:x}" for digit in range(16)}
"""A random digit as the one that says the variant."""
_BUCKET_DIGITS = [f"{bucket:02x}" for bucket in range(BUCKETS)]
_BUCKETS_BY_DIGITS = {digits: bucket for bucket, digits in enumerate(_BUCKET_DIGITS)}

Entropy = Callable[[int], bytes]
"""Gives that many random bytes: `os.urandom`, or a seeded source in tests."""


class Drawn:
    """Entropy that is drawn by the page and given out in parts, each once; for one thread.

    `os.urandom` lets another thread go on meanwhile, and who wants to be back waits for it, which costs far
    more than the bytes.
    """

    __slots__ = ("_drawn", "_entropy", "_given")

    def __init__(self, entropy: Entropy) -> None:
        """Draw from `entropy`."""
        self._entropy = entropy
        self._drawn = b""
        self._given = 0

    def __call__(self, count: int) -> bytes:
        """Give that many bytes."""
        if self._given + count > len(self._drawn):
            self._drawn, self._given = self._entropy(max(_PAGE_BYTES, count)), 0
        given = self._drawn[self._given : self._given + count]
        self._given += count
        return given


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant: how instants are stored."""
    return (at - EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """The aware UTC instant that `microseconds` stored."""
    return EPOCH + timedelta(0, 0, stored)  # by name it takes half as long again


class IdSource:
    """Mints ids that strictly rise within this process, even within one millisecond of a standing clock.

    The twelve bits after the version count up within a millisecond (RFC 9562 section 6.2, method 1); when
    they are used up the next millisecond is borrowed.
    """

    __slots__ = ("_count", "_entropy", "_milliseconds")

    def __init__(self, entropy: Entropy) -> None:
        """Take randomness from `entropy`."""
        self._entropy = entropy
        self._milliseconds = 0
        self._count = 0

    def mint(self, now: datetime, bucket: int) -> str:
        """Mint an id for a row that lives in `bucket`."""
        milliseconds = microseconds(now) // 1000
        if milliseconds > self._milliseconds:
            self._milliseconds, self._count = milliseconds, 0
        elif self._count < _COUNT_MAX:
            self._count += 1
        else:
            self._milliseconds, self._count = self._milliseconds + 1, 0
        low = int.from_bytes(self._entropy(7), "big") & _LOW_BITS
        return f"{self._milliseconds:012x}7{self._count:03x}{_VARIANT | low:014x}{_BUCKET_DIGITS[bucket]}"

    def mint_many(self, now: datetime, bucket: int, count: int) -> list[str]:
        """Mint ids for rows that live in `bucket`, for less than one by one costs."""
        if not count:
            return []
        first = self.mint(now, bucket)
        begin = self._milliseconds * (_COUNT_MAX + 1) + self._count
        self._milliseconds, self._count = divmod(begin + count - 1, _COUNT_MAX + 1)
        random, digits = self._entropy(7 * (count - 1)).hex(), _BUCKET_DIGITS[bucket]
        return [first] + [
            f"{one >> 12:012x}7{one & _COUNT_MAX:03x}"
            f"{_OF_VARIANT[random[at]]}{random[at + 1 : at + 14]}{digits}"
            for one, at in zip(range(begin + 1, begin + count), range(0, 14 * count, 14), strict=False)
        ]


def new_id(now: datetime, bucket: int, entropy: Entropy) -> str:
    """Mint a single id for a row in `bucket`; several that must keep their order need an `IdSource`."""
    return IdSource(entropy).mint(now, bucket)


def new_contact_id(now: datetime, entropy: Entropy) -> str:
    """Mint a contact's id; its random last byte decides the contact's bucket for good."""
    return new_id(now, entropy(1)[0], entropy)


def derived_id(key: str, bucket: int) -> str:
    """Return the same id for the same key, so that work done twice leaves one row."""
    return f"{hashlib.sha256(key.encode()).hexdigest()[:30]}{_BUCKET_DIGITS[bucket]}"


def bucket_of(identifier: str) -> int:
    """Return the bucket an id carries."""
    bucket = _BUCKETS_BY_DIGITS.get(identifier[-2:])
    return int(identifier[-2:], 16) if bucket is None else bucket
