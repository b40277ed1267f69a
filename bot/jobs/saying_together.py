"""Says several answers as one where a window has not room for each.

WeChat takes five customer-service messages after what somebody wrote, and refuses the sixth. Whoever writes
six times while answers wait is owed six; so the first that leaves carries those that wait behind it, as the
answer in a response carries all messages of a turn.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.forms import Form
from bot.core.gate import Policy
from bot.core.messages import Lane, Outgoing
from bot.core.wechat_text import TEXT_BYTES_MAX, pieces_of, without_links
from bot.jobs import gatekeeping
from bot.storage import said_together
from bot.storage.driver import Connection
from bot.storage.outbox import Claimed


async def with_those_behind(
    connection: Connection, one: Claimed, left: int, policy: Policy, now: datetime
) -> Claimed:
    """Return an answer as it leaves through a window that takes so many messages, itself among them."""
    message = one.message
    if not one.is_followed or message.lane is not Lane.REPLY or not _is_text(message):
        return one
    behind = await said_together.behind(connection, message, now)
    if pieces_of(message) + sum(map(pieces_of, behind)) <= left:
        return one
    asked = await gatekeeping.ask(
        connection, [replace(one, message=other, cleared=None) for other in behind], policy, now
    )
    willing = {other.message.id for other in asked.willing}
    parts = _that_fit(message, [other for other in behind if other.id in willing])
    if not parts:
        return one
    whole = await gatekeeping.ask(
        connection, [replace(one, message=_joined([message, *parts]), cleared=None)], policy, now
    )
    if not whole.willing:
        return one
    await said_together.say_together(connection, whole.willing[0].message, parts, now)
    return whole.willing[0]


def _that_fit(first: Outgoing, others: Sequence[Outgoing]) -> list[Outgoing]:
    """The next ones, in order, as far as all of it is one text."""
    parts: list[Outgoing] = []
    for other in others:
        text = without_links(_joined([first, *parts, other]).body)
        if not _is_text(other) or len(text.encode()) > TEXT_BYTES_MAX:
            break
        parts.append(other)
    return parts


def _joined(messages: Sequence[Outgoing]) -> Outgoing:
    """Return the first with all that they say; what is offered last can still be tapped."""
    first, last = messages[0], messages[-1]
    body = "\n\n".join(one.body for one in messages)
    if last.form is None or not last.form.options:
        return replace(first, body=body, form=None)
    head = "\n\n".join([*(one.body for one in messages[:-1]), last.form.head])
    return replace(first, body=body, form=Form(head=head, options=last.form.options))


def _is_text(message: Outgoing) -> bool:
    """Whether it is a text, with options to tap at most, and no run stands at it."""
    form, origin = message.form, message.origin
    adorns = form is not None and (form.card is not None or form.notice is not None)
    return not (message.media or adorns or (origin is not None and origin.wakes))
