"""Sessions of shoppers, as rows and as the core knows them: looked up at every request of theirs."""

from collections.abc import Sequence
from typing import Any

from bot.core.contact import Contact
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.sessions import Session, StartedBy
from bot.storage.driver import Connection, Statement
from bot.storage.rows import RowValues, contact_from, stored

_SESSION = """
    s.id, s.contact, s.token_hash, s.channel, s.address, s.started_by, s.created_at, s.expires_at, s.ended_at
"""
_WIDTH = 9
_ONE = Statement(f"SELECT {_SESSION} FROM session s WHERE s.bucket = :bucket AND s.id = :id")  # noqa: S608  # our own constants
_WHOSE = Statement(f"""
    SELECT {_SESSION},
        c.bucket, c.id, c.locale, c.zone, c.zone_is_known, c.first_name, c.birthday_on, c.enrolled_at,
        c.attributes, c.created_at, c.merged_into, c.consent_count, c.consent_hash,
        c.snoozed_until, c.preferred_hours
    FROM session s JOIN contact c ON c.bucket = s.bucket AND c.id = s.contact
    WHERE s.bucket = :bucket AND s.id = :id
""")  # noqa: S608  # our own constants


def session_row(_contact_id: str, session: Session) -> RowValues:
    """Values of `session`; it stays on the record of who logged in, whoever they turn out to be."""
    return (
        bucket_of(session.contact_id),
        session.contact_id,
        session.id,
        session.token_hash,
        session.channel,
        session.address,
        session.started_by.value,
        microseconds(session.created_at),
        microseconds(session.expires_at),
        stored(session.ended_at),
    )


async def session_by_id(connection: Connection, session_id: str) -> Session | None:
    """The session with this id, good or not."""
    found = await connection.read(_ONE, bucket=bucket_of(session_id), id=session_id)
    return session_from(found[0]) if found else None


async def session(connection: Connection, contact_id: str, session_id: str) -> Session | None:  # noqa: ARG001  # as all are asked
    """The same, for a turn."""
    return await session_by_id(connection, session_id)


async def shopper(connection: Connection, session_id: str) -> tuple[Session, Contact] | None:
    """The session with this id, good or not, and on whose record it is, joined to another or not."""
    found = await connection.read(_WHOSE, bucket=bucket_of(session_id), id=session_id)
    return (session_from(found[0]), contact_from(found[0][_WIDTH:])) if found else None


def session_from(row: Sequence[Any]) -> Session:
    """What a row says."""
    return Session(
        id=row[0],
        contact_id=row[1],
        token_hash=row[2],
        channel=row[3],
        address=row[4],
        started_by=StartedBy(row[5]),
        created_at=instant(row[6]),
        expires_at=instant(row[7]),
        ended_at=instant(row[8]) if row[8] is not None else None,
    )
