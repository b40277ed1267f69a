"""Sessions of contacts kept current in a transaction: as activities come, late ones and joinings included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.tracking.sessions import IDLE, Activity, starts
from bot.storage import activity, tracking
from bot.storage.driver import Connection


@dataclass(slots=True)
class Settled:
    """What late activities came to: sessions of their own, and contacts some of whose sessions moved."""

    started: dict[str, list[datetime]] = field(default_factory=dict)
    """Sessions nobody heard of before, by contact."""
    moved: set[str] = field(default_factory=set)


async def settle_late(
    connection: Connection,
    late: Mapping[str, Sequence[datetime]],
    known: Mapping[str, Activity],
) -> Settled:
    """Let activities, whose events are written, change the sessions that began after them.

    A start in the half hour after one of them was none; one of them is a start where nothing was before it.
    `known` is what is written of these contacts' activity by now.
    """
    of = await activity.members(connection, late.keys())
    asked = [(member, at) for member, contact in of.items() for at in late[contact]]
    around = await activity.around(connection, asked)
    new: list[tuple[str, datetime]] = []
    none: set[tuple[str, datetime]] = set()
    for contact, instants in late.items():
        found = {member: around.get(member, set()) for member, whose in of.items() if whose == contact}
        every = set().union(*found.values())
        for at in instants:
            none |= {(member, one) for member in found for one in found[member] if at < one < at + IDLE}
            is_taken = any(at in found[member] for member in found if member != contact)
            if not is_taken and not any(at - IDLE < one < at for one in every):
                new.append((contact, at))
    gone = await activity.there(connection, none)
    was = await activity.there(connection, new)
    await activity.remove_starts(connection, gone)
    await connection.write(tracking.EVENT, [activity.session_row(*one) for one in new])
    await _write_latest(connection, of, {contact: known[contact].last_at for contact in late})
    moved = {(of[member], at) for member, at in gone}
    settled = Settled(moved={contact for contact, _ in moved})
    for contact, at in new:
        is_moved = any(whose == contact and at < one < at + IDLE for whose, one in moved)
        if not is_moved and (contact, at) not in was:
            settled.started.setdefault(contact, []).append(at)
    return settled


async def settle_whole(connection: Connection, contact_id: str) -> bool:
    """Make the sessions of a contact, and of all that were joined to it, from all they did.

    For joinings and partings. Returns whether any changed.
    """
    of = await activity.members(connection, [contact_id])
    active = await activity.all_of(connection, of)
    written = await activity.starts_of(connection, of)
    every = set().union(*active.values())
    if not every:
        return False
    right = set(starts(every))
    kept: set[datetime] = set()
    gone: set[tuple[str, datetime]] = set()
    for member in (contact_id, *sorted(of.keys() - {contact_id})):
        gone |= {(member, at) for at in written[member] if at not in right or at in kept}
        kept |= written[member] & right
    new = [(min(member for member in of if at in active[member]), at) for at in sorted(right - kept)]
    await activity.remove_starts(connection, gone)
    await connection.write(tracking.EVENT, [activity.session_row(*one) for one in new])
    whole = Activity(max(every), max(right))
    await connection.write(tracking.ACTIVITY, [tracking.activity_row(contact_id, whole)])
    return bool(gone or new)


async def _write_latest(connection: Connection, of: Mapping[str, str], last: Mapping[str, datetime]) -> None:
    """Write when the latest session of each contact began, which may have moved."""
    latest: dict[str, datetime] = {}
    for member, at in (await activity.latest_starts(connection, of.keys())).items():
        latest[of[member]] = max(at, latest.get(of[member], at))
    rows = [
        tracking.activity_row(contact, Activity(last[contact], at)) for contact, at in sorted(latest.items())
    ]
    await connection.write(tracking.ACTIVITY, rows)
