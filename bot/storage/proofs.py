"""Proofs as rows, found by whoever asked for them or by a code that was texted; and whose an address is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from bot.core.deeds.proving import Texted
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.proofs import KIND, Proof, ProofState, Way
from bot.storage import turns
from bot.storage.driver import Connection, Statement
from bot.storage.rows import RowValues, loaded, stored, to_json

_COLUMNS = """
    p.id, p.channel, p.address, p.code_hash, p.state, p.tries, p.network, p.created_at, p.expires_at,
    p.ended_at, p.facts
"""
_LATEST = Statement(f"""
    SELECT {_COLUMNS} FROM proof p WHERE p.bucket = :bucket AND p.contact = :contact
    ORDER BY p.id DESC LIMIT 1
""")  # noqa: S608  # our own constants
_OPEN_OF = Statement(f"""
    SELECT {_COLUMNS} FROM proof p
    WHERE p.bucket = :bucket AND p.contact = :contact AND p.state = 'open' ORDER BY p.id DESC
""")  # noqa: S608  # our own constants
_ASKER = Statement(f"""
    SELECT d.contact FROM @each(keys: value text)
    CROSS JOIN directory d
    WHERE d.kind = '{KIND}' AND d.value = keys.value
""")  # noqa: S608  # our own constants
_OWNER = Statement("SELECT d.contact FROM directory d WHERE d.kind = :kind AND d.value = :value")
_BECAME = Statement("SELECT c.merged_into FROM contact c WHERE c.bucket = :bucket AND c.id = :contact")


def proof_row(contact_id: str, proof: Proof) -> RowValues:
    """Values of `proof`."""
    return (
        bucket_of(contact_id),
        contact_id,
        proof.id,
        proof.channel,
        proof.address,
        proof.code_hash,
        proof.state.value,
        proof.tries,
        proof.network,
        microseconds(proof.created_at),
        microseconds(proof.expires_at),
        stored(proof.ended_at),
        to_json({"way": proof.way.value} if proof.way else {}),
    )


async def latest(connection: Connection, contact_id: str) -> Proof | None:
    """The proof that the contact asked for last."""
    found = await connection.read(_LATEST, bucket=bucket_of(contact_id), contact=contact_id)
    return _proof(found[0]) if found else None


async def texted(connection: Connection, contact_id: str, names: str) -> Texted | None:  # noqa: ARG001  # as all are asked
    """Who was shown what was texted, by the names it may have in the directory; None where nobody was."""
    askers = await connection.read(_ASKER, keys=[(name,) for name in names.split(",")])
    if not askers:
        return None
    asker = str(askers[0][0])
    found = await connection.read(_OPEN_OF, bucket=bucket_of(asker), contact=asker)
    return Texted(asker, tuple(_proof(row) for row in found))


async def owner_at(connection: Connection, contact_id: str, address: str) -> str | None:  # noqa: ARG001  # as all are asked
    """Whose an address like `sms:+1…` is by now; None where nobody's."""
    channel, _, value = address.partition(":")
    found = await connection.read(_OWNER, kind=channel, value=value)
    owner = str(found[0][0]) if found else None
    while owner is not None:
        became = await connection.read(_BECAME, bucket=bucket_of(owner), contact=owner)
        if not became or became[0][0] is None:
            break
        owner = str(became[0][0])
    return owner


async def suppressed_at(connection: Connection, contact_id: str, hashes: str) -> datetime | None:  # noqa: ARG001  # as all are asked
    """When STOP was said from an address, as `channel:` and the keyed hashes it may have; None: never."""
    channel, _, written = hashes.partition(":")
    found = await turns.suppressed(connection, [(channel, one) for one in written.split(",")])
    return min(found.values(), default=None)


def _proof(row: Sequence[Any]) -> Proof:
    way = orjson.loads(row[10]).get("way")
    return Proof(
        id=row[0],
        channel=row[1],
        address=row[2],
        code_hash=row[3],
        state=ProofState(row[4]),
        tries=row[5],
        network=row[6],
        created_at=instant(row[7]),
        expires_at=instant(row[8]),
        ended_at=loaded(row[9]),
        way=Way(way) if way else None,
    )
