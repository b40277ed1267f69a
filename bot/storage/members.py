"""Where contacts stand to audiences: read and written for many at once, listed and counted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from bot.core.audiences.moves import AUDIENCE, ENTERED, EXITED
from bot.core.contact import Contact
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.quickly import quickly_made
from bot.storage import tables
from bot.storage.driver import Asked, Connection, Present, Rows, Statement
from bot.storage.due import ALL_BUCKETS, buckets, peek
from bot.storage.families import family
from bot.storage.rows import RowValues, contact_from, loaded, stored

_MEMBER = Rows(tables.Row.metadata.tables["audience_member"], Present.REPLACE)
_COLUMNS = "m.contact, m.audience, m.is_in, m.since_at, m.look_at"
_OF = Statement(f"""
    SELECT {_COLUMNS} FROM @each(keys: bucket integer, contact text)
    JOIN audience_member m ON m.bucket = keys.bucket AND m.contact = keys.contact
""")  # noqa: S608  # our own text
_DUE_PEEK = peek("audience_member", "t.look_at IS NOT NULL AND t.look_at <= :now")
_DUE = Statement("""
    SELECT m.contact, m.audience FROM audience_member m
    JOIN contact c ON c.bucket = m.bucket AND c.id = m.contact AND c.merged_into IS NULL
    WHERE m.bucket = :bucket AND m.look_at IS NOT NULL AND m.look_at <= :now
    ORDER BY m.look_at LIMIT :most
""")
_LISTED = Statement("""
    SELECT m.contact, m.since_at FROM audience_member m @indexed(ix_audience_member_in)
    WHERE m.bucket = :bucket AND m.audience = :audience AND m.is_in AND m.contact > :after
    ORDER BY m.contact LIMIT :most
""")
# As one list: many rows are dearer to hand over than to find.
_ALL = Statement("""
    SELECT @list(m.contact) FROM @each(keys: bucket integer)
    CROSS JOIN audience_member m @indexed(ix_audience_member_in)
    WHERE m.bucket = keys.bucket AND m.audience = :audience AND m.is_in
""")
_PEOPLED = Statement("""
    SELECT keys.bucket FROM @each(keys: bucket integer)
    WHERE EXISTS (SELECT 1 FROM audience_member m
                  WHERE m.bucket = keys.bucket AND m.audience = :audience AND m.is_in)
    ORDER BY keys.bucket
""")
_SIZES = Statement("""
    SELECT keys.audience, COUNT(m.contact)
    FROM @each(keys: audience text, bucket integer)
    LEFT JOIN audience_member m @indexed(ix_audience_member_in)
        ON m.bucket = keys.bucket AND m.audience = keys.audience AND m.is_in
    GROUP BY keys.audience
""")
_FORGET = Statement("""
    DELETE FROM audience_member WHERE bucket = :bucket
        AND audience IN (SELECT gone.audience FROM @each(gone: audience text))
""")
_FORGET_CONTACTS = Statement("""
    DELETE FROM audience_member WHERE bucket = :bucket AND contact = :contact
""")
_LOOK_NO_MORE = Statement("""
    UPDATE audience_member SET look_at = NULL
    WHERE bucket = :bucket AND contact = :contact AND audience = :audience
""")
_CONTACTS = Statement("""
    SELECT c.id FROM contact c
    WHERE c.bucket = :bucket AND c.id > :after AND c.merged_into IS NULL ORDER BY c.id LIMIT :most
""")
_PEOPLE = Statement("""
    SELECT c.bucket, c.id, c.locale, c.zone, c.zone_is_known, c.first_name, c.birthday_on, c.enrolled_at,
           c.attributes, c.created_at, c.merged_into, c.consent_count, c.consent_hash,
           c.snoozed_until, c.preferred_hours
    FROM contact c
    WHERE c.bucket = :bucket AND c.id > :after AND c.merged_into IS NULL ORDER BY c.id LIMIT :most
""")
_MOVES = Statement("""
    SELECT e.at, e.properties FROM event e
    WHERE e.bucket = :bucket AND e.contact = :contact AND e.name = :name
""")
_POPULATION = Statement("""
    SELECT c.bucket, COUNT(*) FROM contact c WHERE c.merged_into IS NULL GROUP BY c.bucket ORDER BY c.bucket
