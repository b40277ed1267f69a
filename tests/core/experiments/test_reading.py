"""The read-out of an experiment, and when its rule tells a winner."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.experiments.experiment import Arm, Experiment, ExperimentGoal, When, Winner
from bot.core.experiments.intervals import Moments, share_of
from bot.core.experiments.reading import OPTED_OUT, REVENUE, Observed, ReadOut, read_out, verdict

_NOW = datetime(2026, 11, 23, tzinfo=UTC)
_LATER = _NOW + timedelta(days=8)
_SUBJECT = Experiment(
    "subject",
    (Arm("usual", 5000), Arm("question", 5000)),
    minimum_effect=0.02,
    ends_at=_NOW + timedelta(days=7),
    winner=Winner(When.ALWAYS_VALID),
)


def _met(arm: str, contacts: int, converted: int, opted_out: int = 20) -> Observed:
    return Observed(
        arm,
        contacts,
        {
            "Order Completed": share_of(contacts, converted),
            REVENUE: Moments(contacts, converted * 50.0, converted * 2500.0),
            OPTED_OUT: share_of(contacts, opted_out),
        },
    )


def _read(*arms: Observed, experiment: Experiment = _SUBJECT) -> ReadOut:
    return read_out(experiment, {one.arm: one for one in arms})


def test_each_measure_is_compared_with_the_first_arm() -> None:
    """The goal, revenue for each contact, opt-outs."""
    read = _read(_met("usual", 5000, 500), _met("question", 5000, 580, opted_out=25))
    assert [(one.measure, one.arm, round(one.difference, 4)) for one in read.effects] == [
        ("Order Completed", "question", 0.016),
        (REVENUE, "question", 0.8),
        (OPTED_OUT, "question", 0.001),
    ]
    goal = read.of("question", "Order Completed")
    assert goal is not None
    assert goal.lift == pytest.approx(0.16)
    assert goal.fixed is not None
    assert goal.fixed.is_above
    assert goal.always_valid is not None
    assert not goal.always_valid.is_above
    assert read.needed == pytest.approx(3839, abs=3)


def test_uneven_arms_block_it() -> None:
    """Not one difference is told, and no winner, however clear it would look."""
    read = _read(_met("usual", 5000, 100), _met("question", 4000, 3000))
    assert read.is_blocked
    assert read.effects == ()
    told = verdict(read, _LATER)
    assert told.arm is None
    assert "shares promise" in told.why


def test_who_decides_while_looking_needs_the_always_valid_interval() -> None:
    """What a fixed horizon would call clear is not yet."""
    assert verdict(_read(_met("usual", 5000, 500), _met("question", 5000, 580)), _NOW).arm is None
    clear = _read(_met("usual", 5000, 500), _met("question", 5000, 800))
    assert verdict(clear, _NOW).arm == "question"
    assert verdict(_read(_met("usual", 5000, 800), _met("question", 5000, 500)), _NOW).arm == "usual"


def test_who_decides_at_the_end_waits_for_it() -> None:
    """Then the fixed interval says."""
    at_end = replace(_SUBJECT, winner=Winner(When.AT_END))
    read = _read(_met("usual", 5000, 500), _met("question", 5000, 580), experiment=at_end)
    assert verdict(read, _NOW).arm is None
    assert verdict(read, _LATER).arm == "question"


def test_who_met_it_last_has_the_time_of_its_goals_before_it_is_decided() -> None:
    """What they do then counts as what all others did."""
    rule = Winner(When.AT_END, "usual")
    ends_at, within = _LATER, timedelta(days=7)
    lasting = replace(_SUBJECT, winner=rule, ends_at=ends_at, goals=(ExperimentGoal("Bought", within),))
    read = _read(_met("usual", 5000, 500), _met("question", 5000, 580), experiment=lasting)
    told = verdict(read, ends_at + within - timedelta(seconds=1))
    assert (told.arm, told.why) == (None, "who met it last has time yet")
    assert verdict(read, ends_at + within).arm == "question"


def test_where_nothing_is_clear_at_the_end_the_rule_says_what_then() -> None:
    """Or nobody does."""
    even = (_met("usual", 5000, 500), _met("question", 5000, 505))
    assert verdict(_read(*even), _LATER).arm is None
    rule = replace(_SUBJECT, winner=Winner(When.ALWAYS_VALID, "usual"))
    assert verdict(_read(*even, experiment=rule), _NOW).arm is None
    assert verdict(_read(*even, experiment=rule), _LATER).arm == "usual"


def test_a_winner_that_drives_people_away_is_left_to_a_person() -> None:
    """More orders and three times the opt-outs."""
    told = verdict(_read(_met("usual", 5000, 500, 50), _met("question", 5000, 800, 150)), _NOW)
    assert told.arm is None
    assert "opt out" in told.why


def test_no_rule_no_verdict_and_what_is_decided_stays() -> None:
    """A person decides, and has."""
    arms = (_met("usual", 5000, 500), _met("question", 5000, 800))
    assert verdict(_read(*arms, experiment=replace(_SUBJECT, winner=None)), _NOW).arm is None
    assert verdict(_read(*arms, experiment=replace(_SUBJECT, decided="usual")), _NOW).arm == "usual"


def test_of_several_arms_the_best_of_the_clearly_better_wins() -> None:
    """Each is compared at a smaller chance, and the largest difference wins."""
    three = replace(_SUBJECT, arms=(Arm("usual", 4000), Arm("a", 3000), Arm("b", 3000)))
    arms = (_met("usual", 4000, 400), _met("a", 3000, 480), _met("b", 3000, 540))
    assert verdict(_read(*arms, experiment=three), _NOW).arm == "b"
    alone = _read(_met("usual", 5000, 500), _met("question", 5000, 700)).of("question", "Order Completed")
    among = _read(_met("usual", 4000, 400), _met("a", 3000, 420), _met("b", 3000, 420), experiment=three)
    of_several = among.of("a", "Order Completed")
    assert alone is not None
    assert of_several is not None
    assert alone.fixed is not None
    assert of_several.fixed is not None
    assert of_several.fixed.high - of_several.fixed.estimate > alone.fixed.high - alone.fixed.estimate


def test_an_experiment_that_nobody_met_says_nothing() -> None:
    """Neither a difference nor a winner."""
    read = _read()
    assert read.effects == ()
    assert not read.is_blocked
    assert verdict(read, _LATER).arm is None
