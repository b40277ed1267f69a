"""The statements around a batch of tracked messages: which are new, whom they are of, what is known of them.

Every statement works on a whole batch. What was claimed here first is never waited for by turns: they know
nothing of messages; contacts and names are locked in the order in which turns lock them.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

import asyncpg
import orjson

from bot.core.contact import Contact, JsonValue
from bot.core.flow.run import HEARS, WaitKind, events_of
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.tracking.sessions import Activity
from bot.core.tracking.told_traits import KnownTraits, Times
from bot.storage import tables
from bot.storage.driver import Asked, Changes, Connection, Present, Record, Rows, Statement
from bot.storage.rows import RowValues, to_json

EXTERNAL, ANONYMOUS = "external", "anonymous"
"""The directory's kinds of names by which shops call a contact: userId and anonymousId."""
Name = tuple[str, str]

_NAMES = Statement("""
    SELECT a.contact, a.channel, a.value FROM @each(keys: bucket integer, contact text)
    JOIN address a ON a.bucket = keys.bucket AND a.contact = keys.contact
""")
_CALLED = Statement(f"""
    SELECT a.value FROM address a
    WHERE a.bucket = :bucket AND a.contact = :contact AND a.channel = '{EXTERNAL}'
""")  # noqa: S608  # our own constant
_ACTIVITY = Statement("""
    SELECT a.contact, a.last_at, a.session_at FROM @each(keys: bucket integer, contact text)
    JOIN activity a ON a.bucket = keys.bucket AND a.contact = keys.contact
""")
_TIMES = Statement("""
    SELECT t.contact, t.times FROM @each(keys: bucket integer, contact text)
    JOIN attribute_times t ON t.bucket = keys.bucket AND t.contact = keys.contact
""")
# As `rows.run_row` writes what a run waits for.
_WAITING = Statement(f"""
    SELECT r.contact, r.state FROM @each(keys: bucket integer, contact text)
    JOIN run r ON r.bucket = keys.bucket AND r.contact = keys.contact
    WHERE r.status = 'waiting'
        AND (r.state LIKE '%"wait":["{WaitKind.EVENT}",%' OR r.state LIKE '%"{HEARS}":[%')
""")  # noqa: S608  # our own constant
_OPEN_GOALS = Statement("""
    SELECT DISTINCT r.contact FROM @each(keys: bucket integer, contact text)
    JOIN run r ON r.bucket = keys.bucket AND r.contact = keys.contact
    WHERE r.goals_until IS NOT NULL AND r.goals_until >= :now
""")
_THERE = Statement("""
    SELECT e.id FROM @each(keys: bucket integer, contact text, id text)
    JOIN event e ON e.bucket = keys.bucket AND e.contact = keys.contact AND e.id = keys.id
""")
_POINT = Statement("""
    UPDATE directory SET bucket = :bucket, contact = :contact
    WHERE kind = :kind AND value = :value AND contact = :before
""")
_DROP_NAME = Statement("""
    DELETE FROM address
    WHERE bucket = :bucket AND contact = :contact AND channel = :kind AND value = :value
""")
_OLDEST = Statement("SELECT MIN(s.at) FROM seen_message s")
_FORGET = Statement("DELETE FROM seen_message WHERE at < :before")

_TABLES = tables.Row.metadata.tables
_SEEN = Rows(_TABLES["seen_message"], Present.KEEP, returning="id")
_DIRECTORY = Rows(_TABLES["directory"], Present.KEEP, returning="kind, value")
_CONTACT_TRAITS = Changes(_TABLES["contact"], "attributes", "first_name", "birthday_on")
CONTACT = Rows(_TABLES["contact"], Present.FAIL)
ADDRESS = Rows(_TABLES["address"], Present.REPLACE, once=("created_at",))
EVENT = Rows(_TABLES["event"], Present.KEEP)
_NEW_EVENT = Rows(_TABLES["event"], Present.FAIL)
ACTIVITY = Rows(_TABLES["activity"], Present.REPLACE)
TIMES = Rows(_TABLES["attribute_times"], Present.REPLACE)
TRIGGER = Rows(_TABLES["trigger"], Present.KEEP)


