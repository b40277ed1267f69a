"""Rows of messages: the outbox, short links and their clicks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from bot.core.effects import Queued
from bot.core.forms import Form
from bot.core.ids import bucket_of, instant, microseconds
from bot.core.messages import MessageClass, Origin, Outgoing
from bot.core.pacing import segments_of
from bot.core.ways import WayKind
from bot.core.wechat_address import WECHAT
from bot.storage.rows.values import RowValues, loaded, stored, to_json


def outbox_row(
    queued: Queued, trigger_key: str, now: datetime, *, inline_until: datetime | None, on_day: str = ""
) -> RowValues:
    """Values of `outbox`; with `inline_until` the message is about to leave in the webhook's own answer.

    `on_day` is the day in the shop's zone, for statistics.
    """
    message = queued.message
    at = microseconds(now)
    due = at if message.due_at is now else microseconds(message.due_at)
    return (
        bucket_of(message.id),
        message.contact_id,
        message.id,
        trigger_key,
        message.key,
        message.channel,
        message.address,
        message.sender,
        message.message_class.value,
        message.group,
        message.body,
        "\n".join(message.media),
        message.flow,
        message.step,
        message.language,
        "sending" if inline_until else queued.state.value,
        queued.reason,
        at,
        due if queued.hold_until is None else microseconds(queued.hold_until),
        stored(message.valid_until),
        stored(inline_until),
        0,  # tries of the outbox: an answer that it never had in hand went back in the webhook's
        None,
        segments_of(message) if inline_until and message.channel == "sms" else None,
        None,
        at,
        message.lane.value,
        message.tag,
        None,
        at if inline_until else None,
        None,
        None,
        0,
        None,
        queued.explanation,
        due,
        None,
        to_json(message.form.to_json()) if message.form is not None else None,
        WayKind.PASSIVE.value if inline_until and message.channel == WECHAT else None,
        None,
        int(message.only_here),
        *_origin(message.origin),
        on_day,
        None,
        None,
        None,
    )


def _origin(origin: Origin | None) -> tuple[str, int, str, int]:
    return (origin.run, origin.revision, origin.variant, int(origin.wakes)) if origin else ("", 0, "", 0)


def outgoing_from(row: Sequence[Any], tag: str | None, origin: Sequence[Any] = ("", 0, "", 0)) -> Outgoing:
    """Read a message as the outbox's statements begin it: from `id` to `only_here`, seventeen columns.

    `origin` are the columns `run` to `wakes`.
    """
    return Outgoing(
        id=row[0],
        contact_id=row[1],
        channel=row[2],
        address=row[3],
        sender=row[4],
        message_class=MessageClass(row[5]),
        group=row[6],
        body=row[7],
        media=tuple(row[8].split()),
        key=row[9],
        flow=row[10],
        step=row[11],
        due_at=instant(row[12]),
        valid_until=loaded(row[13]),
        language=row[14],
        tag=tag,
        form=Form.from_json(orjson.loads(row[15])) if row[15] else None,
        only_here=bool(row[16]),
        origin=Origin(origin[0], origin[1], origin[2], bool(origin[3])) if origin[0] else None,
    )


def link_row(  # noqa: PLR0913, PLR0917  # what a short link is made of
    contact_id: str,
    code: str,
    url: str,
    message: str,
    flow: str,
    step: str,
    created_at: datetime,
    expires_at: datetime,
) -> RowValues:
    """Values of `link`."""
    ends = microseconds(expires_at)
    return (bucket_of(contact_id), contact_id, code, url, message, flow, step, microseconds(created_at), ends)


def click_row(contact_id: str, code: str, click_id: str, kind: str, at: datetime) -> RowValues:
    """Values of `click`."""
    return (bucket_of(contact_id), contact_id, code, click_id, kind, microseconds(at))
