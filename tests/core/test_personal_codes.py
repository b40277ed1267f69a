"""Personal codes: as people spell them at the end of a text, and never what is another kind of code."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.loyalty.referral import read_code
from bot.core.personal_codes import Invitation, code_in, code_of

NOW = datetime(2026, 12, 7, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "LOYALTY 7K2P4M9X",
        "loyalty 7k2p4m9x",
        "Loyalty 7k2p 4m9x.",
        "LOYALTY: 7K2P-4M9X",
        "会员 ７Ｋ２Ｐ４Ｍ９Ｘ",
        "7K2P4M9X",
        " loyalty  7K 2P 4M 9X \n",
    ],
)
def test_a_code_is_read_however_it_is_spelled(text: str) -> None:
    assert code_in(text) == "7K2P4M9X"


@pytest.mark.parametrize(
    "text",
    [
        "LOYALTY",
        "LOYALTY 7K2P4M",
        "7K2P4M9X is my code",
        "LOYALTY 7K2P4M9X2",
        "LOYALTY 7O2P4M9X",
        "X7K2P4M9X",
    ],
)
def test_what_is_none_is_none(text: str) -> None:
    assert code_in(text) is None


@given(st.binary(min_size=1), st.uuids(), st.integers(0, 100))
def test_every_code_is_read_back_and_is_no_friends_code(secret: bytes, contact: object, number: int) -> None:
    code = code_of(secret, str(contact), number)
    assert code_in(f"LOYALTY {code[:4]} {code[4:]}") == code
    assert read_code(code) is None
    assert code != code_of(secret + b"x", str(contact), number)


def test_a_code_ends_with_its_time_and_its_use() -> None:
    code = Invitation("7K2P4M9X", NOW, NOW + timedelta(days=30))
    assert code.is_good(NOW)
    assert not code.is_good(NOW + timedelta(days=30))
    assert not Invitation("7K2P4M9X", NOW, NOW + timedelta(days=30), used_at=NOW).is_good(NOW)
