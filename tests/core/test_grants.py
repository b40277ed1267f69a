"""The ledger of grants: one accept counts once whoever tells of it, and a refusal leaves nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.grants import PAIRED_WITHIN, Answer, Grant, Source, answer_of

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
NONE = Grant("wx1/openid", "template")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def accepted(grant: Grant, source: Source, seconds: float) -> Grant:
    return grant.answered(Answer.ACCEPT, source, f"{source}:{seconds}", at(seconds))


def test_an_accept_that_both_tell_of_counts_once_whoever_is_first() -> None:
    for first, second in ((Source.CLIENT, Source.PUSH), (Source.PUSH, Source.CLIENT)):
        grant = accepted(accepted(NONE, first, 0), second, 3)
        assert grant.left == 1
        assert [entry.change for entry in grant.entries] == [1, 0]


def test_two_accepts_that_both_tell_of_count_twice_in_any_order() -> None:
    client, push = Source.CLIENT, Source.PUSH
    for order in ((client, client, push, push), (client, push, push, client), (push, client, client, push)):
        grant = NONE
        for second, source in enumerate(order):
            grant = accepted(grant, source, second)
        assert grant.left == 2


def test_accepts_that_only_one_tells_of_count_each() -> None:
    grant = NONE
    for second in range(4):
        grant = accepted(grant, Source.PUSH, second)
    assert grant.left == 4


def test_reports_too_far_apart_are_of_two_accepts() -> None:
    late = PAIRED_WITHIN.total_seconds() + 1
    assert accepted(accepted(NONE, Source.CLIENT, 0), Source.PUSH, late).left == 2
    assert accepted(accepted(NONE, Source.CLIENT, 0), Source.PUSH, late - 1).left == 1


def test_what_was_sent_before_the_second_report_came_stays_sent() -> None:
    grant = accepted(NONE, Source.CLIENT, 0).sent("send:1", at(1))
    grant = accepted(grant, Source.PUSH, 2)
    assert grant.left == 0
    assert [(entry.source, entry.left_after) for entry in grant.entries] == [
        (Source.CLIENT, 1),
        (Source.SENT, 0),
        (Source.PUSH, 0),
    ]


@pytest.mark.parametrize("answer", [Answer.REJECT, Answer.BAN])
def test_a_refusal_takes_all_that_was_granted_and_what_is_told_late_of_it(answer: Answer) -> None:
    grant = accepted(accepted(NONE, Source.CLIENT, 0), Source.CLIENT, 1)
    grant = grant.answered(answer, Source.PUSH, "no", at(2))
    assert (grant.left, grant.entries[-1].change) == (0, -2)
    grant = accepted(accepted(grant, Source.PUSH, 3), Source.PUSH, 4)
    assert grant.left == 0
    assert accepted(grant, Source.PUSH, 5).left == 1


def test_a_template_that_was_not_asked_about_changes_nothing() -> None:
    grant = accepted(NONE, Source.CLIENT, 0)
    assert grant.answered(Answer.FILTER, Source.PUSH, "f", at(1)) is grant


def test_the_same_cause_counts_once() -> None:
    grant = accepted(NONE, Source.CLIENT, 0)
    assert accepted(grant, Source.CLIENT, 0) is grant
    grant = grant.sent("send:1", at(1))
    given = grant.given_back("back:1", at(2))
    assert given.left == 1
    assert given.given_back("back:1", at(3)).left == 1


def test_nothing_is_sent_without_a_grant() -> None:
    with pytest.raises(AssertionError):
        NONE.sent("send:1", NOW)


def test_the_platforms_words_are_understood() -> None:
    assert answer_of("accept") is Answer.ACCEPT
    assert answer_of("acceptWithAudio") is Answer.ACCEPT
    assert answer_of("reject") is Answer.REJECT
    assert answer_of("filter") is Answer.FILTER
    assert answer_of("maybe") is None


@dataclass(frozen=True, slots=True)
class Accept:
    """A real accept and how many seconds later each source tells of it; None: it never does."""

    second: float
    client: float | None
    push: float | None


_DELAYS = st.none() | st.floats(0, PAIRED_WITHIN.total_seconds() * 0.999)
_ACCEPTS = st.lists(st.builds(Accept, st.floats(0, 3000), _DELAYS, _DELAYS), max_size=12)


def told(accepts: list[Accept]) -> Grant:
    reports = [
        (one.second + delay, number, source)
        for number, one in enumerate(accepts)
        for source, delay in ((Source.CLIENT, one.client), (Source.PUSH, one.push))
        if delay is not None
    ]
    grant = NONE
    for second, number, source in sorted(reports):
        grant = grant.answered(Answer.ACCEPT, source, f"{source}:{number}", at(second))
    return grant


@given(_ACCEPTS)
def test_never_more_is_granted_than_was_accepted(accepts: list[Accept]) -> None:
    grant = told(accepts)
    heard_of = [one for one in accepts if one.client is not None or one.push is not None]
    assert grant.left <= len(heard_of)
    assert grant.left >= max(
        sum(one.client is not None for one in accepts), sum(one.push is not None for one in accepts)
    )


@given(_ACCEPTS)
def test_all_is_granted_where_both_or_always_the_same_tell_of_it(accepts: list[Accept]) -> None:
    both = [one for one in accepts if one.client is not None and one.push is not None]
    assert told(both).left == len(both)
    pushed = [Accept(one.second, None, one.push) for one in accepts if one.push is not None]
    assert told(pushed).left == len(pushed)


@given(st.lists(st.sampled_from(["client", "push", "reject", "send", "back", "filter"]), max_size=40))
def test_the_ledger_is_the_sum_of_its_entries_and_never_below_nothing(steps: list[str]) -> None:
    grant = NONE
    for number, step in enumerate(steps):
        key, when = f"{step}:{number}", at(number * 7)
        if step in {"client", "push"}:
            grant = grant.answered(Answer.ACCEPT, Source(step), key, when)
        elif step == "reject":
            grant = grant.answered(Answer.REJECT, Source.PUSH, key, when)
            assert grant.left == 0
        elif step == "filter":
            grant = grant.answered(Answer.FILTER, Source.PUSH, key, when)
        elif step == "back":
            grant = grant.given_back(key, when)
        elif grant.left:
            grant = grant.sent(key, when)
        assert grant.left >= 0
        assert grant.left == sum(entry.change for entry in grant.entries)
        assert all(
            later.left_after == earlier.left_after + later.change
            for earlier, later in zip(grant.entries, grant.entries[1:], strict=False)
        )
