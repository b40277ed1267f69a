"""Proofs: how long a code counts, how often it may be tried, and what cannot be learnt from what is kept."""

from datetime import timedelta

import pytest

from bot.core.proofs import (
    GOOD_FOR,
    TRIES_MAX,
    Proof,
    ProofState,
    Tried,
    Way,
    begun,
    code_of,
    counter_of,
    is_texted_code,
    names_of,
    network_of,
    read_code,
    typed,
)
from tests.handlers.scene import NOW

OLD, NEW = b"o" * 32, b"n" * 32
SECRETS = (OLD,)
NUMBER = "+12125550101"


def a_proof() -> Proof:
    return begun("a" * 32, ("sms", NUMBER), "wx1/+1212555", SECRETS, NOW)


CODE = code_of(OLD, "a" * 32, Way.TYPED)
SHOWN = code_of(OLD, "a" * 32, Way.TEXTED)


def test_the_code_counts_until_its_time_is_over() -> None:
    just_before = NOW + GOOD_FOR - timedelta(microseconds=1)
    proof, tried = typed(a_proof(), CODE, SECRETS, just_before)
    assert tried is Tried.PROVEN
    assert proof is not None
    assert (proof.state, proof.way, proof.ended_at) == (ProofState.PROVEN, Way.TYPED, just_before)
    assert typed(a_proof(), CODE, SECRETS, NOW + GOOD_FOR) == (a_proof(), Tried.LATE)
    assert typed(proof, "000000", SECRETS, NOW)[1] is Tried.PROVEN
    assert typed(None, CODE, SECRETS, NOW) == (None, Tried.NONE)


def test_five_tries_and_then_a_new_one() -> None:
    proof: Proof | None = a_proof()
    wrong = f"{(int(CODE) + 1) % 10**6:06}"
    for number in range(1, TRIES_MAX):
        proof, tried = typed(proof, wrong, SECRETS, NOW)
        assert proof is not None
        assert (tried, proof.tries) == (Tried.WRONG, number)
    proof, tried = typed(proof, "no code at all", SECRETS, NOW)
    assert tried is Tried.SPENT
    assert typed(proof, CODE, SECRETS, NOW) == (proof, Tried.SPENT)
    assert proof is not None
    assert proof.address == ""


def test_either_code_counts_for_its_own_way_alone() -> None:
    assert typed(a_proof(), SHOWN, SECRETS, NOW)[1] is Tried.WRONG
    assert is_texted_code(a_proof(), SHOWN, SECRETS)
    assert not is_texted_code(a_proof(), CODE, SECRETS)


def test_a_rotated_secret_still_counts() -> None:
    assert typed(a_proof(), CODE, (NEW, OLD), NOW)[1] is Tried.PROVEN
    assert typed(a_proof(), CODE, (NEW,), NOW)[1] is Tried.WRONG
    assert is_texted_code(a_proof(), SHOWN, (NEW, OLD))
    assert names_of((NEW, OLD), "sms", NUMBER, SHOWN)[1:] == names_of((OLD,), "sms", NUMBER, SHOWN)


def test_nothing_kept_says_the_code_or_whose_number_it_is() -> None:
    kept = [
        a_proof().code_hash,
        *names_of(SECRETS, "sms", NUMBER, SHOWN),
        counter_of(OLD, f"address/{NUMBER}", "2026-11-24"),
    ]
    for one in kept:
        assert NUMBER not in one
        assert CODE not in one
        assert SHOWN not in one
    assert names_of(SECRETS, "sms", NUMBER, SHOWN) != names_of(SECRETS, "sms", "+12125550102", SHOWN)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("123456", "123456"),
        (" 123 456\n", "123456"),
        ("123-456", "123456"),
        ("12345", None),
        ("1234567", None),
        ("code 123456", None),
        ("１２３４５６", None),
    ],
)
def test_a_code_is_six_digits_and_nothing_else(text: str, code: str | None) -> None:
    assert read_code(text) == code


def test_a_network_is_an_account_and_how_numbers_begin() -> None:
    assert network_of("wx1/oA", "+12125550101") == network_of("wx1/oB", "+12125550999")
    assert network_of("wx1/oA", "+12125550101") != network_of("wx2/oA", "+12125550101")
    assert network_of("wx1/oA", "+12125550101") != network_of("wx1/oA", "+13105550101")


def test_codes_are_spread_evenly() -> None:
    codes = {code_of(OLD, f"{number:032x}", Way.TYPED) for number in range(3000)}
    assert len(codes) > 2980
    assert all(len(code) == 6 for code in codes)
