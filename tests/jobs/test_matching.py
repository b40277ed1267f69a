"""Which entry of a provider's list is which of our messages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.channel import Listed
from bot.core.messages import OutboxState
from bot.jobs.matching import is_contested, is_hidden, match
from bot.storage.unknown import Handed

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LOST = Handed(
    id="a",
    sender="+1",
    body="You have $5.00.",
    media=0,
    state=OutboxState.UNKNOWN,
    provider_id=None,
    created_at=NOW,
    handed_at=NOW + MINUTE,
    doubted_at=NOW + 2 * MINUTE,
    attempts=1,
    lookups=0,
    valid_until=None,
)
ENTRY = Listed("SM1", ("+1",), "You have $5.00.", 0, NOW + MINUTE, OutboxState.DELIVERED, 1)


def names(ours: list[Handed], theirs: list[Listed]) -> dict[str, str]:
    return {id_: entry.provider_id for id_, entry in match(ours, theirs).items()}


def test_the_same_text_at_that_time_is_ours() -> None:
    assert names([LOST], [ENTRY]) == {"a": "SM1"}


@pytest.mark.parametrize(
    "other",
    [
        replace(ENTRY, body="You have $6.00."),
        replace(ENTRY, created_at=NOW - 6 * MINUTE),
        replace(ENTRY, created_at=NOW + 8 * MINUTE),
    ],
    ids=["another text", "before it was made", "long after the doubt"],
)
def test_anything_else_is_not(other: Listed) -> None:
    assert names([LOST], [other]) == {}


def test_an_entry_that_another_message_is_known_by_is_never_taken() -> None:
    """Two equal texts to one number: the one with the name keeps it."""
    sent = replace(LOST, id="b", state=OutboxState.DELIVERED, provider_id="SM1", doubted_at=None)
    assert names([sent, LOST], [ENTRY]) == {}
    assert names([sent, LOST], [ENTRY, replace(ENTRY, provider_id="SM2")]) == {"a": "SM2"}


def test_of_equal_texts_the_nearest_in_time_goes_with_the_entry() -> None:
    later = replace(LOST, id="b", handed_at=NOW + 2 * MINUTE)
    assert names([LOST, later], [replace(ENTRY, created_at=NOW + 2 * MINUTE)]) == {"b": "SM1"}


def test_equal_texts_are_matched_one_to_one_in_order() -> None:
    later = replace(LOST, id="b", handed_at=NOW + 2 * MINUTE)
    second = replace(ENTRY, provider_id="SM2", created_at=NOW + 2 * MINUTE)
    assert names([LOST, later], [ENTRY, second]) == {"a": "SM1", "b": "SM2"}
    assert names([LOST, later], [ENTRY]) == {"a": "SM1"}


def test_what_certainly_left_takes_its_entry_first() -> None:
    """An answer that was written and of which no status was heard yet must be in the list."""
    written = replace(LOST, id="b", state=OutboxState.SENT, handed_at=NOW + 2 * MINUTE, doubted_at=None)
    assert names([LOST, written], [ENTRY]) == {"b": "SM1"}
    assert not is_hidden(LOST, [LOST, written], {"b"})
    assert is_hidden(LOST, [LOST, written], set()), "a list without it is not complete"


def test_while_an_equal_one_is_being_handed_over_nothing_is_said() -> None:
    sending = replace(LOST, id="b", state=OutboxState.SENDING)
    assert is_contested(LOST, [LOST, sending])
    assert not is_contested(LOST, [LOST, replace(sending, body="Bye.")])
    assert not is_contested(LOST, [LOST, replace(sending, state=OutboxState.SENT)])


@pytest.mark.parametrize(
    "kept",
    ["You have $5.00", "You have $5.00.\n", "YOU HAVE $5.00.", ""],
    ids=["sign", "line", "case", "no text"],
)
def test_a_text_that_the_provider_changed_or_does_not_keep_is_still_ours(kept: str) -> None:
    assert names([LOST], [replace(ENTRY, body=kept)]) == {"a": "SM1"}


def test_the_whole_text_goes_before_the_words_and_those_before_none() -> None:
    entries = [replace(ENTRY, body=""), replace(ENTRY, provider_id="SM2", body="You have $5.00"), ENTRY]
    entries[0] = replace(entries[0], provider_id="SM3")
    assert names([LOST], entries) == {"a": "SM1"}
    assert names([LOST], entries[:2]) == {"a": "SM2"}


def test_our_own_sender_goes_before_others_and_none_is_needed() -> None:
    """An answer to a webhook leaves from the number that was texted, whatever the pool says."""
    other = replace(ENTRY, provider_id="SM0", senders=("+2",))
    assert names([LOST], [other, ENTRY]) == {"a": "SM1"}
    assert names([LOST], [other]) == {"a": "SM0"}


def test_pictures_alone_are_told_by_their_number() -> None:
    picture = replace(LOST, body="", media=2)
    assert names([picture], [replace(ENTRY, body="", media=1)]) == {}
    assert names([picture], [replace(ENTRY, body="", media=2)]) == {"a": "SM1"}
