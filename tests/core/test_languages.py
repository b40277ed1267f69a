"""In which language whoever reads one is spoken to."""

import pytest

from bot.core.languages import fallbacks, is_language


@pytest.mark.parametrize(
    ("locale", "language", "is_spoken"),
    [
        ("zh_Hans", "zh_Hans", "yes"),
        ("zh_CN", "zh_Hans", "yes"),
        ("en_US", "en", "yes"),
        ("zh_TW", "zh_Hans", ""),
        ("en", "zh_Hans", ""),
        ("zh_Hans", "en", ""),
    ],
)
def test_a_locale_speaks_its_language(locale: str, language: str, is_spoken: str) -> None:
    assert is_language(locale, language) is bool(is_spoken)


def test_a_locale_is_sought_from_near_to_far() -> None:
    assert fallbacks("es_MX") == ("es_MX", "es")
    assert fallbacks("zh-Hans-CN") == ("zh_Hans_CN", "zh_Hans", "zh")
    assert fallbacks("zh_CN") == ("zh_CN", "zh_Hans", "zh")
    assert fallbacks("zh_TW") == ("zh_TW", "zh_Hant", "zh_Hans", "zh")
    assert fallbacks("zh") == ("zh_Hans", "zh")
