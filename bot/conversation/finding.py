"""Whose turn a work is: who is known by its name, whose code it says, or a newcomer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.conversation.conversation import Conversation
from bot.conversation.newcomers import create_newcomers
from bot.conversation.work import Part
from bot.core.contact import Contact
from bot.core.gestures import done_at
from bot.core.personal_codes import code_in
from bot.storage import turns
from bot.storage.driver import Connection
from bot.storage.invitations import invited_to


async def find(
    connection: Connection, conversation: Conversation, parts: Sequence[Part], now: datetime
) -> tuple[dict[str, Contact], set[str]]:
    """Give every part its contact; who writes for the first time becomes one.

    Returns who is locked now, and who of these are new. No contact has what comes late from where somebody
    left before (see `create_newcomers`).
    """
    unknown = []
    for part in parts:
        if part.work.contact_id is not None:
            part.contact_id = part.work.contact_id
        else:
            unknown.append(part)
    if not unknown:
        return {}, set()
    names = [part.work.name for part in unknown]
    contacts: dict[str, Contact] = {}
    newcomers: set[str] = set()
    if len(unknown) == len(parts):  # nobody else is to be locked, in whatever order
        found, contacts = await turns.find_locked(connection, names)
    else:
        found = await turns.find(connection, names)
    if len(found) < len(set(names)):
        found |= await _invited(connection, unknown, found, now)
    missing = dict.fromkeys(name for name in names if name not in found)
    if missing:
        by_name = {part.work.name: part.work for part in sorted(unknown, key=_done_at)}
        works = {name: by_name[name] for name in missing}
        created = await create_newcomers(connection, conversation, works, now)
        contacts |= {one.id: one for one in created.values()}
        newcomers = {one.id for one in created.values()}
        found |= {name: one.id for name, one in created.items()}
        if others := [name for name in missing if name not in created]:
            found |= await turns.find(connection, others)
    for part in unknown:
        part.contact_id = found.get(part.work.name, "")
    return contacts, newcomers


async def _invited(
    connection: Connection, parts: Sequence[Part], found: Mapping[tuple[str, str], str], now: datetime
) -> dict[tuple[str, str], str]:
    """Whose turn a stranger's text is that ends with a personal code of theirs, by (channel, address).

    Looked at before any lock: the turn asks again whether the code is good (see `deeds/inviting.py`).
    """
    codes: dict[str, tuple[str, str]] = {}
    for part in parts:
        inbound = part.work.trigger.inbound
        if inbound is None or inbound.channel != "sms" or part.work.name in found:
            continue
        if code := code_in(inbound.text):
            codes.setdefault(code, part.work.name)
    if not codes:
        return {}
    return {codes[code]: owner for code, owner in (await invited_to(connection, codes, now)).items()}


def _done_at(part: Part) -> datetime:
    """When what a part brings was done."""
    trigger = part.work.trigger
    return trigger.at if trigger.inbound is None else done_at(trigger.inbound.facts, trigger.at)
