"""Says on another channel what had no way left on its own: through the gate, with the consent given there."""

from dataclasses import replace

from bot.conversation.publication import Publication
from bot.core.fallback import TO, unsaid
from bot.core.messages import OutboxState
from bot.core.turn import Turn


def fall_back(turn: Turn, publication: Publication) -> None:
    """Say it by text if the contact has a number, while it is worth saying."""
    told = unsaid(turn.trigger)
    if told.valid_until is not None and turn.now >= told.valid_until:
        turn.effects.outcome = "void"
        return
    if not any(channel == TO for channel, _ in turn.addresses):
        turn.effects.outcome = "no_other_way"
        return
    turn.effects.outcome = "fallback"
    flow = publication.flows.get(told.flow)
    said = turn.say(
        told.body,
        flow=told.flow,
        step=told.step,
        message_class=told.message_class,
        group=told.group,
        media=told.media,
        channel=TO,
        short_links=flow.short_links if flow is not None else None,
        tag=told.tag,
        valid_for=told.valid_until - turn.now if told.valid_until is not None else None,
    )
    if said.state is OutboxState.REFUSED:
        return  # a question that is not asked there is answered where it was asked before
    for run in tuple(turn.runs.values()):
        asks = run.wait is not None and run.wait.step == told.step
        if asks and run.holds_question and run.flow == told.flow and run.channel == told.channel:
            turn.put_run(replace(run, channel=TO))  # it is answered where it is asked
