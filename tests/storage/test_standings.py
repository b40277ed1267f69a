"""Standings are kept and found when due; what a tier is judged by is summed from orders and earnings."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.contact import Order, OrderLine
from bot.core.ids import bucket_of, derived_id, microseconds
from bot.core.ledger.books import Undoing
from bot.core.ledger.earned import EarnRecord
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, Terms
from bot.core.loyalty.standing import Standing
from bot.core.loyalty.tiers import Metric
from bot.core.turn import Turn
from bot.storage import standings
from bot.storage.driver import Database
from tests.storage.scripted import NOW, contacts, turn

DAY = timedelta(days=1)


def an_order(contact_id: str, number: int, at: datetime, cash: int) -> Order:
    """An order of one cup."""
    return Order(
        id=derived_id(f"order/{number}", bucket_of(contact_id)),
        source="shop",
        placed_at=at,
        lines=(OrderLine("TEA", "Tea", 1, cash),),
        total_minor=cash,
        cash_minor=cash,
        status="paid",
    )


async def bought(
    database: Database, contact_id: str, metric: Metric, *windows: tuple[datetime, datetime]
) -> list[int]:
    asked = ",".join(f"{microseconds(since)}-{microseconds(until)}" for since, until in windows)
    found = await database.query(lambda c: standings.bought(c, contact_id, f"{metric}/USD:{asked}"))
    return list(found)


async def test_a_standing_is_kept_by_its_kind_and_the_last_one_counts(database: Database) -> None:
    ana, ben = await contacts(database, 2)
    first = Standing("tier", "silver", NOW, NOW + DAY, {"zone": "UTC"})
    other = Standing("checkin", "3", NOW)

    def keep(turn: Turn) -> None:
        assert turn.needed("standing", "tier") is None
        turn.keep("standing", "tier", first)
        turn.keep("standing", "tier", replace(first, value="gold"))
        turn.keep("standing", "checkin", other)

    await turn(database, ana, "one", keep)
    gold = replace(first, value="gold")
    assert await database.query(lambda c: standings.standing(c, ana, "tier")) == gold
    assert await database.query(lambda c: standings.standing(c, ana, "checkin")) == other
    assert await database.query(lambda c: standings.standing(c, ben, "tier")) is None

    async def due(at: datetime) -> list[standings.DueStanding]:
        found = await database.query(lambda c: standings.buckets_with_due(c, at))
        return [
            one
            for bucket in found
            for one in await database.query(lambda c, bucket=bucket: standings.due(c, bucket, at, 10))  # type: ignore[misc]  # bound now
        ]

    assert await due(NOW + DAY - timedelta(microseconds=1)) == []
    mark = f"gold.{microseconds(NOW)}.{microseconds(NOW + DAY)}"
    assert await due(NOW + DAY) == [standings.DueStanding(ana, "tier", NOW + DAY, mark)]


async def test_what_was_bought_is_summed_window_by_window(database: Database) -> None:
    ana, ben = await contacts(database, 2)
    whole = an_order(ana, 1, NOW - 3 * DAY, 1_000)
    part = replace(an_order(ana, 2, NOW - 2 * DAY, 2_000), refunded_minor=500)
    gone = replace(an_order(ana, 3, NOW - DAY, 4_000), refunded_minor=4_300)  # shipping came back too
    cancelled = replace(an_order(ana, 4, NOW - DAY, 8_000), status="cancelled")

    unpaid = replace(an_order(ana, 5, NOW - DAY, 16_000), status="placed")
    by_text = replace(an_order(ana, 6, NOW - DAY, 30), status="placed")
    elsewhere = replace(an_order(ana, 7, NOW - DAY, 32_000), currency="CAD")

    def place(turn: Turn) -> None:
        for order in (whole, part, gone, cancelled, unpaid, by_text, elsewhere):
            turn.place_order(order)
        record = EarnRecord(f"order/{by_text.id}", "base", "main", "e", "l", 1, 1, (), (), "program@1", NOW)
        turn.keep("earned", "by_text", record)

    await turn(database, ana, "orders", place)
    await turn(database, ben, "orders", lambda turn: turn.place_order(an_order(ben, 9, NOW - DAY, 77)))
    windows = (
        (NOW - 9 * DAY, NOW),
        (NOW - 3 * DAY, NOW - 2 * DAY),  # the first instant counts, the last does not
        (NOW - 2 * DAY, NOW),
        (NOW, NOW + DAY),
    )
    assert await bought(database, ana, Metric.SPEND, *windows) == [2_530, 1_000, 1_530, 0]
    assert await bought(database, ana, Metric.ORDERS, *windows) == [4, 1, 3, 0]
    assert await bought(database, ben, Metric.SPEND, *windows) == [77, 0, 77, 0]


async def test_points_are_what_orders_earned_and_nobody_took_back(database: Database) -> None:
    (ana,) = await contacts(database, 1)
    order = an_order(ana, 1, NOW - DAY, 10_000)
    entries: list[str] = []

    def earn(turn: Turn) -> None:
        entries.clear()  # a turn may be decided again
        turn.place_order(order)
        for rule, wallet, amount in (
            ("base", "main", 500),
            ("tea", "main", 300),
            ("coffee", "card/coffee", 1),
        ):
            grant = Grant(amount, Terms(NOW, "UTC"), "promotional", "earning", "program@1")
            entry = turn.wallet(wallet).earn(grant, NOW, Cause(f"earn/{rule}", "shop"))
            entries.append(entry.id)
            record = EarnRecord(
                f"order/{order.id}", rule, wallet, entry.id, "", amount, amount, (), (), "program@1", NOW
            )
            turn.keep("earned", f"{record.source}/{rule}", record)

    def give_back(turn: Turn) -> None:
        undoing = turn.needed("undoing", entries[0])
        assert isinstance(undoing, Undoing)
        turn.books.redeem(600, NOW, Cause("spend", "shop"))
        turn.books.claw_back(undoing, NOW, Cause("back", "shop"))

    window = (NOW - 2 * DAY, NOW)
    await turn(database, ana, "earn", earn)
    assert await bought(database, ana, Metric.POINTS, window) == [800]
    await turn(database, ana, "refund", give_back)
    assert await bought(database, ana, Metric.POINTS, window) == [300]
