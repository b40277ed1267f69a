"""What readers of letters say: leave a group, by one click or on a page, or choose what they get."""

from collections.abc import Mapping

from bot.core.consent import ConsentSource, Evidence, opt_out
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.email.mailbox import EMAIL, masked
from bot.core.groups import on_channel, state_in
from bot.core.pages import consents
from bot.core.turn import Turn

LEAVE = "letter.leave"
"""The operation by which a reader leaves."""

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


def shown(turn: Turn) -> Body:
    """Show every group with what was agreed to by email, and whose mailbox it is, to its owner alone."""
    own = next((value for channel, value in turn.addresses if channel == EMAIL), "")
    return {
        **consents.shown(turn, EMAIL, own),
        "shop": turn.shop.letters.brand.name or turn.shop.name,
        "locale": turn.contact.locale,
        "mailbox": masked(own) if own else "",
    }
