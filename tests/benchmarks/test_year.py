"""A made-up month goes through the ledger as the real year does, and every figure of it holds."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest

from benchmarks import completejourney
from benchmarks.completejourney import JourneyLine, JourneyOrder
from benchmarks.databases import Postgres
from benchmarks.report import Report
from benchmarks.year import BUY, EXPIRE, backs, comes_early, lived, main

BOOKS: list[dict[str, int]] = []
"""What the runs of these tests came to."""
CATEGORIES = ("FLUID MILK PRODUCTS", "SALAD MIX", "SOFT DRINKS")


def made_up(days: int) -> Iterator[JourneyOrder]:
    """Four households that buy every other day or so."""
    chance = random.Random("a month")
    for day in range(days):
        for household in "1248":
            at = datetime(2017, 6, 1, 15, tzinfo=UTC) + timedelta(days=day, minutes=int(household))
            lines = [
                JourneyLine(f"P{chance.randrange(9)}", "", chance.choice(CATEGORIES), 1, price, price // 7)
                for price in (chance.randrange(0, 4000) for _ in range(chance.randrange(1, 5)))
            ]
            if chance.random() < 0.6:
                yield JourneyOrder(household, f"{household}-{day}", at, tuple(lines))


def by_day(orders: Sequence[JourneyOrder]) -> Iterator[tuple[date, Sequence[JourneyOrder]]]:
    for day, bought in groupby(orders, key=lambda order: order.placed_on):
        yield day, list(bought)


async def test_a_month_ends_with_books_that_hold_on_sqlite(tmp_path: Path) -> None:
    await the_books_hold(f"sqlite+aiosqlite:///{tmp_path}/year.db")


def test_a_month_ends_with_books_that_hold_on_postgresql(postgres: Postgres) -> None:
    asyncio.run(the_books_hold(postgres.fresh("month")))


async def the_books_hold(url: str) -> None:
    orders = list(made_up(25))
    report = Report("year")
    year = await lived(url, by_day(orders), report)
    assert [goal for goal in report.goals if not goal.ok] == []
    assert len(report.goals) == 5
    assert not [name for name in year.done if name.startswith(("order.", BUY, EXPIRE)) and "refused" in name]
    assert min(year.done[name] for name in (BUY, EXPIRE, "order.refund", "checkout.capture")) > 0
    (figures,) = report.figures.values()
    assert isinstance(figures, dict)
    books = figures["books_minor"]
    BOOKS.append(books)
    assert books == BOOKS[0], "every run is the same, on either database"
    assert min(books[name] for name in ("issued", "spent", "restored", "expired", "clawed_back")) > 0


def test_what_comes_back_is_the_same_in_every_run() -> None:
    orders = list(made_up(200))
    assert [backs(order) for order in orders] == [backs(order) for order in orders]
    assert {comes_early(order) for order in orders} == {True, False}
    assert {back.name for order in orders for back in backs(order)} == {"order.refund", "order.cancel"}


@pytest.mark.skipif(not completejourney.is_loaded(), reason="the year is not in the cache")
def test_one_household_of_the_real_year(tmp_path: Path) -> None:
    report = main(database_url=f"sqlite:///{tmp_path}/year.db", households=1)
    assert [goal.ok for goal in report.goals] == [True] * 5
