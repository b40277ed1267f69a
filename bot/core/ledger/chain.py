"""The hash chain of a wallet's entries: whoever alters, drops or reorders one breaks it.

A hash covers the hash before it, the entry's public fields, and an HMAC of its personal words under a salt
of the row. Erasing a person deletes words and salt and leaves the HMAC: the chain still verifies, the words
cannot be guessed back.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import orjson

from bot.core.ids import microseconds
from bot.core.ledger.entries import Entry

GENESIS = ""
"""The hash before the first entry of a member's main wallet; others have `Wallet.genesis`."""


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first place where a chain does not hold."""

    number: int
    problem: str


def personal_hash(salt: str, reason_text: str) -> str:
    """HMAC of the personal fields under the row's salt; empty where there is nothing personal."""
    if not reason_text:
        return ""
    return hmac.digest(salt.encode(), reason_text.encode(), "sha256").hex()


def entry_hash(entry: Entry) -> str:
    """Return the hash that `entry` must carry, from its other fields."""
    fields = [
        entry.previous_hash,
        entry.contact_id,
        entry.number,
        entry.id,
        entry.reason,
        entry.key,
        microseconds(entry.effective_at),
        entry.actor,
        entry.source_type,
        entry.source_id,
        entry.rule,
        entry.reverses,
        [
            [draw.source, draw.target, draw.lot_id, draw.amount_minor, draw.child_lot_id]
            for draw in entry.draws
        ],
        entry.personal_hash,
    ]
    if entry.extended:  # most entries move no end, and older ones were sealed without
        fields.append(
            [[one.lot_id, f"{one.was_on}", f"{one.expires_on}"] for one in entry.extended],
        )
    return digest(fields)


def digest(fields: Sequence[object]) -> str:
    """Return the hash of the fields of an entry, in the order of `entry_hash`: for who makes a million."""
    return hashlib.sha256(orjson.dumps(fields)).hexdigest()


def sealed(unsealed: Entry) -> Entry:
    """Give an entry that nobody has seen yet its hash, and return it: in place, because copies are dear."""
    object.__setattr__(unsealed, "hash", entry_hash(unsealed))
    return unsealed


def erased(entry: Entry) -> Entry:
    """Return the entry without its personal words and their salt; its hash stays true."""
    return replace(entry, reason_text="", salt="")


def verify(
    entries: Iterable[Entry],
    *,
    entry_count: int | None = None,
    last_hash: str | None = None,
    genesis: str = GENESIS,
) -> ChainBreak | None:
    """Check a wallet's whole chain, ordered by number, from its `genesis`; None when it holds.

    `entry_count` and `last_hash` are the wallet's: given, they also show entries cut off at the end.
    """
    number, previous = 0, genesis
    for entry in entries:
        number += 1
        if entry.number != number:
            return ChainBreak(number, f"entry {entry.number} stands where {number} should")
        if entry.previous_hash != previous:
            return ChainBreak(number, "does not follow the entry before it")
        if entry.hash != entry_hash(entry):
            return ChainBreak(number, "was altered")
        if entry.reason_text and entry.personal_hash != personal_hash(entry.salt, entry.reason_text):
            return ChainBreak(number, "its words were altered")
        previous = entry.hash
    if entry_count is not None and number != entry_count:
        return ChainBreak(number + 1, f"the wallet counts {entry_count} entries, the chain {number}")
    if last_hash is not None and previous != (last_hash or genesis):
        return ChainBreak(number, "the wallet ends in another hash")
    return None
