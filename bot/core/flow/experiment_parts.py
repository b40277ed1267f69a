"""What counts in an experiment, as marketers write it."""

from pydantic import Field

from bot.core.flow.fields import Duration, Part

GOALS_MAX = 4


class GoalPart(Part):
    """What counts."""

    event: str = Field(min_length=1, description="The event, like Order Completed.")
    within: Duration = Field(description="How long after an arm was met it counts.")


def short_goal(value: object) -> object:
    """Take an event alone for one within a week."""
    return {"event": value, "within": "7d"} if isinstance(value, str) else value
