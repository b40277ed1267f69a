"""Erasing a person: what is theirs is gone everywhere; books, chains and figures stay as they are.

Who is erased is no member any more: no job, no code and no gift finds them. That an address had said STOP
outlives it as a keyed hash: whoever has it next, or imports it, is not texted. The names by which the shop
called them do so too: what it goes on to tell of them is dropped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from bot.core.contact import JsonValue
from bot.core.deeds.left import ERASED_AT
from bot.core.deeds.paying_back import GIVEN_UP
from bot.core.deeds.paying_out import ASKED, TAKE_BACK
from bot.storage import feedback, reservations, rows, tables, turns
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.families import family
from bot.storage.personal import (
    DROPPED,
    ENDED_RUN,
    KEPT_NAMES,
    NAMES_KEPT,
    NUMBERS_ONLY,
    ORDER_FACTS_KEPT,
    TOLD_OF_ORDERS,
    WIPED,
)
from bot.storage.plan import in_force
from bot.storage.snapshots import load_consent
from bot.storage.step_figures import Changing

_TABLES = tables.Row.metadata.tables
_CONTACT = Rows(_TABLES["contact"], Present.REPLACE)
_SUPPRESSION = Rows(_TABLES["suppression"], Present.KEEP)
_OF = "WHERE bucket = :bucket AND contact = :contact"
_DROP = {table: Statement(f'DELETE FROM "{table}" {_OF}') for table in DROPPED}  # noqa: S608  # our own text
_WIPE = {
    table: Statement(
        f'UPDATE "{table}" SET {", ".join(f"{column} = {value}" for column, value in columns.items())} {_OF}'  # noqa: S608  # our own text
    )
    for table, columns in WIPED.items()
    if table != "contact"
}
# What waits is not done any more; what another contact is still to be told is theirs.
_STOP = (
    Statement(f"UPDATE run SET status = 'ended', version = version + 1 {_OF} AND status = 'waiting'"),  # noqa: S608  # as above
    Statement(
        f"UPDATE \"trigger\" SET state = 'done' {_OF} AND state IN ('new', 'dead') AND kind <> 'relay'"  # noqa: S608  # as above
    ),
    Statement(f"UPDATE outbox SET state = 'canceled' {_OF} AND state IN ('queued', 'held')"),  # noqa: S608  # as above
    # The shop has to hear of what was ordered and paid: it may have to give the cash back.
    Statement(
        f"UPDATE call SET state = 'done' {_OF} AND state IN ('queued', 'dead') AND kind NOT LIKE 'order.%'"  # noqa: S608  # as above
    ),
    # Nobody pays any more for an order that waits: a job closes it, and gives back what comes all the same.
    Statement(
        f"UPDATE payment SET facts = :given_up, due_at = :now, attempts = 0"  # noqa: S608  # as above
        f" {_OF} AND state IN ('new', 'waiting')"
    ),
    Statement(f"UPDATE payout SET state = 'ended', due_at = NULL {_OF} AND state = 'new' AND facts = '{{}}'"),  # noqa: S608  # as above
    # What WeChat Pay was asked for, or may have been, a job takes back there.
    Statement(
        f"UPDATE payout SET facts = :taken_back, due_at = :now, attempts = 0"  # noqa: S608  # as above
        f" {_OF} AND state IN ('new', 'waiting')"
    ),
    Statement(f"UPDATE lot SET notice_at = NULL {_OF} AND notice_at IS NOT NULL"),  # noqa: S608  # as above
)
_RELAYS = Statement(f"SELECT key, payload FROM \"trigger\" {_OF} AND state = 'new' AND kind = 'relay'")  # noqa: S608  # as above
_RELAY = Statement(f'UPDATE "trigger" SET payload = :payload {_OF} AND key = :key')  # noqa: S608  # as above
_ORDERS = Statement(f"SELECT id, facts FROM shop_order {_OF} AND facts <> '{{}}'")  # noqa: S608  # as above
_ORDER = Statement(f"UPDATE shop_order SET facts = :facts {_OF} AND id = :id")  # noqa: S608  # as above
_CALLS = Statement(
    f"SELECT key, payload FROM call {_OF} AND state IN ('queued', 'dead') AND kind LIKE 'order.%'"  # noqa: S608  # as above
)
_CALL = Statement(f"UPDATE call SET payload = :payload {_OF} AND key = :key")  # noqa: S608  # as above
_EVENTS = Statement(f"SELECT id, name, properties FROM event {_OF} AND properties <> '{{}}'")  # noqa: S608  # as above
_EVENT = Statement(f"UPDATE event SET properties = :left {_OF} AND id = :id")  # noqa: S608  # as above
_TRACKED = frozenset({"external", "anonymous"})
_GIVEN_UP = rows.to_json({GIVEN_UP: True})
_TAKEN_BACK = rows.to_json({ASKED: "", TAKE_BACK: True})
_KEPT = ", ".join(f"'{kind}'" for kind in KEPT_NAMES)
_FORGET = Statement(f"DELETE FROM directory WHERE contact = :contact AND kind NOT IN ({_KEPT})")  # noqa: S608  # as above
_ANSWERS = Statement("UPDATE api_answer SET result = '{}' WHERE result LIKE '%' || :contact || '%'")


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing came to: how many addresses are gone, and how many of them stay known as stopped."""

    contact_id: str
    addresses: int
    suppressed: int


