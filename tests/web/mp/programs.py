"""The shipped program with something changed, and credit given, for tests of the pages."""

from pathlib import Path

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from tests.conversation.chat import FLOWS, Chat, shipped

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


async def give(chat: Chat, contact_id: str, amount_minor: int) -> None:
    """Put credit into a member's wallet, as the shop does."""
    body: dict[str, JsonValue] = {"amount_minor": amount_minor, "reason": "a gift", "by": "tests"}
    work = operation_work(
        "credit.adjust", body, key=f"gift/{contact_id}", at=chat.clock.now, contact_id=contact_id
    )
    result = await chat.app.dispatcher.submit(work)
    assert result.result is not None
    assert "problem" not in result.result
