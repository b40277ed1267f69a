"""Quiet hours: exact on days when clocks change, in several zones at once, on holidays."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.phone import zones_of_number
from bot.core.public_holidays import holiday_on
from bot.core.quiet_hours import NIGHT, QuietHours, pause

MINUTE = timedelta(minutes=1)
NEAR = ("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Phoenix")
FAR = ("Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca")
# Days around a change of clocks somewhere, and a few others.
CHANGES = [datetime(2026, 3, 8), datetime(2026, 11, 1), datetime(2026, 3, 29), datetime(2026, 10, 4)]  # noqa: DTZ001

minutes_of_day = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
windows = st.builds(QuietHours, minutes_of_day, minutes_of_day)
instants = st.one_of(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
    st.builds(lambda day, minute: day + minute * MINUTE, st.sampled_from(CHANGES), st.integers(-1500, 3000)),
).map(lambda naive: naive.replace(tzinfo=UTC))


def is_quiet(quiet: QuietHours, zone: str, at: datetime) -> bool:
    """Whether it is quiet there, said once more and as simply as can be."""
    local = at.astimezone(ZoneInfo(zone))
    return quiet.contain(local.time()) or (
        bool(quiet.holidays) and holiday_on(local.date(), quiet.holidays) is not None
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(windows, st.sampled_from(NEAR + FAR), instants)
@example(QuietHours(time(0), time(1, 30)), "America/New_York", at("2026-11-01 06:10"))  # 1:10, again
@example(QuietHours(time(22), time(2, 30)), "America/New_York", at("2026-03-08 06:59"))  # 2:30 is skipped
@example(QuietHours(time(3), time(2)), "America/New_York", at("2026-03-08 05:00"))  # the whole day is skipped
def test_in_one_zone_it_ends_at_the_first_minute_that_is_not_quiet(
    quiet: QuietHours, zone: str, now: datetime
) -> None:
    found = pause(quiet, (zone,), now)
    if found is None:
        assert not is_quiet(quiet, zone, now)
        return
    assert is_quiet(quiet, zone, now)
    assert not is_quiet(quiet, zone, found.until)
    step = now
    while step < found.until:  # every quarter of an hour, and the last moment
        # Where clocks are set back out of quiet hours, an hour that is loud again may be passed over.
        assert is_quiet(quiet, zone, step) or step.astimezone(ZoneInfo(zone)).fold, step
        step += timedelta(minutes=15)
    assert is_quiet(quiet, zone, found.until - timedelta(microseconds=1))


@given(
    windows.filter(lambda quiet: not quiet.contain(time(13)) and not quiet.contain(time(17))),
    st.lists(st.sampled_from(NEAR), min_size=1, max_size=4, unique=True),
    instants,
)
def test_in_zones_that_share_hours_it_ends_when_it_ends_in_all(
    quiet: QuietHours, zones: list[str], now: datetime
) -> None:
    found = pause(quiet, tuple(zones), now)
    quiet_now = [is_quiet(quiet, zone, now) for zone in zones]
    assert (found is None) == (not any(quiet_now))
    if found is None:
        return
    # Four zones may be apart all the same, if only a short while is loud: then the first one is asked.
    if found.until - now <= timedelta(days=2) and not any(
        is_quiet(quiet, zone, found.until) for zone in zones
    ):
        assert any(is_quiet(quiet, zone, found.until - timedelta(microseconds=1)) for zone in zones)
        step, minute = now, timedelta(minutes=15)
        while step < found.until:
            assert any(is_quiet(quiet, zone, step) for zone in zones), step
            step += minute
    else:
        assert not is_quiet(quiet, zones[0], found.until)


@pytest.mark.parametrize("day", ["2026-01-15", "2026-07-15"])
def test_a_toll_free_number_may_be_anywhere_and_there_is_still_an_hour_for_it(day: str) -> None:
    zones = zones_of_number("+18005550100")
    assert len(zones) > 20
    found = pause(NIGHT, zones, at(f"{day} 12:00"))
    assert found is not None
    assert not any(is_quiet(NIGHT, zone, found.until) for zone in zones)


def test_where_it_is_always_quiet_somewhere_the_best_guess_is_asked() -> None:
    zones = ("America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Europe/London")
    assert pause(NIGHT, zones, at("2026-11-22 17:00")) is None
    found = pause(NIGHT, zones, at("2026-11-22 07:00"))
    assert found is not None
    assert (found.until, found.zone) == (at("2026-11-22 14:00"), "America/New_York")


def test_a_holiday_is_quiet_all_day_where_the_contact_lives() -> None:
    quiet = QuietHours(time(21), time(9), holidays=("us",))
    thanksgiving_noon = at("2026-11-26 17:00")
    found = pause(quiet, ("America/New_York",), thanksgiving_noon)
    assert found is not None
    assert found.until == at("2026-11-27 14:00")  # not at midnight, which is quiet too
    assert pause(
        QuietHours(time(0), time(0), holidays=("us",)), ("America/New_York",), thanksgiving_noon
    ) == (found.__class__(at("2026-11-27 05:00"), "America/New_York", "Thanksgiving Day"))


def test_a_holiday_ends_when_it_ends_in_every_zone() -> None:
    quiet = QuietHours(time(0), time(0), holidays=("us",))
    found = pause(quiet, ("America/New_York", "America/Los_Angeles"), at("2026-11-26 17:00"))
    assert found is not None
    assert found.until == at("2026-11-27 08:00")
    far = pause(quiet, ("America/New_York", "Pacific/Honolulu"), at("2026-11-26 15:00"))
    assert far is not None
    assert far.until == at("2026-11-27 10:00")


@pytest.mark.parametrize(
    ("zones", "is_held"),
    [
        (("America/Chicago",), True),
        (("US/Pacific",), True),  # by its old name
        (("America/Mexico_City",), False),
        (("Asia/Shanghai",), False),
        (("Asia/Shanghai", "America/New_York"), True),  # it may be in either
        (("UTC",), True),  # nobody knows
    ],
)
def test_a_holiday_is_one_where_it_is_kept(zones: tuple[str, ...], *, is_held: bool) -> None:
    quiet = QuietHours(time(0), time(0), holidays=("us",))
    assert (pause(quiet, zones, at("2026-11-26 17:00")) is not None) is is_held


def test_calendars_of_several_countries_hold_for_their_own() -> None:
    quiet = QuietHours(time(0), time(0), holidays=("us-ca", "mx"))
    revolution, thanksgiving = at("2026-11-16 18:00"), at("2026-11-26 17:00")
    for zone, kept, other in (
        ("America/Los_Angeles", thanksgiving, revolution),
        ("America/Mexico_City", revolution, thanksgiving),
    ):
        assert pause(quiet, (zone,), kept) is not None
        assert pause(quiet, (zone,), other) is None


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    chavez_day = datetime(2026, 3, 31).date()  # noqa: DTZ001  a civil date
    assert holiday_on(chavez_day, ("us",)) is None
    assert holiday_on(chavez_day, ("us", "us-ca")) == "Cesar Chavez Day"
