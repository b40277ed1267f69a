"""Links of letters: to unsubscribe, choose, or confirm an opt-in, and the picture that tells of a look.

They are signed and have no end: whoever finds a letter years later must still be able to leave. What they
open is no more than that: nobody sees by them whose they are.
"""

import hmac
from base64 import b32decode, b32encode
from dataclasses import dataclass

from bot.core.ids import bucket_of
from bot.core.signed_links import ID_BYTES, read_signed, signed

UNSUBSCRIBE_PATH, PREFERENCES_PATH, CONFIRM_PATH, LOOK_PATH = "/e/u/", "/e/p/", "/e/c/", "/e/o/"

_UNSUBSCRIBE, _PREFERENCES, _CONFIRM = "unsubscribe", "preferences", "confirm"
_LOOK, _NAME, _SEAL = "look", "letter", "letter/back"
_TAG_BYTES = 5
"""Of a letter's name: mail servers take 64 characters before the @, and whoever guesses gains nothing."""
PREFIX = "rg"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a link is of: the contact, the message it stood in, and the subscription group it belongs to."""

    contact_id: str
    message_id: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class LetterLinks:
    """Makes and reads links; the newest of `secrets` comes first and signs, all of them are believed."""

    public_url: str
    secrets: tuple[bytes, ...]

    def unsubscribe(self, reader: Reader) -> str:
        """Return the link by which one click leaves the group."""
        return f"{self.public_url}{UNSUBSCRIBE_PATH}{self._signed(_UNSUBSCRIBE, reader)}"

    def preferences(self, reader: Reader) -> str:
        """Return the link to the page of all groups."""
        return f"{self.public_url}{PREFERENCES_PATH}{self._signed(_PREFERENCES, reader)}"

    def confirm(self, reader: Reader) -> str:
        """Return the link to the page that confirms an opt-in to the group, while one waits."""
        return f"{self.public_url}{CONFIRM_PATH}{self._signed(_CONFIRM, reader)}"

    def look(self, reader: Reader) -> str:
        """Return the address of the picture."""
        return f"{self.public_url}{LOOK_PATH}{self._signed(_LOOK, reader)}"

    def read_unsubscribe(self, token: str) -> Reader | None:
        """Return whose link it is; None where it is none of ours."""
        return self._read(_UNSUBSCRIBE, token)

    def read_preferences(self, token: str) -> Reader | None:
        """Return whose link it is; None where it is none of ours."""
        return self._read(_PREFERENCES, token)

    def read_confirm(self, token: str) -> Reader | None:
        """Return whose link it is; None where it is none of ours."""
        return self._read(_CONFIRM, token)

    def read_look(self, token: str) -> Reader | None:
        """Return whose picture it is; None where it is none of ours."""
        return self._read(_LOOK, token)

    def _signed(self, purpose: str, reader: Reader) -> str:
        body = bytes.fromhex(reader.contact_id + reader.message_id) + reader.group.encode()
        return signed(self.secrets, purpose, body)

    def _read(self, purpose: str, token: str) -> Reader | None:
        body = read_signed(self.secrets, purpose, token)
        if body is None or len(body) < 2 * ID_BYTES:
            return None
        group = body[2 * ID_BYTES :].decode("utf-8", "replace")
        return Reader(body[:ID_BYTES].hex(), body[ID_BYTES : 2 * ID_BYTES].hex(), group)


@dataclass(frozen=True, slots=True)
class LetterNames:
    """What mail servers call a letter, in Message-ID; and sealed, in what only they and its mailbox see.

    Nobody else makes either. Whoever a letter is forwarded to, or answered before, may learn its Message-ID:
    that it came back, or was called spam, is believed of who shows the sealed name alone. A name has small
    letters and digits alone, as servers on the way may change the case.
    """

    secrets: tuple[bytes, ...]

    def name(self, message_id: str) -> str:
        """Return the name of a message's letter."""
        return self._named(_NAME, message_id)

    def sealed(self, message_id: str) -> str:
        """Return the name that stands in the envelope and in a header that no mail program shows."""
        return self._named(_SEAL, message_id)

    def read(self, name: str) -> str | None:
        """Return the id of the message that a letter carries; None where the name is none of ours."""
        return self._read(_NAME, name)

    def read_sealed(self, name: str) -> str | None:
        """The same of a sealed name."""
        return self._read(_SEAL, name)

    def _named(self, purpose: str, message_id: str) -> str:
        return f"{PREFIX}{message_id}{_written(_tag(self.secrets[0], purpose, message_id))}"

    def _read(self, purpose: str, name: str) -> str | None:
        name = name.lower()
        message_id = name[len(PREFIX) : len(PREFIX) + 2 * ID_BYTES]
        try:
            bucket_of(message_id)
            tag = b32decode(name[len(PREFIX) + 2 * ID_BYTES :].upper())
        except ValueError:
            return None
        is_ours = any(hmac.compare_digest(_tag(one, purpose, message_id), tag) for one in self.secrets)
        return message_id if is_ours and name.startswith(PREFIX) else None


def _tag(secret: bytes, purpose: str, message_id: str) -> bytes:
    return hmac.digest(secret, f"regulars/{purpose}/{message_id}".encode(), "sha256")[:_TAG_BYTES]


def _written(tag: bytes) -> str:
    return b32encode(tag).decode().lower()
