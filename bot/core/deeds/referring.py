"""Referral in a turn: a member's code, a friend who comes with one, and what the friend's orders do.

The friend's turns keep the friend's own record and tell the advocate, whose turns keep and reward.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.contact import JsonValue
from bot.core.deeds.experimenting import arms_of
from bot.core.deeds.figures import asked_in
from bot.core.deeds.tier_turns import NOT_COUNTED, tier_of
from bot.core.errors import TellMember
from bot.core.ids import instant, microseconds
from bot.core.ledger.books import Undoing
from bot.core.ledger.entries import Cause
from bot.core.ledger.lots import Grant
from bot.core.local_time import local_date
from bot.core.loyalty.eligibility import MemberFacts, facts_of
from bot.core.loyalty.gifts import Recipient
from bot.core.loyalty.referral import (
    Brought,
    Invitations,
    Referred,
    Referring,
    Refusal,
    State,
    code_in_scene,
    counters,
    evidence_in,
    had_friends,
    has_expired,
    least_of,
    qualifies,
    read_code,
    refused_by_evidence,
    refused_to_bring,
    summed,
)
from bot.core.loyalty.standing import Standing
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

REFERRED = "referred"
"""The kind of standing that a friend's own record is kept as."""
FUND = "referral"
"""The fund and the source type of rewards; their source id is the other contact's."""
OPERATION = "referral.told"
"""What the advocate is asked to do."""

_PURPOSE = b"regulars/evidence/"


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """What a referral looks at of an order: what is left of the cash paid, and what the shop told of it.

    Only one that `is_sold` can qualify; that it has is undone by what `came_back` of it alone.
    """

    id: str
    placed_at: datetime
    cash_left_minor: int
    facts: Mapping[str, JsonValue]
    is_sold: bool
    came_back: bool


def rules_now(turn: Turn) -> Referring:
    """Return what inviting friends brings today.

    Raises:
        TellMember: `not_running`: the shop rewards nobody for that now.
    """
    rules = turn.program.referral
    if rules is None or not rules.lasts(local_date(turn.now, turn.shop.zone)):
        raise TellMember("not_running")
    return rules


def invitations(turn: Turn) -> Invitations:
    """Return what the contact's code has brought."""
    friends = turn.needed("friends")
    assert isinstance(friends, tuple)
    return summed(friends, turn.now)


def own_code(turn: Turn) -> str:
    """Return the contact's own code."""
    return str(turn.needed("referral_code"))


def own_code_if_taken(turn: Turn) -> str | None:
    """Return the contact's own code if it has one; to give it one, ask `own_code` in a turn that is kept."""
    code = turn.needed("referral_code_taken")
    assert code is None or isinstance(code, str)
    return code


def member_facts(turn: Turn, *, orders_before: int = 0) -> MemberFacts:
    """Return what bonuses may ask of the turn's contact as of now, tier and audiences included."""
    zone = turn.shop.zone
    today = local_date(turn.now, zone)
    rules = turn.program.referral
    needs = [need for bonus in (rules.bonuses if rules else ()) for need in bonus.whom.needs]
    return facts_of(
        turn.contact,
        today,
        zone,
        tier=tier_of(turn),
        orders_before=orders_before,
        arms=arms_of(turn, needs),
        audiences=asked_in(turn, needs),
    )


def referred_in(turn: Turn) -> Referred | None:
    """Return who sent the contact, as this turn or an earlier one left it."""
    kept = turn.effects.kept.get(("standing", REFERRED), ...)
    standing = turn.needed("standing", REFERRED) if kept is ... else kept
    assert standing is None or isinstance(standing, Standing)
    # What was erased before ids of ours stayed there names nobody.
    return _read(standing) if standing is not None and "advocate" in standing.facts else None


