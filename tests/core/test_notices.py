"""The fields of subscribe messages: each type takes what the platform's page says, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.notices import TYPES, misfit, misfits, type_of

GOOD = [
    ("thing1", "积分到账"),
    ("thing01", "二十个字符正好二十个字符正好二十个字符正"),
    ("number1", "42"),
    ("number1", "42.5"),
    ("letter1", "ABC"),
    ("symbol1", "***"),
    ("character_string2", "SO-2026/11 #7"),
    ("time3", "15:01"),
    ("time3", "2019年10月1日 15:01"),
    ("time3", "15:01~16:30"),
    ("date2", "2019-12-25 09:42"),
    ("date2", "2019年10月1日~2019年10月7日"),
    ("amount4", "¥4.59"),
    ("amount4", "4.59元"),
    ("amount4", "459"),
    ("phone_number1", "+86-0766-66888866"),
    ("car_number1", "粤A8Z888挂"),
    ("name1", "订阅"),
    ("name1", "Ana Maria"),
    ("phrase3", "审核通过"),
    ("enum1", "已发货"),
]
BAD = [
    ("thing1", "二十一个字符二十一个字符二十一个字符二一个"),
    ("thing1", "two\nlines"),
    ("thing1", ""),
    ("thing1", "  "),
    ("number1", "4,200"),
    ("number1", "1" * 33),
    ("letter1", "A1"),
    ("symbol1", "a"),
    ("symbol1", "******"),
    ("character_string2", "订单"),
    ("character_string2", "1" * 33),
    ("time3", "at three"),
    ("date2", "15:01"),
    ("date2", "2019年10月"),
    ("amount4", "about 5"),
    ("amount4", "$12345678901"),
    ("amount4", "$¥5"),
    ("phone_number1", "call me"),
    ("car_number1", "粤A8Z888888"),
    ("name1", "二十个字的名字太长了不是吗"),
    ("name1", "A" * 21),
    ("phrase3", "这个词太长了"),
    ("phrase3", "ok"),
    ("things1", "x"),
    ("thing", "x"),
    ("1thing", "x"),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_field_holds_what_its_type_allows(name: str, value: str) -> None:
    assert misfit(name, value) is None


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_field_says_why_it_cannot_hold_the_rest(name: str, value: str) -> None:
    why = misfit(name, value)
    assert why is not None
    assert why.startswith(f"{name}: ")


def test_every_misfit_is_named_in_order() -> None:
    said = misfits({"thing1": "fine", "amount2": "no sum", "phrase3": "no"})
    assert [line.split(":")[0] for line in said] == ["amount2", "phrase3"]


def test_the_type_is_the_name_without_its_number() -> None:
    assert type_of("character_string12") == "character_string"
    assert type_of("colour1") is None


@given(st.sampled_from(sorted(TYPES)), st.text(max_size=40))
def test_no_value_breaks_the_check_and_neither_nothing_nor_a_line_break_passes(name: str, value: str) -> None:
    if misfit(f"{name}1", value) is None:
        assert value.strip()
    assert misfit(f"{name}1", f"{value}\n") is not None
