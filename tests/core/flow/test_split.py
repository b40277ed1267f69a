"""The step that lets an experiment say the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.errors import FlowError
from bot.core.experiments.experiment import HOLDOUT, PARTS, Arm, Experiment
from bot.core.experiments.exposure import EXPOSURE, Exposure
from bot.core.flow.compiled import Flow
from tests.core.flow.rig import NOON, SHOP, Chat, steps

_GREETED = steps("""\
- split: greeting
  arms:
    usual:
      - say: Hello.
    question:
      - say: How are you?
      - ask: Tell us.
        within: 1d
- say: Bye.
""")
_INLINE = steps(
    """\
- split: greeting
  shares: {usual: 50%, question: 50%}
  arms:
    question:
      - say: How are you?
- say: Bye.
""",
    more="goals: [{event: Order Completed, within: 3d}]",
)
_GREETING = Experiment("greeting", (Arm("usual", 5000), Arm("question", 5000)))


def _chat(flow: Flow, *experiments: Experiment, met: str | None = None) -> Chat:
    chat = Chat.of(flow)
    chat.shop = replace(SHOP, experiments={one.name: one for one in experiments})
    chat.more["arm/greeting"] = met
    return chat


def _all_in(arm: str) -> Experiment:
    """Everybody meets this arm."""
    shares = {"usual": 0, "question": 0, arm: PARTS}
    return replace(_GREETING, arms=tuple(Arm(name, share) for name, share in shares.items()))


def _exposures(chat: Chat) -> list[Exposure]:
    return [
        one
        for (table, _), one in chat.effects.kept.items()
        if table == EXPOSURE and isinstance(one, Exposure)
    ]


@pytest.mark.parametrize(
    ("arm", "said"), [("usual", ["Hello.", "Bye."]), ("question", ["How are you?", "Tell us."])]
)
def test_a_contact_goes_the_way_of_its_arm(arm: str, said: list[str]) -> None:
    """It is written down with the run, and what follows is counted as that arm's."""
    chat = _chat(_GREETED, _all_in(arm))
    assert chat.say("GO") == said
    (exposure,) = _exposures(chat)
    assert (exposure.experiment, exposure.arm, exposure.at) == ("greeting", arm, NOON)
    assert exposure.run == chat.run.id
    assert chat.run.variant == f"greeting={arm}"
    assert chat.counts[f"1 arm {arm}"] == 1
    variants = {figure.variant for figure in chat.effects.counts if figure.step.startswith("1.arms")}
    assert variants == {f"greeting={arm}"}
    assert all(one.origin and one.origin.variant == f"greeting={arm}" for one in chat.sent)


def test_the_arm_a_contact_met_before_goes_before_the_hash_and_is_not_met_again() -> None:
    """Whatever the shares are by now."""
    chat = _chat(_GREETED, _all_in("usual"), met="question")
    assert chat.say("GO")[0] == "How are you?"
    assert _exposures(chat) == []
    assert chat.run.variant == "greeting=question"


def test_a_run_keeps_its_arm_across_turns() -> None:
    """Nothing is asked again when it goes on."""
    chat = _chat(_GREETED, _all_in("question"))
    chat.say("GO")
    assert chat.advance(days=1) == ["Bye."]
    assert chat.run.variant == "greeting=question"
    assert _exposures(chat) == []


def test_who_takes_no_part_goes_the_first_arms_way_without_an_exposure() -> None:
    """None of them is counted as an arm's."""
    chat = _chat(_GREETED, replace(_all_in("question"), share=0))
    assert chat.say("GO") == ["Hello.", "Bye."]
    assert _exposures(chat) == []
    assert chat.run.variant == ""


def test_who_is_held_out_goes_the_first_arms_way_and_is_known_to_be() -> None:
    """So that all of a layer can be compared with nothing."""
    chat = _chat(_GREETED, replace(_all_in("question"), holdout=PARTS))
    assert chat.say("GO") == ["Hello.", "Bye."]
    assert [one.arm for one in _exposures(chat)] == [HOLDOUT]
    assert chat.run.variant == "greeting=holdout"


def test_after_the_decision_everybody_goes_one_way() -> None:
    """Whoever met another arm before, too, and nobody is exposed to anything."""
    chat = _chat(_GREETED, replace(_all_in("usual"), decided="question"), met="usual")
    assert chat.say("GO")[0] == "How are you?"
    assert _exposures(chat) == []


def test_after_its_end_nobody_new_takes_part() -> None:
    """Who met an arm before keeps it."""
    over = replace(_all_in("question"), ends_at=NOON - timedelta(seconds=1))
    assert _chat(_GREETED, over).say("GO") == ["Hello.", "Bye."]
    assert _chat(_GREETED, over, met="question").say("GO")[0] == "How are you?"


def test_an_experiment_that_is_gone_leads_the_first_written_way() -> None:
    """A run of an older revision is not stopped by it."""
    assert _chat(_GREETED).say("GO") == ["Hello.", "Bye."]


def test_a_flow_declares_an_experiment_of_its_own() -> None:
    """An arm without steps goes straight on; half meet each."""
    said = {}
    for number in range(40):
        chat = _chat(_INLINE)
        chat.know(id=f"{number:032x}")
        heard = tuple(chat.say("GO"))
        said[heard] = chat.run.variant
    assert said == {("Bye.",): "greeting=usual", ("How are you?", "Bye."): "greeting=question"}


@pytest.mark.parametrize(
    ("split", "problem"),
    [
        ("  shares: {usual: 50%, question: 60%}", "the arms take 110 percent"),
        ("  shares: {usual: 50%, other: 50%}", "`shares` has no arm `question`"),
        ("  shares: {usual: 50%, question: half}", "half is not a share"),
        ("  shares: {usual: 50%, question: 0%}", "an arm has no share"),
        ("  shares: {usual: 50%, holdout: 50%}", "no arm is called `holdout`"),
        ("  decided: question", "`decided` goes with `shares`"),
    ],
)
def test_shares_that_cannot_be_are_complained_of(split: str, problem: str) -> None:
    """Each in the marketer's words."""
    with pytest.raises(FlowError, match=problem):
        steps(f"- split: greeting\n{split}\n  arms:\n    question:\n      - say: How are you?\n")
