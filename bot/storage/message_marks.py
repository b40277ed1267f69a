"""What contacts did about messages, each noted once on the message: wrote back, opened a link, opted out."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bot.core.ids import bucket_of, microseconds
from bot.core.message_figures import CLICKED, LEFT, REPLIED, Figures, add
from bot.storage.driver import Asked, Connection, Statement
from bot.storage.step_figures import STANDING, standing_from, write

REPLIES_WITHIN = timedelta(days=3)
"""How long after a message that nobody asked for what its contact writes counts as a reply to it."""
LEAVES_WITHIN = timedelta(days=7)
"""How long after a message an opt-out counts as because of it."""

_GONE_OUT = "('sending', 'unknown', 'sent', 'delivered')"
_LAST = f"""
    (SELECT l.id FROM outbox l
     WHERE l.bucket = keys.bucket AND l.contact = keys.contact AND l.channel = keys.channel
        AND l.flow <> '' AND l.state IN {_GONE_OUT}
     ORDER BY l.id DESC LIMIT 1)
"""  # noqa: S608  # our own constants
_UNANSWERED = Statement(f"""
    SELECT o.contact, o.id FROM @each(keys: bucket integer, contact text, channel text)
    JOIN outbox o ON o.bucket = keys.bucket AND o.contact = keys.contact AND o.id = {_LAST}
    WHERE o.message_class IN ('service', 'marketing') AND o.replied_at IS NULL AND o.on_day <> ''
        AND o.handed_at >= :since
""")  # noqa: S608  # as above
_OF = "outbox.bucket = keys.bucket AND outbox.contact = keys.contact"


def _mark(column: str) -> Statement:
    return Statement(f"""
        UPDATE outbox SET {column} = :now FROM @each(keys: bucket integer, contact text, id text)
        WHERE {_OF} AND outbox.id = keys.id AND {column} IS NULL AND flow <> '' AND on_day <> ''
        RETURNING {STANDING}
    """)  # noqa: S608  # as above


_REPLIED, _CLICKED = _mark("replied_at"), _mark("clicked_at")
_LEFT = Statement(f"""
    UPDATE outbox SET left_at = :now FROM @each(keys: bucket integer, contact text, channel text)
    WHERE {_OF} AND outbox.id = {_LAST} AND left_at IS NULL AND on_day <> '' AND handed_at >= :since
    RETURNING {STANDING}
""")  # noqa: S608  # as above


def unanswered(writing: Collection[tuple[str, str]], now: datetime) -> Asked:
    """Ask which message, that nobody asked for, is the last that each of these (contact, channel) got.

    Answered with (contact, message), of who had not written since.
    """
    return _UNANSWERED, {"keys": _keys(writing), "since": microseconds(now - REPLIES_WITHIN)}


async def note_replies(
    connection: Connection, messages: Collection[tuple[str, str]], now: datetime
) -> Figures:
    """Note that contacts wrote after these messages (contact, id); returns what that adds to figures."""
    return await _note(connection, _REPLIED, REPLIED, _keys(messages, of_message=True), now)


async def note_opt_outs(connection: Connection, left: Collection[tuple[str, str]], now: datetime) -> Figures:
    """Note on the last message of each (contact, channel) that they opted out; returns what that adds."""
    return await _note(connection, _LEFT, LEFT, _keys(left), now, since=microseconds(now - LEAVES_WITHIN))


async def note_click(connection: Connection, contact_id: str, message_id: str, now: datetime) -> None:
    """Note that a person opened a link of a message; last in its transaction."""
    keys = _keys([(contact_id, message_id)], of_message=True)
    figures = await _note(connection, _CLICKED, CLICKED, keys, now)
    await write(connection, figures, bucket_of(contact_id))


async def _note(  # what is noted, of which messages, and when
    connection: Connection,
    statement: Statement,
    what: str,
    keys: Sequence[tuple[int, str, str]],
    now: datetime,
    **more: object,
) -> Figures:
    figures: Figures = {}
    if keys:
        for row in await connection.read(statement, keys=keys, now=microseconds(now), **more):
            add(figures, {standing_from(row).figure(what): (1, 0)})
    return figures


def _keys(pairs: Collection[tuple[str, str]], *, of_message: bool = False) -> list[tuple[int, str, str]]:
    return sorted({(bucket_of(second if of_message else first), first, second) for first, second in pairs})
