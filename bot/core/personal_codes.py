"""Personal codes: what an email asks somebody to text, so that their number joins the profile it was sent to.

A code stands at the end of a text ("LOYALTY 7K2P4M9X"). It is no referral code: it is longer, good for one
person and for a time.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.contact import JsonValue

KIND = "invitation"
"""The directory's kind of codes, and of the mark that one was used (`used_mark`)."""
GOOD_FOR = timedelta(days=30)
GIVEN_AGAIN = timedelta(days=14)
"""A code that is good for so long still is given again; what is good for less would end on the way."""
TRIES_MAX = 5
"""How many codes that are none somebody may text in a day; the next are not looked up."""
CANDIDATES = 5
"""How many are looked at for one that nobody has: with a million given, one in 800 is taken."""

# As referral codes: digit, letter, digit, letter, so that no word is one, without what is taken for another.
_DIGITS = "23456789"
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = 4
_WRITTEN = re.compile(rf"(?:^|[\s:,])((?:[{_DIGITS}][{_LETTERS}][\s-]?){{{_PAIRS}}})[.!]?\s*$")


class Verdict(StrEnum):
    """What a personal code came to that somebody texted."""

    JOINED = "joined"  # the number joins the profile that was written to, or is about to
    OWN = "own"  # the profile has the number already
    MEMBERS = "members"  # both are members: nobody joins two wallets without being asked
    SPENT = "spent"
    LATE = "late"
    UNKNOWN = "unknown"
    TOO_OFTEN = "too_often"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code of a contact's; `expires_at` is exclusive."""

    code: str
    made_at: datetime
    expires_at: datetime
    flow: str = ""
    used_at: datetime | None = None
    facts: Mapping[str, JsonValue] = field(default_factory=dict)

    def is_good(self, at: datetime) -> bool:
        """Whether the code still counts at an instant."""
        return self.used_at is None and at < self.expires_at


@dataclass(frozen=True, slots=True)
class Invited:
    """Whose code it is, by now, and whether somebody used it."""

    contact_id: str
    is_member: bool
    invitation: Invitation
    is_settled: bool = False
    """It has a number already, or is a member with anything in a wallet: nobody comes to it by a code."""


def code_of(secret: bytes, contact_id: str, number: int) -> str:
    """Return a contact's code of that number: as hard to guess as the server's secret."""
    digest = hmac.new(secret, f"invitation/{contact_id}/{number}".encode(), hashlib.sha256).digest()
    left, written = int.from_bytes(digest[:16], "big"), ""
    for _ in range(_PAIRS):
        left, digit = divmod(left, len(_DIGITS))
        left, letter = divmod(left, len(_LETTERS))
        written += _DIGITS[digit] + _LETTERS[letter]
    return written


def code_in(text: str) -> str | None:
    """Return the personal code that a text ends with, however it is spelled; None where it does not."""
    found = _WRITTEN.search(unicodedata.normalize("NFKC", text[-80:]).upper())
    return re.sub(r"[\s-]", "", found[1]) if found is not None else None


def without_code(text: str) -> str:
    """Return a text without the code at its end."""
    return _WRITTEN.sub("", unicodedata.normalize("NFKC", text).upper()).strip() if code_in(text) else text


def used_mark(code: str) -> str:
    """Return what the directory keeps once a code was used: of two who text it at once one fails."""
    return f"{code}/used"
