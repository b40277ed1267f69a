"""Bills that were held against our records, and what of those a day's bill is to have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from bot.core.contact import JsonValue
from bot.core.ids import BUCKETS, bucket_of, instant, microseconds
from bot.core.payments import Payment, Payout, Refund
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.payments import PAYMENT_COLUMNS, REFUND_COLUMNS, payment_from, refund_from
from bot.storage.payouts import PAYOUT_COLUMNS, payout_from
from bot.storage.rows import to_json

# Once a day, bucket by bucket: an index for that would cost every payment.
_PAID = Statement(f"""
    SELECT {PAYMENT_COLUMNS} FROM payment p
    WHERE p.bucket = :bucket AND p.paid_at >= :since AND p.paid_at < :until
""")  # noqa: S608  # our own constants
_REFUNDS = Statement(f"""
    SELECT {REFUND_COLUMNS} FROM payment_refund r
    WHERE r.bucket = :bucket AND r.created_at < :until AND (r.created_at >= :since
        OR r.changed_at >= :since OR r.due_at IS NOT NULL)
""")  # noqa: S608  # our own constants
_PAYOUTS = Statement(f"""
    SELECT {PAYOUT_COLUMNS} FROM payout o
    WHERE o.bucket = :bucket AND o.changed_at >= :since AND o.changed_at < :until
""")  # noqa: S608  # our own constants
_PAYMENTS_CALLED = Statement(f"""
    SELECT {PAYMENT_COLUMNS} FROM @each(keys: bucket integer, id text)
    CROSS JOIN payment p WHERE p.bucket = keys.bucket AND p.id = keys.id
""")  # noqa: S608  # our own constants
_REFUNDS_CALLED = Statement(f"""
    SELECT {REFUND_COLUMNS} FROM @each(keys: bucket integer, id text)
    CROSS JOIN payment_refund r WHERE r.bucket = keys.bucket AND r.id = keys.id
""")  # noqa: S608  # our own constants
_PAYOUTS_CALLED = Statement(f"""
    SELECT {PAYOUT_COLUMNS} FROM @each(keys: bucket integer, id text)
    CROSS JOIN payout o WHERE o.bucket = keys.bucket AND o.id = keys.id
""")  # noqa: S608  # our own constants
_LEFT = Statement("""
    SELECT c.merged_into FROM contact c
    WHERE c.bucket = :bucket AND c.id = :contact AND c.merged_into IS NOT NULL
""")
_LISTED = Statement("""
    SELECT b.account, b.on_day, b.kind, b.found, b.at FROM bill b ORDER BY b.on_day DESC, b.kind LIMIT :most
""")
_LAST = Statement("SELECT MAX(b.on_day) FROM bill b WHERE b.account = :account AND b.kind = :kind")
_ONE = Statement("""
    SELECT b.account, b.on_day, b.kind, b.found, b.at FROM bill b
    WHERE b.account = :account AND b.on_day = :on_day AND b.kind = :kind
""")
_BILL = Rows(tables.Row.metadata.tables["bill"], Present.REPLACE)
ALL_BUCKETS = range(BUCKETS)


@dataclass(frozen=True, slots=True)
class HeldBill:
    """A bill that was held against our records: `found` has its sums and `differences`."""

    account: str
    on_day: date
    kind: str
    found: Mapping[str, JsonValue]
    at: datetime

    @property
    def differences(self) -> Sequence[Mapping[str, JsonValue]]:
        """On what the two sides differ."""
        found = self.found.get("differences")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


async def paid_between(
    connection: Connection, bucket: int, since: datetime, until: datetime
) -> list[Payment]:
    """Payments of a bucket that were paid then."""
    own = {"bucket": bucket, "since": microseconds(since), "until": microseconds(until)}
    return [payment_from(row) for row in await connection.read(_PAID, **own)]


async def refunds_between(
    connection: Connection, bucket: int, since: datetime, until: datetime
) -> list[Refund]:
    """Refunds of a bucket that were made or changed then, and those made before that are still open."""
    own = {"bucket": bucket, "since": microseconds(since), "until": microseconds(until)}
    return [refund_from(row) for row in await connection.read(_REFUNDS, **own)]


async def payouts_between(
    connection: Connection, bucket: int, since: datetime, until: datetime
) -> list[Payout]:
    """Payouts of a bucket of which something was heard then."""
    own = {"bucket": bucket, "since": microseconds(since), "until": microseconds(until)}
    return [payout_from(row) for row in await connection.read(_PAYOUTS, **own)]


async def called(connection: Connection, numbers: Sequence[str]) -> dict[str, Payment | Refund | Payout]:
    """All that we have under these numbers."""
    keys = [(bucket_of(number), number) for number in numbers]
    found: dict[str, Payment | Refund | Payout] = {}
    if keys:
        for row in await connection.read(_PAYMENTS_CALLED, keys=keys):
            found[row[1]] = payment_from(row)
        for row in await connection.read(_REFUNDS_CALLED, keys=keys):
            found[row[1]] = refund_from(row)
        for row in await connection.read(_PAYOUTS_CALLED, keys=keys):
            found[row[1]] = payout_from(row)
    return found


async def has_left(connection: Connection, contact_id: str) -> bool:
    """Whether it was joined to another contact, whose wallet has its credit since."""
    found = await connection.read(_LEFT, bucket=bucket_of(contact_id), contact=contact_id)
    return bool(found)


async def last_day(connection: Connection, account: str, kind: str) -> date | None:
    """The latest day whose bill was held against our records; None where none was."""
    found = await connection.read(_LAST, account=account, kind=kind)
    return date.fromisoformat(found[0][0]) if found and found[0][0] else None


async def of_day(connection: Connection, account: str, on_day: date, kind: str) -> HeldBill | None:
    """What was found of a day; None where its bill was never held."""
    found = await connection.read(_ONE, account=account, on_day=on_day.isoformat(), kind=kind)
    return _bill(found[0]) if found else None


async def listed(connection: Connection, most: int) -> list[HeldBill]:
    """The latest bills, newest first."""
    return [_bill(row) for row in await connection.read(_LISTED, most=most)]


async def put(connection: Connection, bill: HeldBill) -> None:
    """Keep what was found of a day."""
    found = to_json(dict(bill.found))
    day = bill.on_day.isoformat()
    await connection.write(_BILL, [(bill.account, day, bill.kind, found, microseconds(bill.at))])


def _bill(row: Sequence[Any]) -> HeldBill:
    return HeldBill(row[0], date.fromisoformat(row[1]), row[2], orjson.loads(row[3]), instant(row[4]))
