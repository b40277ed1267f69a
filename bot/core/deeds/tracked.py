"""What sources say of who is who: an address or an anonymous id is a contact's, and joins whoever had it."""

from collections.abc import Mapping

from bot.core.contact import Contact, JsonValue
from bot.core.deeds import joining
from bot.core.turn import Turn

IDENTIFY = "tracked.identify"
"""The operation by which a source that is believed says that a name is a contact's."""
_USER, _ANONYMOUS = "external", "anonymous"


def identify(turn: Turn, body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Make a name the contact's own: `channel`, `value`, `evidence`.

    Two whom the shop knows by different ids are two people, whatever they share; and a member who shares no
    more than an anonymous id is nobody else.
    """
    channel, value, evidence = str(body["channel"]), str(body["value"]), body["evidence"]
    assert isinstance(evidence, dict), "evidence is by name"
    owner = turn.needed("owner_at", f"{channel}:{value}")
    if owner is not None and owner != turn.contact.id:
        other = turn.needed("contact", str(owner))
        assert isinstance(other, Contact), "who owns an address is a contact"
        theirs = turn.needed("called", other.id)
        assert isinstance(theirs, frozenset)
        mine = {name for kind, name in turn.addresses if kind == _USER}
        if (mine and theirs and not mine & theirs) or (channel == _ANONYMOUS and other.is_member):
            turn.effects.outcome = "not_joined"
            return {"joined": False}
    joining.identify(turn, channel, value, evidence)
    return {"joined": True}
