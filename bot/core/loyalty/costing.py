"""What a program's earning rules would have cost on orders that there were: reckoned, never written.

The same reckoning as for real (`earn_for_order`), on a past and funds kept in memory.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.core.contact import Order
from bot.core.errors import Refused
from bot.core.local_time import local_date
from bot.core.loyalty.earnings import earn_for_order
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.gains import MAIN, Earnings
from bot.core.loyalty.program import Program
from bot.core.loyalty.reckoned import ReckonedFunds, ReckonedPast
from bot.core.loyalty.rules import EarningRule
from bot.core.loyalty.sales import sale_of, terms_of
from bot.core.loyalty.tiers import Metric, Tiers

GIVEN_UP = frozenset({"canceled", "cancelled", "rejected", "refunded"})
"""What orders are called that earn nothing in the end."""


@dataclass(frozen=True, slots=True)
class MemberOrders:
    """A member as conditions know it, and its orders, oldest first; `facts.today` does not matter."""

    facts: MemberFacts
    orders: Sequence[Order]


@dataclass(slots=True)
class Cost:
    """What rules would have granted in the program's currency; `orders` and `members` are those that earn."""

    orders: int = 0
    members: int = 0
    credit_minor: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    desired_minor: int = 0
    """What it would have been without caps and funds."""


@dataclass(slots=True)
class Reckoning:
    """Reckons member after member, out of the same funds; `zone` is the shop's.

    Orders earn by the rules of the day they were placed on. Those before `since` earn nothing, but are known
    to have been there. What is in a currency that the program does not have earns nothing.
    """

    program: Program
    zone: str
    since: datetime | None = None
    cost: Cost = field(default_factory=Cost)
    funds: ReckonedFunds = field(default_factory=ReckonedFunds)

    def add(self, member: MemberOrders) -> int:
        """Reckon a member's orders; returns what they would have earned."""
        past, credit_before, orders_before = ReckonedPast(), self.cost.credit_minor, self.cost.orders
        kept = [order for order in member.orders if order.status not in GIVEN_UP]
        for number, order in enumerate(kept):
            if self.since is not None and order.placed_at < self.since:
                past.keep(Earnings(), order.placed_at, sale_of(order, self.program.earning.base))
            else:
                self._earn(order, replace(member.facts, orders_before=number), past)
        self.cost.members += self.cost.orders > orders_before
        return self.cost.credit_minor - credit_before

    def _earn(self, order: Order, facts: MemberFacts, past: ReckonedPast) -> None:
        today = local_date(order.placed_at, self.zone)
        try:
            terms = terms_of(self.program, self.zone, today, order.currency)
        except Refused:
            return
        sale = sale_of(order, terms.earning.base)
        facts = replace(facts, today=today)
        found = earn_for_order(terms, sale, facts, past, self.funds.take, order.placed_at)
        past.keep(found, order.placed_at, sale)
        self.cost.orders += 1
        for gain in found.gains:
            if gain.wallet == MAIN:
                self.cost.credit_minor += gain.granted
                self.cost.desired_minor += gain.desired
                self.cost.by_rule[gain.rule] += gain.granted


def cost_of(program: Program, members: Iterable[MemberOrders], zone: str) -> Cost:
    """Reckon what these members' orders would have earned."""
    reckoning = Reckoning(program, zone)
    for member in members:
        reckoning.add(member)
    return reckoning.cost


def undated(program: Program, today: date) -> Program:
    """Return the program with every rule that is not over yet holding on every day: to foresee its cost."""
    earning = program.earning
    rules = tuple(_undated(rule) for rule in earning.rules if rule.until_on is None or rule.until_on >= today)
    return program.model_copy(update={"earning": earning.model_copy(update={"rules": rules})})


def tiers_of(
    tiers: Tiers | None, member: MemberOrders, zone: str, today: date, *, currency: str
) -> str | None:
    """Return the tier that a member's orders reach today, its standing before left aside.

    What was spent in another currency than the program's is not added.
    """
    if tiers is None:
        return None
    since = tiers.counted_from(today)
    counted = [
        order
        for order in member.orders
        if order.status not in GIVEN_UP and since <= local_date(order.placed_at, zone) <= today
    ]
    if tiers.metric is Metric.ORDERS:
        total = len([order for order in counted if order.refunded_minor < order.cash_minor])
    else:
        own = (order for order in counted if order.currency in {"", currency})
        total = sum(max(order.cash_minor - order.refunded_minor, 0) for order in own)
    reached = tiers.earned(total, today)
    return reached.id if reached is not None else None


def _undated(rule: EarningRule) -> EarningRule:
    return rule.model_copy(update={"from_on": None, "until_on": None})


def moved(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> Counter[tuple[str, str]]:
    """Count who would move from which tier to which; empty stands for none."""
    return Counter(
        (before.get(member) or "", tier or "")
        for member, tier in after.items()
        if (before.get(member) or "") != (tier or "")
    )
