"""Rules of the program for arms of experiments: met when somebody is judged by them, and kept for good."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.core.deeds.crediting import credit_order
from bot.core.deeds.experimenting import meet
from bot.core.errors import FlowError
from bot.core.experiments.experiment import HOLDOUT, PARTS, Arm, Experiment
from bot.core.experiments.exposure import EXPOSURE, Exposure
from bot.core.flow.check_experiments import arms_wrong
from bot.core.flow.experiments_file import read_experiments
from bot.core.flow.reader import Document, read
from bot.core.flow.season_file import read_seasoned_program, read_whole_program
from bot.core.turn import NeedsMore, Turn
from tests.core.deeds.test_crediting import LATTE, order, program
from tests.handlers.scene import NOW, Scene

_RULES = [
    {"id": "usual", "credit": 1, "for": {"experiment": "welcome/usual"}},
    {"id": "double", "credit": 2, "for": {"experiment": "welcome/double"}},
]
_WELCOME = Experiment("welcome", (Arm("usual", 5000), Arm("double", 5000)))


def _all_in(arm: str) -> Experiment:
    shares = {"usual": 0, "double": 0, arm: PARTS}
    return replace(_WELCOME, arms=tuple(Arm(name, share) for name, share in shares.items()))


def _ordered(tried: Mapping[str, Experiment], met: str | None = None) -> tuple[Turn, dict[str, int]]:
    """Credit an order; returns what each rule but the base gave."""
    past: dict[str, object] = {"arm/welcome": met}
    while True:
        turn = replace(Scene(program=program(earning={"rate": "5%", "rules": _RULES})), past=past).turn()
        turn.shop = replace(turn.shop, experiments=dict(tried))
        try:
            credited = credit_order(turn, order(LATTE))
        except NeedsMore as needs:
            kind = needs.name.partition("/")[0]
            past[needs.name] = {"earned": (), "standing": None}.get(kind)
        else:
            return turn, {one.rule: one.granted_minor for one in credited.records if one.rule != "base"}


def _exposed(turn: Turn) -> list[Exposure]:
    kept = (one for (table, _), one in turn.effects.kept.items() if table == EXPOSURE)
    return [one for one in kept if isinstance(one, Exposure)]


def test_a_rule_is_for_its_arm_and_who_is_judged_by_it_has_met_it() -> None:
    """One exposure for both rules."""
    for arm, gave in (("usual", 100), ("double", 200)):
        turn, given = _ordered({"welcome": _all_in(arm)})
        assert given == {arm: gave}
        assert [(one.experiment, one.arm, one.at) for one in _exposed(turn)] == [("welcome", arm, NOW)]


def test_the_arm_that_was_met_is_frozen() -> None:
    """Whatever the shares are by now; who is held out has what everybody had."""
    turn, given = _ordered({"welcome": _all_in("usual")}, met="double")
    assert (given, _exposed(turn)) == ({"double": 200}, [])
    assert _ordered({"welcome": _all_in("double")}, met=HOLDOUT)[1] == {"usual": 100}


def test_who_takes_no_part_has_the_first_arm_and_after_the_decision_all_have_one() -> None:
    """Nobody is exposed to either."""
    turn, given = _ordered({"welcome": replace(_all_in("double"), share=0)})
    assert (given, _exposed(turn)) == ({"usual": 100}, [])
    turn, given = _ordered({"welcome": replace(_all_in("usual"), decided="double")}, met="usual")
    assert (given, _exposed(turn)) == ({"double": 200}, [])


def test_an_experiment_that_is_not_published_gives_nothing() -> None:
    """Neither arm's rule is anybody's."""
    assert _ordered({})[1] == {}


def test_an_arm_met_twice_in_one_turn_is_one() -> None:
    """The second look finds the first."""
    turn = replace(Scene(), past={"arm/welcome": None}).turn()
    assert meet(turn, _WELCOME) == meet(turn, replace(_WELCOME, arms=_WELCOME.arms[::-1]))
    assert len(_exposed(turn)) == 1


_PROGRAM = """\
program: Leaf Club
currency: {code: USD}
point_value: 0.01
earning:
  rate: 5%
  rules:
    - {id: gift, credit: 1.00, for: {experiment: welcome/ARM}}
"""
_SEASON = """\
season: autumn
from: 2026-11-01
until: 2026-11-30
experiment: welcome/double
earning:
  rules:
    - {id: tea, category: tea, multiplier: 2, for: {language: en}}
rebates:
  - {id: back, rate: 10%}
"""
_TRIED = """\
experiments:
  welcome:
    hypothesis: Twice is better.
    arms: {usual: 50%, double: 50%}
    goal: Order Completed
"""


def _program(arm: str) -> Document:
    return read(_PROGRAM.replace("ARM", arm), "flows/program.yaml")


def test_all_of_a_season_is_for_its_arm() -> None:
    """Beside what its entries ask."""
    season = read(_SEASON, "flows/seasons/autumn.yaml")
    found = read_seasoned_program(_program("usual"), [season], ["seasons/autumn@1"])
    tea, back = found.earning.rule("tea"), found.rebates[-1]
    assert tea is not None
    assert (tea.whom.experiment, tea.whom.language) == ("welcome/double", ("en",))
    assert back.whom.experiment == "welcome/double"
    assert tea.whom.needs == {"arm/welcome"}


def test_multipliers_of_tiers_have_no_arms() -> None:
    """They are for everybody in the tier, and the season says so."""
    text = _SEASON + "tiers: {multipliers: [{tier: gold, multiplier: 2}]}\n"
    with pytest.raises(FlowError, match="are for everybody"):
        read_seasoned_program(_program("usual"), [read(text, "flows/seasons/autumn.yaml")], [""])


def test_arms_that_are_not_there_are_complained_of_where_they_are_written() -> None:
    """In the program's file or the season's."""
    known = read_experiments(read(_TRIED, "flows/experiments.yaml")).experiments
    season = read(_SEASON.replace("/double", "/triple"), "flows/seasons/autumn.yaml")
    whole = read_whole_program(_program("usual"), [season], [""])
    assert {str(one).partition(" (")[0] for one in arms_wrong(whole, known, [])} == {
        "flows/seasons/autumn.yaml:7:52: the experiment `welcome` has no arm `triple`",
        "flows/seasons/autumn.yaml:9:5: the experiment `welcome` has no arm `triple`",
    }
    (found,) = arms_wrong(read_whole_program(_program("usual")), {}, [])
    assert (found.file, found.line) == ("flows/program.yaml", 7)
    assert found.problem == "there is no experiment `welcome`"
    assert list(arms_wrong(read_whole_program(_program("double")), known, [])) == []
