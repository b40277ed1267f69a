"""Rows of the books: wallets, lots, entries with their draws, and holds."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import orjson

from bot.core.contact import JsonValue
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.ledger.entries import Entry
from bot.core.ledger.holds import Hold, HoldPart, HoldState
from bot.core.ledger.lots import Lot
from bot.core.ledger.wallet import MAIN_WALLET, Wallet
from bot.storage.rows.values import RowValues, loaded, stored, to_json
from bot.storage.tables import FOREVER

WALLET = MAIN_WALLET


def wallet_row(wallet: Wallet) -> RowValues:
    """Values of `wallet`."""
    return (
        bucket_of(wallet.contact_id),
        wallet.contact_id,
        wallet.id,
        wallet.pending_minor,
        wallet.available_minor,
        wallet.held_minor,
        wallet.debt_minor,
        wallet.entry_count,
        wallet.last_hash,
        wallet.version,
    )


def lot_row(contact_id: str, lot: Lot, notice_at: datetime | None, wallet: str = MAIN_WALLET) -> RowValues:
    """Values of `lot`; `notice_at` counts for a new one only."""
    return (
        bucket_of(contact_id),
        contact_id,
        wallet,
        lot.id,
        lot.kind,
        lot.fund,
        lot.granted_minor,
        lot.pending_minor,
        lot.available_minor,
        lot.held_minor,
        microseconds(lot.active_from),
        FOREVER if lot.expires_at is None else microseconds(lot.expires_at),
        stored(lot.grace_until),
        stored(lot.noticed_at),
        lot.expires_on.isoformat() if lot.expires_on else None,
        lot.zone,
        lot.priority,
        lot.policy,
        lot.source_type,
        lot.source_id,
        lot.parent_lot_id,
        stored(notice_at),
        lot.renewal,
        lot.notice_days,
    )


LOT_COLUMNS = (
    "l.id, l.kind, l.fund, l.granted_minor, l.pending_minor, l.available_minor, l.held_minor, l.active_from,"
    " l.expires_at, l.grace_until, l.noticed_at, l.expires_on, l.zone, l.priority, l.policy, l.source_type,"
    " l.source_id, l.parent_lot_id, l.renewal, l.notice_days"
)
"""What `lot_from` reads."""


def lot_from(row: Sequence[Any]) -> Lot:
    """Read the values of `LOT_COLUMNS`."""
    return Lot(
        id=row[0],
        kind=row[1],
        fund=row[2],
        granted_minor=row[3],
        pending_minor=row[4],
        available_minor=row[5],
        held_minor=row[6],
        active_from=instant(row[7]),
        expires_at=None if row[8] == FOREVER else instant(row[8]),
        grace_until=loaded(row[9]),
        noticed_at=loaded(row[10]),
        expires_on=date.fromisoformat(row[11]) if row[11] else None,
        zone=row[12],
        priority=row[13],
        policy=row[14],
        source_type=row[15],
        source_id=row[16],
        parent_lot_id=row[17],
        renewal=row[18],
        notice_days=row[19],
    )


def entry_rows(
    entry: Entry, recorded_at: datetime | None = None, wallet: str = MAIN_WALLET
) -> tuple[RowValues, list[RowValues]]:
    """Values of `entry` and of its `draw`s."""
    bucket = bucket_of(entry.contact_id)
    head: RowValues = (
        bucket,
        entry.contact_id,
        wallet,
        entry.number,
        entry.id,
        entry.reason.value,
        entry.key,
        microseconds(entry.effective_at),
        entry.actor,
        entry.reason_text,
        entry.salt,
        entry.personal_hash,
        entry.source_type,
        entry.source_id,
        entry.rule,
        entry.reverses,
        entry.previous_hash,
        entry.hash,
        stored(recorded_at),
        extended_text(entry),
    )
    draws: list[RowValues] = [
        (
            bucket,
            entry.contact_id,
            wallet,
            entry.number,
            line,
            draw.source.value,
            draw.target.value,
            draw.lot_id,
            draw.child_lot_id,
            draw.amount_minor,
        )
        for line, draw in enumerate(entry.draws, 1)
    ]
    return head, draws


def extended_text(entry: Entry) -> str:
    """The ends that an entry moved, as they are stored; empty for nearly all."""
    if not entry.extended:
        return ""
    return to_json([[one.lot_id, one.was_on, one.expires_on] for one in entry.extended])


def hold_row(contact_id: str, hold: Hold, wallet: str = MAIN_WALLET) -> RowValues:
    """Values of `hold`."""
    parts: list[JsonValue] = [
        [part.lot_id, part.amount_minor, part.captured_minor, part.released_minor] for part in hold.parts
    ]
    return (
        bucket_of(contact_id),
        contact_id,
        wallet,
        hold.id,
        hold.order_id,
        hold.state.value,
        microseconds(hold.expires_at),
        to_json(parts),
    )


def hold_from(row: Sequence[Any]) -> Hold:
    """Read (id, order_id, state, expires_at, parts)."""
    parts = tuple(HoldPart(*part) for part in orjson.loads(row[4]))
    return Hold(row[0], row[1], HoldState(row[2]), instant(row[3]), parts)
