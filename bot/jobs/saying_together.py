"""Says several answers as one where a window has not room for each.

WeChat takes five customer-service messages after what somebody wrote, and refuses the sixth. Whoever writes
six times while answers wait is owed six; so the first that leaves carries those that wait behind it, as the
answer in a response carries all messages of a turn. Each stays a message of its own, which becomes what that
one becomes: handed over, tried again, or said elsewhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.forms import Form
from bot.core.gate import Policy
from bot.core.messages import Lane, Outgoing
from bot.core.ways import Way, WayKind
from bot.core.wechat_text import TEXT_BYTES_MAX, pieces_of, without_links
from bot.jobs import gatekeeping
from bot.storage import said_together
from bot.storage.driver import Connection
from bot.storage.outbox import Claimed


async def with_those_behind(
    connection: Connection, one: Claimed, left: int, policy: Policy, now: datetime
) -> Claimed | None:
    """Return an answer as it leaves through a window that takes so many messages, itself among them.

    What it carries leaves with it and stays a message of its own. None: somebody has one of those behind in
    hand, and it waits for the next claim, so that none is passed over.
    """
    message = one.message
    if not one.is_followed or message.lane is not Lane.REPLY or not _is_text(message):
        return one
    behind = await said_together.behind(connection, one, now)
    if behind is None:
        return None
    if pieces_of(message) + sum(pieces_of(other.message) for other in behind) <= left:
        return one
    asked = await gatekeeping.ask(connection, behind, policy, now)
    carries = _that_fit(message, asked.willing)
    if not carries:
        return one
    said = _joined([message, *(other.message for other in carries)])
    whole = await gatekeeping.ask(connection, [replace(one, message=said, cleared=None)], policy, now)
    if not whole.willing:
        return one
    because = f"in one text with {message.id}: the window has not room for each"
    way = Way(WayKind.CUSTOMER_SERVICE, because)
    carried = tuple(replace(other, way=way) for other in carries)
    return replace(one, cleared=whole.willing[0].cleared, carries=carried)


def _that_fit(first: Outgoing, others: Sequence[Claimed]) -> list[Claimed]:
    """The next ones, in order, as far as all of it is one text."""
    fitting: list[Claimed] = []
    for other in others:
        said = _joined([first, *(one.message for one in fitting), other.message])
        is_too_long = len(without_links(said.body).encode()) > TEXT_BYTES_MAX
        if is_too_long or not _is_text(other.message):
            break
        fitting.append(other)
    return fitting


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
