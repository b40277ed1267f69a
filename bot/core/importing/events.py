"""Events of the past, as a client would have tracked them."""

from collections.abc import Mapping
from datetime import datetime

from bot.core.importing.rows import Rejected, RowReader, at_of
from bot.core.tracking.message import Kind, Tracked
from bot.core.tracking.reading import MESSAGE_ID_MAX, NAME_MAX


def tracked_of(
    found: Mapping[str, object], reader: RowReader, usual_id: str, now: datetime, source_id: str
) -> Tracked:
    """Return the message that a row is; `usual_id` makes it happen once where the row names no id.

    Raises:
        Rejected: it cannot be one.
    """
    user, anonymous, event = found.get("external"), found.get("anonymous"), str(found["event"])
    message_id = str(found.get("id") or usual_id)
    if not user and not anonymous:
        raise Rejected("whom", "nobody is named: all columns that say who it is are empty")
    for what, name, most in (
        ("external", user, NAME_MAX),
        ("anonymous", anonymous, NAME_MAX),
        ("event", event, NAME_MAX),
        ("id", message_id, MESSAGE_ID_MAX),
    ):
        if name is not None and len(str(name)) > most:
            raise Rejected(what, f"is longer than {most} characters")
    return Tracked(
        kind=Kind.TRACK,
        message_id=message_id,
        user_id=str(user) if user else None,
        anonymous_id=str(anonymous) if anonymous else None,
        event=event,
        properties=reader.rest_of(found),
        traits={},
        context={},
        at=at_of(found, "at", now),
        received_at=now,
        source_id=source_id,
        is_history=True,
    )
