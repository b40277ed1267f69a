"""Claiming a reward: credit goes, a code and a promise come, the shop is told; and what follows from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from bot.core.codes import Code, code_of
from bot.core.contact import JsonValue
from bot.core.deeds.whom import refusal_in
from bot.core.errors import TellMember
from bot.core.keywords import normalise
from bot.core.ledger.entries import Cause
from bot.core.ledger.refusals import InsufficientCredit
from bot.core.loyalty.catalogue import Reward
from bot.core.loyalty.eligibility import Refusal
from bot.core.loyalty.fulfilment import CannotAdvance, Fulfilment, FulfilmentState, advanced
from bot.core.loyalty.offers import Offer, OfferKind, Terms
from bot.core.signed_links import SignedLinks
from bot.core.turn import Turn

TABLE, OFFER_TABLE = "fulfilment", "offer"
EVENTS: Mapping[FulfilmentState, str] = {
    FulfilmentState.CLAIMED: "Reward Redeemed",
    FulfilmentState.PREPARING: "Reward Preparing",
    FulfilmentState.SENT: "Reward Sent",
    FulfilmentState.DELIVERED: "Reward Delivered",
    FulfilmentState.CANCELED: "Reward Canceled",
}
"""What is tracked when a claimed reward gets there."""

_GONE = frozenset({Refusal.NOT_YET, Refusal.OVER})


def fulfilments(turn: Turn) -> tuple[Fulfilment, ...]:
    """Return what the contact claimed, newest first, as it is by now in this turn."""
    found = turn.needed("fulfilments")
    assert isinstance(found, tuple)
    kept = {key: one for (table, key), one in turn.effects.kept.items() if table == TABLE}
    changed = [kept.pop(one.id, one) for one in found]
    return tuple(one for one in (*reversed(kept.values()), *changed) if isinstance(one, Fulfilment))


def reward_of(turn: Turn, reward_id: object) -> Reward | None:
    """Return the reward the program has under that id."""
    return next((reward for reward in turn.program.rewards if reward.id == reward_id), None)


def reward_called(turn: Turn, words: str) -> Reward | None:
    """Return the one reward that words name, by its id or what it is called in any language."""
    wanted = normalise(words)
    found = [one for one in turn.program.rewards if wanted in {normalise(name) for name in _names(one)}]
    return found[0] if len(found) == 1 else None


def may_have(turn: Turn, reward: Reward) -> str | None:
    """Return the code of why the contact cannot claim a reward now, credit aside; None: it can."""
    refusal = refusal_in(turn, reward)
    if refusal in _GONE:
        return "reward_gone"
    # Who is no member has no credit, and the flows say how to join.
    if refusal is not None and refusal is not Refusal.NOT_A_MEMBER:
        return "not_for_you"
    if reward.most is not None and _claimed(turn, reward) >= reward.most:
        return "had_it"
    return None


def why_not(turn: Turn, reward: Reward) -> str | None:
    """Return the code of why a member cannot claim a reward now, all asked; None: it can."""
    because = may_have(turn, reward)
    if because is None and left_of(turn, reward) == 0:
        because = "sold_out"
    if because is None and turn.books.spendable(turn.now) < reward.cost_minor:
        because = "not_enough_credit"
    return because


def left_of(turn: Turn, reward: Reward) -> int | None:
    """Return how many there are still; None where nobody counts them."""
    if reward.stock is None:
        return None
    left = turn.needed("counter", reward.counter)
    return left if isinstance(left, int) else reward.stock


def claim(turn: Turn, reward_id: object) -> Fulfilment:
    """Trade credit for a reward.

    Raises:
        TellMember: nothing changed: `reward_gone`, `not_for_you`, `had_it`, `sold_out`, `not_enough_credit`.
    """
    reward = reward_of(turn, reward_id) or reward_called(turn, str(reward_id or ""))
    if reward is None:
        raise TellMember("reward_gone")
    because = may_have(turn, reward)
    if because is not None:
        raise TellMember(because)
    available = turn.books.spendable(turn.now)
    if available < reward.cost_minor:
        raise InsufficientCredit(available, reward.cost_minor)
    if reward.stock is not None and not turn.take(reward.counter, 1, of=reward.stock):
        raise TellMember("sold_out")
    cause = Cause(
        f"redeem/{turn.trigger.key}/{turn.books.wallet.entry_count}",
        actor=f"contact/{turn.contact.id}",
        source_type="reward",
        source_id=reward.id,
    )
    entry = turn.books.redeem(reward.cost_minor, turn.now, cause)
    fulfilment = Fulfilment(
        id=entry.id,
        reward=reward.id,
        kind=reward.kind,
        code=code_of(entry.id),
        cost_minor=reward.cost_minor,
        # What a link opens is there at once; everything else somebody has to do.
        state=FulfilmentState.DELIVERED if reward.kind == "content" else FulfilmentState.CLAIMED,
        claimed_at=turn.now,
        changed_at=turn.now,
        promised_on=reward.promised_on(turn.now, turn.contact.zone),
        zone=turn.contact.zone,
        facts=_facts(reward, turn),
    )
    turn.keep(TABLE, fulfilment.id, fulfilment)
    turn.keep("directory", fulfilment.code, Code(fulfilment.code))
    if reward.kind == "discount":
        turn.keep(OFFER_TABLE, fulfilment.id, _as_offer(reward, fulfilment))
    facts: dict[str, JsonValue] = {"reward": reward.id, "cost": reward.cost_minor, "code": fulfilment.code}
    turn.track("Reward Redeemed", facts)
    turn.call(f"reward/{entry.id}", "reward.redeemed", {**facts, **_told(turn, fulfilment)})
    return fulfilment


def cancel(turn: Turn, fulfilment: Fulfilment) -> Fulfilment:
    """Let a claimed reward be canceled and its unit go back; whoever calls returns the credit.

    Raises:
        CannotAdvance: it is delivered, or was canceled before.
    """
    if not fulfilment.state.is_open or is_spent(turn, fulfilment):
        raise CannotAdvance(fulfilment, FulfilmentState.CANCELED)
    offer = _offer(turn, fulfilment)
    if offer is not None:
        turn.keep(OFFER_TABLE, offer.id, replace(offer, ends_at=turn.now))
    canceled = advanced(fulfilment, FulfilmentState.CANCELED, turn.now)
    turn.keep(TABLE, canceled.id, canceled)
    reward = reward_of(turn, fulfilment.reward)
    if reward is not None and reward.stock is not None:
        turn.give_back(reward.counter, 1)
    return canceled


def is_spent(turn: Turn, fulfilment: Fulfilment) -> bool:
    """Whether a claimed discount was used for an order, or is set aside for one; others are never spent."""
    return fulfilment.id in spent_among(turn, (fulfilment,))


def spent_among(turn: Turn, claimed: Iterable[Fulfilment]) -> frozenset[str]:
    """Return the ids of those that are spent (see `is_spent`), all looked up at once."""
    asked = [one.id for one in claimed if one.kind == "discount"]
    if not asked:
        return frozenset()
    offers = _offers(turn, asked)
    return frozenset(one.id for one in offers.values() if one.times_left(turn.now) <= 0)


def move_on(
    turn: Turn,
    fulfilment: Fulfilment,
    state: FulfilmentState,
    *,
    promised_on: date | None = None,
    facts: Mapping[str, JsonValue] | None = None,
) -> Fulfilment:
    """Let a claimed reward be further on; flows hear of it, and of another promised day.

    Raises:
        CannotAdvance: it does not go back, and what is closed stays so.
    """
    moved = advanced(fulfilment, state, turn.now, promised_on=promised_on, facts=facts)
    if moved == fulfilment:
        return moved
    turn.keep(TABLE, moved.id, moved)
    if moved.state is not fulfilment.state:
        turn.track(EVENTS[moved.state], _event(turn, moved))
    elif moved.promised_on != fulfilment.promised_on:
        turn.track("Reward Promised", _event(turn, moved))
    return moved


def track_canceled(turn: Turn, fulfilment: Fulfilment) -> None:
    """Let flows hear that the shop canceled a claimed reward."""
    turn.track(EVENTS[FulfilmentState.CANCELED], _event(turn, fulfilment))


def told_of(turn: Turn, fulfilment: Fulfilment) -> dict[str, JsonValue]:
    """Say of a claimed reward what texts, events and the shop may name."""
    return {
        "id": fulfilment.id,
        "reward": fulfilment.reward,
        "kind": fulfilment.kind,
        "name": name_of(turn, fulfilment.reward),
        "code": fulfilment.code,
        "cost": fulfilment.cost_minor,
        "state": fulfilment.state.value,
        "promised_on": fulfilment.promised_on.isoformat() if fulfilment.promised_on else None,
        "tracking": fulfilment.facts.get("tracking"),
        "link": link_of(turn, fulfilment),
    }


def name_of(turn: Turn, reward_id: str) -> str:
    """Return what a reward is called; one that is no more has its id."""
    reward = reward_of(turn, reward_id)
    return turn.program.text(reward.name, turn.contact.locale) if reward is not None else reward_id


def link_of(turn: Turn, fulfilment: Fulfilment) -> str | None:
    """Return the signed link that opens claimed content; None where there is none, or it has ended."""
    shop, until = turn.shop, fulfilment.open_until
    if not shop.public_url or not shop.secrets or until is None or turn.now >= until:
        return None
    return SignedLinks(shop.public_url, shop.secrets).url(turn.contact.id, fulfilment.id, until)


def _event(turn: Turn, fulfilment: Fulfilment) -> dict[str, JsonValue]:
    """As an event's properties: its own `name` is the event's."""
    told = told_of(turn, fulfilment)
    name = told.pop("name")
    return {**told, "name_of_reward": name}


def _as_offer(reward: Reward, fulfilment: Fulfilment) -> Offer:
    """A claimed discount as an offer of the member's: the checkout takes it off, or finds it by its code."""
    kind = OfferKind.AMOUNT if reward.amount_minor is not None else OfferKind.PERCENT
    terms = Terms(
        kind,
        reward.name,
        rate=reward.rate or Fraction(0),
        amount_minor=reward.amount_minor or 0,
        back_on_refund=True,
    )
    at = fulfilment.claimed_at
    return Offer(fulfilment.id, f"reward/{reward.id}", fulfilment.code, terms, at, at, ends_at=None)


