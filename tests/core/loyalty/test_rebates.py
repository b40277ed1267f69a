"""What comes back of an order, to whom, and until when it can be spent."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.expiry import Expiry
from bot.core.loyalty.fields import in_currency
from bot.core.loyalty.gains import SoldLine
from bot.core.loyalty.rebates import Due, Rebate, rebates_due
from bot.core.loyalty.rules import Base

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)  # Tuesday, 15:00 in New York
TODAY = date(2026, 11, 24)
MEMBER = MemberFacts(today=TODAY, joined_on=date(2026, 1, 1))
DAYS = {"from": "2026-11-23", "until": "2026-11-29"}


def rebate(**written: object) -> Rebate:
    with in_currency(2):
        return Rebate.model_validate({"id": "back10", "rate": "10%", **DAYS, **written})


TEA = SoldLine("TEA", "tea", 3, 999, discount_minor=99)
BEANS = SoldLine("BEANS", "coffee", 1, 1400, credit_minor=405)
CARD = SoldLine("CARD", "", 1, 2500, kind="gift_card")
SHIPPING = SoldLine("", "", 1, 495, kind="shipping")


def due_of(
    made: Rebate, *lines: SoldLine, member: MemberFacts = MEMBER, point_value_minor: int = 1
) -> tuple[Due, ...]:
    return rebates_due([made], Base(), lines, member, point_value_minor)


def amounts(made: Rebate, *lines: SoldLine) -> list[tuple[int, int]]:
    return [(due.desired_minor, due.amount_minor) for due in due_of(made, *lines)]


def test_a_share_of_the_cash_comes_back_floored_once() -> None:
    (due,) = due_of(rebate(), TEA, BEANS, CARD, SHIPPING)
    assert (due.amount_minor, due.by_line_minor) == (189, (90, 99, 0, 0))  # of 9.00 + 9.95 in cash: 1.895


def test_it_comes_back_while_it_lasts_and_to_members_only() -> None:
    made = rebate()
    for day, times in ((22, 0), (23, 1), (29, 1), (30, 0)):
        today = MemberFacts(today=date(2026, 11, day), joined_on=TODAY)
        assert len(due_of(made, TEA, member=today)) == times
    assert not due_of(made, TEA, member=MemberFacts(today=TODAY, joined_on=None))


def test_it_can_be_of_some_goods_of_so_much_and_at_most() -> None:
    assert amounts(rebate(category="coffee"), TEA, BEANS) == [(99, 99)]
    assert amounts(rebate(sku="TEA"), TEA, BEANS) == [(90, 90)]
    assert amounts(rebate(at_least="19.00"), TEA, BEANS) == []
    assert amounts(rebate(at_least="18.95"), TEA, BEANS) == [(189, 189)]
    assert amounts(rebate(most="1.00"), TEA, BEANS) == [(189, 100)]


def test_a_limit_is_spread_over_the_lines() -> None:
    (due,) = due_of(rebate(most="1.00"), TEA, BEANS)
    assert due.by_line_minor == (48, 52)


def test_points_come_back_whole() -> None:
    (due,) = due_of(rebate(), TEA, BEANS, point_value_minor=100)
    assert due.amount_minor == 100


def test_it_is_spent_within_days_of_the_members_own_calendar() -> None:
    terms = rebate(spend_within="30d").terms(NOW, "America/New_York", Expiry(), timedelta(days=14))
    assert terms.active_from == NOW
    assert terms.expires_on == date(2026, 12, 24)
    assert terms.expires_at == datetime(2026, 12, 25, 5, 0, tzinfo=UTC)


def test_it_may_wait_and_otherwise_ends_as_the_program_says() -> None:
    terms = rebate(pending="14d").terms(NOW, "UTC", Expiry(on=date(2026, 12, 31)), timedelta(0))
    assert (terms.active_from, terms.expires_on) == (NOW + timedelta(days=14), date(2026, 12, 31))
    assert rebate().terms(NOW, "UTC", Expiry(), timedelta(0)).expires_at is None


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"spend_within": "30d", "expiry": {"after": "30d"}}, "keep one of them"),
        ({"rate": "120%"}, "more than was paid"),
        ({"rate": 0}, "more than was paid, or nothing"),
    ],
)
def test_what_makes_no_rebate_is_complained_of(written: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        rebate(**written)
