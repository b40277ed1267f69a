"""Sessions: what a token is made of, when one is good, and what is kept of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.sessions import (
    LASTS,
    Session,
    StartedBy,
    hash_of,
    id_in,
    new_secret,
    secret_in,
    token_of,
)

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
ID = "0" * 30 + "7f"
SECRET = bytes(range(32))


def session(**changed: object) -> Session:
    """A session that was just opened."""
    fields: dict[str, object] = {
        "id": ID,
        "contact_id": "1" * 32,
        "token_hash": hash_of(SECRET),
        "channel": "wechat",
        "address": "wx/li",
        "started_by": StartedBy.LOGIN,
        "created_at": NOW,
        "expires_at": NOW + LASTS[StartedBy.LOGIN],
        **changed,
    }
    return Session(**fields)  # type: ignore[arg-type]  # fields by name


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_a_token_tells_its_session_and_what_proves_it(raw_id: bytes, secret: bytes) -> None:
    token = token_of(raw_id.hex(), secret)
    assert (id_in(token), secret_in(token)) == (raw_id.hex(), secret)
    assert len(token) == 64


@given(st.text(max_size=80))
def test_what_is_no_token_is_none_of_a_session(text: str) -> None:
    found = id_in(text)
    assert found is None or token_of(found, secret_in(text)) == text
    assert session().fits(text) is (found == ID and secret_in(text) == SECRET)


def test_only_its_own_token_fits() -> None:
    assert session().fits(token_of(ID, SECRET))
    assert not session().fits(token_of(ID, bytes(32)))
    assert not session(token_hash=hash_of(b"")).fits("")


def test_it_is_good_until_it_ends_or_is_left() -> None:
    assert session().is_open(NOW + timedelta(days=30, microseconds=-1))
    assert not session().is_open(NOW + timedelta(days=30))
    left = session().ended(NOW + timedelta(hours=1))
    assert not left.is_open(NOW)
    assert left.ended(NOW + timedelta(hours=2)) == left


@pytest.mark.parametrize("started_by", StartedBy)
def test_every_way_in_has_its_time(started_by: StartedBy) -> None:
    assert timedelta(0) < LASTS[started_by] <= timedelta(days=30)


def test_a_secret_is_as_long_as_nobody_guesses() -> None:
    assert len(new_secret(lambda count: b"x" * count)) == 32


def test_a_token_is_spelt_in_one_way() -> None:
    token = token_of(ID, b"\xff" * 32)
    assert id_in(token) == ID
    assert id_in(token.replace("_", "/")) is None, "what is remembered by its token has one name alone"
