"""Texts on WeChat are measured in bytes, and parted where a reader would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.wechat_text import TEXT_BYTES_MAX, parts_of, without_links

CHARACTERS = st.text(
    st.sampled_from('ab ,.\n积分。！🎉é👨\u200d👩🏽🇨🇳<>/"') | st.characters(exclude_categories=["Cs"]),
    max_size=400,
)


@given(CHARACTERS, st.integers(8, 64))
def test_parts_fit_and_lose_nothing_but_blanks(text: str, most: int) -> None:
    parts = parts_of(text, most)
    assert all(len(part.encode()) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_text_that_fits_is_one_part() -> None:
    assert parts_of("积" * 682) == ("积" * 682,)  # 2,046 bytes
    assert len(parts_of("积" * 683)) == 2
    assert parts_of("") == ()


def test_it_is_parted_between_lines_then_sentences_then_words() -> None:
    assert parts_of("One line.\nAnother one here.", 20) == ("One line.", "Another one here.")
    assert parts_of("您有积分。请在周五前使用它们吧", 30) == ("您有积分。", "请在周五前使用它们吧")
    assert parts_of("some words to be parted", 12) == ("some words", "to be parted")


@pytest.mark.parametrize("emoji", ["👨\u200d👩\u200d👧", "👍🏽", "🇨🇳", "e\u0301", "❤\ufe0f"])
def test_what_is_shown_as_one_character_is_not_cut(emoji: str) -> None:
    for before in range(24):
        parts = parts_of("x" * before + emoji * 3, 24)
        assert all(part.count(emoji[0]) * len(emoji) == len(part.lstrip("x")) for part in parts)


def test_a_link_is_not_cut() -> None:
    link = '<a data-miniprogram-appid="wx1" data-miniprogram-path="pages/a?b=1">Your usual order</a>'
    for before in range(60):
        parts = parts_of("x y " * before + link + " and so on" * 9, 120)
        assert sum(link in part for part in parts) == 1


@pytest.mark.parametrize(
    "text", ['<a href="https://evil.example">Ana</a>', "< A HREF=x>", "</a>", '<a\nhref="x">']
)
def test_nobody_writes_a_link_into_a_name(text: str) -> None:
    assert "<" not in without_links(text)


@pytest.mark.parametrize("text", ["5 < 6", "<3", "a<b", "<address>", "积分"])
def test_other_brackets_stay(text: str) -> None:
    assert without_links(text) == text


def test_the_bound_is_in_bytes() -> None:
    assert TEXT_BYTES_MAX == 2048
    assert [len(part.encode()) for part in parts_of("ä" * 3000)] == [2048, 2048, 1904]
