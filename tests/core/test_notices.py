"""The fields of subscribe messages: what fits each type, what is cut, and what is told of the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.notices import FieldType, field_type, fitted, misfit, misfits

FITS = (
    ("thing1", "二十个字以内的说明，可汉字、数字2个"),
    ("thing01", "x" * 20),
    ("number1", "3.50"),
    ("letter2", "ABC"),
    ("symbol1", "!?"),
    ("character_string3", "ORDER-7K2P4M"),
    ("time1", "15:01"),
    ("time1", "2019年10月1日 15:01~2019年10月1日 16:01"),
    ("date1", "2019年10月1日"),
    ("date2", "2019-12-25 09:42"),  # as the platform's own example of a request has it
    ("date2", "2026-11-27~2026-12-03"),
    ("amount1", "¥100.00"),
    ("amount1", "100元"),
    ("phone_number1", "+86-0766-66888866"),
    ("car_number1", "粤A8Z888挂"),
    ("name1", "李小龙"),
    ("name1", "Ana María"),
    ("phrase3", "配送中"),
    ("enum1", "PAID"),
)
FITS_NOT = (
    ("thing1", "x" * 21, "thing1: '" + "x" * 21 + "' does not fit; it takes up to 20 characters"),
    ("thing1", "two\nlines", None),
    ("thing1", "", "thing1 is empty; it takes up to 20 characters"),
    ("number1", "5 items", None),
    ("number1", "1" * 33, None),
    ("letter2", "A1", None),
    ("symbol1", "a!", None),
    ("character_string3", "订单7", None),
    ("time1", "25:00", None),
    ("date1", "next Friday", None),
    ("date1", "2019-10/01", None),
    ("date1", "2019-10-01~2019-10-02~2019-10-03", None),
    ("amount1", "US$5.00", None),
    ("amount1", "12345678901", None),
    ("phone_number1", "call us", None),
    ("car_number1", "粤A8Z88888挂", None),
    ("name1", "Ana 2", None),
    ("name1", "李" * 11, None),
    ("phrase3", "on its way", None),
    ("phrase3", "正在配送途中", None),
    ("stuff1", "x", "stuff1: there is no such type of field"),
)


@pytest.mark.parametrize(("key", "value"), FITS)
def test_what_fits_is_left_as_it_is(key: str, value: str) -> None:
    assert misfit(key, value) is None
    assert fitted(key, value) == value


@pytest.mark.parametrize(("key", "value", "why"), FITS_NOT)
def test_what_does_not_fit_is_told(key: str, value: str, why: str | None) -> None:
    said = misfit(key, value)
    assert said is not None
    assert said.startswith(key)
    if why is not None:
        assert said == why


def test_every_type_has_a_case_of_both() -> None:
    for cases in (FITS, FITS_NOT):
        assert {field_type(key) for key, *_ in cases} >= {*FieldType} - {FieldType.ENUM}


def test_a_key_is_a_type_and_a_number() -> None:
    assert field_type("phone_number12") is FieldType.PHONE_NUMBER
    assert field_type("thing") is None
    assert field_type("thing1.DATA") is None


def test_only_a_thing_is_cut() -> None:
    assert fitted("thing1", "A very long name of a thing to buy") == "A very long name of…"
    assert misfit("thing1", fitted("thing1", "长" * 50)) is None
    assert fitted("character_string1", "X" * 40) == "X" * 40


def test_lines_become_one() -> None:
    assert fitted("thing1", "one\n two\u2028three ") == "one two three"


@pytest.mark.parametrize(
    ("money", "sent"),
    [
        ("$5.00", "$5.00"),
        ("US$1,234.50", "$1234.50"),
        ("CN¥68.00", "¥68.00"),
        ("5,00\u00a0€", "€5.00"),
        ("1.234,50 US$", "$1234.50"),
        ("¥1,234", "¥1234"),
        ("100元", "100元"),
    ],
)
def test_money_is_written_as_the_platform_takes_it(money: str, sent: str) -> None:
    assert fitted("amount1", money) == sent
    assert misfit("amount1", sent) is None


@pytest.mark.parametrize("money", ["-$5.00", "USD 5.00", "5 points", "free"])
def test_what_no_sign_could_say_stays_and_does_not_fit(money: str) -> None:
    assert fitted("amount1", money) == money
    assert misfit("amount1", money) is not None


def test_the_first_field_that_does_not_fit_is_told() -> None:
    assert misfits({"thing1": "ok", "date2": "soon", "number3": "x"}) == misfit("date2", "soon")
    assert misfits({"thing1": "ok"}) is None
    assert misfits({}) == "it has no fields"


@given(st.sampled_from([*FieldType]), st.text(max_size=60))
def test_no_value_breaks_the_check_and_no_line_break_passes(kind: FieldType, value: str) -> None:
    key = f"{kind}1"
    sent = fitted(key, value)
    assert fitted(key, sent) == sent
    assert misfit(key, f"{sent}\n") is not None
    assert kind is not FieldType.THING or not sent or misfit(key, sent) is None
