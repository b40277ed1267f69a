"""Questions whose answer is spoken of although nobody gave one."""

import pytest

from bot.core.flow.check_answers import unanswered
from tests.core.flow.rig import steps

CHOOSE = "- choose: Which?\n  options: [A, B]\n  save: it\n"
ASK = "- ask: How many?\n  expect: number\n  save: it\n  skip: false\n"
USE = "- say: 'Here is {{ it }}.'"


def said(source: str) -> list[str]:
    """What is said, without the file."""
    return [str(each).removeprefix("flows/test.yaml:") for each in unanswered(steps(source))]


@pytest.mark.parametrize("question", [CHOOSE, ASK, ASK.replace("number", "[a, b]")])
def test_an_answer_that_is_no_use_and_no_else(question: str) -> None:
    (complaint,) = said(question + USE)
    line = 5 + question.count("\n")
    assert complaint == (
        f"5:5: after an answer that is no use, line {line} uses 'it', which has no value then "
        "(add `else:` with what to say then, and `end`) [warning]"
    )


def test_a_flow_that_ends_otherwise_is_well() -> None:
    assert said(CHOOSE + "  else: end\n" + USE) == []
    assert said(CHOOSE + "  else: [{say: Never mind.}]\n" + USE) != []
    assert said(CHOOSE + "  else: [{set: {it: A}}]\n" + USE) == []


def test_silence_and_skip_give_no_answer_either() -> None:
    (silence,) = said(CHOOSE + "  else: end\n  within: 1h\n  on_silence: [{say: Well.}]\n" + USE)
    assert "after silence, line 11 uses 'it'" in silence
    (skip,) = said("- ask: Name?\n  save: member.first_name\n- say: 'Hi {{ member.first_name }}!'")
    assert "after SKIP, line 7 uses 'member.first_name'" in skip
    assert "write `skip: false`" in skip


@pytest.mark.parametrize(
    "use",
    [
        "- say: 'Here is {{ it | default: \"nothing\" }}.'",
        "- say: 'Here{% if it %} is {{ it }}{% else %} is nothing{% endif %}.'",
        "- say: '{% unless it %}Nothing{% else %}{{ it.name | upcase }}{% endunless %}'",
        "- say: '{% if other %}x{% elsif it %}{{ it }}{% endif %}'",
        "- if: it\n  then: [{say: '{{ it }}'}]",
        "- say: 'Here is {{ item }}.'",
    ],
)
def test_a_use_that_minds_is_well(use: str) -> None:
    assert said(ASK + use) == []


@pytest.mark.parametrize(
    "use",
    [
        "- say: '{% if other %}{{ it }}{% endif %}'",
        "- say: 'Here is {{ it.name | upcase }}.'",
        "- ask: 'Really {{ it }}?'",
        "- choose: 'Of these?'\n  from: it.parts",
        "- do: redeem\n  with: {reward: '{{ it.id }}'}",
        "- wait: 1h\n- if: other\n  then: [{say: '{{ it }}'}]",
    ],
)
def test_every_kind_of_use_is_seen(use: str) -> None:
    assert len(said(ASK + use)) == 1


def test_an_answer_that_nothing_uses_is_nobodys_business() -> None:
    assert said(ASK + "- say: Thank you.") == []
    assert said(ASK.replace("  save: it\n", "") + "- say: Thank you.") == []
