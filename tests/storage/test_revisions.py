"""Published files: numbered, archived, never changed; what tells others to load them again."""

import asyncio

from bot.core.contact import Product
from bot.storage import revisions
from bot.storage.driver import Connection, Database
from bot.storage.revisions import Revision
from tests.storage.scripted import NOW


def a_file(flow: str, source: str) -> Revision:
    translations = {"es": {"Hello": "Hola"}, "zh": {}}
    return Revision(
        flow, 0, "flow", f"flows/{flow}.yaml", source, translations, f"sum of {source}", NOW, "ana"
    )


async def test_a_file_in_force_replaces_the_one_before(database: Database) -> None:
    await database.transact(lambda c: revisions.publish(c, [a_file("a", "1"), a_file("b", "1")], "g1"))
    again = await database.transact(lambda c: revisions.publish(c, [a_file("a", "2")], "g2"))
    assert [(one.flow, one.revision) for one in again] == [("a", 2)]
    in_force = await database.query(revisions.published)
    assert [(one.flow, one.revision, one.source) for one in in_force] == [("a", 2, "2"), ("b", 1, "1")]
    first = await database.query(lambda c: revisions.revision(c, "a", 1))
    assert first is not None
    assert (first.source, first.translations, first.published_at) == ("1", a_file("a", "1").translations, NOW)
    assert await database.query(lambda c: revisions.revision(c, "a", 3)) is None
    assert await database.query(revisions.generation) == "g2"


async def test_what_is_withdrawn_stays_readable(database: Database) -> None:
    assert await database.query(revisions.generation) == ""
    await database.transact(lambda c: revisions.publish(c, [a_file("a", "1")], "g1"))
    await database.transact(lambda c: revisions.withdraw(c, ["a"], "g2"))
    assert await database.query(revisions.published) == []
    assert await database.query(lambda c: revisions.revision(c, "a", 1)) is not None
    assert await database.query(revisions.generation) == "g2"


async def test_processes_that_publish_together_do_so_one_after_the_other(database: Database) -> None:
    async def publish(number: int) -> None:
        async def work(connection: Connection) -> None:
            await revisions.lock(connection)
            await revisions.publish(connection, [a_file("a", f"{number}")], f"g{number}")

        await database.transact(work)

    await asyncio.gather(*(publish(number) for number in range(5)))
    (in_force,) = await database.query(revisions.published)
    assert in_force.revision == 5
    assert await database.query(revisions.generation) == f"g{in_force.source}"


async def test_products_are_put_and_put_again(database: Database) -> None:
    tea = Product("TEA", "Jasmine tea", "tea", 350)
    bun = Product("BUN", "Cinnamon bun", "bakery", 400)
    await database.transact(lambda c: revisions.put_products(c, [tea, bun]))
    dearer = Product("TEA", "Jasmine tea", "tea", 375)
    await database.transact(lambda c: revisions.put_products(c, [dearer]))
    await database.transact(lambda c: revisions.put_products(c, []))
    assert await database.query(revisions.products) == {"BUN": bun, "TEA": dearer}


async def test_a_product_knows_of_what_it_is_a_size(database: Database) -> None:
    small = Product("LAT", "Latte", "coffee", 480, "latte", "12 oz")
    await database.transact(
        lambda c: revisions.put_products(c, [small, Product("BUN", "Bun", "bakery", 400)])
    )
    found = await database.query(revisions.products)
    assert found["LAT"] == small
    assert (found["BUN"].family, found["BUN"].size) == ("", "")
