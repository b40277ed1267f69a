"""`shop.yaml`: what it says, and what it says is wrong with line, column and remedy."""

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from bot.core.errors import FlowError
from bot.core.flow.reader import read
from bot.core.flow.shop_file import ShopFile, read_shop
from bot.core.loyalty.places import PLAIN, Open, PayBy, PlaceKind

SHIPPED = Path(__file__).parents[3] / "flows" / "shop.yaml"


def shop(text: str, exponent: int = 2) -> ShopFile:
    return read_shop(read(text, "flows/shop.yaml"), exponent)


def hours(written: str) -> tuple[Open, ...]:
    found = shop(f"places: {{a: {{name: A, address: B, hours: {{{written}}}}}}}\n").selling()
    return found.pickups["a"].hours


def test_the_shipped_file_is_one() -> None:
    selling = shop(SHIPPED.read_text(encoding="utf-8")).selling()
    assert list(selling.pickups) == ["old_town", "harbour"]
    assert selling.pickups["harbour"].name["zh_Hans"] == "港口店"
    assert selling.pickups["harbour"].closed_on == {date(2026, 12, 25), date(2027, 1, 1)}
    assert selling.delivery is not None
    assert [selling.delivery.costs(goods) for goods in (2999, 3000)] == [400, 0]
    assert selling.delivery.title["zh_Hans"] == "外送费"
    assert selling.ways_to_pay(PlaceKind.ADDRESS) == (PayBy.WECHAT, PayBy.PICKUP)
    assert selling.cancel_within == timedelta(minutes=2)


def test_all_of_it_is_optional() -> None:
    assert shop("places: {}\n").selling() == PLAIN


def test_amounts_are_in_the_currency_of_the_program() -> None:
    assert shop("at_least: 500\n", 0).selling().at_least_minor == 500
    assert shop("at_least: 500\n", 2).selling().at_least_minor == 50_000


def test_hours_are_written_by_days() -> None:
    assert hours("sat-sun: 9:00-14:30") == (Open(5, time(9), time(14, 30)), Open(6, time(9), time(14, 30)))
    assert hours("sun-mon: 9:00 - 14:00") == (Open(6, time(9), time(14)), Open(0, time(9), time(14)))
    assert len(hours("daily: 0:00-24:00")) == 7
    assert hours("mon: [8:00-12:00, 13:00-17:00], tue: closed") == (
        Open(0, time(8), time(12)),
        Open(0, time(13), time(17)),
    )


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("placs: {}\n", (1, 1), "did you mean `places`?"),
        ("places: {a: {name: A}}\n", (1, 13), "`address` is missing"),
        ("places: {a: {name: A, address: B, huors: {}}}\n", (1, 35), "did you mean `hours`?"),
        ("places: {A b: {name: A, address: B}}\n", (1, 15), "'A b' is not a name"),
        (
            "places:\n  a:\n    name: A\n    address: B\n    hours: {mo: 8:00-9:00}\n",
            (5, 12),
            "'mo' is no day of the week (write mon,",
        ),
        ("places: {a: {name: A, address: B, hours: {mon: 8-9}}}\n", (1, 42), "'8' is not a time of day"),
        ("places: {a: {name: A, address: B, hours: {mon: 9:00-9:00}}}\n", (1, 42), "write 0:00-24:00"),
        ("places: {a: {name: A, address: B, hours: {mon: late}}}\n", (1, 42), "like 8:00-18:30, or closed"),
        (
            "places: {a: {name: A, address: B, hours: {mon-fri: 8:00-9:00, fri: closed}}}\n",
            (1, 42),
            "fri is in `mon-fri` and in `fri`",
        ),
        ("places: {a: {name: A, address: B, hours: 8-5}}\n", (1, 42), "'8-5' are no hours by day"),
        ("places: {a: {name: A, address: B, closed: [soon]}}\n", (1, 44), "'soon' is not a day"),
        ("places: {a: {name: A, address: B, zone: Berlin}}\n", (1, 41), "did you mean Europe/Berlin?"),
        ("delivery: {fee: 4.005}\n", (1, 17), "write at most 2 decimals"),
        ("delivery: {fee: four}\n", (1, 17), "'four' is not a number"),
        ("delivery: {fee: -1}\n", (1, 17), "an amount is more than nothing"),
        ("delivery: {free_from: 30}\n", (1, 11), "it is free anyway"),
        ("delivery: {pay: [wechta]}\n", (1, 18), "did you mean wechat?"),
        ("delivery: true\n", (1, 11), "`name: value` lines"),
        ("pay: [cash]\n", (1, 7), "write one of wechat, pickup"),
        ("pay: []\n", (1, 6), "write at least one"),
        ("pay: [pickup, pickup]\n", (1, 6), "a way to pay stands there twice"),
        ("cancel_within: soon\n", (1, 16), "'soon' is not a duration"),
    ],
)
def test_mistakes_are_shown_where_they_stand(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(FlowError) as caught:
        shop(text)
    assert (caught.value.line, caught.value.column) == place
    assert words in str(caught.value)


def test_every_mistake_is_told() -> None:
    with pytest.raises(FlowError) as caught:
        shop("pay: [cash]\ndelivery: {fee: x}\nplaces: {a: {name: A}}\n")
    assert len(caught.value.others) == 2
