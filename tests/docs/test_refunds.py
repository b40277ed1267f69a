"""The page on refunds: every report in its table is sent as it stands, and does what stands beside it."""

import json
import re
from pathlib import Path

import pytest

from bot.core.contact import JsonValue
from bot.storage.driver import Database
from tests.conversation.shop.test_orders import BEANS, PLAIN, TEA, database, moved, sums
from tests.conversation.shop.till import Till, Told

__all__ = ["database"]
PAGE = (Path(__file__).parents[2] / "docs" / "loyalty" / "refunds.md").read_text()
ROW = re.compile(r"^\| `(\{.+?\})`[^|]*\| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)


def minor(text: str) -> int:
    whole, cents = text.split(".")
    return int(whole) * 100 + int(cents)


async def test_every_report_of_the_page_does_what_it_says(database: Database) -> None:  # a fixture
    till = await Till.of_member(database, shop=PLAIN)
    await till.grant(600)
    lines: list[JsonValue] = [TEA, BEANS]
    paid: Told = {"order": "A-1", "status": "paid", "lines": lines, "credit_minor": 600}
    assert moved(await till.ask("order.report", paid)) == {"earned_minor": 2400 * 5 // 100}
    rows = ROW.findall(PAGE)
    assert len(rows) == PAGE.count('| `{"')
    for told, restored, taken in rows:
        done = moved(await till.ask("order.refund", {"order": "A-1", **json.loads(told)}))
        assert done.get("restored_minor", 0) == minor(restored), told
        assert done.get("taken_back_minor", 0) == minor(taken), told
    assert sums(await till.books()) == (600, 0, 0, 0)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:Order|Credit|Stamps) [A-Za-z\s]+?)`", PAGE))))
def test_every_event_of_the_page_is_tracked(name: str) -> None:
    bot = Path(__file__).parents[2] / "bot" / "core" / "deeds"
    sources = "".join(path.read_text() for path in (bot / "ordering.py", bot / "order_told.py"))
    assert f'"{" ".join(name.split())}"' in sources
