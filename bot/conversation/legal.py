"""STOP, START and HELP: answered before anything else, and by nothing that a marketer can break."""

from dataclasses import replace

from bot.core.compliance import LegalCategory, LegalWords, category_of_opt_out_type, legal_category
from bot.core.consent import ConsentSource, Evidence, opt_in, opt_out
from bot.core.contact import Address
from bot.core.flow.run import RunStatus
from bot.core.messages import Inbound, MessageClass
from bot.core.turn import Turn

_FLOW = ""
"""Required replies belong to no flow."""


def category_of(inbound: Inbound, words: LegalWords) -> LegalCategory | None:
    """What legal word a message is: what the provider made of it, else what it says."""
    if inbound.opt_out_type is not None:
        return category_of_opt_out_type(inbound.opt_out_type)
    return legal_category(inbound.text, words)


def stop(turn: Turn, inbound: Inbound, reply: str) -> None:
    """Take the address out of everything: no message but the one confirmation leaves from here on.

    The provider confirms by itself what it understood as STOP; then we stay silent
    (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out).
    """
    turn.effects.outcome = "opt_out"
    address = _address(turn, inbound)
    if address.stopped_at is not None:
        return  # said again: one confirmation was enough
    turn.change_address(replace(address, stopped_at=turn.now))
    for group in sorted({*turn.shop.groups, *turn.subscriptions}):
        turn.change_consent(opt_out(_evidence(turn, inbound, group)))
    for run in tuple(turn.runs.values()):
        if run.holds_question:
            turn.put_run(replace(run, status=RunStatus.ENDED, wait=None, version=run.version + 1))
    if inbound.opt_out_type is None:
        turn.say(reply, flow=_FLOW, step="opt-out", message_class=MessageClass.REQUIRED)


def start(turn: Turn, inbound: Inbound, reply: str, *, group: str | None = None) -> None:
    """Let the contact back in: the only way after STOP. Without a group, into all of the shop's."""
    turn.effects.outcome = "opt_in"
    address = _address(turn, inbound)
    if address.stopped_at is not None:
        turn.change_address(replace(address, stopped_at=None))
    for name in (group,) if group else turn.shop.groups:
        turn.change_consent(opt_in(_evidence(turn, inbound, name)))
    if inbound.opt_out_type is None:
        turn.say(reply, flow=_FLOW, step="opt-in", message_class=MessageClass.REQUIRED)


def help_(turn: Turn, inbound: Inbound, reply: str) -> None:
    """Say who we are and how to stop; answered in every state."""
    turn.effects.outcome = "help"
    if inbound.opt_out_type is None:
        turn.say(reply, flow=_FLOW, step="help", message_class=MessageClass.REQUIRED)


def is_stopped(turn: Turn, inbound: Inbound) -> bool:
    """Whether the address the message came from has said STOP."""
    return _address(turn, inbound).stopped_at is not None


def _address(turn: Turn, inbound: Inbound) -> Address:
    known = turn.addresses.get((inbound.channel, inbound.address))
    return known or Address(inbound.channel, inbound.address)


def _evidence(turn: Turn, inbound: Inbound, group: str) -> Evidence:
    return Evidence(
        group=group,
        channel=inbound.channel,
        words=inbound.text,
        source=ConsentSource.PROVIDER if inbound.opt_out_type else ConsentSource.KEYWORD,
        at=turn.now,
        provider_id=inbound.provider_id,
    )
