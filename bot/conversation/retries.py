"""What was handled before is answered the same again, unless its answers go another way by now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.conversation.work import Part, Reply, Result
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import turns
from bot.storage.driver import Connection


def inline_end(trigger: Trigger, now: datetime) -> datetime | None:
    """Return until when the webhook's own answer may carry replies; None where it cannot carry any."""
    inbound = trigger.inbound
    return None if inbound is None or inbound.answer_within is None else now + inbound.answer_within


async def answered_before(connection: Connection, parts: Sequence[Part], now: datetime) -> dict[int, Result]:
    """Retries of what was handled: the same answers, unless they go another way by now."""
    results: dict[int, Result] = {}
    retries = []
    for part in parts:
        if part.turn is None and part.work.trigger.kind is TriggerKind.OPERATION:
            results[id(part)] = await _done_before(connection, part)
        elif part.turn is None:
            retries.append(part)
    given = await turns.answered(connection, [(part.owner, part.work.trigger.key) for part in retries])
    again: list[tuple[str, str, datetime]] = []
    for part in retries:
        result = _same_again(part, given[part.owner, part.work.trigger.key], now)
        results[id(part)] = result
        if result.inline_until is not None:
            again += [(part.owner, reply.id, result.inline_until) for reply in result.replies]
    carried = await turns.answer_again(connection, again)
    for part in retries:
        result = results[id(part)]
        replies = tuple(reply for reply in result.replies if reply.id in carried)
        results[id(part)] = replace(result, replies=replies)
    return results


def _same_again(part: Part, given: turns.Answered, now: datetime) -> Result:
    """The answer that a retry gets; between the first and this one the contact may have said STOP."""
    is_stopped = part.work.trigger.inbound is not None and part.work.name in given.stopped
    until = inline_end(part.work.trigger, now)
    replies = tuple(
        Reply(one.id, part.owner, one.body, one.media)
        for one in given.answers
        if until is not None and one.was_inline and (one.is_required or not is_stopped)
    )
    return Result(
        contact_id=part.contact_id,
        outcome="duplicate",
        transfers=given.transfers,
        replies=replies,
        inline_until=until,
        is_duplicate=True,
    )


async def _done_before(connection: Connection, part: "Part") -> Result:
    """What an operation came to the first time, or that its key was another request's."""
    trigger = part.work.trigger
    digest, result = await turns.done_before(connection, part.owner, trigger.key)
    return Result(
        contact_id=part.contact_id,
        outcome="duplicate",
        is_duplicate=True,
        result=result,
        is_conflict=digest != trigger.digest,
    )
