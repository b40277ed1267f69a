"""Flows that wait for an event which nobody tells are warned of it, with the name that was probably meant."""

import pytest

from bot.core.flow.check_events import events_unknown
from bot.core.flow.compile import compile_flow
from bot.core.flow.reader import read

FLOW = """\
flow: greet
title: Greet
language: en
start:
  - event: START
goals:
  - {event: GOAL, within: 3d}
exits:
  - event: EXIT
steps:
  - say: Hello
  - wait_for: {event: WAITED, within: 1d}
"""
NAMES = {"START": "Quiz Done", "GOAL": "Order Completed", "EXIT": "Order Cancelled", "WAITED": "Link Clicked"}


def said(misspelt: dict[str, str], *, is_planned: bool = False) -> list[str]:
    source = FLOW
    for place, name in (NAMES | misspelt).items():
        source = source.replace(place, name)
    flow = compile_flow(read(source, "flows/greet.yaml"))
    return [str(one) for one in events_unknown(flow, {"Quiz Done"}, is_planned=is_planned)]


@pytest.mark.parametrize(
    ("place", "line", "name", "meant"),
    [
        ("START", "5:5", "Quizz Done", "Quiz Done"),
        ("GOAL", "7:5", "Ordr Completed", "Order Completed"),
        ("EXIT", "9:5", "order completed", "Order Completed"),
        ("WAITED", "12:5", "Link Cliked", "Link Clicked"),
    ],
)
def test_a_slip_in_the_name_of_an_event_is_told(place: str, line: str, name: str, meant: str) -> None:
    (told,) = said({place: name})
    assert told == (
        f"flows/greet.yaml:{line}: nobody tells of an event '{name}' (did you mean '{meant}'? "
        "name it in flows/events.yaml if your systems tell it) [warning]"
    )


def test_a_name_like_no_other_is_told_where_the_shop_wrote_down_which_come() -> None:
    assert said({}, is_planned=True) == said({"START": "Yoga!"}) == []
    (told,) = said({"START": "Yoga!"}, is_planned=True)
    assert "'Yoga!' (name it in flows/events.yaml if" in told
