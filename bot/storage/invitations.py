"""Personal codes as rows: a contact's own, and whose a code is that somebody texted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson

from bot.core.ids import bucket_of, instant, microseconds
from bot.core.personal_codes import KIND, Invitation, Invited, used_mark
from bot.storage import tables
from bot.storage.driver import Connection, Statement
from bot.storage.rows import RowValues, loaded, stored, to_json

BATCH = 1_000
_OWN_MAX = 50
_COLUMNS = "i.code, i.flow, i.made_at, i.expires_at, i.used_at, i.facts"
_OWN = Statement(f"""
    SELECT {_COLUMNS} FROM invitation i WHERE i.bucket = :bucket AND i.contact = :contact
    ORDER BY i.made_at DESC, i.code LIMIT {_OWN_MAX}
""")  # noqa: S608  # our own constants
_ONE = Statement(f"""
    SELECT {_COLUMNS} FROM invitation i
    WHERE i.bucket = :bucket AND i.contact = :contact AND i.code = :code
""")  # noqa: S608  # our own constants
_NAMED = Statement(f"""
    SELECT keys.value, d.contact FROM @each(keys: value text)
    CROSS JOIN directory d
    WHERE d.kind = '{KIND}' AND d.value = keys.value
""")  # noqa: S608  # our own constant
_BECAME = Statement(f"""
    SELECT c.merged_into, {tables.IS_MEMBER},
        EXISTS (SELECT 1 FROM address a
            WHERE a.bucket = c.bucket AND a.contact = c.id AND a.channel = 'sms')
        OR c.enrolled_at IS NOT NULL AND EXISTS (SELECT 1 FROM wallet w
            WHERE w.bucket = c.bucket AND w.contact = c.id
                AND w.pending_minor + w.available_minor + w.held_minor + w.debt_minor > 0)
    FROM contact c WHERE c.bucket = :bucket AND c.id = :contact
""")  # noqa: S608  # our own constant

_OVER = Statement(f"""
    SELECT i.contact, i.code FROM invitation i
    WHERE i.bucket = :bucket AND i.expires_at < :before LIMIT {BATCH}
""")  # noqa: S608  # our own number
_REMOVE = Statement("DELETE FROM invitation WHERE bucket = :bucket AND contact = :contact AND code = :code")
_UNNAME = Statement(f"DELETE FROM directory WHERE kind = '{KIND}' AND value = :value")  # noqa: S608  # our own constant


def invitation_row(contact_id: str, invitation: Invitation) -> RowValues:
    """Values of `invitation`."""
    return (
        bucket_of(contact_id),
        contact_id,
        invitation.code,
        invitation.flow,
        microseconds(invitation.made_at),
        microseconds(invitation.expires_at),
        stored(invitation.used_at),
        to_json(dict(invitation.facts)),
    )


async def own(connection: Connection, contact_id: str) -> tuple[Invitation, ...]:
    """The contact's codes, newest first."""
    found = await connection.read(_OWN, bucket=bucket_of(contact_id), contact=contact_id)
    return tuple(_invitation(row) for row in found)


async def taken(connection: Connection, contact_id: str, codes: str) -> frozenset[str]:  # noqa: ARG001  # as all are asked
    """Which of these codes somebody has."""
    found = await connection.read(_NAMED, keys=[(code,) for code in codes.split(",")])
    return frozenset(value for value, _ in found)


async def invited(connection: Connection, contact_id: str, code: str) -> Invited | None:  # noqa: ARG001  # as all are asked
    """Whose a code is, and whether it was used; None where it is nobody's."""
    found = await _named(connection, (code, used_mark(code)))
    owner = found.get(code)
    if owner is None:
        return None
    given = await connection.read(_ONE, bucket=bucket_of(owner), contact=owner, code=code)
    if not given:
        return None
    invitation, is_member, is_settled = _invitation(given[0]), False, False
    while became := await connection.read(_BECAME, bucket=bucket_of(owner), contact=owner):
        ((survivor, is_member, is_settled),) = became
        if survivor is None:
            break
        owner = str(survivor)
    if used_mark(code) in found and invitation.used_at is None:
        # Who used it is about to be joined, and is recorded when that is done.
        invitation = Invitation(
            code, invitation.made_at, invitation.expires_at, invitation.flow, invitation.made_at
        )
    return Invited(owner, bool(is_member), invitation, bool(is_settled))


async def invited_to(connection: Connection, codes: Collection[str], now: datetime) -> dict[str, str]:
    """Whose these codes are, by code: of those that are good, and lead a number to their contact."""
    found: dict[str, str] = {}
    named = await _named(connection, codes)
    for code, owner in sorted(named.items()):
        one = await invited(connection, owner, code)
        if one is None or one.contact_id != owner or one.is_settled:
            continue
        if one.invitation.is_good(now):
            found[code] = owner
    return found


async def _named(connection: Connection, values: Collection[str]) -> dict[str, str]:
    found = await connection.read(_NAMED, keys=[(one,) for one in values])
    return {str(row[0]): str(row[1]) for row in found}


def _invitation(row: Sequence[Any]) -> Invitation:
    return Invitation(
        code=row[0],
        flow=row[1],
        made_at=instant(row[2]),
        expires_at=instant(row[3]),
        used_at=loaded(row[4]),
        facts=orjson.loads(row[5]),
    )


async def forget(connection: Connection, bucket: int, before: datetime) -> int:
    """Forget some of a bucket's codes that were over by then, used or not; returns how many."""
    over = await connection.read(_OVER, bucket=bucket, before=microseconds(before))
    await connection.run(
        _REMOVE, [{"bucket": bucket, "contact": contact, "code": code} for contact, code in over]
    )
    await connection.run(_UNNAME, [{"value": value} for _, code in over for value in (code, used_mark(code))])
    return len(over)
