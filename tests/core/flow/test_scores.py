"""Scores as people type them, in three languages; what is not surely a score is none."""

import pytest

from bot.core.flow.scores import drawn, read_score

STARS = [
    ("5", 5),
    (" 4 ", 4),
    ("5!", 5),
    ("5 stars", 5),
    ("five stars", 5),
    ("Five stars!!!", 5),
    ("five", 5),
    ("a solid 4", 4),
    ("I'd give you a 3", 3),
    ("4/5", 4),
    ("4 / 5 stars", 4),
    ("4 out of 5", 4),
    ("11/5", 5),
    ("one star", 1),
    ("definitely 5 stars please", 5),
    ("★★★★★", 5),
    ("★★★★☆", 4),
    ("⭐️⭐️⭐️", 3),
    ("⭐ ⭐ ⭐", 3),
    ("⭐5", 5),
    ("5⭐", 5),
    ("*****", 5),
    ("5️⃣", 5),
    ("５", 5),
    ("cinco estrellas", 5),
    ("un 4", 4),
    ("4 de 5", 4),
    ("le doy un cinco", 5),
    ("le doy 3 estrellas por favor", 3),
    ("五星", 5),
    ("五星好评", 5),
    ("5分", 5),
    ("四颗星", 4),
    ("两星", 2),
    ("兩顆星", 2),
    ("打5分", 5),
    ("我给4分", 4),
    ("满分", 5),
    ("满分！", 5),
]


@pytest.mark.parametrize(("text", "value"), STARS)
def test_stars(text: str, value: int) -> None:
    score = read_score(text, 1, 5)
    assert score is not None
    assert (score.value, score.words) == (value, "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("0", 0), ("zero", 0), ("cero", 0), ("0分", 0), ("零分", 0), ("10", 10), ("ten", 10), ("🔟", 10)),
        *(("10/10", 10), ("12/10", 10), ("9 out of 10", 9), ("8 de 10", 8), ("un diez", 10), ("一分", 1)),
        *(("十分", 10), ("给10分", 10), ("打十分", 10), ("it was an 8", 8), ("满分", 10), ("10 points", 10)),
    ],
)
def test_how_likely(text: str, value: int) -> None:
    score = read_score(text, 0, 10)
    assert score is not None
    assert score.value == value


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("9 - love the tea", 9, "love the tea"),
        ("9, love the tea", 9, "love the tea"),
        ("5 great service", 5, "great service"),
        ("8/10: a little slow", 8, "a little slow"),
        ("3. Cold tea.", 3, "Cold tea."),
        ("four stars, a little cold", 4, "a little cold"),
        ("cinco estrellas porque sí", 5, "porque sí"),
        ("2 porque llegó frío", 2, "porque llegó frío"),
        ("7分，茶有点凉", 7, "茶有点凉"),
        ("7 stars because why not", 7, "because why not"),
        ("★★★★ good but slow", 4, "good but slow"),
    ],
)
def test_the_reason_beside_the_score_is_kept(text: str, value: int, words: str) -> None:
    assert read_score(text, 0, 10) == (value, words)


@pytest.mark.parametrize(
    "text",
    [
        *("", "great", "6", "0", "-3", "- 3", "4.5", "4,5", "4-5", "4 or 5", "3 o 4", "四到五", "50", "505"),
        *("8/10", "not 5", "no 5 stars", "I waited 5 minutes", "5 minutes late", "2 of my cups were cold"),
        *("table 4", "call me at 5", "十分", "十分好", "★★★★★★", "★★☆", "* 6", "one of the best", "5 4 3"),
        *("STOP", "4.5 stars", "8.5", "+12125550101", "5:30"),
    ],
)
def test_what_is_no_sure_score_is_none(text: str) -> None:
    assert read_score(text, 1, 5) is None


def test_a_rating_is_drawn_as_stars() -> None:
    assert [drawn(value, 5) for value in (1, 4, 5)] == ["★☆☆☆☆", "★★★★☆", "★★★★★"]
