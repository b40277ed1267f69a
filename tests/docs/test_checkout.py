"""The page on checkout: its program is read, its basket priced, its requests sent, as they stand."""

import json
import re
from pathlib import Path

import pytest
import yaml

from bot.conversation.shop.checkout_told import REASONS
from bot.core.contact import JsonValue
from bot.core.flow.reader import read
from bot.storage.driver import Database
from tests.conversation.shop.test_checkout import database, sums
from tests.conversation.shop.till import WRITTEN, Till, Told, shop_with

__all__ = ["database"]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "loyalty" / "checkout.md").read_text(encoding="utf-8")
LINES: JsonValue = [
    {"sku": "TEA", "quantity": 2},
    {"sku": "BEANS"},
    {"sku": "SHIP", "kind": "shipping", "unit_minor": 495},
]
OF_LINES = re.compile(r"^\| (?:\d × )?([A-Z]+) \| (.+) \|$", re.MULTILINE)
OF_STEPS = re.compile(r"^\| `(\w+) (\{.+?\})`[^|]*\| (.+) \|$", re.MULTILINE)


def minor(cells: str) -> list[int]:
    return [int(cell.replace(".", "")) for cell in cells.split(" | ")]


def program() -> dict[str, object]:
    """The program of scripted turns with the page's own offers and rebates."""
    (block,) = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    sections = read(block, "checkout.md").value
    assert isinstance(sections, dict)
    return {**WRITTEN, **sections}


@pytest.fixture
async def till(database: Database) -> Till:
    """The page's member, with both offers and nine dollars."""
    till = await Till.of_member(database, credit=900, shop=shop_with(program()))
    await till.give("tea_time")
    await till.give("five_off")
    return till


async def test_every_line_of_the_basket_is_paid_as_the_page_says(till: Till) -> None:
    told = await till.ask("checkout.quote", {"lines": LINES})
    lines, offers = told["lines"], told["offers"]
    assert isinstance(lines, list)
    assert isinstance(offers, list)
    off = [offer["by_line_minor"] for offer in offers if isinstance(offer, dict)]
    found = [
        [line["gross_minor"], *(one[number] for one in off), line["credit_minor"], line["to_pay_minor"]]  # type: ignore[index]  # JSON
        for number, line in enumerate(lines)
        if isinstance(line, dict)
    ]
    rows = OF_LINES.findall(PAGE)
    assert [sku for sku, _ in rows] == ["TEA", "BEANS", "SHIP"]
    assert found == [minor(cells) for _, cells in rows]


async def test_every_step_of_the_page_comes_to_what_it_says(till: Till) -> None:
    rows = OF_STEPS.findall(PAGE)
    assert len(rows) == 4
    for name, body, cells in rows:
        asked: Told = json.loads(body.replace("…", json.dumps(LINES)))
        _, off, credit, to_pay = sums(await till.ask(f"checkout.{name}", asked))
        left = (await till.books()).wallet.available_minor
        assert [off, credit, to_pay, left] == minor(cells), name


async def test_a_tenth_of_the_cash_comes_back_when_the_order_is_reported(till: Till) -> None:
    rows = OF_STEPS.findall(PAGE)
    for name, body, _ in (rows[1], rows[3]):
        await till.ask(f"checkout.{name}", json.loads(body.replace("…", json.dumps(LINES))))
    sold: JsonValue = [
        {"sku": "TEA", "quantity": 1, "unit_minor": 350, "discount_minor": 141},
        {"sku": "BEANS", "quantity": 1, "unit_minor": 1400, "discount_minor": 357},
    ]
    await till.ask("order.report", {"order": "1001", "status": "paid", "lines": sold})
    (amount,) = re.findall(r"\*\*rebate\*\* of ([\d.]+)", PAGE)
    rebates = [lot for lot in (await till.books()).lots if lot.kind == "rebate"]
    assert [lot.granted_minor for lot in rebates] == minor(amount)


def test_every_reason_is_on_the_page() -> None:
    assert all(f"`{reason}`" in PAGE for reason in REASONS)


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`((?:Offer|Checkout|Rebate) [A-Z][A-Za-z ]+)`", PAGE)))
)
def test_every_event_of_the_page_is_tracked(name: str) -> None:
    files = ("core/deeds/offering.py", "core/deeds/rebating.py", "core/deeds/holding.py")
    assert any(f'"{name}"' in (ROOT / "bot" / file).read_text(encoding="utf-8") for file in files)


def test_every_problem_of_giving_is_on_the_page() -> None:
    source = (ROOT / "bot" / "core" / "deeds" / "offering.py").read_text(encoding="utf-8")
    codes = re.findall(r'TellMember\("(\w+)"', source)
    assert len(codes) == 4
    assert all(f"`{code}`" in PAGE for code in codes)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(flows/\w+\.yaml)`", PAGE))))
def test_every_file_of_the_page_is_shipped(name: str) -> None:
    assert yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
