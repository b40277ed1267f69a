"""A drop opens when the shop's clock says, earlier for some; reserved units are kept or go back, once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.local_time import zone_of
from bot.core.loyalty.drops import (
    Drop,
    Opening,
    Reservation,
    ReservationClosed,
    ReservationState,
    kept_units,
)

NEW_YORK = "America/New_York"
TUESDAY = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
FRIDAY_TEN = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
S = ReservationState


def a_drop(**changed: object) -> Drop:
    written: dict[str, object] = {
        "id": "roast",
        "name": "Friday roast",
        "sku": "ROAST",
        "units": 100,
        "price": "14.00",
        "every": "fri 10:00",
        "open_for": "2h",
        "early": {"gold": "1h", "platinum": "90m"},
        "per_member": 2,
        **changed,
    }
    return Drop.model_validate({name: value for name, value in written.items() if value is not None})


def opening(now: datetime, drop: Drop | None = None) -> Opening:
    found = (drop or a_drop()).opening(now, NEW_YORK)
    assert found is not None
    return found


def reserved(**changed: object) -> Reservation:
    made: dict[str, object] = {
        "id": "d" * 30 + "05",
        "opening": "roast/2026-11-27",
        "sku": "ROAST",
        "quantity": 2,
        "unit_minor": 1400,
        "credit_minor": 500,
        "state": S.RESERVED,
        "reserved_at": FRIDAY_TEN,
        "until": FRIDAY_TEN + timedelta(minutes=15),
        "changed_at": FRIDAY_TEN,
        **changed,
    }
    return Reservation(**made)  # type: ignore[arg-type]  # what a test changes


def test_it_opens_every_week_on_the_shops_clock_with_units_of_its_own() -> None:
    first = opening(TUESDAY)
    assert (first.opens_at, first.key, first.counter) == (
        FRIDAY_TEN,
        "roast/2026-11-27",
        "drop/roast/2026-11-27",
    )
    assert opening(FRIDAY_TEN + timedelta(hours=2) - timedelta(microseconds=1)).key == first.key
    following = opening(FRIDAY_TEN + timedelta(hours=2))
    assert (following.key, following.opens_at) == ("roast/2026-12-04", FRIDAY_TEN + timedelta(days=7))


def test_summer_time_moves_the_instant_and_not_the_clock() -> None:
    found = opening(datetime(2027, 3, 9, tzinfo=UTC))  # the clocks change on Sunday 14 March
    assert found.opens_at == datetime(2027, 3, 12, 15, 0, tzinfo=UTC)
    assert opening(found.closes_at).opens_at == datetime(2027, 3, 19, 14, 0, tzinfo=UTC)


def test_it_opens_once_and_never_again() -> None:
    once = a_drop(every=None, at="2026-11-27 10:00")
    assert opening(TUESDAY, once).opens_at == FRIDAY_TEN
    assert once.opening(FRIDAY_TEN + timedelta(hours=2), NEW_YORK) is None


def test_every_week_has_a_first_and_a_last() -> None:
    some = a_drop(**{"from": "2026-12-04", "until": "2026-12-11"})
    assert opening(TUESDAY, some).on == date(2026, 12, 4)
    assert opening(datetime(2026, 12, 5, tzinfo=UTC), some).on == date(2026, 12, 11)
    assert some.opening(datetime(2026, 12, 12, tzinfo=UTC), NEW_YORK) is None


def test_tiers_come_earlier_as_the_drop_says_or_as_they_usually_do() -> None:
    found, usual = opening(TUESDAY), timedelta(minutes=30)
    assert found.opens_to(None) == found.opens_to("silver") == FRIDAY_TEN
    assert found.opens_to("gold") == found.opens_to("gold", usual) == FRIDAY_TEN - timedelta(hours=1)
    assert found.opens_to("platinum") == FRIDAY_TEN - timedelta(minutes=90)
    assert found.opens_to("silver", usual) == FRIDAY_TEN - usual


@given(st.integers(0, 2 * 366 * 24 * 60), st.sampled_from(["fri 10:00", "mon,thu 02:30"]))
def test_at_every_instant_the_one_that_is_on_or_comes_next(minutes: int, every: str) -> None:
    now, drop = TUESDAY + timedelta(minutes=minutes), a_drop(every=every, early=None)
    found = opening(now, drop)
    assert now < found.closes_at
    before = opening(found.opens_at - timedelta(days=3), drop)
    assert before.closes_at <= now or before == found, "none before it is still on"
    assert found.opens_at.astimezone(zone_of(NEW_YORK)).weekday() in drop.every.weekdays  # type: ignore[union-attr]  # it is weekly


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({"at": "2026-11-27 10:00"}, "either `at` or `every`"),
        ({"every": None}, "either `at` or `every`"),
        ({"every": "someday"}, "write it like fri 10:00"),
        ({"every": None, "at": "friday"}, "write it like 2026-11-27 10:00"),
        ({"every": None, "at": "2026-11-27 10:00", "until": "2026-12-01"}, "or write `every`"),
        ({"from": "2026-12-02", "until": "2026-12-01"}, "exchange the days"),
        ({"every": "mon,tue 10:00", "open_for": "24h"}, "shorten `open_for`"),
        ({"per_member": 101}, "at most `units`"),
    ],
)
def test_mistakes_come_with_a_remedy(changed: dict[str, object], remedy: str) -> None:
    with pytest.raises(ValidationError, match=remedy):
        a_drop(**changed)


def test_what_is_reserved_is_kept_until_its_end_and_what_is_taken_for_good() -> None:
    kept = reserved()
    assert (kept.total_minor, kept.to_pay_minor) == (2800, 2300)
    assert kept.is_kept(kept.until - timedelta(microseconds=1))
    assert not kept.is_kept(kept.until)
    taken = kept.becomes(S.TAKEN, FRIDAY_TEN)
    assert taken.is_kept(kept.until + timedelta(days=1))
    found = opening(FRIDAY_TEN)
    others = (kept, taken, reserved(opening="roast/2026-11-20"), kept.becomes(S.CANCELED, FRIDAY_TEN))
    assert kept_units(found, others, FRIDAY_TEN) == 4
    assert kept_units(found, others, kept.until) == 2


steps = st.lists(st.tuples(st.integers(0, 20), st.sampled_from([S.TAKEN, S.LAPSED, S.CANCELED])), max_size=6)


@given(steps)
def test_whoever_asks_in_whatever_order_it_ends_once_and_on_time(tries: list[tuple[int, S]]) -> None:
    reservation, now, ends = reserved(), FRIDAY_TEN, 0
    for minutes, state in tries:
        now += timedelta(minutes=minutes)
        may = reservation.state is S.RESERVED and (
            state is S.CANCELED or (state is S.TAKEN) == (now < reservation.until)
        )
        if may:
            reservation, ends = reservation.becomes(state, now), ends + 1
            assert (reservation.state, reservation.changed_at) == (state, now)
        else:
            with pytest.raises(ReservationClosed):
                reservation.becomes(state, now)
    assert ends <= 1
