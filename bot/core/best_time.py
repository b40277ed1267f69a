"""The hour at which a contact is usually there, from when it wrote and clicked."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, time

from bot.core.local_time import zone_of

ENOUGH = 5
"""From so few moments nothing is concluded."""


def best_clock(active_at: Collection[datetime], zone: str) -> time | None:
    """Return the full hour, on the contact's clock, in which most of the moments are; None: they are too few.

    Of hours with equally many the earliest.
    """
    if len(active_at) < ENOUGH:
        return None
    here = zone_of(zone)
    hours = Counter(moment.astimezone(here).hour for moment in active_at)
    return time(min(hours, key=lambda hour: (-hours[hour], hour)))
