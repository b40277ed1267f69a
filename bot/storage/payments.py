"""Payments through WeChat Pay and refunds of them, as rows and as the core knows them."""

from collections.abc import Sequence
from typing import Any

import orjson

from bot.core.ids import bucket_of, instant, microseconds
from bot.core.payments import Cash, Payment, PaymentState, Refund, RefundState
from bot.storage import payouts
from bot.storage.driver import Connection, Statement
from bot.storage.due_cash import DueCash
from bot.storage.families import family
from bot.storage.rows import RowValues, loaded, stored, to_json

PAYMENT_COLUMNS = """
    p.contact, p.id, p.order_id, p.account, p.address, p.amount_minor, p.currency, p.state, p.prepay_id,
    p.transaction_id, p.paid_minor, p.created_at, p.changed_at, p.expires_at, p.paid_at, p.due_at, p.attempts,
    p.facts
"""
REFUND_COLUMNS = """
    r.contact, r.id, r.payment, r.cause, r.amount_minor, r.state, r.provider_id, r.created_at, r.changed_at,
    r.due_at, r.attempts, r.facts
"""
_BY_ID = Statement(f"SELECT {PAYMENT_COLUMNS} FROM payment p WHERE p.bucket = :bucket AND p.id = :id")  # noqa: S608  # our own constants
_REFUND_BY_ID = Statement(
    f"SELECT {REFUND_COLUMNS} FROM payment_refund r WHERE r.bucket = :bucket AND r.id = :id"  # noqa: S608  # our own constants
)
_OF_ORDER = Statement(f"""
    SELECT {PAYMENT_COLUMNS} FROM payment p
    WHERE p.bucket = :bucket AND p.contact = :contact AND p.order_id = :order
    ORDER BY p.created_at DESC, p.id DESC
""")  # noqa: S608  # our own constants
_PAYER = Statement("""
    SELECT p.contact FROM payment p WHERE p.bucket = :bucket AND p.order_id = :order LIMIT 1
""")
_REFUNDS_OF = Statement(f"""
    SELECT {REFUND_COLUMNS} FROM @each(keys: bucket integer, contact text, id text)
    CROSS JOIN payment_refund r
    WHERE r.bucket = keys.bucket AND r.contact = keys.contact AND r.payment = keys.id
    ORDER BY r.created_at, r.id
""")  # noqa: S608  # our own constants
_OF_CONTACTS = Statement(f"""
    SELECT {PAYMENT_COLUMNS} FROM @each(keys: bucket integer, contact text, id text)
    CROSS JOIN payment p
    WHERE p.bucket = keys.bucket AND p.contact = keys.contact AND p.order_id = keys.id
    ORDER BY p.created_at DESC, p.id DESC
""")  # noqa: S608  # our own constants


def payment_row(contact_id: str, payment: Payment) -> RowValues:
    """Values of `payment`."""
    contact_id = payment.contact_id or contact_id
    return (
        bucket_of(contact_id),
        contact_id,
        payment.id,
        payment.order_id,
        payment.account,
        payment.address,
        payment.amount_minor,
        payment.currency,
        payment.state.value,
        payment.prepay_id,
        payment.transaction_id,
        payment.paid_minor,
        microseconds(payment.created_at),
        microseconds(payment.changed_at),
        microseconds(payment.expires_at),
        stored(payment.paid_at),
        stored(payment.due_at),
        payment.attempts,
        to_json(dict(payment.facts)),
    )


def refund_row(contact_id: str, refund: Refund) -> RowValues:
    """Values of `payment_refund`."""
    contact_id = refund.contact_id or contact_id
    return (
        bucket_of(contact_id),
        contact_id,
        refund.id,
        refund.payment_id,
        refund.cause,
        refund.amount_minor,
        refund.state.value,
        refund.provider_id,
        microseconds(refund.created_at),
        microseconds(refund.changed_at),
        stored(refund.due_at),
        refund.attempts,
        to_json(dict(refund.facts)),
    )


