"""Contacts as an operator looks at them: everything of one contact, read without a lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from bot.core.contact import Contact
from bot.core.deeds.left import Joined
from bot.core.deeds.referring import REFERRED
from bot.core.deeds.tier_turns import TIER
from bot.core.flow.run import Run
from bot.core.ids import bucket_of, instant
from bot.core.loyalty.referral import Brought
from bot.core.loyalty.standing import Standing
from bot.core.messages import Direction
from bot.core.turn import Snapshot
from bot.storage import rows
from bot.storage.driver import Connection, Statement
from bot.storage.families import family, joined_to
from bot.storage.snapshots import Wanted, load_snapshots

_FIND = Statement("""
    SELECT d.contact FROM directory d WHERE d.kind = :kind AND d.value = :value
""")
_CONTACT = Statement("""
    SELECT c.bucket, c.id, c.locale, c.zone, c.zone_is_known, c.first_name, c.birthday_on, c.enrolled_at,
           c.attributes, c.created_at, c.merged_into, c.consent_count, c.consent_hash,
           c.snoozed_until, c.preferred_hours
    FROM contact c WHERE c.bucket = :bucket AND c.id = :id
""")
_RUNS = Statement("""
    SELECT r.id, r.flow, r.revision, r.status, r.version, r.state, r.started_at, r.failure,
        r.goals_until
    FROM run r WHERE r.bucket = :bucket AND r.contact = :contact
    ORDER BY CASE WHEN r.status = 'waiting' THEN 0 ELSE 1 END, r.started_at DESC LIMIT :most
""")
_INBOUND = Statement("""
    SELECT t.at, t.payload, t.state, t.failure FROM "trigger" t
    WHERE t.bucket = :bucket AND t.contact = :contact AND t.kind = 'inbound'
    ORDER BY t.at DESC LIMIT :most
""")
_OUTGOING = Statement("""
    SELECT o.created_at, o.channel, o.body, o.state, o.reason, o.message_class, o.flow, o.step, o.due_at,
           o.error_code, o.segments, o.key
    FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact
    ORDER BY o.created_at DESC, o.id DESC LIMIT :most
""")


_LATEST = Statement("""
    SELECT o.id, o.body, o.state, o.reason FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact
    ORDER BY o.id DESC LIMIT 20
""")


@dataclass(frozen=True, slots=True)
class Message:
    """A message of either direction; `reason` says why it did not go its way, where it did not."""

    direction: Direction
    at: datetime
    channel: str
    text: str
    state: str
    reason: str | None
    message_class: str | None = None
    flow: str | None = None
    due_at: datetime | None = None
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class Portrait:
    """All that is known of a contact; `runs` waiting ones first, `messages` oldest first.

    `referred` is how it came, where a member's code brought it; `friends` are those that it brought.
    """

    snapshot: Snapshot
    runs: tuple[Run, ...]
    messages: tuple[Message, ...]
    tier: Standing | None = None
    referred: Standing | None = None
    friends: tuple[Brought, ...] = ()
    joined: tuple[Joined, ...] = ()
    """Contacts that turned out to be this one, undone or not."""

    @property
    def contact(self) -> Contact:
        """The contact itself."""
        return self.snapshot.contact


async def find(connection: Connection, channel: str, address: str) -> str | None:
    """The id of the contact behind an address; None where nobody is."""
    found = await connection.read(_FIND, kind=channel, value=address)
    return found[0][0] if found else None


async def known(connection: Connection, contact_id: str) -> Contact | None:
    """The contact with that id, or the one it was merged into; None where there is none."""
    found = await connection.read(_CONTACT, bucket=bucket_of(contact_id), id=contact_id)
    if not found:
        return None
    contact = rows.contact_from(found[0])
    return contact if contact.merged_into is None else await known(connection, contact.merged_into)


async def portrait(connection: Connection, contact_id: str, *, runs: int, messages: int) -> Portrait:
    """Everything of a contact, with its newest runs and messages."""
    contact = await known(connection, contact_id)
    assert contact is not None, "it was found"
    wanted = Wanted(lots=True, past={"friends"}, named={("standing", TIER), ("standing", REFERRED)})
    snapshots = await load_snapshots(connection, {contact.id: contact}, {contact.id: wanted})
    own: dict[str, object] = {"bucket": contact.bucket, "contact": contact.id}
    return Portrait(
        snapshot=snapshots[contact.id],
        runs=tuple(rows.run_from(row) for row in await connection.read(_RUNS, **own, most=runs)),
        messages=await latest_messages(connection, contact, messages),
        tier=_standing(snapshots[contact.id], TIER),
        referred=_standing(snapshots[contact.id], REFERRED),
        friends=_friends(snapshots[contact.id]),
        joined=await joined_to(connection, contact.id),
    )


async def latest_messages(connection: Connection, contact: Contact, most: int) -> tuple[Message, ...]:
    """The newest messages of a contact in both directions, oldest first."""
    found: list[_Ordered] = []
    for member in await family(connection, contact.id):
        own: dict[str, object] = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        found += map(_inbound, await connection.read(_INBOUND, **own, most=most))
        found += map(_outgoing, await connection.read(_OUTGOING, **own, most=most))
    ordered = sorted(found, key=lambda message: message[:-1])
    return tuple(message for *_, message in ordered[-most:]) if most else ()


@dataclass(frozen=True, slots=True)
class Sent:
    """An outgoing message, in short."""

    id: str
    text: str
    state: str
    reason: str | None


async def latest(connection: Connection, contact_id: str) -> list[Sent]:
    """The latest outgoing messages of a contact, oldest first."""
    found = await connection.read(_LATEST, bucket=bucket_of(contact_id), contact=contact_id)
    return [Sent(*row) for row in reversed(found)]


def _standing(snapshot: Snapshot, kind: str) -> Standing | None:
    standing = snapshot.more[f"standing/{kind}"]
    assert standing is None or isinstance(standing, Standing)
    return standing


def _friends(snapshot: Snapshot) -> tuple[Brought, ...]:
    friends = snapshot.more["friends"]
    assert isinstance(friends, tuple)
    return friends


_Ordered = tuple[datetime, int, Message]
"""A message with what it is ordered by: an answer follows what it answers, in its turn's own order."""


def _inbound(row: Sequence[Any]) -> _Ordered:
    at, payload, state, failure = row
    told = orjson.loads(payload)
    text = "\n".join([str(told.get("text", "")), *told.get("media", [])]).strip()
    reason = failure.strip().splitlines()[-1] if failure and state != "done" else None
    message = Message(Direction.INBOUND, instant(at), str(told.get("channel", "")), text, state, reason)
    return message.at, -1, message


def _outgoing(row: Sequence[Any]) -> _Ordered:
    at, channel, body, state, reason, message_class, flow, _step, due_at, error_code, segments, key = row
    message = Message(
        direction=Direction.OUTGOING,
        at=instant(at),
        channel=channel,
        text=body,
        state=state,
        reason=reason or (f"error {error_code}" if error_code else None),
        message_class=message_class,
        flow=flow or None,
        due_at=instant(due_at) if state in {"held", "queued"} else None,
        segments=segments,
    )
    return message.at, int(key.rpartition("#")[2] or 0), message
