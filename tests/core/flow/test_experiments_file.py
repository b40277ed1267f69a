"""`flows/experiments.yaml`, and what it and flows say of each other."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import FlowError
from bot.core.experiments.experiment import Arm, Experiment, ExperimentGoal, When, Winner
from bot.core.flow.check_experiments import experiments_wrong, shares_short, variants_wrong
from bot.core.flow.experiments_file import declared_in, read_experiments
from bot.core.flow.reader import read
from bot.core.flow.variables_file import read_variables
from tests.core.flow.rig import steps

_FULL = """\
experiments:
  delivery:
    title: Free delivery or money off
    hypothesis: Free delivery brings more second orders.
    arms: {usual: 50%, delivery: 37.5%, off: 12.5%}
    audience: high_value
    share: 20%
    layer: {name: offers, from: 0%, to: 40%}
    holdout: 5%
    goal: {event: Order Completed, within: 7d}
    minimum_effect: 2%
    contacts: 8000
    ends: 2026-12-31
    winner: {when: always_valid, else: usual}
  hour:
    hypothesis: Evenings do better.
    arms: {noon: 50%, evening: 50%}
    goal: Session Started
    layer: {name: offers, from: 40%}
"""


def test_it_says_all_of_an_experiment() -> None:
    """Its last day ends at midnight in the shop's zone."""
    found = read_experiments(read(_FULL, "flows/experiments.yaml")).compiled("America/New_York")
    assert found["delivery"] == Experiment(
        "delivery",
        (Arm("usual", 5000), Arm("delivery", 3750), Arm("off", 1250)),
        title="Free delivery or money off",
        hypothesis="Free delivery brings more second orders.",
        audience="high_value",
        share=2000,
        layer="offers",
        part_of_layer=(0, 4000),
        holdout=500,
        goals=(ExperimentGoal("Order Completed", timedelta(days=7)),),
        minimum_effect=0.02,
        planned=8000,
        ends_at=datetime(2027, 1, 1, 5, tzinfo=UTC),
        winner=Winner(When.ALWAYS_VALID, "usual"),
    )
    assert found["hour"].part_of_layer == (4000, 10_000)
    assert found["hour"].goals == (ExperimentGoal("Session Started", timedelta(days=7)),)


