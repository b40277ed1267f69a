"""A question that the gate refused or holds was not put: what is said meanwhile is no answer to it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.core.contact import JsonValue
from bot.core.counting import Take
from bot.core.flow.run import RunStatus
from bot.core.flow.walk import HELD_MAX
from bot.core.gate import OPERATOR_AGAIN_AFTER
from bot.core.triggers import Trigger
from bot.core.turn import Turn
from tests.flows.phone import NOON, PRODUCTS, Phone

DUE: dict[str, JsonValue] = {"sku": "TEA", "product": "Jasmine tea", "quantity": 1, "credit": 0}
BACK: dict[str, JsonValue] = {"sku": "TEA", "product": "Jasmine tea"}


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


async def member_at_night(*texts: str, phone: Phone | None = None) -> Phone:
    """A member at 21:30 on their own clock, who has texted this last."""
    phone = phone or Phone()
    for text in ("LOYALTY", "skip", "skip"):
        await phone.say(text)
    await phone.advance(timedelta(hours=9, minutes=30))
    for text in texts:
        await phone.say(text)
    return phone


async def test_a_question_that_waits_for_the_morning_leaves_the_open_one_the_floor() -> None:
    phone = await member_at_night("BUNDLES")
    assert await phone.event("Back In Stock", BACK) == []
    (asking,) = [run for run in phone.runs.values() if run.holds_question]
    assert (asking.flow, asking.suspended_at) == ("bundles", None)
    assert [text for text in await phone.say("1") if "Reply YES to order" in text]
    await phone.say("YES")
    (order,) = phone.orders
    assert "TEA" not in [line.sku for line in order.lines]


async def test_a_question_is_put_when_quiet_hours_end_and_not_answered_before() -> None:
    phone = await member_at_night()
    assert await phone.event("Back In Stock", BACK) == []
    held = phone.effects[-1]
    assert (held.outgoing, held.links) == ([], [])
    assert {one.what: n for one, n in held.counts.items() if one.step == "confirm"} == {
        "entered": 1,
        "held": 1,
    }
    await phone.say("YES")
    assert [*phone.orders] == []
    assert await phone.advance(timedelta(hours=11, minutes=29)) == []
    (asked,) = await phone.advance(timedelta(minutes=1))
    assert asked.startswith("Good news: Jasmine tea is back.")
    await phone.say("YES")
    (order,) = phone.orders
    assert [line.sku for line in order.lines] == ["TEA"]


class Dearer(Phone):
    """A phone of a shop that raises its prices overnight."""

    def _turn(
        self,
        trigger: Trigger,
        more: Mapping[str, object] | None = None,
        taken: Mapping[Take, int] | None = None,
    ) -> Turn:
        turn = super()._turn(trigger, more, taken)
        if self.now > NOON + timedelta(hours=12):
            raised = {sku: replace(one, price_minor=2 * one.price_minor) for sku, one in PRODUCTS.items()}
            turn.shop = replace(turn.shop, products=raised)
        return turn


async def test_what_is_back_costs_in_the_morning_what_it_is_then_said_to() -> None:
    """Bug: it was said to cost what it did in the evening."""
    phone = await member_at_night(phone=Dearer())
    assert await phone.event("Back In Stock", BACK) == []
    (asked,) = await phone.advance(timedelta(hours=11, minutes=30))
    assert "$7.00, less $5.00 credit: $2.00 to pay" in asked
    await phone.say("YES")
    (order,) = phone.orders
    assert (order.total_minor, order.credit_minor) == (700, 500)


async def test_a_question_held_again_and_again_is_given_up() -> None:
    phone = await member_at_night()
    await phone.event("Back In Stock", BACK)
    for _ in range(HELD_MAX):
        (run,) = [run for run in phone.runs.values() if run.flow == "back_in_stock"]
        assert run.is_waiting
        assert run.wait is not None
        assert run.wait.until is not None
        phone.contact = replace(phone.contact, snoozed_until=run.wait.until + timedelta(hours=3))
        assert await phone.advance(run.wait.until - phone.now) == []
    (given_up,) = [run for run in phone.runs.values() if run.flow == "back_in_stock"]
    assert given_up.status is RunStatus.DONE
    counted = {one.what for one in phone.effects[-1].counts if one.step == "confirm"}
    assert counted == {"entered", "held", "expired"}


class HeldBack(Phone):
    """A phone of a shop whose operator holds back what is back in stock, while `is_held`."""

    is_held = True

    def _turn(
        self,
        trigger: Trigger,
        more: Mapping[str, object] | None = None,
        taken: Mapping[Take, int] | None = None,
    ) -> Turn:
        turn = super()._turn(trigger, more, taken)
        held = frozenset({"back_in_stock"}) if self.is_held else frozenset()
        turn.shop = replace(turn.shop, policy=replace(turn.shop.policy, held=held))
        return turn


async def test_a_question_waits_for_the_operator_as_long_as_it_takes() -> None:
    phone = HeldBack()
    for text in ("LOYALTY", "skip", "skip"):
        await phone.say(text)
    await phone.event("Back In Stock", BACK)
    assert await phone.advance(timedelta(hours=2)) == []
    phone.is_held = False
    (asked,) = await phone.advance(OPERATOR_AGAIN_AFTER)
    assert asked.startswith("Good news: Jasmine tea is back.")
