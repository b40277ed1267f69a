"""Texts that can never leave, or only by chance: what consent, channels, quiet hours and caps let through."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from bot.core.caps import Cap
from bot.core.compliance import LegalCategory
from bot.core.flow import compiled
from bot.core.flow.check_flow import Complaint, ahead, complaint, successors
from bot.core.flow.compiled import Flow, Step
from bot.core.gate import Policy
from bot.core.in_app import APP
from bot.core.quiet_hours import Late, QuietHours

_Message = compiled.Say | compiled.Email | compiled.Question
_Struck = tuple[Flow, compiled.ScheduleStarter, _Message]
_DAY = timedelta(days=1)
_ANY_DAY = frozenset(range(7))


def never_leaving(
    flows: Sequence[Flow], policy: Policy, *, groups: Collection[str], absent: Collection[str]
) -> Iterator[Complaint]:
    """Warn of messages that nobody gets as things stand; `absent` are channels that the shop lacks.

    `groups` are those that the policy describes: each has a page to join, and is among what START brings.
    """
    joined = {*groups, *(starter.group for flow in flows for starter in flow.starters if _opts_in(starter))}
    for flow in flows:
        yield from _to_nobody(flow, joined)
        yield from _by_no_channel(flow, absent)
        yield from _into_the_night(flow, policy)


def strikes_together(flows: Sequence[Flow], policy: Policy) -> Iterator[Complaint]:
    """Warn of flows that write at one hour of one day, though a cap lets fewer through: chance says which."""
    daily = [cap for cap in policy.caps if cap.days == 1 and cap.tag is None]
    by_clock: dict[time, list[_Struck]] = defaultdict(list)
    for flow in flows:
        for starter in flow.starters:
            if isinstance(starter, compiled.ScheduleStarter):
                said = _first_said(flow, flow.first)
                by_clock[starter.schedule.clock] += ((flow, starter, one) for one in said)
    for striking in by_clock.values():
        for cap in daily:
            yield from _too_many(cap, striking)


def _too_many(cap: Cap, striking: Sequence[_Struck]) -> Iterator[Complaint]:
    seen: dict[str, frozenset[int]] = {}
    for flow, starter, step in striking:
        is_of_class = cap.message_class in {None, step.delivery.message_class}
        is_counted = is_of_class and cap.channel in {None, _channel(step)}
        if not is_counted or flow.name in seen:
            continue
        days = starter.schedule.weekdays or _ANY_DAY
        others = [name for name, theirs in seen.items() if theirs & days]
        seen[flow.name] = days
        if len(others) >= cap.most:
            clock = f"{starter.schedule.clock:%H:%M}"
            problem = f"at {clock} {_listed(others)} too, and a cap lets {cap.most} a day through"
            remedy = "give it another day, or audiences nobody is in twice"
            yield complaint(flow, step, problem, remedy, is_warning=True)


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(f"'{name}'" for name in names)
    return f"{listed} {'writes' if len(names) == 1 else 'write'}"


def _opts_in(starter: compiled.Starter) -> bool:
    return isinstance(starter, compiled.KeywordStarter) and starter.category == LegalCategory.OPT_IN


def _to_nobody(flow: Flow, joined: Collection[str | None]) -> Iterator[Complaint]:
    """The first message for a group that no word joins and no page shows."""
    if all(isinstance(starter, compiled.TALKING) for starter in flow.starters):
        return
    for step in flow.steps:
        group = step.delivery.group if isinstance(step, _Message) else None
        if group is not None and group not in joined:
            problem = (
                f"no word joins '{group}' and policy.yaml does not describe it, so this may reach nobody"
            )
            remedy = "let a keyword with `category: opt-in` name it, or describe it there under `groups:`"
            yield complaint(flow, step, problem, remedy, is_warning=True)
            return


def _by_no_channel(flow: Flow, absent: Collection[str]) -> Iterator[Complaint]:
    for step in flow.steps:
        channel = _channel(step) if isinstance(step, _Message) else None
        if channel is not None and channel in absent:
            problem = f"the shop has no {channel}.yaml, so this leaves for nobody"
            yield complaint(flow, step, problem, "name another channel, or none", is_warning=True)


def _into_the_night(flow: Flow, policy: Policy) -> Iterator[Complaint]:
    """Messages that are come to at an hour that is quiet, and may not wait until it ends."""
    for clock, first in _hours(flow):
        for step in _first_said(flow, first):
            quiet = policy.quiet.get(step.delivery.message_class)
            if quiet is None or not quiet.contain(clock) or _channel(step) == APP:
                continue
            why = _too_late(step, quiet, _until(quiet.ends, clock))
            if why is not None:
                ends, at = f"{quiet.ends:%H:%M}", f"{clock:%H:%M}"
                problem = f"it is come to at {at}, when it is quiet until {ends}, and {why}: it never leaves"
                remedy = "let it be said at another hour, or wait longer"
                yield complaint(flow, step, problem, remedy, is_warning=True)


def _too_late(step: _Message, quiet: QuietHours, wait: timedelta) -> str | None:
    if step.delivery.valid is not None and wait >= step.delivery.valid:
        return "`valid:` lets it wait no longer"
    if quiet.late is Late.SKIP and wait > quiet.within:
        return f"policy.yaml skips what is later ({step.delivery.message_class})"
    return None


def _hours(flow: Flow) -> Iterator[tuple[time, str | None]]:
    """The hours of the contact's day at which a step is come to, as far as the flow says."""
    for starter in flow.starters:
        if isinstance(starter, compiled.ScheduleStarter) and not starter.by_shop_clock:
            yield starter.schedule.clock, flow.first
    for step in flow.steps:
        if isinstance(step, compiled.WaitUntil | compiled.WaitUntilDate) and step.clock is not None:
            yield step.clock, step.next


def _first_said(flow: Flow, first: str | None) -> Iterator[_Message]:
    """The messages that are come to from a step on before anything is waited for or said."""
    return (step for step in ahead(flow, [first], _unsaid) if isinstance(step, _Message))


def _unsaid(step: Step) -> Iterable[str | None]:
    return () if isinstance(step, (_Message, *compiled.WAITING)) else successors(step)


def _channel(step: _Message) -> str | None:
    return "email" if isinstance(step, compiled.Email) else step.delivery.channel


def _until(ends: time, clock: time) -> timedelta:
    day = date.min + _DAY
    left = datetime.combine(day, ends) - datetime.combine(day, clock)
    return left if left > timedelta() else left + _DAY
