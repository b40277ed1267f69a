"""The page of rewards: what credit is traded for, what can be had now or why not, and what was claimed."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds import claiming
from bot.core.deeds.whom import would_refuse
from bot.core.errors import TellMember
from bot.core.local_time import local_date
from bot.core.loyalty.catalogue import Reward
from bot.core.loyalty.eligibility import Eligibility, Refusal
from bot.core.loyalty.fulfilment import Fulfilment, FulfilmentState
from bot.core.pages.refusals import SAYS, only_members, said, spoken
from bot.core.pages.speech import Phrases, speech_of, stamp
from bot.core.turn import Turn

CLAIM = "page.claim"
"""The operation by which a tap claims a reward."""
_CLAIMS_MAX = 20
_USED = "used"

PHRASES: Phrases = {
    "en": {
        "for_levels": "For {levels} members.",
        "code": "Show the code {code}.",
        "by": "Ready {day}. Show the code {code}.",
        "claimed": "It is yours: {name}. {where}",
        "discount": "It comes off your next order by itself. At the till: {code}.",
        "preparing": "We are getting it ready.",
        "preparing_by": "We are getting it ready for you: {day}.",
        "sent": "It is on its way.",
        "sent_as": "It is on its way: {tracking}.",
        "opens": "Open it until {day}.",
        "ended": "It could be opened until {day}.",
        "delivered": "You have it.",
        "canceled": "Canceled. Your {cost} is back.",
        "used": "Used for an order.",
    },
    "es": {
        "for_levels": "Para socios {levels}.",
        "code": "Muestra el código {code}.",
        "by": "Listo {day}. Muestra el código {code}.",
        "claimed": "Es tuyo: {name}. {where}",
        "discount": "Se descuenta solo en tu próximo pedido. En caja: {code}.",
        "preparing": "Lo estamos preparando.",
        "preparing_by": "Lo estamos preparando para ti: {day}.",
        "sent": "Está en camino.",
        "sent_as": "Está en camino: {tracking}.",
        "opens": "Ábrelo hasta: {day}.",
        "ended": "Se podía abrir hasta: {day}.",
        "delivered": "Ya lo tienes.",
        "canceled": "Cancelado. Recuperaste {cost}.",
        "used": "Usado en un pedido.",
    },
    "zh_Hans": {
        "for_levels": "{levels}会员专享。",
        "code": "请出示兑换码{code}。",
        "by": "{day}备好，请出示兑换码{code}。",
        "claimed": "兑换成功：{name}。{where}",
        "discount": "下次下单时自动抵扣，到店请出示{code}。",
        "preparing": "正在为您准备。",
        "preparing_by": "正在为您准备，{day}备好。",
        "sent": "已寄出。",
        "sent_as": "已寄出：{tracking}。",
        "opens": "{day}前可打开。",
        "ended": "已于{day}后失效。",
        "delivered": "已领取。",
        "canceled": "已取消，{cost}已退回。",
        "used": "已用于订单。",
    },
}


def shown(turn: Turn) -> dict[str, JsonValue]:
    """Show all rewards, cheapest first, each with why it cannot be had if it cannot, and what was claimed."""
    turn.need(*_needs(turn))
    today = local_date(turn.now, turn.shop.zone)
    rewards = sorted(turn.program.rewards, key=lambda reward: reward.cost_minor)
    judged = [(reward, would_refuse(turn, reward.whom)) for reward in rewards if reward.lasts(today)]
    return {
        "available": speech_of(turn).amount(turn.books.spendable(turn.now)),
        # What a level would open is worth knowing; what is meant for other people is not.
        "rewards": [_reward(turn, reward, why) for reward, why in judged if why in {None, Refusal.TIER}],
        "claims": _claims(turn),
    }


def claim(turn: Turn, body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Trade credit for the `reward` of that id: one tap.

    Raises:
        TellMember: nothing changed, as `claiming.claim` says; `not_a_member`. `says` is in their words.
    """
    with spoken(turn):
        only_members(turn)
        if claiming.reward_of(turn, body.get("reward")) is None:
            raise TellMember("reward_gone")  # what words might name is for texts
        claimed = claiming.claim(turn, body.get("reward"))
    speech, told = speech_of(turn), _claim(turn, claimed)
    return {
        "claim": told,
        "says": speech.say(PHRASES, "claimed", name=str(told["title"]), where=str(told["says"])),
        "available": speech.amount(turn.books.spendable(turn.now)),
    }


def needs_of(turn: Turn, *whom: Eligibility) -> set[str]:
    """Name what conditions of benefits will ask for of the turn's contact; see `Turn.need`."""
    asked = {name for one in whom for name in one.needs}
    needs = {"orders"} if "orders" in asked else set[str]()
    if "tier" in asked and turn.program.tiers is not None and turn.contact.is_member:
        needs.add("standing/tier")
    return needs


