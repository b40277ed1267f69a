"""How: what the program gives and for how long, by one example that the rules themselves have worked."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.flow.handler import handler
from bot.core.loyalty.how import example_of
from bot.core.turn import Turn


@handler(
    returns=(
        *("spend", "category", "earned", "starts_on", "waits", "good_through", "inactive_months"),
        *("inactive_days", "reward", "cost", "orders", "welcome", "levels", "cards", "told_first"),
        "disclosure",
    )
)
def how(turn: Turn) -> Mapping[str, JsonValue]:
    """Explain the program by an order that pays `spend` (for `category`, where not everything earns).

    It earns `earned`, which can be spent from `starts_on` (`waits` says that this is not at once) and is
    `good_through` a day, None where it never ends, or where that is `inactive_months` and `inactive_days`
    after the member last did something. `orders` such orders pay for `reward`, the cheapest, for `cost`.
    `levels` are the tiers with their `name`, the `threshold` of the `metric` that reaches them and their
    `multiplier`; `cards` are the stamp cards with `name` and how many to `buy`. `spend` is None where no
    order earns. `disclosure` is what must be said of credit where the contact lives.
    """
    program, contact = turn.program, turn.contact
    example = example_of(program, turn.shop.zone, contact.zone, turn.now)
    renewal = program.expiry.renewal
    text = program.text
    facts: dict[str, JsonValue] = {
        "welcome": program.welcome.credit_minor if program.welcome else 0,
        "inactive_months": renewal.span.months if renewal else 0,
        "inactive_days": renewal.span.days if renewal else 0,
        "told_first": bool(program.notices.before),
        "levels": [
            {
                "name": text(level.name, contact.locale),
                "metric": level.metric.value,
                "threshold": level.threshold,
                "multiplier": f"{float(level.multiplier):g}",
            }
            for level in (program.tiers.levels if program.tiers else ())
        ],
        "cards": [
            {"name": text(card.name, contact.locale), "buy": card.buy} for card in program.earning.cards
        ],
        "disclosure": text(program.disclosure, contact.locale) if program.disclosure else None,
    }
    if example is None:
        return {**dict.fromkeys(_OF_AN_EXAMPLE), **facts}
    return {
        "spend": example.spend_minor,
        "category": example.category or None,
        "earned": example.earned_minor,
        "starts_on": example.starts_on.isoformat(),
        "waits": bool(program.earning.pending),
        "good_through": example.good_through.isoformat() if example.good_through and not renewal else None,
        "reward": text(example.reward.name, contact.locale) if example.reward else None,
        "cost": example.reward.cost_minor if example.reward else None,
        "orders": example.orders,
        **facts,
    }


_OF_AN_EXAMPLE = (
    *("spend", "category", "earned", "starts_on", "waits", "good_through"),
    *("reward", "cost", "orders"),
)
