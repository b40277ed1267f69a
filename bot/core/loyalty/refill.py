"""The `refill` section, and when a member will need more of what they use up: kept for each category bought.

Anything of the category is a substitute for all the rest of it, so whoever bought it elsewhere on the shelf
is not asked. When they are expected follows from `pace.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Annotated

from pydantic import Field

from bot.core.contact import Order, Product
from bot.core.local_time import instant_of, local_date
from bot.core.loyalty.fields import Clock, Days, Rule
from bot.core.loyalty.orders import REFUNDED, is_at_least
from bot.core.loyalty.pace import Law, Paces, Purchase, law_of

PROMPT = 0.35
"""So much of the chance has passed when a member is asked: sooner is a nuisance, later they have bought."""
WINDOW = (0.1, 0.9)
DAYS_MAX = 25
"""So many days of purchases are remembered; older ones count for nearly nothing."""
_DAY = timedelta(days=1)


class RefillRules(Rule):
    """What is used up and bought again, and how members are asked whether it runs low.

    `categories` says of each how long one lasts while no orders tell.
    """

    categories: Annotated[Mapping[str, Annotated[Days, Field(gt=timedelta(0))]], Field(min_length=1)]
    purchases: Annotated[int, Field(ge=1, le=DAYS_MAX)] = 2
    lead: Days = timedelta(0)
    quiet: Annotated[Days, Field(gt=timedelta(0))] = timedelta(days=14)
    at: Clock = time(10)

    def lasts(self, category: str) -> float | None:
        """Return the days that one is said to last; None: nobody is asked for this."""
        days = self.categories.get(category)
        return None if days is None else float(days.days)


@dataclass(frozen=True, slots=True)
class Bought:
    """So many of one product, in one order, on a day of the member's own."""

    bought_on: date
    sku: str
    quantity: int
    order_id: str


@dataclass(frozen=True, slots=True)
class Refill:
    """What a member bought of a category, oldest first, and when the next is expected.

    `sku` is their favourite of it. With four chances in five they buy again from `from_at` until `until_at`,
    most likely about `expected_at`. `prompt_at` None: they are not to be asked, `why_not` says why.
    """

    category: str
    sku: str
    bought_at: datetime
    expected_at: datetime
    from_at: datetime
    until_at: datetime
    prompt_at: datetime | None
    bought: tuple[Bought, ...] = ()
    asked_at: datetime | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Refills:
    """All of a contact's, and how fast everybody uses things up."""

    kept: Mapping[str, Refill] = field(default_factory=dict)
    paces: Paces = field(default_factory=Paces)


def remembered(bought: Iterable[Bought], order_id: str, of_order: Iterable[Bought]) -> tuple[Bought, ...]:
    """Return what was bought with an order as it is now in place of what it was, oldest first."""
    all_bought = [one for one in bought if one.order_id != order_id]
    all_bought += of_order
    days = sorted({one.bought_on for one in all_bought})[-DAYS_MAX:]
    return tuple(
        sorted(
            (one for one in all_bought if one.bought_on in days),
            key=lambda one: (one.bought_on, one.order_id, one.sku),
        )
    )


def by_day(bought: Iterable[Bought]) -> list[Purchase]:
    """Return the purchases, one a day, oldest first."""
    days: dict[date, int] = defaultdict(int)
    for one in bought:
        days[one.bought_on] += one.quantity
    return [Purchase(day, days[day]) for day in sorted(days)]


def favourite(bought: Sequence[Bought]) -> str:
    """Return what was in most orders; of several the one bought last. Empty where nothing was bought."""
    times: dict[str, int] = defaultdict(int)
    latest: dict[str, int] = {}
    for place, one in enumerate(bought):
        times[one.sku] += 1
        latest[one.sku] = place
    return max(times, key=lambda sku: (times[sku], latest[sku]), default="")


