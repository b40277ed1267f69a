"""What WeChat's platform forbids, as far as a flow shows it: complaints name the rule and its source."""

from collections.abc import Callable, Iterator, Mapping

from bot.core.flow import compiled
from bot.core.flow.check_flow import Complaint, complaint, successors
from bot.core.flow.compiled import Flow, Step
from bot.core.gestures import GestureKind
from bot.core.loyalty.inducement import induces, invites, speaks_of_subscribing
from bot.core.messages import MessageClass
from bot.core.platform_rules import (
    CHANCE,
    GIVING,
    LOTTERY,
    SERVICE_WINDOW,
    SHARING,
    SHARING_BY_CHANCE,
    SUBSCRIBING,
    UNASKED,
    Rule,
)

_ON_WECHAT = (compiled.MenuStarter, compiled.ScanStarter, compiled.GestureStarter)
_CLICKS_IN_TEXTS = "Link Clicked"
"""Short links are in texts by SMS alone: the platform has no say there."""
_ANOTHER_START = "start it with something else; for friends there is `referral:`, paid for their first order"


def platform_rules_broken(
    flow: Flow, flows: Mapping[str, Flow], *, is_on_wechat: bool = False
) -> Iterator[Complaint]:
    """Complain about what a flow does against the platform's rules; `flows` are those it may call, by name.

    `is_on_wechat`: whether the shop is there. What only WeChat knows of is looked at in any case, and so is
    sharing, which nobody should be paid for.
    """
    yield from _rewards_by_name(flow, is_on_wechat=is_on_wechat)
    yield from _rewards_for_following(flow, flows)
    yield from _sales_unasked(flow)
    yield from _lotteries(flow)
    yield from _promises(flow)


def _rewards_by_name(flow: Flow, *, is_on_wechat: bool) -> Iterator[Complaint]:
    """What is given for a word, an event or a QR code that speaks of sharing, subscribing, levels."""
    giving = next((step for step in flow.steps if _gives(step)), None)
    for name in (name for starter in flow.starters for name in _names(starter)):
        rule = induces(name)
        if rule is None and is_on_wechat and not _is_word(flow, name) and speaks_of_subscribing(name):
            rule = SUBSCRIBING
        if giving is None or rule is None:
            continue
        if rule is SHARING and _is_chance(giving):
            rule = SHARING_BY_CHANCE
        yield complaint(flow, giving, f"this is given for '{name}': {rule}", _ANOTHER_START)
        return


def _rewards_for_following(flow: Flow, flows: Mapping[str, Flow]) -> Iterator[Complaint]:
    """What is given to who follows or scans before it has answered anything: scanning makes a follower."""
    if not any(_brings(starter) for starter in flow.starters):
        return
    for where, step in _reached(flow, flows, past=_unanswered):
        if _gives(step):
            remedy = "ask first, with `choose` or `ask`: what follows the answer is given for that"
            yield complaint(where, step, f"this is given for following or scanning: {SUBSCRIBING}", remedy)
            return


def _sales_unasked(flow: Flow) -> Iterator[Complaint]:
    """What sells to who has followed, opened the chat or told a place, and asked for nothing."""
    if not any(isinstance(one, compiled.GestureStarter) and one.kind in UNASKED for one in flow.starters):
        return
    for where, step in _reached(flow, {}, past=_at_once):
        if _message_class(step) is MessageClass.MARKETING:
            remedy = "take `class: marketing` out of a welcome, or put it where somebody asked for it"
            yield complaint(where, step, f"nobody asked for this: {SERVICE_WINDOW}", remedy)
            return


def _lotteries(flow: Flow) -> Iterator[Complaint]:
    if not any(isinstance(starter, _ON_WECHAT) for starter in flow.starters):
        return
    for step in flow.steps:
        if _is_chance(step):
            remedy = "let a word start it, which the wheel answers by SMS alone; on WeChat there is `checkin`"
            yield complaint(flow, step, f"this starts on WeChat: {LOTTERY}", remedy)
            return


def _promises(flow: Flow) -> Iterator[Complaint]:
    """Warn of texts that seem to promise something for following or sharing, in whatever language."""
    for text in flow.texts:
        for one in (text.source, *text.others.values()):
            rule: Rule | None = invites(one.source)
            if rule is not None:
                problem = f"this seems to promise something for it: {rule}"
                error = one.place.error(one.source, 0, problem, "say it without the promise")
                yield Complaint(error, is_warning=True)


# Which steps


def _gives(step: Step) -> bool:
    return isinstance(step, compiled.Offer) or (isinstance(step, compiled.Do) and step.handler in GIVING)


def _message_class(step: Step) -> MessageClass | None:
    return step.delivery.message_class if isinstance(step, compiled.Say | compiled.Question) else None


def _is_chance(step: Step) -> bool:
    return isinstance(step, compiled.Do) and step.handler in CHANCE


def _names(starter: compiled.Starter) -> tuple[str, ...]:
    match starter:
        case compiled.EventStarter():
            return () if starter.event == _CLICKS_IN_TEXTS else (starter.event,)
        case compiled.KeywordStarter():
            return starter.words
        case compiled.MenuStarter():
            return starter.keys
        case compiled.ScanStarter():
            return starter.scenes
        case _:
            return ()


def _is_word(flow: Flow, name: str) -> bool:
    """Whether a name is a keyword: SUBSCRIBE as a text is an opt-in, which SMS may welcome."""
    return flow.starter_of(name) is not None


def _brings(starter: compiled.Starter) -> bool:
    return isinstance(starter, compiled.ScanStarter) or (
        isinstance(starter, compiled.GestureStarter) and starter.kind is GestureKind.FOLLOW
    )


def _unanswered(step: Step) -> tuple[str | None, ...]:
    """Where a contact gets that has answered nothing, however long it takes."""
    if isinstance(step, compiled.Question):
        return (step.on_silence,) if step.within is not None else ()
    return successors(step)


def _at_once(step: Step) -> tuple[str | None, ...]:
    """Where a contact gets in the turn of its gesture."""
    return () if isinstance(step, compiled.WAITING) else successors(step)


def _reached(
    flow: Flow, flows: Mapping[str, Flow], *, past: Callable[[Step], tuple[str | None, ...]]
) -> Iterator[tuple[Flow, Step]]:
    """Every step that a start leads to on these ways, in the flows it calls too."""
    seen: set[tuple[str, str]] = set()
    ahead = [(flow, flow.first)]
    while ahead:
        where, step_id = ahead.pop(0)
        if (where.name, step_id) in seen:
            continue
        seen.add((where.name, step_id))
        step = where.by_id[step_id]
        yield where, step
        if isinstance(step, compiled.Call) and step.flow in flows:
            ahead.append((flows[step.flow], flows[step.flow].first))
        ahead += [(where, following) for following in past(step) if following is not None]
