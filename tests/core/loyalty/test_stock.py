"""What of stock is news: that it runs low, and that it is back."""

from datetime import UTC, datetime

import pytest

from bot.core.loyalty.stock import BACK, LOW, news_of

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (0, 20, BACK),
        (0, 2, BACK),  # few, but there
        (20, 5, LOW),
        (6, 5, LOW),
        (5, 4, None),  # was low already
        (20, 6, None),
        (5, 20, None),
        (20, 0, None),  # gone is not low
        (None, 20, None),  # counted for the first time
        (None, 3, None),
        (0, 0, None),
    ],
)
def test_only_a_change_is_news(before: int | None, after: int, event: str | None) -> None:
    news = news_of("TEA", before, after, NOW, low_at=5)
    assert (news.event if news else None) == event


def test_without_a_limit_nothing_is_low() -> None:
    assert news_of("TEA", 20, 1, NOW, low_at=None) is None
    assert news_of("TEA", 0, 1, NOW, low_at=None) is not None
