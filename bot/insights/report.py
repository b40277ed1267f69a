"""All insights of a shop over a period, read from its orders, members, entries and exposures."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from bot.core.ids import BUCKETS
from bot.core.local_time import local_date
from bot.core.turn import Shop
from bot.insights.control import CONTROL_DAYS, Control, control
from bot.insights.learning import suggested_pairs
from bot.insights.pairs import TOGETHER_MIN, Doubt, Pair
from bot.insights.survival import Curve, curve
from bot.insights.worth import Uplift, Value, uplifts, value_of_members
from bot.storage import purchases
from bot.storage.driver import Database
from bot.storage.purchases import Bought, Exposed, Period

WATCHED_MIN = 20
"""A curve of fewer is an anecdote."""
VALUE_DAYS = 90
UPLIFT_DAYS = 28


@dataclass(frozen=True, slots=True)
class Insights:
    """What the shop's own orders say, and of which time; `again` is by category, the most bought first."""

    period: Period
    again: tuple[tuple[str, Curve], ...]
    too_few: tuple[str, ...]
    """Categories that too few bought."""
    pairs: tuple[Pair, ...]
    doubts: tuple[Doubt, ...]
    value: Value
    uplifts: tuple[Uplift, ...]
    control: Control | None = None
    """None: nobody is held back from marketing."""


async def insights(
    database: Database, shop: Shop, now: datetime, *, days: int, together_min: int = TOGETHER_MIN
) -> Insights:
    """Read all of it, a bucket at a time."""
    zone, program = shop.zone, shop.program
    period = Period(now - timedelta(days=days), now)
    orders: list[Bought] = []
    enrolled: dict[str, datetime] = {}
    exposed: list[Exposed] = []
    redeemed: list[tuple[str, datetime]] = []
    bought: dict[str, dict[str, set[date]]] = defaultdict(lambda: defaultdict(set))
    for bucket in range(BUCKETS):
        read = partial(purchases.orders, bucket=bucket, period=period, currency=program.currency.code)
        orders += await database.query(read)
        enrolled |= await database.query(partial(purchases.enrolled, bucket=bucket))
        exposed += await database.query(partial(purchases.exposed, bucket=bucket, period=period))
        redeemed += await database.query(partial(purchases.redeemed, bucket=bucket, period=period))
        of_bucket = await database.query(partial(purchases.by_category, bucket=bucket, period=period))
        for contact, category, at in of_bucket:
            bought[category][contact].add(local_date(at, zone))
    uplift_days = min(UPLIFT_DAYS, max(days // 2, 1))
    last_on = local_date(now, zone)
    curves = {name: curve(first_gaps(people.values(), last_on)) for name, people in bought.items()}
    pairs, doubts = await suggested_pairs(database, program, shop.products, period.since, together_min)
    return Insights(
        period=period,
        again=tuple(
            sorted(
                ((name, one) for name, one in curves.items() if one.watched >= WATCHED_MIN),
                key=lambda named: (-named[1].watched, named[0]),
            )
        ),
        too_few=tuple(sorted(name for name, one in curves.items() if one.watched < WATCHED_MIN)),
        pairs=tuple(pairs),
        doubts=tuple(doubts),
        value=value_of_members(orders, enrolled, period, min(VALUE_DAYS, max(days // 2, 1))),
        uplifts=tuple(uplifts(exposed, redeemed, orders, period, uplift_days)),
        control=await control(database, shop, now, days=min(CONTROL_DAYS, max(days // 2, 1))),
    )


def first_gaps(people: Iterable[Iterable[date]], last_on: date) -> Iterable[tuple[int, bool]]:
    """Return for everybody the days from the first purchase to the next, or to the last day looked at.

    One gap a person, so that all are independent; and the first, because a gap that a day falls into is
    longer than others are.
    """
    for days in people:
        first, *others = sorted(days)
        if others:
            yield (others[0] - first).days, True
        elif last_on > first:
            yield (last_on - first).days, False
