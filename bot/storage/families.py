"""Who a contact was before: those that were joined to it, and where their lots are in its wallets now.

Rows stay where they are (design section 8.10). What is asked of a contact's past is read of all of them, and
what their entries say of their lots is told of the lots that these crossed into.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import orjson

from bot.core.deeds.left import Joined
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.ledger.books import Undoing
from bot.core.ledger.crossing import crossed_id
from bot.core.ledger.entries import Entry
from bot.storage.driver import Connection, Statement
from bot.storage.rows import RowValues, loaded, stored, to_json

_JOINED = Statement("""
    SELECT j.other, j.at, j.undone_at, j.facts FROM joined j
    WHERE j.bucket = :bucket AND j.contact = :contact ORDER BY j.at, j.other
""")


_OTHERS = Statement("""
    SELECT j.contact, j.other FROM @each(keys: bucket integer, contact text)
    JOIN joined j ON j.bucket = keys.bucket AND j.contact = keys.contact AND j.undone_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class Member:
    """A contact, and by which joinings its lots came, one after the other, to whom."""

    contact_id: str
    crossings: tuple[tuple[str, str], ...] = ()

    def lot(self, lot_id: str) -> str:
        """Return the id of the lot that one of its lots has crossed into."""
        for join, survivor in self.crossings:
            lot_id = crossed_id(join, lot_id, survivor)
        return lot_id

    def entry(self, entry: Entry) -> Entry:
        """Return one of its entries as it is to be undone by whoever it was joined to."""
        if not self.crossings:
            return entry
        draws = tuple(
            replace(
                draw,
                lot_id=self.lot(draw.lot_id) if draw.lot_id else None,
                child_lot_id=self.lot(draw.child_lot_id) if draw.child_lot_id else None,
            )
            for draw in entry.draws
        )
        return replace(entry, draws=draws)

    def undoing(self, undoing: Undoing) -> Undoing:
        """Return an entry of its own, and those of its own that undid some of it."""
        return replace(
            undoing, entry=self.entry(undoing.entry), earlier=tuple(map(self.entry, undoing.earlier))
        )


def joined_row(contact_id: str, joined: Joined) -> RowValues:
    """Values of `joined`."""
    return (
        bucket_of(contact_id),
        contact_id,
        joined.other,
        microseconds(joined.at),
        stored(joined.undone_at),
        to_json({"join": joined.join, "evidence": dict(joined.evidence), "runs": list(joined.runs)}),
    )


async def joined_to(connection: Connection, contact_id: str) -> tuple[Joined, ...]:
    """Contacts that were joined to this one, undone or not, in the order they were."""
    found = await connection.read(_JOINED, bucket=bucket_of(contact_id), contact=contact_id)
    made = []
    for other, at, undone_at, facts in found:
        known = orjson.loads(facts)
        evidence = known.get("evidence", {})
        runs = tuple(known.get("runs", ()))
        join = str(known.get("join", ""))
        made.append(Joined(other, instant(at), join, evidence, loaded(undone_at), runs))
    return tuple(made)


async def joined_one(connection: Connection, contact_id: str, other: str) -> Joined | None:
    """That a contact was joined to this one; None where it never was."""
    return next((one for one in await joined_to(connection, contact_id) if one.other == other), None)


async def family(connection: Connection, contact_id: str) -> tuple[Member, ...]:
    """The contact itself, then all that were joined to it, and to those."""
    members = [Member(contact_id)]
    for one in members:  # grows while it is walked
        members += [
            Member(joined.other, ((joined.join, one.contact_id), *one.crossings))
            for joined in await joined_to(connection, one.contact_id)
            if joined.undone_at is None
        ]
    return tuple(members)


async def kin(connection: Connection, contacts: Collection[str]) -> dict[str, str]:
    """All that were joined to these, and to those, each with whose it is; not these themselves."""
    found: dict[str, str] = {}
    whose = {contact: contact for contact in contacts}
    while whose:
        keys = [(bucket_of(one), one) for one in sorted(whose)]
        whose = {other: whose[one] for one, other in await connection.read(_OTHERS, keys=keys)}
        found |= whose
    return found
