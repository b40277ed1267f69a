"""`flows/events.yaml`: what it says, and what is complained of."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.conversation.checking import look_over
from bot.core.errors import FlowError
from bot.core.flow.events_file import read_events
from bot.core.flow.reader import read
from bot.core.flow.schema import events_schema
from bot.core.tracking.plan import JsonKind, PlannedEvent, PlannedProperty
from tests.core.flow.test_schema import faults

ROOT = Path(__file__).parents[3]
FILE = """
keep: 400d
unknown: block
events:
  Product Viewed:
    description: Somebody looked at a product.
    keep: 90d
    properties:
      price: number
      age: {type: number, personal: true, description: Of who looks}
      debug: {block: true}
      anything:
  Wished: {keep: forever}
  Scroll Depth: {block: true}
  Opened:
"""


def test_reading() -> None:
    plan = read_events(read(FILE, "flows/events.yaml")).compiled()
    assert plan.keep == timedelta(days=400)
    assert plan.blocks_unknown
    assert plan.events == {
        "Product Viewed": PlannedEvent(
            "Somebody looked at a product.",
            {
                "price": PlannedProperty(JsonKind.NUMBER),
                "age": PlannedProperty(JsonKind.NUMBER, "Of who looks", is_personal=True),
                "debug": PlannedProperty(is_blocked=True),
                "anything": PlannedProperty(),
            },
            keep=timedelta(days=90),
        ),
        "Wished": PlannedEvent(is_for_good=True),
        "Scroll Depth": PlannedEvent(is_blocked=True),
        "Opened": PlannedEvent(),
    }


def test_an_empty_file_takes_everything_for_good() -> None:
    plan = read_events(read("unknown: accept", "e.yaml")).compiled()
    assert plan.keep is None
    assert plan.refusal("Whatever") is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("keep: 400", "e.yaml:1:7: 400 is not a duration (write how long, like 90d or 400d, or forever)"),
        ("keep: 2h", "e.yaml:1:7: '2h' is less than a day"),
        ("keep: 13 months", "months and years differ in length"),
        ("unknown: refuse", "e.yaml:1:10"),
        ("event: {}", "e.yaml:1:1: `event` is not known here (did you mean `events`?)"),
        ("events:\n  A: {kep: 3d}", "e.yaml:2:7: `kep` is not known here (did you mean `keep`?)"),
        ("events:\n  A:\n    properties:\n      x: {personl: true}", "did you mean `personal`?"),
        ("events:\n  A:\n    properties:\n      x: string", "e.yaml:4:10"),
        ("events:\n  Order Completed: {block: true}", "e.yaml:2:21: `Order Completed` cannot be blocked"),
        ("events:\n  Completed Order: {keep: 30d}", "e.yaml:2:21: `Completed Order` is kept for good"),
        (
            "events:\n  Order Refunded:\n    properties:\n      total: {block: true}",
            "e.yaml:4:15: nothing of `Order Refunded` is blocked",
        ),
    ],
)
def test_complaints(text: str, complaint: str) -> None:
    with pytest.raises(FlowError) as raised:
        read_events(read(text, "e.yaml"))
    assert complaint in "\n".join(map(str, (raised.value, *raised.value.others)))


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(FlowError) as raised:
        read_events(read("keep: x\nevents:\n  A: {block: 1}\n  B: {keep: 1s}", "e.yaml"))
    assert [error.line for error in (raised.value, *raised.value.others)] == [1, 3, 4]


def test_editors_take_what_we_read() -> None:
    schema = events_schema()
    shipped = (ROOT / "flows" / "events.yaml").read_text(encoding="utf-8")
    for text in (FILE, shipped):
        assert not [*faults(schema, read(text, "e.yaml").value, schema)]
    assert [*faults(schema, read("events: {A: {kep: 3d}}", "e.yaml").value, schema)]


PROGRAM = """
program: A shop
currency: {code: USD}
point_value: 0.01
earning: {rate: 0, rules: [{id: seen, event: Seen, credit: 1.00}]}
"""
FLOW = """
flow: hello
title: Says hello
language: en
start: [{event: Waved}]
steps: [end]
"""


def checked(folder: Path, **files: str) -> list[str]:
    flows = folder / "flows"
    flows.mkdir()
    for name, text in {"program": PROGRAM, **files}.items():
        (flows / f"{name}.yaml").write_text(text, encoding="utf-8")
    look = look_over(flows, folder / "locales", {})
    return [str(one.error).partition("/flows/")[2] or str(one.error) for one in look.errors]


def test_nothing_may_wait_for_what_is_blocked(tmp_path: Path) -> None:
    events = "events:\n  Waved: {block: true}\n  Seen: {block: true}\n  Else: {block: true}"
    found = checked(tmp_path, events=events, hello=FLOW)
    assert [one.partition(" (")[0] for one in found] == [
        "events.yaml:2:18: `Waved` is blocked: the flow `hello` starts on it",
        "events.yaml:3:17: `Seen` is blocked: the rule `seen` earns for it",
    ]


def test_nothing_may_look_back_further_than_events_are_kept(tmp_path: Path) -> None:
    events = "keep: 30d\nevents:\n  Wished: {keep: 90d}"
    audiences = "new:\n  any: [{event: Wished, within: 90d}, {event: Waved, within: 31d}, {event: Waved}]"
    traits = "often: {count: Waved, between: [60d, 20d]}"
    assert [one.partition(" (")[0] for one in checked(tmp_path, events=events, audiences=audiences)] == [
        "audiences.yaml:2:62: `Waved` is kept for 30d; this looks 31d back"
    ]
    (tmp_path / "more").mkdir()
    assert "`Waved` is kept for 30d" in "".join(checked(tmp_path / "more", events=events, traits=traits))
