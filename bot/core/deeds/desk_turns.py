"""The desk in a turn: a contact asks for a person, is heard, answered by one, and comes back to the bot.

While a visit is open, `Address.desk_until` keeps the bot silent where it was asked; it passes by itself, so
that nobody is left with silence where a trigger comes late.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.contact import Address, JsonValue
from bot.core.deeds.tier_turns import tier_of
from bot.core.desk import ANSWER_WITHIN, Ending, Visit, VisitState
from bot.core.errors import Refused
from bot.core.ids import microseconds
from bot.core.local_time import local_date
from bot.core.messages import Inbound, MessageClass, OutboxState
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT

VISIT = "desk_visit"
"""The table of visits, and what a turn asks for the contact's latest by."""
AHEAD = "desk_ahead"
FLOW = ""
STEP = "desk"
"""What messages of a person are recorded under: no flow wrote them."""
ELSEWHERE_MAX = timedelta(days=1)
"""How long somebody may have a contact in WeChat's own customer service, where its end is never told."""
_STILL_ON_ITS_WAY = timedelta(minutes=1)
"""A message that was written before somebody took the contact may come after we hear of that."""
_NOT_HERE = ("the contact is not at the desk", "see GET /api/desk for who is")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit stands: its place among those that wait, and the tier that is answered first.

    `place` is 0 where no queue of ours is kept. `first` is empty where no tier is before the own.
    """

    place: int
    first: str


def visit_of(turn: Turn) -> Visit | None:
    """Return the contact's visit, None where none is open: as it is by now in this turn."""
    found = turn.effects.kept.get((VISIT, VISIT)) or turn.needed(VISIT)
    assert found is None or isinstance(found, Visit)
    return found if found is not None and found.is_open else None


def is_at(turn: Turn, channel: str) -> bool:
    """Whether the contact is at the desk on a channel, as far as its addresses say."""
    return any(one.channel == channel and _is_there(turn, one) for one in turn.addresses.values())


def begin(turn: Turn, question: str) -> Place:
    """Let the contact wait for a person; who waits already has one more question, and its place."""
    inbound = turn.trigger.inbound
    channel = inbound.channel if inbound is not None else turn.channel
    address = inbound.address if inbound is not None else _address_on(turn, channel)
    before = visit_of(turn)
    if before is not None and (before.channel, before.address) == (channel, address):
        visit = before.heard(turn.now)
    else:
        if before is not None:
            _silence_ends(turn, before)
        visit = Visit(turn.new_id(), channel, address, _priority(turn), turn.now, turn.now)
        _look_again(turn, visit)
    _keep(turn, visit)
    _transfer(turn, inbound)
    told: dict[str, JsonValue] = {
        "question": question,
        "asked_at": turn.now.isoformat(),
        "standing": standing_of(turn),
    }
    turn.call(
        f"person/{turn.contact.id}/{turn.trigger.key}", "person.asked_for", {**_named(turn, visit), **told}
    )
    return place_of(turn, visit)


def place_of(turn: Turn, visit: Visit) -> Place:
    """Return where a visit stands among those that wait."""
    if is_elsewhere(turn, visit):
        return Place(0, "")
    ahead = turn.needed(AHEAD, f"{visit.priority},{microseconds(visit.since)}")
    assert isinstance(ahead, int)
    return Place(ahead + 1, _first(turn, visit))


def is_elsewhere(turn: Turn, visit: Visit) -> bool:
    """Whether the people of the shop answer in WeChat's own customer service, which keeps the queue."""
    return visit.channel == WECHAT and turn.shop.wechat.transfer


def hears(turn: Turn, inbound: Inbound, *, text: str | None = None, may_be_stop: bool = False) -> bool:
    """Keep what was written for the person it is for, and tell the shop; False where nobody is there."""
    address = turn.addresses.get((inbound.channel, inbound.address))
    if address is None or not _is_there(turn, address):
        return False
    visit = visit_of(turn)
    if visit is None or (visit.channel, visit.address) != (address.channel, address.value):
        turn.change_address(replace(address, desk_until=None))
        return False
    if _is_over_there(turn, visit):
        _end(turn, visit, Ending.DONE, tells=False)
        return False
    visit = visit.heard(turn.now)
    _keep(turn, visit)
    turn.effects.outcome = "desk"
    if _transfer(turn, inbound):
        return True  # they read it there
    told: dict[str, JsonValue] = {
        "text": inbound.text if text is None else text,
        "media": list(inbound.media),
        "agent": visit.agent,
        "may_be_stop": may_be_stop,
    }
    turn.call(f"desk/{visit.id}/{turn.trigger.key}", "desk.heard", {**_named(turn, visit), **told})
    return True


