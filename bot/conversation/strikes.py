"""Strikes of schedules: the trigger of each, and those that somebody who moves to another zone would miss."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from bot.core.flow.compiled import Flow, ScheduleStarter
from bot.core.flow.schedule import Strike
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

STRUCK = "struck"
"""What a turn asks for by this name: until when a schedule has been struck; None for one that is new."""
_MEANWHILE = timedelta(seconds=10)
"""The job that strikes may not see a move that is decided now until it is committed, which is sooner."""


def strike_name(flow: Flow, starter: ScheduleStarter) -> str:
    """How far a schedule has struck is kept by this name."""
    return f"schedule:{flow.name}:{starter.name}"


def strike_trigger(flow: Flow, starter: ScheduleStarter, on: date, at: datetime) -> Trigger:
    """Return what starts a flow for the strike of a civil date: its key is the same in every zone."""
    key = f"schedule:{flow.name}:{on}T{starter.schedule.clock:%H:%M}"
    return Trigger(key, TriggerKind.SCHEDULE, at, {"flow": flow.name, "starter": starter.name})


def starter_of(flow: Flow, name: object) -> ScheduleStarter | None:
    """Return the starter whose strike it was; the first that there is where it is no more."""
    found = [starter for starter in flow.starters if isinstance(starter, ScheduleStarter)]
    return next((starter for starter in found if starter.name == name), found[0] if found else None)


def follow_zone(turn: Turn, schedules: Sequence[tuple[Flow, ScheduleStarter]]) -> None:
    """Leave triggers for the strikes that the turn's contact would miss, having moved to another zone in it.

    A move is to the contact's clock what a clock change is: a time that it leaves out strikes at once, one
    that comes again has struck.

    Raises:
        NeedsMore: how far the schedules have struck.
    """
    if turn.contact.zone == turn.snapshot.contact.zone or turn.contact.merged_into is not None:
        return
    starters = [each for each in schedules if not each[1].by_shop_clock]
    turn.need(*(f"{STRUCK}/{strike_name(*each)}" for each in starters))
    for flow, starter in starters:
        for strike, since in _missed(turn, flow, starter):
            if _is_for(turn, starter, since):
                turn.effects.later.append(strike_trigger(flow, starter, strike.on, strike.at))


def _missed(turn: Turn, flow: Flow, starter: ScheduleStarter) -> Iterator[tuple[Strike, datetime]]:
    """Strikes that no job would give to the contact any more, and since when each must have been its own."""
    schedule, now = starter.schedule, turn.now
    left, came_to = turn.snapshot.contact, turn.contact
    struck = turn.needed(STRUCK, strike_name(flow, starter))
    if isinstance(struck, datetime) and (due := schedule.latest(struck, now, left.zone)) is not None:
        yield due, due.at  # it struck where it was, and the job has not come by
    if (over := schedule.passed_over(left.zone, came_to.zone, now)) is not None:
        # Who was only thought to live there has not moved.
        yield Strike(now, over.on), now if left.zone_is_known else over.at
    coming = schedule.strike_after(now, came_to.zone)
    if coming is not None and coming.at <= now + _MEANWHILE:
        yield coming, now


def _is_for(turn: Turn, starter: ScheduleStarter, since: datetime) -> bool:
    """Whether the contact was one of those a strike is for; who is in an audience is asked at the door."""
    contact = turn.contact
    if starter.audience is not None:
        return contact.created_at <= since
    return contact.enrolled_at is not None and contact.enrolled_at <= since
