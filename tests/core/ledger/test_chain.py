"""The hash chain: whatever is altered shows, and whoever is erased does not break it."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ledger.books import Books
from bot.core.ledger.chain import ChainBreak, digest, entry_hash, erased, verify
from bot.core.ledger.entries import Cause, Entry, Extension
from bot.core.ledger.lots import Grant, Terms
from bot.core.ledger.wallet import Wallet
from tests.core.ledger.test_books import open_books

NOW = datetime(2026, 3, 2, 15, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def books() -> Books:
    books = open_books(Wallet("c" * 32))
    for key in "abc":
        grant = Grant(10, Terms(NOW, "UTC"), "promotional", "test", "expiry@1")
        books.adjust_up(grant, NOW, Cause(key, "operator:7", f"for Ana, {key}", "case", "17"))
    return books


def test_a_chain_verifies_as_written(books: Books) -> None:
    wallet = books.wallet
    assert verify(books.entries, entry_count=wallet.entry_count, last_hash=wallet.last_hash) is None


CHANGES: dict[str, object] = {
    "id": "f" * 32,
    "contact_id": "d" * 32,
    "reason": "earn",
    "key": "other",
    "effective_at": NOW + timedelta(microseconds=1),
    "actor": "operator:8",
    "reason_text": "for Bob",
    "personal_hash": "",
    "source_type": "order",
    "source_id": "18",
    "rule": "expiry@2",
    "draws": (),
    "reverses": "f" * 32,
    "previous_hash": "",
    "hash": "0" * 64,
    "number": 3,
    "extended": (Extension("e" * 32, date(2026, 3, 2), date(2026, 4, 2)),),
}


@pytest.mark.parametrize("field", CHANGES)
def test_any_field_altered_breaks_it_there(books: Books, field: str) -> None:
    entries = books.entries
    entries[1] = replace(entries[1], **{field: CHANGES[field]})  # type: ignore[arg-type]  # each fits its field
    broken = verify(entries)
    assert broken is not None
    assert broken.number == 2


def test_every_field_is_tried() -> None:
    assert {*CHANGES, "salt"} == set(Entry.__slots__)


def test_a_changed_salt_breaks_it(books: Books) -> None:
    books.entries[1] = replace(books.entries[1], salt="other")
    assert verify(books.entries) == ChainBreak(2, "its words were altered")


def test_entries_swapped_dropped_or_cut_off_break_it(books: Books) -> None:
    first, second, third = books.entries
    wallet = books.wallet
    assert verify([second, first, third]) is not None
    assert verify([first, third]) is not None
    assert verify([first, second], entry_count=wallet.entry_count) is not None
    assert verify([first, second], last_hash=wallet.last_hash) is not None


def test_an_erased_person_leaves_the_chain_whole(books: Books) -> None:
    wiped = [erased(entry) for entry in books.entries]
    assert not any(entry.reason_text or entry.salt for entry in wiped)
    assert all(entry.personal_hash for entry in wiped)
    assert verify(wiped, last_hash=books.wallet.last_hash) is None


def test_the_hash_is_the_same_on_every_machine_and_in_every_version(books: Books) -> None:
    """Written down once: a stored chain must verify for ever."""
    assert entry_hash(books.entries[0]) == books.entries[0].hash
    assert books.entries[0].hash == "bbb72c7b67932b27adc29f52a211163fea7deeafcc3ec297ff59e481383c7087"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1))
def test_what_is_hashed_is_plain_compact_json(text: str, number: int) -> None:
    """Whoever verifies a chain elsewhere needs no more than that."""
    fields = [text, number, None, [[text, number, None]]]
    canonical = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    assert digest(fields) == hashlib.sha256(canonical.encode()).hexdigest()
