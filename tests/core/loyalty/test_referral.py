"""Referral: codes that are no words, every reason to say no, and what counts toward the limits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.referral import (
    LATE_BY,
    Brought,
    Invitations,
    Referred,
    Referring,
    Refusal,
    State,
    code_of,
    counters,
    evidence_in,
    has_expired,
    qualifies,
    read_code,
    refused_by_evidence,
    refused_to_bring,
    summed,
)

NOW = datetime(2026, 11, 24, 20, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ADVOCATE, FRIEND, OTHER = "a" * 32, "f" * 32, "0" * 32
NEWCOMER = MemberFacts(today=TODAY, joined_on=None)


def rules(**changes: object) -> Referring:
    return Referring.model_validate({"advocate": "5.00", "friend": "3.00", "minimum": "15.00", **changes})


@given(st.text(alphabet="0123456789abcdef", min_size=32, max_size=32), st.integers(0, 5))
def test_every_code_is_read_back_however_it_is_spelled(contact_id: str, attempt: int) -> None:
    code = code_of(contact_id, attempt)
    assert len(code) == 6
    assert read_code(f" {code[:3].lower()}-{code[3:]}. ") == code


def test_codes_differ_by_member_and_by_attempt() -> None:
    codes = {code_of(f"{number:032x}", attempt) for number in range(200) for attempt in range(3)}
    assert len(codes) == 600


@pytest.mark.parametrize(
    "text", ["", "PARTY", "7K2P4", "7K2P4M9", "0K2P4M", "7O2P4M", "723456", "ABCDEF", "7K 2P"]
)
def test_what_is_no_code(text: str) -> None:
    assert read_code(text) is None


def refused(
    advocate_id: str | None = ADVOCATE, friend: MemberFacts = NEWCOMER, **changes: object
) -> Refusal | None:
    return refused_to_bring(
        rules(**changes), advocate_id=advocate_id, is_advocate_member=True, friend=friend, friend_id=FRIEND
    )


def test_whoever_is_new_may_be_brought() -> None:
    assert refused() is None
    assert refused(friend=replace(NEWCOMER, joined_on=TODAY - LATE_BY)) is None


def test_every_no_has_its_reason() -> None:
    assert refused(until="2026-11-23") is Refusal.NOT_RUNNING
    early: dict[str, object] = {"from": "2026-11-25"}
    assert refused(ADVOCATE, NEWCOMER, **early) is Refusal.NOT_RUNNING
    assert refused(advocate_id=None) is Refusal.NOT_FOUND
    assert refused(advocate_id=FRIEND) is Refusal.SELF_REFERRAL
    late = replace(NEWCOMER, joined_on=TODAY - LATE_BY - timedelta(days=1))
    assert refused(friend=late) is Refusal.EXISTING_MEMBER
    assert refused(friend=replace(NEWCOMER, orders_before=1)) is Refusal.NOT_FIRST_ORDER
    gone = refused_to_bring(
        rules(), advocate_id=ADVOCATE, is_advocate_member=False, friend=NEWCOMER, friend_id=FRIEND
    )
    assert gone is Refusal.ADVOCATE_GONE


def test_limits_count_in_the_calendar_of_the_shop() -> None:
    limited = rules(limits={"hour": 2, "day": 3, "month": 4, "life": 5})
    late = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)  # still November in New York
    assert counters(limited, ADVOCATE, late, "America/New_York") == [
        (f"cap/referral/{ADVOCATE}/2026-12-01T04", 2, Refusal.HOUR_LIMIT),
        (f"cap/referral/{ADVOCATE}/2026-11-30", 3, Refusal.DAY_LIMIT),
        (f"cap/referral/{ADVOCATE}/2026-11", 4, Refusal.MONTH_LIMIT),
        (f"cap/referral/{ADVOCATE}/life", 5, Refusal.LIFE_LIMIT),
    ]
    assert counters(rules(), ADVOCATE, late, "UTC") == []


def test_an_order_qualifies_from_the_minimum_on_and_in_time() -> None:
    assert qualifies(rules(), 1_500)
    assert not qualifies(rules(), 1_499)
    assert not qualifies(rules(minimum=None), 0)
    joined = Referred(ADVOCATE, "7K2P4M", State.JOINED, NOW, joined_at=NOW)
    in_time = rules(within="30d")
    assert not has_expired(in_time, joined, NOW + timedelta(days=30))
    assert has_expired(in_time, joined, NOW + timedelta(days=30, microseconds=1))


@pytest.mark.parametrize(
    ("first_users", "refusal"),
    [
        ({}, None),
        ({"h1": FRIEND, "h2": FRIEND}, None),
        ({"h1": ADVOCATE}, Refusal.SAME_PAYMENT),
        ({"h2": ADVOCATE}, Refusal.SAME_DEVICE),
        ({"h3": ADVOCATE}, Refusal.SAME_ADDRESS),
        ({"h1": OTHER}, Refusal.KNOWN_PAYMENT),
        ({"h2": OTHER}, Refusal.KNOWN_DEVICE),
        ({"h3": OTHER}, Refusal.KNOWN_ADDRESS),
        ({"h1": OTHER, "h3": ADVOCATE}, Refusal.SAME_ADDRESS),
    ],
)
def test_evidence_tells_who_is_no_new_customer(
    first_users: Mapping[str, str], refusal: Refusal | None
) -> None:
    evidence = {"payment": "h1", "device": "h2", "address": "h3"}
    found = refused_by_evidence(evidence, first_users, advocate_id=ADVOCATE, friend_id=FRIEND)
    assert found is refusal


def test_facts_are_spelled_alike_before_they_are_hashed() -> None:
    assert evidence_in({"address": " 1  Main\nSt ", "payment": "", "note": "x"}) == {"address": "1 main st"}


def test_what_a_code_brought_is_counted_by_how_far_friends_came() -> None:
    def friend(number: int, state: State, reward: int = 0, days: int = 0) -> Brought:
        active_from = NOW + timedelta(days=days) if reward else None
        return Brought(f"{number:032x}", state, NOW, NOW, reward_minor=reward, active_from=active_from)

    brought = [
        friend(1, State.INVITED),
        friend(2, State.REFUSED),
        friend(3, State.JOINED),
        friend(4, State.QUALIFIED, 500, days=3),
        friend(5, State.QUALIFIED, 700, days=-3),
        friend(6, State.REVERSED, 900),
    ]
    assert summed(brought, NOW) == Invitations(6, 4, 2, pending_minor=500, earned_minor=700)
    assert summed(brought, NOW + timedelta(days=3)) == Invitations(
        6, 4, 2, pending_minor=0, earned_minor=1_200
    )


def test_a_bonus_is_for_whom_it_is_meant_and_never_less_than_the_usual() -> None:
    generous = rules(
        bonuses=[
            {"for": {"tier": "gold"}, "advocate": "10.00", "friend": "1.00"},
            {"for": {"language": "es", "members": False}, "friend": "4.00", "until": "2026-11-24"},
        ]
    )
    gold = MemberFacts(today=TODAY, joined_on=TODAY, tier="gold")
    assert (generous.advocate_reward(gold), generous.friend_reward(gold)) == (1_000, 300)
    spanish = replace(NEWCOMER, locale="es_MX")
    assert (generous.advocate_reward(spanish), generous.friend_reward(spanish)) == (500, 400)
    assert generous.friend_reward(replace(spanish, today=TODAY + timedelta(days=1))) == 300


def test_a_referral_that_gives_nobody_anything_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match="nobody gets anything; write what"):
        Referring.model_validate({"minimum": "15.00"})
