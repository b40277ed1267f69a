"""Money and numbers as locales write them, with Babel as the oracle."""

import pytest
from babel import Locale
from babel.numbers import format_currency, get_currency_symbol
from hypothesis import given
from hypothesis import strategies as st

from bot.core.money import money, number
from bot.core.segments import plain_spaces

LOCALES = (
    "en",
    "en_US",
    "en_GB",
    "es",
    "es_MX",
    "fr",
    "de",
    "pl",
    "zh_Hans",
    "ja",
    "ar",
    "pt_BR",
    "hi",
    "de_CH",
)


@pytest.mark.parametrize(
    ("amount", "currency", "exponent", "locale", "text"),
    [
        (2400, "USD", 2, "en", "$24.00"),
        (123456789, "USD", 2, "en_US", "$1,234,567.89"),
        (-1200, "USD", 2, "en", "-$12.00"),
        (5, "USD", 2, "en", "$0.05"),
        (2400, "EUR", 2, "de", "24,00 €"),
        (2400, "USD", 2, "es_MX", "USD 24.00"),
        (2400, "MXN", 2, "es_MX", "$24.00"),
        (2400, "CNY", 2, "zh_Hans", "¥24.00"),
        (2400, "USD", 2, "zh_Hans", "US$24.00"),
        (300, "JPY", 0, "en", "¥300"),
        (12345678900, "INR", 2, "hi", "INR 12,34,56,789.00"),
        (2400, "PLN", 2, "pl", "24,00 PLN"),
        (1234567, "KWD", 3, "en", "KWD 1,234.567"),
    ],
)
def test_money_reads_as_the_locale_writes_it(
    amount: int, currency: str, exponent: int, locale: str, text: str
) -> None:
    assert money(amount, currency, exponent, locale) == text


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from([("USD", 2), ("EUR", 2), ("GBP", 2), ("CNY", 2), ("JPY", 0)]),
    st.sampled_from(LOCALES),
)
def test_money_is_what_babel_writes_but_for_what_gsm_lacks(
    amount: int, unit: tuple[str, int], locale: str
) -> None:
    currency, exponent = unit
    known = Locale.parse(locale)
    expected = plain_spaces(
        format_currency(amount / 10**exponent, currency, locale=known, currency_digits=True)
    )
    symbol = plain_spaces(get_currency_symbol(currency, known))
    ours = money(amount, currency, exponent, locale)
    assert ours.replace(currency, symbol).replace(" ", "") == expected.replace(" ", "")


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(["USD", "EUR", "PLN", "INR", "RUB", "KRW"]),
    st.sampled_from(LOCALES),
)
def test_money_needs_no_character_outside_gsm(amount: int, currency: str, locale: str) -> None:
    written = money(amount, currency, 2, locale)
    assert all(char.isascii() or char in "€£¥" for char in written.replace("’", "'")), written


def test_an_unknown_locale_reads_as_its_language_or_as_english() -> None:
    assert money(2400, "EUR", 2, "de_XX") == "24,00 €"
    assert money(2400, "USD", 2, "zh-Hans-CN") == "US$24.00"
    assert money(2400, "USD", 2, "klingon") == "$24.00"


def test_numbers_are_grouped_as_the_locale_does() -> None:
    assert number(1234567, "en") == "1,234,567"
    assert number(-1234567, "de") == "-1.234.567"
    assert number(123, "en") == "123"
