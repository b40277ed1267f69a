"""STOP, START and HELP: answered before anything else, and by nothing that a marketer can break.

What a message says is worked out in `bot.core.hearing`; here is what follows from it. `revoke` is the whole
road out, for the ordinary turn (`decide.py`) and for the emergency one (`failures.py`) alike: it needs the
contact's addresses and subscriptions and nothing else.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.core.consent import ConsentSource, Evidence, opt_out
from bot.core.contact import Address, SubscriptionState
from bot.core.flow.run import RunStatus
from bot.core.groups import on_channel, share_consent
from bot.core.hearing import Hearing, Said
from bot.core.messages import Inbound, MessageClass
from bot.core.replies import RequiredReply
from bot.core.turn import Turn

FLOW = ""
"""Required replies belong to no flow."""

CONFIRM_STOP_WITHIN = timedelta(minutes=5)
"""How long after STOP its confirmation may leave: what comes later is presumed to be one text too many
(47 CFR 64.1200(a)(12), https://www.ecfr.gov/current/title-47/section-64.1200)."""

Replies = Callable[[RequiredReply, str], str]
"""Gives a required reply in a language."""

_OUT = SubscriptionState.UNSUBSCRIBED


def revoke(turn: Turn, inbound: Inbound, heard: Hearing, replies: Replies, *, silently: bool = False) -> bool:
    """Take the contact out, of everything or of one group, if that is what was heard; False if it is not.

    `silently`: without the confirmation, where that cannot be stored.
    """
    if heard.said is Said.LEAVE and heard.group is not None:
        leave(turn, inbound, heard.group, replies, because=heard.because, silently=silently)
    elif heard.said is Said.STOP:
        stop(turn, inbound, replies, because=heard.because, silently=silently)
    else:
        return False
    return True


def stop(
    turn: Turn, inbound: Inbound, replies: Replies, *, because: str | None = None, silently: bool = False
) -> None:
    """Take the address out of everything: no message but the one confirmation leaves there from here on.

    What the contact agreed to on another channel stays: STOP is heard where it is said.

    The provider confirms by itself what it understood as STOP; then we stay silent
    (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out).
    """
    turn.effects.outcome = "opt_out"
    address = address_of(turn, inbound)
    if address.stopped_at is not None and not _is_unfinished(turn, inbound.channel):
        return  # said again: one confirmation was enough
    turn.change_address(replace(address, stopped_at=address.stopped_at or turn.now, clarify_by=None))
    for group in sorted({*turn.shop.groups, *on_channel(turn.subscriptions, inbound.channel)}):
        turn.change_consent(opt_out(evidence(turn, inbound, group, because=because)))
    for run in tuple(turn.runs.values()):
        if run.holds_question and share_consent(run.channel, inbound.channel):
            turn.put_run(replace(run, status=RunStatus.ENDED, wait=None, version=run.version + 1))
    if not silently:
        _confirm(turn, inbound, replies(RequiredReply.OPT_OUT, turn.contact.locale), "opt-out")


def leave(  # as `stop`, and of what
    turn: Turn,
    inbound: Inbound,
    group: str,
    replies: Replies,
    *,
    because: str | None = None,
    silently: bool = False,
) -> None:
    """Take the contact out of one group, and say what stays; where nothing stays it is STOP."""
    stays = [name for name in joined(turn, inbound.channel) if name != group]
    if not stays:
        stop(turn, inbound, replies, because=because, silently=silently)
        return
    turn.effects.outcome = "left"
    turn.change_address(replace(address_of(turn, inbound), clarify_by=None))
    turn.change_consent(opt_out(evidence(turn, inbound, group, because=because)))
    if not silently:
        locale, groups = turn.contact.locale, turn.shop.groups
        called = {name: groups[name].called(locale) if name in groups else name for name in (group, *stays)}
        text = replies(RequiredReply.LEFT, locale)
        text = text.replace("{left}", called[group]).replace(
            "{kept}", ", ".join(called[name] for name in stays)
        )
        _confirm(turn, inbound, text, "left")


def help_(turn: Turn, inbound: Inbound, replies: Replies) -> None:
    """Say who we are and how to stop; after STOP how to come back, as nothing else is answered there."""
    turn.effects.outcome = "help"
    if inbound.opt_out_type is None:
        kind = RequiredReply.OPT_OUT if is_stopped(turn, inbound) else RequiredReply.HELP
        text = replies(kind, turn.contact.locale)
        turn.say(text, flow=FLOW, step="help", message_class=MessageClass.REQUIRED)


def address_of(turn: Turn, inbound: Inbound) -> Address:
    """Return the address a message came from, with what forbids to use it."""
    known = turn.addresses.get((inbound.channel, inbound.address))
    return known or Address(inbound.channel, inbound.address)


def is_stopped(turn: Turn, inbound: Inbound) -> bool:
    """Whether the address the message came from has said STOP."""
    return address_of(turn, inbound).stopped_at is not None


def joined(turn: Turn, channel: str) -> list[str]:
    """Return the groups the contact is in on a channel, or has asked to be in."""
    states = on_channel(turn.subscriptions, channel)
    return sorted(group for group, state in states.items() if state is not _OUT)


def evidence(turn: Turn, inbound: Inbound, group: str, *, because: str | None = None) -> Evidence:
    """Return what the consent log keeps of a message."""
    source = ConsentSource.WORDING if because is not None else ConsentSource.KEYWORD
    return Evidence(
        group=group,
        channel=inbound.channel,
        words=inbound.text,
        source=ConsentSource.PROVIDER if inbound.opt_out_type else source,
        at=turn.now,
        provider_id=inbound.provider_id,
        address=inbound.address,
        because=because,
    )


def _is_unfinished(turn: Turn, channel: str) -> bool:
    """Whether an address was stopped in an emergency that could not be written to the consent log."""
    return bool(joined(turn, channel)) or not on_channel(turn.subscriptions, channel)


def _confirm(turn: Turn, inbound: Inbound, text: str, step: str) -> None:
    if inbound.opt_out_type is None and turn.now - inbound.received_at < CONFIRM_STOP_WITHIN:
        left = CONFIRM_STOP_WITHIN - (turn.now - inbound.received_at)
        turn.say(text, flow=FLOW, step=step, message_class=MessageClass.REQUIRED, valid_for=left)
