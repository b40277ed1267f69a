"""The transitions of consent, and the proof of who agreed to what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.consent import (
    CONFIRM_WITHIN,
    GENESIS,
    ChainLink,
    ConsentSource,
    Evidence,
    chain_hash,
    confirm,
    first_break,
    opt_in,
    opt_out,
    pending,
    personal_hash,
)
from bot.core.contact import SubscriptionState

NOON = datetime(2026, 11, 22, 17, tzinfo=UTC)

# Transitions


def said(words: str, at: datetime = NOON) -> Evidence:
    return Evidence("loyalty", "sms", words, ConsentSource.KEYWORD, at, provider_id="SM1")


def test_opting_in_and_out_keeps_the_evidence() -> None:
    change = opt_in(said("LOYALTY"))
    assert (change.state, change.words, change.provider_id, change.at) == (
        SubscriptionState.SUBSCRIBED,
        "LOYALTY",
        "SM1",
        NOON,
    )
    assert opt_out(said("no mas")).state is SubscriptionState.UNSUBSCRIBED


def test_a_double_opt_in_waits_thirty_days_for_its_yes() -> None:
    asked = pending(said("LOYALTY"))
    assert asked.state is SubscriptionState.PENDING
    assert asked.confirm_by == NOON + timedelta(days=30)
    in_time = confirm(said("YES", NOON + CONFIRM_WITHIN), asked.state, asked.at)
    assert in_time is not None
    assert in_time.state is SubscriptionState.SUBSCRIBED
    too_late = NOON + CONFIRM_WITHIN + timedelta(seconds=1)
    assert confirm(said("YES", too_late), asked.state, asked.at) is None


def test_a_yes_confirms_nothing_where_nothing_waits() -> None:
    for state in (None, SubscriptionState.SUBSCRIBED, SubscriptionState.UNSUBSCRIBED):
        assert confirm(said("YES"), state, NOON) is None


def test_who_is_subscribed_already_is_not_asked_again() -> None:
    assert pending(said("LOYALTY"), SubscriptionState.SUBSCRIBED).state is SubscriptionState.SUBSCRIBED


# Proof


def log(*words: str) -> list[ChainLink]:
    links: list[ChainLink] = []
    for number, said_words in enumerate(words):
        previous = links[-1].hash if links else GENESIS
        personal = {"words": said_words, "address": "+14155550100"}
        sealed = personal_hash(f"salt{number}", personal)
        public: dict[str, str | int | None] = {"number": number, "state": "subscribed"}
        links.append(
            ChainLink(public, sealed, chain_hash(previous, sealed, public), f"salt{number}", personal)
        )
    return links


def test_a_log_as_it_was_written_holds() -> None:
    links = log("LOYALTY", "STOP", "START")
    assert first_break(links, links[-1].hash) is None
    assert first_break([]) is None
    assert first_break([], GENESIS) is None


def test_an_erased_line_leaves_the_log_provable() -> None:
    links = log("LOYALTY", "STOP", "START")
    erased = [replace(link, salt=None, personal=None) for link in links]
    assert first_break(erased, links[-1].hash) is None
    assert "STOP" not in str(erased)


def test_whatever_is_altered_dropped_or_moved_shows() -> None:
    links = log("LOYALTY", "STOP", "START")
    words = [links[0], replace(links[1], personal={"words": "YES", "address": "+14155550100"}), links[2]]
    state = [replace(links[0], public={"number": 0, "state": "unsubscribed"}), *links[1:]]
    assert first_break(words) == 1
    assert first_break(state) == 0
    assert first_break([links[0], links[2]]) == 1
    assert first_break([links[1], links[0], links[2]]) == 0
    assert first_break(links[:2], links[2].hash) == 2
    assert first_break([], links[2].hash) == 0


def test_the_same_words_under_another_salt_tell_nothing() -> None:
    assert personal_hash("a", {"words": "STOP"}) != personal_hash("b", {"words": "STOP"})
    assert chain_hash("", "ab", {"c": 1}) != chain_hash("a", "b", {"c": 1})
