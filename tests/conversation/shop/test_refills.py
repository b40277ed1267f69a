"""What members use up, over both databases: kept when orders come, asked for in time and with reason."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.conversation.operations import OPERATIONS
from bot.core.consent import ConsentSource, Evidence, opt_in, opt_out
from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.deeds.refill_turns import ASK, refill_after_order
from bot.core.ids import bucket_of, derived_id
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant, days_good
from bot.core.loyalty.pace import USUAL, Paces
from bot.core.loyalty.refill import Refill
from bot.core.turn import Turn
from bot.storage import counters, refills
from tests.conversation.shop.asking import Desk, at_the_desk

DAY = timedelta(days=1)
RULES = {"categories": {"beans": "30d", "bakery": "7d"}, "quiet": "14d"}


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """A subscribed member of a shop that asks for beans."""
    async with at_the_desk(database_url, refill=RULES) as desk:
        await desk.does(lambda turn: turn.change_consent(opt_in(words(turn.now))))
        yield desk


def words(at: datetime) -> Evidence:
    return Evidence("loyalty", "sms", "LOYALTY", ConsentSource.KEYWORD, at, "SM1")


def an_order(desk: Desk, number: int, *skus: str, at: datetime | None = None) -> Order:
    lines = tuple(OrderLine(sku, sku.title(), 1, 1600) for sku in skus)
    return Order(
        derived_id(f"order/{number}", bucket_of(desk.contact_id)),
        "pos",
        at or desk.now,
        lines,
        1600,
        status="paid",
    )


async def buy(desk: Desk, order: Order) -> None:
    await desk.does(lambda turn: refill_after_order(turn, order))


async def buy_every(desk: Desk, days: int, times: int, sku: str = "ROAST") -> Order:
    """Buy so often; the clock stands at the last time."""
    order = an_order(desk, 0, sku)
    for number in range(times):
        desk.now += timedelta(days=days if number else 0)
        order = an_order(desk, number, sku)
        await buy(desk, order)
    return order


async def kept(desk: Desk, category: str = "beans") -> Refill:
    found = await desk.database.query(lambda c: refills.refills(c, desk.contact_id))
    return found.kept[category]


async def until_asked(desk: Desk) -> Refill:
    """Let the time pass until the job finds the member."""
    refill = await kept(desk)
    assert refill.prompt_at is not None
    desk.now = refill.prompt_at
    return refill


async def asked(desk: Desk) -> list[dict[str, JsonValue]]:
    """Ask as the job does; the properties of what flows hear then."""
    heard: list[dict[str, JsonValue]] = []

    def ask(turn: Turn) -> None:
        OPERATIONS[ASK](turn, {})
        heard[:] = [dict(event.properties) for event in turn.effects.events if event.name == "Refill Due"]

    await desk.does(ask)
    return heard


async def test_an_order_says_when_the_next_is_expected(desk: Desk) -> None:
    order = await buy_every(desk, 21, 4)
    refill = await kept(desk)
    assert refill.sku == "ROAST"
    assert refill.bought_at == order.placed_at
    assert [one.order_id for one in refill.bought][-1] == order.id
    assert refill.prompt_at is not None
    assert refill.from_at < refill.expected_at < refill.until_at
    assert desk.now < refill.prompt_at < desk.now + 21 * DAY


async def test_one_who_bought_once_is_not_asked(desk: Desk) -> None:
    await buy_every(desk, 21, 1)
    assert (await kept(desk)).prompt_at is None


async def test_the_job_finds_who_may_be_running_low_and_the_member_is_asked_once(desk: Desk) -> None:
    await buy_every(desk, 21, 4)
    refill = await kept(desk)
    assert refill.prompt_at is not None
    buckets = await desk.database.query(lambda c: refills.buckets_with_due(c, refill.prompt_at or desk.now))
    assert buckets == [bucket_of(desk.contact_id)]
    early = refill.prompt_at - timedelta(seconds=1)
    assert await desk.database.query(lambda c: refills.buckets_with_due(c, early)) == []
    await until_asked(desk)
    (told,) = await asked(desk)
    assert (told["sku"], told["product"], told["price"], told["credit"]) == ("ROAST", "Friday roast", 1600, 0)
    assert await asked(desk) == []
    after = await kept(desk)
    assert (after.prompt_at, after.asked_at) == (None, desk.now)
    assert await desk.database.query(lambda c: refills.buckets_with_due(c, desk.now + 99 * DAY)) == []


@pytest.mark.parametrize(("days", "told_of"), [(10, 400), (60, 0)])
async def test_credit_that_ends_soon_is_told_with_it(desk: Desk, days: int, told_of: int) -> None:
    await buy_every(desk, 21, 4)
    await until_asked(desk)
    last_day = desk.now.date() + timedelta(days=days)

    def give(turn: Turn) -> None:
        terms = days_good(turn.now, last_day, "UTC", timedelta(0))
        turn.books.adjust_up(
            Grant(400, terms, "promotional", "test", "p@1"), turn.now, Cause("gift", "tester")
        )

    await desk.does(give)
    (told,) = await asked(desk)
    assert told["credit"] == told_of
    assert told.get("ends_on") == (last_day.isoformat() if told_of else None)


async def test_who_bought_it_meanwhile_or_a_substitute_is_not_asked(desk: Desk) -> None:
    await buy_every(desk, 21, 4)
    refill = await until_asked(desk)
    desk.now -= DAY
    line = OrderLine("OTHER", "Other beans", 1, 1500, category="beans")
    await buy(desk, replace(an_order(desk, 9), lines=(line,)))
    desk.now += DAY
    assert await asked(desk) == []
    after = await kept(desk)
    assert after.prompt_at is not None
    assert refill.prompt_at is not None
    assert after.prompt_at > refill.prompt_at
    assert after.sku == "ROAST"  # still the favourite


async def test_who_gave_it_back_is_not_asked(desk: Desk) -> None:
    order = await buy_every(desk, 21, 4)
    (line,) = order.lines
    await buy(desk, replace(order, lines=(replace(line, returned_quantity=1),)))
    after = await kept(desk)
    assert (after.prompt_at, after.why_not) == (None, "returned")
    assert len(after.bought) == 3


async def test_who_canceled_the_only_order_bought_nothing(desk: Desk) -> None:
    order = await buy_every(desk, 21, 1)
    await buy(desk, replace(order, status="canceled"))
    assert (await kept(desk)).bought == ()


@pytest.mark.parametrize("telling", ["again", "late"])
async def test_orders_told_again_or_late_change_nothing_that_was_so(desk: Desk, telling: str) -> None:
    began = desk.now
    await buy_every(desk, 21, 4)
    before = await kept(desk)
    told = an_order(desk, 1 if telling == "again" else 8, "ROAST", at=began + 21 * DAY)
    await buy(desk, told)
    after = await kept(desk)
    assert (after.bought_at, after.sku) == (before.bought_at, before.sku)
    assert (after == before) == (telling == "again")


async def test_who_opted_out_is_not_asked(desk: Desk) -> None:
    await buy_every(desk, 21, 4)
    await until_asked(desk)
    await desk.does(lambda turn: turn.change_consent(opt_out(words(turn.now))))
    assert await asked(desk) == []
    assert (await kept(desk)).why_not == "opted_out"


async def test_what_is_out_of_stock_is_not_asked_for(desk: Desk) -> None:
    await buy_every(desk, 21, 4)
    await until_asked(desk)
    await desk.database.transact(lambda c: counters.set_units(c, "stock/ROAST", 0))
    assert await asked(desk) == []
    assert (await kept(desk)).why_not == "out_of_stock"


async def test_what_is_counted_and_there_is_asked_for(desk: Desk) -> None:
    await buy_every(desk, 21, 4)
    await until_asked(desk)
    await desk.database.transact(lambda c: counters.set_units(c, "stock/ROAST", 1))
    assert len(await asked(desk)) == 1


async def test_what_is_not_sold_any_more_is_not_asked_for(desk: Desk) -> None:
    await buy_every(desk, 21, 4)
    await until_asked(desk)
    desk.shop = replace(desk.shop, products={})
    assert await asked(desk) == []
    assert (await kept(desk)).why_not == "not_sold"


async def test_after_the_window_it_is_too_late(desk: Desk) -> None:
    await buy_every(desk, 21, 4)
    desk.now = (await kept(desk)).until_at + DAY
    assert await asked(desk) == []
    assert (await kept(desk)).why_not == "too_late"


async def test_of_two_things_one_is_asked_for_and_the_other_waits(desk: Desk) -> None:
    for number in range(5):
        desk.now += (7 if number else 0) * DAY
        await buy(desk, an_order(desk, number, "ROAST", "BUN"))
    desk.now = max(
        refill.prompt_at
        for refill in (await kept(desk), await kept(desk, "bakery"))
        if refill.prompt_at is not None
    )
    (told,) = await asked(desk)
    waiting = await kept(desk, "bakery" if told["category"] == "beans" else "beans")
    if waiting.prompt_at is None:
        assert waiting.why_not == "quiet"  # by then it would be too late
    else:
        assert waiting.prompt_at >= desk.now + 14 * DAY
    assert await asked(desk) == []


async def test_a_favourite_is_found_by_its_product(desk: Desk) -> None:
    await buy_every(desk, 21, 2)
    bucket = bucket_of(desk.contact_id)
    ask = desk.database.query
    assert await ask(lambda c: refills.whose_favourite(c, bucket, "ROAST", most=10)) == [desk.contact_id]
    assert await ask(lambda c: refills.whose_favourite(c, bucket, "BUN", most=10)) == []
    after = desk.contact_id
    assert await ask(lambda c: refills.whose_favourite(c, bucket, "ROAST", after=after, most=10)) == []


async def test_what_is_learnt_of_all_is_kept(desk: Desk) -> None:
    assert await desk.database.query(refills.paces) == Paces()
    learnt = Paces(USUAL, {"beans": replace(USUAL, mean=2.5)})
    await desk.database.transact(lambda c: refills.keep_paces(c, learnt))
    assert await desk.database.query(refills.paces) == learnt


async def test_a_shop_that_asks_for_nothing_keeps_nothing(database_url: str) -> None:
    async with at_the_desk(database_url) as desk:
        await desk.does(lambda turn: refill_after_order(turn, an_order(desk, 1, "ROAST")))
        found = await desk.database.query(lambda c: refills.refills(c, desk.contact_id))
        assert found.kept == {}
