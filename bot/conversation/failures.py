"""A turn that failed: its message is kept, answered kindly, and can be replayed."""

import traceback
from datetime import timedelta

import structlog

from bot.conversation.apology import apologise
from bot.conversation.batch import INLINE_WITHIN, Conversation, create_newcomers, inbound_name
from bot.conversation.legal import stop
from bot.conversation.work import Reply, Result, Work
from bot.core.compliance import LegalCategory, RequiredReply, legal_category
from bot.core.loyalty.wallet import Wallet
from bot.core.triggers import TriggerKind
from bot.core.turn import Snapshot, Turn
from bot.storage import rows, turns
from bot.storage.driver import Connection, Database
from bot.storage.turns import Writes

_TRIES = 3
_RETRY_AFTER = timedelta(minutes=1)
_logger = structlog.get_logger(__name__)


async def keep_failed(database: Database, conversation: Conversation, work: Work, error: Exception) -> Result:
    """Store the trigger of a failed turn in a transaction of its own, and what can be said to the contact.

    STOP works even here: it needs nothing of what may have failed. Raises what the database raises when
    not even this can be stored; the webhook is refused then, and the provider keeps the message.
    """
    _logger.error(
        "turn_failed",
        kind=work.trigger.kind.value,
        contact=work.contact_id,
        error=type(error).__name__,
        exc_info=error,
    )
    failure = "".join(traceback.format_exception(error))[-4000:]

    async def keep(connection: Connection) -> Result:
        return await _keep(connection, conversation, work, failure)

    return await database.transact(keep)


async def _keep(connection: Connection, conversation: Conversation, work: Work, failure: str) -> Result:
    now = conversation.clock()
    contact_id = work.contact_id
    if contact_id is None:
        name = inbound_name(work)
        found = await turns.find(connection, [name])
        if name not in found:
            await create_newcomers(connection, conversation, {name: work}, now)
            found = await turns.find(connection, [name])
        contact_id = found[name]
    contact = (await turns.lock(connection, [contact_id]))[contact_id]
    says_stop = _says_stop(work)
    if work.is_stored:
        await turns.fail_again(connection, contact_id, work.trigger.key, failure, now + _RETRY_AFTER, _TRIES)
    else:
        state = "done" if says_stop else "dead"
        row = rows.trigger_row(contact_id, work.trigger, state=state, attempts=1, failure=failure)
        if not (await turns.claim(connection, [row]))[0]:
            return Result(contact_id=contact_id, outcome="duplicate", is_duplicate=True)
    if work.trigger.kind is TriggerKind.TIMER:
        await turns.fail_run(connection, contact_id, str(work.trigger.payload["run"]), failure, now)
    inbound = work.trigger.inbound
    if inbound is None or (work.is_stored and not says_stop):  # replayed: it was answered kindly at first
        return Result(contact_id=contact_id, outcome="failed")
    addresses, subscriptions = await turns.load_consent(connection, contact)
    turn = Turn(
        trigger=work.trigger,
        snapshot=Snapshot(contact, addresses, subscriptions, (), Wallet(contact.id)),
        shop=conversation.decider.shop,
        now=now,
        mint=conversation.mint(now, contact_id),
    )
    if says_stop:
        stop(turn, inbound, conversation.decider.required_reply(RequiredReply.OPT_OUT, contact.locale))
    else:
        apologise(turn)
    writes = Writes()
    until = None if work.is_stored else now + INLINE_WITHIN
    inline = turns.record(writes, turn, inline_until=until, salt=lambda: conversation.entropy(16).hex())
    await writes.flush(connection)
    replies = tuple(
        Reply(one.message.id, contact_id, one.message.body)
        for one in turn.effects.outgoing
        if one.message.id in inline
    )
    return Result(
        contact_id=contact_id,
        outcome="opt_out" if says_stop else "failed",
        replies=replies,
        inline_until=until,
    )


def _says_stop(work: Work) -> bool:
    inbound = work.trigger.inbound
    if inbound is None:
        return False
    return inbound.opt_out_type == "STOP" or legal_category(inbound.text) is LegalCategory.OPT_OUT
