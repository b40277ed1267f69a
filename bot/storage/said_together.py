"""Answers that wait behind another one in the same chat, and may leave in one text with it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.ids import bucket_of, microseconds
from bot.storage import rows
from bot.storage.driver import Connection, Statement
from bot.storage.outbox import MESSAGE_COLUMNS, Claimed, outgoing_from

_AT_ONCE = 20
_WAIT = """
    o.bucket = :bucket AND o.contact = :contact AND o.id > :id AND o.channel = :channel
        AND o.address = :address AND o.lane <= :lane AND o.state IN ('queued', 'sending')
"""
_GO_ALONG = "o.lane = :lane AND o.state = 'queued' AND o.due_at <= :now"
_BEHIND = Statement(f"""
    WITH free (free_id) AS MATERIALIZED (
        SELECT o.id FROM outbox o WHERE {_WAIT} AND {_GO_ALONG} ORDER BY o.id LIMIT {_AT_ONCE}
        @skip_locked(o))
    SELECT {MESSAGE_COLUMNS}, CASE WHEN {_GO_ALONG} THEN 1 ELSE 0 END, free_id
    FROM outbox o LEFT JOIN free ON free_id = o.id
    WHERE {_WAIT} ORDER BY o.id LIMIT {_AT_ONCE}
""")  # noqa: S608  # our own text


async def behind(connection: Connection, one: Claimed, now: datetime) -> Sequence[Claimed] | None:
    """Lock what is due behind an answer of a locked contact, in order, up to what cannot go along.

    What is on its way, is tried again later, or leaves in a more urgent lane comes before all behind it. None
    where somebody has one of them in hand: what becomes of that one has to be known first.
    """
    message = one.message
    found = await connection.read(
        _BEHIND,
        bucket=bucket_of(message.id),
        contact=message.contact_id,
        id=message.id,
        channel=message.channel,
        address=message.address,
        lane=message.lane.value,
        now=microseconds(now),
    )
    waiting: list[Claimed] = []
    for row in found:
        goes_along, is_free = bool(row[24]), row[25] is not None
        if not goes_along:
            break
        if not is_free:
            return None
        tried = {"attempts": row[17], "tried_since": rows.loaded(row[18])}
        waiting.append(replace(one, message=outgoing_from(row), cleared=None, **tried))
    return waiting
