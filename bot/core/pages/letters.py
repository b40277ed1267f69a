"""What readers of letters say: leave a group, by one click or on a page, choose, or confirm an opt-in."""

from collections.abc import Mapping

from bot.core.consent import ConsentSource, Evidence, opt_out
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.email.mailbox import EMAIL, masked
from bot.core.groups import on_channel, state_in, subscription_key
from bot.core.pages import consents
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

LEAVE = "letter.leave"
"""The operation by which a reader leaves."""
CONFIRM = "letter.confirm"
"""The operation by which a reader confirms that they want letters of a group."""
OVER = "over"
"""What waits for no confirmation any more."""

Body = Mapping[str, JsonValue]


def leave(turn: Turn, body: Body) -> Body:
    """Leave a `group`, or (empty) all, by the link of a `message`; `words` are what was clicked.

    Said again, it changes nothing: mail programs ask twice, and readers do.
    """
    group, message = str(body["group"]), str(body["message"])
    groups = [group] if group else sorted({*turn.shop.groups, *on_channel(turn.subscriptions, EMAIL)})
    left: list[JsonValue] = []
    for name in groups:
        if state_in(turn.subscriptions, name, EMAIL) is SubscriptionState.UNSUBSCRIBED:
            continue
        evidence = Evidence(
            name, EMAIL, str(body["words"]), ConsentSource.PAGES, turn.now, provider_id=message
        )
        turn.change_consent(opt_out(evidence))
        left.append(name)
    turn.effects.outcome = "opt_out"
    return {"left": left}


def leaves(trigger: Trigger) -> bool:
    """Whether somebody leaves by a letter's link, or takes an agreement back on a page."""
    if trigger.kind is not TriggerKind.OPERATION:
        return False
    operation, body = trigger.payload.get("operation"), trigger.payload.get("body")
    takes_back = isinstance(body, dict) and body.get("subscribed") is False
    return operation == LEAVE or (operation == consents.CHANGE and takes_back)


def shown(turn: Turn) -> Body:
    """Show every group with what was agreed to by email, and whose mailbox it is, to its owner alone."""
    own = next((value for channel, value in turn.addresses if channel == EMAIL), "")
    return {
        **consents.shown(turn, EMAIL, own),
        "shop": turn.shop.letters.brand.name or turn.shop.name,
        "locale": turn.contact.locale,
        "mailbox": masked(own) if own else "",
    }


def asked(turn: Turn, group: str, address: str) -> Body:
    """Show what the letter to an address asks to confirm: `state`, and the wording that is agreed to."""
    told = shown(turn)
    groups = told["groups"]
    assert isinstance(groups, list), "groups are a list"
    found = next((one for one in groups if isinstance(one, dict) and one["name"] == group), {})
    state = _state(turn, group, address)
    return {**told, **found, "state": state, "mailbox": masked(address) if state != OVER else ""}


def confirm(turn: Turn, body: Body) -> Body:
    """Confirm an opt-in to `group` by the letter `message` that came to `address`; tells its state.

    It has to be pending still, and the mailbox the contact's: what waited too long is asked anew by the shop.
    """
    group, address = str(body["group"]), str(body["address"])
    if _state(turn, group, address) == SubscriptionState.PENDING:
        agreed: Body = {**body, "channel": EMAIL, "subscribed": True, "is_known": True}
        consents.change(turn, agreed)
    return {"state": _state(turn, group, address)}


def _state(turn: Turn, group: str, address: str) -> str:
    """Where an opt-in stands for who got a letter about it: pending, subscribed or over."""
    own, key = turn.addresses.get((EMAIL, address)), subscription_key(group, EMAIL)
    if own is None or own.stopped_at is not None or group not in turn.shop.groups:
        return OVER
    state, waits = turn.subscriptions.get(key), turn.pending.get(key)
    if state is SubscriptionState.SUBSCRIBED:
        return state.value
    is_open = state is SubscriptionState.PENDING and waits is not None and turn.now <= waits.confirm_by
    return SubscriptionState.PENDING.value if is_open else OVER