def _offer(turn: Turn, fulfilment: Fulfilment) -> Offer | None:
    if fulfilment.kind != "discount":
        return None
    return _offers(turn, [fulfilment.id]).get(fulfilment.id)


def _offers(turn: Turn, ids: Sequence[str]) -> dict[str, Offer]:
    """The offers that claimed discounts are, by id, as they are by now in this turn."""
    kept = {one: turn.effects.kept.get((OFFER_TABLE, one)) for one in ids}
    known = {one: offer for one, offer in kept.items() if isinstance(offer, Offer)}
    missing = [one for one in ids if one not in known]
    found = turn.needed("offers_called", ",".join(missing)) if missing else ()
    assert isinstance(found, tuple)
    return known | {one.id: one for one in found if isinstance(one, Offer) and one.id in missing}


def _names(reward: Reward) -> tuple[str, ...]:
    return (reward.id, reward.id.replace("_", " "), *reward.name.values())


def _facts(reward: Reward, turn: Turn) -> dict[str, JsonValue]:
    """What of a reward is fixed when it is claimed, whatever the program says later."""
    fixed: dict[str, JsonValue] = {
        "url": reward.url,
        "sku": reward.sku,
        "amount": reward.amount_minor,
        "rate": str(reward.rate) if reward.rate is not None else None,
        "open_until": (turn.now + reward.open_for).isoformat() if reward.kind == "content" else None,
    }
    return {name: value for name, value in fixed.items() if value is not None}


