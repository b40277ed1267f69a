"""Steps that say something."""

from datetime import timedelta

from bot.core.effects import Queued
from bot.core.flow import compiled
from bot.core.flow.run import Wait, WaitKind
from bot.core.flow.take import early
from bot.core.flow.walk import Walk
from bot.core.gate import HOLD_MAX
from bot.core.messages import OutboxState

_STANDS_MOST = HOLD_MAX + timedelta(days=1)
"""How long a run stands at a message that may leave at any time: longer than the gate ever holds one."""
_HANDED_WITHIN = timedelta(days=1)
"""How long after its time a message may still be handed over: providers are tried again for so long."""


def take_say(walk: Walk, step: compiled.Say) -> str | None:
    """Say what the step says and go on."""
    wakes = stands(walk, step)
    return after(walk, step, walk.say(walk.render(step.wording), step.delivery, wakes=wakes))


def stands(walk: Walk, step: compiled.Sends) -> bool:
    """Whether the run stands still until the step's message is handed over.

    Not where it answers somebody who waits. Nor where nothing follows that could come too early: the flow's
    end, or another message or a question, at which it stands then.
    """
    leaving = step.leaving
    if not leaving.is_awaited or walk.turn.answers is not None:
        return False
    return leaving.is_declared or _something_follows(walk, step)


def _something_follows(walk: Walk, step: compiled.Step) -> bool:
    steps, step_id = walk.flow.by_id, step.next
    following: compiled.Step | None = step
    for _ in steps:  # round in a circle at most
        following = steps.get(step_id) if step_id is not None else None
        if not isinstance(following, compiled.Goto | compiled.End):
            break
        step_id = following.next
    if following is None:
        return bool(walk.outer)
    speaks = isinstance(following, compiled.Sends) and following.leaving.is_awaited
    return not (speaks or isinstance(following, compiled.Question))


def after(walk: Walk, step: compiled.Sends, queued: Queued | None) -> str | None:
    """Stand at a step's message, or go on: the way for what is refused or held, if the gate says so."""
    leaving = step.leaving
    if queued is None:
        return step.next
    if queued.state is OutboxState.REFUSED:
        return leaving.on_refused
    if queued.state is OutboxState.HELD and not leaving.waits_held:
        return leaving.on_held
    message = queued.message
    if message.origin is None or not message.origin.wakes:
        return step.next
    until = message.valid_until or max(walk.turn.now + _STANDS_MOST, queued.hold_until or walk.turn.now)
    wait = Wait(WaitKind.HANDED, step.id, until + _HANDED_WITHIN, {"message": message.id})
    walk.wait = early.that_hears(wait, early.places_after(walk, step))
    return None
