"""A copy of a database as it was at an instant, for rehearsals, and what happened to contacts since then."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from bot.core.contact import JsonValue
from bot.core.groups import subscription_key
from bot.core.ids import BUCKETS, instant, microseconds
from bot.storage import tables
from bot.storage.driver import Connection, Database, Present, Rows, Statement

_LEFT_OUT = frozenset(
    {
        *("trigger", "run", "outbox", "event", "call", "link", "click", "step_figure", "conversion"),
        *("evaluation", "answer", "exposure", "invitation", "seen_message", "activity", "learnt", "tally"),
        *("audience_member", "audience_size", "computed_trait", "built", "import_run", "audit", "api_key"),
        *("api_answer", "sender"),
    }
)
"""What a rehearsal makes anew, or has nothing to do with."""
_TABLES = tables.Row.metadata.tables
_OF_MEMBERS = ("wallet", "lot", "entry", "draw", "hold", "notice", "earned", "standing", "offer")
_AT_ONCE = 5_000
_PARTS = [range(first, first + 32) for first in range(0, BUCKETS, 32)]
"""Buckets that are read at once."""
# What counts toward caps, of other flows: this one's messages are written anew.
_COUNTED = "counted_on IS NOT NULL AND flow <> :flow AND created_at < :until"
_MADE_ANEW = ("Audience Entered", "Audience Exited", "Session Started")
"""Events that a rehearsal causes itself, from what they were caused by."""
_EVENTS = Statement("""
    SELECT e.contact, e.id, e.name, e.at, e.properties FROM event e
    JOIN @each(keys: name text) ON keys.name = e.name
    WHERE e.bucket = :bucket AND e.at >= :since AND e.at < :until
""")
_INBOUND = Statement("""
    SELECT t.contact, t.key, t.at, t.payload FROM "trigger" t
    WHERE t.bucket = :bucket AND t.kind = 'inbound' AND t.at >= :since AND t.at < :until
""")
_SAID = Statement("""
    SELECT c.contact, c.subscription_group, c.channel, c.state, c.at FROM consent c
    WHERE c.bucket = :bucket ORDER BY c.contact, c.number
""")
_ENROLLED = Statement("""
    SELECT c.id, c.enrolled_at FROM contact c
    WHERE c.bucket = :bucket AND c.enrolled_at >= :since AND c.enrolled_at < :until
""")
_STOPPED = Statement("""
    SELECT a.contact, a.channel, a.value, a.stopped_at FROM address a
    WHERE a.bucket = :bucket AND a.stopped_at >= :since AND a.stopped_at < :until
""")
# They count toward caps from when they left, and not before: a week's cap would be full of what comes later.
_SENT = Statement(f"""
    SELECT t.contact, t.id, COALESCE(t.handed_at, t.created_at), t.counted_on FROM outbox t
    WHERE t.bucket = :bucket AND {_COUNTED} AND t.created_at >= :since
""")  # noqa: S608  # our own text
_COUNT = Statement("""
    UPDATE outbox SET counted_on = :counted_on WHERE bucket = :bucket AND contact = :contact AND id = :id
""")
_BACK = tuple(
    Statement(sql)
    for sql in (
        # Who was no member yet had nothing: what a flow gives them is not given twice.
        *(
            f"""DELETE FROM "{table}" WHERE EXISTS (SELECT 1 FROM contact c WHERE c.bucket = "{table}".bucket
                AND c.id = "{table}".contact AND c.enrolled_at >= :since)"""  # noqa: S608  # our own names
            for table in _OF_MEMBERS
        ),
        "UPDATE contact SET enrolled_at = NULL WHERE enrolled_at >= :since",
        "UPDATE address SET stopped_at = NULL WHERE stopped_at >= :since",
        "DELETE FROM subscription WHERE at >= :since",
        "UPDATE outbox SET counted_on = NULL WHERE created_at >= :since",
        # Not of this flow's schedules and caps: they begin with the rehearsal.
        "DELETE FROM setting WHERE name LIKE 'schedule:%' OR name = 'halted'",
        "DELETE FROM counter WHERE name LIKE 'entry:%'",
    )
)
_ENROL = Statement("UPDATE contact SET enrolled_at = :at WHERE bucket = :bucket AND id = :contact")
_STOP = Statement("""
    UPDATE address SET stopped_at = :at
    WHERE bucket = :bucket AND contact = :contact AND channel = :channel AND value = :value
