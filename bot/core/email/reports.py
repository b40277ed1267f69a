"""Reports of letters, as mail servers write them: of their delivery (RFC 3464), of abuse (RFC 5965)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import StrEnum

from bot.core.email.links import PREFIX, LetterNames

_NAMED = re.compile(rf"{PREFIX}([0-9a-f]{{32}})[a-z2-7]{{8}}(?:\.([0-9a-f]{{32}}))?", re.IGNORECASE)
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})")
_CANDIDATES_MAX = 50


class ReportKind(StrEnum):
    """What a report says of a letter."""

    BOUNCED = "bounced"
    DELIVERED = "delivered"
    COMPLAINED = "complained"  # its reader called it spam


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a letter; `contact_id` is empty where the report has none, `status` as `5.1.1`."""

    kind: ReportKind
    message_id: str
    contact_id: str = ""
    status: str = ""


def read_report(raw: bytes, names: LetterNames) -> Report | None:
    """Return what a message that came to our mailbox reports; None: nothing that concerns a letter of ours.

    Answers and notes of absence come there too, and a delay is no end.
    """
    found = _letter_in(raw, names)
    if found is None:
        return None
    message_id, contact_id = found
    kind, status = _said(message_from_bytes(raw))
    return None if kind is None else Report(kind, message_id, contact_id, status)


def _letter_in(raw: bytes, names: LetterNames) -> tuple[str, str] | None:
    """The letter that is meant, and its contact if that is told: by the mailbox it came back to, or a header.

    Its Message-ID alone tells nothing: whoever was forwarded the letter may know it.
    """
    found, contacts = "", dict[str, str]()
    for number, named in enumerate(_NAMED.finditer(raw.decode("latin-1"))):
        if number == _CANDIDATES_MAX:
            break
        if named[2]:
            contacts[named[1].lower()] = named[2].lower()
        found = names.read_sealed(named[0].partition(".")[0]) or found
    return (found, contacts.get(found, "")) if found else None


def _said(message: Message) -> tuple[ReportKind | None, str]:
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            fields = next(iter(_groups(part)), {})
            is_abuse = fields.get("feedback-type", "").lower() in {"abuse", "fraud", "other", "virus"}
            return (ReportKind.COMPLAINED if is_abuse else None), ""
        if kind in {"message/delivery-status", "message/global-delivery-status"}:
            return _delivery(part)
    return None, ""


def _delivery(part: Message) -> tuple[ReportKind | None, str]:
    """What became of the one recipient: a letter of ours has no other."""
    for fields in _groups(part):
        action = fields.get("action", "").strip().lower()
        status = _STATUS.match(fields.get("status", ""))
        if action == "failed":
            return ReportKind.BOUNCED, status[1] if status else ""
        if action in {"delivered", "relayed", "expanded"}:
            return (ReportKind.DELIVERED if action == "delivered" else None), status[1] if status else ""
    return None, ""


def _groups(part: Message) -> Iterator[dict[str, str]]:
    """The groups of fields that a report has, which the parser takes for messages without a body."""
    payload = part.get_payload()
    if isinstance(payload, list):
        for group in payload:
            if isinstance(group, Message):
                yield {name.lower(): str(value) for name, value in group.items()}
                # A report may be read as one message whose text is the rest of its fields.
                rest = group.get_payload()
                if isinstance(rest, str):
                    yield from _fields(rest)
    elif isinstance(payload, str):
        yield from _fields(payload)


def _fields(text: str) -> Iterator[dict[str, str]]:
    for block in re.split(r"\r?\n\s*\r?\n", text):
        pairs = (line.partition(":") for line in block.splitlines() if ":" in line)
        fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if fields:
            yield fields
