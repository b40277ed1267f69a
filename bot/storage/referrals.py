"""Referrals as rows: whose code it is, which friends a member brought, who used a card or device first."""

from collections.abc import Sequence
from typing import Any

import orjson

from bot.core.ids import bucket_of, instant, microseconds
from bot.core.loyalty.gifts import Recipient
from bot.core.loyalty.referral import Brought, Refusal, State, code_of
from bot.storage import tables
from bot.storage.driver import Connection, Present, Rows, Statement
from bot.storage.families import family
from bot.storage.rows import RowValues, loaded, stored, to_json

CODE = "referral"
"""The kind of a member's code in the directory."""
EVIDENCE = "evidence"
"""The kind of what somebody was first to buy with or from, hashed."""
_FRIENDS_MAX = 2_000
_ATTEMPTS_MAX = 50
_LOOKED_AT = 5
"""Among so many of its codes nearly everybody has its own; the rest find theirs by claiming it again."""

_OWNER = Statement("SELECT d.contact FROM directory d WHERE d.kind = :kind AND d.value = :value")
_MEMBER = Statement(f"""
    SELECT c.merged_into, {tables.IS_MEMBER} FROM contact c WHERE c.bucket = :bucket AND c.id = :contact
""")  # noqa: S608  # our own constant
_OWNERS = Statement("""
    SELECT keys.value, d.contact FROM @each(keys: value text)
    CROSS JOIN directory d
    WHERE d.kind = 'referral' AND d.value = keys.value
""")
_USERS = Statement("""
    SELECT keys.value, d.contact FROM @each(keys: value text)
    CROSS JOIN directory d
    WHERE d.kind = 'evidence' AND d.value = keys.value
""")
_COLUMNS = "r.friend, r.state, r.at, r.changed_at, r.reason, r.facts"
_BROUGHT = Statement(f"""
    SELECT {_COLUMNS} FROM referral r
    WHERE r.bucket = :bucket AND r.contact = :contact AND r.friend = :friend
""")  # noqa: S608  # our own constants
_FRIENDS = Statement(f"""
    SELECT {_COLUMNS} FROM referral r WHERE r.bucket = :bucket AND r.contact = :contact
    ORDER BY r.friend DESC LIMIT {_FRIENDS_MAX}
""")  # noqa: S608  # our own constants
_DIRECTORY = Rows(tables.Row.metadata.tables["directory"], Present.KEEP, returning="kind, value")


def referral_row(contact_id: str, brought: Brought) -> RowValues:
    """Values of `referral`."""
    return (
        bucket_of(contact_id),
        contact_id,
        brought.friend_id,
        brought.state.value,
        brought.reason.value if brought.reason else None,
        microseconds(brought.at),
        microseconds(brought.changed_at),
        "{}",  # what the friend bought with stays with the friend
        to_json(
            {
                "reward": brought.reward_minor,
                "active_from": stored(brought.active_from),
                "entry": brought.entry_id,
            }
        ),
    )


async def own_code(connection: Connection, contact_id: str) -> str:
    """The contact's code; the first time it is asked for, it is taken in the same transaction.

    Which one it is follows from the contact and from whose the others are: nothing else has to be kept.
    """
    bucket = bucket_of(contact_id)
    for attempt in range(_ATTEMPTS_MAX):
        code = code_of(contact_id, attempt)
        (is_new,) = await connection.claim(_DIRECTORY, [(CODE, code, bucket, contact_id)])
        if is_new:
            return code
        found = await connection.read(_OWNER, kind=CODE, value=code)
        if found and found[0][0] == contact_id:
            return code
    raise LookupError("there is no code left")


async def code_taken(connection: Connection, contact_id: str) -> str | None:
    """The contact's code, if it was asked for before; only reads, so that it waits for no writer."""
    codes = [code_of(contact_id, attempt) for attempt in range(_LOOKED_AT)]
    found = await connection.read(_OWNERS, keys=[(code,) for code in codes])
    owners = {value: owner for value, owner in found}  # noqa: C416  # rows are no pairs to a type checker
    return next((code for code in codes if owners.get(code) == contact_id), None)


async def referrer(connection: Connection, contact_id: str, code: str) -> Recipient | None:  # noqa: ARG001  # as all are asked
    """Whoever has the code now; None: nobody."""
    return await _behind(connection, CODE, code)


async def member_at(connection: Connection, contact_id: str, address: str) -> Recipient | None:  # noqa: ARG001  # as all are asked
    """Whoever is behind an address like `sms:+1…`; None: nobody we know."""
    channel, _, value = address.partition(":")
    return await _behind(connection, channel, value)


async def brought(connection: Connection, contact_id: str, friend_id: str) -> Brought | None:
    """What the contact knows of one friend that came with its code."""
    for member in await family(connection, contact_id):
        own = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        if found := await connection.read(_BROUGHT, **own, friend=friend_id):
            return _brought(found[0])
    return None


async def friends(connection: Connection, contact_id: str) -> tuple[Brought, ...]:
    """All friends that came with the contact's code; those of the newest contacts if they are too many."""
    found: dict[str, Brought] = {}
    for member in await family(connection, contact_id):
        own = {"bucket": bucket_of(member.contact_id), "contact": member.contact_id}
        for row in await connection.read(_FRIENDS, **own):
            found.setdefault(row[0], _brought(row))  # what the contact itself keeps of a friend is newer
    return tuple(found.values())


async def first_users(connection: Connection, contact_id: str, hashes: str) -> dict[str, str]:
    """Who was first to buy with what these hashes stand for; whoever asks is, if nobody was before."""
    written = sorted(set(hashes.split(",")))
    bucket = bucket_of(contact_id)
    await connection.claim(_DIRECTORY, [(EVIDENCE, one, bucket, contact_id) for one in written])
    found = await connection.read(_USERS, keys=[(one,) for one in written])
    return {row[0]: row[1] for row in found}


async def _behind(connection: Connection, kind: str, value: str) -> Recipient | None:
    found = await connection.read(_OWNER, kind=kind, value=value)
    if not found:
        return None
    own = str(found[0][0])
    while behind := await connection.read(_MEMBER, bucket=bucket_of(own), contact=own):
        ((became, is_member),) = behind
        if became is None:
            return Recipient(own, is_member=bool(is_member))
        own = str(became)
    return None


def _brought(row: Sequence[Any]) -> Brought:
    facts = orjson.loads(row[5])
    return Brought(
        friend_id=row[0],
        state=State(row[1]),
        at=instant(row[2]),
        changed_at=instant(row[3]),
        reason=Refusal(row[4]) if row[4] else None,
        reward_minor=facts.get("reward", 0),
        active_from=loaded(facts.get("active_from")),
        entry_id=facts.get("entry"),
    )
