"""What the shop is told of a quote and of a checkout: every line, who pays for it, and why nothing more."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.loyalty.checkouts import Checkout, CheckoutState
from bot.core.loyalty.quotes import Left, Quote
from bot.core.turn import Turn

REASONS: Mapping[str, str] = {
    "unknown": "there is no such code",
    "foreign": "the code is another member's",
    "not_yet": "it cannot be used yet",
    "ended": "it has ended",
    "used": "it was used before",
    "held": "another order holds it",
    "nothing_fits": "nothing in the basket is what it is for",
    "basket_too_small": "the basket is too small for it",
    "not_with_others": "it does not go together with what saves more",
    "nothing_left": "nothing is left to take it off",
    "budget_spent": "what it is paid from is used up",
    "other_currency": "an amount or a fund of it is in another currency",
}
"""Why an offer does not apply, by its word."""


def told_quote(turn: Turn, quoted: Quote, reference: str | None) -> dict[str, JsonValue]:
    """Return a quote as the shop is told it; amounts in minor units."""
    return {
        "order": reference,
        "currency": quoted.currency or turn.program.currency.code,
        **_sums(quoted),
        "lines": _lines(quoted),
        "offers": [
            {
                "code": applied.code,
                "offer": applied.rule,
                "title": turn.program.text(applied.title, turn.contact.locale),
                "kind": applied.kind.value,
                "discount_minor": applied.discount_minor,
                "by_line_minor": list(applied.by_line_minor),
            }
            for applied in quoted.applied
        ],
        "left_out": [_left_out(left) for left in quoted.left],
    }


def told_checkout(turn: Turn, checkout: Checkout) -> dict[str, JsonValue]:
    """Return a checkout as the shop is told it: what is held, or what was captured in the end."""
    told = told_quote(turn, checkout.captured or checkout.quoted, checkout.reference)
    told["state"] = checkout.state.value
    told["hold"] = checkout.hold_id
    told["expires_at"] = checkout.expires_at.isoformat()
    if checkout.state is CheckoutState.CAPTURED and checkout.captured is not None:
        told["released_credit_minor"] = checkout.quoted.credit_minor - checkout.captured.credit_minor
    return told


def _sums(quoted: Quote) -> dict[str, JsonValue]:
    return {
        "gross_minor": quoted.gross_minor,
        "discount_minor": quoted.discount_minor,
        "credit_minor": quoted.credit_minor,
        "to_pay_minor": quoted.to_pay_minor,
    }


def _lines(quoted: Quote) -> list[JsonValue]:
    return [
        {
            "sku": line.line.sku,
            "name": line.line.name,
            "kind": line.line.kind.value,
            "quantity": line.line.quantity,
            "unit_minor": line.line.unit_minor,
            "gross_minor": line.line.gross_minor,
            "discount_minor": line.discount_minor,
            "credit_minor": line.credit_minor,
            "to_pay_minor": line.cash_minor,
        }
        for line in quoted.lines
    ]


def _left_out(left: Left) -> JsonValue:
    return {"offer": left.wanted, "reason": left.reason, "says": REASONS[left.reason], **left.facts}
