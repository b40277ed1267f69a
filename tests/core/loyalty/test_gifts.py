"""Gifts: how much may still be given, in whose day."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bot.core.loyalty.gifts import GiftCap, Gifts, room, since

NOW = datetime(2026, 12, 1, 3, tzinfo=UTC)  # the evening of 30 November in New York
ZONE = "America/New_York"


def cap(per: str, most: str) -> GiftCap:
    return GiftCap.model_validate({"per": per, "most": most})


def test_a_day_and_a_month_are_the_givers() -> None:
    assert since(cap("day", "1"), NOW, ZONE) == datetime(2026, 11, 30, 5, tzinfo=UTC)
    assert since(cap("month", "1"), NOW, ZONE) == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert since(cap("gift", "1"), NOW, ZONE) == NOW


def test_the_tightest_cap_says_how_much() -> None:
    gift, day = cap("gift", "20.00"), cap("day", "50.00")
    assert room([gift, day], {"day": 1_000}) == (2_000, gift)
    assert room([gift, day], {"day": 3_500}) == (1_500, day)
    assert room([day], {"day": 9_999}) == (0, day)
    assert room([], {}) == (None, None)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({"caps": [{"per": "day", "most": 5}, {"per": "day", "most": 6}]}, "two caps are for one period; "),
        ({"least": 6, "caps": [{"per": "day", "most": 5}]}, "no gift is large enough and small enough; "),
    ],
)
def test_mistakes_are_told(written: object, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Gifts.model_validate(written)
