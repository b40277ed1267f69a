"""Frequency caps: never more than so many in any row of so many calendar days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.caps import Cap, Counted
from bot.core.messages import MessageClass
from tests.core.test_gate import message

MONDAY = date(2026, 11, 23)


def sent(on: date, messages: int = 1, tag: str | None = None, channel: str = "sms") -> Counted:
    return Counted(MessageClass.MARKETING, tag, channel, on, messages)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def test_days_are_the_calendars_and_not_24_hours() -> None:
    once_a_day = Cap(1, 1)
    assert once_a_day.free_on([sent(day(0))], day(0)) == day(1)
    assert once_a_day.free_on([sent(day(0))], day(1)) == day(1)


def test_a_week_is_today_and_the_six_days_before() -> None:
    twice_a_week = Cap(2, 7)
    assert twice_a_week.free_on([sent(day(0)), sent(day(5))], day(6)) == day(7)
    assert twice_a_week.free_on([sent(day(0)), sent(day(5))], day(7)) == day(7)
    assert twice_a_week.free_on([sent(day(0), 3)], day(1)) == day(7)


@pytest.mark.parametrize(
    ("cap", "covered"),
    [
        (Cap(1, 1), True),
        (Cap(1, 1, MessageClass.MARKETING), True),
        (Cap(1, 1, MessageClass.SERVICE), False),
        (Cap(1, 1, tag="sale"), True),
        (Cap(1, 1, tag="news"), False),
        (Cap(1, 1, channel="wechat"), False),
        (Cap(1, 1, MessageClass.MARKETING, "sale", "sms"), True),
    ],
)
def test_a_cap_covers_what_fits_all_it_names(cap: Cap, *, covered: bool) -> None:
    assert cap.covers(sent(MONDAY, tag="sale")) is covered
    assert cap.free_on([sent(MONDAY, tag="sale")], MONDAY) == (day(1) if covered else MONDAY)


def test_what_answers_the_contact_is_never_capped() -> None:
    for message_class in (MessageClass.REPLY, MessageClass.REQUIRED):
        assert not Cap(1, 1).covers(message(message_class))


@given(
    st.integers(1, 4),
    st.integers(1, 10),
    st.lists(st.tuples(st.integers(-3, 20), st.integers(0, 2)), max_size=40),
)
def test_no_row_of_days_ever_has_more(most: int, days: int, tries: list[tuple[int, int]]) -> None:
    """In whatever order days come up (a contact that moves may see one twice), the cap holds."""
    cap = Cap(most, days)
    counts: list[Counted] = []
    for number, _ in tries:
        if cap.free_on(counts, day(number)) == day(number):
            counts.append(sent(day(number)))
    for first in range(-15, 25):
        row = [one for one in counts if day(first) <= one.on < day(first + days)]
        assert sum(one.messages for one in row) <= most


@given(st.integers(1, 4), st.integers(1, 10), st.lists(st.integers(0, 12), max_size=12), st.integers(0, 12))
def test_the_free_day_is_the_first(most: int, days: int, past: list[int], today: int) -> None:
    cap, counts = Cap(most, days), [sent(day(number)) for number in past]
    free = cap.free_on(counts, day(today))
    assert cap.free_on(counts, free) == free
    for earlier in range(today, (free - MONDAY).days):
        assert cap.free_on(counts, day(earlier)) != day(earlier)


def test_an_operator_can_read_it() -> None:
    assert str(Cap(1, 1, MessageClass.MARKETING)) == "at most 1 marketing message a day"
    assert str(Cap(2, 7, tag="sale", channel="sms")) == "at most 2 messages tagged sale on sms in 7 days"
