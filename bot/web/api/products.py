"""Products and how many there are."""

from bot.core.contact import JsonValue
from bot.core.ids import new_id
from bot.storage import products, revisions, stock
from bot.storage.driver import Connection
from bot.storage.products import StockedProduct
from bot.storage.revisions import FAMILY, PHOTO, SIZE
from bot.web.api.asked import Asked, do_once
from bot.web.api.bodies import PageQuery, ProductBody, StockBody
from bot.web.rest.asked import Json, Told, read
from bot.web.rest.cursors import placed, written
from bot.web.rest.problems import one_field


async def put(asked: Asked) -> Told:
    """Add or change a product; every process knows of it within a second or two."""
    body, sku = asked.body_as(ProductBody), asked.path["sku"]
    wanted = StockedProduct(sku, body.name, body.category, body.price_minor, body.is_sold, body.facts)

    async def do(connection: Connection) -> Json:
        before = await products.one(connection, sku)
        await products.put(connection, wanted)
        if before is None or _offered(before) != _offered(wanted):
            await revisions.touch(connection, new_id(asked.door.clock(), 0, asked.door.entropy))
        after = await products.one(connection, sku)
        assert after is not None, "it was just written"
        return _told(after)

    return await do_once(asked, "product.put", do)


async def put_stock(asked: Asked) -> Told:
    """Say how many units of a product there are from now on."""
    body, sku = asked.body_as(StockBody), asked.path["sku"]

    async def do(connection: Connection) -> Json:
        before = await products.one(connection, sku)
        if before is None:
            raise one_field(404, "no-such-product", "path/sku", "is not known", "put the product first")
        await stock.put(connection, sku, body.units, asked.door.clock())
        if before.units_left is None:  # from now on turns look how many there are
            await revisions.touch(connection, new_id(asked.door.clock(), 0, asked.door.entropy))
        product = await products.one(connection, sku)
        assert product is not None, "it is there"
        return _told(product)

    return await do_once(asked, "product.stock", do)


async def listed(asked: Asked) -> Told:
    """List products in the order of their SKUs."""
    query = asked.query_as(PageQuery)
    (after,) = placed(query.cursor, ("",))

    async def ask(connection: Connection) -> Told:
        found = await products.listed(connection, after, query.limit + 1)
        page = found[: query.limit]
        following = written((page[-1].sku,)) if len(found) > len(page) else None
        return Told({"products": [_told(one) for one in page], "next": following})

    return await read(asked, ask)


def _offered(product: StockedProduct) -> tuple[object, ...]:
    """What turns know of a product."""
    told = tuple(product.facts.get(fact) for fact in (FAMILY, SIZE, PHOTO))
    return product.name, product.category, product.price_minor, product.is_sold, told


def _told(product: StockedProduct) -> dict[str, JsonValue]:
    return {
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "price_minor": product.price_minor,
        "is_sold": product.is_sold,
        "facts": dict(product.facts),
        "units_left": product.units_left,
    }
