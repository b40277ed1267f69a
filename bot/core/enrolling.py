"""Enrolling: a contact becomes a member and is given the program's welcome credit, once, by whatever road."""

from dataclasses import dataclass

from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant
from bot.core.turn import Turn


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of it: whether it was a member before, and the welcome credit (None: there is none)."""

    already: bool
    grant: Grant | None = None

    @property
    def granted_minor(self) -> int:
        """The welcome credit."""
        return self.grant.amount_minor if self.grant else 0


def enroll(turn: Turn, *, actor: str, source_type: str) -> Enrolled:
    """Make the contact a member; `source_type` says by which road, `actor` who did it, by id."""
    if not turn.enroll():
        return Enrolled(already=True)
    grant = turn.program.welcome_grant(turn.now, turn.contact.zone, turn.shop.program_policy)
    if grant is not None:
        cause = Cause("welcome", actor=actor, source_type=source_type, source_id="enroll")
        turn.books.earn(grant, turn.now, cause)
        turn.track("Credit Granted", {"amount": grant.amount_minor, "why": "welcome"})
    return Enrolled(already=False, grant=grant)
