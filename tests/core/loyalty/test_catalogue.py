"""What a reward is, when it is promised for, and what a discount takes off."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.loyalty.catalogue import Reward, affordable


def a_reward(**changed: object) -> Reward:
    return Reward.model_validate({"id": "beans", "name": "Beans", "cost": "14.00", **changed})


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({"kind": "perk", "sku": "BEANS"}, "`sku` is for a product"),
        ({"kind": "discount"}, "either `amount` or `rate`"),
        ({"kind": "discount", "amount": "5.00", "rate": "10%"}, "either `amount` or `rate`"),
        ({"kind": "discount", "rate": "120%"}, "a rate like 10%"),
        ({"amount": "5.00"}, "`amount` is for a discount"),
        ({"kind": "content"}, "an https address"),
        ({"kind": "content", "url": "http://shop.example/film"}, "an https address"),
        ({"kind": "content", "url": "https://name@shop.example/film"}, "an https address"),
        ({"kind": "content", "url": "https://shop.example/film", "ready_within": "2d"}, "opens at once"),
        ({"from": "2026-12-02", "until": "2026-12-01"}, "exchange the days"),
        ({"stock": 0}, "stock"),
    ],
)
def test_mistakes_come_with_a_remedy(changed: dict[str, object], remedy: str) -> None:
    with pytest.raises(ValidationError, match=remedy):
        a_reward(**changed)


def test_it_is_promised_for_a_day_where_the_member_lives() -> None:
    evening = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # Tuesday, 21:00 in New York
    reward = a_reward(ready_within="2d")
    assert reward.promised_on(evening, "America/New_York") == date(2026, 11, 26)
    assert reward.promised_on(evening, "Asia/Shanghai") == date(2026, 11, 27)
    assert a_reward().promised_on(evening, "UTC") is None


def test_a_discount_is_rounded_for_the_member_and_never_more_than_the_order() -> None:
    tenth = a_reward(kind="discount", rate="10%")
    assert [tenth.off_minor(total) for total in (0, 1, 10, 999, 1000)] == [0, 1, 1, 100, 100]
    five = a_reward(kind="discount", amount="5.00")
    assert [five.off_minor(total) for total in (0, 499, 501)] == [0, 499, 500]


@given(st.integers(0, 10**9), st.integers(1, 100))
def test_no_discount_exceeds_its_order_and_none_falls_short(total: int, percent: int) -> None:
    off = a_reward(kind="discount", rate=f"{percent}%").off_minor(total)
    assert off <= total
    assert off * 100 >= total * percent > (off - 1) * 100


@given(st.lists(st.integers(1, 3000), max_size=8), st.integers(0, 3000))
def test_what_is_affordable_and_what_comes_next(costs: list[int], available: int) -> None:
    rewards = tuple(a_reward(id=f"r{number}", cost=f"{cost / 100:.2f}") for number, cost in enumerate(costs))
    found = affordable(rewards, available)
    assert [one.cost_minor for one in found.rewards] == sorted(cost for cost in costs if cost <= available)
    beyond = sorted(cost for cost in costs if cost > available)
    assert (found.next.cost_minor if found.next else None) == (beyond[0] if beyond else None)
