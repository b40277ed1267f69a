"""Civil time where a person lives, across every odd clock change there is."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.local_time import (
    add_civil,
    add_months,
    end_of_day_exclusive,
    instant_of,
    local_date,
    next_at,
    parse_clock,
    parse_duration,
    spelt_duration,
    start_of_day,
    zone_of,
)

ZONES = (
    "UTC",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Niue",
)
zones = st.sampled_from(ZONES)
days = st.dates(date(2000, 1, 1), date(2037, 12, 31))
instants = st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15m", 900),
        ("2h", 7200),
        ("1d", 86400),
        ("2 weeks", 1209600),
        ("1d12h", 129600),
        ("1d 12h 5 min", 129900),
        (" 1 Day ", 86400),
        ("0s", 0),
    ],
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "30s, 15m, 2h"),
        ("30", "a number and s, m, h"),
        ("1.5h", "is not a duration"),
        ("-1d", "is not a duration"),
        ("h", "is not a duration"),
        ("1d12", "is not a duration"),
        ("1 month", "30d"),
        ("2 years", "30d"),
        ("2 fortnights", "is not a duration"),
        ("999999999w", "longer than time"),
    ],
)
def test_what_is_no_duration_is_told_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0s", "45s", "2d", "1d12h", "1h30m5s", "14d"])
def test_durations_are_written_as_they_are_read(text: str) -> None:
    assert spelt_duration(parse_duration(text)) == text


def test_clocks_are_read() -> None:
    assert parse_clock("10:00") == time(10)
    assert parse_clock(" 9:05 ") == time(9, 5)
    assert parse_clock("23:59") == time(23, 59)
    for text in ("24:00", "10", "10:60", "600", "9am", "", "10:00:00"):
        with pytest.raises(ValueError, match="09:30"):
            parse_clock(text)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("New York", "America/New_York"),
        ("america/new_york", "America/New_York"),
        ("Europe/Londn", "Europe/London"),
        ("../../etc/passwd", "write one like"),
        ("", "write one like"),
        ("America", "America/"),
    ],
)
def test_an_unknown_zone_is_refused_with_a_suggestion(name: str, suggestion: str) -> None:
    with pytest.raises(ValueError, match=suggestion):
        zone_of(name)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        # Clocks jump from 00:00 to 01:00: the day begins at 01:00.
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00:00+00:00"),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00:00+00:00"),
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-28T22:00:00+00:00"),
        # They go back at midnight: the day begins when it is 00:00 for good.
        ("America/Santiago", date(2026, 4, 5), "2026-04-05T04:00:00+00:00"),
        ("Africa/Cairo", date(2026, 10, 30), "2026-10-29T22:00:00+00:00"),
        # 00:00 comes twice: the first one.
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00+00:00"),
        # The gap begins before midnight.
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30:00+00:00"),
        # A day that never was begins and ends at once.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00+00:00"),
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00+00:00"),
        ("Pacific/Kiritimati", date(2026, 1, 1), "2025-12-31T10:00:00+00:00"),
        ("Pacific/Niue", date(2026, 1, 1), "2026-01-01T11:00:00+00:00"),
    ],
)
def test_a_day_begins_where_the_clock_says_so(zone: str, day: date, begins: str) -> None:
    assert start_of_day(day, zone) == datetime.fromisoformat(begins)
    assert end_of_day_exclusive(day - timedelta(days=1), zone) == start_of_day(day, zone)


@given(days, zones)
def test_the_start_of_a_day_is_its_first_instant(day: date, zone: str) -> None:
    begins = start_of_day(day, zone)
    before = begins - timedelta(microseconds=1)
    assert begins.utcoffset() == timedelta(0)
    assert local_date(before, zone) < day
    if (zone, day) != ("Pacific/Apia", date(2011, 12, 30)):
        assert local_date(begins, zone) == day


@given(days, zones)
def test_days_follow_each_other_without_gap_or_overlap(day: date, zone: str) -> None:
    length = end_of_day_exclusive(day, zone) - start_of_day(day, zone)
    if (zone, day) == ("Pacific/Apia", date(2011, 12, 30)):
        assert length == timedelta(0)
    else:
        assert timedelta(hours=22) < length < timedelta(hours=26)


@given(instants, clocks, zones)
def test_the_next_civil_hour_is_later_and_within_two_days(after: datetime, clock: time, zone: str) -> None:
    at = next_at(clock, zone, after)
    assert after < at <= after + timedelta(days=2, hours=1)
    shown = at.astimezone(zone_of(zone)).time()
    assert shown == clock or shown > clock or local_date(at, zone) == date(2011, 12, 31)


def test_a_civil_hour_that_is_skipped_means_the_end_of_the_gap() -> None:
    assert instant_of(date(2026, 3, 8), time(2, 30), "America/New_York") == datetime(
        2026, 3, 8, 7, tzinfo=UTC
    )


def test_ten_oclock_is_ten_oclock_across_a_clock_change() -> None:
    saturday = datetime(2026, 3, 7, 15, tzinfo=UTC)
    assert next_at(time(10), "America/New_York", saturday) == datetime(2026, 3, 8, 14, tzinfo=UTC)
    assert add_civil(saturday, 1, "America/New_York") == datetime(2026, 3, 8, 14, tzinfo=UTC)
    assert add_civil(saturday, -7, "America/New_York") == datetime(2026, 2, 28, 15, tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    second_half_past_one = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert add_civil(second_half_past_one, 0, "America/New_York") == first
    assert instant_of(date(2026, 11, 1), time(1, 30), "America/New_York") == first


@given(instants, st.integers(-400, 400), zones)
def test_civil_days_keep_the_date(now: datetime, count: int, zone: str) -> None:
    wanted = local_date(now, zone) + timedelta(days=count)
    if (zone, wanted) != ("Pacific/Apia", date(2011, 12, 30)):
        assert local_date(add_civil(now, count, zone), zone) == wanted


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), -1, date(2026, 11, 30)),
        (date(2026, 11, 15), 1, date(2026, 12, 15)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 1, 15), -13, date(2024, 12, 15)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_are_added_and_clamped(day: date, months: int, after: date) -> None:
    assert add_months(day, months) == after


@given(days, st.integers(-240, 240))
def test_months_come_back_to_the_same_month(day: date, months: int) -> None:
    there = add_months(day, months)
    assert (there.year * 12 + there.month) - (day.year * 12 + day.month) == months
    assert there.day <= day.day
