"""Spelling: what is understood in spite of typos, and what is a word of its own."""

import pytest

from bot.core.wording.spelling import Spelling

SPELLING = Spelling(["stop", "texting", "unsubscribe", "message", "sms"], ordinary=["massage"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("stop", "stop"),
        ("stoppp", "stop"),
        ("st0p", "stop"),
        ("ssttooopp", "stop"),
        ("unsubcribe", "unsubscribe"),
        ("unsuscirbe", "unsubscribe"),
        ("texitng", "texting"),
        ("mesage", "message"),
    ],
)
def test_a_misspelling_is_understood(written: str, meant: str) -> None:
    assert SPELLING.meant(written)[:1] == (meant,)


@pytest.mark.parametrize("written", ["shop", "step", "spot", "top", "massage", "sns", "testify", "12345", ""])
def test_an_ordinary_word_stays_what_it_is(written: str) -> None:
    assert SPELLING.meant(written) == ()
