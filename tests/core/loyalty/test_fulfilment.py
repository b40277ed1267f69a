"""A claimed reward goes forward only, keeps its promise on record, and ends once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.loyalty.fulfilment import CannotAdvance, Fulfilment, FulfilmentState, advanced

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
CLAIMED = Fulfilment(
    id="e" * 30 + "05",
    reward="beans",
    kind="product",
    code="K7Q2MD",
    cost_minor=1400,
    state=FulfilmentState.CLAIMED,
    claimed_at=NOW,
    changed_at=NOW,
    promised_on=date(2026, 11, 26),
    zone="America/New_York",
)
S = FulfilmentState


def test_it_goes_its_way_to_the_member() -> None:
    fulfilment = CLAIMED
    for state in (S.PREPARING, S.SENT, S.DELIVERED):
        assert fulfilment.state.is_open
        fulfilment = advanced(fulfilment, state, LATER)
        assert (fulfilment.state, fulfilment.changed_at) == (state, LATER)
    assert not fulfilment.state.is_open
    assert fulfilment.promised_on == CLAIMED.promised_on


def test_a_step_may_be_left_out() -> None:
    assert advanced(CLAIMED, S.DELIVERED, LATER).state is S.DELIVERED


def test_the_same_once_more_changes_nothing() -> None:
    sent = advanced(CLAIMED, S.SENT, NOW)
    assert advanced(sent, S.SENT, LATER) == sent


def test_the_shop_may_promise_another_day_and_say_where_it_is() -> None:
    moved = advanced(CLAIMED, S.CLAIMED, LATER, promised_on=date(2026, 11, 30), facts={"tracking": "1Z999"})
    assert (moved.state, moved.promised_on, moved.facts, moved.changed_at) == (
        S.CLAIMED,
        date(2026, 11, 30),
        {"tracking": "1Z999"},
        LATER,
    )
    assert advanced(moved, S.CLAIMED, LATER + timedelta(1), facts={"tracking": "1Z999"}) == moved


def test_what_is_delivered_is_promised_for_no_other_day() -> None:
    delivered = advanced(CLAIMED, S.DELIVERED, NOW)
    assert advanced(delivered, S.DELIVERED, LATER, promised_on=date(2027, 1, 1)) == delivered


@given(st.lists(st.sampled_from(S), max_size=8))
def test_whatever_is_asked_it_never_goes_back_and_ends_once(wanted: list[FulfilmentState]) -> None:
    rank = {state: number for number, state in enumerate(S)}
    fulfilment = CLAIMED
    for state in wanted:
        before = fulfilment
        if state is before.state:
            fulfilment = advanced(before, state, LATER)
            assert fulfilment == before
        elif before.state.is_open and rank[state] > rank[before.state]:
            fulfilment = advanced(before, state, LATER)
            assert fulfilment.state is state
        else:
            with pytest.raises(CannotAdvance) as caught:
                advanced(before, state, LATER)
            assert caught.value.status == 409
