"""Steps that have something done: handlers, offers, other flows."""

from collections.abc import Callable, Mapping

from bot.core.contact import JsonValue
from bot.core.deeds.offering import give_offer, told_offer
from bot.core.errors import TellMember
from bot.core.flow import compiled
from bot.core.flow.run import Frame
from bot.core.flow.walk import DEPTH_MAX, RunFails, Walk
from bot.core.gestures import GestureKind
from bot.core.platform_rules import GIVING, SUBSCRIBING


def take_do(walk: Walk, step: compiled.Do) -> str | None:
    """Call a handler and go on; a TellMember goes where the step says, or out of the turn."""
    spec = walk.handlers.get(step.handler)
    if spec is None:
        raise RunFails(f"there is no handler '{step.handler}'")
    turn = walk.turn
    if step.handler in GIVING:
        _refuse_reward_for_following(walk)
    turn.arguments = {name: walk.value(value) for name, value in step.arguments}
    return _done(walk, step, lambda: spec.function(turn))


def take_offer(walk: Walk, step: compiled.Offer) -> str | None:
    """Give an offer and go on, as after a handler."""
    turn = walk.turn
    _refuse_reward_for_following(walk)
    # The same step of the same turn gives the same code, however often the turn is decided.
    cause = f"{turn.trigger.key}/{walk.run.flow}/{walk.flow.name}/{step.id}"
    return _done(walk, step, lambda: told_offer(turn, give_offer(turn, step.offer, cause)))


def _refuse_reward_for_following(walk: Walk) -> None:
    gesture = walk.gesture
    if gesture is not None and gesture.kind is GestureKind.FOLLOW:
        raise RunFails(str(SUBSCRIBING))


def _done(
    walk: Walk, step: compiled.Do | compiled.Offer, deed: Callable[[], Mapping[str, JsonValue] | None]
) -> str | None:
    try:
        result = deed()
    except TellMember as problem:
        if not step.handles_problem:
            raise
        walk.count("problem")
        walk.keep(
            "problem",
            {"code": problem.code, **{name: _plain(fact) for name, fact in problem.facts.items()}},
        )
        return step.on_problem
    walk.forget()
    if step.save_as is not None:
        walk.variables[step.save_as] = dict(result or {})
    return step.next


def take_call(walk: Walk, step: compiled.Call) -> str:
    """Go into another flow; its end leads back to the step after the call."""
    if len(walk.outer) + 1 >= DEPTH_MAX:
        raise RunFails(f"more than {DEPTH_MAX} flows call each other")
    flow = walk.flows.flow(step.flow, None)
    if flow is None:
        raise RunFails(f"there is no flow '{step.flow}' to call")
    for name, value in step.arguments:
        walk.keep(name, walk.value(value))
    walk.outer.append(Frame(walk.flow.name, walk.flow.revision, step.next or ""))
    walk.flow = flow
    return flow.first


def _plain(fact: object) -> JsonValue:
    if isinstance(fact, dict):
        return {str(name): _plain(one) for name, one in fact.items()}
    if isinstance(fact, (list, tuple)):
        return [_plain(one) for one in fact]
    return fact if fact is None or isinstance(fact, (bool, int, float, str)) else str(fact)
