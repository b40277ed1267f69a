"""Until when: periods, days and dates in three languages, on the contact's clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.until import read_until

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)  # Tuesday, 15:00 in New York
NEW_YORK = "America/New_York"

PERIODS = {
    "11-25 15:00": ("1 day", "a day", "un día", "1天", "一天"),
    "11-27 15:00": ("3 days", "for 3 days", "por 3 días", "tres dias", "三天"),
    "12-01 15:00": ("a week", "1w", "una semana", "7 days", "一周", "1个星期"),
    "12-08 15:00": (
        "2 weeks",
        "two weeks please",
        "a couple of weeks",
        "2 semanas",
        "两周",
        "2周",
        "quincena",
    ),
    "12-03 15:00": ("1 week and 2 days", "1w2d", "una semana y 2 días"),
    "12-24 15:00": ("a month", "un mes", "一个月"),
    "11-24 18:00": ("3 hours", "3h", "3 horas", "三小时", "三个小时"),
}
DAYS = {
    "11-25": ("tomorrow", "until tomorrow", "hasta mañana", "明天"),
    "11-26": ("day after tomorrow", "pasado mañana", "后天"),
    "11-27": ("friday", "until Fri", "hasta el viernes", "到周五", "直到星期五", "礼拜五"),
    "11-30": (
        "until monday",
        "next week",
        "texts until monday",
        "hasta el lunes",
        "到周一",
        "到下周一",
        "下周",
    ),
    "12-01": ("tuesday", "next month", "until december 1st", "el próximo mes", "下个月"),
    "12-24": ("12/24", "Dec 24", "until the 24th of December", "24 de diciembre", "12月24日", "2026-12-24"),
}


def local(text: str, locale: str = "en") -> tuple[str, bool] | None:
    until = read_until(text, now=NOW, zone=NEW_YORK, locale=locale)
    return (f"{until.at.astimezone(ZoneInfo(NEW_YORK)):%m-%d %H:%M}", until.is_day) if until else None


@pytest.mark.parametrize(
    ("ends", "text"), [(ends, text) for ends, texts in PERIODS.items() for text in texts]
)
def test_a_period_ends_at_the_same_time_of_day(ends: str, text: str) -> None:
    assert local(text) == (ends, False)


@pytest.mark.parametrize(("day", "text"), [(day, text) for day, texts in DAYS.items() for text in texts])
def test_a_day_begins_at_midnight(day: str, text: str) -> None:
    assert local(text) == (f"{day} 00:00", True)


def test_days_of_the_contacts_own_language_are_known_too() -> None:
    assert local("vendredi", "fr") == ("11-27 00:00", True)
    assert local("vendredi") is None


def test_a_date_is_read_as_where_the_contact_lives() -> None:
    assert local("3/12", "es_ES") == ("12-03 00:00", True)
    assert local("3/12", "en_US") == ("03-12 00:00", True)  # next year's


def test_february_29_is_the_next_there_is() -> None:
    until = read_until("Feb 29", now=NOW, zone=NEW_YORK, locale="en")
    assert until is not None
    assert until.at.year == 2028


@pytest.mark.parametrize(
    "text",
    [
        "",
        "banana",
        "for ever",
        "0 days",
        "2020-01-01",
        "today",
        "the weekend",
        "week monday",
        "3 3 days",
        "永远",
    ],
)
def test_what_is_no_time_or_has_passed_is_not_understood(text: str) -> None:
    assert local(text) is None


def test_a_period_keeps_the_time_of_day_over_a_change_of_clocks() -> None:
    before = datetime(2026, 10, 30, 19, 0, tzinfo=UTC)  # 15:00, two days before clocks go back
    until = read_until("3 days", now=before, zone=NEW_YORK, locale="en")
    assert until is not None
    assert until.at == datetime(2026, 11, 2, 20, 0, tzinfo=UTC)


@given(st.text(max_size=40) | st.lists(st.sampled_from(sum(PERIODS.values(), ())), max_size=5).map(" ".join))
def test_nobody_can_text_what_breaks_it_or_leads_back(text: str) -> None:
    until = read_until(text, now=NOW, zone=NEW_YORK, locale="en")
    assert until is None or until.at > NOW


@given(st.integers(1, 999_999), st.sampled_from(["minutes", "hours", "days", "weeks", "months", "years"]))
def test_no_number_is_too_large(number: int, unit: str) -> None:
    until = read_until(f"{number} {unit}", now=NOW, zone=NEW_YORK, locale="en")
    assert until is not None
    assert until.at > NOW
