"""What is learnt from all orders now and then: which products belong together, and paces."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from bot.core.contact import Product
from bot.core.loyalty.pace import Sums, paces_of
from bot.core.loyalty.program import Program
from bot.core.loyalty.recommended import Partner
from bot.core.loyalty.refill import by_day
from bot.insights.pairs import Baskets, Doubt, Pair, doubted, pairs_of
from bot.storage import affinities, baskets, refills
from bot.storage.driver import Database

LOOKED_BACK = timedelta(days=365)
"""Older orders are of another menu."""
PARTNERS_MAX = 8
_LATE = 2 / 3
"""After so much of the time it is late: what held before must hold there too."""


async def count_baskets(database: Database, since: datetime, together_min: int) -> Baskets:
    """Count what was bought together since then."""
    buckets = await database.query(lambda c: baskets.buckets_with_orders(c, since))
    sold: Counter[str] = Counter()
    spans = []
    for bucket in buckets:
        sold.update(await database.query(partial(baskets.sold, bucket=bucket, since=since)))
        spans.append(await database.query(partial(baskets.span, bucket=bucket, since=since)))
    counted = Baskets(frozenset(sku for sku, lines in sold.items() if lines >= together_min))
    known = [span for span in spans if span is not None]
    if not known:
        return counted
    first, last = min(span[0] for span in known), max(span[1] for span in known)
    late_from = first + (last - first) * _LATE
    for bucket in buckets:
        for of_member in await database.query(partial(baskets.baskets, bucket=bucket, since=since)):
            counted.add((skus, at >= late_from) for skus, at in of_member)
    return counted


async def suggested_pairs(
    database: Database, program: Program, products: Mapping[str, Product], since: datetime, together_min: int
) -> tuple[list[Pair], list[Doubt]]:
    """Return the pairs that belong together since then, the surest first, and those that only seem to."""
    counted = await count_baskets(database, since, together_min)
    bundles = [frozenset(item.sku for item in bundle.items) for bundle in program.bundles]
    return doubted(pairs_of(counted, together_min=together_min), products, bundles)


async def learn(
    database: Database, program: Program, products: Mapping[str, Product], now: datetime, together_min: int
) -> int:
    """Learn what texts recommend and when refills are due; returns how many products have a partner."""
    # What is sold as a bundle is a good partner all the same.
    counted = await count_baskets(database, now - LOOKED_BACK, together_min)
    pairs, _ = doubted(pairs_of(counted, together_min=together_min), products)
    partners = partners_of(pairs)
    await database.transact(lambda c: affinities.keep(c, partners))
    if program.refill is not None:
        await _learn_paces(database, program)
    return len(partners)


def partners_of(pairs: list[Pair]) -> dict[str, list[Partner]]:
    """Return what goes with each product, the surest first, no more than a text could ever ask for."""
    partners: dict[str, list[Partner]] = {}
    for pair in pairs:
        for sku, other in ((pair.one, pair.other), (pair.other, pair.one)):
            of_sku = partners.setdefault(sku, [])
            if len(of_sku) < PARTNERS_MAX:
                of_sku.append(Partner(other, round(pair.lift_low, 3)))
    return partners


async def _learn_paces(database: Database, program: Program) -> None:
    sums: dict[str, Sums] = {}
    for bucket in await database.query(refills.buckets_with_any):
        for category, bought in await database.query(partial(refills.bought_in, bucket=bucket)):
            sums.setdefault(category, Sums()).add(by_day(bought))
    assert program.refill is not None, "asked for by who has it"
    said = {category: float(days.days) for category, days in program.refill.categories.items()}
    learnt = paces_of(sums, said)
    await database.transact(lambda c: refills.keep_paces(c, learnt))
