"""Steps that say something."""

from bot.core.flow import compiled
from bot.core.flow.walk import Walk


def take_say(walk: Walk, step: compiled.Say) -> str | None:
    """Say what the step says and go on."""
    walk.say(walk.render(step.wording), step.delivery)
    return step.next
