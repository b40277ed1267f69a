"""The journeys we ship, day by day on a phone in memory: what comes when, and what ends or changes them."""

from datetime import timedelta

from bot.core.contact import Address, JsonValue, SubscriptionState
from tests.flows.phone import CONTACT, Phone

LAPSING: dict[str, JsonValue] = {"audience": "lapsing"}
BEANS: dict[str, JsonValue] = {
    "products": [{"name": "House Beans 250 g", "category": "beans and leaves"}],
    "revenue": 14,
}


async def member(locale: str = "en") -> Phone:
    """A phone whose owner has just joined, on a Tuesday at noon."""
    phone = Phone(locale=locale)
    for text in ("LOYALTY", "Ana", "skip"):
        await phone.say(text)
    return phone


async def test_a_new_member_is_welcomed_in_three_texts() -> None:
    phone = await member()
    await phone.event("Member Enrolled", {})
    said = [await phone.advance(timedelta(days=1)) for _ in range(14)]
    days = {number + 1: texts for number, texts in enumerate(said) if texts}
    # Tuesday's two days are over on Thursday at noon, so the first comes on Friday at eleven.
    assert list(days) == [3, 7, 13]
    (first,), (second,), (third,) = days.values()
    assert first.startswith("Ana, every order earns you credit")
    assert second.startswith("Your credit is good for more than money off.")
    assert third.startswith("You have $5.00 to spend and have not ordered yet.")


async def test_who_orders_meanwhile_is_told_no_more_of_it() -> None:
    phone = await member("zh_Hans")
    await phone.event("Member Enrolled", {})
    (first,) = await phone.advance(timedelta(days=3))
    assert first == "Ana，每次下单都能获得积分，下一单自动抵扣。随时回复“余额”查看。"
    await phone.event("Order Completed", {"revenue": 12})
    await phone.event("Member Enrolled", {})
    assert await phone.advance(timedelta(days=30)) == []


async def test_a_tip_follows_what_needs_one() -> None:
    phone = await member("es")
    await phone.event("Order Completed", BEANS)
    said = await phone.advance(timedelta(days=5))
    (tip,) = said
    assert tip == (
        "¿Qué tal House Beans 250 g? Se conserva mejor en un bote cerrado, lejos de la luz y del calor. Para "
        "una taza, dos cucharaditas rasas. Responde PERSONA si quieres saber algo."
    )


async def test_a_latte_keeps_nobody_from_the_tip_for_beans() -> None:
    phone = await member()
    await phone.event("Order Completed", {"products": [{"name": "Oat latte", "category": "coffee"}]})
    assert await phone.advance(timedelta(days=5)) == []
    latte: dict[str, JsonValue] = {"name": "Oat latte", "category": "coffee"}
    beans: dict[str, JsonValue] = {"name": "House Beans 250 g", "category": "beans and leaves"}
    await phone.event("Order Completed", {"products": [latte, beans], "revenue": 20})
    (tip,) = await phone.advance(timedelta(days=5))
    assert tip.startswith("How is your House Beans 250 g?")


async def test_whoever_comes_back_hears_no_last_word() -> None:
    phone = await member()
    await phone.event("Audience Entered", LAPSING)
    (missed,) = await phone.advance(timedelta(days=1))
    assert missed.startswith("Ana, we have not seen you for a while. You still have $5.00 to spend here.")
    await phone.event("Order Completed", {"revenue": 12})
    assert await phone.advance(timedelta(days=20)) == []


async def test_whoever_stays_away_is_asked_why() -> None:
    phone = await member()
    await phone.event("Audience Entered", LAPSING)
    await phone.advance(timedelta(days=1))
    (last,) = await phone.advance(timedelta(days=11))
    assert last.startswith("Is it something we did?")


async def test_an_order_is_asked_about_a_week_after_it_left() -> None:
    phone = await member()
    await phone.event("Order Shipped", {"items": "House Beans 250 g"})
    assert await phone.advance(timedelta(days=7)) == []
    (asked,) = await phone.advance(timedelta(days=1))
    assert asked.startswith("How did you like House Beans 250 g?")
    assert (await phone.say("perhaps"))[0].startswith("Please reply with a number from 1 to 5.")
    assert (await phone.say("five stars"))[0].startswith("Wonderful!")
    assert (await phone.say("Fresh and fast"))[0].startswith("May we show these words")
    assert await phone.say("yes") == ["Thank you! We read every answer."]


async def test_who_did_not_like_it_is_offered_a_person() -> None:
    phone = await member()
    await phone.event("Order Shipped", {"items": "House Beans 250 g"})
    await phone.advance(timedelta(days=8))
    assert await phone.say("★★") == ["We are sorry. Reply PERSON, and we make it right."]


async def test_who_sent_it_back_is_not_asked_how_they_liked_it() -> None:
    for undone in ("Order Refunded", "Order Canceled"):
        phone = await member()
        await phone.event("Order Shipped", {"items": "House Beans 250 g"})
        await phone.advance(timedelta(days=2))
        await phone.event(undone, {"wallet": "main", "restored": 0, "lost": 0, "taken_back": 0, "owed": 0})
        assert await phone.advance(timedelta(days=8)) == []


async def test_who_can_be_written_to_nowhere_else_finds_tip_and_question_in_the_inbox() -> None:
    phone = await member()
    phone.addresses += (Address("app", CONTACT),)
    phone.subscriptions = {"app:loyalty": SubscriptionState.SUBSCRIBED}
    await phone.event("Order Completed", BEANS)
    assert (await phone.advance(timedelta(days=5)))[0].startswith("How is your House Beans 250 g?")
    await phone.event("Order Shipped", {"items": "House Beans 250 g"})
    await phone.advance(timedelta(days=9))
    (asked,) = [one for one in phone.effects if one.outgoing][-1].outgoing[-1:]
    assert (asked.message.channel, asked.message.body[:19]) == ("app", "How did you like Ho")
    phone.channel = "app"
    assert (await phone.say("5"))[0].startswith("Wonderful!")