async def erase(
    connection: Connection, contact_id: str, now: datetime, hash_address: Callable[[str], Sequence[str]]
) -> Erased | None:
    """Erase a person; None where nobody has that id. Doing it again finds nothing more.

    Whoever was joined to the contact is the same person, and erased with it. `hash_address` gives the keyed
    hashes of an address, the newest secret's first.
    """
    found = (await turns.lock(connection, [contact_id])).get(contact_id)
    if found is not None and found.merged_into is not None:
        return await erase(connection, found.merged_into, now, hash_address)
    erased: Erased | None = None
    for member in await family(connection, contact_id):
        one = await _erase(connection, member.contact_id, now, hash_address)
        if one is not None:
            # Their addresses were taken over: they count once.
            erased = erased or one
    return erased


async def _erase(
    connection: Connection, contact_id: str, now: datetime, hash_address: Callable[[str], Sequence[str]]
) -> Erased | None:
    locked = await turns.lock(connection, [contact_id])
    contact = locked.get(contact_id)
    if contact is None:
        return None
    own: dict[str, object] = {"bucket": contact.bucket, "contact": contact.id}
    addresses, _ = await load_consent(connection, contact)
    stopped = [address for address in addresses if address.stopped_at is not None]
    await connection.write(
        _SUPPRESSION,
        [
            (address.channel, hash_address(address.value)[0], rows.stored(address.stopped_at or now))
            for address in addresses
            if address.stopped_at is not None or address.channel in _TRACKED
        ],
    )
    await _forget(connection, own, now)
    nobody = replace(
        contact,
        first_name=None,
        birthday_on=None,
        enrolled_at=None,
        attributes={ERASED_AT: now.isoformat()},
        snoozed_until=None,
        preferred_hours=None,
    )
    await connection.write(_CONTACT, [rows.contact_row(nobody)])
    return Erased(contact.id, len(addresses), len(stopped))


