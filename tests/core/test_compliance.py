"""STOP, START and HELP in every language, however decorated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.compliance import (
    DEFAULT_WORDS,
    LegalCategory,
    LegalWords,
    category_of_opt_out_type,
    legal_category,
)
from bot.core.keywords import Keyword, collisions

EVERY_WORD = [
    (word, category)
    for category, languages in DEFAULT_WORDS.items()
    for words in languages.values()
    for word in words
]


@pytest.mark.parametrize(
    "word", ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"]
)
def test_what_twilio_hears_as_opt_out_we_hear_too(word: str) -> None:
    # https://help.twilio.com/articles/223134027
    assert legal_category(word) is LegalCategory.OPT_OUT
    assert legal_category(f" {word.lower()}\n") is LegalCategory.OPT_OUT


@given(
    st.sampled_from(EVERY_WORD),
    st.sampled_from(["", " ", "\n", "\u200b"]),
    st.sampled_from(["", ".", "!!", " please", ". Thank you", " 🙏", " gracias", "\ufe0f"]),
)
def test_every_word_counts_in_every_language_however_decorated(
    listed: tuple[str, LegalCategory], before: str, after: str
) -> None:
    word, category = listed
    assert legal_category(f"{before}{word}{after}" if word != "🛑" else word) is category
    assert legal_category(word.lower()) is category


@pytest.mark.parametrize("text", ["ALTA", "alta!", "Alta, por favor"])
def test_alta_and_alto_are_opposites_one_letter_apart(text: str) -> None:
    """Legal words forgive no typo, so neither is ever taken for the other."""
    assert legal_category(text) is LegalCategory.OPT_IN
    assert legal_category(text.lower().replace("alta", "alto")) is LegalCategory.OPT_OUT
    assert legal_category("ALTS") is None


@pytest.mark.parametrize(
    "text",
    [
        "STOP.",
        "stop!!",
        "Stop. Thank you",
        "please STOP",
        "S.T.O.P.",
        "STOP STOP STOP",
        "🛑",
        "🛑🛑🛑",
        "STOP 🛑",
        "Opt-out",
        "OPT OUT pls",
        "No más, gracias",
        "arret svp",
        "请退订",
        "回复退订",
        "退订回T",
        "我要退订",
        "停止してください",
        "ＳＴＯＰ",
    ],
)
def test_plain_revocations_are_heard(text: str) -> None:
    assert legal_category(text) is LegalCategory.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        "can't stop shopping",
        "weekend",
        "the end",
        "STOP 12345",
        "cancel my order 5",
        "取消订单",
        "quit smoking tea?",
        *("", "?", "thanks", "please", "👍", "balance", "stopwatch", "a", "aaaa", "stop " + "x" * 500),
    ],
)
def test_words_inside_other_talk_are_not(text: str) -> None:
    assert legal_category(text) is None


def test_yes_is_told_apart_from_start() -> None:
    assert legal_category("YES!") is LegalCategory.YES
    assert legal_category("sí") is LegalCategory.YES
    assert legal_category("Start") is LegalCategory.OPT_IN
    assert legal_category("unstop") is LegalCategory.OPT_IN


def test_what_the_provider_took_it_for_is_read() -> None:
    assert category_of_opt_out_type("STOP") is LegalCategory.OPT_OUT
    assert category_of_opt_out_type("start") is LegalCategory.OPT_IN
    assert category_of_opt_out_type("HELP") is LegalCategory.HELP
    assert category_of_opt_out_type(None) is None
    assert category_of_opt_out_type("SOMETHING") is None


def test_the_language_of_a_word_is_known() -> None:
    word = LegalWords().find("ayuda por favor")
    assert word is not None
    assert (word.category, word.language) == (LegalCategory.HELP, "es")


def test_a_shop_adds_words_and_takes_none_away() -> None:
    words = LegalWords({LegalCategory.OPT_OUT: {"it": ["BASTA", "FERMA"]}})
    assert legal_category("basta!", words) is LegalCategory.OPT_OUT
    assert legal_category("STOP", words) is LegalCategory.OPT_OUT
    assert legal_category("basta!") is None


@pytest.mark.parametrize("word", ["START", "help", "?!"])
def test_a_shop_cannot_turn_a_word_into_another(word: str) -> None:
    with pytest.raises(ValueError, match="word"):
        LegalWords({LegalCategory.OPT_OUT: {"en": [word]}})


def test_a_flow_that_claims_a_legal_word_collides_with_it() -> None:
    mine = Keyword("Cancel", "cancel_order", place="flows/orders.yaml:3")
    (collision,) = collisions([*LegalWords().keywords(), mine])
    assert collision.first.target == "opt-out"
    assert collision.second is mine
