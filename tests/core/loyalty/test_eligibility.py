"""Whom a benefit is for, and on which days."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.contact import Contact
from bot.core.loyalty.eligibility import Benefit, Eligibility, Lasting, MemberFacts, Refusal, facts_of

TODAY = date(2026, 11, 24)
ANA = MemberFacts(
    today=TODAY,
    joined_on=date(2026, 11, 1),
    locale="es_MX",
    attributes={"visits": 3, "profile": "complete", "tags": ["VIP", "tea lover"]},
    tier="gold",
    orders_before=2,
)
STRANGER = MemberFacts(today=TODAY, joined_on=None)
DAYS = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 20))


@pytest.mark.parametrize(
    ("written", "refusal"),
    [
        ({}, None),
        ({"tier": "gold"}, None),
        ({"tier": ["silver", "platinum"]}, Refusal.TIER),
        ({"tag": "vip"}, None),
        ({"tag": ["coffee", "Tea Lover"]}, None),
        ({"tag": "coffee"}, Refusal.TAG),
        ({"attributes": {"visits": "> 2", "profile": "complete"}}, None),
        ({"attributes": {"visits": "> 3"}}, Refusal.ATTRIBUTES),
        ({"attributes": {"missing": True}}, Refusal.ATTRIBUTES),
        ({"language": "es"}, None),
        ({"language": ["en", "zh_Hans"]}, Refusal.LANGUAGE),
        ({"first_order": True}, Refusal.NOT_FIRST_ORDER),
        ({"joined_before": "2026-11-01"}, Refusal.JOINED),
        ({"joined_before": "2026-11-02"}, None),
        ({"joined_from": "2026-11-01"}, None),
        ({"joined_from": "2026-11-02"}, Refusal.JOINED),
        ({"joined_within": "24d"}, None),
        ({"joined_within": "23d"}, Refusal.JOINED),
    ],
)
def test_each_condition_admits_or_says_why_not(written: dict[str, Any], refusal: Refusal | None) -> None:
    whom = Eligibility.model_validate(written)
    assert whom.refusal(ANA) is refusal
    assert whom.admits(ANA) is (refusal is None)


def test_benefits_are_for_members_unless_it_is_said_otherwise() -> None:
    assert Eligibility().refusal(STRANGER) is Refusal.NOT_A_MEMBER
    assert Eligibility.model_validate({"members": False}).admits(STRANGER)


def test_only_what_is_asked_has_to_be_loaded() -> None:
    assert Eligibility.model_validate({"language": "es"}).needs == frozenset()
    both = Eligibility.model_validate({"tier": "gold", "first_order": True})
    assert both.needs == {"tier", "orders"}


def test_of_audiences_any_one_will_do() -> None:
    fans = Eligibility.model_validate({"audience": ["fans", "buyers"]})
    assert fans.needs == {"audience/fans", "audience/buyers"}
    assert fans.refusal(ANA) is Refusal.AUDIENCE
    assert fans.admits(replace(ANA, audiences=frozenset({"buyers"})))


def test_tags_are_a_list_or_words_with_commas() -> None:
    assert MemberFacts(TODAY, None, attributes={"tags": "VIP, tea "}).tags == {"vip", "tea"}
    assert "" not in ANA.tags


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"tier": [True]}, "True is not a name; write one, or several"),
        ({"joined_from": "soon"}, "'soon' is not a day; write year, month and day"),
        ({"joined_from": "2026-11-02", "joined_before": "2026-11-02"}, "nobody joined from 2026-11-02"),
        ({"members": False, "tier": "gold"}, "`members: false` lets those in who never joined; take it out"),
        ({"attributes": {"visits": "> many"}}, "visits: > needs a number, not 'many'; compare with a number"),
        ({"attributes": "vip"}, "'vip' is not a condition; write names and values"),
    ],
)
def test_a_mistake_is_explained(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as raised:
        Eligibility.model_validate(written)
    assert said in str(raised.value)


def test_a_benefit_lasts_through_its_last_day() -> None:
    autumn = Benefit.model_validate({"from": "2026-11-01", "until": "2026-11-24", "for": {"tier": "gold"}})
    assert autumn.refusal(ANA) is None
    assert autumn.refusal(MemberFacts(date(2026, 11, 25), ANA.joined_on, tier="gold")) is Refusal.OVER
    assert autumn.refusal(MemberFacts(date(2026, 10, 31), ANA.joined_on, tier="gold")) is Refusal.NOT_YET
    assert autumn.refusal(STRANGER) is Refusal.NOT_A_MEMBER
    with pytest.raises(ValidationError, match=r"it ends .* before it begins"):
        Benefit.model_validate({"from": "2026-11-02", "until": "2026-11-01"})


def test_days_are_the_shops() -> None:
    at = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)  # the evening of the 1st in New York
    contact = Contact("c", 0, "en", "Asia/Shanghai", at, enrolled_at=at)
    assert facts_of(contact, TODAY, "America/New_York").joined_on == date(2026, 11, 1)


def span(first: date | None, last: date | None) -> Lasting:
    if first is not None and last is not None:
        first, last = min(first, last), max(first, last)
    return Lasting.model_construct(from_on=first, until_on=last)


@given(st.builds(span, DAYS, DAYS), st.builds(span, DAYS, DAYS))
def test_spans_of_days_agree_with_their_days(first: Lasting, second: Lasting) -> None:
    calendar = [date(2025, 12, 1), *(date(2026, 1, day) for day in range(1, 21)), date(2026, 2, 1)]
    mine = {day for day in calendar if first.lasts(day)}
    other = {day for day in calendar if second.lasts(day)}
    assert first.overlaps(second) is bool(mine & other)
    assert first.covers(second) is (mine >= other)
    from_on, until_on = first.within(second)
    both = Lasting.model_construct(from_on=from_on, until_on=until_on)
    if mine & other:
        assert {day for day in calendar if both.lasts(day)} == mine & other