async def payment_by_id(connection: Connection, payment_id: str) -> Payment | None:
    """Whoever's payment has this id; None if there is none."""
    found = await connection.read(_BY_ID, bucket=bucket_of(payment_id), id=payment_id)
    return payment_from(found[0]) if found else None


async def refund_by_id(connection: Connection, refund_id: str) -> Refund | None:
    """Whoever's refund has this id; None if there is none."""
    found = await connection.read(_REFUND_BY_ID, bucket=bucket_of(refund_id), id=refund_id)
    return refund_from(found[0]) if found else None


async def payer_of(connection: Connection, order_id: str) -> str | None:
    """On whose record the payments for an order are; None where there is none: for commands."""
    found = await connection.read(_PAYER, bucket=bucket_of(order_id), order=order_id)
    return found[0][0] if found else None


async def payment(connection: Connection, contact_id: str, payment_id: str) -> Payment | None:  # noqa: ARG001  # as all are asked
    """The same, for a turn."""
    return await payment_by_id(connection, payment_id)


async def refund(connection: Connection, contact_id: str, refund_id: str) -> Refund | None:  # noqa: ARG001  # as all are asked
    """The same, for a turn."""
    return await refund_by_id(connection, refund_id)


async def cash(connection: Connection, contact_id: str, order_id: str) -> Cash:
    """All cash that moved for an order, of the contact itself or of whoever was joined to it."""
    for member in await family(connection, contact_id):
        found = await cash_of_orders(connection, member.contact_id, [order_id])
        if order_id in found:
            return found[order_id]
    return Cash()


async def cash_of_orders(
    connection: Connection, contact_id: str, order_ids: Sequence[str]
) -> dict[str, Cash]:
    """All cash that moved for orders on one contact's own record, by order; those without are left out."""
    keys = [(bucket_of(contact_id), contact_id, one) for one in order_ids]
    paid: dict[str, list[Payment]] = {}
    for row in await connection.read(_OF_CONTACTS, keys=keys) if keys else ():
        one = payment_from(row)
        paid.setdefault(one.order_id, []).append(one)
    wanted = [(bucket_of(contact_id), contact_id, one.id) for ones in paid.values() for one in ones]
    back: dict[str, list[Refund]] = {}
    for row in await connection.read(_REFUNDS_OF, keys=wanted) if wanted else ():
        owed = refund_from(row)
        back.setdefault(owed.payment_id, []).append(owed)
    sent = await payouts.of_orders(connection, contact_id, list(paid)) if paid else {}
    return {
        order: Cash(
            tuple(ones),
            tuple(owed for one in ones for owed in back.get(one.id, ())),
            sent.get(order, ()),
        )
        for order, ones in paid.items()
    }


def payment_from(row: Sequence[Any]) -> Payment:
    """Read the values of `PAYMENT_COLUMNS`."""
    return Payment(
        contact_id=row[0],
        id=row[1],
        order_id=row[2],
        account=row[3],
        address=row[4],
        amount_minor=row[5],
        currency=row[6],
        state=PaymentState(row[7]),
        prepay_id=row[8],
        transaction_id=row[9],
        paid_minor=row[10],
        created_at=instant(row[11]),
        changed_at=instant(row[12]),
        expires_at=instant(row[13]),
        paid_at=loaded(row[14]),
        due_at=loaded(row[15]),
        attempts=row[16],
        facts=orjson.loads(row[17]),
    )


def refund_from(row: Sequence[Any]) -> Refund:
    """Read the values of `REFUND_COLUMNS`."""
    return Refund(
        contact_id=row[0],
        id=row[1],
        payment_id=row[2],
        cause=row[3],
        amount_minor=row[4],
        state=RefundState(row[5]),
        provider_id=row[6],
        created_at=instant(row[7]),
        changed_at=instant(row[8]),
        due_at=loaded(row[9]),
        attempts=row[10],
        facts=orjson.loads(row[11]),
    )


PAYMENTS = DueCash("payment", "p", PAYMENT_COLUMNS, payment_from)
REFUNDS = DueCash("payment_refund", "r", REFUND_COLUMNS, refund_from)
