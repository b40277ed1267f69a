"""Answers that wait behind another one of the same contact, and that leave in it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.core.ids import bucket_of, microseconds
from bot.core.messages import Outgoing
from bot.storage.driver import Connection, Statement
from bot.storage.outbox import MESSAGE_COLUMNS, outgoing_from
from bot.storage.rows.values import to_json
from bot.storage.step_figures import Changing

SAID_TOGETHER = "said together with another"
"""Why a message was canceled that left in another one: nobody may try it again."""

_AT_ONCE = 20
_BEHIND = Statement(f"""
    SELECT {MESSAGE_COLUMNS} FROM outbox o
    WHERE o.bucket = :bucket AND o.contact = :contact AND o.id > :id
        AND o.channel = :channel AND o.address = :address AND o.lane = :lane
        AND o.state = 'queued' AND o.due_at <= :now
    ORDER BY o.id LIMIT {_AT_ONCE} @skip_locked(o)
""")  # noqa: S608  # our own constants
_SAYS_MORE = Statement("""
    UPDATE outbox SET body = :body, form = :form
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND state = 'queued'
""")
_SAID = Statement(f"""
    UPDATE outbox SET state = 'canceled', reason = '{SAID_TOGETHER}', explanation = :explanation,
        state_at = :now
    WHERE bucket = :bucket AND contact = :contact AND id = :id AND state = 'queued'
""")  # noqa: S608  # our own constant


async def behind(connection: Connection, message: Outgoing, now: datetime) -> Sequence[Outgoing]:
    """Lock and read what is due to the same address in the same lane, oldest first."""
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
    return [outgoing_from(row) for row in found]


async def say_together(
    connection: Connection, whole: Outgoing, parts: Collection[Outgoing], now: datetime
) -> None:
    """Let a message say what others were to say, which never leave by themselves."""
    changing = await Changing.of(connection, [(part.contact_id, part.id) for part in parts])
    form = whole.form.to_json() if whole.form is not None else None
    written = {"body": whole.body, "form": to_json(form) if form is not None else None}
    await connection.run(_SAYS_MORE, [_key(whole) | written])
    because = f"it left in {whole.id}: the window had not room for each"
    told = {"explanation": because, "now": microseconds(now)}
    await connection.run(_SAID, [_key(part) | told for part in parts])
    await changing.count(connection)


def _key(message: Outgoing) -> dict[str, object]:
    return {"bucket": bucket_of(message.id), "contact": message.contact_id, "id": message.id}
