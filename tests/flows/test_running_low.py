"""Whether something runs low, and that it is back: asked in three languages, answered with one word."""

import pytest

from bot.core.contact import JsonValue
from tests.flows.phone import Phone

_ES = (
    "Puede que pronto se te acabe: Jasmine tea. 2 x Jasmine tea: 7,00 US$. Responde SI para pedirlo otra vez."
)
DUE: dict[str, JsonValue] = {
    "sku": "TEA",
    "product": "Jasmine tea",
    "category": "tea",
    "price": 350,
    "quantity": 2,
    "credit": 0,
}
ENDING: dict[str, JsonValue] = {**DUE, "credit": 400, "ends_on": "2026-11-27"}


async def member(locale: str = "en", *, credit: int = 0) -> Phone:
    """A subscribed member who spent what joining gave."""
    phone = Phone(locale=locale)
    for text in ("LOYALTY", "skip", "skip"):
        await phone.say(text)
    phone.lots, phone.wallet = {}, type(phone.wallet)(phone.wallet.contact_id)
    if credit:
        phone.give(credit)
    return phone


async def test_a_yes_orders_what_is_running_low() -> None:
    phone = await member(credit=400)
    (asked,) = await phone.event("Refill Due", ENDING)
    assert asked == (
        "Your Jasmine tea may be running low, and $4.00 of your credit expires Friday. "
        "2 x Jasmine tea: $7.00, less $4.00 credit: $3.00 to pay. Reply YES to reorder."
    )
    (said,) = await phone.say("yes")
    assert said.startswith("Thank you! Order ")
    assert said.endswith("is with Corner Leaf: 2 x Jasmine tea. $3.00 to pay when you get it.")
    assert [(line.sku, line.quantity) for line in phone.orders[0].lines] == [("TEA", 2)]


@pytest.mark.parametrize(
    ("locale", "asked", "yes"),
    [
        ("en", "Your Jasmine tea may be running low. 2 x Jasmine tea: $7.00. Reply YES to reorder.", "YES"),
        (
            "es",
            _ES,
            "SI",
        ),
        ("zh_Hans", "您的Jasmine tea可能快用完了。2 x Jasmine tea：US$7.00。回复“是”再来一份。", "是"),
    ],
)
async def test_they_are_asked_in_their_language(locale: str, asked: str, yes: str) -> None:
    phone = await member(locale)
    (said,) = await phone.event("Refill Due", DUE)
    assert said == asked
    await phone.say(yes)
    assert len(phone.orders) == 1


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        ("Refill Due", DUE),
        ("Back In Stock", {"sku": "TEA", "product": "Tea"}),
        ("Stock Low", {"sku": "TEA", "product": "Tea", "units": 3}),
    ],
)
async def test_a_no_orders_nothing(event: str, facts: dict[str, JsonValue]) -> None:
    phone = await member()
    await phone.event(event, facts)
    assert await phone.say("no") == ["All right, nothing was ordered."]
    assert phone.orders == ()


async def test_what_is_back_is_ordered_with_a_yes() -> None:
    phone = await member()
    assert await phone.event("Back In Stock", {"sku": "LATTE", "product": "Oat latte"}) == [
        "Good news: Oat latte is back. Oat latte: $5.50. Reply YES to order it."
    ]
    await phone.say("yes")
    assert [line.sku for line in phone.orders[0].lines] == ["LATTE"]


@pytest.mark.parametrize(
    ("locale", "asked", "yes"),
    [
        ("en", "Not much Jasmine tea is left. Jasmine tea: $3.50. Reply YES to order it.", "YES"),
        ("es", "Queda poco de Jasmine tea. Jasmine tea: 3,50 US$. Responde SI para pedirlo.", "SI"),
        ("zh_Hans", "Jasmine tea快卖完了。Jasmine tea：US$3.50。回复“是”下单。", "是"),
    ],
)
async def test_what_is_nearly_gone_is_ordered_with_a_yes(locale: str, asked: str, yes: str) -> None:
    phone = await member(locale)
    facts: dict[str, JsonValue] = {"sku": "TEA", "product": "Jasmine tea", "units": 3}
    assert await phone.event("Stock Low", facts) == [asked]
    await phone.say(yes)
    assert [line.sku for line in phone.orders[0].lines] == ["TEA"]


async def test_what_went_off_the_menu_is_not_asked_for() -> None:
    phone = await member()
    assert await phone.event("Refill Due", {**DUE, "sku": "GONE"}) == []


async def test_who_did_not_join_the_group_hears_nothing() -> None:
    phone = Phone()
    await phone.event("Refill Due", DUE)
    assert [queued.reason for queued in phone.effects[-1].outgoing] == ["unsubscribed"]
