"""Opting in: START, opt-in keywords, and the double opt-in, of which only the prompt leaves before a YES."""

from dataclasses import replace

from bot.conversation.legal import FLOW, Replies, address_of, evidence
from bot.core.consent import CONFIRM_WITHIN, confirm, opt_in, pending
from bot.core.contact import Pending, SubscriptionState
from bot.core.flow.run import Run
from bot.core.groups import Group, on_channel, subscription_key
from bot.core.messages import Inbound, MessageClass
from bot.core.replies import RequiredReply
from bot.core.turn import Turn

PROMPTED = "prompt"
"""The outcome of a turn that asks for a YES; nothing else leaves before it."""


def start(turn: Turn, inbound: Inbound, replies: Replies) -> list[str]:
    """Let the contact back in: the only way after STOP. Returns the groups it is in from now on.

    It is let into all groups that need no confirmation. Only where there are no others is it asked to confirm
    those that do: a prompt beside a welcome would make nobody wiser, and each has its own keyword.
    """
    turn.effects.outcome = "opt_in"
    address = address_of(turn, inbound)
    turn.change_address(replace(address, stopped_at=None, clarify_by=None))
    if turn.contact.snoozed_until is not None and turn.contact.snoozed_until > turn.now:
        turn.snooze(turn.now)  # whoever wants our texts wants them now
    states = on_channel(turn.subscriptions, inbound.channel)
    plain = [
        group.name
        for group in turn.shop.groups.values()
        if not group.double_opt_in or states.get(group.name) is SubscriptionState.SUBSCRIBED
    ]
    if turn.shop.groups and not plain:
        for name in turn.shop.groups:
            _prompt(turn, inbound, name, None)
        _say(turn, replies, RequiredReply.CONFIRM)
        return []
    for name in plain:
        turn.change_consent(opt_in(evidence(turn, inbound, name)))
    if inbound.opt_out_type is None:
        _say(turn, replies, RequiredReply.OPT_IN)
    return plain


def join(turn: Turn, inbound: Inbound, group: Group, flow: str, replies: Replies) -> bool:
    """Hear an opt-in keyword; False where the flow has to wait for a YES and only the prompt leaves."""
    if _state(turn, inbound, group.name) is SubscriptionState.SUBSCRIBED:
        turn.change_consent(opt_in(evidence(turn, inbound, group.name)))
        return True
    if group.double_opt_in:
        turn.effects.outcome = PROMPTED
        _prompt(turn, inbound, group.name, flow)
        _say(turn, replies, RequiredReply.CONFIRM)
        return False
    turn.change_consent(opt_in(evidence(turn, inbound, group.name)))
    _say(turn, replies, RequiredReply.OPT_IN)
    return True


def waiting(
    turn: Turn, inbound: Inbound, question: Run | None, *, named: frozenset[str], says_yes: bool
) -> dict[str, Pending]:
    """Return the double opt-ins a message confirms, by group; `named` are those whose own words it is.

    It confirms what was asked on its own channel.

    What was asked last is what a YES answers: a question that is newer than the prompt has it, unless it does
    not offer this answer (see `decide.py`). Of several prompts the newest is meant.
    """
    waits = on_channel(turn.pending, inbound.channel)
    asked = {group: one.confirm_by for group, one in waits.items() if says_yes or group in named}
    newest = max(asked.values(), default=None)
    if newest is None:
        return {}
    asked_at = question.asked_at if question is not None else None
    if asked_at is not None and asked_at > newest - CONFIRM_WITHIN:
        return {}
    return {group: waits[group] for group, confirm_by in asked.items() if confirm_by == newest}


def confirmed(
    turn: Turn, inbound: Inbound, waited: dict[str, Pending], replies: Replies
) -> dict[str, str | None]:
    """Let in who confirms in time: returns the flow that waited, by group. Who is late is asked again."""
    joined: dict[str, str | None] = {}
    for group, one in waited.items():
        said = evidence(turn, inbound, group)
        change = confirm(said, _state(turn, inbound, group), one.confirm_by - CONFIRM_WITHIN)
        if change is None:
            _prompt(turn, inbound, group, one.waiting_flow)
        else:
            turn.change_consent(change)
            joined[group] = one.waiting_flow
    turn.effects.outcome = "confirmed" if joined else PROMPTED
    _say(turn, replies, RequiredReply.OPT_IN if joined else RequiredReply.CONFIRM)
    return joined


def _prompt(turn: Turn, inbound: Inbound, group: str, flow: str | None) -> None:
    current = _state(turn, inbound, group)
    turn.change_consent(pending(evidence(turn, inbound, group), current, flow))


def _state(turn: Turn, inbound: Inbound, group: str) -> SubscriptionState | None:
    """Where the contact stands in a group on the channel of a message."""
    return turn.subscriptions.get(subscription_key(group, inbound.channel))


def _say(turn: Turn, replies: Replies, kind: RequiredReply) -> None:
    """Say it as an answer: unlike the confirmation of STOP it must not leave after STOP."""
    text = replies(kind, turn.contact.locale)
    turn.say(text, flow=FLOW, step=kind.value, message_class=MessageClass.REPLY)
