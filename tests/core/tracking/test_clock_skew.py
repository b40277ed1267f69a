"""When something happened, whatever the client's clock says."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.contact import JsonValue
from bot.core.ids import EPOCH
from bot.core.tracking.clock_skew import happened_at, instant_in

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2012-12-02T00:30:08.276Z", datetime(2012, 12, 2, 0, 30, 8, 276_000, UTC)),
        ("2012-12-02T00:30:08+05:30", datetime(2012, 12, 1, 19, 0, 8, 0, UTC)),
        ("2012-12-02T00:30:08.123456789Z", datetime(2012, 12, 2, 0, 30, 8, 123_456, UTC)),
        ("2012-12-02T00:30:08", datetime(2012, 12, 2, 0, 30, 8, 0, UTC)),
        ("2012-12-02", datetime(2012, 12, 2, tzinfo=UTC)),
        ("2015-2-02T00:30:08.276Z", datetime(2015, 2, 2, 0, 30, 8, 276_000, UTC)),
        (1354408208, datetime(2012, 12, 2, 0, 30, 8, 0, UTC)),
        (1354408208276, datetime(2012, 12, 2, 0, 30, 8, 276_000, UTC)),
        (1354408208.5, datetime(2012, 12, 2, 0, 30, 8, 500_000, UTC)),
    ],
)
def test_an_instant_is_read_as_clients_write_it(written: JsonValue, at: datetime) -> None:
    assert instant_in(written) == at


@pytest.mark.parametrize(
    "written",
    [None, "", "yesterday", True, [], {}, "2012-13-40", "0001-01-01T00:00:00+14:00", 10**30, "2012-2-30"],
)
def test_what_is_no_instant_is_none(written: JsonValue) -> None:
    assert instant_in(written) is None


@pytest.mark.parametrize("wrong_by", [timedelta(), DAY, -DAY, timedelta(days=-20_000)])
def test_a_wrong_clock_is_wrong_by_the_same_when_it_sends(wrong_by: timedelta) -> None:
    # Ten minutes before it was sent, which took a minute.
    original, sent = NOON - 11 * MINUTE + wrong_by, NOON - MINUTE + wrong_by
    assert happened_at(original, sent, NOON) == NOON - 10 * MINUTE


def test_without_a_time_of_sending_the_time_given_stands() -> None:
    assert happened_at(NOON - DAY, None, NOON) == NOON - DAY


def test_without_a_time_it_happened_when_it_came() -> None:
    assert happened_at(None, NOON - DAY, NOON) == NOON


def test_nothing_happens_in_the_future() -> None:
    assert happened_at(NOON + DAY, None, NOON) == NOON
    assert happened_at(NOON + DAY, NOON - DAY, NOON) == NOON


def test_nothing_happened_before_1970() -> None:
    assert happened_at(EPOCH, None, NOON) == EPOCH
    assert happened_at(EPOCH - MINUTE, None, NOON) == NOON
    assert happened_at(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC), NOON) == NOON
