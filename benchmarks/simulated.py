"""`python -m benchmarks.simulated`: the shop's rules, and twice their rate, lived through a real year.

What `regulars program simulate` does, on the orders of `completejourney`: nothing may be lost or made, and it
should take minutes, not hours. One order in thirty comes back, half of it, a week later.
"""

import random
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from benchmarks import completejourney
from benchmarks.completejourney import JourneyOrder
from benchmarks.report import Report, at_most, say
from bot.core.contact import Order, OrderLine
from bot.core.flow.program_file import read_program
from bot.core.flow.reader import read
from bot.core.loyalty.orders import PAID, priced
from bot.core.loyalty.program import Program
from bot.insights.order_files import PastOrder
from bot.insights.simulation import Assumptions, Outcome, simulate

_PROGRAM = Path(__file__).parents[1] / "flows" / "program.yaml"
_PAYS = Fraction(3, 10)
_QUICK = 150
"""With `--quick` one household in so many."""


def past(order: JourneyOrder) -> PastOrder:
    """A basket as a simulation wants it."""
    comes_back = random.Random(order.reference).randrange(30) == 0
    lines = tuple(
        OrderLine(
            line.product,
            "",
            1,
            line.gross_minor,
            category=line.category,
            discount_minor=line.discount_minor,
            returned_minor=line.cash_minor // 2 if comes_back else 0,
        )
        for line in order.lines
    )
    sold = priced(Order(order.reference, "till", order.placed_at, lines, 0, status=PAID))
    return PastOrder(order.household, sold, order.placed_at + timedelta(days=7) if comes_back else None)


def year(*, quick: bool) -> Iterable[PastOrder]:
    if not quick:
        return map(past, completejourney.orders())
    return [past(order) for order in completejourney.orders() if int(order.household) % _QUICK == 0]


def main(*, quick: bool) -> Report:
    report = Report("simulated")
    program = read_program(read(_PROGRAM.read_text(encoding="utf-8"), _PROGRAM.name))
    few = year(quick=True) if quick else ()
    for name, rules in (("shop", program), ("twice", _twice(program))):
        say(f"living the year by the rules of {name}")
        began_at = time.process_time()
        outcome = simulate(rules, completejourney.ZONE, few or year(quick=quick), Assumptions(_PAYS))
        seconds = time.process_time() - began_at
        report.goals += [
            at_most(f"minor units lost or made, {name}", abs(sum(outcome.accounts.values())), 0),
            at_most(f"issued beside outstanding + spent + expired + taken back, {name}", _off(outcome), 0),
        ]
        report.figures[name] = _figures(outcome) | {
            "microseconds_an_order": round(seconds / max(outcome.orders, 1) * 1e6)
        }
    return report


def _twice(program: Program) -> Program:
    rules = tuple(
        rule.model_copy(update={"rate": rule.rate * 2 if rule.rate is not None else None})
        for rule in program.earning.rules
    )
    return program.model_copy(update={"earning": program.earning.model_copy(update={"rules": rules})})


def _off(outcome: Outcome) -> int:
    accounted = outcome.outstanding_minor + outcome.spent_minor + outcome.expired_minor
    return abs(outcome.granted_minor - accounted - outcome.taken_back_minor)


def _figures(outcome: Outcome) -> dict[str, object]:
    return {
        "orders": outcome.orders,
        "members": outcome.members,
        "cash_minor": outcome.cash_minor,
        "granted_minor": outcome.granted_minor,
        "by_rule_minor": dict(outcome.by_rule),
        "spent_minor": outcome.spent_minor,
        "expired_minor": outcome.expired_minor,
        "taken_back_minor": outcome.taken_back_minor,
        "outstanding_minor": outcome.outstanding_minor,
        "deferred_minor": outcome.deferred_minor,
    }


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:]).print()
