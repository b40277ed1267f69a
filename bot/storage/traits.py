"""Figures of contacts, kept current: their states, and the events that they are made of."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from bot.core.audiences.traits import Happened, TraitState
from bot.core.deeds.figures import KeptFigures
from bot.core.ids import bucket_of, instant
from bot.storage import built, tables
from bot.storage.driver import Asked, Connection, Present, Rows, Statement
from bot.storage.rows import RowValues, loaded, stored, to_json

TRAIT = Rows(tables.Row.metadata.tables["computed_trait"], Present.REPLACE)
"""What writes these rows."""
_COLUMNS = "t.contact, t.trait, t.n, t.total, t.first_at, t.last_at, t.state, t.good_until"
_STATES = Statement(f"""
    SELECT {_COLUMNS} FROM @each(keys: bucket integer, contact text, trait text)
    JOIN computed_trait t ON t.bucket = keys.bucket AND t.contact = keys.contact AND t.trait = keys.trait
""")  # noqa: S608  # our own text
_STATES_OF = Statement(f"""
    SELECT {_COLUMNS} FROM @each(keys: bucket integer, contact text)
    JOIN computed_trait t ON t.bucket = keys.bucket AND t.contact = keys.contact
""")  # noqa: S608  # our own text
_JOINED = Statement("""
    SELECT j.contact, j.other FROM @each(keys: bucket integer, contact text)
    JOIN joined j ON j.bucket = keys.bucket AND j.contact = keys.contact AND j.undone_at IS NULL
""")
# By its index, whatever a database without statistics thinks of the order.
_HAPPENED = Statement("""
    SELECT keys.whose, e.id, e.name, e.at, e.properties
    FROM @each(keys: whose text, bucket integer, contact text, name text, since bigint)
    CROSS JOIN event e @indexed(ix_event_name)
    WHERE e.bucket = keys.bucket AND e.contact = keys.contact AND e.name = keys.name AND e.at >= keys.since
""")
_FORGET = Statement("""
    DELETE FROM computed_trait WHERE bucket = :bucket
        AND trait IN (SELECT gone.trait FROM @each(gone: trait text))
""")
_FORGET_CONTACT = Statement("DELETE FROM computed_trait WHERE bucket = :bucket AND contact = :contact")

Place = tuple[str, str]
"""A contact and the stored key of a figure."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Events to be read: whose, of which name, from when on."""

    contact: str
    event: str
    since_at: datetime | None = None


def asked(places: Iterable[Place]) -> Asked:
    """What reads these states; `found` says what was found."""
    return _STATES, {"keys": [(bucket_of(contact), contact, trait) for contact, trait in places]}


def found(rows: Sequence[Sequence[Any]]) -> dict[Place, TraitState]:
    """States by contact and key."""
    return {(row[0], row[1]): _state(row) for row in rows}


def row(place: Place, state: TraitState) -> RowValues:
    """Values of `computed_trait`."""
    contact, trait = place
    return (
        bucket_of(contact),
        contact,
        trait,
        state.n,
        state.total,
        stored(state.first_at),
        stored(state.last_at),
        to_json(dict(state.facts)) if state.facts else "",
        stored(state.good_until),
    )


async def all_of(connection: Connection, contacts: Iterable[str]) -> dict[Place, TraitState]:
    """Every state that is kept of these contacts."""
    keys = [(bucket_of(contact), contact) for contact in contacts]
    return found(await connection.read(_STATES_OF, keys=keys))


async def families(connection: Connection, contacts: Collection[str]) -> dict[str, list[str]]:
    """Each contact, and whoever was joined to it, to those, and so on: their events are its own."""
    members = {contact: [contact] for contact in contacts}
    newest = {contact: {contact} for contact in contacts}  # whose families each of them is in
    while newest:
        keys = [(bucket_of(contact), contact) for contact in sorted(newest)]
        before, newest = newest, {}
        for contact, other in await connection.read(_JOINED, keys=keys):
            for root in before[contact]:
                if other not in members[root]:
                    members[root].append(other)
                    newest.setdefault(other, set()).add(root)
    return members


async def happened(
    connection: Connection, wanted: Collection[Wanted]
) -> dict[tuple[str, str], list[Happened]]:
    """What happened to these contacts, and those joined to them, by contact and name of the event."""
    events: dict[tuple[str, str], list[Happened]] = {(one.contact, one.event): [] for one in wanted}
    if not wanted:
        return events
    members = await families(connection, {one.contact for one in wanted})
    since: dict[tuple[str, str], int] = {}
    for one in wanted:  # of several windows the widest
        place, at = (one.contact, one.event), stored(one.since_at) or 0
        since[place] = min(at, since.get(place, at))
    keys = [
        (contact, bucket_of(member), member, name, at)
        for (contact, name), at in since.items()
        for member in members[contact]
    ]
    for whose, event_id, name, at, properties in await connection.read(_HAPPENED, keys=keys):
        events[whose, name].append(Happened(event_id, name, instant(at), orjson.loads(properties)))
    return events


async def forget(connection: Connection, contacts: Iterable[str]) -> None:
    """Drop what is kept of these contacts: others' it is by now."""
    many = [{"bucket": bucket_of(contact), "contact": contact} for contact in contacts]
    await connection.run(_FORGET_CONTACT, many)


async def forget_gone(connection: Connection, bucket: int, gone: Collection[str]) -> None:
    """Drop what a bucket keeps of figures that nobody asks for any more."""
    await connection.read(_FORGET, bucket=bucket, gone=[(trait,) for trait in gone])


def _state(row: Sequence[Any]) -> TraitState:
    _, _, n, total, first_at, last_at, facts, good_until = row
    return TraitState(
        int(n),
        int(total),
        loaded(first_at),
        loaded(last_at),
        orjson.loads(facts) if facts else {},
        loaded(good_until),
    )


async def kept(connection: Connection, contact: str, stored: str) -> KeptFigures:
    """What is kept of one contact of these figures, by their stored keys with commas between them."""
    keys, bucket = stored.split(","), bucket_of(contact)
    states, built_here = await connection.read_all(
        [asked((contact, key) for key in keys), built.asked((built.TRAIT + key, bucket) for key in keys)]
    )
    return KeptFigures(
        {key: state for (_, key), state in found(states).items()},
        frozenset(str(row[0]).removeprefix(built.TRAIT) for row in built_here),
    )


async def happened_since(connection: Connection, contact: str, what: str) -> tuple[Happened, ...]:
    """Events of one contact, asked for as `microseconds name`."""
    since, _, name = what.partition(" ")
    wanted = [Wanted(contact, name, instant(int(since)))]
    return tuple((await happened(connection, wanted))[contact, name])
