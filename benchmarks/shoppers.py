"""Made-up shoppers with open sessions at our pages, and what they ask: the nth's token is always the same."""

import hashlib
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from benchmarks.members import number
from bot.core.contact import Address, Contact
from bot.core.ids import BUCKETS, microseconds
from bot.core.ledger.lots import Lot, days_good
from bot.core.ledger.wallet import Wallet
from bot.core.local_time import local_date
from bot.core.sessions import LASTS, Session, StartedBy, hash_of, token_of
from bot.storage import rows
from bot.storage.rows import RowValues
from bot.storage.sessions import session_row

# What is asked, in shares of 100. Whoever opens the pages sees the wallet's, which asks five things at once
# (`miniprogram/pages/wallet.js`); four in ten look at today's (four), some at the others; one in ten writes.
MIX = (
    *(("me", 12), ("wallet", 12), ("history", 12), ("tiers", 12), ("payouts", 12)),
    *(("checkin", 5), ("drops", 5), ("bundles", 5), ("refills", 5)),
    *(("rewards", 4), ("inbox", 2), ("orders", 2), ("referral", 1), ("privacy", 1)),
    *(("read", 3), ("opened", 5), ("language", 2)),
)
IN_A_ROW = 5
"""How many requests come of one shopper before those of another."""
PREFIX = "/mp"
BARE_PATH = "/bare"
LOTS = 3
MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
WRITES: Mapping[str, tuple[str, str]] = {
    "read": ("/inbox/read", '{"until":"2026-01-01T00:00:00Z"}'),
    "opened": ("/events", '{"name":"opened","page":"wallet"}'),
    "language": ("/me", '{"language":"en"}'),
}


def contact_of(index: int) -> str:
    """The id of the nth shopper's contact."""
    return _id(0, index)


def token(index: int) -> str:
    """The token of the nth shopper's session."""
    return token_of(_id(1, index), _secret(index))


def shopper_rows(index: int, now: datetime, notice_at: datetime | None) -> dict[str, list[RowValues]]:
    """A member with three lots, whose notice is due then, and an open session.

    It is night where they are: what they are told of at any hour of ours waits for their morning.
    """
    contact = Contact(
        id=contact_of(index),
        bucket=index % BUCKETS,
        locale="en",
        zone=_at_night(now),
        zone_is_known=True,
        first_name="Ana",
        created_at=MADE_AT,
        enrolled_at=MADE_AT,
    )
    granted_at, today = now - timedelta(days=20), local_date(now, contact.zone)
    lots: list[RowValues] = []
    for which in range(LOTS):
        terms = days_good(granted_at, today + timedelta(days=2 + which), contact.zone, timedelta(days=14))
        lot = Lot(
            id=_id(2 + which, index),
            kind="promotional",
            fund="marketing",
            granted_minor=500 + which,
            pending_minor=0,
            available_minor=500 + which,
            held_minor=0,
            active_from=granted_at,
            expires_at=terms.expires_at,
            grace_until=terms.grace_until,
            noticed_at=None,
            expires_on=terms.expires_on,
            zone=contact.zone,
            priority=0,
            policy="program@1",
            source_type="benchmark",
            source_id="",
            parent_lot_id=None,
        )
        lots.append(rows.lot_row(contact.id, lot, notice_at))
    wallet = Wallet(contact.id, available_minor=sum(500 + which for which in range(LOTS)))
    address = Address("sms", number(index))
    session = Session(
        id=_id(1, index),
        contact_id=contact.id,
        token_hash=hash_of(_secret(index)),
        channel="sms",
        address=address.value,
        started_by=StartedBy.LOGIN,
        created_at=now,
        expires_at=now + LASTS[StartedBy.LOGIN],
    )
    since = microseconds(MADE_AT)
    return {
        "directory": [("sms", address.value, contact.bucket, contact.id)],
        "contact": [rows.contact_row(contact)],
        "address": [rows.address_row(contact, address, MADE_AT)],
        "subscription": [(contact.bucket, contact.id, "loyalty", "subscribed", since, None, None)],
        "wallet": [rows.wallet_row(wallet)],
        "lot": lots,
        "session": [session_row(contact.id, session)],
    }


def page_request(port: int, member: int, kind: str, key: str) -> bytes:
    """What a page asks for its shopper."""
    head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token(member)}\r\nAccept: */*\r\n"
    if kind not in WRITES:
        return f"GET {PREFIX}/{kind} HTTP/1.1\r\n{head}\r\n".encode()
    path, body = WRITES[kind]
    once = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    return (
        f"POST {PREFIX}{path} HTTP/1.1\r\n{head}Idempotency-Key: {once}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def bare_request(port: int, member: int, kind: str, key: str) -> bytes:
    """The same as a bare handler is asked."""
    body = f'{{"id":"{key}","member":"{contact_of(member)}","kind":"{kind}"}}'
    return (
        f"POST {BARE_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _id(which: int, index: int) -> str:
    return f"{microseconds(MADE_AT) // 1000:012x}7{which:03x}8{index:013x}{index % BUCKETS:02x}"


def _secret(index: int) -> bytes:
    return hashlib.sha256(random.Random(index).randbytes(16)).digest()


def _at_night(now: datetime) -> str:
    """A zone in which it is three in the morning, or nearly."""
    ahead = (3 - now.hour + 11) % 24 - 11
    return f"Etc/GMT{'-' if ahead > 0 else '+'}{abs(ahead)}"  # their signs are the other way round
