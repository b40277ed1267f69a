"""Apologies: in every language whose STOP is heard, and one segment where the language allows it."""

import pytest

from bot.conversation.apology import APOLOGY
from bot.core.replies import DEFAULT_REPLIES
from bot.core.segments import segment


def test_there_is_one_in_every_language() -> None:
    assert set(APOLOGY) == set(DEFAULT_REPLIES)


@pytest.mark.parametrize("language", sorted(APOLOGY))
def test_it_is_one_segment(language: str) -> None:
    assert segment(APOLOGY[language]).segments == 1
