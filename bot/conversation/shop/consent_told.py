"""Consent that the shop was given elsewhere and tells us of: with evidence, and never against a STOP."""

from collections.abc import Mapping

from bot.core.consent import ConsentSource, Evidence, opt_in, opt_out, pending
from bot.core.contact import Address, JsonValue, SubscriptionState
from bot.core.errors import Refused
from bot.core.groups import Group, state_in, subscription_key
from bot.core.pages.confirming import ask_to_confirm
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT

TELL = "consent.tell"
Body = Mapping[str, JsonValue]

_OWN_WORDS = frozenset(
    {
        ConsentSource.KEYWORD,
        ConsentSource.WORDING,
        ConsentSource.PROVIDER,
        ConsentSource.PAGES,
        ConsentSource.JOINED,
    }
)
"""What contacts said themselves: the shop does not know better."""
_CHANNELS = ("sms", WECHAT, "email")
"""Where consent is meant that names no channel: the first on which the contact has an address."""
_NOT_FOUND, _CONFLICT = 404, 409


def tell(turn: Turn, body: Body) -> Body:
    """Subscribe to a group or unsubscribe: `group`, `channel` (empty: theirs), `subscribed`, `words`.

    In a group with double opt-in, or where `double_opt_in` asks for it, they are asked to confirm; `flow`
    begins when they have, else whichever waited before.

    Raises:
        Refused: there is no such group or address, or they themselves said that they want nothing.
    """
    group = turn.shop.groups.get(str(body["group"]))
    if group is None:
        raise Refused(
            f"subscription_group_id: there is no group '{body['group']}'",
            f"use one of {', '.join(sorted(turn.shop.groups))}, or describe it in flows/policy.yaml",
            _NOT_FOUND,
        )
    address = _address(turn, str(body["channel"]))
    state = state_in(turn.subscriptions, group.name, address.channel)
    evidence = Evidence(
        group.name,
        address.channel,
        str(body["words"]),
        ConsentSource.API,
        turn.now,
        address=address.value,
    )
    if body["subscribed"] is not True:
        if state is not SubscriptionState.UNSUBSCRIBED:
            turn.change_consent(opt_out(evidence))
        return _told(SubscriptionState.UNSUBSCRIBED)
    if state is SubscriptionState.SUBSCRIBED:
        return _told(state)
    _refuse_against_their_word(turn, address, group)
    if group.double_opt_in or body.get("double_opt_in") is True:
        waits = turn.pending.get(subscription_key(group.name, address.channel))
        flow = str(body.get("flow") or "") or (waits.waiting_flow if waits else None)
        turn.change_consent(pending(evidence, state, flow))
        ask_to_confirm(turn, group, address)
        return _told(SubscriptionState.PENDING)
    turn.change_consent(opt_in(evidence))
    return _told(SubscriptionState.SUBSCRIBED)


def _told(state: SubscriptionState) -> Body:
    return {"state": state.value}


def _address(turn: Turn, channel: str) -> Address:
    for wanted in (channel,) if channel else _CHANNELS:
        there = [one for (kind, _), one in turn.addresses.items() if kind == wanted]
        if there:
            return there[0]
    what = f"the contact has no address on {channel}" if channel else "the contact has no address"
    raise Refused(what, "tell their phone first, or name them by it", _CONFLICT)


def _refuse_against_their_word(turn: Turn, address: Address, group: Group) -> None:
    """Raises Refused where they left by their own words: only those lead back."""
    remedy = "only they themselves come back, with START or on the pages"
    if address.stopped_at is not None:
        raise Refused(f"they said STOP there on {address.stopped_at:%Y-%m-%d}", remedy, _CONFLICT)
    key = subscription_key(group.name, address.channel)
    if turn.subscriptions.get(key) is not SubscriptionState.UNSUBSCRIBED:
        return
    said = [change for change in turn.consent_log() if change.key == key]
    if said and said[-1].source in _OWN_WORDS:
        raise Refused(f"they left {group.name} themselves on {said[-1].at:%Y-%m-%d}", remedy, _CONFLICT)
