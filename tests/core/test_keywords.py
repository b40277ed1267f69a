"""Which keyword a text means: normalised, stated, begun, contained, or mistyped."""

import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from bot.core.keywords import (
    How,
    Keyword,
    KeywordIndex,
    KeywordKind,
    collisions,
    normalise,
    without_courtesy,
)
from bot.core.typos import Typos, edits_forgiven

LEGAL = ("STOP", "START", "HELP", "END", "UNSUBSCRIBE")
SHOP = (
    Keyword("BALANCE", "balance", "en", place="flows/balance.yaml:3"),
    Keyword("余额", "balance", "zh_Hans", place="flows/balance.yaml:3"),
    Keyword("REWARDS", "rewards"),
    Keyword("JOIN", "loyalty"),
    Keyword("会员", "loyalty"),
    Keyword("HELLO", "hello"),
    Keyword("gift card", "gift_card"),
    Keyword("gift", "gift", kind=KeywordKind.PREFIX),
    Keyword("gift card balance", "gift_card_balance", kind=KeywordKind.PREFIX),
    Keyword("coffee", "coffee", kind=KeywordKind.CONTAINS),
    Keyword("iced coffee", "iced_coffee", kind=KeywordKind.CONTAINS),
    Keyword("奶茶", "milk_tea", kind=KeywordKind.CONTAINS),
    Keyword("1", "first"),
    Keyword("SHOP", "shop"),
    Keyword("SEND", "send"),
    Keyword("❤️", "love"),
)
INDEX = KeywordIndex(SHOP, LEGAL)


def stated(text: str) -> tuple[str, How] | None:
    match = INDEX.exact(text)
    return None if match is None else (match.keyword.target, match.how)


def meant(text: str) -> str | None:
    match = INDEX.near(text).match
    return None if match is None else match.keyword.target


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("  Balance?! ", "balance"),
        ("ＢＡＬＡＮＣＥ", "balance"),
        ("bal\u200bance\ufeff", "balance"),
        ("ARRÊT", "arret"),
        ("arre\u0302t", "arret"),
        ("Straße", "strasse"),
        ("smørrebrød", "smorrebrod"),
        ("İSTANBUL", "istanbul"),
        ("Ёлка", "елка"),
        ("can't", "cant"),
        ("can’t", "cant"),
        ("opt-out", "opt out"),
        ("line\nbreak\tand\u3000space", "line break and space"),
        ("查 余额！", "查余额"),
        ("会员。 积分", "会员积分"),
        ("ﾊﾞﾗﾝｽ", "バランス"),
        ("が", "が"),
        ("أهلاً", "اهلا"),
        ("مـكتبة", "مكتبه"),
        ("ﻻ", "لا"),
        ("٣ ۴ ５", "3 4 5"),
        ("ติดต่อ", "ติดต่อ"),
        ("हिन्दी", "हिन्दी"),
        ("1️⃣", "1"),
        ("🛑", "🛑"),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
        ("yes 👍", "yes"),
        ("?!", ""),
        ("", ""),
    ],
)
def test_a_text_is_reduced_to_what_matters(text: str, normalised: str) -> None:
    assert normalise(text) == normalised


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == once.strip()
    assert "  " not in once


@given(st.text(alphabet=string.ascii_letters + string.punctuation + " "))
def test_case_and_edges_never_matter(text: str) -> None:
    assert normalise(f" {text.upper()}!") == normalise(text.lower())


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("stop please", "stop"),
        ("please stop thank you", "stop"),
        ("hola saldo por favor", "saldo"),
        ("请退订谢谢", "退订"),
        ("停止してください", "停止"),
        ("thank you", "thank you"),
        ("please please", "please please"),
        ("请", "请"),
        ("no please dont", "no please dont"),
    ],
)
def test_courtesy_comes_off_the_ends_and_never_leaves_nothing(text: str, bare: str) -> None:
    assert without_courtesy(text) == bare


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("balance", ("balance", How.EXACT)),
        ("Balance?", ("balance", How.EXACT)),
        ("BALANCE please", ("balance", How.EXACT)),
        ("hi, balance pls!", ("balance", How.EXACT)),
        ("余额", ("balance", How.EXACT)),
        ("查余额", ("balance", How.EXACT)),
        ("请查询余额，谢谢", ("balance", How.EXACT)),
        ("balance of my account", ("balance", How.FIRST_WORD)),
        ("余额还有多少", ("balance", How.FIRST_WORD)),
        ("hello there", ("hello", How.FIRST_WORD)),
        ("gift card", ("gift_card", How.EXACT)),
        ("gift card for mum", ("gift_card", How.FIRST_WORD)),
        ("gift for mum", ("gift", How.PREFIX)),
        ("gift card balance today", ("gift_card_balance", How.PREFIX)),
        ("do you have coffee", ("coffee", How.CONTAINS)),
        ("two iced coffee to go", ("iced_coffee", How.CONTAINS)),
        ("我想喝奶茶啊", ("milk_tea", How.CONTAINS)),
        ("1", ("first", How.EXACT)),
        ("❤", ("love", How.EXACT)),
        ("❤️!!", ("love", How.EXACT)),
    ],
)
def test_the_most_specific_keyword_wins(text: str, found: tuple[str, How]) -> None:
    assert stated(text) == found


