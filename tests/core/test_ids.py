"""Ids carry their bucket, sort by time, and strictly rise within a process."""

import os
import random
import uuid
from datetime import UTC, datetime, timedelta

from bot.core.ids import (
    BUCKETS,
    Drawn,
    IdSource,
    bucket_of,
    derived_id,
    instant,
    microseconds,
    new_contact_id,
    new_id,
)

NOW = datetime(2026, 11, 22, 12, 30, 0, 123456, tzinfo=UTC)


def test_ids_are_uuids_of_version_7_that_end_in_their_bucket() -> None:
    for bucket in range(BUCKETS):
        identifier = uuid.UUID(new_id(NOW, bucket, os.urandom))
        assert identifier.version == 7
        assert identifier.variant == uuid.RFC_4122
        assert bucket_of(identifier.hex) == bucket


def test_ids_of_one_instant_rise() -> None:
    ids = IdSource(os.urandom)
    minted = [ids.mint(NOW, 7) for _ in range(10_000)]  # more than a millisecond has room for
    assert minted == sorted(set(minted))


def test_many_ids_at_once_are_like_those_minted_one_by_one() -> None:
    ids = IdSource(os.urandom)
    before = ids.mint(NOW, 7)
    many = [*ids.mint_many(NOW, 7, 5_000), *ids.mint_many(NOW, 7, 1)]  # more than a millisecond has room for
    minted = [before, *many, ids.mint(NOW, 7)]
    assert len(minted) == 5_003
    assert minted == sorted(set(minted))
    for one in map(uuid.UUID, many):
        assert (one.version, one.variant, bucket_of(one.hex)) == (7, uuid.RFC_4122, 7)
    assert len({one[16:30] for one in many}) == len(many), "each has randomness of its own"
    assert ids.mint_many(NOW, 7, 0) == []


def test_ids_rise_when_the_clock_goes_back() -> None:
    ids = IdSource(os.urandom)
    assert ids.mint(NOW, 7) < ids.mint(NOW - timedelta(hours=1), 7) < ids.mint(NOW + timedelta(hours=1), 7)


def test_contacts_are_spread_over_all_buckets() -> None:
    assert len({bucket_of(new_contact_id(NOW, os.urandom)) for _ in range(5000)}) == BUCKETS


def test_the_same_key_gives_the_same_id() -> None:
    assert derived_id("order/1", 9) == derived_id("order/1", 9) != derived_id("order/2", 9)
    assert bucket_of(derived_id("order/1", 9)) == 9


def test_instants_come_back_as_they_were_stored() -> None:
    assert instant(microseconds(NOW)) == NOW


def test_drawn_entropy_gives_every_byte_once() -> None:
    source = random.Random(1)
    drawn = Drawn(random.Random(1).randbytes)
    pages = b"".join(source.randbytes(4096) for _ in range(2))
    parts = [drawn(7) for _ in range(4096 // 7)] + [drawn(7)]
    assert b"".join(parts[:-1]) == pages[: 7 * (4096 // 7)]
    assert parts[-1] == pages[4096:4103]  # what is left of a page is too little
    assert len(drawn(10_000)) == 10_000
