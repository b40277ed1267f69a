"""Steps that lead somewhere or remember something: nothing leaves and nothing waits."""

from bot.core.deeds.figures import is_in
from bot.core.flow import compiled
from bot.core.flow.compiled import Step
from bot.core.flow.walk import Walk


def take_if(walk: Walk, step: compiled.If) -> str | None:
    """Go where the condition leads."""
    if step.condition.holds(walk.context()):
        walk.count("then")
        return step.then
    walk.count("else")
    return step.otherwise


def take_paths(walk: Walk, step: compiled.Paths) -> str | None:
    """Go the way of the first audience that the contact is in now."""
    for number, (audience, then) in enumerate(step.ways, 1):
        if is_in(walk.turn, audience):
            walk.count(f"way {number}")
            return then
    walk.count("else")
    return step.otherwise


def take_set(walk: Walk, step: compiled.Set) -> str | None:
    """Remember what the step says and go on."""
    for target, value in step.values:
        walk.save(target, walk.value(value))
    return step.next


def go_on(_walk: Walk, step: Step) -> str | None:
    """Do nothing but go on."""
    return step.next
