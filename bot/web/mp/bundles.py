"""The pages of bundles and refills: what is sold together or bought again, ordered like anything else."""

from pydantic import Field

from bot.core.pages import bundles
from bot.web.mp.asked import Asked, Shopper, look
from bot.web.mp.parts import Money
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer
from bot.web.rest.routes import Route


class PartAnswer(Answer):
    """So many of one product, as POST /mp/quote and /mp/orders ask for them."""

    sku: str
    name: str
    quantity: int


class BundleAnswer(Answer):
    """A bundle at the prices of now."""

    id: str
    title: str
    lines: list[PartAnswer]
    price: Money
    was: Money = Field(description="what its parts cost apart")
    saving: Money
    credit: Money = Field(description="what credit would pay of it")
    to_pay: Money
    is_refill: bool = Field(description="whether it is several of one product")
    can: bool = Field(description="whether the shopper may have it: members may")
    says: str


class BundlesAnswer(Answer):
    """What saves most first."""

    bundles: list[BundleAnswer]


class RefillAnswer(Answer):
    """What the shopper uses up, and how they would buy it again."""

    sku: str
    name: str
    category: str
    bundle: str | None = Field(description="the bundle by which it is cheaper")
    lines: list[PartAnswer]
    price: Money
    was: Money
    saving: Money
    is_low: bool = Field(description="whether it may be running low")
    expected_on: str
    says: str


class RefillsAnswer(Answer):
    """What is expected soonest first."""

    refills: list[RefillAnswer]


async def show_bundles(asked: Asked) -> Told:
    """Show the bundles."""
    return await look(asked, bundles.bundles)


async def show_refills(asked: Asked) -> Told:
    """Show the refills."""
    return await look(asked, bundles.refills)


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/bundles",
        name="showBundles",
        summary="What is sold together, and what that saves at the prices of now",
        does=show_bundles,
        answer=BundlesAnswer,
    ),
    Route(
        method="GET",
        path="/refills",
        name="showRefills",
        summary="What the shopper uses up and may need again",
        does=show_refills,
        answer=RefillsAnswer,
    ),
)
