"""Values as files spell them: read, or told what is wrong with them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.importing.kinds import Reads
from bot.core.importing.values import How, Wrong, reader_of

HERE = How(ZoneInfo("Europe/Berlin"), region="DE")
THERE = How(ZoneInfo("UTC"), decimal=",", dates=("%d.%m.%Y %H:%M", "%d.%m.%Y"))


def read(reads: Reads, value: object, how: How = HERE) -> object:
    return reader_of(reads, how)(value)


def test_what_no_database_takes_is_left_out() -> None:
    assert read(Reads.TEXT, "A\0na") == read(Reads.WHOM, "A\0na") == read(Reads.ANY, "A\0na") == "Ana"
    nested = {"a\0": ["b\0", {"c": "d\0"}]}
    mended = {"a": ["b", {"c": "d"}]}
    assert read(Reads.ANY, nested) == read(Reads.OBJECT, nested) == mended
    assert read(Reads.OBJECT, '{"a\\u0000": ["b", {"c": "d\\u0000"}]}') == mended


@pytest.mark.parametrize("shared", ["null", " None ", "NaN", "0", 0, 0.0, "00000000-0000-0000"])
def test_ids_that_strangers_share_are_nobodys(shared: object) -> None:
    assert not read(Reads.WHOM, shared)
    assert read(Reads.TEXT, shared)
    assert read(Reads.WHOM, "u0") == "u0"


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("4", 400),
        ("4.5", 450),
        ("4.50", 450),
        ("4.500", 450),
        ("0.07", 7),
        (".5", None),
        ("1,234.50", 123450),
        ("1 234.50", 123450),
        ("1'234'567", 123456700),
        ("$12.30", 1230),
        ("12.30 €", 1230),
        ("1,23", None),
        ("12,34", None),
        ("4.505", None),
        ("-3", None),
        ("", None),
        ("abc", None),
        ("1e3", None),
        ("\u0661\u0662", None),
        ("9" * 14, None),
        (4, 400),
        (4.5, 450),
        (0.1 + 0.2, 30),
        (1.005, None),
        (-0.5, None),
        (float("inf"), None),
        (Decimal("4.50"), 450),
    ],
)
def test_amounts_are_minor_units_or_no_amounts(written: object, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(Wrong, match=r"is no amount of 0 or more with 2 decimals at most, like 4\.50"):
            read(Reads.AMOUNT, written)
    else:
        assert read(Reads.AMOUNT, written) == minor


@given(st.integers(0, 10**12), st.sampled_from([0, 2, 3]))
def test_every_amount_that_can_be_written_is_read_back(minor: int, exponent: int) -> None:
    whole = Decimal(minor).scaleb(-exponent)
    point, comma = How(ZoneInfo("UTC"), exponent), How(ZoneInfo("UTC"), exponent, decimal=",")
    assert read(Reads.AMOUNT, f"{whole:f}", point) == minor
    assert read(Reads.AMOUNT, f"{whole:,f}", point) == minor
    assert read(Reads.AMOUNT, f"{whole:f}".replace(".", ","), comma) == minor
    assert read(Reads.AMOUNT, float(whole), point) == minor


@pytest.mark.parametrize(
    "spelled", ["0151 23456789", "+49 (151) 2345-6789", "0049 151 23456789", "tel:+4915123456789"]
)
def test_a_number_in_any_spelling_is_the_same(spelled: str) -> None:
    assert read(Reads.PHONE, spelled) == "+4915123456789"


def test_a_number_without_a_country_is_not_guessed() -> None:
    nowhere = How(ZoneInfo("UTC"))
    assert read(Reads.PHONE, "+1 212 555 0123", nowhere) == "+12125550123"
    with pytest.raises(Wrong, match="has no country code: say whose numbers these are with `region`"):
        read(Reads.PHONE, "212 555 0123", nowhere)
    with pytest.raises(Wrong, match="'12' is not a phone number we could text: short code"):
        read(Reads.PHONE, "12")


def test_instants_without_an_offset_are_the_shops() -> None:
    assert read(Reads.INSTANT, "2026-07-01T10:00:00") == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert read(Reads.INSTANT, "2026-07-01T10:00:00Z") == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert read(Reads.INSTANT, datetime(2026, 1, 1, 10)) == datetime(2026, 1, 1, 9, tzinfo=UTC)  # noqa: DTZ001
    assert read(Reads.INSTANT, "2026-07-01") == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert read(Reads.INSTANT, "1.7.2026 10:00", THERE) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    milliseconds = How(ZoneInfo("UTC"), dates=("epoch_ms",))
    assert read(Reads.INSTANT, 1_767_225_600_500, milliseconds) == datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)
    with pytest.raises(Wrong, match=r"'7/1/26' is no time like .*say how they are written with `dates`"):
        read(Reads.INSTANT, "7/1/26")


def test_days_may_never_come() -> None:
    assert read(Reads.DAY, "2027-01-31") == date(2027, 1, 31)
    assert read(Reads.DAY, "31.01.2027", THERE) == date(2027, 1, 31)
    assert read(Reads.DAY, "2026-12-31T23:30:00Z") == date(2027, 1, 1)
    assert read(Reads.DAY, "Never") is None


def test_other_values_are_what_they_are_to_be() -> None:
    assert read(Reads.TEXT, 12.0) == "12"
    assert read(Reads.TEXT, " x ") == "x"
    assert read(Reads.QUANTITY, "3") == 3
    assert read(Reads.EMAIL, " Ana@Shop.Example ") == "ana@shop.example"
    assert read(Reads.FLAG, "YES") is True
    assert read(Reads.OBJECT, '{"a": {"b": 1}}') == {"a": {"b": 1}}
    for reads, value in (
        (Reads.QUANTITY, "1.5"),
        (Reads.QUANTITY, 10**7),
        (Reads.EMAIL, "ana"),
        (Reads.FLAG, "maybe"),
        (Reads.OBJECT, "[1]"),
        (Reads.OBJECT, "nope"),
        (Reads.TEXT, {"a": 1}),
    ):
        with pytest.raises(Wrong):
            read(reads, value)