async def _forget(connection: Connection, own: Mapping[str, object], now: datetime) -> None:
    relays = [(row[0], row[1]) for row in await connection.read(_RELAYS, **own)]
    orders = [(row[0], _only(row[1], ORDER_FACTS_KEPT)) for row in await connection.read(_ORDERS, **own)]
    calls = [(row[0], _only(row[1], TOLD_OF_ORDERS)) for row in await connection.read(_CALLS, **own)]
    changing = await Changing.waiting(connection, str(own["contact"]))
    for stop in _STOP:
        await connection.run(
            stop, [{**own, "now": rows.stored(now), "given_up": _GIVEN_UP, "taken_back": _TAKEN_BACK}]
        )
    await changing.count(connection)
    await feedback.forget_quotes(connection, str(own["contact"]), now)
    for wipe in _WIPE.values():
        await connection.run(wipe, [{**own, "ended_run": ENDED_RUN}])
    await connection.run(_RELAY, [{**own, "key": key, "payload": payload} for key, payload in relays])
    await connection.run(
        _ORDER, [{**own, "id": order, "facts": rows.to_json(kept)} for order, kept in orders]
    )
    told = [{**own, "key": key, "payload": rows.to_json({**kept, "erased": True})} for key, kept in calls]
    await connection.run(_CALL, told)
    await _forget_tagged(connection, own)
    for table, columns in NUMBERS_ONLY.items():
        await _keep_numbers(connection, own, table, columns)
    for drop in _DROP.values():
        await connection.run(drop, [own])
    await connection.run(_FORGET, [{"contact": own["contact"]}])
    await connection.run(_ANSWERS, [{"contact": own["contact"]}])
    await reservations.give_up_all(connection, str(own["contact"]))


async def _forget_tagged(connection: Connection, own: Mapping[str, object]) -> None:
    """Take out of events what the tracking plan calls personal, numbers too."""
    plan = await in_force(connection)
    many = []
    for event, name, text in await connection.read(_EVENTS, **own):
        properties = orjson.loads(text)
        left = plan.of_nobody(name, properties)
        if left is not properties:
            many.append({**own, "id": event, "left": rows.to_json(dict(left))})
    await connection.run(_EVENT, many)


async def _keep_numbers(
    connection: Connection, own: Mapping[str, object], table: str, columns: Sequence[str]
) -> None:
    keys, stays = _names(table), NAMES_KEPT.get(table, {})
    for column in columns:
        found = await connection.read(_READ[table, column], **own)
        many = [
            {
                **own,
                **dict(zip(keys, row[:-1], strict=True)),
                "left": _left_of(row[-1], stays.get(row[0], ())),
            }
            for row in found
            if row[-1] != "{}"
        ]
        await connection.run(_LEAVE[table, column], many)


def _only(text: str, names: Sequence[str]) -> dict[str, Any]:
    document = orjson.loads(text)
    return {name: document[name] for name in names if name in document}


def _names(table: str) -> list[str]:
    """What a row of a contact is named by beside the contact."""
    keys = [column.name for column in _TABLES[table].primary_key.columns]
    return [name for name in keys if name not in {"bucket", "contact"}]


def _reads(table: str, column: str) -> Statement:
    keys = [
        f'"{one.name}"' for one in _TABLES[table].primary_key.columns if one.name not in {"bucket", "contact"}
    ]
    return Statement(f'SELECT {", ".join(keys)}, {column} FROM "{table}" {_OF}')  # noqa: S608  # our own text


def _leaves(table: str, column: str) -> Statement:
    same = "".join(f' AND "{name}" = :{name}' for name in _names(table))
    return Statement(f'UPDATE "{table}" SET {column} = :left {_OF}{same}')  # noqa: S608  # our own text


_DOCUMENTS = [(table, column) for table, columns in NUMBERS_ONLY.items() for column in columns]
_READ = {document: _reads(*document) for document in _DOCUMENTS}
_LEAVE = {document: _leaves(*document) for document in _DOCUMENTS}


def _left_of(text: str, stays: Sequence[str]) -> str:
    document = orjson.loads(text)
    kept = {name: document[name] for name in stays if name in document}
    left = numbers_only(document)
    return orjson.dumps({**left, **kept} if isinstance(left, dict) else left).decode()


def numbers_only(value: Any) -> JsonValue:  # noqa: ANN401  # what a document holds
    """Return a document without its words: names stay, and what can be counted."""
    if isinstance(value, dict):
        return {name: numbers_only(one) for name, one in value.items() if not isinstance(one, str)}
    if isinstance(value, list):
        return [numbers_only(one) for one in value if not isinstance(one, str)]
    return value if isinstance(value, bool | int | float) else None
