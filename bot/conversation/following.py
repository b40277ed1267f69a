"""Following and unfollowing an official account: the provider's own way in and out.

https://developers.weixin.qq.com/doc/service/Account_Management/Wechat_Accreditation_Event_Push.html
"""

from dataclasses import replace

from bot.conversation import legal
from bot.core.messages import Inbound
from bot.core.turn import Turn

_STOP = "STOP"


def followed(turn: Turn, inbound: Inbound) -> None:
    """Let the address be answered again; what it was subscribed to before stays as it was left."""
    address = legal.address_of(turn, inbound)
    if address.stopped_at is not None:
        turn.change_address(replace(address, stopped_at=None))


def unfollowed(turn: Turn, inbound: Inbound, replies: legal.Replies) -> None:
    """Take the address out of everything, silently, and forget it: the platform demands that.

    https://developers.weixin.qq.com/doc/service/Account_Management/Wechat_Accreditation_Event_Push.html
    """
    gesture = inbound.gesture
    assert gesture is not None, "unfollowing is a gesture"
    said = replace(inbound, text=gesture.kind.value, opt_out_type=_STOP)
    legal.stop(turn, said, replies, silently=True)
    turn.effects.forgotten.append((inbound.channel, inbound.address))
    turn.effects.outcome = gesture.kind.value
