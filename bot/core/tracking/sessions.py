"""Sessions on the shop's site, app or mini program: what is done within 30 minutes of one another is one.

A session starts at each activity that has none in the half hour before it. That is a property of the set of
activities alone: in whatever order they come, however often and however late, the starts are the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.loyalty.inducement import MINI_PROGRAM_OPENED
from bot.core.tracking.message import PAGE_VIEWED, SCREEN_VIEWED

SESSION_STARTED = "Session Started"
APP_STARTED = "App Started"
"""What Leanplum's clients tell when an app is opened."""
ACTIVITIES = (PAGE_VIEWED, SCREEN_VIEWED, APP_STARTED, MINI_PROGRAM_OPENED)
"""Events that show that somebody is there."""
IDLE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Activity:
    """When a contact was last active, and since when without half an hour's pause."""

    last_at: datetime
    session_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """What new activities come to: sessions that `started`, and those too old to tell without looking."""

    activity: Activity
    started: tuple[datetime, ...] = ()
    late: tuple[datetime, ...] = ()


def seen(before: Activity | None, instants: Iterable[datetime]) -> Seen:
    """Go on from what is known with new activities.

    What happened since the latest session began is settled by that alone: between its start and its last
    activity there is no pause.
    """
    ordered = sorted(set(instants))
    late = tuple(at for at in ordered if before is not None and at < before.session_at)
    started, activity = [], before
    for at in ordered[len(late) :]:
        if activity is None or at - activity.last_at >= IDLE:
            started.append(at)
            activity = Activity(at, at)
        elif at > activity.last_at:
            activity = Activity(at, activity.session_at)
    assert activity is not None, "without any before, none is late"
    return Seen(activity, tuple(started), late)


def starts(instants: Iterable[datetime]) -> list[datetime]:
    """Return when sessions started, of all activities there are."""
    found: list[datetime] = []
    last: datetime | None = None
    for at in sorted(set(instants)):
        if last is None or at - last >= IDLE:
            found.append(at)
        last = at
    return found
