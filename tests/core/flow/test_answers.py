"""Dates as people of a locale write them."""

from datetime import date

import pytest

from bot.core.flow.answers import read_date


@pytest.mark.parametrize(
    ("locale", "day"),
    [
        ("en", date(1990, 5, 6)),
        ("en_US", date(1990, 5, 6)),
        ("en_GB", date(1990, 6, 5)),
        ("es", date(1990, 6, 5)),
        ("es_MX", date(1990, 6, 5)),
        ("es_PR", date(1990, 5, 6)),
        ("zh_Hans", date(1990, 5, 6)),
        ("de", date(1990, 6, 5)),
    ],
)
def test_what_comes_first_in_a_date_is_the_locales_custom(locale: str, day: date) -> None:
    assert read_date("5/6/1990", locale) == day
    assert read_date("1990-05-06", locale) == date(1990, 5, 6)
    assert read_date("21/5/1990", locale) == date(1990, 5, 21)
