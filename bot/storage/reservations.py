"""Reserved units of drops, as rows and as the core knows them."""

from collections.abc import Sequence
from typing import Any

import orjson

from bot.core.ids import bucket_of, instant, microseconds
from bot.core.loyalty.drops import Reservation, ReservationState
from bot.storage import counters
from bot.storage.driver import Connection, Statement
from bot.storage.families import family
from bot.storage.rows import RowValues, to_json

_SELECT = """
    SELECT r.id, r.drop_id, r.units, r.state, r.until, r.at, r.facts FROM reservation r
    WHERE r.bucket = :bucket AND r.contact = :contact
"""
_OPEN = Statement(f"{_SELECT} AND r.state = 'reserved' ORDER BY r.at DESC, r.id DESC")
# Whoever reserves and gives up all day long must not push out what was taken.
_OF_OPENING = Statement(f"""
    {_SELECT} AND r.drop_id = :opening AND r.state IN ('reserved', 'taken') ORDER BY r.at DESC, r.id DESC
""")
_OF_OPENINGS = Statement("""
    SELECT r.id, r.drop_id, r.units, r.state, r.until, r.at, r.facts
    FROM @each(keys: opening text)
    JOIN reservation r ON r.bucket = :bucket AND r.contact = :contact AND r.drop_id = keys.opening
        AND r.state IN ('reserved', 'taken')
    ORDER BY r.at DESC, r.id DESC
""")
_ONE = Statement(f"{_SELECT} AND r.id = :id")
_CANCEL = Statement("""
    UPDATE reservation SET state = 'canceled'
    WHERE bucket = :bucket AND contact = :contact AND state = 'reserved'
""")


def reservation_row(contact_id: str, reservation: Reservation) -> RowValues:
    """Values of `reservation`."""
    facts = {
        "sku": reservation.sku,
        "unit": reservation.unit_minor,
        "credit": reservation.credit_minor,
        "changed_at": microseconds(reservation.changed_at),
        "hold": reservation.hold,
    }
    return (
        bucket_of(contact_id),
        contact_id,
        reservation.id,
        reservation.opening,
        reservation.quantity,
        reservation.state.value,
        microseconds(reservation.until),
        microseconds(reservation.reserved_at),
        to_json(facts),
    )


async def reserved(connection: Connection, contact_id: str) -> tuple[Reservation, ...]:
    """What is reserved for the contact and not yet taken, newest first; its time may be over."""
    found = await connection.read(_OPEN, bucket=bucket_of(contact_id), contact=contact_id)
    return tuple(_reservation(row) for row in found)


async def of_opening(connection: Connection, contact_id: str, opening: str) -> tuple[Reservation, ...]:
    """What the contact has reserved or taken of one opening of a drop."""
    found: list[Reservation] = []
    for member in await family(connection, contact_id):
        own = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        found += map(_reservation, await connection.read(_OF_OPENING, **own, opening=opening))
    return tuple(found)


async def of_openings(
    connection: Connection, asked: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[Reservation, ...]]:
    """The same of several, by contact and opening."""
    found: dict[tuple[str, str], tuple[Reservation, ...]] = dict.fromkeys(asked, ())
    for contact_id in dict.fromkeys(contact for contact, _ in asked):
        keys = [(opening,) for contact, opening in asked if contact == contact_id]
        for member in await family(connection, contact_id):
            own = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
            for row in await connection.read(_OF_OPENINGS, **own, keys=keys):
                found[contact_id, row[1]] += (_reservation(row),)
    return found


async def find(connection: Connection, contact_id: str, reservation_id: str) -> Reservation | None:
    """Return one reservation; None if there is none."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    found = await connection.read(_ONE, **own, id=reservation_id)
    return _reservation(found[0]) if found else None


async def give_up_all(connection: Connection, contact_id: str) -> None:
    """Let everything reserved for a contact go back at once: it is erased, and nobody will pay for it.

    Takes counters: nothing that others wait for may be locked after it.
    """
    given_back: dict[str, int] = {}
    for one in await reserved(connection, contact_id):
        given_back[one.counter] = given_back.get(one.counter, 0) + one.quantity
    if given_back:
        await connection.run(_CANCEL, [{"bucket": bucket_of(contact_id), "contact": contact_id}])
        await counters.give_back(connection, given_back)


def _reservation(row: Sequence[Any]) -> Reservation:
    facts = orjson.loads(row[6])  # of an erased contact the numbers are left
    return Reservation(
        id=row[0],
        opening=row[1],
        sku=facts.get("sku", ""),
        quantity=row[2],
        unit_minor=facts["unit"],
        credit_minor=facts["credit"],
        state=ReservationState(row[3]),
        reserved_at=instant(row[5]),
        until=instant(row[4]),
        changed_at=instant(facts["changed_at"]),
        hold=facts.get("hold"),
    )
