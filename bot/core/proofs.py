"""Proofs that an address is one's own: a code that only its owner can read there, or can send from there.

A contact names an address. Whoever is known there is texted one code, to be typed where it was asked for; and
the contact is shown another, to be texted from there. Neither says whether anybody is known at the address,
and no code is stored: both follow from the proof's id and a secret of the server's.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.wechat_address import appid_of

DIGITS = 6
GOOD_FOR = timedelta(minutes=10)
TRIES_MAX = 5
A_DAY_FOR_ADDRESS = 3
"""How many proofs of one address may be asked for in a day, by whomever."""
A_DAY_FOR_ASKER = 5
A_DAY_FOR_NETWORK = 40
"""How many may be asked for in a day by one account about numbers that begin alike."""
KIND = "proof"
"""The directory's kind of what a code shown is found by, once it is texted: a hash of it and its address."""

_WRITTEN = re.compile(r"\s*(\d{3})[\s-]?(\d{3})\s*")
_SAME_END = 4  # digits that numbers of one network differ in


class Way(StrEnum):
    """Which of a proof's two codes is meant."""

    TYPED = "typed"  # texted to the address, typed where the proof was asked for
    TEXTED = "texted"  # shown where the proof was asked for, texted from the address


class ProofState(StrEnum):
    """How far a proof has come."""

    OPEN = "open"
    PROVEN = "proven"
    REPLACED = "replaced"  # by a newer one
    SPENT = "spent"  # too many wrong tries


class Tried(StrEnum):
    """What a code that was tried came to."""

    PROVEN = "proven"
    WRONG = "wrong"
    SPENT = "spent"  # wrong once too often: a new code has to be asked for
    LATE = "late"
    NONE = "none"  # nothing waits for a code


@dataclass(frozen=True, slots=True)
class Proof:
    """A contact's attempt to show that an address is its own; `expires_at` is exclusive."""

    id: str
    channel: str
    address: str
    code_hash: str
    network: str
    created_at: datetime
    expires_at: datetime
    state: ProofState = ProofState.OPEN
    tries: int = 0
    ended_at: datetime | None = None
    way: Way | None = None
    """By which code it was proven."""

    def is_open(self, at: datetime) -> bool:
        """Whether a code would still count at an instant."""
        return self.state is ProofState.OPEN and at < self.expires_at

    def ended(self, state: ProofState, at: datetime, way: Way | None = None) -> "Proof":
        """Return the proof as it ends; only what was proven still says of which address."""
        address = self.address if state is ProofState.PROVEN else ""
        return replace(self, state=state, ended_at=at, way=way, address=address)


def begun(
    proof_id: str, named: tuple[str, str], network: str, secrets: Sequence[bytes], now: datetime
) -> Proof:
    """Begin a proof of an address, `named` as (channel, address)."""
    channel, address = named
    code = code_of(secrets[0], proof_id, Way.TYPED)
    return Proof(
        id=proof_id,
        channel=channel,
        address=address,
        code_hash=_hash(secrets[0], f"typed/{proof_id}/{code}"),
        network=network,
        created_at=now,
        expires_at=now + GOOD_FOR,
    )


def typed(
    proof: Proof | None, code: str, secrets: Sequence[bytes], now: datetime
) -> tuple[Proof | None, Tried]:
    """Try a code that was typed; returns the proof as it is then, and what came of it."""
    if proof is None or proof.state is ProofState.REPLACED:
        return proof, Tried.NONE
    if proof.state is ProofState.PROVEN:
        return proof, Tried.PROVEN
    if proof.state is ProofState.SPENT:
        return proof, Tried.SPENT
    if now >= proof.expires_at:
        return proof, Tried.LATE
    written = read_code(code) or ""
    if any(
        hmac.compare_digest(proof.code_hash, _hash(secret, f"typed/{proof.id}/{written}"))
        for secret in secrets
    ):
        return proof.ended(ProofState.PROVEN, now, Way.TYPED), Tried.PROVEN
    tried = replace(proof, tries=proof.tries + 1)
    if tried.tries < TRIES_MAX:
        return tried, Tried.WRONG
    return tried.ended(ProofState.SPENT, now), Tried.SPENT


def is_texted_code(proof: Proof, code: str, secrets: Sequence[bytes]) -> bool:
    """Whether it is the code of the proof that was shown, to be texted from its address."""
    return any(hmac.compare_digest(code, code_of(secret, proof.id, Way.TEXTED)) for secret in secrets)


def code_of(secret: bytes, proof_id: str, way: Way) -> str:
    """Return one of a proof's codes: as random as the id and the secret that it is made of."""
    digest = hmac.new(secret, f"proof/{way}/{proof_id}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}}"


def read_code(text: str) -> str | None:
    """Return the code that a message is, and nothing else; None where it is none."""
    found = _WRITTEN.fullmatch(text)
    return found[1] + found[2] if found is not None and text.isascii() else None


def names_of(secrets: Sequence[bytes], channel: str, address: str, code: str) -> list[str]:
    """Return what the directory may know a code under that is texted from an address, newest secret first."""
    return [_hash(secret, f"texted/{channel}:{address}/{code}") for secret in secrets]


def network_of(asked_from: str, number: str) -> str:
    """Return what groups attempts: the account they are made in, and how the numbers named begin."""
    return f"{appid_of(asked_from)}/{number[:-_SAME_END]}"


def counter_of(secret: bytes, what: str, day: str) -> str:
    """Return the counter of a day's attempts on something; what it is cannot be read from it."""
    return f"cap/proof/{_hash(secret, f'cap/{what}')[:32]}/{day}"


def _hash(secret: bytes, what: str) -> str:
    return hmac.new(secret, f"proof/{what}".encode(), hashlib.sha256).hexdigest()