class WrittenBefore(Exception):
    """An event is in the books, whose message came longer ago than messages are known for."""


@dataclass(slots=True)
class Standing:
    """What else is known of locked contacts, by id."""

    activity: dict[str, Activity] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)
    waits: dict[str, set[str] | None] = field(default_factory=dict)
    """The names of events that runs wait for; None: of any."""
    with_goals: frozenset[str] = frozenset()
    """Who has an entry whose goals may still be reached."""
    addresses: dict[str, set[Name]] = field(default_factory=dict)
    """Addresses and names of those who were told of one."""
    there: frozenset[str] = frozenset()
    """Ids of events that are in the books already, of those that were asked for."""


async def claim(connection: Connection, message_ids: Sequence[str], now: datetime) -> list[bool]:
    """Say of each message whether it is the first time that it comes; claimed in one order."""
    at = microseconds(now)
    in_order = sorted(range(len(message_ids)), key=message_ids.__getitem__)
    won = await connection.claim(_SEEN, [(message_ids[number], at) for number in in_order])
    is_new = [False] * len(message_ids)
    for number, first in zip(in_order, won, strict=True):
        is_new[number] = first
    return is_new


async def write_new_events(connection: Connection, events: Sequence[RowValues]) -> None:
    """Write events that nobody has written before, which is cheaper than to ask of each whether that is so.

    Raises:
        WrittenBefore: one of them is there; nothing of the transaction is.
    """
    try:
        await connection.write(_NEW_EVENT, events)
    except (asyncpg.UniqueViolationError, sqlite3.IntegrityError) as error:
        raise WrittenBefore from error


async def names_of(connection: Connection, contact_ids: Collection[str]) -> dict[str, set[Name]]:
    """Return the addresses and names (channel, value) of contacts."""
    return _names(await connection.read(_NAMES, keys=_keys(contact_ids)))


def _names(found: Iterable[Record]) -> dict[str, set[Name]]:
    names: dict[str, set[Name]] = {}
    for contact, channel, value in found:
        names.setdefault(contact, set()).add((channel, value))
    return names


async def called(connection: Connection, contact_id: str, other: str) -> frozenset[str]:  # noqa: ARG001  # as all are asked
    """The ids by which the shop knows another contact, for a turn."""
    found = await connection.read(_CALLED, bucket=bucket_of(other), contact=other)
    return frozenset(row[0] for row in found)


async def standing(  # noqa: PLR0913  # what is read, each under its name
    connection: Connection,
    *,
    active: Collection[str],
    told: Collection[str],
    heard: Collection[str],
    events: Collection[tuple[int, str, str]],
    called: Collection[str] = (),
    goals_at: datetime | None = None,
) -> Standing:
    """Read of locked contacts what is wanted of each: `active` whose sessions, `told` whose traits' times.

    `heard` are those whose runs may wait for an event; `events` (bucket, contact, id) may be there already;
    `called` are those whose addresses are wanted. `goals_at`: say of those `heard` whose goals are open then.
    """
    keys = [_keys(active), _keys(told), _keys(heard), sorted(events), _keys(called)]
    asked: list[Asked] = [
        (statement, {"keys": each})
        for statement, each in zip((_ACTIVITY, _TIMES, _WAITING, _THERE, _NAMES), keys, strict=True)
        if each
    ]
    if goals_at is not None and heard:
        asked.append((_OPEN_GOALS, {"keys": _keys(heard), "now": microseconds(goals_at)}))
    answers = iter(await connection.read_all(asked) if asked else ())
    activity, times, waits, there, names = (next(answers) if each else () for each in keys)
    with_goals = frozenset(row[0] for row in next(answers, ()))
    return Standing(
        with_goals=with_goals,
        activity={row[0]: Activity(instant(row[1]), instant(row[2])) for row in activity},
        times={row[0]: _times(row[1]) for row in times},
        waits=_waits(waits),
        there=frozenset(row[0] for row in there),
        addresses=_names(names),
    )