""")


@quickly_made
@dataclass(frozen=True, slots=True)
class Membership:
    """Where a contact stands to an audience, since when, and when time alone may change it."""

    is_in: bool
    since_at: datetime
    look_at: datetime | None = None


Memberships = Mapping[str, Membership]
"""Of one contact, by audience; one that is missing it never was in, and time alone brings it into none."""


def asked(contacts: Iterable[str]) -> Asked:
    """What reads where these contacts stand; `read` says what was found."""
    return _OF, {"keys": [(bucket_of(contact), contact) for contact in contacts]}


def found(rows: Sequence[Sequence[Any]]) -> dict[str, dict[str, Membership]]:
    """Memberships by contact and audience."""
    known: dict[str, dict[str, Membership]] = {}
    for contact, audience, is_in, since_at, look_at in rows:
        own = known.setdefault(contact, {})
        own[audience] = Membership(bool(is_in), instant(since_at), loaded(look_at))
    return known


def row(contact: str, audience: str, membership: Membership) -> RowValues:
    """Values of `audience_member`."""
    return (
        bucket_of(contact),
        contact,
        audience,
        membership.is_in,
        microseconds(membership.since_at),
        stored(membership.look_at),
    )


MEMBER = _MEMBER
"""What writes these rows."""


async def of_contact(connection: Connection, contact: str) -> dict[str, Membership]:
    """Where one contact stands."""
    statement, parameters = asked([contact])
    return found(await connection.read(statement, **parameters)).get(contact, {})


async def standing_at(connection: Connection, contact: str, audience: str, at: datetime) -> Membership | None:
    """Where a contact stood at an instant, by what is recorded; None where nothing tells.

    It may have come in only later: then `since_at` is when.
    """
    now = (await of_contact(connection, contact)).get(audience)
    if now is not None and now.since_at <= at:
        return now
    moves: list[Membership] = []
    for member in await family(connection, contact):
        own = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        for name in (ENTERED, EXITED):
            moves += [
                Membership(name == ENTERED, instant(moved_at))
                for moved_at, properties in await connection.read(_MOVES, **own, name=name)
                if orjson.loads(properties).get(AUDIENCE) == audience
            ]
    moves.sort(key=lambda one: one.since_at)
    before = next((one for one in reversed(moves) if one.since_at <= at), None)
    if before is None and moves and moves[0].is_in:
        return replace(moves[0], is_in=False)
    return before


async def buckets_with_due(connection: Connection, now: datetime) -> list[int]:
    """Buckets in which time may have changed where somebody stands."""
    return await buckets(connection, _DUE_PEEK, now)


async def due(connection: Connection, bucket: int, now: datetime, most: int) -> list[tuple[str, str]]:
    """Contacts of a bucket that time may have moved, each with the audience."""
    found = await connection.read(_DUE, bucket=bucket, now=microseconds(now), most=most)
    return [(row[0], row[1]) for row in found]


async def listed(
    connection: Connection, audience: str, bucket: int, after: str, most: int
) -> list[tuple[str, datetime]]:
    """Who of a bucket is in an audience, behind a contact, and since when."""
    rows = await connection.read(_LISTED, bucket=bucket, audience=audience, after=after, most=most)
    return [(row[0], instant(row[1])) for row in rows]


async def page(connection: Connection, audience: str, after: str, most: int) -> list[tuple[str, datetime]]:
    """Who is in an audience behind a contact (empty: from the beginning), by bucket, and since when."""
    first = bucket_of(after) if after else 0
    keys = [(bucket,) for bucket in ALL_BUCKETS if bucket >= first]
    some: list[tuple[str, datetime]] = []
    for (bucket,) in await connection.read(_PEOPLED, keys=keys, audience=audience):
        if len(some) < most:
            behind = after if bucket == first else ""
            some += await listed(connection, audience, bucket, behind, most - len(some))
    return some


async def all_of(connection: Connection, audience: str) -> list[str]:
    """Everybody in an audience, in no order."""
    keys = [(bucket,) for bucket in ALL_BUCKETS]
    ((contacts,),) = await connection.read(_ALL, keys=keys, audience=audience)
    found: list[str] = orjson.loads(contacts) if contacts else []
    return found


async def sizes(connection: Connection, audiences: Collection[str]) -> dict[str, int]:
    """How many are in each of these audiences, by what is kept."""
    keys = [(audience, bucket) for audience in audiences for bucket in ALL_BUCKETS]
    return dict.fromkeys(audiences, 0) | {
        row[0]: int(row[1]) for row in await connection.read(_SIZES, keys=keys)
    }


async def forget_gone(connection: Connection, bucket: int, gone: Collection[str]) -> None:
    """Drop what a bucket keeps of audiences that are gone."""
    await connection.read(_FORGET, bucket=bucket, gone=[(audience,) for audience in gone])


async def forget(connection: Connection, contacts: Iterable[str]) -> None:
    """Drop where these contacts stand: they are nobody any more."""
    many = [{"bucket": bucket_of(contact), "contact": contact} for contact in contacts]
    await connection.run(_FORGET_CONTACTS, many)


async def look_no_more(connection: Connection, lost: Iterable[tuple[str, str]]) -> None:
    """Let time move nobody for whom there is nothing to judge: (contact, audience)."""
    many = [
        {"bucket": bucket_of(contact), "contact": contact, "audience": audience} for contact, audience in lost
    ]
    if many:
        await connection.run(_LOOK_NO_MORE, many)


async def population(connection: Connection) -> dict[int, int]:
    """How many contacts there are, by bucket; a bucket without any is missing."""
    return {row[0]: int(row[1]) for row in await connection.read(_POPULATION)}


async def contacts(connection: Connection, bucket: int, after: str, most: int) -> list[str]:
    """Contacts of a bucket behind one, in order; none that was joined to another."""
    found = await connection.read(_CONTACTS, bucket=bucket, after=after, most=most)
    return [row[0] for row in found]


async def people(connection: Connection, bucket: int, after: str, most: int) -> list[Contact]:
    """The same, as they are now."""
    found = await connection.read(_PEOPLE, bucket=bucket, after=after, most=most)
    return [contact_from(row) for row in found]
