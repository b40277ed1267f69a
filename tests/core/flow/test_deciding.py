"""A decision written into a marketer's file: one line, everything else as it was."""

import pytest

from bot.core.errors import FlowError
from bot.core.flow.compile import compile_flow
from bot.core.flow.compiled import Split
from bot.core.flow.deciding import decided_in_file, decided_in_flow
from bot.core.flow.experiments_file import read_experiments
from bot.core.flow.reader import read

_FILE = """\
# Ours.
experiments:
  delivery: # the dear one
    title: Free delivery
    hypothesis: |
      Free delivery brings more.

      Or so we think.
    arms: {usual: 50%, delivery: 50%}
  hour:
    hypothesis: Evenings do better.
    arms: {noon: 50%, evening: 50%}
"""
_FLOW = """\
flow: hello
title: Say hello
start: [{keyword: HELLO}]
goals: [{event: Order Completed}]
steps:
  - say: Hello.
  - split: greeting # which?
    shares: {usual: 50%, question: 50%}
    arms:
      question:
        - say: How are you?
"""


def test_a_line_is_added_to_experiments_and_nothing_else_changes() -> None:
    """After the hypothesis, however long; the other experiment is left alone."""
    found = decided_in_file(_FILE, "flows/experiments.yaml", "delivery", "delivery")
    assert found == _FILE.replace("we think.\n", "we think.\n    decided: delivery\n")
    read_again = read_experiments(read(found, "flows/experiments.yaml")).experiments
    assert [part.decided for part in read_again.values()] == ["delivery", None]


def test_another_decision_goes_over_the_first() -> None:
    """One line, still."""
    first = decided_in_file(_FILE, "flows/experiments.yaml", "hour", "noon")
    second = decided_in_file(first, "flows/experiments.yaml", "hour", "evening")
    assert second == _FILE.replace("do better.\n", "do better.\n    decided: evening\n")


def test_a_line_is_added_to_the_split_of_a_flow() -> None:
    """Of the experiment that it declares."""
    flow = compile_flow(read(_FLOW, "flows/hello.yaml"))
    found = decided_in_flow(_FLOW, flow, "greeting", "question")
    assert found == _FLOW.replace("# which?\n", "# which?\n    decided: question\n")
    (split,) = [one for one in compile_flow(read(found, "flows/hello.yaml")).steps if isinstance(one, Split)]
    assert split.inline is not None
    assert split.inline.decided == "question"


@pytest.mark.parametrize("source", ["experiments: {hour: {hypothesis: E., arms: {a: 50%, b: 50%}}}\n"])
def test_what_stands_on_one_line_is_left_to_a_person(source: str) -> None:
    """And told what to write."""
    with pytest.raises(FlowError, match="write `decided: b`"):
        decided_in_file(source, "flows/experiments.yaml", "hour", "b")


def test_the_last_line_of_a_file_may_lack_its_end() -> None:
    """Ours has one."""
    source = "experiments:\n  hour:\n    arms: {a: 50%, b: 50%}\n    hypothesis: E."
    assert decided_in_file(source, "f", "hour", "b").endswith("    hypothesis: E.\n    decided: b\n")
