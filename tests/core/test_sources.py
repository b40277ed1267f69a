"""What a source is believed, and what its key is."""

import os
from datetime import UTC, datetime

import pytest

from bot.core.api_keys import hash_of
from bot.core.sources import USUAL_SCOPES, SourceKind, SourceScope, make_source

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", [SourceKind.BROWSER, SourceKind.MOBILE, SourceKind.LEANPLUM])
def test_a_key_that_everybody_can_read_is_believed_no_orders_and_no_phones(kind: SourceKind) -> None:
    source, _ = make_source("app", kind, USUAL_SCOPES[kind], NOON, os.urandom, created_by="ana")
    assert [scope for scope in SourceScope if source.may(scope)] == [SourceScope.TRACK]


@pytest.mark.parametrize("kind", [SourceKind.SERVER, SourceKind.BRAZE])
def test_a_server_is_believed_all(kind: SourceKind) -> None:
    assert USUAL_SCOPES[kind] == set(SourceScope)


def test_every_kind_has_usual_scopes() -> None:
    assert set(USUAL_SCOPES) == set(SourceKind)


def test_a_made_key_is_long_plain_and_kept_as_a_hash() -> None:
    made = [
        make_source("a", SourceKind.SERVER, frozenset(), NOON, os.urandom, created_by="ana") for _ in range(2)
    ]
    (one, key), (_, other) = made
    assert key != other
    assert len(key) == 32, "as long as Segment's"
    assert key.isalnum(), "so that it needs no quoting, in headers, addresses and Basic"
    assert one.hash == hash_of(key)


def test_a_key_that_is_brought_along_is_kept_as_it_is() -> None:
    source, key = make_source(
        "a", SourceKind.SERVER, frozenset(), NOON, os.urandom, created_by="ana", brought="testsecret"
    )
    assert key == "testsecret"
    assert source.hash == hash_of("testsecret")
