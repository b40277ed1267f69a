"""Joining in turns: what was proven to be one person's becomes one contact, with one wallet.

`identify` begins it. An address that nobody has is added to whoever proved it. Whoever has it already is
joined to the contact, or the contact to it: of the two the survivor is who was enrolled first.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from bot.core.codes import Code
from bot.core.contact import Address, Contact, JsonValue
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

LEAVE = "contact.leave"
"""The operation by which a contact gives all it has to the one that it turned out to be."""
LINKED = "Address Linked"
JOINED = "Contact Joined"
NOT_JOINED = "Contact Not Joined"


def identify(turn: Turn, channel: str, value: str, evidence: Mapping[str, JsonValue]) -> None:
    """Make an address, which was proven to be the contact's, its own, whoever had it before.

    `evidence` is kept with what was joined: by which proof, or that the platform says so.
    """
    if (channel, value) in turn.addresses:
        return
    owner = turn.needed("owner_at", f"{channel}:{value}")
    if owner is None:
        _add(turn, channel, value)
    elif owner != turn.contact.id:
        _begin(turn, str(owner), evidence)


def survivor_of(one: Contact, other: Contact) -> Contact:
    """Return who of two goes on: who was enrolled first, else who is known for longer."""
    members = [contact for contact in (one, other) if contact.enrolled_at is not None]
    return min(
        members or (one, other), key=lambda it: (it.enrolled_at or it.created_at, it.created_at, it.id)
    )


def _add(turn: Turn, channel: str, value: str) -> None:
    """Add an address that nobody has; that its owner of before said STOP there still counts."""
    stopped_at = turn.needed("suppressed_at", f"{channel}:{','.join(_hashes(turn, value))}")
    assert stopped_at is None or isinstance(stopped_at, datetime)
    turn.keep("directory", f"{channel}/{value}", Code(value, channel))
    turn.change_address(Address(channel, value, stopped_at=stopped_at))
    turn.track(LINKED, {"channel": channel})


def _hashes(turn: Turn, value: str) -> list[str]:
    return [hmac.new(secret, value.encode(), hashlib.sha256).hexdigest() for secret in turn.shop.secrets]


def _begin(turn: Turn, owner: str, evidence: Mapping[str, JsonValue]) -> None:
    """Ask whoever of the two is to be joined to leave what it has to the other."""
    other = turn.needed("contact", owner)
    assert isinstance(other, Contact), "who owns an address is a contact"
    survivor = survivor_of(turn.contact, other)
    loser = other if survivor is turn.contact else turn.contact
    body: dict[str, JsonValue] = {
        "survivor": survivor.id,
        "asked_by": turn.contact.id,
        "evidence": dict(evidence),
    }
    payload: dict[str, JsonValue] = {"operation": LEAVE, "body": body}
    key = f"join/{loser.id}/{hashlib.sha256(turn.trigger.key.encode()).hexdigest()[:16]}"
    turn.tell(loser.id, Trigger(key, TriggerKind.OPERATION, turn.now, payload))