def come_with(turn: Turn, text: str) -> Referred | Refusal | None:
    """Let the contact come with the code that a text is, or with the one it sent before it became a member.

    Returns the record, or why the code brings nothing; None: there is no code.
    """
    rules, code = turn.program.referral, read_code(text)
    if rules is None:
        return Refusal.NOT_RUNNING if code is not None else None
    if code is None and turn.contact.created_at == turn.now:
        return None  # most who join: nothing can be kept of somebody whom nobody knew
    before = referred_in(turn)
    if before is not None and before.state.rank >= State.JOINED.rank:
        if code is None:
            return None
        return before if code == before.code else Refusal.ALREADY_REFERRED
    if code is None:
        if before is None or before.state is not State.INVITED:
            return None
        code = before.code
    advocate = turn.needed("referrer", code)
    assert advocate is None or isinstance(advocate, Recipient)
    orders = [order for order in turn.orders() if order.status not in NOT_COUNTED]
    # Nobody can have come with the code of a contact that is made in this turn.
    brought = turn.needed("friends") if turn.contact.created_at != turn.now else ()
    assert isinstance(brought, tuple)
    refusal = refused_to_bring(
        rules,
        advocate_id=advocate.contact_id if advocate else None,
        is_advocate_member=advocate is not None and advocate.is_member,
        friend=member_facts(turn, orders_before=len(orders)),
        friend_id=turn.contact.id,
        brought=brought,
    )
    if advocate is None:
        return refusal or Refusal.NOT_FOUND
    state = State.JOINED if turn.contact.is_member else State.INVITED
    if refusal is None and state is State.JOINED:
        refusal = _take_a_place(turn, rules, advocate.contact_id)
    if refusal is not None:
        _keep(turn, Referred(advocate.contact_id, code, State.REFUSED, turn.now, reason=refusal))
        return refusal
    joined_at = turn.now if state is State.JOINED else None
    return _keep(turn, Referred(advocate.contact_id, code, state, turn.now, joined_at=joined_at))


def come_by_scene(turn: Turn, scene: str) -> Referred | Refusal | None:
    """Let the contact come with the code in a scene like `r=7K2P4M`: that of a code which a friend scanned.

    A scene that is for something else brings nobody and changes nothing.
    """
    code = code_in_scene(scene)
    return come_with(turn, code) if code is not None else None


def order_changed(turn: Turn, order: OrderSeen) -> None:
    """Follow an order of the contact: the first that qualifies rewards both, given back it does no more."""
    rules = turn.program.referral
    if order.came_back:
        _follow_return(turn, order)
    if rules is None:
        return
    evidence = _evidence(turn, order.facts)
    users = turn.needed("first_users", ",".join(sorted(evidence.values()))) if evidence else {}
    assert isinstance(users, dict)
    referred = referred_in(turn)
    if referred is None:
        return
    if referred.state is State.JOINED and order.is_sold and qualifies(rules, order.cash_left_minor):
        refusal = refused_by_evidence(
            evidence, users, advocate_id=referred.advocate_id, friend_id=turn.contact.id
        )
        brought = turn.needed("friends")
        assert isinstance(brought, tuple)
        if referred.joined_at is not None and had_friends(brought, referred.joined_at):
            refusal = Refusal.EXISTING_MEMBER
        if has_expired(rules, referred, order.placed_at):
            refusal = Refusal.EXPIRED
        seen = replace(referred, order_id=order.id, evidence=evidence, since=turn.now)
        if refusal is not None:
            _keep(turn, replace(seen, state=State.REFUSED, reason=refusal))
        else:
            entry_id = _reward_friend(turn, rules, referred)
            least = least_of(rules)
            _keep(turn, replace(seen, state=State.QUALIFIED, entry_id=entry_id, least_minor=least))


def refuse(turn: Turn, reason: Refusal) -> None:
    """Let it bring nothing that somebody sent the contact; what it has brought stays."""
    referred = referred_in(turn)
    if referred is not None and referred.state in {State.INVITED, State.JOINED}:
        turn.keep(
            "standing",
            REFERRED,
            _written(replace(referred, state=State.REFUSED, reason=reason, since=turn.now)),
        )


