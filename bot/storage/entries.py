"""Entries as they are read back: with their draws, in one row each."""

from collections.abc import Sequence
from datetime import date
from operator import itemgetter
from typing import Any

import orjson

from bot.core.ids import instant
from bot.core.ledger.entries import Account, Draw, Entry, Extension, Reason
from bot.storage.rows import json_rows

ENTRY_COLUMNS = """
    e.id, e.number, e.reason, e.key, e.effective_at, e.actor, e.reason_text, e.salt, e.personal_hash,
    e.source_type, e.source_id, e.rule, e.reverses, e.previous_hash, e.hash,
    (SELECT @rows(d.line, d.source, d.target, d.lot, d.amount_minor, d.child_lot) FROM draw d
     WHERE d.bucket = e.bucket AND d.contact = e.contact AND d.wallet = e.wallet AND d.number = e.number),
    e.extended
"""
"""What `entry_from` reads of an `entry e`, its draws among them."""


def entry_from(contact_id: str, row: Sequence[Any]) -> Entry:
    """Read the values of `ENTRY_COLUMNS`."""
    return Entry(
        id=row[0],
        contact_id=contact_id,
        number=row[1],
        reason=Reason(row[2]),
        key=row[3],
        effective_at=instant(row[4]),
        actor=row[5],
        reason_text=row[6],
        salt=row[7],
        personal_hash=row[8],
        source_type=row[9],
        source_id=row[10],
        rule=row[11],
        reverses=row[12],
        previous_hash=row[13],
        hash=row[14],
        draws=tuple(
            Draw(Account(source), Account(target), lot, amount, child)
            for _, source, target, lot, amount, child in sorted(json_rows(row[15]), key=itemgetter(0))
        ),
        extended=tuple(
            Extension(lot, date.fromisoformat(was_on), date.fromisoformat(expires_on))
            for lot, was_on, expires_on in (orjson.loads(row[16]) if row[16] else ())
        ),
    )
