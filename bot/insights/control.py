"""What marketing brings: members of the control group beside as many who were not held back."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.core.control_group import ControlGroup, Side
from bot.core.experiments.intervals import SRM_BLOCKS_BELOW, sample_ratio, share_of
from bot.core.ids import BUCKETS
from bot.core.turn import Shop
from bot.insights.worth import Compared, compared, moments
from bot.storage import purchases
from bot.storage.driver import Database
from bot.storage.purchases import Bought, Period

CONTROL_DAYS = 90


@dataclass(frozen=True, slots=True)
class Control:
    """What contacts came to in a period: those who are not held back (`one`) beside those who are (`other`).

    Of whoever was known before the period began: who became known in it may have become so by marketing.
    """

    period: Period
    sample_ratio: float
    """The chance that as many of one side were lost as there were."""
    ordered: Compared
    orders: Compared
    cash: Compared
    redeemed: Compared
    opted_out: Compared

    @property
    def is_blocked(self) -> bool:
        """Whether people are lost on one side, so that nothing can be compared."""
        return self.sample_ratio < SRM_BLOCKS_BELOW


@dataclass(frozen=True, slots=True)
class Deeds:
    """What all contacts did in a period."""

    orders: list[Bought]
    redeemed: frozenset[str]
    opted_out: frozenset[str]


async def control(database: Database, shop: Shop, now: datetime, *, days: int) -> Control | None:
    """Read what both sides did in the last days, a bucket at a time; None where nobody is held back."""
    group, period = shop.policy.control, Period(now - timedelta(days=days), now)
    if group is None:
        return None
    there: list[str] = []
    orders: list[Bought] = []
    redeemed: set[str] = set()
    opted_out: set[str] = set()
    for bucket in range(BUCKETS):
        known = await database.query(partial(purchases.there, bucket=bucket, before=period.since))
        there += (contact for contact in known if group.side(contact) is not Side.NEITHER)
        read = partial(purchases.orders, bucket=bucket, period=period, currency=shop.program.currency.code)
        orders += await database.query(read)
        spent = await database.query(partial(purchases.redeemed, bucket=bucket, period=period))
        redeemed.update(contact for contact, _ in spent)
        opted_out |= await database.query(partial(purchases.opted_out, bucket=bucket, period=period))
    return compare(group, there, Deeds(orders, frozenset(redeemed), frozenset(opted_out)), period)


def compare(group: ControlGroup, there: list[str], did: Deeds, period: Period) -> Control:
    """Put both sides of those who were there beside each other."""
    treated, held = (
        [contact for contact in there if group.side(contact) is side]
        for side in (Side.TREATMENT, Side.CONTROL)
    )
    bought: dict[str, list[int]] = defaultdict(list)
    for order in did.orders:
        bought[order.contact].append(order.cash_minor)

    def each(of: dict[str, float]) -> Compared:
        return compared(*(moments(of.get(contact, 0) for contact in side) for side in (treated, held)))

    def share(those: frozenset[str]) -> Compared:
        sides = (share_of(len(side), sum(contact in those for contact in side)) for side in (treated, held))
        return compared(*sides, is_share=True)

    return Control(
        period=period,
        sample_ratio=sample_ratio([len(treated), len(held)], [1, 1]),
        ordered=share(frozenset(bought)),
        orders=each({contact: len(cash) for contact, cash in bought.items()}),
        cash=each({contact: sum(cash) for contact, cash in bought.items()}),
        redeemed=share(did.redeemed),
        opted_out=share(did.opted_out),
    )