def _follow_return(turn: Turn, order: OrderSeen) -> None:
    """Undo the referral whose order is not worth any more what it had to be worth when it qualified."""
    referred = referred_in(turn)
    if referred is None or referred.state is not State.QUALIFIED or referred.order_id != order.id:
        return
    if order.cash_left_minor < referred.least_minor:
        _take_back(turn, referred.entry_id, f"referral/back/{order.id}")
        _keep(turn, replace(referred, state=State.REVERSED, since=turn.now))


def needs_of(turn: Turn, facts: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return what `order_changed` will ask for, of an order with these facts; see `Turn.need`."""
    if turn.program.referral is None:
        return ()
    evidence = _evidence(turn, facts)
    users = (f"first_users/{','.join(sorted(evidence.values()))}",) if evidence else ()
    return (f"standing/{REFERRED}", *users)


def told(turn: Turn, body: Mapping[str, JsonValue]) -> None:
    """Keep what a friend's turn tells the advocate, and reward the advocate or take the reward back.

    What is told may arrive in another order than it happened: what is older than the last is no news.
    """
    friend_id, state = str(body["friend"]), State(str(body["state"]))
    at = body["at"]
    assert isinstance(at, int), "an instant in microseconds"
    before = turn.needed("brought", friend_id)
    assert before is None or isinstance(before, Brought)
    told_at = instant(at)
    if before is not None and (told_at, state.rank) <= (before.changed_at, before.state.rank):
        return
    reason = Refusal(str(body["reason"])) if body.get("reason") else None
    now = Brought(
        friend_id,
        state,
        at=before.at if before else told_at,
        changed_at=told_at,
        reason=reason,
        reward_minor=before.reward_minor if before else 0,
        active_from=before.active_from if before else None,
        entry_id=before.entry_id if before else None,
    )
    rules = turn.program.referral
    if state is State.QUALIFIED and rules is not None and turn.contact.is_member:
        now = _rewarded(turn, rules, now)
    elif state is State.QUALIFIED:
        now = replace(now, reason=Refusal.NOT_RUNNING if rules is None else Refusal.ADVOCATE_GONE)
    elif state is State.REVERSED:
        taken_minor = _take_back(turn, now.entry_id, f"referral/back/{friend_id}")
        turn.track("Referral Reversed", {"amount": taken_minor})
    elif state is State.JOINED:
        turn.track("Referral Joined", {})
    turn.keep("referral", friend_id, now)


def _rewarded(turn: Turn, rules: Referring, brought: Brought) -> Brought:
    amount = rules.advocate_reward(member_facts(turn))
    if not amount:
        turn.track("Referral Qualified", {"amount": 0, "side": "advocate", "on": None})
        return brought
    active_from = turn.now + _pending(turn, rules)
    cause = Cause(f"referral/{brought.friend_id}", "system", source_type=FUND, source_id=brought.friend_id)
    entry = turn.books.earn(_grant(turn, amount, active_from), turn.now, cause)
    _tell_of_reward(turn, amount, "advocate", active_from)
    return replace(brought, reward_minor=amount, active_from=active_from, entry_id=entry.id)


def _reward_friend(turn: Turn, rules: Referring, referred: Referred) -> str | None:
    amount = rules.friend_reward(member_facts(turn)) if turn.contact.is_member else 0
    if not amount:
        return None
    active_from = turn.now + _pending(turn, rules)
    cause = Cause("referral/friend", "system", source_type=FUND, source_id=referred.advocate_id)
    entry = turn.books.earn(_grant(turn, amount, active_from), turn.now, cause)
    _tell_of_reward(turn, amount, "friend", active_from)
    return entry.id


def _tell_of_reward(turn: Turn, amount_minor: int, side: str, active_from: datetime) -> None:
    turn.track("Credit Granted", {"amount": amount_minor, "why": FUND})
    on = active_from.isoformat() if active_from > turn.now else None
    turn.track("Referral Qualified", {"amount": amount_minor, "side": side, "on": on})


def _grant(turn: Turn, amount_minor: int, active_from: datetime) -> Grant:
    terms = turn.program.played_terms(active_from, turn.contact.zone, None)
    return Grant(amount_minor, terms, "promotional", FUND, turn.shop.program_policy)


def _pending(turn: Turn, rules: Referring) -> timedelta:
    return turn.program.earning.pending if rules.pending is None else rules.pending


def _take_back(turn: Turn, entry_id: str | None, key: str) -> int:
    """Take back what an entry granted; returns how much, 0 where nothing was."""
    undoing = turn.needed("undoing", entry_id) if entry_id else None
    if not isinstance(undoing, Undoing):
        return 0
    cause = Cause(key, "system", source_type=FUND, source_id=undoing.entry.source_id)
    entry = turn.books.claw_back(undoing, turn.now, cause)
    return entry.total_minor if entry else 0


def _take_a_place(turn: Turn, rules: Referring, advocate_id: str) -> Refusal | None:
    """Take one of the places that the advocate's limits leave; what was taken of others goes back."""
    taken: list[str] = []
    for counter, limit, refusal in counters(rules, advocate_id, turn.now, turn.shop.zone):
        if not turn.take(counter, 1, of=limit):
            for before in taken:
                turn.give_back(before, 1)
            return refusal
        taken.append(counter)
    return None


def _keep(turn: Turn, referred: Referred) -> Referred:
    """Keep the friend's own record, and tell the advocate."""
    turn.keep("standing", REFERRED, _written(referred))
    if referred.advocate_id != turn.contact.id:
        body: dict[str, JsonValue] = {
            "friend": turn.contact.id,
            "state": referred.state.value,
            "reason": referred.reason.value if referred.reason else None,
            "at": microseconds(turn.now),
        }
        payload: dict[str, JsonValue] = {"operation": OPERATION, "body": body}
        # A code that was refused may be tried again, and be refused for another reason.
        reason = f"/{referred.reason}" if referred.reason else ""
        key = f"referral/{turn.contact.id}/{referred.state}{reason}"
        turn.tell(referred.advocate_id, Trigger(key, TriggerKind.OPERATION, turn.now, payload))
    return referred


def _evidence(turn: Turn, facts: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return what an order tells of who placed it, hashed, by kind."""
    return {kind: _hashed(turn, kind, text) for kind, text in evidence_in(facts).items()}


def _hashed(turn: Turn, kind: str, text: str) -> str:
    """Hash what an order tells, with the server's secret: short texts could be guessed otherwise."""
    secret = turn.shop.secrets[-1] if turn.shop.secrets else b""
    # Under the oldest secret of a rotation: what was recorded before it is still known while it lasts.
    return hmac.new(secret, _PURPOSE + f"{kind}/{text}".encode(), hashlib.sha256).hexdigest()


def _written(referred: Referred) -> Standing:
    return Standing(
        kind=REFERRED,
        value=referred.state.value,
        since_at=referred.since,
        facts={
            "advocate": referred.advocate_id,
            "code": referred.code,
            "joined_at": microseconds(referred.joined_at) if referred.joined_at else None,
            "reason": referred.reason.value if referred.reason else None,
            "order": referred.order_id,
            "entry": referred.entry_id,
            "evidence": dict(referred.evidence),
            "least": referred.least_minor,
        },
    )


def _read(standing: Standing) -> Referred:
    facts = standing.facts
    joined_at, evidence, least = facts.get("joined_at"), facts.get("evidence"), facts.get("least")
    return Referred(
        advocate_id=str(facts["advocate"]),
        code=str(facts["code"]),
        state=State(standing.value),
        since=standing.since_at,
        joined_at=instant(joined_at) if isinstance(joined_at, int) else None,
        reason=Refusal(str(facts["reason"])) if facts.get("reason") else None,
        order_id=_text(facts.get("order")),
        entry_id=_text(facts.get("entry")),
        evidence={kind: str(one) for kind, one in evidence.items()} if isinstance(evidence, dict) else {},
        least_minor=least if isinstance(least, int) else 1,
    )


def _text(written: JsonValue) -> str | None:
    return str(written) if written else None
