"""Wording that may be a revocation: asked about once, and what follows from the answer, or from none.

While the question is open (`Address.clarify_by` is set) the gate holds everything but answers. It ends:
- by STOP, YES, "all", or more wording of that kind: everything stops (`legal.stop`);
- by a group's name: that group ends (`legal.leave`);
- by NO or "keep": nothing has changed, and we say so (`keep`);
- by a keyword, an answer to an open question, anything a flow understands: nothing has changed (`close`);
- by silence: everything stops after a day (`silence`), and nothing is said any more, because the question
  was the one text that may be sent about it.
What nobody understands (the fallback answers it) leaves the question open.
"""

from dataclasses import replace
from datetime import timedelta

from bot.conversation import legal
from bot.conversation.legal import CONFIRM_STOP_WITHIN, FLOW, Replies, address_of
from bot.core.contact import JsonValue
from bot.core.hearing import CLARIFY_WITHIN, Hearing
from bot.core.messages import Inbound, MessageClass
from bot.core.replies import RequiredReply
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn


def ask(turn: Turn, inbound: Inbound, heard: Hearing, replies: Replies) -> bool:
    """Ask what was meant, once; False where there is nothing that could stop but answers."""
    joined = legal.joined(turn, inbound.channel)
    groups = [turn.shop.groups[name] for name in joined if name in turn.shop.groups]
    if not joined:
        return False
    turn.effects.outcome = "clarify"
    until = turn.now + CLARIFY_WITHIN
    turn.change_address(replace(address_of(turn, inbound), clarify_by=until, clarified_at=turn.now))
    payload: dict[str, JsonValue] = {
        "provider": inbound.provider,
        "id": inbound.provider_id,
        "channel": inbound.channel,
        "address": inbound.address,
        "words": inbound.text,
        "because": heard.because,
    }
    turn.effects.later.append(Trigger(f"silence:{turn.trigger.key}", TriggerKind.SILENCE, until, payload))
    locale = turn.contact.locale
    text = replies(RequiredReply.WHICH if len(groups) > 1 else RequiredReply.CLARIFY, locale)
    text = text.replace("{groups}", " / ".join(group.keyword(locale) for group in groups))
    # The law gives one text in answer five minutes; unsaid, silence is a STOP all the same.
    left = max(CONFIRM_STOP_WITHIN - (turn.now - inbound.received_at), timedelta())
    turn.say(text, flow=FLOW, step="clarify", message_class=MessageClass.REPLY, valid_for=left)
    return True


def keep(turn: Turn, inbound: Inbound, replies: Replies) -> None:
    """Hear that nothing shall change."""
    close(turn, inbound)
    turn.effects.outcome = "kept"
    text = replies(RequiredReply.KEPT, turn.contact.locale)
    turn.say(text, flow=FLOW, step="kept", message_class=MessageClass.REPLY)


def close(turn: Turn, inbound: Inbound) -> None:
    """Take the conversation that goes on for the answer: nothing changes."""
    address = address_of(turn, inbound)
    if address.clarify_by is not None:
        turn.change_address(replace(address, clarify_by=None))


def silence(turn: Turn, replies: Replies) -> None:
    """Stop everything where nobody has answered."""
    payload = turn.trigger.payload
    address = turn.addresses.get((str(payload["channel"]), str(payload["address"])))
    if address is None or address.clarify_by != turn.trigger.at:
        turn.effects.outcome = "void"
        return
    inbound = Inbound(
        provider=str(payload["provider"]),
        provider_id=str(payload["id"]),
        channel=address.channel,
        address=address.value,
        to="",
        text=str(payload["words"]),
        received_at=turn.now,
    )
    because = f"no answer to our question: {payload['because']}"
    legal.stop(turn, inbound, replies, because=because, silently=True)
