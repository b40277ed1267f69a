"""Enrolling: a contact becomes a member and is given the program's welcome credit, once."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.dates import last_moment
from bot.core.flow.handler import handler
from bot.core.loyalty.entries import Cause
from bot.core.turn import Turn


@handler(returns=("already", "granted", "expires_on", "expires_at"))
def enroll(turn: Turn) -> Mapping[str, JsonValue]:
    """Make the contact a member.

    `already` says it was one; `granted` is the welcome credit in minor units, good through `expires_on`.
    """
    if not turn.enroll():
        return {"already": True, "granted": 0, "expires_on": None, "expires_at": None}
    grant = turn.program.welcome_grant(turn.now, turn.contact.zone, turn.shop.program_policy)
    if grant is None:
        return {"already": False, "granted": 0, "expires_on": None, "expires_at": None}
    cause = Cause("welcome", actor=f"contact/{turn.contact.id}", source_type="flow", source_id="enroll")
    turn.books.earn(grant, turn.now, cause)
    turn.track("Credit Granted", {"amount": grant.amount_minor, "why": "welcome"})
    terms = grant.terms
    return {
        "already": False,
        "granted": grant.amount_minor,
        "expires_on": terms.expires_on.isoformat() if terms.expires_on else None,
        "expires_at": last_moment(terms.expires_at).isoformat() if terms.expires_at else None,
    }