def take(turn: Turn, agent: str) -> Visit:
    """Give the visit to a person of the shop: of two that take it at a time the first has it.

    Raises:
        Refused: nobody is there, or somebody else has it.
    """
    visit = _open(turn)
    if visit.state is VisitState.TAKEN and visit.agent != agent:
        raise Refused(f"{visit.agent} has taken it", "take another one", 409)
    visit = visit.taken(agent, turn.now)
    _keep(turn, visit)
    return visit


def say(turn: Turn, agent: str, text: str) -> str:
    """Say what a person of the shop wrote, where the contact asked; returns the message's id.

    Raises:
        Refused: it is not that person's visit, the contact wrote too long ago, or the gate is against it.
    """
    visit = _open(turn)
    if visit.agent != agent:
        raise Refused("the visit is not yours", "take it first: POST /api/desk/{contact}/take", 409)
    if turn.now - visit.heard_at > ANSWER_WITHIN:
        raise Refused("the contact wrote too long ago for an answer", "close the visit", 409)
    queued = turn.say(
        text,
        flow=FLOW,
        step=STEP,
        message_class=MessageClass.REPLY,
        channel=visit.channel,
        address=visit.address,
        short_links=False,
    )
    if queued.state is OutboxState.REFUSED:
        raise Refused(f"it may not leave: {queued.explanation}", "close the visit", 409)
    _keep(turn, visit.said(turn.now))
    return queued.message.id


def close(turn: Turn, agent: str) -> Visit:
    """End the visit, as the person of the shop who has it; the bot tells that it is back.

    Raises:
        Refused: nobody is there, or somebody else has it.
    """
    visit = _open(turn)
    if visit.agent is not None and visit.agent != agent:
        raise Refused(f"{visit.agent} has taken it", "let them close it", 409)
    return _end(turn, visit, Ending.DONE)


def leave(turn: Turn) -> bool:
    """Let the contact go back to the bot; False where it is not at the desk."""
    visit = visit_of(turn)
    if visit is None:
        return False
    _end(turn, visit, Ending.LEFT)
    return True


def happens(turn: Turn) -> Ending | None:
    """Do what a trigger of the desk tells; returns why a visit has ended, where the bot shall say so."""
    payload, visit = turn.trigger.payload, visit_of(turn)
    turn.effects.outcome = "desk"
    step = str(payload.get("step"))
    if step == "ended":
        return Ending(str(payload["because"]))
    if step in {"opened", "switched"}:
        _taken_elsewhere(turn, visit, str(payload.get("agent") or ""))
        return None
    if visit is None or payload.get("visit", visit.id) != visit.id:
        turn.effects.outcome = "void"
        return None
    if step == "closed":
        return _end(turn, visit, Ending.DONE, tells=False).because
    if _until(turn, visit) > turn.now:
        _look_again(turn, visit)
        return None
    because = Ending.QUIET if visit.state is VisitState.TAKEN else Ending.UNTAKEN
    ended = _end(turn, visit, because, tells=False)
    return None if is_elsewhere(turn, visit) else ended.because  # what was said there we do not hear


def standing_of(turn: Turn) -> dict[str, JsonValue]:
    """Return what a person should know of a member: the name, the tier, the balance, the last order."""
    contact, tiers = turn.contact, turn.program.tiers
    level = tiers.level(tier_of(turn)) if tiers is not None else None
    order = next(iter(turn.orders()), None)
    return {
        "first_name": contact.first_name,
        "member": contact.is_member,
        "locale": contact.locale,
        "tier": turn.program.text(level.name, contact.locale) if level is not None else None,
        "available_minor": turn.books.balance(turn.now).available_minor if contact.is_member else 0,
        "last_order": {
            "id": order.id,
            "status": order.status,
            "placed_on": local_date(order.placed_at, contact.zone).isoformat(),
            "paid_minor": order.cash_minor,
        }
        if order is not None
        else None,
    }


def _priority(turn: Turn) -> int:
    tiers = turn.program.tiers
    ids = [level.id for level in tiers.levels] if tiers is not None else []
    tier = tier_of(turn)
    return ids.index(tier) + 1 if tier in ids else 0


