"""What a proof of consent says, and as JSON: which line proves nothing, what was sent in which state."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.core.consent import GENESIS, chain_hash, first_break
from bot.core.contact import Address, JsonValue
from bot.core.groups import share_consent, states_by_channel, states_of_texts
from bot.core.local_time import zone_of
from bot.storage.proof import Answer, Line, SentMessage, Stored

HOW_TO_VERIFY = (
    "In --json every line has `public`, `personal`, `salt`, `personal_hash` and `hash`. Write JSON without"
    " spaces, keys sorted, in UTF-8. personal_hash is the HMAC-SHA256 of the JSON of `personal`, keyed with"
    " `salt`. hash is the SHA-256 of the JSON of the list [hash of the line before, personal_hash, public];"
    " before the first line it is the empty text. The last hash and the number of lines are noted with the"
    " contact, too: a line cut off the end shows. Of an erased line `personal` and `salt` are null, and the"
    " rest still proves itself. All in lower-case hexadecimal."
)
_ANSWERS = frozenset({"required", "reply"})


def problem_of(found: Stored) -> str | None:
    """Say which line does not prove itself, and how it shows; None where all of them do."""
    lines, contact = found.lines, found.contact
    position = first_break([line.link for line in lines], contact.consent_hash)
    if position is None:
        return None
    if position >= len(lines):
        noted = f"the contact's own note counts {contact.consent_count} lines and ends in another hash"
        return f"line {position + 1} and whatever came after it were removed: {noted}"
    line = lines[position]
    if line.number != position + 1:
        return f"line {position + 1} was removed or moved: line {line.number} stands in its place"
    previous = lines[position - 1].link.hash if position else GENESIS
    if line.link.hash == chain_hash(previous, line.link.personal_hash, line.link.public):
        return f"line {line.number}: its words were altered"
    return f"line {line.number} was altered, or it does not belong where it stands"


def counts(found: Stored) -> list[tuple[str, str | None, str, str, int]]:
    """Count messages sent by class, group, channel, and the group's consent there at that time.

    What answers the contact needs none.
    """
    counted = Counter(
        (one.message_class, one.group, one.channel, consent_at(found.lines, one)) for one in found.sent
    )
    return [(*key, times) for key, times in sorted(counted.items(), key=str)]


def consent_at(lines: Sequence[Line], sent: SentMessage) -> str:
    """The state that a message rested on when it was sent; `none` where nothing was said yet."""
    if sent.message_class in _ANSWERS:
        return "not needed"
    said = [
        line
        for line in lines
        if line.public("group") == sent.group
        and share_consent(line.public("channel"), sent.channel)
        and line.at <= sent.at
    ]
    return said[-1].public("state") if said else "none"


# ------------------------------------------------------------------------------------------ as JSON


def as_json(found: Stored, now: datetime) -> dict[str, JsonValue]:
    """The object that `--json` prints; instants in ISO 8601, UTC, and on the contact's clock."""
    contact, zone, problem = found.contact, found.contact.zone, problem_of(found)
    snapshot = found.snapshot
    return {
        "made_at": now.isoformat(),
        "contact": {
            "id": contact.id,
            "addresses": [_address(one) for one in snapshot.addresses],
            "zone": zone,
            "zone_is_known": contact.zone_is_known,
            "locale": contact.locale,
            "created_at": contact.created_at.isoformat(),
            "enrolled_at": _iso(contact.enrolled_at),
        },
        "lines": [_line(line, zone) for line in found.lines],
        "chain": {
            "holds": problem is None,
            "problem": problem,
            "lines_noted": contact.consent_count,
            "last_hash_noted": contact.consent_hash,
            "how_to_verify": HOW_TO_VERIFY,
        },
        "sent": [
            {
                "class": message_class,
                "group": group,
                "channel": channel,
                "consent": state,
                "messages": times,
            }
            for message_class, group, channel, state, times in counts(found)
        ],
        "now": {
            "subscriptions": states_of_texts(snapshot.subscriptions),
            "subscriptions_by_channel": states_by_channel(snapshot.subscriptions),
            "snoozed_until": _iso(contact.snoozed_until),
            "preferred_hours": contact.preferred_hours,
        },
    }


def _address(address: Address) -> JsonValue:
    return {
        "channel": address.channel,
        "value": address.value,
        "stopped_at": _iso(address.stopped_at),
        "unusable_reason": address.unusable_reason,
    }


def _line(line: Line, zone: str) -> JsonValue:
    link = line.link
    return {
        "at": line.at.astimezone(UTC).isoformat(),
        "at_contacts_clock": line.at.astimezone(zone_of(zone)).isoformat(),
        "public": dict(link.public),
        "personal": dict(link.personal) if link.personal is not None else None,
        "salt": link.salt,
        "personal_hash": link.personal_hash,
        "previous_hash": line.previous_hash,
        "hash": link.hash,
        "answered": [_answer(answer) for answer in line.answers],
    }


def _answer(answer: Answer) -> JsonValue:
    return {
        "id": answer.id,
        "class": answer.message_class,
        "text": answer.text,
        "sent_at": _iso(answer.sent_at),
        "state": answer.state,
        "reason": answer.reason,
        "state_at": answer.state_at.isoformat(),
        "provider_id": answer.provider_id,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
