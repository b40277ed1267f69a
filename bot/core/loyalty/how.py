"""How the program works, by one worked example: reckoned by the rules themselves, never written down."""

from dataclasses import dataclass
from datetime import date, datetime
from math import ceil

from bot.core.contact import Order, OrderLine
from bot.core.ledger.lots import Grant
from bot.core.local_time import local_date
from bot.core.loyalty.catalogue import Reward
from bot.core.loyalty.earnings import earn_for_order
from bot.core.loyalty.eligibility import MemberFacts
from bot.core.loyalty.gains import MAIN
from bot.core.loyalty.program import Program
from bot.core.loyalty.reckoned import ReckonedFunds, ReckonedPast
from bot.core.loyalty.sales import sale_of, terms_of

_ROUND = (20, 50, 100, 200, 500, 1_000, 5_000, 10_000)
"""What an order of the example may come to, in whole units of the currency: the first that earns anything."""


@dataclass(frozen=True, slots=True)
class Example:
    """An order of today and what comes of it.

    `category` is what it is of, where not everything earns. What it earns can be spent from `starts_on` and
    is good through `good_through`, None where it never ends. `orders` such orders pay for `reward`, the
    cheapest there is.
    """

    spend_minor: int
    category: str
    earned_minor: int
    starts_on: date
    good_through: date | None
    reward: Reward | None
    orders: int


def example_of(program: Program, shop_zone: str, zone: str, now: datetime) -> Example | None:
    """Work the example for a new member in `zone`; None where no order earns credit."""
    categories = [category for rule in program.earning.rules for category in rule.category]
    for category in ("", *categories):
        for whole in _ROUND:
            spend_minor = whole * 10**program.currency.exponent
            earned_minor = _earned(program, shop_zone, now, spend_minor, category)
            if earned_minor:
                return _example(program, zone, now, spend_minor, category, earned_minor)
    return None


def cheapest(program: Program) -> Reward | None:
    """Return the reward that costs least."""
    return min(program.rewards, key=lambda reward: reward.cost_minor, default=None)


def _example(  # an order and what it earned
    program: Program, zone: str, now: datetime, spend_minor: int, category: str, earned_minor: int
) -> Example:
    grant: Grant = program.earned_grant(earned_minor, now, zone, "")
    reward = cheapest(program)
    return Example(
        spend_minor=spend_minor,
        category=category,
        earned_minor=earned_minor,
        starts_on=local_date(grant.terms.active_from, zone),
        good_through=grant.terms.expires_on,
        reward=reward,
        orders=ceil(reward.cost_minor / earned_minor) if reward else 0,
    )


def _earned(program: Program, shop_zone: str, now: datetime, spend_minor: int, category: str) -> int:
    today = local_date(now, shop_zone)
    terms = terms_of(program, shop_zone, today)
    order = Order(
        id="",
        source="",
        placed_at=now,
        lines=(OrderLine("", "", 1, spend_minor, category),),
        total_minor=spend_minor,
    )
    sale = sale_of(order, terms.earning.base)
    # Somebody who has ordered before, so that what is for first orders alone is not promised for each.
    member = MemberFacts(today, today, orders_before=1)
    found = earn_for_order(terms, sale, member, ReckonedPast(), ReckonedFunds().take, now)
    return sum(gain.granted for gain in found.gains if gain.wallet == MAIN)
