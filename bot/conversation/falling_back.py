"""Says on another channel what had no way left on its own: through the gate, with the consent given there."""

from dataclasses import replace

from bot.conversation.publication import Publication
from bot.core.effects import Queued
from bot.core.fallback import TO, Unsaid, unsaid
from bot.core.flow.compiled import Flow, Question, Say
from bot.core.handing_over import Became, Told
from bot.core.in_app import APP
from bot.core.messages import OutboxState
from bot.core.turn import Turn


def fall_back(turn: Turn, publication: Publication) -> Told | None:
    """Say it by text if the contact has a number, while it is worth saying; else keep it in their inbox.

    Returns what the run is to be told that stands at it, if that is to be told anything by now.
    """
    told = unsaid(turn.trigger)
    said = _said(turn, publication, told)
    if told.origin is None or not told.origin.wakes:
        return None
    run = turn.runs.get(told.origin.run)
    if said is None or said.state is OutboxState.REFUSED:
        return Told(told.origin.run, told.id, Became.REFUSED, turn.now)
    if run is not None and run.wait is not None and run.wait.facts.get("message") == told.id:
        wait = replace(run.wait, facts={**run.wait.facts, "message": said.message.id})
        turn.put_run(replace(run, wait=wait, version=run.version + 1))
    if said.state is OutboxState.HELD:
        return Told(told.origin.run, said.message.id, Became.HELD, turn.now, said.hold_until)
    return None


def _said(turn: Turn, publication: Publication, told: Unsaid) -> Queued | None:
    """Say it elsewhere; None where there is no other way."""
    if told.valid_until is not None and turn.now >= told.valid_until:
        turn.effects.outcome = "void"
        return None
    flow = publication.flows.get(told.flow)
    has_number = any(channel == TO for channel, _ in turn.addresses)
    keeps = _keeps(turn, flow, told)
    if not has_number and not keeps:
        turn.effects.outcome = "no_other_way"
        return None
    turn.effects.outcome = "fallback"
    said = _say(turn, flow, told, TO if has_number else APP)
    if said.state is OutboxState.REFUSED and has_number and keeps:
        said = _say(turn, flow, told, APP)
    if said.state is OutboxState.REFUSED:
        return said  # a question that is not asked there is answered where it was asked before
    for run in tuple(turn.runs.values()):
        asks = run.wait is not None and run.wait.step == told.step
        if asks and run.holds_question and run.flow == told.flow and run.channel == told.channel:
            turn.put_run(replace(run, channel=said.message.channel))  # it is answered where it is asked
    return said


def _keeps(turn: Turn, flow: Flow | None, told: Unsaid) -> bool:
    """Whether the inbox on our pages may keep it: where its step asks for that, of who has one."""
    step = flow.by_id.get(told.step) if flow is not None else None
    asks = isinstance(step, Say | Question) and step.delivery.inbox
    return asks and any(channel == APP for channel, _ in turn.addresses)


def _say(turn: Turn, flow: Flow | None, told: Unsaid, channel: str) -> Queued:
    return turn.say(
        told.body,
        flow=told.flow,
        step=told.step,
        message_class=told.message_class,
        group=told.group,
        media=told.media,
        channel=channel,
        short_links=flow.short_links if flow is not None else None,
        tag=told.tag,
        valid_for=told.valid_until - turn.now if told.valid_until is not None else None,
        origin=told.origin,
    )
