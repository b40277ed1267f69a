"""Shipped journeys that begin by orders, audiences and the clock: a level, a milestone, the weekly drop."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from tests.conversation.chat import Chat, Clock, chatting, shipped
from tests.databases import SqliteDatabases

MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)
"""Ten in the morning in New York."""


async def order(chat: Chat, number: int, minor: int) -> None:
    """Report an order of the phone's owner."""
    lines: list[JsonValue] = [{"sku": "TEA", "quantity": 1, "unit_minor": minor}]
    await ask(chat, "order.report", {"order": f"A-{number}", "status": "paid", "lines": lines})


async def ask(chat: Chat, name: str, body: Mapping[str, JsonValue]) -> None:
    """Ask for an operation on the phone's owner."""
    key, contact = f"api:{name}/{chat.clock()}/{body}", await chat.contact_id()
    work = operation_work(name, body, key=key, at=chat.clock(), contact_id=contact)
    result = await chat.app.dispatcher.submit(work)
    assert "problem" not in (result.result or {}), result


async def test_levels_milestones_and_drops_are_told_when_they_are_near(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    flows = shipped(tmp_path, "loyalty", "policy", "audiences", "near_tier", "milestone", "weekly_drop")
    async with chatting(await sqlite_databases.create(), clock=Clock(now=MONDAY), flows=flows) as chat:
        for text in ("LOYALTY", "Ana", "skip"):
            await chat(text)
        await chat.strike()
        for number in range(8):
            await order(chat, number, 1_500)  # $120 in all: $30 to silver
        assert await chat.later(hours=1) == []
        assert await chat.move_to(MONDAY + timedelta(days=1, hours=1, minutes=30)) == []
        (near,) = await chat.move_to(MONDAY + timedelta(days=1, hours=2))
        assert near == "Only $30.00 to Silver. Reply TIER to see what it brings."

        await order(chat, 8, 500)
        await order(chat, 9, 500)
        (milestone,) = await chat.later(minutes=1)
        assert milestone.startswith("That was your 10th order with us. Thank you, Ana")
        assert await chat.later(hours=26) == [], "each level is told of once"

        # On Thursday at five, to whom it concerns: the day's cap is free again.
        assert await chat.move_to(datetime(2026, 12, 3, 22, 30, tzinfo=UTC)) == []
        await ask(chat, "event.track", {"id": "drop-1", "name": "Drop Taken"})
        await chat.strike()
        (told,) = await chat.move_to(datetime(2026, 12, 10, 22, 0, tzinfo=UTC))
        assert told.startswith("Friday beans for members: $14.00, ")
        assert told.endswith("Reply DROP then to have yours.")
        runs = await chat.runs()
        assert {flow for flow, status in runs if status == "failed"} == set(), json.dumps(runs)
