"""Senders keep their pace, rest when told to, and messages are tried again at the right time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.messages import Lane
from bot.core.pacing import AHEAD, BREAKS_AFTER, Again, Rests, SenderState, next_day, today

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@given(
    st.sampled_from(Lane),
    st.floats(0.5, 200),
    st.lists(st.tuples(st.integers(1, 10), st.floats(0, 3)), min_size=1, max_size=60),
)
def test_no_more_leaves_than_the_pace_and_the_lead_of_the_lane_allow(
    lane: Lane, per_second: float, wanted: list[tuple[int, float]]
) -> None:
    state, now, taken, last = SenderState("+12025550100"), NOW, 0, 0
    for segments, pause in wanted:
        now += timedelta(seconds=pause)
        if state.free_at(lane, now) <= now:
            state = state.with_taken(segments, per_second, now)
            taken, last = taken + segments, segments
    seconds = (now - NOW + AHEAD[lane]).total_seconds()
    assert taken - last <= seconds * per_second + 0.001, "the last one may begin and not end within it"


def test_bulk_takes_nothing_while_answers_have_run_ahead() -> None:
    state = SenderState("+12025550100")
    for _ in range(3):
        assert state.free_at(Lane.REPLY, NOW) == NOW
        state = state.with_taken(1, 1, NOW)
    assert state.free_at(Lane.REPLY, NOW) == NOW
    assert state.free_at(Lane.BULK, NOW) == NOW + timedelta(seconds=2.5)


def test_a_day_ends_at_midnight_in_california() -> None:
    evening = datetime(2026, 3, 8, 7, 59, tzinfo=UTC)  # 23:59 the day before the clocks change
    assert today(evening) == "2026-03-07"
    assert next_day(evening) == datetime(2026, 3, 8, 8, tzinfo=UTC)
    assert next_day(next_day(evening)) == datetime(2026, 3, 9, 7, tzinfo=UTC)
    state = SenderState("pool:main").with_counted(5, evening).with_counted(2, evening)
    assert state.counted(evening) == 7
    assert state.counted(next_day(evening)) == 0
    assert state.with_counted(1, next_day(evening)).segments_counted == 1


def test_a_sender_rests_as_long_as_it_is_told_or_longer_each_time() -> None:
    told = SenderState("+12025550100").slowed(timedelta(seconds=90), NOW)
    assert told.rests_until(NOW) == NOW + timedelta(seconds=90)
    assert told.slowed(SECOND, NOW).rests_until(NOW) == NOW + timedelta(seconds=90), "never shorter"
    state, rests = SenderState("+12025550100"), []
    for _ in range(9):
        now = state.rests_until(NOW)
        state = state.slowed(None, now)
        rests.append(state.rests_until(now) - now)
    assert rests == sorted(rests)
    assert rests[0] == timedelta(seconds=2)
    assert rests[-1] == timedelta(minutes=5)


def test_nobody_knocks_after_some_failures_in_a_row() -> None:
    state = SenderState("channel:sms").failed(BREAKS_AFTER - 1, NOW)
    assert state.rests_until(NOW) == NOW
    state = state.failed(1, NOW)
    assert state.rests_until(NOW) > NOW
    assert state.recovered() == SenderState("channel:sms")


def test_what_fails_together_is_no_long_outage() -> None:
    state, rests = SenderState("channel:sms").failed(16, NOW), []
    rests.append(state.rests_until(NOW) - NOW)
    for _ in range(20):
        now = state.rests_until(NOW)
        state = state.failed(1, now)
        rests.append(state.rests_until(now) - now)
    assert rests == sorted(rests)
    assert rests[0] == timedelta(seconds=15)
    assert rests[-1] == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("again", "hand_overs", "wait"),
    [
        (Again(), 1, timedelta(seconds=15)),
        (Again(), 3, timedelta(minutes=1)),
        (Again(), 60, timedelta(hours=1)),
        (Again(timedelta(hours=4), 2), 1, timedelta(hours=4)),
        (Again(None, None, Rests.BRAND), 1, timedelta(hours=14)),  # 10:00 in California
        (Again(None, None, Rests.ACCOUNT), 1, timedelta(hours=22)),  # 02:00 in Beijing
    ],
)
def test_when_a_message_is_tried_again(again: Again, hand_overs: int, wait: timedelta) -> None:
    assert again.at(hand_overs, NOW) == NOW + wait
