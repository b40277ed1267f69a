"""How far a message got: reports only ever move it on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.messages import OutboxState, advance

states = st.sampled_from(OutboxState)


@given(states, states)
def test_a_report_never_steps_back(current: OutboxState, reported: OutboxState) -> None:
    after = advance(current, reported)
    assert after.rank >= current.rank
    assert after in {current, reported}
    assert advance(after, reported) is after


@given(states, st.lists(states))
def test_a_final_state_stays_whatever_is_reported(current: OutboxState, reports: list[OutboxState]) -> None:
    if current.is_final:
        for reported in reports:
            assert advance(current, reported) is current


@pytest.mark.parametrize(
    ("current", "reported", "after"),
    [
        (OutboxState.SENDING, OutboxState.SENT, OutboxState.SENT),
        (OutboxState.DELIVERED, OutboxState.SENT, OutboxState.DELIVERED),
        (OutboxState.DELIVERED, OutboxState.FAILED, OutboxState.DELIVERED),
        (OutboxState.UNKNOWN, OutboxState.SENDING, OutboxState.UNKNOWN),
        (OutboxState.UNKNOWN, OutboxState.DELIVERED, OutboxState.DELIVERED),
        (OutboxState.SENT, OutboxState.UNDELIVERED, OutboxState.UNDELIVERED),
        (OutboxState.HELD, OutboxState.SENDING, OutboxState.SENDING),
        (OutboxState.REFUSED, OutboxState.SENT, OutboxState.REFUSED),
    ],
)
def test_late_and_doubled_reports(current: OutboxState, reported: OutboxState, after: OutboxState) -> None:
    assert advance(current, reported) is after