def expected(
    category: str, bought: Sequence[Bought], bought_at: datetime, paces: Paces, lasts: float | None
) -> Refill:
    """Return what is expected after what was bought, the last of it at `bought_at`; nobody is asked yet."""
    law = law_of(by_day(bought), paces.of(category, lasts))
    first, last = (_after(bought_at, law, chance) for chance in WINDOW)
    return Refill(
        category=category,
        sku=favourite(bought),
        bought_at=bought_at,
        expected_at=bought_at + timedelta(days=law.likely_days()),
        from_at=first,
        until_at=last,
        prompt_at=None,
        bought=tuple(bought),
    )


def prompt_at(refill: Refill, rules: RefillRules, paces: Paces, zone: str) -> datetime | None:
    """Return when to ask, on the member's own clock and never on the day they bought; None: not at all."""
    lasts, purchases = rules.lasts(refill.category), by_day(refill.bought)
    if lasts is None or len(purchases) < rules.purchases:
        return None
    law = law_of(purchases, paces.of(refill.category, lasts))
    day = local_date(_after(refill.bought_at, law, PROMPT) - rules.lead, zone)
    soonest = local_date(refill.bought_at, zone) + _DAY
    return instant_of(max(day, soonest), rules.at, zone)


def after_order(  # what is kept, what came, and by which rules
    kept: Mapping[str, Refill],
    order: Order,
    rules: RefillRules,
    paces: Paces,
    products: Mapping[str, Product],
    zone: str,
) -> list[Refill]:
    """Return what is to be kept anew once an order came or changed; nothing of what it does not change."""
    bought = _by_category(order, products, zone)
    had = {name for name, refill in kept.items() if any(one.order_id == order.id for one in refill.bought)}
    found = [
        _reckoned(category, kept.get(category), order, bought.get(category, ()), (rules, paces, zone))
        for category in sorted(bought.keys() | had)
    ]
    return [refill for refill in found if refill is not None]


def _by_category(order: Order, products: Mapping[str, Product], zone: str) -> dict[str, list[Bought]]:
    """What is left of an order, by category; nothing of one that came to nothing."""
    bought: dict[str, list[Bought]] = {}
    if is_at_least(order.status, REFUNDED):
        return bought
    day = local_date(order.placed_at, zone)
    for line in order.lines:
        product, left = products.get(line.sku), line.quantity - line.returned_quantity
        category = line.category or (product.category if product is not None else "")
        if left > 0 and category:
            bought.setdefault(category, []).append(Bought(day, line.sku, left, order.id))
    return bought


def _reckoned(
    category: str,
    before: Refill | None,
    order: Order,
    of_order: Sequence[Bought],
    by: tuple[RefillRules, Paces, str],
) -> Refill | None:
    """What is kept of a category after the order; None: what it was."""
    rules, paces, zone = by
    had = before.bought if before is not None else ()
    bought = remembered(had, order.id, of_order)
    if before is not None and bought == had:
        return None
    if not bought:
        assert before is not None, "something was bought, or had been"
        return replace(before, prompt_at=None, bought=(), why_not="returned")
    refill = expected(category, bought, _bought_at(bought, before, order), paces, rules.lasts(category))
    refill = replace(refill, asked_at=before.asked_at if before is not None else None)
    if had and bought[-1].bought_on < had[-1].bought_on:
        return replace(refill, why_not="returned")  # who gave the last one back does not want the next
    return replace(refill, prompt_at=prompt_at(refill, rules, paces, zone))


def _bought_at(bought: Sequence[Bought], before: Refill | None, order: Order) -> datetime:
    """When the last of it was bought; of what came before the last the day alone is known."""
    if bought[-1].order_id == order.id or before is None or not before.bought:
        return order.placed_at
    return before.bought_at - (before.bought[-1].bought_on - bought[-1].bought_on)


def _after(bought_at: datetime, law: Law, chance: float) -> datetime:
    return bought_at + timedelta(days=law.days(chance))
