"""The page of products: what the shop sells, to be put into a basket that POST /mp/quote prices."""

from typing import Annotated

from pydantic import Field

from bot.core.pages import products
from bot.core.turn import Turn
from bot.web.mp.asked import Asked, Shopper, look
from bot.web.mp.parts import Money, Page
from bot.web.rest import cursors
from bot.web.rest.asked import Json, Told
from bot.web.rest.fields import Answer
from bot.web.rest.routes import Route


class ProductsQuery(Page):
    """Which page of which category; otherwise of the first."""

    category: Annotated[str, Field(max_length=100, description="the id of one of `categories`")] | None = None


class ProductCategory(Answer):
    """A category there is something of."""

    id: str
    title: str


class SizeOfProduct(Answer):
    """A thing in one of its sizes, as POST /mp/quote and /mp/orders ask for it by its `sku`."""

    sku: str
    size: str | None
    price: Money
    left: int | None = Field(description="how many are left, where it is few and somebody counts")
    can: bool = Field(description="whether there is one")


class SoldProduct(Answer):
    """Something the shop sells."""

    name: str
    photo: str | None = Field(description="the address of a picture")
    sizes: list[SizeOfProduct] = Field(description="the cheapest first; one where there is but one")


class SoldProducts(Answer):
    """A page of a category, by name."""

    categories: list[ProductCategory] = Field(description="as the shop orders them")
    category: str | None = Field(description="whose products these are; none where nothing is sold")
    products: list[SoldProduct]
    next: str | None = Field(description="`cursor` of the page behind it")


async def show(asked: Asked) -> Told:
    """Show a page of products."""
    query = asked.query_as(ProductsQuery)
    name, sku = cursors.placed(query.cursor, ("", ""))

    def ask(turn: Turn) -> Json:
        told, following = products.products(turn, query.category, (name, sku))
        return {**told, "next": cursors.written(following) if following is not None else None}

    return await look(asked, ask)


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/products",
        name="showProducts",
        summary="What the shop sells: by category, with pictures, sizes, prices and what is left",
        does=show,
        query=ProductsQuery,
        answer=SoldProducts,
    ),
)
