"""One message with all that says why it was written and why it left or did not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.caps import Counted
from bot.core.consent import ConsentChange
from bot.core.gate import Policy
from bot.core.ids import bucket_of, instant
from bot.core.messages import OutboxState, Outgoing
from bot.core.past import LastText
from bot.core.turn import Snapshot
from bot.core.wechat_address import WECHAT
from bot.storage import caps, contacts, grants, past, rows
from bot.storage.driver import Connection, Statement
from bot.storage.snapshots import load_snapshots

_MESSAGE = Statement("""
    SELECT o.id, o.contact, o.channel, o.address, o.sender, o.message_class, o.subscription_group, o.body,
        o.media, o.key, o.flow, o.step, o.wanted_at, o.valid_until, o.language, o.form, o.only_here,
        o.tag, o.state, o.reason, o.explanation, o.created_at, o.due_at, o.handed_at, o.state_at,
        o.trigger_key, o.way, o.way_because
    FROM outbox o WHERE o.bucket = :bucket AND o.contact = :contact AND o.id = :id
""")
_NEWEST = Statement("""
    SELECT o.id FROM outbox o WHERE o.bucket = :bucket AND o.contact = :contact ORDER BY o.id DESC LIMIT 1
""")
# The run that was under way, else what was in force: a run that begins and ends in a turn leaves no row.
_REVISION = Statement("""
    SELECT COALESCE(
        (SELECT r.revision FROM run r WHERE r.bucket = :bucket AND r.contact = :contact AND r.flow = :flow
            AND r.started_at <= :at AND r.changed_at >= :at ORDER BY r.started_at DESC LIMIT 1),
        (SELECT MAX(v.revision) FROM revision v WHERE v.flow = :flow AND v.published_at <= :at))
""")


@dataclass(frozen=True, slots=True)
class Explained:
    """A message, its cause, its contact and what the gate has said of it."""

    message: Outgoing
    cause: LastText
    trigger_key: str
    revision: int | None
    state: OutboxState
    reason: str | None
    explanation: str | None
    created_at: datetime
    due_at: datetime
    handed_at: datetime | None
    state_at: datetime
    snapshot: Snapshot
    consent: tuple[ConsentChange, ...]
    counts: tuple[Counted, ...]
    way: str | None = None
    """How it went, on a channel that has several ways, and why so."""
    way_because: str | None = None
    granted: Mapping[str, int] = field(default_factory=dict)
    """How many messages of each template its address has granted, where that matters."""


async def explained(
    connection: Connection, contact_id: str, message_id: str | None, policy: Policy, now: datetime
) -> Explained | None:
    """Everything about that message of the contact, or about its last text; None where there is none."""
    contact = await contacts.known(connection, contact_id)
    assert contact is not None, "it was found"
    own: dict[str, object] = {"bucket": bucket_of(contact.id), "contact": contact.id}
    wanted = message_id or await _last(connection, contact.id, own)
    found = await connection.read(_MESSAGE, **own, id=wanted)
    if not found:
        return None
    row = found[0]
    (cause,) = await past.latest_texts(connection, contact.id, row[0])
    snapshots = await load_snapshots(connection, {contact.id: contact}, {})
    revisions = await connection.read(_REVISION, **own, flow=row[10], at=row[21])
    counted = await caps.counts(connection, [contact.id], policy.counts_since(now))
    return Explained(
        message=rows.outgoing_from(row, tag=row[17]),
        cause=cause,
        trigger_key=row[25],
        revision=revisions[0][0] if row[10] else None,
        state=OutboxState(row[18]),
        reason=row[19],
        explanation=row[20],
        created_at=instant(row[21]),
        due_at=instant(row[22]),
        handed_at=rows.loaded(row[23]),
        state_at=instant(row[24]),
        snapshot=snapshots[contact.id],
        consent=await past.consent_log(connection, contact.id),
        counts=counted.get(contact.id, ()),
        way=row[26],
        way_because=row[27],
        granted=await _granted(connection, contact.id, row[3]) if row[2] == WECHAT else {},
    )


async def _granted(connection: Connection, contact_id: str, address: str) -> dict[str, int]:
    found = await grants.grants(connection, contact_id)
    return {template: grant.left for (of, template), grant in found.items() if of == address}


async def _last(connection: Connection, contact_id: str, own: dict[str, object]) -> str:
    texts = await past.latest_texts(connection, contact_id)
    if texts:
        return texts[0].id
    newest = await connection.read(_NEWEST, **own)
    return str(newest[0][0]) if newest else ""
