"""The inbox on our pages, as it is read: what was kept there for a contact and what it wrote there itself.

Messages are rows of the outbox, what was written is a trigger: nothing is stored twice. Whom a contact was
before is not asked: what was kept for them was told them there.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from bot.core.forms import BANNER, Form
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.in_app import APP, Kept, Place, ReadUntil
from bot.core.messages import OutboxState
from bot.storage.driver import Connection, Statement
from bot.storage.rows import RowValues

PAGE = 20
_TURN_MAX = 12
"""More than one turn says: what it says at one instant is never torn apart."""

_KEPT = "'sending', 'unknown', 'sent', 'delivered'"
_READ = Statement("""
    SELECT i.read_until FROM inbox i WHERE i.bucket = :bucket AND i.contact = :contact
""")
_UNREAD = Statement(f"""
    SELECT COUNT(*) FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.channel = '{APP}' AND o.state IN ({_KEPT})
        AND o.created_at > COALESCE((SELECT i.read_until FROM inbox i
            WHERE i.bucket = :bucket AND i.contact = :contact), 0)
""")  # noqa: S608  # our own constants
_MESSAGE = "o.id, o.created_at, o.body, o.form, o.state"
_MESSAGES = Statement(f"""
    SELECT {_MESSAGE} FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.channel = '{APP}' AND o.state IN ({_KEPT})
        AND o.created_at <= :newest
    ORDER BY o.created_at DESC, o.id DESC LIMIT :most
""")  # noqa: S608  # our own constants
_BANNERS = Statement(f"""
    SELECT {_MESSAGE} FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.channel = '{APP}' AND o.state IN ({_KEPT})
        AND o.form LIKE '%"{BANNER}":%'
    ORDER BY o.created_at DESC, o.id DESC LIMIT {PAGE}
""")  # noqa: S608  # our own constants
_WRITTEN = Statement(f"""
    SELECT t.key, t.at, t.payload FROM "trigger" t
    WHERE t.bucket = :bucket AND t.contact = :contact AND t.kind = 'inbound' AND t.key LIKE '{APP}:%'
        AND t.at <= :newest
    ORDER BY t.at DESC, t.key DESC LIMIT :most
""")  # noqa: S608  # our own constants
# Also what waits to be handed over: whoever asked gets it in the answer to what they asked.
_ANSWERS = Statement(f"""
    SELECT {_MESSAGE} FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.trigger_key = :key AND o.channel = '{APP}'
        AND o.state IN ('queued', {_KEPT})
    ORDER BY o.id
""")  # noqa: S608  # our own constants
_ONE = Statement("""
    SELECT t.key, t.at, t.payload FROM "trigger" t
    WHERE t.bucket = :bucket AND t.contact = :contact AND t.key = :key
""")
_NEWEST = Place(instant(2**52), 2, "")


def inbox_row(contact_id: str, read: ReadUntil) -> RowValues:
    """Values of `inbox`."""
    return bucket_of(contact_id), contact_id, microseconds(read.at)


async def read_until(connection: Connection, contact_id: str) -> ReadUntil | None:
    """Until when a contact has read its inbox; None where it never did."""
    found = await connection.read(_READ, bucket=bucket_of(contact_id), contact=contact_id)
    return ReadUntil(instant(found[0][0])) if found else None


async def unread(connection: Connection, contact_id: str) -> int:
    """How many messages came to the inbox since it was read."""
    ((number,),) = await connection.read(_UNREAD, bucket=bucket_of(contact_id), contact=contact_id)
    return int(number)


async def newest(connection: Connection, contact_id: str) -> tuple[Kept, ...]:
    """The newest of what is in the inbox, newest first; one more than a page where there are more."""
    return await page(connection, contact_id)


async def page(connection: Connection, contact_id: str, before: str = "") -> tuple[Kept, ...]:
    """A page of what is in the inbox before a place, newest first; one more where there are more."""
    place = Place.read(before) if before else _NEWEST
    own: dict[str, object] = {"bucket": bucket_of(contact_id), "contact": contact_id}
    asked = {**own, "newest": microseconds(place.at), "most": PAGE + _TURN_MAX}
    found = [_message(row) for row in await connection.read(_MESSAGES, **asked)]
    found += [_written(row) for row in await connection.read(_WRITTEN, **asked)]
    found.sort(key=lambda one: one.place, reverse=True)
    return tuple(one for one in found if one.place < place)[: PAGE + 1]


async def banners(connection: Connection, contact_id: str) -> tuple[Kept, ...]:
    """The latest messages that stood on top of the pages once, newest first: some may have ended since."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    return tuple(_message(row) for row in await connection.read(_BANNERS, **own))


async def answers(connection: Connection, contact_id: str, key: str) -> tuple[Kept, ...]:
    """What was written under a trigger's key, and what was answered to it there, in order."""
    own = {"bucket": bucket_of(contact_id), "contact": contact_id}
    written = [_written(row) for row in await connection.read(_ONE, **own, key=key)]
    return (*written, *(_message(row) for row in await connection.read(_ANSWERS, **own, key=key)))


def _message(row: Sequence[Any]) -> Kept:
    return Kept(
        id=row[0],
        at=instant(row[1]),
        text=row[2],
        is_mine=False,
        form=Form.from_json(orjson.loads(row[3])) if row[3] else None,
        is_new=OutboxState(row[4]) is not OutboxState.DELIVERED,
    )


def _written(row: Sequence[Any]) -> Kept:
    payload = orjson.loads(row[2])
    gesture = payload.get("gesture")
    return Kept(
        id=row[0].partition(":")[2],
        at=instant(row[1]),
        text=str(payload.get("text", "")),
        is_mine=True,
        did=str(gesture[1]) if isinstance(gesture, list) else "",
    )
