"""What properties and traits must be."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.audiences.amounts import Comparison, comparison, millionths, plain
from bot.core.audiences.where import tests as compiled
from bot.core.audiences.where import where
from bot.core.contact import JsonValue

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
VALUES: dict[str, JsonValue] = {
    "plan": "Pro",
    "age": 30,
    "text_age": "30",
    "price": 12.5,
    "vip": True,
    "sku": "007",
    "none": None,
    "tags": ["Iced Coffee", "tea"],
    "products": [{"category": "tea", "price": 4}, {"category": "coffee", "price": 9}],
    "utm": {"source": "newsletter"},
    "born": "1990-05-02",
    "signed_up": "2026-11-20T12:00:00Z",
    "ends": "2026-11-25T12:00:00+00:00",
}


@pytest.mark.parametrize(
    ("name", "wanted", "holds"),
    [
        ("plan", "pro", True),
        ("plan", ["free", "pro"], True),
        ("plan", "!= pro", False),
        ("plan", {"not": ["free", "trial"]}, True),
        ("missing", {"not": "free"}, True),
        ("missing", "= free", False),
        ("age", "> 29", True),
        ("age", ">= 31", False),
        ("text_age", 30, True),
        ("text_age", "<= 30", True),
        ("price", "> 12.49", True),
        ("plan", "> 1", False),
        ("vip", True, True),
        ("vip", 1, False),
        ("sku", 7, True),
        ("sku", "7", False),
        ("none", {"exists": True}, False),
        ("none", {"exists": False}, True),
        ("utm", {"exists": True}, True),
        ("utm.source", {"starts_with": "news", "ends_with": ["paper", "LETTER"]}, True),
        ("tags", {"contains": "coffee"}, True),
        ("tags", {"does_not_contain": ["milk", "TEA"]}, False),
        ("tags", "tea", True),
        ("products.category", "coffee", True),
        ("products.category", "!= coffee", False),
        ("products.price", "> 8", True),
        ("products", {"exists": True}, True),
        ("born", {"before": "2000-01-01"}, True),
        ("born", {"after": "1990-05-02"}, False),
        ("born", {"after": "1990-05-01"}, True),
        ("signed_up", {"after": "2026-11-20T11:59:59Z", "before": "2026-11-20T13:00:01+01:00"}, True),
        ("plan", {"before": "2030-01-01"}, False),
        ("signed_up", {"within_last": "3d"}, False),  # exactly three days ago
        ("signed_up", {"before_last": "3d"}, True),
        ("signed_up", {"within_last": "73h"}, True),
        ("ends", {"within_next": "2d"}, True),  # in exactly two days
        ("ends", {"after_next": "2d"}, False),
        ("ends", {"after_next": "47h"}, True),
    ],
)
def test_a_value_is_as_wanted(name: str, wanted: JsonValue, holds: bool) -> None:  # noqa: FBT001  # a parameter
    (*found,) = compiled({name: wanted})
    assert all(test.holds(VALUES, NOW) for test in found) is holds


def test_what_compares_with_now_says_when_it_turns() -> None:
    (last,) = compiled({"signed_up": {"within_last": "4d"}})
    assert last.changes_at(VALUES, NOW) == datetime(2026, 11, 24, 12, tzinfo=UTC)
    (coming,) = compiled({"ends": {"within_next": "1d"}})
    assert coming.changes_at(VALUES, NOW) == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert coming.changes_at(VALUES, NOW + timedelta(days=1)) == datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert coming.changes_at(VALUES, NOW + timedelta(days=2)) is None
    (far,) = compiled({"ends": {"before_last": "1000w"}})
    assert far.changes_at({"ends": "9999-12-31"}, NOW) == datetime(9999, 12, 31, tzinfo=UTC)


def test_filters_that_mean_the_same_are_equal() -> None:
    assert where({"a": 1, "b": "> 2"}) == where({"b": "> 2.0", "a": 1.0})
    assert where({"a": 1}) != where({"a": 2})
    assert where({"total": "> 50"}).holds({"total": "50.01"})


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (1, 1_000_000), (0.1, 100_000), ("12.50", 12_500_000), (19.99, 19_990_000), (True, None), ("a", None),
        (None, None), (10**12, 10**18), (10**12 + 1, None), (1e300, None), ([1], None),
        (123456789012.25, 123456789012250000),
    ],
)  # fmt: skip
def test_numbers_are_kept_in_millionths(value: JsonValue, amount: int | None) -> None:
    assert millionths(value) == amount


def test_what_a_number_must_be() -> None:
    assert comparison("> 2.5") == Comparison(">", 2_500_000)
    assert (comparison(3), comparison("3"), comparison(0.5)) == (
        Comparison("=", 3_000_000), Comparison("=", 3_000_000), Comparison("=", 500_000),
    )  # fmt: skip
    assert str(comparison(">=  3.50")) == ">= 3.5"
    assert comparison("= 3.333333").holds(10_000_000, 3) is False
    assert plain(7_000_000, 2) == 3.5
    for wrong in ("", ">", "many", True, None, [3], "> 1e13", "nan", "0.0000001"):
        with pytest.raises(ValueError, match="; "):
            comparison(wrong)
