"""The shipped program with something changed, for tests of the pages."""

from pathlib import Path

from tests.conversation.chat import FLOWS, shipped

RUSH = """
  - id: rush
    name: {en: Rush, zh: 抢购}
    sku: LATTE
    price: 9.00
    units: 100
    at: 2026-11-24 12:00
    open_for: 1d
    early: {silver: 1h}
"""
"""A drop that opens at the moment at which the clocks of tests stand."""


def changed(where: Path, *changes: tuple[str, str]) -> Path:
    """Make a folder with some of the shipped flows and a program in which texts are replaced."""
    folder = shipped(where, "loyalty", "policy")
    program = (FLOWS / "program.yaml").read_text()
    for old, new in changes:
        assert program.count(old) == 1, old
        program = program.replace(old, new)
    (folder / "program.yaml").write_text(program)
    return folder


WITH_RUSH = ("\n# Each saving is worked out", f"{RUSH}\n# Each saving is worked out")
WITH_WHEEL = ("  enabled: false\n", "  enabled: true\n")
IN_WECHAT = ("  entry: free\n", "  entry: free\n  in_wechat: true\n")
