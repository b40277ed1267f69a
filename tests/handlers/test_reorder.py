"""Reordering places what was confirmed, once, at no more than was confirmed."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.core.codes import Code
from bot.core.contact import JsonValue, OrderLine, Product
from bot.core.errors import TellMember
from bot.core.turn import Turn
from handlers.reorder import reorder
from handlers.usual import usual
from tests.handlers.scene import CONTACT, NOW, PRODUCTS, Scene, an_order
from tests.handlers.taking import Member


def proposed(scene: Scene) -> JsonValue:
    result = usual(scene.turn())
    assert result is not None
    return result["last"]


def place(scene: Scene, order: JsonValue, key: str = "SM2") -> tuple[Turn, Mapping[str, JsonValue]]:
    turn = scene.turn(key, order=order)
    result = reorder(turn)
    assert result is not None
    return turn, result


def test_the_proposal_becomes_an_order_and_the_shop_is_told() -> None:
    scene = Scene(orders=(an_order("LATTE", "LATTE", "TEA"),), credit_minor=700)
    turn, result = place(scene, proposed(scene))
    (order,) = turn.effects.orders
    assert order.lines == (
        OrderLine("LATTE", "Oat latte", 2, 550, "coffee", credit_minor=531),
        OrderLine("TEA", "Jasmine tea", 1, 350, "tea", credit_minor=169),
    )
    assert (order.total_minor, order.credit_minor, order.source) == (1450, 700, "sms")
    assert turn.books.spendable(turn.now) == 37  # five percent of the 7.50 paid in cash
    assert {**result, "number": ""} == {
        "items": "2 x Oat latte, Jasmine tea",
        "total": 1450,
        "credit": 700,
        "to_pay": 750,
        "earned": 37,
        "number": "",
    }
    (call,) = turn.effects.calls
    assert (call.key, call.kind) == (f"order/{order.id}", "order.placed")
    assert call.payload["contact"] == CONTACT
    assert call.payload["to_pay_minor"] == 750
    assert call.payload["placed_at"] == NOW.isoformat()
    assert [event.name for event in turn.effects.events] == ["Order Placed", "Credit Granted"]
    assert turn.effects.kept["directory", order.id] == Code(order.id, kind="order")


def test_the_same_confirmation_is_the_same_order_and_another_is_another() -> None:
    scene = Scene(orders=(an_order("TEA"),))
    order = proposed(scene)
    ids = [place(scene, order, key)[0].effects.orders[0].id for key in ("SM2", "SM2", "SM3")]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].endswith("05")


def test_without_credit_nothing_is_redeemed_and_the_order_earns() -> None:
    scene = Scene(orders=(an_order("TEA"),))
    turn, result = place(scene, proposed(scene))
    assert [entry.reason for entry in turn.books.entries] == ["earn"]
    assert result["earned"] == 17  # five percent of 3.50, floored once


def test_a_higher_price_than_confirmed_is_told_and_changes_nothing() -> None:
    scene = Scene(orders=(an_order("TEA"),))
    order = proposed(scene)
    dearer = Scene(
        orders=scene.orders, products={**PRODUCTS, "TEA": Product("TEA", "Jasmine tea", "tea", 360)}
    )
    turn = dearer.turn(order=order)
    with pytest.raises(TellMember) as caught:
        reorder(turn)
    assert (caught.value.code, caught.value.facts["to_pay"]) == ("price_changed", 360)
    assert not turn.effects.orders
    assert not turn.effects.calls
    anew = caught.value.facts["order"]
    assert isinstance(anew, dict)
    assert (anew["items"], anew["to_pay"], anew["token"]) == ("Jasmine tea", 360, "")
    assert place(dearer, anew)[1]["to_pay"] == 360, "what is proposed anew can be confirmed"


def test_credit_that_ended_meanwhile_is_told_too() -> None:
    scene = Scene(orders=(an_order("TEA"),), credit_minor=300)
    turn = Scene(orders=scene.orders).turn(order=proposed(scene))
    with pytest.raises(TellMember, match="price_changed"):
        reorder(turn)


def test_a_lower_price_is_taken() -> None:
    scene = Scene(orders=(an_order("TEA"),))
    order = proposed(scene)
    cheaper = Scene(
        orders=scene.orders, products={**PRODUCTS, "TEA": Product("TEA", "Jasmine tea", "tea", 300)}
    )
    assert place(cheaper, order)[1]["total"] == 300


def test_what_went_off_the_menu_meanwhile_is_told() -> None:
    scene = Scene(orders=(an_order("TEA"),))
    with pytest.raises(TellMember, match="gone"):
        reorder(Scene(products={}).turn(order=proposed(scene)))


@pytest.mark.parametrize(
    "order", [None, "tea", {}, {"lines": []}, {"lines": [{"sku": "TEA", "quantity": -1}]}]
)
def test_nothing_is_ordered_from_nothing(order: JsonValue) -> None:
    with pytest.raises(TellMember, match="nothing_to_order"):
        reorder(Scene().turn(order=order))


def test_what_is_counted_is_taken_once_and_never_more_than_there_is() -> None:
    counted = {**PRODUCTS, "TEA": replace(PRODUCTS["TEA"], is_counted=True)}
    scene = Scene(orders=(an_order("TEA", "TEA", "BUN"),), products=counted)
    member = Member(scene, {"stock/TEA": 3})
    order = member.does(usual)["last"]
    member.does(reorder, order=order)
    assert member.units == {"stock/TEA": 1}
    (placed,) = member.last.effects.orders
    assert placed.facts["_stock"] == {"TEA": 2}, "so that it is put back when the order is canceled"
    with pytest.raises(TellMember) as caught:
        member.does(reorder, order=order)
    assert (caught.value.code, caught.value.facts["items"], caught.value.facts["left"]) == (
        "too_few",
        "Jasmine tea",
        1,
    )
    assert member.units == {"stock/TEA": 1}


def test_who_is_slower_orders_nothing_and_takes_nothing() -> None:
    counted = {sku: replace(PRODUCTS[sku], is_counted=True) for sku in ("TEA", "BUN")}
    member = Member(
        Scene(orders=(an_order("TEA", "BUN"),), products=counted), {"stock/TEA": 1, "stock/BUN": 1}
    )
    order = member.does(usual)["last"]

    def somebody_else_takes_the_bun(turn: Turn) -> None:
        if any(take.counter == "stock/TEA" for take in turn.snapshot.taken):
            member.units["stock/BUN"] = 0

    def as_a_flow_does(turn: Turn) -> Mapping[str, JsonValue]:
        try:
            return reorder(turn) or {}
        except TellMember as problem:
            return {"code": problem.code}

    member.prepare = somebody_else_takes_the_bun
    assert member.does(as_a_flow_does, order=order) == {"code": "too_few"}
    assert member.units == {"stock/TEA": 1, "stock/BUN": 0}
    assert not member.last.effects.orders
