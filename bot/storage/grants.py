"""Grants as stored: how many subscribe messages may go to an address, and the ledger that says why.

Turns read and keep them like all that is a contact's (`grants`, `kept.py`). The outbox spends them where a
message is claimed: whoever does has locked the contact.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.core.grants import Grant, GrantEntry, Source
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.messages import Outgoing
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.rows import RowValues

_LATEST = 256
"""More entries than a contact can make within the time in which two reports of one accept are paired."""

_GRANTS = Statement("""
    SELECT g.address, g.template, g.units FROM subscribe_grant g
    WHERE g.bucket = :bucket AND g.contact = :contact
""")
_ENTRIES = Statement("""
    SELECT e.key, e.address, e.template, e.change, e.units_after, e.source, e.at
    FROM subscribe_grant_entry e
    WHERE e.bucket = :bucket AND e.contact = :contact
    ORDER BY e.at DESC, e.key DESC LIMIT :most
""")
_LEFT = Statement("""
    SELECT g.contact, g.address, g.template, g.units
    FROM @each(keys: bucket integer, contact text, address text, template text)
    JOIN subscribe_grant g ON g.bucket = keys.bucket AND g.contact = keys.contact
        AND g.address = keys.address AND g.template = keys.template
""")
_GRANT = "bucket = :bucket AND contact = :contact AND address = :address AND template = :template"
_CHANGE = Statement(f"""
    UPDATE subscribe_grant SET units = units + :change, changed_at = :now
    WHERE {_GRANT} AND units + :change >= 0
    RETURNING units
""")  # noqa: S608  # our own constants
_UNITS = Statement(f"SELECT units FROM subscribe_grant WHERE {_GRANT}")  # noqa: S608  # our own constants

_TABLES = tables.Row.metadata.tables
_ENTRY = Rows(_TABLES["subscribe_grant_entry"], Present.FAIL)


def grant_row(contact_id: str, grant: Grant) -> RowValues:
    """Values of `subscribe_grant`."""
    at = max(entry.at for entry in grant.entries)
    return (bucket_of(contact_id), contact_id, grant.address, grant.template, grant.left, microseconds(at))


def grant_entry_row(contact_id: str, entry: GrantEntry) -> RowValues:
    """Values of `subscribe_grant_entry`."""
    return (
        bucket_of(contact_id),
        contact_id,
        entry.key,
        entry.address,
        entry.template,
        entry.change,
        entry.left_after,
        entry.source.value,
        microseconds(entry.at),
    )


async def grants(connection: Connection, contact_id: str) -> Mapping[tuple[str, str], Grant]:
    """Every grant of a contact by (address, the platform's template id), with its latest entries."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    left = {(row[0], row[1]): row[2] for row in await connection.read(_GRANTS, **own)}
    if not left:
        return {}
    entries: dict[tuple[str, str], list[GrantEntry]] = {name: [] for name in left}
    for row in reversed(await connection.read(_ENTRIES, **own, most=_LATEST)):
        entry = GrantEntry(row[0], row[1], row[2], row[3], row[4], Source(row[5]), instant(row[6]))
        entries.setdefault((row[1], row[2]), []).append(entry)
    return {name: Grant(*name, units, tuple(entries[name])) for name, units in left.items()}


async def left(
    connection: Connection, wanted: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], int]:
    """How many messages may still go, by (contact, address, template); none where it is missing."""
    keys = sorted({(bucket_of(contact), contact, *rest) for contact, *rest in wanted})
    return {(row[0], row[1], row[2]): row[3] for row in await connection.read(_LEFT, keys=keys)}


async def spend(connection: Connection, message: Outgoing, now: datetime) -> bool:
    """Take the grant that a message needs; False where none is left."""
    return await _change(connection, message, -1, "send", Source.SENT, now)


async def give_back(connection: Connection, message: Outgoing, now: datetime) -> None:
    """Let a grant be used after all whose message the platform did not take."""
    await _change(connection, message, 1, "back", Source.GIVEN_BACK, now)


async def refused(connection: Connection, message: Outgoing, now: datetime) -> None:
    """Believe the platform that nothing more is granted of the template of a message it did not take."""
    await give_back(connection, message, now)
    found = await connection.read(_UNITS, **_key(message))
    if found:
        await _change(connection, message, -found[0][0], "refused", Source.REFUSED, now)


async def _change(
    connection: Connection, message: Outgoing, change: int, what: str, source: Source, now: datetime
) -> bool:
    own, at = _key(message), microseconds(now)
    found = await connection.read(_CHANGE, **own, change=change, now=at)
    if not found:
        return False
    # With the time: what is tried again may take a grant more than once.
    key, template = f"{what}:{message.id}:{at}", str(own["template"])
    entry = GrantEntry(key, message.address, template, change, found[0][0], source, now)
    await connection.write(_ENTRY, [grant_entry_row(message.contact_id, entry)])
    return True


def _key(message: Outgoing) -> dict[str, object]:
    notice = message.form.notice if message.form is not None else None
    assert notice is not None, "only notices take grants"
    return {
        "bucket": bucket_of(message.contact_id),
        "contact": message.contact_id,
        "address": message.address,
        "template": notice.template_id,
    }
