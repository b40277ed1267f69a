"""Forgetting an account that a contact left: what came from there is gone, books and other channels stay.

The platform asks for it where somebody stops following
(https://developers.weixin.qq.com/doc/service/Account_Management/Wechat_Accreditation_Event_Push.html).
Whoever has no other address is erased. That the address was left outlives it as a keyed hash.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.contact import Address
from bot.core.ids import bucket_of
from bot.core.in_app import APP
from bot.core.wechat_address import UNIONID, WECHAT, appid_of
from bot.storage import erasing, rows, tables, turns
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.families import family
from bot.storage.personal import ENDED_RUN, WIPED
from bot.storage.snapshots import load_consent
from bot.storage.step_figures import Changing

ATTRIBUTES = "wechat_"
"""What attributes are called that hold what an account of WeChat's told of a contact."""

_OF_NOBODY = frozenset({UNIONID, APP})
"""Channels of addresses by which nobody comes: who has but these is not there any more."""
_SUPPRESSION = Rows(tables.Row.metadata.tables["suppression"], Present.REPLACE)  # when it was left last
_CONTACT = Rows(tables.Row.metadata.tables["contact"], Present.REPLACE)
_OF = "WHERE bucket = :bucket AND contact = :contact"


def _wiped(table: str) -> str:
    return ", ".join(f"{column} = {value}" for column, value in WIPED[table].items())


_SENT = "channel = :channel AND address = :value"
# An address of WeChat's has no character but `_` that means anything to LIKE.
_ABOUT_IT = "payload LIKE '%' || :value || '%' AND kind <> 'relay'"
_THERE = "LIKE '%\"channel\":\"' || :channel || '\"%'"
_IN_MESSAGES = f"message IN (SELECT o.id FROM outbox o {_OF} AND {_SENT})"  # noqa: S608  # our own text
_CHANGED = (
    ("link", _wiped("link"), _IN_MESSAGES),
    ("outbox", "state = 'canceled'", f"{_SENT} AND state IN ('queued', 'held')"),
    ("outbox", _wiped("outbox"), _SENT),
    ("consent", _wiped("consent"), _SENT),
    ("trigger", "state = 'done'", f"{_ABOUT_IT} AND state IN ('new', 'dead')"),
    ("trigger", _wiped("trigger"), _ABOUT_IT),
    ("run", "status = 'ended', version = version + 1", f"status = 'waiting' AND state {_THERE}"),
    ("run", _wiped("run"), f"state {_THERE}"),
    ("call", "state = 'done'", f"state IN ('queued', 'dead') AND payload {_THERE}"),
    ("call", _wiped("call"), f"payload {_THERE}"),
)
_GONE = (
    ("subscribe_grant", "address = :value"),
    ("subscribe_grant_entry", "address = :value"),
    ("proof", "network LIKE :appid || '/%'"),
    ("desk_visit", _SENT),
    ("address", "channel = :channel AND value = :value"),
)
_WIPES = (
    *(Statement(f'UPDATE "{table}" SET {new} {_OF} AND {which}') for table, new, which in _CHANGED),  # noqa: S608  # as above
    *(Statement(f'DELETE FROM "{table}" {_OF} AND {which}') for table, which in _GONE),  # noqa: S608  # as above
    Statement("DELETE FROM directory WHERE kind = :channel AND value = :value"),
)
_FORGET_UNIONID = (
    Statement(f"DELETE FROM address {_OF} AND channel = '{UNIONID}'"),  # noqa: S608  # our own text
    Statement(f"DELETE FROM directory WHERE contact = :contact AND kind = '{UNIONID}'"),  # noqa: S608  # as above
)


async def forget(
    connection: Connection,
    contact_id: str,
    named: tuple[str, str],
    now: datetime,
    hash_address: Callable[[str], Sequence[str]],
) -> None:
    """Forget an address of a contact that is locked, (channel, value), and what came from there."""
    channel, value = named
    contact = (await turns.lock(connection, [contact_id]))[contact_id]
    addresses, _ = await load_consent(connection, contact)
    others = [one for one in addresses if (one.channel, one.value) != named]
    await _suppress(connection, addresses, named, now, hash_address)
    if all(one.channel in _OF_NOBODY for one in others):
        await erasing.erase(connection, contact.id, now, hash_address)
        return
    is_last = all(one.channel != WECHAT for one in others)
    for member in await family(connection, contact.id):
        own: dict[str, object] = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        about = {**own, "channel": channel, "value": value, "appid": appid_of(value), "ended_run": ENDED_RUN}
        changing = await Changing.waiting(connection, member.contact_id)
        for wipe in _WIPES:
            await connection.run(wipe, [about])
        await changing.count(connection)
        for statement in _FORGET_UNIONID if is_last else ():
            await connection.run(statement, [own])
    if is_last:
        left = {name: one for name, one in contact.attributes.items() if not name.startswith(ATTRIBUTES)}
        if left != dict(contact.attributes):
            await connection.write(_CONTACT, [rows.contact_row(replace(contact, attributes=left))])


async def _suppress(
    connection: Connection,
    addresses: Sequence[Address],
    named: tuple[str, str],
    now: datetime,
    hash_address: Callable[[str], Sequence[str]],
) -> None:
    known = next((one for one in addresses if (one.channel, one.value) == named), None)
    stopped_at = known.stopped_at if known is not None and known.stopped_at is not None else now
    channel, value = named
    await connection.write(_SUPPRESSION, [(channel, hash_address(value)[0], rows.stored(stopped_at))])
