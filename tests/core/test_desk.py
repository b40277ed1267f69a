"""A visit to the desk: what keeps it open, and who has it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.desk import QUIET_AFTER, Ending, Visit, VisitState

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
VISIT = Visit("v1", "sms", "+12125550100", 2, NOW, NOW)


@given(st.lists(st.tuples(st.sampled_from(["heard", "said", "taken"]), st.integers(0, 10**6)), max_size=8))
def test_it_is_quiet_half_an_hour_after_the_last_word(words: list[tuple[str, int]]) -> None:
    visit, at, last = VISIT, NOW, NOW
    for what, seconds in words:
        at += timedelta(seconds=seconds)
        if what == "taken":
            last = at if visit.taken_at is None else last
            visit = visit.taken("ana", at)
        else:
            visit = visit.heard(at) if what == "heard" else visit.said(at)
            last = at
    assert visit.quiet_at == last + QUIET_AFTER
    assert visit.since == NOW
    assert visit.is_open


def test_it_is_with_whoever_took_it_until_it_ends() -> None:
    taken = VISIT.taken("ana", NOW)
    assert (taken.state, taken.agent, taken.is_open) == (VisitState.TAKEN, "ana", True)
    closed = taken.closed(Ending.DONE, NOW)
    assert (closed.is_open, closed.because, closed.closed_at) == (False, Ending.DONE, NOW)
