"""Enrolling: a contact becomes a member and is given the program's welcome credit, once, by whatever road.

Whoever typed a number into a page may have typed another's: that welcome waits for a text from the number.
"""

from dataclasses import dataclass

from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant
from bot.core.loyalty.standing import Standing
from bot.core.messages import Inbound
from bot.core.turn import Turn

UNHEARD = "unheard"
"""What a trigger says of a number that somebody typed and that nobody has texted from."""
WAITS = "welcome_waits"
"""The attribute of a contact whose welcome credit waits, and the kind of standing that says for which number.

The attribute saves everybody else the question; the standing alone counts.
"""
WELCOME = "welcome"
"""The key of the entry that gives welcome credit: nobody's books have two."""
GRANTED = "Credit Granted"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of it: whether it was a member before, and the welcome credit (None: there is none).

    `waits` says that the credit is given once the number was heard from.
    """

    already: bool
    grant: Grant | None = None
    waits: bool = False

    @property
    def granted_minor(self) -> int:
        """The welcome credit that was given."""
        return self.grant.amount_minor if self.grant and not self.waits else 0

    @property
    def waits_minor(self) -> int:
        """The welcome credit that waits."""
        return self.grant.amount_minor if self.grant and self.waits else 0


def enroll(turn: Turn, *, actor: str, source_type: str) -> Enrolled:
    """Make the contact a member; `source_type` says by which road, `actor` who did it, by id."""
    if not turn.enroll():
        return Enrolled(already=True)
    grant = _welcome(turn)
    number = turn.trigger.payload.get(UNHEARD)
    if grant is not None and number is not None:
        turn.keep("standing", WAITS, Standing(WAITS, "waits", turn.now, facts={"number": number}))
        turn.adopt(attributes={**turn.contact.attributes, WAITS: True})
        return Enrolled(already=False, grant=grant, waits=True)
    if grant is not None:
        _give(turn, grant, Cause(WELCOME, actor=actor, source_type=source_type, source_id="enroll"))
    return Enrolled(already=False, grant=grant)


def hear_from(turn: Turn, inbound: Inbound) -> None:
    """Give the welcome credit that waited for a text from this number, as it is by now.

    One person is welcomed once: whoever was joined to another may have it already, and waits for none then.
    """
    if inbound.channel != "sms" or WAITS not in turn.contact.attributes:
        return
    turn.need(f"standing/{WAITS}", "is_welcomed")
    waits = turn.needed("standing", WAITS)
    is_meant = isinstance(waits, Standing) and waits.value == "waits" and not is_welcomed(turn)
    if is_meant and isinstance(waits, Standing) and waits.facts.get("number") != inbound.address:
        return
    grant = _welcome(turn)
    if is_meant and grant is None:
        return  # it waits on: a program that is broken gives none, and one without may have it again
    rest = {name: value for name, value in turn.contact.attributes.items() if name != WAITS}
    turn.adopt(attributes=rest)
    if not is_meant or grant is None:
        return
    turn.keep("standing", WAITS, Standing(WAITS, "given", turn.now))
    cause = Cause(WELCOME, actor=f"contact/{turn.contact.id}", source_type="flow", source_id="enroll")
    _give(turn, grant, cause, waited=True)


def is_welcomed(turn: Turn) -> bool:
    """Whether the contact was given welcome credit, or anybody that was joined to it."""
    return bool(turn.needed("is_welcomed"))


def _welcome(turn: Turn) -> Grant | None:
    return turn.program.welcome_grant(turn.now, turn.contact.zone, turn.shop.program_policy)


def _give(turn: Turn, grant: Grant, cause: Cause, *, waited: bool = False) -> None:
    turn.books.earn(grant, turn.now, cause)
    told = {"waited": True} if waited else {}
    turn.track(GRANTED, {"amount": grant.amount_minor, "why": "welcome", **told})
