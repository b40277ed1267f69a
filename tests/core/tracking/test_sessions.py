"""Sessions as a property of the set of activities."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.tracking.sessions import IDLE, Activity, seen, starts

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTES = st.lists(st.integers(0, 200), min_size=1, max_size=12)


def at(minutes: int) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def test_thirty_idle_minutes_end_a_session() -> None:
    assert starts([at(0), at(29), at(58), at(88), at(117)]) == [at(0), at(88)]
    assert timedelta(minutes=30) == IDLE


def test_what_comes_after_goes_on_from_what_is_known() -> None:
    found = seen(Activity(at(10), at(0)), [at(39), at(5), at(80), at(80)])
    assert found.activity == Activity(at(80), at(80))
    assert found.started == (at(80),)
    assert found.late == ()


def test_what_was_before_the_latest_session_is_late() -> None:
    found = seen(Activity(at(100), at(90)), [at(20), at(110), at(95)])
    assert found.late == (at(20),)
    assert found.activity == Activity(at(110), at(90))


@given(MINUTES, MINUTES)
def test_known_in_two_parts_or_at_once_the_sessions_are_the_same(one: list[int], other: list[int]) -> None:
    """Where the second part is not before the latest session of the first."""
    first = seen(None, map(at, one))
    second = seen(first.activity, map(at, other))
    if not second.late:
        whole = starts(map(at, (*one, *other)))
        assert [*first.started, *second.started] == whole
        assert second.activity == Activity(at(max(*one, *other)), whole[-1])
