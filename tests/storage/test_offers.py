"""Offers and checkouts are read back as they were kept, for several contacts at once, each its own."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core.contact import JsonValue
from bot.core.ids import bucket_of, derived_id
from bot.core.loyalty.checkouts import CheckoutState
from bot.storage import offers
from bot.storage.driver import Database
from tests.conversation.shop.till import WRITTEN, Till, shop_with
from tests.storage.scripted import open_at

TEA: JsonValue = [{"sku": "TEA", "quantity": 2}]
BEANS: JsonValue = [{"sku": "BEANS", "quantity": 2}]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


async def test_every_offer_is_read_back_as_it_was_given(database: Database) -> None:
    till = await Till.of_member(database)
    names = [name for name in WRITTEN["offers"] if name not in {"gold", "over"}]
    given = [await till.give(name) for name in names]
    found = await database.query(lambda c: offers.offers(c, till.contact_id))
    assert {offer.id: offer for offer in found} == {offer.id: offer for offer in given}


async def test_checkouts_of_several_contacts_are_read_at_once_each_its_own(database: Database) -> None:
    tills = [await Till.of_member(database, credit=300) for _ in range(3)]
    first, second, _ = tills
    for till in (first, second):
        await till.give("five_off")
        await till.ask("checkout.hold", {"lines": BEANS, "order": "A1"})
    await second.ask("checkout.capture", {"order": "A1"})
    asked = [(till.contact_id, derived_id("order/A1", bucket_of(till.contact_id))) for till in tills]
    asked.append((first.contact_id, "-"))
    found = await database.query(lambda c: offers.at_checkouts(c, asked))
    assert set(found) == set(asked)
    of_first, of_second, of_nothing, of_no_order = (found[one] for one in asked)
    assert of_first.of_order is not None
    assert of_first.open == (of_first.of_order,) == of_no_order.open
    assert of_first.of_order.expires_at == first.now + timedelta(minutes=30)
    assert of_no_order.of_order is None
    assert of_second.of_order is not None
    assert of_second.of_order.state is CheckoutState.CAPTURED
    assert of_second.of_order.captured == of_second.of_order.quoted
    assert not of_second.open
    assert (of_nothing.of_order, of_nothing.open, of_nothing.offers) == (None, (), ())
    assert [offer.code for offer in of_first.offers] == [first.given["five_off"].code]


async def test_an_offer_that_an_order_holds_is_found_however_many_came_since(database: Database) -> None:
    till = await Till.of_member(database, shop=shop_with(WRITTEN))
    held = await till.give("tea20")
    await till.ask("checkout.hold", {"lines": TEA, "order": "A1"})
    for _ in range(51):
        await till.give("five_off")  # which never ends
    order_id = derived_id("order/A1", bucket_of(till.contact_id))
    found = await database.query(lambda c: offers.at_checkout(c, till.contact_id, order_id))
    assert len(found.offers) == 51
    assert found.offers[-1].id == held.id
    await till.ask("checkout.capture", {"order": "A1"})
    again = await database.query(lambda c: offers.at_checkout(c, till.contact_id, order_id))
    assert again.offers[-1].problem(till.now) == "used"


async def test_offers_are_found_by_what_they_are_called_and_counted_by_name(database: Database) -> None:
    till, other = await Till.of_member(database), await Till.of_member(database)
    tea, shipping = await till.give("tea20"), await till.give("shipping")
    foreign = await other.give("tea20")
    asked = {
        "tea20": (tea,),
        tea.id: (tea,),
        f"{tea.code[:2].lower()}-{tea.code[2:]}": (tea,),
        f"tea20,{shipping.code}": (shipping, tea),
        f"{foreign.code},": (),
    }
    for names, offer in asked.items():
        found = await database.query(lambda c, names=names: offers.called(c, till.contact_id, names))  # type: ignore[misc]  # a default
        assert found == tuple(sorted(offer, key=lambda one: (one.given_at, one.id), reverse=True))
    assert await database.query(lambda c: offers.times_given(c, till.contact_id, "tea20")) == 1
    assert await database.query(lambda c: offers.times_given(c, till.contact_id, "gold")) == 0
