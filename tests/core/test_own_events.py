"""Events of our own: the list holds every one that the code tracks."""

import ast
from collections.abc import Iterator
from pathlib import Path

from bot.core.deeds.claiming import EVENTS
from bot.core.loyalty import stock
from bot.core.own_events import OURS

PROJECT = Path(__file__).parents[2]


def written(tree: ast.Module) -> Iterator[str]:
    """The names of events that a module tracks by name, or by a constant of its own."""
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in {"track", "Event"}:
            for name in ast.walk(node.args[0]):
                told = constants.get(name.id) if isinstance(name, ast.Name) else getattr(name, "value", None)
                if isinstance(told, str) and told[:1].isupper():
                    yield told


def test_the_list_holds_every_event_that_the_code_tracks() -> None:
    files = [*(PROJECT / "bot").rglob("*.py"), *(PROJECT / "handlers").rglob("*.py")]
    found = {
        name
        for file in files
        if "demo" not in file.parts
        for name in written(ast.parse(file.read_text(encoding="utf-8")))
    }
    found |= {*EVENTS.values(), stock.LOW, stock.BACK}
    assert len(found) > 50
    assert found <= OURS, found - OURS
