"""Cash for shoppers' wallets at WeChat, as rows and as the core knows it."""

from collections.abc import Sequence
from typing import Any

import orjson

from bot.core.ids import bucket_of, instant, microseconds
from bot.core.payments import Payout, PayoutState
from bot.storage.driver import Connection, Statement
from bot.storage.due_cash import DueCash
from bot.storage.families import family
from bot.storage.rows import RowValues, loaded, stored, to_json

PAYOUT_COLUMNS = """
    o.contact, o.id, o.order_id, o.account, o.address, o.amount_minor, o.currency, o.state, o.package,
    o.provider_id, o.created_at, o.changed_at, o.due_at, o.attempts, o.facts
"""
_BY_ID = Statement(f"SELECT {PAYOUT_COLUMNS} FROM payout o WHERE o.bucket = :bucket AND o.id = :id")  # noqa: S608  # our own constants
_OF_CONTACT = Statement(f"""
    SELECT {PAYOUT_COLUMNS} FROM payout o WHERE o.bucket = :bucket AND o.contact = :contact
    ORDER BY o.created_at DESC, o.id DESC
""")  # noqa: S608  # our own constants
_LATEST = Statement(f"""
    SELECT {PAYOUT_COLUMNS} FROM payout o ORDER BY o.created_at DESC, o.id DESC LIMIT :most
""")  # noqa: S608  # our own constants
_OF_ORDERS = Statement(f"""
    SELECT {PAYOUT_COLUMNS} FROM @each(keys: bucket integer, contact text, id text)
    CROSS JOIN payout o
    WHERE o.bucket = keys.bucket AND o.contact = keys.contact AND o.order_id = keys.id
    ORDER BY o.created_at, o.id
""")  # noqa: S608  # our own constants


def payout_row(contact_id: str, payout: Payout) -> RowValues:
    """Values of `payout`."""
    contact_id = payout.contact_id or contact_id
    return (
        bucket_of(contact_id),
        contact_id,
        payout.id,
        payout.order_id,
        payout.account,
        payout.address,
        payout.amount_minor,
        payout.currency,
        payout.state.value,
        payout.package,
        payout.provider_id,
        microseconds(payout.created_at),
        microseconds(payout.changed_at),
        stored(payout.due_at),
        payout.attempts,
        to_json(dict(payout.facts)),
    )


async def payout_by_id(connection: Connection, payout_id: str) -> Payout | None:
    """Whoever's payout has this id; None if there is none."""
    found = await connection.read(_BY_ID, bucket=bucket_of(payout_id), id=payout_id)
    return payout_from(found[0]) if found else None


async def payout(connection: Connection, contact_id: str, payout_id: str) -> Payout | None:  # noqa: ARG001  # as all are asked
    """The same, for a turn."""
    return await payout_by_id(connection, payout_id)


async def of_contact(connection: Connection, contact_id: str) -> tuple[Payout, ...]:
    """The payouts of a contact and of all that were joined to it, newest first."""
    found: list[Payout] = []
    for member in await family(connection, contact_id):
        own = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        found += map(payout_from, await connection.read(_OF_CONTACT, **own))
    found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
    return tuple(found)


async def latest(connection: Connection, most: int) -> list[Payout]:
    """The latest payouts of all, newest first: for commands."""
    return [payout_from(row) for row in await connection.read(_LATEST, most=most)]


async def of_orders(
    connection: Connection, contact_id: str, order_ids: Sequence[str]
) -> dict[str, tuple[Payout, ...]]:
    """The payouts for orders on one contact's own record, by order."""
    keys = [(bucket_of(contact_id), contact_id, one) for one in order_ids]
    found: dict[str, tuple[Payout, ...]] = {}
    for row in await connection.read(_OF_ORDERS, keys=keys) if keys else ():
        one = payout_from(row)
        found[one.order_id] = (*found.get(one.order_id, ()), one)
    return found


def payout_from(row: Sequence[Any]) -> Payout:
    """Read the values of `PAYOUT_COLUMNS`."""
    return Payout(
        contact_id=row[0],
        id=row[1],
        order_id=row[2],
        account=row[3],
        address=row[4],
        amount_minor=row[5],
        currency=row[6],
        state=PayoutState(row[7]),
        package=row[8],
        provider_id=row[9],
        created_at=instant(row[10]),
        changed_at=instant(row[11]),
        due_at=loaded(row[12]),
        attempts=row[13],
        facts=orjson.loads(row[14]),
    )


PAYOUTS = DueCash("payout", "o", PAYOUT_COLUMNS, payout_from)
