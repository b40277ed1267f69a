"""How far each schedule has struck, and the triggers of a strike: stored by SQL, page by page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.ids import instant, microseconds
from bot.core.triggers import Trigger
from bot.storage import rows, tables
from bot.storage.driver import Connection, Present, Rows, Statement

PAGE = 5_000
"""Contacts that one transaction gives their trigger: answers wait behind it where there is one writer."""

_SINCE = Statement("SELECT value FROM setting WHERE name = :name")
_TABLES = tables.Row.metadata.tables
_SET = Rows(_TABLES["setting"], Present.REPLACE)
_FIRST = Rows(_TABLES["setting"], Present.KEEP, returning="name")
_TRIGGER = Rows(_TABLES["trigger"], Present.KEEP)

# Who came after the strike has no part in it, however late it is.
_MEMBERS = f"""
    FROM contact c
    WHERE c.bucket = :bucket AND c.id > :after {{until}}
        AND (:everywhere = 1 OR c.zone IN (SELECT zones.zone FROM @each(zones: zone text)))
        AND {tables.IS_MEMBER} AND c.enrolled_at <= :at
"""  # noqa: S608  # our own constant
_IN_AUDIENCE = """
    FROM audience_member m @indexed(ix_audience_member_in)
    CROSS JOIN contact c
    WHERE m.bucket = :bucket AND m.audience = :audience AND m.is_in
        AND m.contact > :after {until} AND m.since_at <= :at
        AND c.bucket = m.bucket AND c.id = m.contact AND c.merged_into IS NULL
        AND (:everywhere = 1 OR c.zone IN (SELECT zones.zone FROM @each(zones: zone text)))
"""


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a strike is for: members in one of the zones (None: wherever), or all there in an audience."""

    zones: Collection[str] | None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """How a strike finds those it is for: where a page of them ends, and what gives them their trigger."""

    page: Statement
    store: Statement


def _whom(chosen: str, contact: str) -> _Found:
    until = f"AND {contact} <= :until"
    return _Found(
        Statement(f"""
            SELECT MAX(page.id), COUNT(*)
            FROM (SELECT {contact} AS id {chosen.format(until="")} ORDER BY {contact} LIMIT :most) page
        """),  # noqa: S608  # our own text
        Statement(f"""
            INSERT INTO "trigger" (bucket, contact, key, kind, state, at, due_at, payload, attempts)
            SELECT c.bucket, c.id, CAST(:key AS text), CAST(:kind AS text), 'new', CAST(:at AS bigint),
                CAST(:at AS bigint), CAST(:payload AS text), 0
            {chosen.format(until=until)}
            ON CONFLICT DO NOTHING
        """),  # our own text
    )


_OF_MEMBERS, _OF_AUDIENCE = _whom(_MEMBERS, "c.id"), _whom(_IN_AUDIENCE, "m.contact")


async def known_since(connection: Connection, name: str) -> datetime | None:
    """Until when a schedule has been struck; None for one that is new."""
    found = await connection.read(_SINCE, name=name)
    return instant(int(found[0][0])) if found else None


async def struck(connection: Connection, _contact_id: str, name: str) -> datetime | None:
    """Until when a schedule has been struck, for a turn."""
    return await known_since(connection, name)


async def since(connection: Connection, name: str, now: datetime) -> datetime:
    """Until when a schedule has been struck; one that is new has been struck until now."""
    await connection.write(_FIRST, [(name, str(microseconds(now)))])
    ((value,),) = await connection.read(_SINCE, name=name)
    return instant(int(value))


async def reached(connection: Connection, name: str, at: datetime) -> None:
    """Record that everybody was given the triggers of all strikes until that instant."""
    await connection.write(_SET, [(name, str(microseconds(at)))])


async def strike(  # a page of what a strike does
    connection: Connection,
    bucket: int,
    whom: Whom,
    trigger: Trigger,
    *,
    after: str = "",
    most: int = PAGE,
) -> tuple[str | None, int]:
    """Store a trigger for a page of the contacts of a bucket it is for; those who have it keep it.

    Returns the last contact of the page (None: there was nobody behind `after`) and how many they are.
    """
    how = _OF_MEMBERS if whom.audience is None else _OF_AUDIENCE
    asked: Mapping[str, object] = {
        "bucket": bucket,
        "after": after,
        "everywhere": int(whom.zones is None),
        "zones": [(zone,) for zone in sorted(whom.zones or ())],
        "at": microseconds(trigger.at),
    } | ({} if whom.audience is None else {"audience": whom.audience})
    ((until, found),) = await connection.read(how.page, **asked, most=most)
    if until is None:
        return None, 0
    stored = {"key": trigger.key, "kind": trigger.kind.value, "payload": rows.to_json(trigger.payload)}
    await connection.run(how.store, [{**asked, **stored, "until": until}])
    return until, found


async def store(connection: Connection, contact_ids: Sequence[str], trigger: Trigger) -> None:
    """Store one trigger for each contact; those who have it keep it."""
    if contact_ids:
        await connection.write(
            _TRIGGER, [rows.trigger_row(contact_id, trigger, state="new") for contact_id in contact_ids]
        )
