"""Statistics of a flow over the API, as `regulars flows stats --json` prints them."""

from typing import Annotated

from pydantic import Field, JsonValue

from bot.conversation import flow_stats
from bot.web.api.asked import Asked
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer, Query
from bot.web.rest.problems import one_field

_REVISIONS_MAX = 1_000_000
_DAYS_MAX = 3_660


class StatsQuery(Query):
    """Which figures are asked for."""

    revision: Annotated[
        int | None, Field(ge=1, le=_REVISIONS_MAX, description="one revision alone; without it all of them")
    ] = None
    days: Annotated[
        int | None, Field(ge=1, le=_DAYS_MAX, description="how many days back, today included; 30")
    ] = 30


class FlowStatsAnswer(Answer):
    """What a flow came to; each figure is defined in docs/statistics.md. Money is in minor units."""

    flow: str
    revision: int | None = Field(description="of which the figures are; null: of all")
    drawn_revision: int = Field(description="whose steps and goals are told")
    since: str | None = Field(description="the first day, in the shop's zone")
    goals: list[dict[str, JsonValue]]
    whole: dict[str, JsonValue] = Field(description="all steps together")
    steps: list[dict[str, JsonValue]] = Field(description="by step; an empty one is the flow itself")
    variants: dict[str, list[dict[str, JsonValue]]] = Field(description="by arms of experiments")
    days: dict[str, dict[str, JsonValue]] = Field(description="by day")


async def stats(asked: Asked) -> Told:
    """Read them."""
    door, query = asked.door, asked.query_as(StatsQuery)
    name, zone, now = asked.path["flow"], door.shop().zone, door.clock()
    try:
        found = await door.database.query(
            lambda c: flow_stats.stats(c, name, query.revision, query.days, now, zone)
        )
    except flow_stats.NoSuchRevision as error:
        raise one_field(404, "no-such-flow", "path/flow", "is not published", "name one in force") from error
    return Told(flow_stats.as_json(found))
