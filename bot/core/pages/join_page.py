"""Joining by the hosted page: a number, a language, and the wording that stood there, kept as evidence.

Whoever typed the number may have typed another's. So the page answers the same whoever is behind it, texts
nobody who said STOP, and asks whoever left the group to say YES from their own telephone. Welcome credit is
for who has answered from the number.
"""

from collections.abc import Mapping

from bot.core.consent import ConsentSource, Evidence, opt_in, pending
from bot.core.contact import JsonValue, SubscriptionState
from bot.core.enrolling import UNHEARD
from bot.core.groups import subscription_key
from bot.core.local_time import local_date
from bot.core.messages import MessageClass
from bot.core.proofs import counter_of
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

JOIN = "page.join"
"""The operation by which the hosted page lets a number join a group."""
A_DAY = 3
"""How often a number may be named in a day, by whomever: each time a text may leave."""
FORMS_A_DAY = 2_000
"""How many forms are heard in a day: each may cost texts to a number that somebody made up."""
FULL = "full"
"""The state that says that no more are heard today, whosever number it is."""

Body = Mapping[str, JsonValue]


def join(turn: Turn, body: Body) -> Body:
    """Let a number join `group`: `phone`, `language`, the `words` shown, the `page`, and what to text.

    `confirm` asks for a YES where the group wants one, `welcome` is the required reply where it does not,
    `flow` is what begins then.
    """
    phone, name = str(body["phone"]), str(body["group"])
    group, address = turn.shop.groups[name], turn.addresses[("sms", phone)]
    told: Body = {"state": "asked"}
    secret = turn.shop.secrets[0] if turn.shop.secrets else b""
    day = local_date(turn.now, turn.shop.zone).isoformat()
    if not turn.take(counter_of(secret, "join", day), 1, of=FORMS_A_DAY):
        return {"state": FULL}
    if not turn.take(counter_of(secret, f"join/{phone}", day), 1, of=A_DAY):
        return told
    state = turn.subscriptions.get(subscription_key(name, "sms"))
    if address.stopped_at is not None or state is SubscriptionState.SUBSCRIBED:
        return told
    if turn.contact.created_at == turn.now:
        turn.set_field("locale", str(body["language"]))
    evidence = Evidence(
        name,
        "sms",
        str(body["words"]),
        ConsentSource.PAGES,
        turn.now,
        address=phone,
        because=f"the box was ticked at {body['page']}",
    )
    flow = str(body["flow"]) or None
    if group.double_opt_in or state is not None:
        turn.change_consent(pending(evidence, state, flow))
        _say(turn, phone, str(body["confirm"]), "confirm")
        return told
    turn.change_consent(opt_in(evidence))
    _say(turn, phone, str(body["welcome"]), "welcome")
    if flow is not None:
        payload: dict[str, JsonValue] = {"flow": flow, "variables": {}, UNHEARD: phone}
        turn.effects.later.append(Trigger(f"{turn.trigger.key}/flow", TriggerKind.START, turn.now, payload))
    return told


def _say(turn: Turn, phone: str, text: str, step: str) -> None:
    # As an answer, which needs no subscription: unlike the confirmation of STOP it never leaves after STOP.
    turn.say(text, flow="", step=step, message_class=MessageClass.REPLY, channel="sms", address=phone)