def _told(turn: Turn, fulfilment: Fulfilment) -> dict[str, JsonValue]:
    """What the shop is told of a claim beside what was claimed."""
    more: dict[str, JsonValue] = {"entry": fulfilment.id, "contact": turn.contact.id}
    if fulfilment.promised_on is not None:
        more["promised_on"] = fulfilment.promised_on.isoformat()
    if fulfilment.kind != "product":
        more["kind"] = fulfilment.kind
    return {**more, **{name: value for name, value in fulfilment.facts.items() if name != "url"}}


def _claimed(turn: Turn, reward: Reward) -> int:
    """How often the contact has claimed a reward and kept it, this turn included."""
    stored = turn.needed("claimed", reward.id)
    assert isinstance(stored, int)
    made = [one for (table, _), one in turn.effects.kept.items() if table == TABLE]
    return stored + sum(
        isinstance(one, Fulfilment) and one.reward == reward.id and one.claimed_at == turn.now for one in made
    )


def find(turn: Turn, name: str) -> Fulfilment | None:
    """Return one of the contact's claimed rewards by its id or code."""
    found = turn.needed("fulfilment", name)
    assert found is None or isinstance(found, Fulfilment)
    kept = turn.effects.kept.get((TABLE, found.id)) if found is not None else None
    return kept if isinstance(kept, Fulfilment) else found
