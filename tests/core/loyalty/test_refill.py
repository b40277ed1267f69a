"""What members use up: the section, their favourite, when the next is expected and asked for."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.loyalty.pace import Paces, Purchase
from bot.core.loyalty.refill import (
    DAYS_MAX,
    Bought,
    RefillRules,
    by_day,
    expected,
    favourite,
    prompt_at,
    remembered,
)

ZONE = "America/New_York"
AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
RULES = RefillRules.model_validate({"categories": {"beans": "30d"}, "lead": "2d"})


def bags(*days_ago: int, sku: str = "HB2") -> tuple[Bought, ...]:
    return tuple(
        Bought(MONDAY - timedelta(days=days), sku, 1, f"{days:032x}")
        for days in sorted(days_ago, reverse=True)
    )


class TestTheSection:
    def test_it_names_what_is_used_up_and_how_long_that_lasts(self) -> None:
        assert RULES.lasts("beans") == 30
        assert RULES.lasts("tea") is None

    @pytest.mark.parametrize(
        "wrong",
        [
            {"categories": {}},
            {"categories": {"beans": "0d"}},
            {"categories": {"beans": "30d"}, "purchases": 0},
        ],
    )
    def test_what_says_nothing_is_a_mistake(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            RefillRules.model_validate(wrong)


class TestWhatIsRemembered:
    def test_an_order_told_again_takes_its_own_place(self) -> None:
        before = bags(20, 0)
        changed = Bought(MONDAY, "OX2", 2, before[-1].order_id)
        assert remembered(before, changed.order_id, [changed]) == (before[0], changed)

    def test_what_was_returned_is_gone(self) -> None:
        before = bags(20, 0)
        assert remembered(before, before[-1].order_id, []) == before[:1]

    def test_an_order_told_late_takes_its_place_in_time(self) -> None:
        first, last = bags(20), bags(0)
        assert remembered(last, first[0].order_id, first) == (*first, *last)

    @given(st.permutations(range(40)))
    def test_in_whatever_order_they_come_the_latest_days_stay(self, days: list[int]) -> None:
        kept: tuple[Bought, ...] = ()
        for day in days:
            (bag,) = bags(day)
            kept = remembered(kept, bag.order_id, [bag])
        assert {one.bought_on for one in kept} >= {MONDAY - timedelta(days=day) for day in range(DAYS_MAX)}
        assert list(kept) == sorted(kept, key=lambda one: one.bought_on)

    def test_all_of_a_day_is_one_purchase(self) -> None:
        twice = (Bought(MONDAY, "HB2", 1, "a" * 32), Bought(MONDAY, "OX2", 2, "b" * 32))
        assert by_day(twice) == [Purchase(MONDAY, 3)]


class TestTheFavourite:
    def test_it_is_what_is_in_most_orders(self) -> None:
        assert favourite((*bags(50, 40), *bags(10, sku="OX2"))) == "HB2"

    def test_of_as_many_it_is_the_latest(self) -> None:
        assert favourite((*bags(40), *bags(10, sku="OX2"))) == "OX2"

    def test_nobody_has_one_of_nothing(self) -> None:
        assert favourite(()) == ""


class TestWhatIsExpected:
    def test_they_are_expected_inside_their_window(self) -> None:
        refill = expected("beans", bags(60, 30, 0), AT, Paces(), RULES.lasts("beans"))
        assert AT < refill.from_at < refill.expected_at < refill.until_at
        assert timedelta(days=10) < refill.expected_at - AT < timedelta(days=30)

    def test_who_comes_weekly_is_expected_sooner(self) -> None:
        weekly, monthly = (
            expected("beans", bags(*(each * gap for each in range(8))), AT, Paces(), 30.0) for gap in (7, 30)
        )
        assert weekly.expected_at < monthly.expected_at


class TestWhenTheyAreAsked:
    def asked(self, *days_ago: int, rules: RefillRules = RULES, zone: str = ZONE) -> datetime | None:
        refill = expected("beans", bags(*days_ago), AT, Paces(), rules.lasts("beans"))
        return prompt_at(refill, rules, Paces(), zone)

    def test_before_it_is_likely_in_the_morning_of_their_own_day(self) -> None:
        at = self.asked(60, 30, 0)
        assert at is not None
        assert AT + timedelta(days=5) < at < AT + timedelta(days=30)
        assert at.hour == 14  # 10:00 in New York once the clocks went forward
        assert self.asked(60, 30, 0, zone="Asia/Shanghai") != at

    def test_so_much_sooner_as_the_lead_says(self) -> None:
        long = RefillRules.model_validate({"categories": {"beans": "30d"}, "lead": "5d"})
        sooner, usual = self.asked(60, 30, 0, rules=long), self.asked(60, 30, 0)
        assert sooner is not None
        assert usual is not None
        assert usual - sooner == timedelta(days=3)

    def test_never_on_the_day_they_bought(self) -> None:
        long = RefillRules.model_validate({"categories": {"beans": "30d"}, "lead": "60d"})
        assert self.asked(60, 30, 0, rules=long) == datetime(2026, 3, 3, 15, 0, tzinfo=UTC)

    def test_not_before_they_bought_often_enough(self) -> None:
        assert self.asked(0) is None
        once = RefillRules.model_validate({"categories": {"beans": "30d"}, "purchases": 1})
        assert self.asked(0, rules=once) is not None

    def test_not_for_what_is_not_used_up(self) -> None:
        mugs = expected("mugs", bags(60, 30, 0), AT, Paces(), None)
        assert prompt_at(mugs, RULES, Paces(), ZONE) is None
