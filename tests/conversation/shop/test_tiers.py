"""Tiers over both databases: orders raise them at once, refunds lower what counts, the clock ends periods."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.contact import JsonValue
from bot.core.deeds.tier_turns import LOOK, tier_of, tier_values
from bot.core.ids import bucket_of
from bot.core.turn import Turn
from bot.storage import standings
from bot.storage.driver import Database
from tests.conversation.shop.till import Till, Told, shop_with
from tests.storage.scripted import NOW, asked, open_at

YEAR_END = datetime(2027, 1, 1, tzinfo=UTC)
WRITTEN: dict[str, object] = {
    "program": "Leaf Club",
    "currency": {"code": "USD"},
    "point_value": "0.01",
    "earning": {"rate": "10%", "pending": "14d"},
    "tiers": {
        "per": "year",
        "grace": "10d",
        "warn": "30d",
        "levels": [
            {"id": "silver", "name": {"en": "Silver", "es": "Plata"}, "spend": "100.00", "multiplier": "1.5"},
            {"id": "gold", "name": "Gold", "spend": "300.00", "gift": "5.00", "early_access": "24h"},
        ],
    },
}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_at(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def till(database: Database) -> Till:
    return await Till.of_member(database, shop=shop_with(WRITTEN))


def paid(reference: str, minor: int) -> Told:
    line: dict[str, JsonValue] = {"sku": "TEA", "quantity": 1, "unit_minor": minor}
    return {"order": reference, "status": "paid", "lines": [line]}


async def heard(till: Till, *names: str) -> list[tuple[str, dict[str, JsonValue]]]:
    """The events of these names, oldest first."""
    found = await asked(
        till.database,
        """SELECT e.name, e.properties FROM event e
        WHERE e.bucket = :bucket AND e.contact = :contact ORDER BY e.id""",
        bucket=bucket_of(till.contact_id),
        contact=till.contact_id,
    )
    return [(name, json.loads(properties)) for name, properties in found if name in names]


async def told(till: Till) -> dict[str, object]:
    values: list[dict[str, object]] = []
    await till.deed(lambda turn: values.append(tier_values(turn)))
    return values[-1]


async def test_an_order_raises_at_once_and_the_next_one_earns_more(till: Till) -> None:
    first = await till.ask("order.report", paid("A", 10_000))
    assert first["moved"] == {**_moved(first), "earned_minor": 1_000}  # the tier of before counts for it
    ((_, facts),) = await heard(till, "Tier Reached")
    assert (facts["tier"], facts["tier_name"], facts["multiplier"], facts["gift"]) == (
        "silver",
        "Silver",
        1.5,
        0,
    )
    second = await till.ask("order.report", paid("B", 1_000))
    assert _moved(second)["earned_minor"] == 150
    values = await told(till)
    assert (values["name"], values["next"], values["to_next"]) == ("Silver", "Gold", 19_000)
    assert (values["to_keep"], values["until"]) == (0, datetime(2027, 12, 31).date())  # noqa: DTZ001  # a day
    assert len(await heard(till, "Tier Reached")) == 1


async def test_credit_that_is_redeemed_or_ends_lowers_nothing(till: Till) -> None:
    await till.ask("order.report", paid("A", 10_000))
    await till.grant(500)
    before = await told(till)
    await till.ask("credit.adjust", {"amount_minor": -500, "reason": "test", "by": "tester"})
    assert await told(till) == before


async def test_a_refund_lowers_what_counts_and_takes_no_tier(till: Till) -> None:
    await till.ask("order.report", paid("A", 10_000))
    await till.ask("order.refund", {"order": "A", "amount_minor": 4_000})
    values = await told(till)
    assert (values["id"], values["total"], values["to_keep"]) == ("silver", 6_000, 4_000)
    assert await heard(till, "Tier Lost") == []


async def test_a_gift_comes_once_pending_and_goes_with_what_reached_it(till: Till) -> None:
    await till.ask("order.report", paid("A", 29_900))
    await till.ask("order.report", paid("B", 200))
    ((_, facts),) = (await heard(till, "Tier Reached"))[1:]
    assert (facts["tier"], facts["gift"], facts["early_hours"]) == ("gold", 500, 24)
    books = await till.books()
    assert [lot.pending_minor for lot in books.lots if lot.fund == "tier"] == [500]
    await till.ask("order.refund", {"order": "B", "amount_minor": 200})
    books = await till.books()
    assert [lot.pending_minor for lot in books.lots if lot.fund == "tier"] == [0]
    assert (await told(till))["id"] == "gold"  # until the period ends
    till.wait(timedelta(days=1))
    await till.ask("order.report", paid("C", 20_000))
    books = await till.books()  # it was reached before: the gift is not given again for being there
    assert [lot.pending_minor for lot in books.lots if lot.fund == "tier"] == [0]


async def test_a_gift_that_has_arrived_stays(till: Till) -> None:
    await till.ask("order.report", paid("A", 30_000))
    till.wait(timedelta(days=15))
    await till.ask("order.refund", {"order": "A", "amount_minor": 30_000})
    books = await till.books()
    (gift,) = [lot for lot in books.lots if lot.fund == "tier"]
    assert gift.granted_minor == 500
    back = [entry for entry in books.entries if entry.key.startswith("tier/back/")]
    assert not back


async def look_at(till: Till, at: datetime) -> None:
    """What the job does, if it finds the member due."""
    till.now = at
    found = await till.database.query(lambda c: standings.due(c, bucket_of(till.contact_id), till.now, 10))
    for one in found:
        assert one.contact_id == till.contact_id
        await till.ask(LOOK, {}, key=f"standing:{one.mark}")


async def test_the_clock_warns_and_ends_the_period_after_the_grace(till: Till) -> None:
    await till.ask("order.report", paid("A", 31_000))
    await look_at(till, YEAR_END + timedelta(days=10))  # gold was earned in 2026: kept for 2027
    assert [name for name, _ in await heard(till, "Tier Kept", "Tier Lost")] == ["Tier Kept"]
    await look_at(till, datetime(2027, 12, 1, 9, 59, tzinfo=UTC))
    assert await heard(till, "Tier At Risk") == []
    await look_at(till, datetime(2027, 12, 1, 10, tzinfo=UTC))
    ((_, facts),) = await heard(till, "Tier At Risk")
    assert (facts["tier"], facts["missing"], facts["keep_by"]) == ("gold", 30_000, "2027-12-31")
    await look_at(till, datetime(2028, 1, 10, 23, 59, tzinfo=UTC))
    assert await heard(till, "Tier Lost") == []
    await look_at(till, datetime(2028, 1, 11, tzinfo=UTC))
    ((_, facts),) = await heard(till, "Tier Lost")
    assert (facts["before"], facts["tier"], facts["missing"]) == ("gold", "silver", 30_000)
    await look_at(till, datetime(2029, 1, 11, tzinfo=UTC))
    assert (await told(till))["id"] is None
    assert [facts["tier"] for _, facts in await heard(till, "Tier Lost")] == ["silver", None]


async def test_who_rises_in_the_last_days_is_looked_at_again(till: Till) -> None:
    """The warning's time has passed for the tier of before, under the same end of the same year."""
    await till.ask("order.report", paid("A", 10_000))
    await look_at(till, datetime(2026, 12, 1, 10, tzinfo=UTC))
    till.now = datetime(2026, 12, 20, tzinfo=UTC)
    await till.ask("order.report", paid("B", 20_000))
    await look_at(till, till.now)
    await look_at(till, YEAR_END + timedelta(days=10))
    assert [facts["tier"] for _, facts in await heard(till, "Tier Kept")] == ["gold"]
    found = await till.database.query(lambda c: standings.due(c, bucket_of(till.contact_id), till.now, 10))
    assert found == []


async def test_a_tier_has_ended_for_who_asks_before_any_job_looked(till: Till) -> None:
    await till.ask("order.report", paid("A", 31_000))
    seen: list[str | None] = []

    def ask(turn: Turn) -> None:
        seen.append(tier_of(turn))

    for at in (NOW, datetime(2028, 1, 10, 23, tzinfo=UTC), datetime(2028, 1, 11, tzinfo=UTC)):
        till.now = at
        await till.deed(ask)
    assert seen == ["gold", "gold", "silver"]


def _moved(result: Told) -> dict[str, JsonValue]:
    moved = result["moved"]
    assert isinstance(moved, dict)
    return moved
