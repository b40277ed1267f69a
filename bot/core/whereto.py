"""Where a message goes that answers nobody: by WeChat where a way is open there, else by text."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.contact import ONLY_NAMES, Address, SubscriptionState
from bot.core.email.mailbox import EMAIL
from bot.core.forms import Form
from bot.core.grants import Grant
from bot.core.groups import on_channel, subscription_key
from bot.core.in_app import APP
from bot.core.messages import MessageClass
from bot.core.quickly import quickly_made
from bot.core.wechat_address import WECHAT
from bot.core.windows import left_at

_TEXTS = "sms"
_SUBSCRIBED = SubscriptionState.SUBSCRIBED
_LATER = {WECHAT: 1, APP: 2}
"""Channels that come after the others: one needs a way that is open, the other waits until somebody looks."""

Grants = Callable[[], Mapping[tuple[str, str], Grant]]
"""Gives what the contact granted, by (address, template): asked only where a message has a notice."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Meant:
    """What decides where a message goes before it is written; without a group whatever the contact joined."""

    message_class: MessageClass = MessageClass.SERVICE
    group: str | None = None
    form: Form | None = None


def first_way_out(
    addresses: Iterable[Address],
    subscriptions: Mapping[str, SubscriptionState],
    meant: Meant,
    grants: Grants,
    now: datetime,
) -> Address | None:
    """Return the first address on WeChat that the message may go to now as far as can be seen."""
    usable = [one for one in addresses if one.channel == WECHAT and _is_usable(one)]
    if not usable or not _agreed(subscriptions, meant.group):
        return None
    notice = meant.form.notice if meant.form is not None else None
    granted = grants() if notice is not None else {}
    for address in usable:
        if left_at(address, now) and meant.message_class is not MessageClass.MARKETING:
            return address
        grant = granted.get((address.value, notice.template_id)) if notice is not None else None
        if grant is not None and grant.left > 0:
            return address
    return None


def usual_channel(addresses: Iterable[Address]) -> str:
    """Return the channel of the contact's first usable address; WeChat and our pages after all others.

    Email is for letters alone, which name it: a text has no subject, and is not meant to be read days later.
    """
    channels = [one.channel for one in addresses if one.unusable_reason is None]
    channels = [channel for channel in channels if channel not in ONLY_NAMES and channel != EMAIL]
    return min(channels, key=lambda channel: _LATER.get(channel, 0), default=_TEXTS)


def _is_usable(address: Address) -> bool:
    return address.unusable_reason is None and address.stopped_at is None


def _agreed(subscriptions: Mapping[str, SubscriptionState], group: str | None) -> bool:
    if group is not None:
        return subscriptions.get(subscription_key(group, WECHAT)) is _SUBSCRIBED
    return _SUBSCRIBED in on_channel(subscriptions, WECHAT).values()
