"""Keys of the shop API: made of 256 random bits, recognised by their hash."""

import os
from datetime import UTC, datetime

from bot.core.api_keys import NOBODYS_KEY, Scope, hash_of, id_in, make_key

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def test_a_key_says_its_id_and_proves_itself() -> None:
    key, text = make_key("till", frozenset({Scope.ORDERS}), NOW, os.urandom, "ana")
    assert id_in(text) == key.id
    assert key.fits(text)
    assert key.hash == hash_of(text)
    assert text not in repr(key)


def test_no_two_keys_are_alike() -> None:
    made = {make_key("till", frozenset({Scope.ORDERS}), NOW, os.urandom, "")[1] for _ in range(100)}
    assert len(made) == 100


def test_what_is_no_key_has_no_id() -> None:
    for text in (
        "",
        "regulars_",
        "regulars_" + "0" * 32,
        "Bearer x",
        "regulars_" + "0" * 32 + "_" + "é" * 43,
    ):
        assert id_in(text) is None


def test_nobodys_key_fits_nothing() -> None:
    assert not NOBODYS_KEY.fits("regulars_" + "0" * 32 + "_" + "a" * 43)
    assert NOBODYS_KEY.scopes == frozenset()


def test_what_is_no_utf8_is_a_key_of_nobody() -> None:
    assert not NOBODYS_KEY.fits("Bearer \udcff")
    assert hash_of("\udcff") != hash_of("\udcfe")
