"""What the shop lets its pages show: named values, by the shopper's audiences and arms of experiments."""

from pydantic import Field, JsonValue

from bot.conversation.shown_variables import shown_to
from bot.web.mp.asked import Asked, Shopper, house_of, who_now
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer
from bot.web.rest.routes import Route


class VariablesAnswer(Answer):
    """Every variable, for this shopper."""

    values: dict[str, JsonValue] = Field(description="by name, as variables.yaml calls them")
    variants: list[str] = Field(description="the sides of experiments that are seen, as experiment.variant")


async def show(asked: Asked) -> Told:
    """Show the values; what is seen of an experiment for the first time counts from now on."""
    house = house_of(asked)
    contact = await house.database.query(lambda c: who_now(c, asked))
    seen = await shown_to(
        house.database, contact.id, house.variables(), house.shop().experiments, house.clock()
    )
    return Told({"values": dict(seen.values), "variants": list(seen.variants)})


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/variables",
        name="showVariables",
        summary="The named values that the shop sets for its pages, for this shopper",
        does=show,
        answer=VariablesAnswer,
    ),
)
