"""A question that the gate refused was never put: what is said afterwards is no answer to it."""

from bot.core.contact import JsonValue
from tests.flows.phone import Phone

DUE: dict[str, JsonValue] = {"sku": "TEA", "product": "Jasmine tea", "quantity": 1, "credit": 0}


async def test_a_yes_orders_nothing_that_was_not_asked_for() -> None:
    phone = Phone()  # of nobody who agreed to marketing
    await phone.event("Refill Due", DUE)
    assert [queued.reason for queued in phone.effects[-1].outgoing] == ["unsubscribed"]
    await phone.say("YES")
    assert phone.orders == ()
    assert not [run for run in phone.runs.values() if run.holds_question and run.flow == "refill"]


async def test_one_that_was_put_is_answered() -> None:
    phone = Phone()
    for text in ("LOYALTY", "skip", "skip"):
        await phone.say(text)
    await phone.event("Refill Due", DUE)
    await phone.say("YES")
    assert len(phone.orders) == 1
