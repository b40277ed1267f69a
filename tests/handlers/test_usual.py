"""What "the same again" may mean: the last order, the usual one, or a question."""

from dataclasses import replace
from typing import cast

from bot.core.contact import Order
from handlers.usual import usual
from tests.handlers.scene import PRODUCTS, PROGRAM, Scene, an_order
from tests.handlers.taking import Member


def items(orders: tuple[Order, ...], which: str | None = None) -> list[str]:
    result = usual(Scene(orders=orders).turn(which=which))
    assert result is not None
    choices = cast("list[dict[str, str]]", result["choices"])
    return [choice["items"] for choice in choices]


def test_one_order_is_proposed_at_todays_prices_with_the_credit_applied() -> None:
    result = usual(Scene(orders=(an_order("LATTE", "BUN", "LATTE"),), credit_minor=700).turn())
    assert result is not None
    assert result["choices"] == [
        {
            "items": "2 x Oat latte, Cinnamon bun",
            "lines": [{"sku": "LATTE", "quantity": 2}, {"sku": "BUN", "quantity": 1}],
            "total": 1500,
            "discount": 0,
            "credit": 700,
            "to_pay": 800,
            "place": "",
            "order_id": "b" * 32,
            "token": "",
            "link": None,
        }
    ]
    assert [result["last"]] == result["choices"]
    assert result["gone"] == ""


def test_credit_never_exceeds_the_price() -> None:
    result = usual(Scene(orders=(an_order("TEA"),), credit_minor=700).turn())
    assert result is not None
    assert cast("dict[str, int]", result["last"])["to_pay"] == 0
    assert cast("dict[str, int]", result["last"])["credit"] == 350


def test_a_habit_that_is_not_the_last_order_makes_two_choices() -> None:
    orders = (an_order("TEA"), an_order("BUN", "LATTE"), an_order("LATTE", "BUN"))
    assert items(orders) == ["Jasmine tea", "Cinnamon bun, Oat latte"]
    assert items(orders, which="last") == ["Jasmine tea"]
    assert items(orders, which="usual") == ["Cinnamon bun, Oat latte"]


def test_the_last_order_that_is_the_usual_one_is_one_choice() -> None:
    assert items((an_order("TEA"), an_order("LATTE"), an_order("TEA"))) == ["Jasmine tea"]


def test_what_was_ordered_once_is_no_habit() -> None:
    assert items((an_order("TEA"), an_order("LATTE")), which="usual") == ["Jasmine tea"]


def test_orders_that_were_not_taken_do_not_count() -> None:
    assert items((an_order("TEA", status="canceled"), an_order("LATTE"))) == ["Oat latte"]


def test_what_is_no_longer_sold_is_left_out_and_named() -> None:
    result = usual(Scene(orders=(an_order("TEA", "PUMPKIN"),)).turn())
    assert result is not None
    assert result["gone"] == "Pumpkin"
    assert cast("dict[str, str]", result["last"])["items"] == "Jasmine tea"
    assert items((an_order("PUMPKIN"),)) == []


def test_without_orders_there_is_nothing_to_choose() -> None:
    assert usual(Scene().turn()) == {"choices": [], "last": None, "gone": ""}


def test_a_program_may_leave_credit_alone() -> None:
    reorder = PROGRAM.reorder.model_copy(update={"auto_apply_credit": False})
    program = PROGRAM.model_copy(update={"reorder": reorder})
    result = usual(Scene(orders=(an_order("TEA"),), credit_minor=700, program=program).turn())
    assert result is not None
    assert cast("dict[str, int]", result["last"])["credit"] == 0


COUNTED = {
    **PRODUCTS,
    "LATTE": replace(PRODUCTS["LATTE"], is_counted=True),
    "TEA": replace(PRODUCTS["TEA"], is_counted=True),
}


def test_what_is_sold_out_is_named_and_the_rest_is_offered_as_far_as_it_goes() -> None:
    scene = Scene(orders=(an_order("LATTE", "TEA", "TEA", "BUN"),), products=COUNTED)
    member = Member(scene, {"stock/LATTE": 0, "stock/TEA": 1})
    result = member.does(usual)
    choices = cast("list[dict[str, str]]", result["choices"])
    assert ([choice["items"] for choice in choices], result["gone"]) == (
        ["Jasmine tea, Cinnamon bun"],
        "Oat latte",
    )
    assert member.does(usual, sku="LATTE")["last"] is None
    nothing = Member(Scene(orders=(an_order("LATTE"),), products=COUNTED), {"stock/LATTE": 0}).does(usual)
    assert (nothing["choices"], nothing["gone"]) == ([], "Oat latte")
