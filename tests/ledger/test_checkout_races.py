"""Two hundred checkouts in several processes that want the same at once: never one unit too many."""

from collections import Counter

from bot.core.contact import JsonValue
from bot.storage.driver import Database
from tests.conversation.shop.till import Till
from tests.ledger.shoppers import Rush, rushed
from tests.storage.scripted import asked

IN_PARALLEL = 4
BEANS: JsonValue = [{"sku": "BEANS"}]


async def test_two_hundred_checkouts_of_one_wallet_spend_what_there_is(
    database: Database, database_url: str
) -> None:
    """Twelve lots hold enough for 150 of them; the rest are told that it would be more to pay."""
    till = await Till.of_member(database)
    for _ in range(12):
        await till.grant(125)
    wanted: dict[str, JsonValue] = {"lines": BEANS, "offers": [], "credit_minor": 10, "to_pay_minor": 1390}
    outcomes = await rushed(
        [
            Rush(
                database_url,
                tuple((till.contact_id, f"{process}/{number}") for number in range(50)),
                wanted,
                is_captured=process % 2 == 0,
            )
            for process in range(IN_PARALLEL)
        ]
    )
    states = Counter(state for state, _, _ in outcomes)
    assert states["captured"] + states["open"] == 150
    assert states["price_changed"] == 50
    assert sum(credit for _, _, credit in outcomes) == 1500
    wallet = (await till.books()).wallet
    assert (wallet.available_minor, wallet.held_minor) == (0, 10 * states["open"])


async def test_of_two_hundred_checkouts_that_want_the_same_offer_one_gets_it(
    database: Database, database_url: str
) -> None:
    till = await Till.of_member(database)
    await till.give("alone")
    wanted: dict[str, JsonValue] = {"lines": BEANS, "offers": ["alone"]}
    outcomes = await rushed(
        [
            Rush(
                database_url, tuple((till.contact_id, f"{process}/{number}") for number in range(50)), wanted
            )
            for process in range(IN_PARALLEL)
        ]
    )
    assert Counter(outcomes) == {("captured", 400, 0): 1, ("captured", 0, 0): 199}
    assert (await till.offer("alone")).problem(till.now) == "used"


async def test_a_fund_pays_for_as_many_members_as_it_holds(database: Database, database_url: str) -> None:
    """Ten dollars pay for two of forty members' five dollars off."""
    tills = [await Till.of_member(database) for _ in range(40)]
    for till in tills:
        await till.give("five_off")
    wanted: dict[str, JsonValue] = {"lines": BEANS, "offers": ["five_off"]}
    outcomes = await rushed(
        [
            Rush(database_url, tuple((till.contact_id, "A1") for till in tills[process::IN_PARALLEL]), wanted)
            for process in range(IN_PARALLEL)
        ]
    )
    assert sum(discount for _, discount, _ in outcomes) == 1000
    assert {state for state, _, _ in outcomes} <= {"captured", "price_changed"}
    assert await asked(database, "SELECT units_left FROM counter") == [(0,)]
