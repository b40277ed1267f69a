"""The ladder rises day by day, forgives or resets as written, and no journey makes a day happen twice."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.local_time import end_of_day_exclusive, local_date
from bot.core.loyalty.checkin import CheckedIn, Checkin, Streak, TooEarly, check_in

NEW_YORK, TOKYO, HONOLULU, KIRITIMATI = (
    "America/New_York",
    "Asia/Tokyo",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
)
LADDER = Checkin.model_validate({"rewards": ["0.05", "0.10", "0.15", "1.00"]})
FORGIVING = LADDER.model_copy(
    update={"missed": Checkin.model_validate({"rewards": [1], "missed": {"step_back": 2}}).missed}
)
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # Tuesday, noon in New York
DAY = timedelta(days=1)


def done(ladder: Checkin, before: Streak | None, now: datetime, zone: str = NEW_YORK) -> CheckedIn:
    found = check_in(ladder, before, now, zone)
    assert isinstance(found, CheckedIn)
    return found


def too_early(before: Streak, now: datetime, zone: str = NEW_YORK) -> TooEarly:
    found = check_in(LADDER, before, now, zone)
    assert isinstance(found, TooEarly)
    return found


def days_in_a_row(count: int) -> Streak:
    streak: Streak | None = None
    for day in range(count):
        streak = done(LADDER, streak, NOON + day * DAY).streak
    assert streak is not None
    return streak


def test_it_rises_day_by_day_and_the_top_repeats() -> None:
    streak, given_minor = None, []
    for day in range(6):
        step = done(LADDER, streak, NOON + day * DAY)
        streak = step.streak
        given_minor.append((step.reward_minor, step.next_minor))
    assert given_minor == [(5, 10), (10, 15), (15, 100), (100, 100), (100, 100), (100, 100)]
    assert streak is not None
    assert (streak.days, streak.step) == (6, 4)


def test_once_a_day_and_the_next_begins_at_midnight() -> None:
    streak = days_in_a_row(1)
    again = too_early(streak, NOON + timedelta(hours=11))
    assert again.next_at == datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    assert again.next_minor == 10
    assert done(LADDER, streak, again.next_at).streak.last_on == date(2026, 11, 25)


def test_a_missed_day_begins_again_below() -> None:
    found = done(LADDER, days_in_a_row(3), NOON + 4 * DAY)
    assert (found.reward_minor, found.missed_days, found.streak.days) == (5, 1, 1)


@pytest.mark.parametrize(("missed", "step"), [(0, 4), (1, 2), (2, 1), (9, 1)])
def test_a_missed_day_takes_so_many_steps_back(missed: int, step: int) -> None:
    found = done(FORGIVING, days_in_a_row(3), NOON + (3 + missed) * DAY)
    assert (found.streak.step, found.missed_days) == (step, missed)
    assert found.streak.days == (4 if not missed else 1)


def test_steps_back_are_counted_from_the_top_however_long_one_stood_there() -> None:
    found = done(FORGIVING, days_in_a_row(30), NOON + 31 * DAY)
    assert found.streak.step == 3  # from the fourth step: one up for today, two back for yesterday


def test_flying_east_gives_no_second_day_within_the_same_one() -> None:
    evening = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)  # 23:00 on Tuesday in New York, Wednesday in Tokyo
    streak = done(LADDER, None, evening).streak
    refused = too_early(streak, evening + timedelta(minutes=1), TOKYO)
    assert refused.next_at == datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # midnight where it was done


def test_flying_west_gives_the_same_date_no_second_time() -> None:
    early = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # half past midnight on Wednesday in Tokyo
    streak = done(LADDER, None, early, TOKYO).streak
    midnight_tokyo = end_of_day_exclusive(date(2026, 11, 25), TOKYO)
    refused = too_early(streak, midnight_tokyo, NEW_YORK)  # still Wednesday in New York
    assert refused.next_at == datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


def test_a_date_that_the_journey_skipped_is_not_missed() -> None:
    streak = done(LADDER, None, datetime(2026, 11, 25, 6, 0, tzinfo=UTC), HONOLULU).streak  # the 24th there
    landed = done(LADDER, streak, datetime(2026, 11, 25, 10, 0, tzinfo=UTC), KIRITIMATI)  # the 26th
    assert (landed.missed_days, landed.streak.days) == (0, 2)


def test_a_calendar_without_the_day_does_not_miss_it() -> None:
    """Samoa had no 30 December 2011."""
    streak = done(LADDER, None, datetime(2011, 12, 29, 20, 0, tzinfo=UTC), "Pacific/Apia").streak
    found = done(LADDER, streak, datetime(2011, 12, 30, 20, 0, tzinfo=UTC), "Pacific/Apia")
    assert (found.streak.last_on, found.missed_days) == (date(2011, 12, 31), 0)


moves = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from((NEW_YORK, TOKYO, HONOLULU, KIRITIMATI, "Europe/London"))),
    min_size=1,
    max_size=40,
)


@given(moves, st.sampled_from((LADDER, FORGIVING)))
def test_no_journey_makes_a_day_happen_twice(tries: list[tuple[int, str]], ladder: Checkin) -> None:
    now, streak, seen = NOON, None, list[tuple[datetime, Streak]]()
    for hours, zone in tries:
        now += timedelta(hours=hours)
        found = check_in(ladder, streak, now, zone)
        assert check_in(ladder, streak, now, zone) == found
        if isinstance(found, TooEarly):
            assert now < found.next_at
            assert isinstance(check_in(ladder, streak, found.next_at, zone), CheckedIn)
            continue
        streak = found.streak
        assert 1 <= streak.step <= len(ladder.rewards)
        assert found.missed_days >= 0
        assert streak.last_on == local_date(now, zone)
        seen.append((now, streak))
    for (_, earlier), (at, later) in pairwise(seen):
        assert later.last_on > earlier.last_on
        assert at >= end_of_day_exclusive(earlier.last_on, earlier.zone)
    span_days = (now - NOON) // DAY
    assert len(seen) <= span_days + 3, "calendars differ by at most a day and two hours"


@pytest.mark.parametrize(
    "written",
    [
        {"rewards": []},
        {"rewards": ["0"]},
        {"rewards": [1], "missed": "forgive"},
        {"rewards": [1], "missed": {"step_back": 0}},
        {"rewards": [1], "bonus": 3},
    ],
)
def test_mistakes_are_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        Checkin.model_validate(written)
