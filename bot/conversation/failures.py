"""A turn that failed: its message is kept, answered kindly, and can be replayed. STOP is done all the same.

A revocation needs nothing of what may have failed: no flow, no run, no wallet. It is tried with less and less
until something holds, each try a transaction of its own: said and done; done without a word; at least the
address closed and the message kept, which the `triggers` job then tries until the consent log has it.
"""

import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from pathlib import Path

import structlog

from bot.conversation.apology import apologise
from bot.conversation.conversation import Conversation
from bot.conversation.following import FOLLOWED_AT
from bot.conversation.newcomers import create_newcomers
from bot.conversation.operations import REQUESTS
from bot.conversation.retries import inline_end
from bot.conversation.work import Reply, Result, Work
from bot.core.contact import Contact
from bot.core.errors import RetryLater
from bot.core.gestures import GestureKind
from bot.core.ledger.wallet import Wallet
from bot.core.messages import Inbound
from bot.core.pages.letters import leaves
from bot.core.triggers import TriggerKind
from bot.core.turn import Snapshot, Turn
from bot.storage import follows, rows, turns
from bot.storage.driver import Connection, Database
from bot.storage.forgetting import forget
from bot.storage.snapshots import load_consent
from bot.storage.writes import Writes, look_again, record

_TRIES = 3
_TRIES_OF_STOP = 1_000_000  # never given up: the database is mended before
_RETRY_AFTER = timedelta(minutes=1)
_LOOK_AGAIN_AFTER = timedelta(days=1)
_logger = structlog.get_logger(__name__)


class _Way(Enum):
    """With how much a failed message is tried again, most first."""

    SAID = auto()  # with the confirmation, or the apology
    SILENT = auto()
    CLOSED = auto()  # nothing leaves to this address any more; what it said is tried again later


async def keep_failed(database: Database, conversation: Conversation, work: Work, error: Exception) -> Result:
    """Store the trigger of a failed turn in a transaction of its own, and what can be said to the contact.

    STOP works even here. Raises RetryLater, or what the database raises, when that cannot be stored; the
    webhook is refused then, and the provider keeps the message.
    """
    _tell("turn_failed", work, error)
    if work.trigger.key.startswith(REQUESTS):
        return Result(work.contact_id or "", "failed")  # who asked is told, and asks again with the same key
    failure = "".join(traceback.format_exception(error))[-4000:]
    if work.trigger.inbound is not None:
        for way in (_Way.SAID, _Way.SILENT):
            try:
                return await database.transact(partial(_keep, conversation, work, failure, way))
            except Exception as again:  # noqa: BLE001  # whatever it is: there is a way with less
                _tell("failure_not_kept", work, again)
    return await database.transact(partial(_keep, conversation, work, failure, _Way.CLOSED))


def _tell(event: str, work: Work, error: Exception) -> None:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    _logger.error(
        event,
        kind=work.trigger.kind.value,
        contact=work.contact_id,
        error=type(error).__name__,  # not its text: that may quote what a member wrote
        where=" < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)),
    )


@dataclass(frozen=True, slots=True)
class _Failed:
    """A failed work and whom it concerns now; `owner` is under whose id its trigger is stored."""

    work: Work
    owner: str
    failure: str
    now: datetime


async def _keep(
    conversation: Conversation, work: Work, failure: str, way: _Way, connection: Connection
) -> Result:
    now = conversation.clock()
    contact_id, contact = await _whom(connection, conversation, work, now)
    owner = contact_id if work.is_stored or contact is None else contact.id
    failed = _Failed(work, owner, failure, now)
    inbound = work.trigger.inbound
    if inbound is None or contact is None:
        tries = _TRIES_OF_STOP if leaves(work.trigger) else _TRIES
        state = await _keep_trigger(connection, failed, tries=tries if contact is not None else 0)
        return _result(contact_id, "failed" if state is not None else "duplicate")
    turn = await _turn(connection, conversation, work, contact, now)
    is_out = conversation.decider.revoke(turn, inbound, silently=way is not _Way.SAID)
    if not is_out and way is not _Way.SAID:
        raise RetryLater("the message and its answer could not be stored")  # the provider shall know
    if is_out and way is _Way.CLOSED:
        return await _closed(connection, failed, turn, inbound)
    # Forgetting needs more tables than stopping: where it cannot be done now, it is tried until it is.
    forgets_later = way is _Way.SILENT and bool(turn.effects.forgotten)
    tries = _TRIES_OF_STOP if forgets_later else _TRIES
    kept = await _keep_trigger(
        connection, failed, is_done=is_out and not forgets_later, is_retried=forgets_later, tries=tries
    )
    if kept is None:
        return _result(contact.id, "duplicate")
    if forgets_later:
        turn.effects.forgotten.clear()
    if not is_out and work.is_stored:  # replayed: it was answered kindly at first
        return _result(contact.id, "failed")
    if not is_out:
        apologise(turn)
    return await _record(connection, conversation, turn, failed, outcome="opt_out" if is_out else "failed")


