"""What rows of contacts, consents and balances ask for: the bodies of operations, each with its key."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.contact import JsonValue
from bot.core.importing.rows import Asked, Rejected, RowReader, at_of, names_of
from bot.core.local_time import zone_of
from bot.core.tracking.told_traits import ToldTraits, tellable

CONTACT, CONSENT, BALANCE = "import.contact", "import.consent", "import.balance"
"""The operations that rows ask for."""
STOPPED = "stopped"
"""The state of a consent by which nothing at all may be sent to an address."""
_FIELDS = ("first_name", "locale", "zone", "birthday")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:_[A-Za-z0-9]{2,8})*")
_WORDS_MAX = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """A row and its place: all but `found` is the same when the file is read again."""

    run: str
    file: str
    begun_at: datetime
    number: int
    found: Mapping[str, object]


def contact_asked(row: Row, reader: RowReader, now: datetime) -> Asked:
    """Return what a row tells of a contact. Raises Rejected."""
    found, names = row.found, names_of(row.found)
    body: dict[str, JsonValue] = {
        "names": [[channel, value] for channel, value in names],
        "fields": _fields(found),
    }
    if "enrolled_at" in found:
        body["enrolled_at"] = at_of(found, "enrolled_at", now).isoformat()
    at = at_of(found, "at", now) if "at" in found else row.begun_at
    attributes = tellable(reader.rest_of(found), is_believed=True)
    told = ToldTraits(at, attributes) if attributes else None
    return Asked(names, f"import/contact/{row.run}/{row.number}", body, told)


def _fields(found: Mapping[str, object]) -> dict[str, JsonValue]:
    fields: dict[str, JsonValue] = {}
    for name in _FIELDS:
        value = found.get(name)
        if value is not None:
            fields[name] = value.isoformat() if isinstance(value, date) else str(value)
    if "zone" in fields:
        try:
            zone_of(str(fields["zone"]))
        except ValueError as error:
            raise Rejected("zone", str(error)) from error
    if "locale" in fields:
        fields["locale"] = locale = str(fields["locale"]).replace("-", "_")
        if not _LOCALE.fullmatch(locale):
            raise Rejected("locale", f"'{locale}' is no language like es or zh_Hans")
    return fields


def consent_asked(row: Row, _reader: RowReader, now: datetime) -> Asked:
    """Return what a row says that somebody agreed to, or not; it counts once, however often it is told."""
    found = row.found
    names = names_of(found)
    channel, at = str(found["channel"]), at_of(found, "at", now)
    words = str(found["words"])
    if len(words) > _WORDS_MAX:
        raise Rejected("words", f"are longer than {_WORDS_MAX} characters")
    there = [value for name, value in names if name == channel]
    body: dict[str, JsonValue] = {
        "names": [[channel, value] for channel, value in names],
        "group": str(found["group"]),
        "state": str(found["state"]),
        "words": words,
        "at": at.isoformat(),
        "channel": channel,
        "address": there[0] if there else None,
        "place": str(found.get("place", "")),
        "file": row.file,
    }
    said = (names[0], body["group"], body["state"], body["at"], channel, words)
    return Asked(names, f"import/consent/{_digest(*map(str, said))}", body)


def balance_asked(row: Row, _reader: RowReader, _now: datetime) -> Asked:
    """Return the credit that a row gives a member to begin with."""
    found = row.found
    amount = found["amount"]
    assert isinstance(amount, int), "amounts are whole"
    if not amount:
        raise Rejected("amount", "is 0: there is nothing to give")
    day = found.get("expires_on", "program")
    expires = "never" if day is None else day.isoformat() if isinstance(day, date) else str(day)
    body: dict[str, JsonValue] = {
        "amount_minor": amount,
        "expires_on": expires,
        "reason": str(found.get("reason") or "opening balance"),
    }
    return Asked(names_of(found), f"import/balance/{found.get('id') or expires}", body)


ASKED_OF: Mapping[str, tuple[str, Callable[[Row, RowReader, datetime], Asked]]] = {
    "contacts": (CONTACT, contact_asked),
    "consents": (CONSENT, consent_asked),
    "balances": (BALANCE, balance_asked),
}
"""The operation that rows of a kind ask for, and how."""


def _digest(*said: str) -> str:
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:32]
