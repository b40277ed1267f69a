"""What is kept of drops and claims when its person is erased: units are free, the rest can be read."""

from datetime import UTC, datetime

from bot.core.deeds import claiming, reserving
from bot.core.loyalty.drops import Reservation, ReservationState
from bot.core.loyalty.fulfilment import Fulfilment
from bot.core.turn import Turn
from bot.storage import erasing, fulfilments, reservations
from tests.conversation.shop.asking import Desk, at_the_desk

OPEN = datetime(2026, 3, 6, 10, 0, tzinfo=UTC)
COUNTER = "drop/roast/2026-03-06"
DROP = {"id": "roast", "name": "Roast", "sku": "ROAST", "units": 5, "price": "14.00", "every": "fri 10:00"}
REWARD = {"id": "beans", "name": "Beans", "cost": "2.00"}


async def kept(desk: Desk) -> tuple[tuple[Reservation, ...], tuple[Fulfilment, ...]]:
    contact = desk.contact_id
    return (
        await desk.database.query(lambda c: reservations.of_opening(c, contact, "roast/2026-03-06")),
        await desk.database.query(lambda c: fulfilments.fulfilments(c, contact)),
    )


def take(turn: Turn) -> None:
    claiming.claim(turn, "beans")
    (opening,) = reserving.openings(turn)
    reserving.reserve(turn, opening, 1)


async def test_several_openings_are_read_as_each_alone(database_url: str) -> None:
    async with at_the_desk(database_url, drops=[DROP], rewards=[REWARD]) as desk:
        desk.now = OPEN
        await desk.credit(300)
        await desk.does(take)
        (alone,), _ = await kept(desk)
        asked = [(desk.contact_id, "roast/2026-03-06"), (desk.contact_id, "roast/2026-03-13")]
        found = await desk.database.query(lambda c: reservations.of_openings(c, asked))
        assert found == {asked[0]: (alone,), asked[1]: ()}


async def test_an_erased_person_keeps_no_unit_from_others(database_url: str) -> None:
    async with at_the_desk(database_url, drops=[DROP], rewards=[REWARD]) as desk:
        desk.now = OPEN
        await desk.credit(300)
        await desk.does(take)
        (reserved,), (claimed,) = await kept(desk)
        assert (reserved.state, reserved.until > OPEN) == (ReservationState.RESERVED, True)
        assert await desk.units(COUNTER) == 4
        for _ in range(2):  # erasing again finds nothing more
            await desk.database.transact(
                lambda c: erasing.erase(c, desk.contact_id, OPEN, lambda address: [f"hash of {address}"])
            )
            assert await desk.units(COUNTER) == 5
        nothing, (left,) = await kept(desk)
        assert nothing == ()
        assert (left.id, left.code, left.state, left.facts) == (claimed.id, claimed.code, claimed.state, {})
        found = await desk.database.query(lambda c: reservations.find(c, desk.contact_id, reserved.id))
        assert found is not None
        assert (found.state, found.sku, found.unit_minor) == (ReservationState.CANCELED, "", 1400)