async def _closed(connection: Connection, failed: _Failed, turn: Turn, inbound: Inbound) -> Result:
    """Let nothing leave to the address; what was said waits for the consent log to work again.

    Who leaves one group alone is not stopped: the address is held as if we were asking what was meant.
    """
    if await _keep_trigger(connection, failed, tries=_TRIES_OF_STOP, is_retried=True) is None:
        return _result(turn.contact.id, "duplicate")
    address = turn.effects.addresses.get((inbound.channel, inbound.address))
    if address is not None:
        await turns.close_address(connection, turn.contact.id, address, failed.now)
    return _result(turn.contact.id, "opt_out_kept")


async def _whom(
    connection: Connection, conversation: Conversation, work: Work, now: datetime
) -> tuple[str, Contact | None]:
    """Lock whom a work concerns: its id, and the contact or whom it was joined to; None: it is gone."""
    contact_id = work.contact_id
    if contact_id is None:
        name = work.name
        found = await turns.find(connection, [name])
        if name not in found:
            await create_newcomers(connection, conversation, {name: work}, now)
            found = await turns.find(connection, [name])
        if name not in found:
            raise RetryLater("somebody left before this, and it could not be passed over")
        contact_id = found[name]
    contact = (await turns.lock(connection, [contact_id])).get(contact_id)
    if contact is not None and contact.merged_into is not None:
        contact = (await turns.lock(connection, [contact.merged_into])).get(contact.merged_into)
    return contact_id, contact


async def _turn(
    connection: Connection, conversation: Conversation, work: Work, contact: Contact, now: datetime
) -> Turn:
    """Make a turn of the little that is certain to be readable."""
    addresses, subscriptions = await load_consent(connection, contact)
    inbound, more = work.trigger.inbound, dict[str, object]()
    if inbound is not None and inbound.gesture is not None and inbound.gesture.kind is GestureKind.UNFOLLOW:
        followed = await follows.followed_at(connection, contact.id, inbound.address)
        more[f"{FOLLOWED_AT}/{inbound.address}"] = followed
    return Turn(
        trigger=work.trigger,
        snapshot=Snapshot(contact, addresses, subscriptions, (), Wallet(contact.id), more=more),
        shop=conversation.decider.shop,
        now=now,
        mint=conversation.mint(now, contact.id),
    )


async def _record(
    connection: Connection, conversation: Conversation, turn: Turn, failed: _Failed, *, outcome: str
) -> Result:
    writes = Writes()
    until = None if failed.work.is_stored else inline_end(failed.work.trigger, failed.now)
    inline = record(writes, turn, inline_until=until, salt=lambda: conversation.entropy(16).hex())
    await writes.flush(connection)
    for named in turn.effects.forgotten:
        await forget(connection, turn.contact.id, named, failed.now, conversation.hash_address)
    replies = tuple(
        Reply(one.message.id, turn.contact.id, one.message.body)
        for one in turn.effects.outgoing
        if one.message.id in inline
    )
    return Result(contact_id=turn.contact.id, outcome=outcome, replies=replies, inline_until=until)


def _result(contact_id: str, outcome: str) -> Result:
    return Result(contact_id=contact_id, outcome=outcome, is_duplicate=outcome == "duplicate")


async def _keep_trigger(
    connection: Connection,
    failed: _Failed,
    *,
    is_done: bool = False,
    is_retried: bool = False,
    tries: int = _TRIES,
) -> str | None:
    """Store the trigger: what we caused ourselves is tried again before it counts as dead.

    Returns the trigger's state; None where somebody else has handled it meanwhile.
    """
    work, owner, failure = failed.work, failed.owner, failed.failure
    trigger, retry_at = work.trigger, failed.now + _RETRY_AFTER
    if work.is_stored and is_done:
        return "done" if await turns.take(connection, [(owner, trigger.key)]) else None
    if work.is_stored:
        state = await turns.fail_again(connection, owner, trigger.key, failure, retry_at, tries)
    else:
        state = "new" if tries and (is_retried or trigger.inbound is None) else "dead"
        state = "done" if is_done else state
        due_at = retry_at if state == "new" else failed.now
        row = rows.trigger_row(owner, trigger, state=state, due_at=due_at, attempts=1, failure=failure)
        if not (await turns.claim(connection, [row]))[0]:
            return None
    if trigger.kind is TriggerKind.TIMER and state == "dead":
        await turns.fail_run(connection, owner, str(trigger.payload["run"]), failure, failed.now)
    if trigger.kind is TriggerKind.CREDIT_EXPIRING:
        # The stored trigger does the work; the lots are looked at again tomorrow, not at every strike.
        await look_again(connection, owner, trigger.payload, failed.now + _LOOK_AGAIN_AFTER)
    return state
