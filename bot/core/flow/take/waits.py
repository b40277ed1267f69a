"""Steps that wait: for a time, an event, a message."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bot.core.best_time import best_clock
from bot.core.contact import JsonValue
from bot.core.flow import compiled
from bot.core.flow.run import HEARS, LISTENS, Wait, WaitKind
from bot.core.flow.schedule import Schedule
from bot.core.flow.walk import RunFails, Walk
from bot.core.local_time import instant_of, next_at, zone_of

_DATE_LENGTH = len("2026-11-24")


def take_wait(walk: Walk, step: compiled.Wait) -> None:
    """Stand still for some time."""
    walk.wait = Wait(WaitKind.TIME, step.id, walk.since + step.duration)


def take_wait_until(walk: Walk, step: compiled.WaitUntil) -> str | None:
    """Stand still until an instant; go on where it has passed."""
    until = _instant(walk, step)
    if until <= walk.turn.now:
        return step.next
    walk.wait = Wait(WaitKind.TIME, step.id, until)
    return None


def take_wait_for(walk: Walk, step: compiled.WaitFor) -> None:
    """Stand still until something happens."""
    walk.wait = wait_of(step, walk.since + step.within if step.within else None)


def wait_of(step: compiled.WaitFor, until: datetime | None) -> Wait:
    """Return the wait of a run that stands at the step."""
    if len(step.wanted) > 1:
        several: dict[str, JsonValue] = {"wanted": len(step.wanted)}
        if step.events:
            several[HEARS] = [*sorted(step.events)]
        if step.listens:
            several[LISTENS] = True
        return Wait(WaitKind.ANY, step.id, until, several)
    (wanted,) = step.wanted
    if wanted.event is not None:
        return Wait(WaitKind.EVENT, step.id, until, {"event": wanted.event})
    facts: dict[str, JsonValue] = {"group": wanted.group, "category": wanted.category}
    if wanted.keywords:
        facts["keywords"] = [*sorted(wanted.keywords)]
    return Wait(WaitKind.INBOUND, step.id, until, facts)


def take_best_time(walk: Walk, step: compiled.WaitForBestTime) -> None:
    """Stand still until the hour at which the contact is usually there."""
    contact = walk.turn.contact
    active_at = walk.turn.needed("active_at")
    assert isinstance(active_at, tuple)
    clock = best_clock(active_at, contact.zone)
    walk.count("best_time" if clock is not None else "fallback")
    walk.wait = Wait(WaitKind.TIME, step.id, next_at(clock or step.fallback, contact.zone, walk.since))


def take_date(walk: Walk, step: compiled.WaitUntilDate) -> str | None:
    """Stand still until a date of the contact's; else do what the step says of one that has passed."""
    at = _date(walk, step)
    if at is not None and at > walk.turn.now:
        walk.wait = Wait(WaitKind.TIME, step.id, at)
        return None
    walk.count("past")
    if step.past == "end":
        return None
    following = walk.flow.by_id.get(step.next) if step.next is not None else None
    return following.next if step.past == "skip" and following is not None else step.next


_YEARLY = ("member", "birthday")


def _date(walk: Walk, step: compiled.WaitUntilDate) -> datetime | None:
    """When it is; None where there is no such date."""
    value: object = walk.context().get(step.source[0])
    for name in step.source[1:]:
        value = value.get(name) if isinstance(value, Mapping) else None
    day = _day(value, walk.turn.contact.zone)
    if day is None:
        return None
    if step.source != _YEARLY:
        return _on(walk, step, day)
    years = range(walk.since.year - 2, walk.since.year + 4)
    ahead = (at for year in years if (at := _on(walk, step, _anniversary(day, year))) > walk.since)
    return next(ahead, None)


def _day(value: object, zone: str) -> date | None:
    """Return the date that is meant: of an instant, the one it is on the contact's calendar."""
    if isinstance(value, str):
        value = _read(datetime, value) or _read(date, value[:_DATE_LENGTH])
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(zone_of(zone))).date()
    return value if isinstance(value, date) else None


def _read(kind: type[date], text: str) -> date | None:
    try:
        return kind.fromisoformat(text)
    except ValueError:
        return None


def _anniversary(day: date, year: int) -> date:
    """Born on 29 February, it is 1 March in years without."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def _on(walk: Walk, step: compiled.WaitUntilDate, day: date) -> datetime:
    """The instant: whole days are counted on the calendar, what is left on the clock."""
    days = timedelta(days=step.offset.days)
    return instant_of(day + days, step.clock, walk.turn.contact.zone) + (step.offset - days)


def _instant(walk: Walk, step: compiled.WaitUntil) -> datetime:
    zone, now = walk.turn.contact.zone, walk.turn.now
    if step.text is not None:
        said = step.text.render(walk.context(), walk.turn.contact.locale)
        try:
            instant = datetime.fromisoformat(said)
        except ValueError as error:
            raise RunFails(f"'{said}' is no instant to wait for") from error
        return instant if instant.tzinfo else instant.replace(tzinfo=zone_of(zone))
    assert step.clock is not None
    if step.day is not None:
        return instant_of(step.day, step.clock, zone)
    if step.weekday is not None:
        return Schedule(step.clock, frozenset({step.weekday})).next_after(now, zone)
    return next_at(step.clock, zone, now)
