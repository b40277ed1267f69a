"""`flows/variables.yaml`: what it says, and what is complained of."""

import pytest

from bot.core.errors import FlowError
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
"""


def test_reading() -> None:
    file = read_variables(read(FILE, "flows/variables.yaml"))
    assert file.compiled() == Variables(
        (
            Variable("freeFrom", 50),
            Variable("banner", "Hello", (ForAudience("high_value", "Dear friend"),)),
            Variable("layout", {"columns": 2}),
        ),
        (
            Experiment(
                "greeting", (Variant("plain", 50), Variant("warm", 25, {"banner": "Hi!"})), "high_value"
            ),
        ),
    )
    assert list(file.audiences()) == [
        (("variables", "banner", "for", 0, "audience"), "high_value"),
        (("experiments", "greeting", "audience"), "high_value"),
    ]


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
    assert set(schema["properties"]) == {"variables", "experiments"}
    assert set(schema["$defs"]["VariablePart"]["properties"]) == {"title", "value", "for"}
