"""A turn that failed: its message is kept, answered kindly, and can be replayed."""

import traceback
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.conversation.apology import apologise
from bot.conversation.batch import INLINE_WITHIN, Conversation, create_newcomers, inbound_name
from bot.conversation.legal import stop
from bot.conversation.work import Reply, Result, Work
from bot.core.compliance import LegalCategory
from bot.core.loyalty.wallet import Wallet
from bot.core.replies import RequiredReply
from bot.core.triggers import TriggerKind
from bot.core.turn import Snapshot, Turn
from bot.storage import rows, turns
from bot.storage.driver import Connection, Database
from bot.storage.snapshots import load_consent
from bot.storage.writes import Writes, look_again, record

_TRIES = 3
_RETRY_AFTER = timedelta(minutes=1)
_LOOK_AGAIN_AFTER = timedelta(days=1)
_logger = structlog.get_logger(__name__)


async def keep_failed(database: Database, conversation: Conversation, work: Work, error: Exception) -> Result:
    """Store the trigger of a failed turn in a transaction of its own, and what can be said to the contact.

    STOP works even here: it needs nothing of what may have failed. Raises what the database raises when
    not even this can be stored; the webhook is refused then, and the provider keeps the message.
    """
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    _logger.error(
        "turn_failed",
        kind=work.trigger.kind.value,
        contact=work.contact_id,
        error=type(error).__name__,  # not its text: that may quote what a member wrote
        where=" < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)),
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
    inbound = work.trigger.inbound
    says_stop = inbound is not None and conversation.decider.legal_category(inbound) is LegalCategory.OPT_OUT
    state = await _keep_trigger(connection, contact_id, work, failure, now, is_done=says_stop)
    if state is None:
        return Result(contact_id=contact_id, outcome="duplicate", is_duplicate=True)
    if inbound is None or (work.is_stored and not says_stop):  # replayed: it was answered kindly at first
        return Result(contact_id=contact_id, outcome="failed")
    addresses, subscriptions = await load_consent(connection, contact)
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
    inline = record(writes, turn, inline_until=until, salt=lambda: conversation.entropy(16).hex())
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


async def _keep_trigger(  # what is known of the failure
    connection: Connection,
    contact_id: str,
    work: Work,
    failure: str,
    now: datetime,
    *,
    is_done: bool,
) -> str | None:
    """Store the trigger: what we caused ourselves is tried again before it counts as dead.

    Returns the trigger's state; None where somebody else has handled it meanwhile.
    """
    trigger, retry_at = work.trigger, now + _RETRY_AFTER
    if work.is_stored:
        state = await turns.fail_again(connection, contact_id, trigger.key, failure, retry_at, _TRIES)
    else:
        state = "dead" if trigger.inbound is not None else "new"
        state = "done" if is_done else state
        due_at = retry_at if state == "new" else now
        row = rows.trigger_row(contact_id, trigger, state=state, due_at=due_at, attempts=1, failure=failure)
        if not (await turns.claim(connection, [row]))[0]:
            return None
    if trigger.kind is TriggerKind.TIMER and state == "dead":
        await turns.fail_run(connection, contact_id, str(trigger.payload["run"]), failure, now)
    if trigger.kind is TriggerKind.CREDIT_EXPIRING:
        # The stored trigger does the work; the lots are looked at again tomorrow, not at every strike.
        await look_again(connection, contact_id, trigger.payload["lots"], now + _LOOK_AGAIN_AFTER)
    return state
