"""Earning: what the contact earns credit for now, in the order in which a text tells of it."""

from collections.abc import Mapping
from fractions import Fraction

from bot.core.contact import JsonValue
from bot.core.flow.handler import handler
from bot.core.local_time import local_date
from bot.core.loyalty.rules import BASE, EarningRule
from bot.core.turn import Turn

_RULES_MAX = 6


@handler(returns=("rate", "days", "rules"))
def earn(turn: Turn) -> Mapping[str, JsonValue]:
    """Tell what there is to be earned today.

    `rate` is the percentage of what is paid that every order earns, 0 if there is none, and `days` how many
    days it is pending. `rules` are those with a name that may be for the contact: each with its `name`, what
    it gives (`percent`, `times` or `credit` in minor units, the others 0) and `until`, its last day.
    """
    today = local_date(turn.now, turn.shop.zone)
    earning = turn.program.earning
    named = [rule for rule in earning.rules if rule.name is not None and rule.lasts(today)]
    base = earning.rule(BASE)
    return {
        "rate": _number(base.rate * 100) if base is not None and base.rate is not None else 0,
        "days": earning.pending.days,
        "rules": [_told(turn, rule) for rule in named[:_RULES_MAX]],
    }


def _told(turn: Turn, rule: EarningRule) -> dict[str, JsonValue]:
    assert rule.name is not None, "only what has a name is told"
    return {
        "name": turn.program.text(rule.name, turn.contact.locale),
        "percent": _number(rule.rate * 100) if rule.rate is not None else 0,
        "times": _number(rule.multiplier) if rule.multiplier is not None else 0,
        "credit": rule.credit_minor or 0,
        "until": rule.until_on.isoformat() if rule.until_on is not None else None,
    }


def _number(exact: Fraction) -> int | float:
    return exact.numerator if exact.denominator == 1 else round(float(exact), 2)
