"""Members by the shop's hand: enrolled, and their credit adjusted with a reason."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.enrolling import enroll as enrolled_by
from bot.core.errors import Refused
from bot.core.ledger.entries import Cause
from bot.core.ledger.wallet import MAIN_WALLET, Balance
from bot.core.loyalty.sales import other_currency
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]

FIELDS = ("first_name", "locale", "zone", "birthday")
"""What of a contact the shop may say, beside attributes of its own."""


def enroll(turn: Turn, body: Body) -> Body:
    """Make the contact a member, with the welcome credit, and know what the shop says of it.

    Nobody is subscribed to anything by this: consent is the contact's own to give.
    """
    for name in FIELDS:
        if name in body:
            turn.set_field(name, body[name])
    attributes = body.get("attributes", {})
    assert isinstance(attributes, dict), "attributes are by name"
    for name, value in attributes.items():
        turn.set_field(name, value)
    enrolled = enrolled_by(turn, actor="shop", source_type="api")
    terms = enrolled.grant.terms if enrolled.grant else None
    return {
        "id": turn.contact.id,
        "already": enrolled.already,
        "granted_minor": enrolled.granted_minor,
        "expires_on": terms.expires_on.isoformat() if terms and terms.expires_on else None,
    }


def adjust(turn: Turn, body: Body) -> Body:
    """Give credit by hand (`amount_minor` above 0) or take it (below), with a reason that stays in the books.

    Raises:
        InsufficientCredit: more was to be taken than can be spent.
        Refused: it is no member's, or the program does not have the currency.
    """
    amount, program = body["amount_minor"], turn.program
    own = program.currency.code
    code = str(body.get("currency") or own)
    books = turn.wallet(MAIN_WALLET if code == own else other_currency(program, code).code)
    assert isinstance(amount, int), "amounts are whole"
    if not turn.contact.is_member:
        raise Refused("only a member has credit", "enroll them first: POST /api/members", 409)
    cause = Cause(
        f"adjust/{turn.trigger.key}",
        actor=f"api/{body['by']}",
        reason_text=str(body["reason"]),
        source_type="api",
        source_id=str(body["by"]),
    )
    if amount > 0:
        zone, policy = turn.contact.zone, turn.shop.program_policy
        grant = program.adjusted_grant(amount, turn.now, zone, policy, wallet=books.wallet.id)
        entry = books.adjust_up(grant, turn.now, cause)
        turn.track(
            "Credit Granted",
            {"amount": amount, "why": "adjustment", "wallet": books.wallet.id, "currency": code},
        )
    else:
        entry = books.adjust_down(-amount, turn.now, cause)
    return {
        "id": turn.contact.id,
        "entry": entry.id,
        "amount_minor": amount,
        "currency": code,
        "wallet": _sums(books.balance(turn.now)),
    }


def _sums(balance: Balance) -> dict[str, JsonValue]:
    return {
        "available_minor": balance.available_minor,
        "pending_minor": balance.pending_minor,
        "held_minor": balance.held_minor,
        "debt_minor": balance.debt_minor,
    }
