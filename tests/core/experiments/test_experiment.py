"""Who meets which arm: always the same, in the shares that are said, and never two of one layer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.experiments.experiment import HOLDOUT, PARTS, Arm, Experiment, place, place_among

_PEOPLE = [f"{number:032x}" for number in range(4000)]
_HALVES = Experiment("subject", (Arm("usual", 5000), Arm("question", 5000)))


def test_who_asks_twice_meets_the_same_arm_as_in_any_other_process() -> None:
    """The hash is fixed for good: these places were worked out with `sha256sum`."""
    assert [place("subject", "a"), place("subject", "b"), place("layer offers", "a")] == _WORKED_OUT


_WORKED_OUT = [
    int("f578468ff13897ee", 16) % PARTS,
    int("01b42a820c9a7ed4", 16) % PARTS,
    int("25b7d37ad64ab925", 16) % PARTS,
]


def test_arms_get_their_shares() -> None:
    """Of four thousand half, within what chance does."""
    met = [_HALVES.arm_of(one) for one in _PEOPLE]
    assert set(met) == {"usual", "question"}
    assert 1870 < met.count("question") < 2130


def test_who_is_in_stays_in_the_same_arm_when_more_take_part() -> None:
    """A ramp adds people and moves nobody."""
    some, more = replace(_HALVES, share=1000), replace(_HALVES, share=5000)
    before = {one: arm for one in _PEOPLE if (arm := some.arm_of(one)) is not None}
    after = {one: arm for one in _PEOPLE if (arm := more.arm_of(one)) is not None}
    assert 300 < len(before) < 500
    assert 1850 < len(after) < 2150
    assert before.items() <= after.items()


def test_experiments_of_one_layer_never_meet_the_same_contact_and_leave_nobody_over() -> None:
    """Three slices of a layer divide everybody."""
    slices = [(0, 2000), (2000, 7000), (7000, PARTS)]
    three = [
        replace(_HALVES, name=f"e{number}", layer="offers", part_of_layer=each)
        for number, each in enumerate(slices)
    ]
    for one in _PEOPLE:
        assert sum(each.arm_of(one) is not None for each in three) == 1


def test_the_same_people_are_held_out_of_all_experiments_of_a_layer() -> None:
    """Who is kept out of one with the smaller share is kept out of the other too."""
    one = replace(_HALVES, layer="offers", holdout=500)
    other = replace(_HALVES, name="hour", layer="offers", holdout=1000)
    out_of_one = {who for who in _PEOPLE if one.arm_of(who) == HOLDOUT}
    out_of_other = {who for who in _PEOPLE if other.arm_of(who) == HOLDOUT}
    assert 140 < len(out_of_one) < 260
    assert out_of_one < out_of_other


def test_arms_of_two_experiments_are_independent() -> None:
    """Nobody's arm in one tells of their arm in another: all four pairs are met by about as many."""
    other = replace(_HALVES, name="hour")
    pairs = [(_HALVES.arm_of(one), other.arm_of(one)) for one in _PEOPLE]
    assert all(880 < pairs.count(each) < 1120 for each in set(pairs))
    assert len(set(pairs)) == 4


def test_slices_and_arms_of_one_experiment_are_independent() -> None:
    """A slice of a layer holds as many of each arm, and so does a ramp."""
    sliced = replace(_HALVES, layer="offers", part_of_layer=(0, 5000), share=5000)
    met = [arm for one in _PEOPLE if (arm := sliced.arm_of(one)) is not None]
    assert 850 < len(met) < 1150
    assert 0.42 < met.count("question") / len(met) < 0.58


@pytest.mark.parametrize(
    "changed",
    [
        {"decided": "question"},
        {"ends_at": datetime(2026, 11, 1, tzinfo=UTC)},
        {"share": 0},
        {"part_of_layer": (0, 0)},
    ],
)
def test_nobody_takes_part_in_what_is_decided_or_over_or_open_to_none(changed: dict[str, object]) -> None:
    """No arm, and so no exposure."""
    closed = replace(_HALVES, **changed)  # type: ignore[arg-type]  # fields by name
    now = datetime(2026, 11, 1, tzinfo=UTC)
    assert {closed.arm_of(one, now=now) for one in _PEOPLE[:50]} == {None}
    assert _HALVES.arm_of(_PEOPLE[0], is_in_audience=False) is None


def test_it_is_open_until_it_ends() -> None:
    """The end itself is after it."""
    ends = datetime(2026, 11, 1, tzinfo=UTC)
    assert replace(_HALVES, ends_at=ends).arm_of("a", now=ends - timedelta(microseconds=1)) is not None


def test_who_takes_no_part_goes_the_first_way_until_another_is_decided() -> None:
    """So do those who are held out; after the decision everybody goes the same way."""
    assert [_HALVES.way_of(arm) for arm in (None, HOLDOUT, "gone", "question")] == [
        "usual",
        "usual",
        "usual",
        "question",
    ]
    decided = replace(_HALVES, decided="question")
    assert {decided.way_of(arm) for arm in (None, HOLDOUT, "usual", "question")} == {"question"}


def test_shares_leave_over_who_falls_behind_the_last() -> None:
    """A tenth of a tenth: most are in none."""
    numbers = [place_among([1000, 1000], "banner", one) for one in _PEOPLE]
    assert 0.75 < numbers.count(None) / len(numbers) < 0.85
