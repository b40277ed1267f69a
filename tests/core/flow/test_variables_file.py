"""`flows/variables.yaml`: what it says, and what is complained of."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import FlowError
from bot.core.experiments.experiment import Arm, ExperimentGoal, When, Winner
from bot.core.experiments.experiment import Experiment as Tried
from bot.core.flow.reader import read
from bot.core.flow.schema import variables_schema
from bot.core.flow.variables_file import read_variables
from bot.core.variables import Experiment, ForAudience, Variable, Variables, Variant

FILE = """
variables:
  freeFrom: 50
  banner:
    title: What stands on top
    value: Hello
    for:
      - {audience: high_value, value: Dear friend}
  layout: {value: {columns: 2}}
experiments:
  greeting:
    audience: high_value
    variants:
      plain: {percent: 50}
      warm: {percent: 25, set: {banner: Hi!}}
    goal: Session Started
    ends: 2026-12-31
    winner: {when: at_end, else: plain}
"""


def test_reading() -> None:
    file = read_variables(read(FILE, "flows/variables.yaml"))
    tried = Tried(
        "greeting",
        (Arm("plain", 5000), Arm("warm", 2500)),
        audience="high_value",
        goals=(ExperimentGoal("Session Started", timedelta(days=7)),),
        ends_at=datetime(2027, 1, 1, 5, tzinfo=UTC),
        winner=Winner(When.AT_END, "plain"),
        flow="variables",
    )
    assert file.compiled("America/New_York") == Variables(
        (
            Variable("freeFrom", 50),
            Variable("banner", "Hello", (ForAudience("high_value", "Dear friend"),)),
            Variable("layout", {"columns": 2}),
        ),
        (
            Experiment(
                "greeting",
                (Variant("plain", 50), Variant("warm", 25, {"banner": "Hi!"})),
                "high_value",
                tried,
            ),
        ),
    )
    assert list(file.audiences()) == [
        (("variables", "banner", "for", 0, "audience"), "high_value"),
        (("experiments", "greeting", "audience"), "high_value"),
    ]


def test_audiences_that_anyone_may_know_of_are_named() -> None:
    file = read_variables(read(f"{FILE}open: [high_value]\n", "flows/variables.yaml"))
    assert file.compiled("UTC").open_audiences == {"high_value"}
    assert (("open", 0), "high_value") in list(file.audiences())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("variables:\n  2a: 1", "v.yaml:2:7: '2a' is not a variable's name"),
        ("variables: {}", "v.yaml:1:12: nothing is there"),
        ("variables:\n  a: {vale: 1}", "did you mean `value`?"),
        ("variables:\n  a: {value: 1, for: {audience: x, value: much}}", "`a` is a number everywhere else"),
        ("variables: {a: 1}\nexperiments:\n  e:\n    variants:\n      x: {percent: 0}", "v.yaml:5:20"),
        (
            "variables: {a: 1}\nexperiments:\n  e:\n    variants:\n      x: {percent: 5, set: {b: 1}}",
            "v.yaml:5:29: there is no variable `b`",
        ),
        (
            "variables: {a: 1}\nexperiments:\n  e:\n    variants:\n      x: {percent: 5, set: {a: 'no'}}",
            "`a` is a number everywhere else",
        ),
        (
            "variables: {a: 1}\nexperiments:\n  e: {variants: {x: {percent: 60}, y: {percent: 60}}}",
            "the variants take 120 percent",
        ),
        (
            "variables: {a: 1}\nexperiments:\n  e: {variants: {x: {percent: 5}}, winner: {when: at_end}}",
            "and it has none (add `ends:`, a date)",
        ),
        (
            "variables: {a: 1}\nexperiments:\n  e: {variants: {x: {percent: 5}}, decided: y}",
            "v.yaml:3:45: `e` has no variant `y` (name one of x)",
        ),
        (
            """variables: {a: 1}
experiments:
  e: {variants: {x: {percent: 5}}, winner: {when: always_valid}}""",
            "its `winner:` asks what counts",
        ),
        ("variables: {a: 1}\nexperiments:\n  e: {variants: {x: {}}, decided: x}", "say it there"),
        (
            """variables: {a: 1}
experiments:
  e: {variants: {x: {percent: 5, set: {a: 2}}}}
  f: {variants: {x: {percent: 5, set: {a: 3}}}}""",
            "v.yaml:4:40: the experiment `e` sets `a` already",
        ),
    ],
)
def test_complaints(text: str, complaint: str) -> None:
    with pytest.raises(FlowError) as caught:
        read_variables(read(text, "v.yaml"))
    said = [str(one) for one in (caught.value, *caught.value.others)]
    assert any(complaint in one for one in said), said


def test_the_schema_knows_every_key() -> None:
    schema = variables_schema()
    assert set(schema["properties"]) == {"variables", "experiments", "open"}
    assert set(schema["$defs"]["VariablePart"]["properties"]) == {"title", "value", "for"}
