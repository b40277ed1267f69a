"""Flows that name an audience which audiences.yaml does not have are told where."""

import pytest

from bot.core.flow.check_audiences import audiences_unknown
from bot.core.flow.compile import compile_flow
from bot.core.flow.reader import read

FLOW = """\
flow: greet
title: Greet
language: en
start:
  - {}
steps:
  - say: Hello
"""


def said(starter: str) -> list[str]:
    flow = compile_flow(read(FLOW.replace("{}", starter), "flows/greet.yaml"))
    return [str(one.error) for one in audiences_unknown(flow, ["high_value", "lapsing"])]


@pytest.mark.parametrize(
    "starter",
    ["{audience: {entered: NAME}}", "{audience: {left: NAME}}", '{schedule: "daily 12:00", audience: NAME}'],
)
def test_a_starter_names_an_audience_that_is_there(starter: str) -> None:
    problem = "flows/greet.yaml:5:5: audiences.yaml has no audience 'high_vaule' (did you mean 'high_value'?)"
    assert said(starter.replace("NAME", "high_vaule")) == [problem]
    assert said(starter.replace("NAME", "high_value")) == []


def test_other_starters_name_none() -> None:
    assert said("{event: Order Completed, where: {audience: nobody}}") == []