""")
_SUBSCRIPTION = Rows(_TABLES["subscription"], Present.REPLACE)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a contact: an event, an inbound message, or a change of standing.

    A change is made by the statement, or is a row of `subscription`; it comes after what caused it.
    """

    at: datetime
    contact: str
    bucket: int
    key: str
    event: str | None = None
    inbound: Mapping[str, JsonValue] | None = None
    facts: Mapping[str, JsonValue] | None = None
    change: tuple[Statement, Mapping[str, object]] | None = None
    subscription: tuple[Any, ...] | None = None

    @property
    def is_change(self) -> bool:
        """Whether it is a change of standing."""
        return self.change is not None or self.subscription is not None


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when something is rehearsed."""

    since: datetime
    until: datetime

    @property
    def bounds(self) -> dict[str, object]:
        """As statements take them."""
        return {"since": microseconds(self.since), "until": microseconds(self.until)}


async def copy(source: Database, target: Database, span: Span, flow: str) -> None:
    """Fill an empty database of the newest schema with what there was when the span began.

    Balances, products and traits are as they are now. Only reads `source`.
    """
    for table in _TABLES.values():
        if table.name not in _LEFT_OUT:
            await _copy_table(source, target, table.name)
    bounds = span.bounds
    await _copy_table(source, target, "event", "at < :since", {"since": bounds["since"]})
    await _copy_table(source, target, "outbox", _COUNTED, {"flow": flow, "until": bounds["until"]})
    await _copy_runs(source, target, flow, bounds["since"])

    async def back(connection: Connection) -> None:
        for statement in _BACK:
            await connection.run(statement, [bounds])

    await target.transact(back)
    for part in _PARTS:
        found = await source.query(partial(_consents, part=part, until=microseconds(span.until)))
        states = _before(found, microseconds(span.since))
        if states:
            await target.transact(lambda c, states=states: c.write(_SUBSCRIPTION, states))  # type: ignore[misc]  # bound now


async def happenings(source: Database, span: Span, names: Collection[str], flow: str) -> list[Happening]:
    """What happened in the span, in order: events of these names, and when others' messages left."""
    wanted = sorted(set(names) - set(_MADE_ANEW))
    found: list[Happening] = []
    for part in _PARTS:
        found += await source.query(partial(_of_part, part=part, span=span, names=wanted, flow=flow))
    return sorted(found, key=lambda one: (one.at, one.key))


async def _of_part(
    connection: Connection, part: Sequence[int], span: Span, names: Sequence[str], flow: str
) -> list[Happening]:
    found: list[Happening] = []
    for bucket in part:
        found += await _of_bucket(connection, bucket, span, names)
        for contact, message, at, on in await connection.read(_SENT, bucket=bucket, flow=flow, **span.bounds):
            facts = {"bucket": bucket, "contact": contact, "id": message, "counted_on": on}
            counts = (_COUNT, facts)
            found.append(Happening(instant(at), contact, bucket, f"z/counted/{message}", change=counts))
    return found


async def _of_bucket(
    connection: Connection, bucket: int, span: Span, names: Sequence[str]
) -> list[Happening]:
    own: dict[str, object] = {"bucket": bucket, **span.bounds}
    found: list[Happening] = []
    if names:
        events = await connection.read(_EVENTS, **own, keys=[(name,) for name in names])
        found += [
            Happening(instant(at), contact, bucket, f"event/{key}", event=name, facts=orjson.loads(facts))
            for contact, key, name, at, facts in events
        ]
    for contact, key, at, payload in await connection.read(_INBOUND, **own):
        told = orjson.loads(payload)
        if "text" in told:  # what was erased says nothing any more
            found.append(Happening(instant(at), contact, bucket, f"inbound/{key}", inbound=told))
    for contact, at in await connection.read(_ENROLLED, **own):
        change = (_ENROL, {"bucket": bucket, "contact": contact, "at": at})
        found.append(Happening(instant(at), contact, bucket, f"z/enrolled/{contact}", change=change))
    for contact, channel, value, at in await connection.read(_STOPPED, **own):
        facts = {"bucket": bucket, "contact": contact, "channel": channel, "value": value, "at": at}
        found.append(
            Happening(instant(at), contact, bucket, f"z/stopped/{contact}/{value}", change=(_STOP, facts))
        )
    since = microseconds(span.since)
    for row in await _consents(connection, [bucket], microseconds(span.until)):
        if row[4] >= since:
            key = f"z/said/{row[1]}/{row[2]}/{row[4]}"
            found.append(Happening(instant(row[4]), row[1], bucket, key, subscription=row))
    return found


