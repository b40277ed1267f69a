"""Every sentence of our pages is there in every language we ship, and none is left in English."""

import re
import string

import pytest

from bot.core.pages import bundles, checkin, drops, referral, refusals, rewards, speech, tiers, wheel
from bot.core.pages.speech import WRITTEN, Phrases, language_of

PAGES: dict[str, Phrases] = {
    "bundles": bundles.PHRASES,
    "checkin": checkin.PHRASES,
    "drops": drops.PHRASES,
    "referral": referral.PHRASES,
    "refusals": refusals.SAYS,
    "rewards": rewards.PHRASES,
    "speech": speech._TIMES,  # noqa: SLF001  # they are sentences too
    "tiers": tiers.PHRASES,
    "wheel": wheel.PHRASES,
}


def named(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name}


@pytest.mark.parametrize("page", PAGES)
def test_each_language_says_the_same(page: str) -> None:
    phrases = PAGES[page]
    assert set(phrases) == set(WRITTEN)
    for language in WRITTEN:
        assert phrases[language].keys() == phrases["en"].keys(), language


@pytest.mark.parametrize("page", PAGES)
def test_nothing_that_decides_is_left_out_of_a_translation(page: str) -> None:
    for key, english in PAGES[page]["en"].items():
        for language in ("es", "zh_Hans"):
            assert named(PAGES[page][language][key]) == named(english), (language, key)


@pytest.mark.parametrize("page", PAGES)
def test_no_latin_word_is_in_a_chinese_sentence(page: str) -> None:
    for key, phrase in PAGES[page]["zh_Hans"].items():
        assert not re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", phrase)), key


def test_a_locale_is_heard_in_its_language_and_others_in_english() -> None:
    heard = [language_of(tag) for tag in ("en_US", "es-MX", "zh_Hans", "zh_Hant_TW", "fr_CA", "")]
    assert heard == ["en", "es", "zh_Hans", "zh_Hant", "en", "en"]
