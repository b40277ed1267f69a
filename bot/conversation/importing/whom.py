"""Whom rows are about: contacts found by any of their names, locked, or made for the first of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.conversation.conversation import Conversation
from bot.conversation.newcomers import create_newcomers
from bot.conversation.work import Work
from bot.core.contact import Contact
from bot.core.deeds.left import ERASED_AT
from bot.core.importing.rows import Name, Rejected
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import turns
from bot.storage.driver import Connection

ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Found:
    """Whom names are of, by now, and which names somebody left by who was erased."""

    contacts: Mapping[Name, str]
    gone: frozenset[Name]
    made: frozenset[str] = frozenset()
    """Contacts that were not known before."""
    locked: Mapping[str, Contact] = field(default_factory=dict)
    """Contacts as they are, where they are locked."""

    def one_of(self, names: Sequence[Name]) -> str | None:
        """Return the contact that has the first of these names that anybody has; None: nobody has any.

        Raises:
            Rejected: whoever it was is erased.
        """
        for name in names:
            if name in self.gone:
                why = "who had this address said STOP and was erased since: nothing is imported of them"
                raise Rejected(ERASED, why)
        return next((self.contacts[name] for name in names if name in self.contacts), None)


async def find(connection: Connection, conversation: Conversation, names: Collection[Name]) -> Found:
    """Find whom names are of, without a lock."""
    contacts = await turns.find(connection, sorted(names)) if names else {}
    unknown = [name for name in names if name not in contacts]
    hashes = {
        (kind, one): (kind, value) for kind, value in unknown for one in conversation.hash_address(value)
    }
    suppressed = await turns.suppressed(connection, sorted(hashes)) if hashes else {}
    return Found(contacts, frozenset(hashes[one] for one in suppressed))


async def lock_or_make(
    connection: Connection, conversation: Conversation, rows: Sequence[Sequence[Name]], now: datetime
) -> Found:
    """Find and lock whom rows are about, each by its names; who is not known becomes a contact.

    Whoever was joined to another is that one by now.
    """
    names = {name for each in rows for name in each}
    found = await find(connection, conversation, names)
    missing: dict[Name, Work] = {}
    for each in rows:
        if not any(name in found.contacts or name in found.gone or name in missing for name in each):
            missing[each[0]] = Work(Trigger("", TriggerKind.OPERATION, now), address=each[0])
    contacts = dict(found.contacts)
    newcomers = set[str]()
    if missing:
        made = await create_newcomers(connection, conversation, missing, now)
        contacts |= {name: one.id for name, one in made.items()}
        newcomers = {one.id for one in made.values()}
        if late := [name for name in missing if name not in made]:
            contacts |= await turns.find(connection, late)
    locked = await turns.lock(connection, set(contacts.values()))
    while more := {one.merged_into for one in locked.values() if one.merged_into} - locked.keys():
        locked |= await turns.lock(connection, more)
    gone = set(found.gone)
    for name, contact in contacts.items():
        while (survivor := locked[contact].merged_into) is not None:
            contact = survivor  # noqa: PLW2901  # followed to its end
        contacts[name] = contact
        if ERASED_AT in locked[contact].attributes:
            gone.add(name)
    return Found(contacts, frozenset(gone), frozenset(newcomers), locked)