async def _consents(connection: Connection, part: Sequence[int], until: int) -> list[tuple[Any, ...]]:
    """The lines of the consent log as rows of `subscription`, oldest first."""
    return [
        (bucket, contact, subscription_key(group, channel), state, at, None, None)
        for bucket in part
        for contact, group, channel, state, at in await connection.read(_SAID, bucket=bucket)
        if at < until
    ]


def _before(lines: Sequence[tuple[Any, ...]], since: int) -> list[tuple[Any, ...]]:
    """Where contacts stood at an instant."""
    standing: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in lines:
        if row[4] < since:
            standing[row[1], row[2]] = row
    return list(standing.values())


async def _copy_table(
    source: Database,
    target: Database,
    name: str,
    condition: str = "",
    parameters: Mapping[str, object] | None = None,
) -> None:
    table = _TABLES[name]
    columns = ", ".join(f't."{column.name}"' for column in table.columns)
    conditions = [condition] if condition else []
    is_owned = "bucket" in table.columns and table.primary_key.columns.keys()[0] == "bucket"
    if is_owned:
        conditions.append("t.bucket >= :first AND t.bucket <= :last")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    read = Statement(f'SELECT {columns} FROM "{name}" t {where}')  # noqa: S608  # our own names
    any_row = Statement(f'SELECT 1 FROM "{name}" t LIMIT 1')  # noqa: S608  # our own names
    if not await source.query(lambda c: c.read(any_row)):
        return
    write = Rows(table, Present.KEEP)
    for part in _PARTS if is_owned else [range(0)]:
        own: dict[str, object] = {"first": part[0], "last": part[-1]} if part else {}
        found = await source.query(lambda c, own=own: c.read(read, **own, **(parameters or {})))  # type: ignore[misc]  # bound now
        for start in range(0, len(found), _AT_ONCE):
            rows = [tuple(row) for row in found[start : start + _AT_ONCE]]
            await target.transact(lambda c, rows=rows: c.write(write, rows))  # type: ignore[misc]  # bound now


async def _copy_runs(source: Database, target: Database, flow: str, since: object) -> None:
    """Copy when contacts went into the flow before: for its door alone, so they go nowhere from there."""
    table = _TABLES["run"]
    names = [column.name for column in table.columns]
    columns = ", ".join(f't."{name}"' for name in names)
    condition = "t.bucket >= :first AND t.bucket <= :last AND t.flow = :flow AND t.started_at < :since"
    read = Statement(f"SELECT {columns} FROM run t WHERE {condition}")  # noqa: S608  # our own names
    write, status, wake = Rows(table, Present.KEEP), names.index("status"), names.index("wake_at")
    for part in _PARTS:
        own: dict[str, object] = {"first": part[0], "last": part[-1], "flow": flow, "since": since}
        found = await source.query(lambda c, own=own: c.read(read, **own))  # type: ignore[misc]  # bound now
        rows = []
        for row in found:
            values = list(row)
            values[status], values[wake] = "done", None
            rows.append(tuple(values))
        if rows:
            await target.transact(lambda c, rows=rows: c.write(write, rows))  # type: ignore[misc]  # bound now


async def apply(connection: Connection, happened: Sequence[Happening]) -> None:
    """Make changes of standing in the copy."""
    for one in happened:
        if one.change is not None:
            statement, parameters = one.change
            await connection.run(statement, [dict(parameters)])
    rows = [one.subscription for one in happened if one.subscription is not None]
    if rows:
        await connection.write(_SUBSCRIPTION, rows)
