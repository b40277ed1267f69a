"""Places: when they are open, what delivery costs, how one pays there."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.core.loyalty.places import PLAIN, Delivery, Open, PayBy, PickUp, PlaceKind, Selling

WEEKDAYS = tuple(Open(day, time(8), time(18)) for day in range(5))
NEW_YORK = "America/New_York"


def place(*hours: Open, closed_on: frozenset[date] = frozenset(), zone: str = "") -> PickUp:
    return PickUp("old_town", {"": "Old Town"}, {"": "12 Mill Lane"}, hours, closed_on, zone)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A day of November 2026 (the 24th is a Tuesday) in New York, five hours behind UTC."""
    return datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour + 5, minutes=minute)


@pytest.mark.parametrize(
    ("now", "until", "opens"),
    [
        (at(24, 7, 59), None, at(24, 8)),
        (at(24, 8), at(24, 18), at(25, 8)),
        (at(24, 17, 59), at(24, 18), at(25, 8)),
        (at(24, 18), None, at(25, 8)),
        (at(27, 20), None, at(30, 8)),  # Friday evening: on Monday
    ],
)
def test_it_is_open_from_its_first_minute_until_its_last(
    now: datetime, until: datetime | None, opens: datetime
) -> None:
    here = place(*WEEKDAYS)
    assert (here.open_until(now, NEW_YORK), here.opens_at(now, NEW_YORK)) == (until, opens)


def test_a_night_ends_on_the_next_day() -> None:
    bar = place(Open(4, time(20), time(2)))
    assert bar.open_until(at(28, 1), NEW_YORK) == at(28, 2), "Saturday at one is still Friday's night"
    assert bar.open_until(at(28, 2), NEW_YORK) is None


def test_the_whole_day_and_a_pause_at_noon() -> None:
    always = place(*(Open(day, time(0), time(0)) for day in range(7)))
    assert always.open_until(at(24, 23), NEW_YORK) == at(25, 0)
    noon = place(Open(1, time(8), time(12)), Open(1, time(13), time(17)))
    assert noon.open_until(at(24, 12, 30), NEW_YORK) is None
    assert noon.opens_at(at(24, 12, 30), NEW_YORK) == at(24, 13)


def test_a_day_on_which_it_is_closed_is_passed_over() -> None:
    here = place(*WEEKDAYS, closed_on=frozenset({date(2026, 11, 26)}))
    assert here.open_until(at(26, 12), NEW_YORK) is None
    assert here.opens_at(at(26, 12), NEW_YORK) == at(27, 8)


def test_its_own_zone_wins_and_without_hours_nobody_knows() -> None:
    berlin = place(*WEEKDAYS, zone="Europe/Berlin")
    assert berlin.open_until(at(24, 3), NEW_YORK) == at(24, 12)
    assert place().open_until(at(24, 12), NEW_YORK) is None
    assert place().opens_at(at(24, 12), NEW_YORK) is None


def test_delivery_costs_its_fee_below_what_is_brought_for_nothing() -> None:
    brought = Delivery({"": "Delivery"}, fee_minor=400, free_from_minor=3000)
    assert [brought.costs(goods) for goods in (1, 2999, 3000)] == [400, 400, 0]
    assert Delivery({}, fee_minor=400).costs(10**6) == 400


def test_what_is_brought_may_have_ways_to_pay_and_a_least_of_its_own() -> None:
    delivery = Delivery({}, at_least_minor=1000, pay=(PayBy.WECHAT,))
    selling = Selling(delivery=delivery, pay=(PayBy.WECHAT, PayBy.PICKUP), at_least_minor=300)
    assert selling.ways_to_pay(PlaceKind.ADDRESS) == (PayBy.WECHAT,)
    assert selling.ways_to_pay(PlaceKind.PICKUP) == (PayBy.WECHAT, PayBy.PICKUP)
    assert [selling.least_minor(kind) for kind in (None, PlaceKind.PICKUP, PlaceKind.ADDRESS)] == [
        300,
        300,
        1000,
    ]
    assert PLAIN.ways_to_pay(None) == (PayBy.PICKUP,)