@pytest.mark.parametrize(
    ("line", "other", "line_number", "problem"),
    [
        ("    hypothesis: Evenings do better.\n", "", 16, "hypothesis"),
        ("noon: 50%", "noon: 60%", 17, "the arms take 110 percent"),
        ("from: 40%", "from: 30%", 19, "`delivery` is in this stretch of the layer `offers` already"),
        ("from: 40%", "from: 100%", 19, "ends before it begins"),
        ("else: usual", "else: normal", 14, "`delivery` has no arm `normal`"),
        ("ends: 2026-12-31", "ends: soon", 13, "'soon' is no date"),
        ("    ends: 2026-12-31\n", "", 3, "it has none"),
        ("share: 20%", "share: 0.2", 7, "0.2 is not a share"),
        ("37.5%", "37.555%", 5, "cannot be divided"),
        ("    contacts: 8000", "    contact: 8000", 12, "`contact` is not known here"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line: str, other: str, line_number: int, problem: str) -> None:
    """One complaint, and where."""
    text = _FULL.replace(line, other)
    assert text != _FULL
    with pytest.raises(FlowError) as raised:
        read_experiments(read(text, "flows/experiments.yaml"))
    assert problem in str(raised.value)
    assert raised.value.line == line_number


def test_a_decided_experiment_leaves_its_stretch_to_others() -> None:
    """It meets nobody any more."""
    text = _FULL.replace("from: 40%", "from: 30%").replace(
        "    minimum_effect", "    decided: off\n    minimum_effect"
    )
    assert read_experiments(read(text, "flows/experiments.yaml")).experiments["delivery"].decided == "off"


_SPLIT = """\
- split: {name}
{shares}  arms:
    {arm}:
      - say: Hello.
- say: Bye.
"""


@pytest.mark.parametrize(
    ("name", "arm", "shares", "more", "problem"),
    [
        ("delivery", "off", "", "", None),
        ("deliverey", "off", "", "", "experiments.yaml has no experiment `deliverey`"),
        ("delivery", "of", "", "", "the experiment `delivery` has no arm `of`"),
        ("mine", "b", "  shares: {a: 50%, b: 50%}\n", "", "nothing tells which arm of `mine`"),
        ("mine", "b", "  shares: {a: 50%, b: 50%}\n", "goals: [{event: X}]", None),
        (
            "hour",
            "b",
            "  shares: {a: 50%, b: 50%}\n",
            "goals: [{event: X}]",
            "is declared in experiments.yaml",
        ),
    ],
)
def test_flows_and_experiments_agree(
    name: str, arm: str, shares: str, more: str, problem: str | None
) -> None:
    """Or somebody is told what to do."""
    flow = steps(_SPLIT.format(name=name, arm=arm, shares=shares), more=more)
    found = [one.problem for one in experiments_wrong(read(_FULL, "flows/experiments.yaml"), [flow])]
    assert (found == []) if problem is None else (problem in found[0])


def test_arms_that_leave_people_over_are_warned_of() -> None:
    """A slip of a tenth would be read nowhere else."""
    short = _FULL.replace("delivery: 37.5%", "delivery: 27.5%")
    of_flow = steps(
        _SPLIT.format(name="mine", arm="b", shares="  shares: {a: 50%, b: 40%}\n"), more="goals: [{event: X}]"
    )
    found = list(shares_short(read(short, "flows/experiments.yaml"), [of_flow]))
    assert all(one.is_warning for one in found)
    assert [(one.error.line, one.error.problem) for one in found] == [
        (5, "the arms leave 10 percent over, who go the way of `usual` uncounted"),
        (of_flow.steps[0].mark.line, "the arms leave 10 percent over, who go the way of `a` uncounted"),
    ]
    assert not list(shares_short(read(_FULL, "flows/experiments.yaml"), []))


def test_two_flows_do_not_declare_one_experiment() -> None:
    """Their arms would be told apart by nobody."""
    flow = steps(
        _SPLIT.format(name="mine", arm="b", shares="  shares: {a: 50%, b: 50%}\n"), more="goals: [{event: X}]"
    )
    (found,) = experiments_wrong(None, [flow, flow])
    assert "already" in found.problem
    assert [(name, one.flow) for name, one in declared_in([flow])] == [("mine", "test")]


_VARIABLES = """\
variables:
  free_from: 25
experiments:
  {name}:
    variants:
      usual: {usual}
      delivery: {delivery}
"""


@pytest.mark.parametrize(
    ("name", "usual", "delivery", "problem"),
    [
        ("delivery", "{}", "{set: {free_from: 0}}", None),
        ("banner", "{percent: 50}", "{percent: 50}", None),
        ("banner", "{}", "{}", "experiments.yaml has no experiment `banner`"),
        ("hour", "{}", "{}", "the experiment `hour` has no arm `usual`"),
        ("hour", "{percent: 50}", "{percent: 50}", "declared in experiments.yaml too"),
    ],
)
def test_variables_and_experiments_agree(name: str, usual: str, delivery: str, problem: str | None) -> None:
    """Who has shares of their own is not in experiments.yaml, and who has none is, with these arms."""
    text = _VARIABLES.replace("{name}", name).replace("{usual}", usual).replace("{delivery}", delivery)
    known = read_experiments(read(_FULL, "flows/experiments.yaml")).experiments
    found = [one.problem for one in variants_wrong(read(text, "flows/variables.yaml"), known)]
    assert (found == []) if problem is None else (problem in found[0])


def test_some_percents_are_none() -> None:
    """Nobody could tell what the others get."""
    text = _VARIABLES.replace("{name}", "a").replace("{usual}", "{percent: 5}").replace("{delivery}", "{}")
    with pytest.raises(FlowError, match="have no `percent`"):
        read_variables(read(text, "flows/variables.yaml"))
