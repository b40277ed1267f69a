"""Chooses how messages go on channels with several ways, spends what that takes, and learns from refusals."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.channels.channel import (
    Filtered,
    NoGrant,
    SendError,
    SendNever,
    SentInPart,
    WindowClosed,
    WindowUsedUp,
)
from bot.core.contact import Address
from bot.core.fallback import fallback, may_fall_back
from bot.core.gate import Policy
from bot.core.handing_over import Became, tell
from bot.core.messages import OutboxState, Outgoing, UnsendableReason
from bot.core.triggers import Trigger
from bot.core.ways import NoWay, Way, WayFacts, WayKind, choose
from bot.core.wechat_address import WECHAT
from bot.core.wechat_text import pieces_of
from bot.core.windows import left_at, spent
from bot.jobs.saying_together import with_those_behind
from bot.storage import caps, grants, outbox, turns, windows
from bot.storage.driver import Connection
from bot.storage.outbox import Claimed, Outcome
from bot.storage.windows import Owned

_NOT_SAID_ELSEWHERE = (Filtered, SentInPart)
"""What no other channel should say either: a content that was refused, a message whose beginning arrived."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which messages leave and how, what becomes of the others, and what another channel may say."""

    leaving: list[Claimed] = field(default_factory=list)
    declined: list[Outcome] = field(default_factory=list)
    elsewhere: list[tuple[str, Trigger]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A hand-over that was refused: what its way cost was not spent after all."""

    claimed: Claimed
    handed_at: datetime
    error: SendError


@dataclass(slots=True)
class _Facts:
    """What stands to be spent, as far as it is not spent by messages before in the same claim."""

    addresses: dict[Owned, Address]
    left: dict[tuple[str, str, str], int]
    spending: dict[Owned, int] = field(default_factory=dict)
    """Messages that are to be taken out of windows."""

    def of(self, message: Outgoing) -> WayFacts:
        """What the choice looks at for a message."""
        granted = {
            template: units
            for (contact, address, template), units in self.left.items()
            if (contact, address) == (message.contact_id, message.address)
        }
        return WayFacts(self.addresses.get(_owned(message)), granted)


async def choose_ways(
    connection: Connection, willing: Sequence[Claimed], policy: Policy, now: datetime
) -> Chosen:
    """Choose for each in order; what somebody else has just locked is left for the next time.

    `policy` is asked about what leaves in another message because the window has not room for both.
    """
    chosen = Chosen()
    ours = [one for one in willing if one.message.channel == WECHAT]
    if not ours:
        chosen.leaving.extend(willing)
        return chosen
    # A turn writes addresses whole: nothing may be spent of what it has read.
    free = await caps.lock(connection, [one.message.contact_id for one in ours])
    facts = await _facts(connection, [one.message for one in ours if one.message.contact_id in free])
    for one in willing:
        if one.message.channel != WECHAT:
            chosen.leaving.append(one)
        elif one.message.contact_id in free:
            whole = await _whole(connection, one, facts, policy, now)
            if whole is not None:
                await _choose(connection, whole, facts, chosen, now)
    spent_on = await windows.spend(connection, facts.spending, now)
    if lost := facts.spending.keys() - spent_on:  # somebody was faster: the next claim sees what is left
        chosen.leaving[:] = [one for one in chosen.leaving if not _goes_by(one, lost)]
    return chosen


def unreachable(declined: Sequence[Outcome], now: datetime) -> list[tuple[str, Trigger]]:
    """What lets another channel say messages that the gate refused because nobody can be reached there."""
    return [
        (one.message.contact_id, fallback(one.message, one.explanation or str(one.reason), now))
        for one in declined
        if one.reason == UnsendableReason.UNUSABLE_ADDRESS and may_fall_back(one.message)
    ]


def tell_runs(
    declined: Sequence[Outcome], elsewhere: Sequence[tuple[str, Trigger]], now: datetime
) -> list[tuple[str, Trigger]]:
    """What tells runs that their message was refused or is held, but for what another channel may say."""
    said = {trigger.payload["message"] for _, trigger in elsewhere}
    told = []
    for one in declined:
        message = one.message
        if one.state is OutboxState.HELD:
            triggers = tell(message, Became.HELD, now, until=one.due_at)
        else:
            triggers = tell(message, Became.REFUSED, now) if message.id not in said else []
        told += [(message.contact_id, trigger) for trigger in triggers]
    return told


def said_elsewhere(claimed: Claimed, error: SendError, state: OutboxState, now: datetime) -> Trigger | None:
    """What lets another channel say a message that the provider will never take; None where none should."""
    is_lost = state is OutboxState.FAILED and isinstance(error, SendNever)
    if not is_lost or isinstance(error, _NOT_SAID_ELSEWHERE) or not may_fall_back(claimed.message):
        return None
    return fallback(claimed.message, str(error), now)


async def settle(connection: Connection, refused: Collection[NotTaken], now: datetime) -> None:
    """Correct what we believed of ways that were refused, and give back what was spent on them, once.

    What is tried again takes its grant again: so it holds none where it is never sent after all.

    Begins a transaction: it waits for the contacts, which come before everything else in the order of locks.
    """
    ours = [one for one in refused if one.claimed.way is not None]
    if not ours:
        return
    await turns.lock(connection, {one.claimed.message.contact_id for one in ours})
    # Where the answer to a commit was lost, this runs again.
    unsettled = await outbox.in_hand(connection, [(one.claimed.message, one.handed_at) for one in ours])
    for one in ours:
        way, message = one.claimed.way, one.claimed.message
        assert way is not None, "those without were left out"
        if message.id not in unsettled:
            continue
        if way.kind is WayKind.CUSTOMER_SERVICE:
            await _settle_window(connection, one)
        elif isinstance(one.error, NoGrant):
            await grants.refused(connection, message, now)
        else:
            await grants.give_back(connection, message, now)


async def _settle_window(connection: Connection, refused: NotTaken) -> None:
    claimed, error = refused.claimed, refused.error
    address, owned = claimed.address, _owned(claimed.message)
    assert address is not None, "a message went there"
    shut = error.__cause__ if isinstance(error, SentInPart) else error  # what refused the rest
    if isinstance(shut, WindowClosed):
        await windows.close(connection, owned, address)
    elif isinstance(shut, WindowUsedUp):
        await windows.use_up(connection, owned, address)
    elif not isinstance(error, SentInPart):
        pieces = pieces_of(claimed.leaves)
        await windows.give_back(connection, owned, address, pieces, refused.handed_at)


async def _facts(connection: Connection, messages: Sequence[Outgoing]) -> _Facts:
    wanted = [
        (one.contact_id, one.address, template)
        for one in messages
        if (template := _template(one)) is not None
    ]
    return _Facts(
        addresses=dict(await windows.addresses(connection, [_owned(one) for one in messages])),
        left=await grants.left(connection, wanted) if wanted else {},
    )


async def _whole(
    connection: Connection, one: Claimed, facts: _Facts, policy: Policy, now: datetime
) -> Claimed | None:
    address = facts.addresses.get(_owned(one.message))
    left = left_at(address, now) if address is not None else 0
    return await with_those_behind(connection, one, left, policy, now) if left else one


async def _choose(connection: Connection, one: Claimed, facts: _Facts, chosen: Chosen, now: datetime) -> None:
    message = one.message
    way = choose(one.leaves, facts.of(message), now)
    if isinstance(way, Way) and not await _spend(connection, one.leaves, way, facts, now):
        return  # somebody was faster: the next claim sees what is left
    if isinstance(way, NoWay):
        refused = Outcome(message, OutboxState.REFUSED, now, way.reason, explanation=way.because)
        chosen.declined.append(replace(refused, way_because=way.because))
        if may_fall_back(message):
            chosen.elsewhere.append((message.contact_id, fallback(message, way.because, now)))
        return
    assert one.cleared is not None, "the gate was asked before"
    address = facts.addresses.get(_owned(message))  # as it is now that nobody else may change it
    cleared = replace(one.cleared, way=way.kind)
    chosen.leaving.append(replace(one, way=way, address=address, cleared=cleared))


async def _spend(connection: Connection, message: Outgoing, way: Way, facts: _Facts, now: datetime) -> bool:
    owned = _owned(message)
    if way.kind is WayKind.CUSTOMER_SERVICE:
        pieces = pieces_of(message)
        facts.spending[owned] = facts.spending.get(owned, 0) + pieces
        facts.addresses[owned] = spent(facts.addresses[owned], now, pieces)
    else:
        template = _template(message)
        assert template is not None, "only notices go as subscribe messages"
        if not await grants.spend(connection, message, now):
            return False
        facts.left[message.contact_id, message.address, template] -= 1
    return True


def _goes_by(one: Claimed, windows_of: Collection[Owned]) -> bool:
    is_message = one.way is not None and one.way.kind is WayKind.CUSTOMER_SERVICE
    return is_message and _owned(one.message) in windows_of


def _owned(message: Outgoing) -> Owned:
    return message.contact_id, message.channel, message.address


def _template(message: Outgoing) -> str | None:
    notice = message.form.notice if message.form is not None else None
    return notice.template_id if notice is not None else None
