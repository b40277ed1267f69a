"""Short links: written with the message they are in, found by their code, and who opened them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.audiences.rule import Happened
from bot.core.contact import Event
from bot.core.ids import bucket_of, derived_id, instant, microseconds
from bot.core.links import Link, bucket_of_code
from bot.core.triggers import Trigger
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.rows import RowValues

# An inline reply is handed over in the moment it is written, and its row says nothing of it.
_FIND = Statement("""
    SELECT l.contact, l.code, l.url, l.message, l.flow, l.step, l.expires_at, c.locale,
        COALESCE(o.handed_at, l.created_at), COALESCE(o.channel, '')
    FROM link l
    JOIN contact c ON c.bucket = l.bucket AND c.id = l.contact
    LEFT JOIN outbox o ON o.bucket = l.bucket AND o.contact = l.contact AND o.id = l.message
    WHERE l.bucket = :bucket AND l.code = :code
""")

_TABLES = tables.Row.metadata.tables
LINK = Rows(_TABLES["link"], Present.FAIL)
_CLICK = Rows(_TABLES["click"], Present.FAIL)
_EVENT = Rows(_TABLES["event"], Present.KEEP, returning="bucket, contact, id")
_TRIGGER = Rows(_TABLES["trigger"], Present.KEEP)


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link as it is stored; `locale` is the contact's, `sent_at` when its message was handed over."""

    contact_id: str
    code: str
    url: str
    message_id: str
    flow: str
    step: str
    expires_at: datetime
    locale: str
    sent_at: datetime
    channel: str = ""
    """By which its message went; empty where that is not known any more."""


def link_row(contact_id: str, link: Link, now: datetime) -> RowValues:
    """Values of `link`."""
    return (
        bucket_of(contact_id),
        contact_id,
        link.code,
        link.url,
        link.message_id,
        link.flow,
        link.step,
        microseconds(now),
        microseconds(link.expires_at),
    )


async def find(connection: Connection, code: str) -> FoundLink | None:
    """Return the link of a code; what is no code is not asked for."""
    bucket = bucket_of_code(code)
    if bucket is None:
        return None
    found = await connection.read(_FIND, bucket=bucket, code=code)
    return _found(found[0]) if found else None


async def record_visit(
    connection: Connection, link: FoundLink, visit_id: str, kind: str, at: datetime
) -> None:
    """Record that somebody opened a link."""
    bucket = bucket_of(link.contact_id)
    await connection.write(_CLICK, [(bucket, link.contact_id, link.code, visit_id, kind, microseconds(at))])


async def record_event(
    connection: Connection, contact_id: str, event: Event, trigger: Trigger
) -> Happened | None:
    """Record an event and the trigger that lets flows hear it; None where the trigger's key was there."""
    event_id = derived_id(trigger.key, bucket_of(contact_id))
    (is_new,) = await connection.claim(_EVENT, [rows.event_row(contact_id, event_id, event)])
    await connection.write(_TRIGGER, [rows.trigger_row(contact_id, trigger, state="new")])
    return Happened(event_id, event.name, event.at, event.properties) if is_new else None


def _found(row: Sequence[Any]) -> FoundLink:
    return FoundLink(
        contact_id=row[0],
        code=row[1],
        url=row[2],
        message_id=row[3],
        flow=row[4],
        step=row[5],
        expires_at=instant(row[6]),
        locale=row[7],
        sent_at=instant(row[8]),
        channel=row[9],
    )
