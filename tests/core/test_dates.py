"""Days and times in words, in several languages and zones."""

from datetime import UTC, date, datetime

import pytest

from bot.core.dates import in_words, is_style, last_moment

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)  # a Tuesday, noon in Los Angeles
FRIDAY = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)


def say(value: datetime | date, style: str, locale: str = "en", zone: str = "America/Los_Angeles") -> str:
    return in_words(value, style, locale=locale, zone=zone, now=NOW)


@pytest.mark.parametrize(
    ("locale", "short", "long", "weekday", "time"),
    [
        ("en", "Nov 27", "November 27, 2026", "Friday", "3:30 PM"),
        ("es", "27 nov", "27 de noviembre de 2026", "viernes", "15:30"),
        ("zh_Hans", "11月27日", "2026年11月27日", "星期五", "15:30"),
        ("fr", "27 nov.", "27 novembre 2026", "vendredi", "15:30"),
    ],
)
def test_each_style_in_each_language(locale: str, short: str, long: str, weekday: str, time: str) -> None:
    assert [say(FRIDAY, style, locale) for style in ("short", "long", "weekday", "time")] == [
        short,
        long,
        weekday,
        time,
    ]


def test_the_day_is_the_one_of_the_contacts_zone() -> None:
    assert say(FRIDAY, "weekday", zone="America/Los_Angeles") == "Friday"
    assert say(FRIDAY, "weekday", zone="Asia/Shanghai") == "Saturday"


def test_a_date_is_the_same_day_in_every_zone() -> None:
    assert say(date(2026, 11, 27), "weekday", zone="Asia/Shanghai") == "Friday"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 23), "Nov 23"),
        (date(2026, 11, 24), "today"),
        (date(2026, 11, 25), "tomorrow"),
        (date(2026, 11, 30), "Monday"),
        (date(2026, 12, 1), "Dec 1"),
        (date(2027, 1, 5), "Jan 5, 2027"),
    ],
)
def test_relative_says_what_a_person_would(day: date, words: str) -> None:
    assert say(day, "relative") == words


@pytest.mark.parametrize(
    ("locale", "words", "on"),
    [
        (
            "en",
            ["today", "tomorrow", "Monday", "Dec 24"],
            ["today", "tomorrow", "on Monday", "on Dec 24"],
        ),
        (
            "es_MX",
            ["hoy", "mañana", "lunes", "24 dic"],
            ["hoy", "mañana", "el lunes", "el 24 dic"],
        ),
        (
            "zh_Hans",
            ["今天", "明天", "星期一", "12月24日"],
            ["今天", "明天", "星期一", "12月24日"],
        ),
    ],
)
def test_day_says_today_and_tomorrow_then_the_weekday(locale: str, words: list[str], on: list[str]) -> None:
    days = (date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 30), date(2026, 12, 24))
    assert [say(day, "day", locale) for day in days] == words
    assert [say(day, "on_day", locale) for day in days] == on


def test_tomorrow_is_the_weekday_in_what_may_be_read_tomorrow() -> None:
    def later(day: date, style: str) -> str:
        return in_words(day, style, locale="en", zone="America/Los_Angeles", now=NOW, is_read_at_once=False)

    assert later(date(2026, 11, 25), "day") == "Wednesday"
    assert later(date(2026, 11, 25), "on_day") == "on Wednesday"
    assert later(date(2026, 11, 24), "day") == "today"
    assert later(date(2026, 11, 25), "relative") == "tomorrow"


def test_a_weekday_whose_name_makes_an_sms_dear_is_a_date() -> None:
    saturday = date(2026, 11, 28)
    assert say(saturday, "on_day", "es") == "el 28 nov"  # no á of sábado
    assert say(saturday, "on_day", "en") == "on Saturday"
    assert say(saturday, "on_day", "zh_Hans") == "星期六"


def test_day_of_the_past_is_a_date() -> None:
    assert say(date(2026, 11, 23), "day") == "Nov 23"


def test_relative_in_a_language_without_its_word_says_the_weekday() -> None:
    assert say(date(2026, 11, 26), "relative", "pl") == "czwartek"
    assert say(date(2026, 11, 25), "relative", "zh_Hans") == "明天"


def test_short_names_another_year() -> None:
    assert say(date(2027, 3, 1), "short") == "Mar 1, 2027"


def test_a_pattern_is_read_like_strftime_in_the_locales_words() -> None:
    assert say(FRIDAY, "%d.%m.%Y %H:%M") == "27.11.2026 15:30"
    assert say(FRIDAY, "%A's day: %-d %b 100%%", "es") == "viernes's day: 27 nov 100%"


def test_an_unknown_style_or_letter_is_none() -> None:
    assert is_style("%d.%m")
    assert is_style("weekday")
    assert not is_style("wekday")
    assert not is_style("%s")
    with pytest.raises(ValueError, match="%s"):
        say(FRIDAY, "%s")


def test_credit_ending_at_the_midnight_that_starts_saturday_is_good_through_friday() -> None:
    assert say(last_moment(datetime(2026, 11, 28, 8, 0, tzinfo=UTC)), "weekday") == "Friday"


def test_no_character_that_gsm_lacks_hides_in_a_time() -> None:
    assert all(ord(char) < 128 for char in say(FRIDAY, "time", "en_US"))
