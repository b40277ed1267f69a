"""`regulars audience …`: which there are, who would be in, who is, and why."""

import json
from datetime import UTC, datetime

from bot import app
from bot.config import Settings
from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.storage import contacts
from tests.cli.conftest import Terminal, run
from tests.cli.test_contact import NUMBER, converse


async def buy(settings: Settings, *orders: int) -> None:
    """Let the member buy things, as the shop tells it, in minor units."""
    now = datetime.now(UTC)
    async with app.running(settings, role="web", clock=lambda: now) as running:
        found = await running.database.query(lambda c: contacts.find(c, "sms", NUMBER))
        assert found is not None
        for number, minor in enumerate(orders):
            body: dict[str, JsonValue] = {
                "order": f"A-{number}",
                "status": "paid",
                "lines": [{"sku": "TEA", "quantity": 1, "unit_minor": minor}],
            }
            work = operation_work("order.report", body, key=f"api:{number}", at=now, contact_id=found)
            result = await running.dispatcher.submit(work)
            assert result.result is not None
            assert "problem" not in result.result


async def test_why_somebody_is_in_and_who_else(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "skip", "skip")
    before = await run(shop, "audience", "explain", "high_value", NUMBER)
    assert before.code == 0, before.err
    assert before.out.startswith(f"{NUMBER} is not in high_value\n")
    await buy(settings, 20_000, 5_000, 9_000)
    ran = await run(shop, "audience", "explain", "high_value", NUMBER)
    assert ran.out.splitlines()[0].startswith(f"{NUMBER} is in high_value, since ")
    assert "✓ event: Order Completed" in ran.out
    assert "→ 3 (wanted > 2)" in ran.out
    assert "→ 340 (wanted > 300)" in ran.out
    told = json.loads((await run(shop, "audience", "explain", "high_value", NUMBER, "--json")).out)
    assert (told["is_in"], [part["seen"] for part in told["why"]["parts"]]) == (True, [3, 340])
    members = json.loads((await run(shop, "audience", "members", "high_value", "--json")).out)
    assert len(members["members"]) == 1
    listed = json.loads((await run(shop, "audience", "list", "--json")).out)
    assert {one["name"]: one["size"] for one in listed["audiences"]}["high_value"] == 1
    assert "high_value" in (await run(shop, "audience", "list")).out
    shown = json.loads((await run(shop, "contact", "show", NUMBER, "--json")).out)
    assert list(shown["audiences"]) == ["high_value"]
    assert shown["computed_traits"]["lifetime_revenue"] == 340
    orders = [one["properties"]["revenue"] for one in shown["events"] if one["event"] == "Order Completed"]
    assert orders == [90, 50, 200]
    page = (await run(shop, "contact", "show", NUMBER)).out
    assert "Audience high_value since " in page


async def test_a_preview_is_of_the_files_as_they_are(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY", "skip", "skip")
    await buy(settings, 20_000)
    ran = await run(shop, "audience", "preview", "high_value")
    assert ran.out.startswith("high_value: 0 of 1 contacts (0.0%), as it is published")
    shop.write(
        "flows/audiences.yaml",
        "high_value:\n  sum: {event: Order Completed, property: revenue}\n  is: '>= 200'\n"
        "newcomers: {none: [{audience: high_value}]}\n",
    )
    told = json.loads((await run(shop, "audience", "preview", "high_value", "--json")).out)
    assert (told["size"], told["contacts"], told["published"], len(told["sample"])) == (1, 1, False, 1)
    assert told["reach"]["sms"] == {"addressed": 1, "agreed": 1}
    assert told["reach"]["email"] == {"addressed": 0, "agreed": 0}
    ran = await run(shop, "audience", "preview", "high_value")
    assert "  by text: 1 can be reached, 1 of them agreed to it; 0 cannot\n" in ran.out
    assert "  by email: 0 can be reached, 0 of them agreed to it; 1 cannot\n" in ran.out
    ran = await run(shop, "audience", "preview", "newcomers")
    assert ran.out.startswith("newcomers: 0 of 1 contacts")
    assert "which is not published" in ran.out


async def test_what_is_not_there_is_said(shop: Terminal, settings: Settings) -> None:
    await converse(settings, "LOYALTY")
    for command in (
        ("members", "nope"),
        ("explain", "nope", NUMBER),
        ("history", "nope"),
        ("preview", "nope"),
    ):
        ran = await run(shop, "audience", *command)
        assert ran.code == 2, ran.out
        assert "nope" in ran.err
        assert "high_value" in ran.err
    nobody = await run(shop, "audience", "explain", "high_value", "+12125550177")
    assert nobody.code == 1
    assert "nobody with this address" in nobody.err
    ran = await run(shop, "audience", "history", "high_value")
    assert "was not counted yet" in ran.out
