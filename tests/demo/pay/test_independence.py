"""The loopback WeChat Pay shares nothing with the bot's own: two that were wrong alike would agree."""

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "bot" / "demo" / "pay"
FILES = sorted(FOLDER.glob("*.py"))


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_knows_the_demo_alone(file: Path) -> None:
    bots = {name for name in imported(file) if name.startswith("bot.")}
    assert {name for name in bots if not name.startswith("bot.demo.")} == set()


def test_there_is_something_to_look_at() -> None:
    assert "cryptography.hazmat.primitives.ciphers" in imported(FOLDER / "crypto.py")
