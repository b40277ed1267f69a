"""Asks the gate again about messages that are due, under the lock that lets nobody else count meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.core.caps import Counted
from bot.core.gate import HoldUntil, Policy, Refuse, may_leave
from bot.core.local_time import local_date
from bot.core.messages import OutboxState
from bot.core.turn import consent_facts
from bot.storage import caps
from bot.storage.driver import Connection
from bot.storage.outbox import Claimed, Outcome

_GATE_FAILED = "gate_failed"
_ASKED_AGAIN_AFTER = timedelta(hours=1)
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gate said: who may leave now, and what becomes of the others."""

    willing: list[Claimed] = field(default_factory=list)
    declined: list[Outcome] = field(default_factory=list)


async def ask(connection: Connection, due: Sequence[Claimed], policy: Policy, now: datetime) -> Asked:
    """Ask about each; one whose contact somebody else has just locked is left for the next time."""
    capped = {one.message.id for one in due if policy.caps_on(one.message)} if policy.caps else set()
    counts: dict[str, tuple[Counted, ...]] = {}
    if capped:
        free = await caps.lock(connection, [one.contact.id for one in due if one.message.id in capped])
        counts = await caps.counts(connection, free, policy.counts_since(now))
    asked = Asked()
    for one in due:
        message, contact = one.message, one.contact
        is_capped = message.id in capped
        if is_capped and contact.id not in counts:
            continue
        sent = counts.get(contact.id, ())
        try:
            facts = consent_facts(message, contact, one.address, one.subscriptions, policy, counts=sent)
            verdict = may_leave(message, facts, now)
        except Exception:  # one that cannot be judged must not keep back all that wait beside it
            _logger.exception("gate_failed", message=message.id)
            asked.declined.append(Outcome(message, OutboxState.HELD, now + _ASKED_AGAIN_AFTER, _GATE_FAILED))
            continue
        if isinstance(verdict, Refuse):
            refused = Outcome(message, OutboxState.REFUSED, now, verdict.reason)
            asked.declined.append(replace(refused, explanation=verdict.explanation))
        elif isinstance(verdict, HoldUntil):
            held = Outcome(message, OutboxState.HELD, verdict.at, verdict.reason)
            asked.declined.append(replace(held, explanation=verdict.explanation))
        elif is_capped:
            today = local_date(now, facts.zone)
            counts[contact.id] = (
                *sent,
                Counted(message.message_class, message.tag, message.channel, today, 1),
            )
            asked.willing.append(replace(one, cleared=verdict, counts_on=today))
        else:
            asked.willing.append(replace(one, cleared=verdict))
    return asked
