"""Steps that lead somewhere or remember something: nothing leaves and nothing waits."""

from collections.abc import Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.figures import is_in
from bot.core.flow import compiled
from bot.core.flow.compiled import Step
from bot.core.flow.template import Condition
from bot.core.flow.walk import NO_FACTS, Walk

_SHOWN_MAX = 100


def take_if(walk: Walk, step: compiled.If) -> str | None:
    """Go where the condition leads."""
    holds = step.condition.holds(walk.context())
    walk.count("then" if holds else "else", _values(walk, step.condition) if walk.is_journey else NO_FACTS)
    return step.then if holds else step.otherwise


def _values(walk: Walk, condition: Condition) -> dict[str, JsonValue]:
    """What a condition has just looked at, by name; what it did not come to is left out."""
    names, found = walk.context(), dict[str, JsonValue]()
    for variable in condition.variables:
        value: object = dict.get(names, str(variable.path[0]))  # nothing is worked out for this
        for name in variable.path[1:]:
            value = value.get(str(name)) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            found[".".join(map(str, variable.path))] = value[:_SHOWN_MAX]
        elif isinstance(value, (int, float, bool)):
            found[".".join(map(str, variable.path))] = value
    return found


def take_paths(walk: Walk, step: compiled.Paths) -> str | None:
    """Go the way of the first audience that the contact is in now."""
    for number, (audience, then) in enumerate(step.ways, 1):
        if is_in(walk.turn, audience):
            walk.count(f"way {number}", {"audience": audience})
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