def _needs(turn: Turn) -> set[str]:
    """All of it at once: asked one by one, each would be another look."""
    today = local_date(turn.now, turn.shop.zone)
    rewards = [reward for reward in turn.program.rewards if reward.lasts(today)]
    needs = needs_of(turn, *(reward.whom for reward in rewards))
    needs |= {f"counter/{reward.counter}" for reward in rewards if reward.stock is not None}
    if turn.contact.is_member:
        needs |= {f"claimed/{reward.id}" for reward in rewards if reward.most is not None}
        needs.add("fulfilments")
    return needs


def _reward(turn: Turn, reward: Reward, refusal: Refusal | None) -> dict[str, JsonValue]:
    speech, program, locale = speech_of(turn), turn.program, turn.contact.locale
    why_not = _why_not(turn, reward, refusal)
    ready_on = reward.promised_on(turn.now, turn.contact.zone)
    missing = reward.cost_minor - turn.books.spendable(turn.now)
    return {
        "id": reward.id,
        "title": program.text(reward.name, locale),
        "description": program.text(reward.description, locale) if reward.description else None,
        "kind": reward.kind,
        "cost": speech.amount(reward.cost_minor),
        "can": why_not is None,
        "why_not": why_not,
        "missing": speech.amount(missing) if missing > 0 else None,
        "left": claiming.left_of(turn, reward),
        "ready_on": ready_on.isoformat() if ready_on else None,
    }


def _why_not(turn: Turn, reward: Reward, refusal: Refusal | None) -> str | None:
    speech = speech_of(turn)
    if not turn.contact.is_member:
        return speech.say(SAYS, "not_a_member")
    if refusal is Refusal.TIER:
        return speech.say(PHRASES, "for_levels", levels=levels_called(turn, reward.whom))
    because = claiming.why_not(turn, reward)
    if because is None:
        return None
    available = turn.books.spendable(turn.now)
    return said(turn, TellMember(because, available_minor=available, wanted_minor=reward.cost_minor))


def levels_called(turn: Turn, whom: Eligibility) -> str:
    """Say which levels something is for."""
    tiers = turn.program.tiers
    names = [
        turn.program.text(level.name, turn.contact.locale)
        for level in (tiers.levels if tiers else ())
        if level.id in whom.tier
    ]
    return speech_of(turn).listed(names)


def _claims(turn: Turn) -> list[JsonValue]:
    if not turn.contact.is_member:
        return []
    claimed = claiming.fulfilments(turn)[:_CLAIMS_MAX]
    spent = claiming.spent_among(turn, (one for one in claimed if one.state.is_open))
    return [_claim(turn, one, is_used=one.id in spent) for one in claimed]


def _claim(turn: Turn, claimed: Fulfilment, *, is_used: bool = False) -> dict[str, JsonValue]:
    is_waiting = claimed.state.is_open and not is_used
    tracking = claimed.facts.get("tracking")
    return {
        "id": claimed.id,
        "reward": claimed.reward,
        "title": claiming.name_of(turn, claimed.reward),
        "kind": claimed.kind,
        "state": _USED if is_used else claimed.state.value,
        "claimed_at": stamp(claimed.claimed_at),
        "promised_on": claimed.promised_on.isoformat() if is_waiting and claimed.promised_on else None,
        "code": claimed.code if is_waiting else None,
        "url": claiming.link_of(turn, claimed),
        "tracking": str(tracking) if tracking else None,
        "says": speech_of(turn).say(PHRASES, _USED) if is_used else _where(turn, claimed),
    }


def _where(turn: Turn, claimed: Fulfilment) -> str:
    """Say where it is and what to do now."""
    speech, state = speech_of(turn), claimed.state
    by = speech.on_day(claimed.promised_on) if claimed.promised_on else None
    tracking = claimed.facts.get("tracking")
    if state is FulfilmentState.CANCELED:
        return speech.say(PHRASES, "canceled", cost=speech.money(claimed.cost_minor))
    if claimed.open_until is not None:
        key = "opens" if turn.now < claimed.open_until else "ended"
        return speech.say(PHRASES, key, day=speech.last_day(claimed.open_until))
    if state is FulfilmentState.DELIVERED:
        return speech.say(PHRASES, "delivered")
    if state is FulfilmentState.SENT:
        return speech.say(PHRASES, "sent_as" if tracking else "sent", tracking=str(tracking))
    if state is FulfilmentState.PREPARING:
        return speech.say(PHRASES, "preparing_by" if by else "preparing", day=by or "")
    if claimed.kind == "discount":
        return speech.say(PHRASES, "discount", code=claimed.code)
    return speech.say(PHRASES, "by" if by else "code", day=by or "", code=claimed.code)
