"""What members are worth beside others, and what a program brings beside those who were kept out of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.experiments.experiment import HOLDOUT
from bot.core.experiments.intervals import Interval, Moments, fixed, share_of
from bot.storage.purchases import Bought, Exposed, Period


@dataclass(frozen=True, slots=True)
class Compared:
    """Two groups by the same measure; `difference` is None where there are too few to say."""

    one: Moments
    other: Moments
    difference: Interval | None


@dataclass(frozen=True, slots=True)
class Value:
    """What buyers brought in their first `days` of the period: members beside all others."""

    days: int
    cash: Compared
    orders: Compared
    too_new: int
    """Buyers whose days are not over yet: left out."""


@dataclass(frozen=True, slots=True)
class Uplift:
    """What an experiment's contacts did beside those who were kept out of it, within `days` of meeting it."""

    experiment: str
    days: int
    redeemed: Compared
    cash: Compared
    too_new: int


def value_of_members(
    orders: Iterable[Bought], enrolled: Mapping[str, datetime], period: Period, days: int
) -> Value:
    """Compare buyers by what they were when they first bought in the period."""
    of: dict[str, list[Bought]] = defaultdict(list)
    for order in orders:
        of[order.contact].append(order)
    length, too_new = timedelta(days=days), 0
    cash: dict[bool, list[float]] = {True: [], False: []}
    times: dict[bool, list[float]] = {True: [], False: []}
    for contact, bought in of.items():
        first = min(order.at for order in bought)
        if first + length > period.until:
            too_new += 1
            continue
        joined_at = enrolled.get(contact)
        is_member = joined_at is not None and joined_at <= first
        within = [order for order in bought if order.at < first + length]
        cash[is_member].append(sum(order.cash_minor for order in within))
        times[is_member].append(len(within))
    return Value(
        days, compared(moments(cash[True]), moments(cash[False])),
        compared(moments(times[True]), moments(times[False])), too_new,
    )  # fmt: skip


def uplifts(
    exposed: Iterable[Exposed],
    redeemed: Iterable[tuple[str, datetime]],
    orders: Iterable[Bought],
    period: Period,
    days: int,
) -> list[Uplift]:
    """Compare, for each experiment that keeps some out, who met it with who was kept out."""
    met: dict[str, dict[str, Exposed]] = defaultdict(dict)
    for one in exposed:
        met[one.experiment][one.contact] = one
    spent: dict[str, list[datetime]] = defaultdict(list)
    for contact, at in redeemed:
        spent[contact].append(at)
    bought: dict[str, list[Bought]] = defaultdict(list)
    for order in orders:
        bought[order.contact].append(order)
    return [
        _uplift(name, people.values(), spent, bought, period, days)
        for name, people in sorted(met.items())
        if any(one.arm == HOLDOUT for one in people.values())
    ]


def _uplift(  # who, what they did, and in which time
    name: str,
    people: Iterable[Exposed],
    spent: Mapping[str, list[datetime]],
    bought: Mapping[str, list[Bought]],
    period: Period,
    days: int,
) -> Uplift:
    length, too_new = timedelta(days=days), 0
    did: dict[bool, int] = {True: 0, False: 0}
    cash: dict[bool, list[float]] = {True: [], False: []}
    for one in people:
        end = one.at + length
        if end > period.until:
            too_new += 1
            continue
        is_out = one.arm == HOLDOUT
        did[is_out] += any(one.at <= at < end for at in spent.get(one.contact, ()))
        cash[is_out].append(
            sum(order.cash_minor for order in bought.get(one.contact, ()) if one.at <= order.at < end)
        )
    return Uplift(
        experiment=name,
        days=days,
        redeemed=compared(
            share_of(len(cash[False]), did[False]), share_of(len(cash[True]), did[True]), is_share=True
        ),
        cash=compared(moments(cash[False]), moments(cash[True])),
        too_new=too_new,
    )


def moments(values: Iterable[float]) -> Moments:
    """Sum them up."""
    known = list(values)
    return Moments(len(known), sum(known), sum(value * value for value in known))


def compared(one: Moments, other: Moments, *, is_share: bool = False) -> Compared:
    """Put the one beside the other."""
    return Compared(one, other, fixed(one, other, is_share=is_share))
