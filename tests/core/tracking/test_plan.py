"""The tracking plan: what is taken, and how long it stays."""

from datetime import timedelta

import pytest

from bot.core.contact import JsonValue
from bot.core.tracking.plan import (
    BLOCKED,
    NO_PLAN,
    UNKNOWN,
    JsonKind,
    Plan,
    PlannedEvent,
    PlannedProperty,
    kind_of,
)

DAY = timedelta(days=1)
KNOWN = {
    "Viewed": PlannedEvent(
        properties={"price": PlannedProperty(is_personal=True), "debug": PlannedProperty(is_blocked=True)}
    ),
    "Scrolled": PlannedEvent(is_blocked=True),
    "Kept": PlannedEvent(is_for_good=True),
    "Short": PlannedEvent(keep=DAY),
    "Bare": PlannedEvent(),
}
OPEN, CLOSED = Plan(KNOWN, keep=30 * DAY), Plan(KNOWN, blocks_unknown=True)


def test_without_a_plan_everything_is_taken_for_good() -> None:
    properties = {"a": 1}
    assert NO_PLAN.refusal("Viewed") is None
    assert NO_PLAN.taken("Viewed", properties) is properties
    assert NO_PLAN.kept("Viewed") is None
    assert not NO_PLAN.ends_anything


@pytest.mark.parametrize(
    ("event", "when_open", "when_closed"),
    [
        ("Viewed", None, None),
        ("Scrolled", BLOCKED, BLOCKED),
        ("Something", None, UNKNOWN),
        ("Order Completed", None, None),
        ("Completed Order", None, None),
        ("Session Started", None, None),
    ],
)
def test_events(event: str, when_open: str | None, when_closed: str | None) -> None:
    assert (OPEN.refusal(event), CLOSED.refusal(event)) == (when_open, when_closed)


def test_properties() -> None:
    properties = {"price": 1, "debug": 2, "else": 3}
    assert OPEN.taken("Viewed", properties) == {"price": 1, "else": 3}
    assert CLOSED.taken("Viewed", properties) == {"price": 1}
    for event in ("Bare", "Something"):  # of which none is named, none is unknown
        assert CLOSED.taken(event, properties) is properties
    assert [CLOSED.takes("Viewed", name) for name in properties] == [True, False, False]
    assert OPEN.of_nobody("Viewed", properties) == {"debug": 2, "else": 3}
    assert OPEN.of_nobody("Something", properties) is properties


def test_how_long() -> None:
    kept = {name: OPEN.kept(name) for name in ("Viewed", "Kept", "Short", "Else", "Order Completed")}
    assert kept == {
        "Viewed": 30 * DAY,
        "Kept": None,
        "Short": DAY,
        "Else": 30 * DAY,
        "Order Completed": None,
    }
    assert OPEN.kept("Session Started") is None
    named = Plan({"Session Started": PlannedEvent(keep=DAY)}, keep=30 * DAY)
    assert named.kept("Session Started") == DAY
    assert dict(OPEN.ends)["Kept"] is None
    assert dict(OPEN.ends)["Order Completed"] is None
    assert dict(OPEN.ends)["Short"] == DAY
    assert "Viewed" not in dict(OPEN.ends)
    assert OPEN.ends_anything
    assert CLOSED.ends_anything
    assert not Plan({"Kept": PlannedEvent(is_for_good=True)}).ends_anything


def test_kinds() -> None:
    values: list[JsonValue] = ["a", 1, 1.5, True, None, [], {}]
    assert [kind_of(value) for value in values] == [
        JsonKind.TEXT,
        JsonKind.NUMBER,
        JsonKind.NUMBER,
        JsonKind.BOOLEAN,
        JsonKind.NOTHING,
        JsonKind.LIST,
        JsonKind.OBJECT,
    ]
