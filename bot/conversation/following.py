"""Following and unfollowing an official account: the provider's own way in and out.

https://developers.weixin.qq.com/doc/service/Account_Management/Wechat_Accreditation_Event_Push.html
"""

from dataclasses import replace
from datetime import datetime

from bot.conversation import legal
from bot.core.gestures import DONE, done_at
from bot.core.messages import Inbound
from bot.core.turn import Turn

FOLLOWED_AT = "followed_at"
"""Under which name a turn asks when an address last began to follow."""

_STOP = "STOP"


def is_before(inbound: Inbound, left_at: datetime) -> bool:
    """Whether something was written or done no later than its address was left for good.

    Then the push is posted again, or comes late, and nobody is there any more. Only a provider's time tells.
    """
    return DONE in inbound.facts and done_at(inbound.facts, inbound.received_at) <= left_at


def followed(turn: Turn, inbound: Inbound) -> None:
    """Let the address be answered again; what it was subscribed to before stays as it was left.

    A STOP that was said since stays too: what failed may be tried again much later.
    """
    address = legal.address_of(turn, inbound)
    if address.stopped_at is not None and address.stopped_at <= done_at(inbound.facts, inbound.received_at):
        turn.change_address(replace(address, stopped_at=None))


def unfollowed(turn: Turn, inbound: Inbound, replies: legal.Replies) -> None:
    """Take the address out of everything, silently, and forget it: the platform demands that.

    Unless it follows again since, as where this comes late. What is kept of it is when they left, by the
    platform's clock, which tells of what comes late whether it was before.

    https://developers.weixin.qq.com/doc/service/Account_Management/Wechat_Accreditation_Event_Push.html
    """
    gesture = inbound.gesture
    assert gesture is not None, "unfollowing is a gesture"
    left_at = done_at(inbound.facts, inbound.received_at)
    followed_at = turn.needed(FOLLOWED_AT, inbound.address)
    assert followed_at is None or isinstance(followed_at, datetime)
    if followed_at is not None and followed_at > left_at:
        turn.effects.outcome = "void"
        return
    said = replace(inbound, text=gesture.kind.value, opt_out_type=_STOP)
    legal.stop(turn, said, replies, silently=True)
    turn.change_address(replace(legal.address_of(turn, inbound), stopped_at=left_at))
    turn.effects.forgotten.append((inbound.channel, inbound.address))
    turn.effects.outcome = gesture.kind.value
