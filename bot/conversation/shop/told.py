"""What turns of other members, and the clock, ask of a member: nobody waits for the result."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import gift_turns, joining, parting, proving, referring, refill_turns, tier_turns
from bot.core.turn import Turn

Body = Mapping[str, JsonValue]


def look_at_tier(turn: Turn, _body: Body) -> Body:
    """Do what the clock has made due to the contact's tier."""
    tier_turns.look(turn)
    return {}


def referral(turn: Turn, body: Body) -> Body:
    """Keep what became of a friend that the contact sent, and reward it."""
    referring.told(turn, body)
    return {}


def gift_arrives(turn: Turn, body: Body) -> Body:
    """Take in a gift, or send it back."""
    gift_turns.arrive(turn, body)
    return {}


def gift_returns(turn: Turn, body: Body) -> Body:
    """Put back a gift that could not arrive."""
    gift_turns.come_back(turn, body)
    return {}


def contact_is_known_as(turn: Turn, body: Body) -> Body:
    """Make an address the contact's own, as a platform says that it is: `channel`, `value`, `evidence`."""
    evidence = body["evidence"]
    assert isinstance(evidence, dict), "evidence is by name"
    joining.identify(turn, str(body["channel"]), str(body["value"]), evidence)
    return {}


def contact_leaves(turn: Turn, body: Body) -> Body:
    """Leave everything to the contact that this one turned out to be."""
    joining.leave(turn, body)
    return {}


def contact_returns(turn: Turn, body: Body) -> Body:
    """Take back what the contact brought that this one was joined to by mistake."""
    parting.come_back(turn, body)
    return {}


def proof_texted(turn: Turn, body: Body) -> Body:
    """Hear that the code which the contact was shown came from the address it is to prove."""
    proving.heard(turn, body)
    return {}


def ask_for_refill(turn: Turn, _body: Body) -> Body:
    """Let flows ask the contact whether something runs low, if it is not settled."""
    refill_turns.ask(turn)
    return {}


def tell_of_stock(turn: Turn, body: Body) -> Body:
    """Let the contact hear that its favourite is low or back."""
    units = body["units"]
    assert isinstance(units, int), "units are counted"
    refill_turns.hear_of_stock(turn, str(body["event"]), str(body["sku"]), units)
    return {}