@pytest.mark.parametrize(
    "text", ["what is my balance", "balances", "1 more thing", "coffeehouse", "gifted", "会", "", "?", "🎉"]
)
def test_what_states_no_keyword_is_left_alone(text: str) -> None:
    assert stated(text) is None


def test_the_words_after_a_keyword_are_handed_on() -> None:
    match = INDEX.exact("GIFT 25 for Ana")
    assert match is not None
    assert match.rest == "25 for ana"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("jion", "loyalty"),
        ("JOINN", "loyalty"),
        ("oin", "loyalty"),
        ("blance", "balance"),
        ("balnace please", "balance"),
        ("ablanec", "balance"),
        ("rewrads", "rewards"),
        ("rwrds", "rewards"),
        ("shpo", "shop"),  # one edit from SHOP, two from STOP
    ],
)
def test_a_typo_is_forgiven_where_one_keyword_is_near(text: str, target: str) -> None:
    assert INDEX.exact(text) is None
    assert meant(text) == target


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jiom", "two edits from a word of four"),
        ("2", "a short word forgives none"),
        ("stop", "a legal word is no typo"),
        ("stpo", "one edit from STOP"),
        ("sop", "as near to STOP as to SHOP"),
        ("end", "a legal word too short for typos is one all the same"),
        ("unsubscrbe", "a legal word is never met by a typo"),
        ("balance of my account", "more than a word"),
        ("x" * 2000, "no word at all"),
    ],
)
def test_a_typo_is_not_guessed_where_it_could_be_wrong(text: str, why: str) -> None:
    assert meant(text) is None, why


def test_several_near_keywords_are_offered_and_none_is_taken() -> None:
    index = KeywordIndex([Keyword("coffee", "a"), Keyword("toffee", "b"), Keyword("tea", "c")])
    near = index.near("boffee")
    assert near.match is None
    assert {keyword.target for keyword in near.candidates} == {"a", "b"}


def test_two_spellings_of_one_target_are_one_keyword() -> None:
    index = KeywordIndex([Keyword("reward", "rewards"), Keyword("rewards", "rewards")])
    match = index.near("rewardz").match
    assert match is not None
    assert match.keyword.target == "rewards"


def test_codes_with_digits_are_never_met_by_a_typo() -> None:
    index = KeywordIndex([Keyword("SPRING25", "spring")])
    assert index.near("SPRING26") == index.near("nothing like it")
    assert index.exact("spring25") is not None


def test_collisions_name_both_places() -> None:
    found = collisions(
        [
            Keyword("Café", "coffee", place="flows/coffee.yaml:2"),
            Keyword("CAFE!", "cafe", place="flows/cafe.yaml:4"),
            Keyword("cafe", "coffee", place="flows/coffee.yaml:3"),
            Keyword("tea", "tea"),
        ]
    )
    assert [(hit.text, hit.first.place, hit.second.place) for hit in found] == [
        ("cafe", "flows/coffee.yaml:2", "flows/cafe.yaml:4")
    ]


_words = st.text(alphabet="ab", min_size=1, max_size=14)


@given(st.sets(_words, max_size=30), _words)
def test_typos_finds_what_comparing_with_every_word_finds(words: set[str], text: str) -> None:
    compared = sorted(
        (DamerauLevenshtein.distance(text, word), word)
        for word in words
        if 0 < edits_forgiven(word) >= DamerauLevenshtein.distance(text, word)
    )
    assert [(hit.edits, hit.word) for hit in Typos(words).near(text)] == compared


@given(_words.filter(lambda word: len(word) > 6), st.data())
def test_two_edits_in_a_long_word_are_always_found(word: str, data: st.DataObject) -> None:
    text = word
    for _ in range(2):
        place = data.draw(st.integers(0, len(text) - 1))
        text = data.draw(
            st.sampled_from(
                [
                    text[:place] + text[place + 1 :],
                    text[:place] + "x" + text[place:],
                    text[:place] + "y" + text[place + 1 :],
                    text[:place] + text[place + 1 : place + 2] + text[place] + text[place + 2 :],
                ]
            )
        )
    assert word in [hit.word for hit in Typos([word]).near(text)]


def test_the_nearest_come_first_and_six_letters_forgive_one_edit() -> None:
    assert [hit.word for hit in Typos(["latteart", "cortados", "lattearz", "latte"]).near("lattearts")] == [
        "latteart",
        "lattearz",
    ]
    assert [edits_forgiven(word) for word in ("tea", "chai", "coffee", "espresso", "tea2026")] == [
        0,
        1,
        1,
        2,
        0,
    ]


def test_an_index_of_many_keywords_finds_each() -> None:
    words = ["".join(pair) + "qu" for pair in pairwise(string.ascii_lowercase * 3)]
    index = KeywordIndex(Keyword(word, target=word) for word in words)
    assert len(index) == len(set(words))
    for word in words:
        match = index.exact(f"{word.upper()}.")
        assert match is not None
        assert match.keyword.target == word
