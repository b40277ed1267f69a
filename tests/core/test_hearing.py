"""What a message means for consent, worked out from the message and its address alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.compliance import DEFAULT_WORDS, LegalCategory, LegalWords
from bot.core.contact import Address
from bot.core.groups import Group, GroupWords
from bot.core.hearing import CLARIFY_WITHIN, Hearing, Said, hear
from bot.core.messages import Inbound

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORDS = LegalWords()
GROUPS = GroupWords(
    {
        "loyalty": Group(
            "loyalty", {"en": "Rewards and offers"}, keywords={"en": ("PERKS",), "zh_Hans": ("会员",)}
        ),
        "news": Group("news", confirmations={"en": ("YEP",)}),
    },
    WORDS,
)
PLAIN = Address("sms", "+12125550100")
STOPPED = replace(PLAIN, stopped_at=NOW)
ASKED = replace(PLAIN, clarify_by=NOW + CLARIFY_WITHIN, clarified_at=NOW)
EVERY = [
    (word, category)
    for category, languages in DEFAULT_WORDS.items()
    for words in languages.values()
    for word in words
]
SAID = {
    LegalCategory.OPT_OUT: Said.STOP,
    LegalCategory.OPT_IN: Said.START,
    LegalCategory.HELP: Said.HELP,
    LegalCategory.YES: Said.YES,
}


def heard(
    text: str, address: Address = PLAIN, *, chooses: bool = False, provided: str | None = None
) -> Hearing:
    inbound = Inbound("twilio", "SM1", "sms", address.value, "", text, NOW, opt_out_type=provided)
    return hear(inbound, address, WORDS, GROUPS, NOW, chooses=chooses)


@pytest.mark.parametrize(("word", "category"), EVERY)
def test_every_legal_word_is_heard_in_every_language(word: str, category: LegalCategory) -> None:
    assert heard(word).said is SAID[category]


@pytest.mark.parametrize(("word", "category"), EVERY)
def test_from_a_stopped_address_yes_is_start_and_nothing_else_changes(
    word: str, category: LegalCategory
) -> None:
    expected = Said.START if category is LegalCategory.YES else SAID[category]
    assert heard(word, STOPPED).said is expected


@pytest.mark.parametrize("text", ["yes", "Ja!", "sí", "是"])
def test_a_second_yes_does_not_bring_back_who_said_yes_to_stopping(text: str) -> None:
    stopped = replace(ASKED, stopped_at=NOW, clarify_by=None)
    assert heard(text, stopped).said is Said.NOTHING
    assert heard("START", stopped).said is Said.START
    assert heard(text, replace(stopped, clarified_at=NOW - CLARIFY_WITHIN)).said is Said.START


def test_what_the_provider_made_of_it_comes_first() -> None:
    assert heard("LOYALTY", provided="STOP").said is Said.STOP
    assert heard("STOP", provided="START").said is Said.START
    assert heard("STOP", provided="SOMETHING").said is Said.NOTHING


@pytest.mark.parametrize(
    "text", ["STOP PERKS", "perks: stop!", "退订会员", "unsubscribe rewards and offers please"]
)
def test_stop_and_a_group_is_that_group(text: str) -> None:
    assert heard(text) == Hearing(Said.LEAVE, "loyalty")


def test_free_wording_says_why() -> None:
    plain = heard("please take me off your list")
    assert plain.said is Said.STOP
    assert plain.because
    unclear = heard("enough already")
    assert unclear.said is Said.UNCLEAR
    assert unclear.because


@pytest.mark.parametrize(
    "text", ["can't stop shopping", "when does the sale end", "PERKS", "all", "no", "yep"]
)
def test_other_talk_is_nothing(text: str) -> None:
    assert heard(text) == Hearing(Said.NOTHING)


@pytest.mark.parametrize("text", ["yes", "SI", "はい", "all", "todos", "全部", "enough already"])
def test_when_asked_it_is_stop(text: str) -> None:
    assert heard(text, ASKED).said is Said.STOP
    assert heard(text, replace(ASKED, stopped_at=NOW)).said is Said.STOP


@pytest.mark.parametrize("text", ["no", "NEIN", "keep them please", "Don't stop!", "不", "いいえ", "継続"])
def test_when_asked_it_is_no(text: str) -> None:
    assert heard(text, ASKED).said is Said.KEEP


def test_a_group_answers_only_where_we_asked_which() -> None:
    assert heard("PERKS", ASKED).said is Said.NOTHING
    assert heard("PERKS", ASKED, chooses=True) == Hearing(Said.LEAVE, "loyalty", "named when asked which")
    assert heard("PERKS", PLAIN, chooses=True).said is Said.NOTHING


def test_within_a_day_of_the_question_more_of_it_is_an_answer() -> None:
    kept = replace(ASKED, clarify_by=None)
    assert heard("enough already", kept).said is Said.STOP
    long_ago = replace(kept, clarified_at=NOW - CLARIFY_WITHIN)
    assert heard("enough already", long_ago).said is Said.UNCLEAR
    nearly = replace(kept, clarified_at=NOW - CLARIFY_WITHIN + timedelta(microseconds=1))
    assert heard("enough already", nearly).said is Said.STOP


def test_a_group_s_own_words_confirm_it() -> None:
    assert GROUPS.confirmed("yep, thanks") == {"news"}
    assert GROUPS.confirmed("nope") == set()
