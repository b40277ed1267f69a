"""Enrolling: a contact becomes a member and is given the program's welcome credit, once."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.dates import last_moment
from bot.core.enrolling import enroll as enrolled_by
from bot.core.flow.handler import handler
from bot.core.turn import Turn


@handler(returns=("already", "granted", "waits", "expires_on", "expires_at"))
def enroll(turn: Turn) -> Mapping[str, JsonValue]:
    """Make the contact a member.

    `already` says it was one; `granted` is the welcome credit in minor units, good through `expires_on`.
    `waits` is what is given instead with the first text from a number that was typed into the join page.
    """
    enrolled = enrolled_by(turn, actor=f"contact/{turn.contact.id}", source_type="flow")
    terms = enrolled.grant.terms if enrolled.grant and not enrolled.waits else None
    return {
        "already": enrolled.already,
        "granted": enrolled.granted_minor,
        "waits": enrolled.waits_minor,
        "expires_on": terms.expires_on.isoformat() if terms and terms.expires_on else None,
        "expires_at": last_moment(terms.expires_at).isoformat() if terms and terms.expires_at else None,
    }
