"""Why and why not, over the API: of a contact and a flow, or one of its steps."""

from typing import Annotated

from pydantic import Field, JsonValue

from bot.conversation.flow_whys import FlowWhy, NoSuchFlow, NoSuchStep, Question, as_json, flow_why
from bot.storage.driver import Connection
from bot.web.api.asked import Asked, member_id
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer, Instant, Query
from bot.web.rest.problems import one_field


class StepQuery(Query):
    """Which step is asked about."""

    step: Annotated[
        str | None,
        Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", description="a step of the flow"),
    ] = None
    at: Annotated[
        Instant | None, Field(description="as it was then, like 2026-11-24T17:00:00Z; now unless given")
    ] = None


class FlowWhyAnswer(Answer):
    """Where a contact stands to a flow, in one sentence, and what that rests on."""

    contact: str
    flow: str
    revision: int = Field(description="the revision in force")
    step: str | None
    at: str | None = Field(description="the instant that was asked about; null: now")
    verdict: str = Field(description="one sentence")
    recorded: list[dict[str, JsonValue]] = Field(
        description="what was decided at its door (`step` empty) and its steps, by which values, the newest"
        " first; at `at` for the last time, and the same since `since`"
    )
    runs: list[dict[str, JsonValue]] = Field(description="waiting ones first, then the newest first")
    messages: list[dict[str, JsonValue]] = Field(description="what it wrote and what became of each")
    conditions: list[dict[str, JsonValue]] = Field(description="the `if`s on the way to the step")
    starters: list[dict[str, JsonValue]] = Field(description="what starts it, with the value seen now")


async def why(asked: Asked) -> Told:
    """Explain."""
    door, query = asked.door, asked.query_as(StepQuery)
    question = Question(asked.path["flow"], query.step, query.at)
    contact_id = await member_id(asked, asked.path["contact"], "path/contact")

    async def ask(connection: Connection) -> FlowWhy:
        return await flow_why(connection, door.shop(), contact_id, question, door.clock())

    try:
        return Told(as_json(await door.database.query(ask)))
    except NoSuchFlow as error:
        raise one_field(404, "no-such-flow", "path/flow", "is not published", "name one in force") from error
    except NoSuchStep as error:
        raise one_field(404, "no-such-step", "query/step", "is no step of it", "name one it has") from error