def _waits(found: Iterable[Record]) -> dict[str, set[str] | None]:
    waits: dict[str, set[str] | None] = {}
    for contact, state in found:
        kind, _, _, facts = orjson.loads(state)["wait"]
        names, heard = waits.setdefault(contact, set()), events_of(kind, facts)
        if names is None or heard is None:
            waits[contact] = None
        else:
            names |= heard
    return waits


async def take_names(connection: Connection, names: Mapping[Name, str]) -> bool:
    """Let names, which nobody had, be those of contacts; False where somebody was quicker."""
    values = [(*name, bucket_of(contact), contact) for name, contact in sorted(names.items())]
    return all(await connection.claim(_DIRECTORY, values))


async def point_names(connection: Connection, names: Mapping[Name, tuple[str, str]]) -> None:
    """Let names that were one contact's be another's from now on: name → (before, after)."""
    pointed = [
        {"kind": kind, "value": value, "before": before, "bucket": bucket_of(after), "contact": after}
        for (kind, value), (before, after) in sorted(names.items())
    ]
    dropped = [{**one, "bucket": bucket_of(str(one["before"])), "contact": one["before"]} for one in pointed]
    await connection.run(_POINT, pointed)
    await connection.run(_DROP_NAME, dropped)


async def write_traits(connection: Connection, told: Mapping[str, tuple[Contact, Times]]) -> None:
    """Write what contacts are like by now, and when each trait of theirs was told."""
    contacts: list[RowValues] = [
        (
            to_json(dict(contact.attributes)),
            contact.first_name,
            contact.birthday_on.isoformat() if contact.birthday_on else None,
            contact.bucket,
            contact.id,
        )
        for contact, _ in told.values()
    ]
    await connection.write(_CONTACT_TRAITS, sorted(contacts, key=itemgetter(-1)))
    await connection.write(TIMES, sorted(times_row(contact, times) for contact, (_, times) in told.items()))


async def known_times(connection: Connection, contact_ids: Collection[str]) -> dict[str, Times]:
    """Read when the traits of contacts were told; of whom nothing was told is missing."""
    found = await connection.read(_TIMES, keys=_keys(contact_ids))
    return {row[0]: _times(row[1]) for row in found}


def _times(text: str) -> Times:
    stored = orjson.loads(text)
    fields: Mapping[str, tuple[JsonValue, int]] = stored["fields"]
    return Times(
        stored["traits"],
        KnownTraits(
            {name: value for name, (value, _) in fields.items()},
            {name: at for name, (_, at) in fields.items()},
        ),
    )


def times_row(contact_id: str, times: Times) -> RowValues:
    """Values of `attribute_times`."""
    fields = {name: [times.fields.traits.get(name), at] for name, at in times.fields.times.items()}
    return bucket_of(contact_id), contact_id, to_json({"traits": dict(times.of), "fields": fields})


def activity_row(contact_id: str, activity: Activity) -> RowValues:
    """Values of `activity`."""
    last_at, session_at = microseconds(activity.last_at), microseconds(activity.session_at)
    return bucket_of(contact_id), contact_id, last_at, session_at


async def oldest_seen(connection: Connection) -> datetime | None:
    """When the oldest message came that is still known to have come."""
    found = await connection.read(_OLDEST)
    return instant(found[0][0]) if found[0][0] is not None else None


async def forget_seen(connection: Connection, before: datetime) -> None:
    """Forget which messages came before then."""
    await connection.run(_FORGET, [{"before": microseconds(before)}])


def _keys(contact_ids: Collection[str]) -> list[tuple[int, str]]:
    return sorted((bucket_of(contact_id), contact_id) for contact_id in contact_ids)
