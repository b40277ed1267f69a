"""`events list|review`: what came, what the plan makes of it, and what it lacks."""

import json
from datetime import UTC, datetime

from bot.app import open_database
from bot.config import Settings
from bot.storage.learnt import Learnt
from tests.cli.conftest import Terminal, run

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PLAN = """\
# What we track.
events:
  Product Viewed:
    properties:
      price: number     # in dollars
      age: {type: number, personal: true}
      debug: {block: true}
  Scrolled: {block: true}
"""


async def told(settings: Settings) -> None:
    """Let events have come."""
    learnt = Learnt()
    learnt.saw("Product Viewed", {"price": 3, "age": 40, "debug": True})
    learnt.saw("Product Viewed", {"price": "3", "sku": "T"})
    learnt.saw("Scrolled", {})
    learnt.saw("Tea Brewed", {"email": "ana@tea.example"})
    database = await open_database(settings)
    await learnt.flush(database, NOW)
    await database.close()


async def test_what_came_is_listed_and_proposed(
    shop: Terminal, shop_database: str, settings: Settings
) -> None:
    nothing = await run(shop, "events", "list")
    assert (nothing.code, nothing.err) == (0, "No event came from a source yet.\n")
    await told(settings)
    plan = settings.flows / "events.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    pushed = await run(shop, "flows", "push", "--skip-tests")
    assert pushed.code == 0, pushed.err
    listed = await run(shop, "events", "list")
    assert listed.out.splitlines() == [
        "Product Viewed  2 times, last 2026-06-01 12:00 UTC",
        "  age: number; personal  1",
        "  debug: boolean; blocked  1",
        "  price: text, number; planned as number  2",
        "  sku: text; unknown  1",
        "Scrolled  (blocked)  once, last 2026-06-01 12:00 UTC",
        "Tea Brewed  (unknown)  once, last 2026-06-01 12:00 UTC",
        "  email: text  1",
    ]
    unknown = json.loads((await run(shop, "events", "list", "--unknown", "--json")).out)
    assert [(one["event"], one["state"], one["unknown_properties"]) for one in unknown] == [
        ("Product Viewed", "known", ["sku"]),
        ("Tea Brewed", "unknown", []),
    ]
    shown = await run(shop, "events", "review")
    assert shown.code == 0, shown.err
    assert "email: {type: text, personal: true}" in shown.out
    assert plan.read_text(encoding="utf-8") == PLAN
    written = await run(shop, "events", "review", "--write")
    assert written.code == 0, written.err
    lines = plan.read_text(encoding="utf-8").splitlines()
    rest = iter(lines)
    assert all(line in rest for line in PLAN.splitlines()), "in their order"
    assert "      sku: text" in lines
    again = await run(shop, "events", "review", "--write")
    assert again.out == ""
    assert again.err == "flows/events.yaml names all that came.\n"
    plan.write_text("kep: 3d\n", encoding="utf-8")
    broken = await run(shop, "events", "review", "--write")
    assert broken.code == 1
    assert "flows/events.yaml:1:1: `kep` is not known here" in broken.err


async def test_a_plan_in_one_line_is_left_to_its_author(
    shop: Terminal, shop_database: str, settings: Settings
) -> None:
    await told(settings)
    plan = settings.flows / "events.yaml"
    plan.write_text("events: {A: {block: true}}\n", encoding="utf-8")
    ran = await run(shop, "events", "review", "--write")
    assert ran.code == 1
    assert "write these lines in yourself" in ran.err
    assert "Tea Brewed:" in ran.out
    assert plan.read_text(encoding="utf-8") == "events: {A: {block: true}}\n"
