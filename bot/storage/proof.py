"""A contact's consent as stored: every line with what proves it, the answers, and what was sent since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.consent import ChainLink
from bot.core.contact import Contact
from bot.core.ids import bucket_of, instant
from bot.core.turn import Snapshot
from bot.storage import contacts, rows
from bot.storage.driver import Connection, Statement
from bot.storage.snapshots import load_snapshots

_LINES = Statement("""
    SELECT c.number, c.subscription_group, c.channel, c.state, c.source, c.provider_id, c.at, c.words,
        c.address, c.because, c.salt, c.personal_hash, c.previous_hash, c.hash
    FROM consent c WHERE c.bucket = :bucket AND c.contact = :contact ORDER BY c.number
""")
# The answers of the turns in which consent changed: the trigger of a message has the provider's id for it.
_ANSWERS = Statement("""
    SELECT o.trigger_key, o.id, o.message_class, o.flow, o.body, o.state, o.reason, o.handed_at, o.state_at,
        o.provider_id
    FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.message_class IN ('required', 'reply')
        AND o.trigger_key IN (SELECT keys.trigger_key FROM @each(keys: trigger_key text))
    ORDER BY o.id
""")
_TRIGGERS = Statement("""
    SELECT t.key FROM "trigger" t
    WHERE t.bucket = :bucket AND t.contact = :contact AND t.kind = 'inbound'
""")
_SENT = Statement("""
    SELECT o.message_class, o.subscription_group, o.channel, COALESCE(o.handed_at, o.state_at), o.state
    FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact
        AND o.state IN ('sending', 'unknown', 'sent', 'delivered', 'undelivered')
    ORDER BY o.id
""")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was sent in answer to the words of a line, and how far it got."""

    id: str
    message_class: str
    text: str
    state: str
    reason: str | None
    sent_at: datetime | None
    state_at: datetime
    provider_id: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the consent log: `link` is what the chain covers, `previous_hash` the one it names."""

    number: int
    link: ChainLink
    at: datetime
    previous_hash: str
    answers: tuple[Answer, ...] = ()

    def public(self, name: str) -> str:
        """One of the public fields as text, empty where there is none."""
        value = self.link.public[name]
        return "" if value is None else str(value)

    def personal(self, name: str) -> str | None:
        """One of the personal fields; None where there is none, or it was erased."""
        value = (self.link.personal or {}).get(name)
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was handed over, in short."""

    message_class: str
    group: str | None
    channel: str
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Stored:
    """All that is stored about a contact's consent, in order."""

    snapshot: Snapshot
    lines: tuple[Line, ...]
    sent: tuple[SentMessage, ...]

    @property
    def contact(self) -> Contact:
        """The contact itself, with its own note of how long the log is and how it ends."""
        return self.snapshot.contact


async def stored(connection: Connection, contact_id: str) -> Stored:
    """Read everything about a contact's consent."""
    contact = await contacts.known(connection, contact_id)
    assert contact is not None, "it was found"
    snapshots = await load_snapshots(connection, {contact.id: contact}, {})
    own: dict[str, object] = {"bucket": bucket_of(contact.id), "contact": contact.id}
    found = await connection.read(_LINES, **own)
    answers = await _answers(connection, own, [row[5] for row in found if row[5]])
    sent = await connection.read(_SENT, **own)
    return Stored(
        snapshot=snapshots[contact.id],
        lines=tuple(_line(contact.id, row, answers) for row in found),
        sent=tuple(SentMessage(row[0], row[1], row[2], instant(row[3]), row[4]) for row in sent),
    )


def _line(contact_id: str, row: Sequence[Any], answers: Mapping[str, tuple[Answer, ...]]) -> Line:
    number, group, channel, state, source, provider_id, at, words, address, because, *proof = row
    salt, personal_hash, previous_hash, sealed = proof
    personal = {"words": words, "address": address, "because": because}
    link = ChainLink(
        public=rows.consent_public(contact_id, number, group, channel, state, source, provider_id, at),
        personal_hash=personal_hash,
        hash=sealed,
        salt=salt or None,  # erased
        personal={name: text for name, text in personal.items() if text is not None} if salt else None,
    )
    return Line(number, link, instant(at), previous_hash, answers.get(provider_id or "", ()))


async def _answers(
    connection: Connection, own: Mapping[str, object], provider_ids: Sequence[str]
) -> dict[str, tuple[Answer, ...]]:
    """The answers by the provider's id of what they answer."""
    wanted = set(provider_ids)
    keys = {
        row[0]: message
        for row in await connection.read(_TRIGGERS, **own)
        if (message := row[0].partition(":")[2]) in wanted
    }
    found: dict[str, tuple[Answer, ...]] = {}
    for row in await connection.read(_ANSWERS, **own, keys=[(key,) for key in keys]) if keys else ():
        answer = Answer(row[1], row[2], row[4], row[5], row[6], rows.loaded(row[7]), instant(row[8]), row[9])
        message = keys[row[0]]
        found[message] = (*found.get(message, ()), answer)
    return found
