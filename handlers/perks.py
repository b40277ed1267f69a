"""Perks: what joining brings beside credit, as the program says it: cash back, early access, being first."""

from collections.abc import Mapping
from datetime import timedelta

from bot.core.contact import JsonValue
from bot.core.deeds.tier_turns import standing_in
from bot.core.flow.handler import handler
from bot.core.turn import Turn

_HOUR = timedelta(hours=1)


@handler(
    returns=(
        *("cash", "cash_share", "cash_most", "cash_from", "cash_days"),
        *("level", "early", "early_level", "early_hours", "first", "is_first"),
    )
)
def perks(turn: Turn) -> Mapping[str, JsonValue]:
    """Say what joining brings.

    A first order that is paid through WeChat Pay brings `cash` (minor units), or `cash_share` percent of it,
    at most `cash_most`, for orders from `cash_from` on, `cash_days` days later; all 0 where there is none.
    The contact's own `level` lets it in `early` hours before everybody; `early_level` is the best there is,
    with `early_hours`. Who is of the level `first` is answered first; `is_first` says that the contact is.
    """
    return {**_cash(turn), **_levels(turn)}


def _cash(turn: Turn) -> dict[str, JsonValue]:
    rule = turn.program.cash_back
    if rule is None:
        return dict.fromkeys(("cash", "cash_share", "cash_most", "cash_from", "cash_days"), 0)
    return {
        "cash": rule.amount_minor or 0,
        "cash_share": float(rule.rate * 100) if rule.rate is not None else 0,
        "cash_most": rule.most_minor or 0,
        "cash_from": rule.at_least_minor,
        "cash_days": rule.after.days,
    }


def _levels(turn: Turn) -> dict[str, JsonValue]:
    tiers, locale = turn.program.tiers, turn.contact.locale
    standing = standing_in(turn)
    if tiers is None or standing is None:
        none: dict[str, JsonValue] = dict.fromkeys(("level", "early_level", "first"), "")
        return none | {"early": 0, "early_hours": 0, "is_first": False}
    own, top = standing.level, tiers.levels[-1]
    best = max(tiers.levels, key=lambda level: level.early_access)
    return {
        "level": turn.program.text(own.name, locale) if own is not None else "",
        "early": own.early_access // _HOUR if own is not None else 0,
        "early_level": turn.program.text(best.name, locale) if best.early_access else "",
        "early_hours": best.early_access // _HOUR,
        "first": turn.program.text(top.name, locale),
        "is_first": own is not None and own.id == top.id,
    }