def _first(turn: Turn, visit: Visit) -> str:
    tiers = turn.program.tiers
    if tiers is None or visit.priority >= len(tiers.levels):
        return ""
    return turn.program.text(tiers.levels[-1].name, turn.contact.locale)


def _open(turn: Turn) -> Visit:
    visit = visit_of(turn)
    if visit is None:
        raise Refused(*_NOT_HERE, 409)
    return visit


def _is_there(turn: Turn, address: Address) -> bool:
    return address.desk_until is not None and turn.now < address.desk_until


def _address_on(turn: Turn, channel: str) -> str:
    return next((value for name, value in turn.addresses if name == channel), "")


def _keep(turn: Turn, visit: Visit) -> None:
    turn.keep(VISIT, VISIT, visit)
    address = turn.addresses.get((visit.channel, visit.address))
    if address is not None:
        turn.change_address(replace(address, desk_until=_until(turn, visit) if visit.is_open else None))


def _look_again(turn: Turn, visit: Visit) -> None:
    """Look when the visit would be over for want of a word: one trigger at a time."""
    at = _until(turn, visit)
    payload = {**_where(visit), "step": "quiet", "visit": visit.id}
    key = f"desk:{visit.id}:{microseconds(at)}"
    turn.effects.later.append(Trigger(key, TriggerKind.DESK, at, payload))


def _until(turn: Turn, visit: Visit) -> datetime:
    """When the visit is over; with somebody in WeChat's own customer service, that tells us."""
    if is_elsewhere(turn, visit) and visit.taken_at is not None:
        return max(visit.quiet_at, visit.taken_at + ELSEWHERE_MAX)
    return visit.quiet_at


def _is_over_there(turn: Turn, visit: Visit) -> bool:
    """Whether WeChat's own customer service is done: no message comes here while somebody has the contact."""
    return (
        is_elsewhere(turn, visit)
        and visit.taken_at is not None
        and turn.now - visit.taken_at > _STILL_ON_ITS_WAY
    )


def _silence_ends(turn: Turn, visit: Visit) -> None:
    """Let the bot speak again where the contact was before it asked elsewhere."""
    address = turn.addresses.get((visit.channel, visit.address))
    if address is not None:
        turn.change_address(replace(address, desk_until=None))


def _end(turn: Turn, visit: Visit, because: Ending, *, tells: bool = True) -> Visit:
    """End a visit and tell the shop; `tells`: a turn that may speak to the contact follows this one."""
    visit = visit.closed(because, turn.now)
    _keep(turn, visit)
    told: dict[str, JsonValue] = {"because": because.value, "agent": visit.agent}
    turn.call(f"desk/{visit.id}/ended", "desk.ended", {**_named(turn, visit), **told})
    turn.track("Desk Left", {"because": because.value, "channel": visit.channel})
    if tells and because is not Ending.LEFT:
        payload = {**_where(visit), "step": "ended", "because": because.value}
        trigger = Trigger(f"desk:{visit.id}:ended", TriggerKind.DESK, turn.now, payload)
        turn.effects.later.append(trigger)
    return visit


def _taken_elsewhere(turn: Turn, visit: Visit | None, agent: str) -> None:
    """Hear that somebody took the contact over in WeChat's own customer service, asked for or not."""
    address = str(turn.trigger.payload["address"])
    if visit is None:
        visit = Visit(turn.new_id(), WECHAT, address, _priority(turn), turn.now, turn.now)
        _look_again(turn, visit)
    _keep(turn, visit.taken(agent, turn.now))


def _transfer(turn: Turn, inbound: Inbound | None) -> bool:
    """Have a message handed over to WeChat's own customer service: messages alone can be, no events."""
    if inbound is None or inbound.channel != WECHAT or inbound.gesture is not None:
        return False
    if not turn.shop.wechat.transfer:
        return False
    turn.effects.transfers = True
    turn.effects.result = {"transfers": True}  # WeChat's retry of the message is answered the same
    return True


def _where(visit: Visit) -> dict[str, JsonValue]:
    return {"channel": visit.channel, "address": visit.address}


def _named(turn: Turn, visit: Visit) -> Mapping[str, JsonValue]:
    return {"contact": turn.contact.id, "visit": visit.id, "channel": visit.channel}
