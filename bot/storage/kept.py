"""What subjects of the program keep of a contact, table by table: how each becomes a row.

Another subject adds one line here; its rows and how they are read stand in a module of its own.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.core.ids import bucket_of, microseconds
from bot.core.ledger.earned import EarnRecord
from bot.storage import tables
from bot.storage.conversions import conversion_row
from bot.storage.desk_visits import visit_row
from bot.storage.driver import Present, Rows
from bot.storage.evaluations import EVALUATIONS, evaluation_row
from bot.storage.exposures import exposure_row
from bot.storage.families import joined_row
from bot.storage.feedback import answer_row
from bot.storage.fulfilments import fulfilment_row
from bot.storage.grants import grant_entry_row, grant_row
from bot.storage.inbox import inbox_row
from bot.storage.invitations import invitation_row
from bot.storage.offers import checkout_row, code_row, offer_row
from bot.storage.orders import parked_row
from bot.storage.payments import payment_row, refund_row
from bot.storage.payouts import payout_row
from bot.storage.proofs import proof_row
from bot.storage.referrals import referral_row
from bot.storage.refills import refill_row
from bot.storage.reservations import reservation_row
from bot.storage.revisions import generation_row
from bot.storage.rows import RowValues, to_json
from bot.storage.sessions import session_row
from bot.storage.spins import spin_row
from bot.storage.standings import standing_row

_TABLES = tables.Row.metadata.tables


def _earned(contact_id: str, record: EarnRecord) -> RowValues:
    return (
        bucket_of(contact_id),
        contact_id,
        record.source,
        record.rule,
        record.wallet,
        record.entry_id,
        record.lot_id,
        record.desired_minor,
        record.granted_minor,
        to_json(record.by_line_minor),
        to_json(record.because),
        record.policy,
        microseconds(record.at),
    )


# One table takes one type: whoever keeps something names the table that its type goes to.
_ROWS: Mapping[str, Callable[[str, Any], RowValues]] = {
    "earned": _earned,
    "standing": standing_row,
    "referral": referral_row,
    "refill": refill_row,
    "offer": offer_row,
    "checkout": checkout_row,
    "fulfilment": fulfilment_row,
    "reservation": reservation_row,
    "spin": spin_row,
    "parked_refund": parked_row,
    "subscribe_grant": grant_row,
    "proof": proof_row,
    "desk_visit": visit_row,
    "joined": joined_row,
    "inbox": inbox_row,
    "subscribe_grant_entry": grant_entry_row,
    "payment": payment_row,
    "payment_refund": refund_row,
    "payout": payout_row,
    "session": session_row,
    "conversion": conversion_row,
    "answer": answer_row,
    "invitation": invitation_row,
}

WRITERS: Mapping[str, tuple[Rows, Callable[[str, Any], RowValues]]] = MappingProxyType(
    {table: (Rows(_TABLES[table], Present.REPLACE), row) for table, row in _ROWS.items()}
    # The first arm that was met stays, whoever says another.
    | {"exposure": (Rows(_TABLES["exposure"], Present.KEEP), exposure_row)}
    # Of whoever it was: all processes load again what is in force.
    | {"generation": (Rows(_TABLES["setting"], Present.REPLACE), generation_row)}
    | {"evaluation": (EVALUATIONS, evaluation_row)}
    # What somebody else took meanwhile is theirs: the turn fails, and decided again it takes another.
    | {"directory": (Rows(_TABLES["directory"], Present.FAIL), code_row)}
)
"""Table → how to write it, and how (contact id, what is kept) becomes its values."""
