"""A bundle costs what the prices of now make of it, and is ordered like anything else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.core.contact import JsonValue, Product
from bot.core.errors import TellMember
from bot.core.loyalty.bundles import Bundle
from bot.core.turn import Turn
from handlers.bundle import bundles, order_bundle
from tests.handlers.scene import PRODUCTS, PROGRAM, Scene
from tests.handlers.taking import Member

WRITTEN: tuple[dict[str, object], ...] = (
    {"id": "breakfast", "name": "Breakfast", "items": ["LATTE", "BUN"], "less_share": "10%"},
    {
        "id": "teas",
        "name": {"en": "Teas", "es": "Tes"},
        "items": [{"sku": "TEA", "quantity": 4}],
        "price": "11.00",
    },
    {"id": "dear", "name": "Dear", "items": ["LATTE", "TEA"], "price": "9.00"},
    {"id": "spanish", "name": "S", "items": ["LATTE", "TEA"], "less": "1.00", "for": {"language": ["es"]}},
)


def member(credit_minor: int = 0, **prices: int) -> Member:
    program = PROGRAM.model_copy(update={"bundles": tuple(map(Bundle.model_validate, WRITTEN))})
    products = {
        sku: Product(sku, one.name, one.category, prices.get(sku, one.price_minor))
        for sku, one in PRODUCTS.items()
    }
    return Member(Scene(credit_minor=credit_minor, program=program, products=products))


def told(someone: Member, **arguments: str) -> list[tuple[object, ...]]:
    found = someone.does(bundles, **arguments)["bundles"]
    assert isinstance(found, list)
    return [(one["id"], one["price"], one["saving"]) for one in found if isinstance(one, dict)]


def test_what_saves_most_comes_first_and_what_saves_nothing_is_left_out() -> None:
    assert told(member()) == [("teas", 1100, 300), ("breakfast", 855, 95)]
    assert told(member(LATTE=2000)) == [("dear", 900, 1450), ("teas", 1100, 300), ("breakfast", 2160, 240)]
    assert told(member(TEA=275)) == [("breakfast", 855, 95)]


def test_those_with_one_product_are_asked_for() -> None:
    someone = member()
    assert told(someone, sku="TEA") == [("teas", 1100, 300)]
    best = someone.does(bundles, sku="TEA")["best"]
    assert isinstance(best, dict)
    assert (best["items"], best["apart"], best["is_refill"]) == ("4 x Jasmine tea", 1400, True)
    assert someone.does(bundles, sku="NONE")["best"] is None


def test_an_order_of_it_has_the_saving_on_its_lines_and_is_paid_with_credit() -> None:
    someone = member(300)
    result = someone.does(order_bundle, bundle="breakfast", to_pay=555)
    assert {name: result[name] for name in ("total", "saving", "credit", "to_pay", "items")} == {
        "total": 855,
        "saving": 95,
        "credit": 300,
        "to_pay": 555,
        "items": "Oat latte, Cinnamon bun",
    }
    (order,) = someone.last.effects.orders
    assert [(line.sku, line.unit_minor, line.discount_minor) for line in order.lines] == [
        ("LATTE", 550, 55),
        ("BUN", 400, 40),
    ]
    assert (order.total_minor, order.discount_minor, order.credit_minor, order.cash_minor) == (
        855,
        95,
        300,
        555,
    )
    assert result["earned"] == 27, "of what was paid in cash"
    assert someone.last.books.spendable(someone.last.now) == 27
    (call,) = someone.last.effects.calls
    assert (call.kind, call.payload["bundle"], call.payload["to_pay_minor"]) == (
        "order.placed",
        "breakfast",
        555,
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"bundle": "spanish"}, "bundle_gone"),
        ({"bundle": "dear"}, "bundle_gone"),
        ({"bundle": "none"}, "bundle_gone"),
        ({"bundle": "breakfast", "to_pay": 854}, "price_changed"),
    ],
)
def test_what_cannot_be_is_told(arguments: dict[str, object], code: str) -> None:
    someone = member()
    with pytest.raises(TellMember) as caught:
        someone.does(order_bundle, **arguments)  # type: ignore[arg-type]  # what a case says
    assert caught.value.code == code
    assert code in order_bundle.problems
    assert not someone.turns


def counted(**units: int) -> Member:
    """A member of a shop that counts its products."""
    someone = member()
    products = {sku: replace(one, is_counted=True) for sku, one in someone.scene.products.items()}
    return Member(replace(someone.scene, products=products), {f"stock/{sku}": n for sku, n in units.items()})


def test_what_is_counted_is_taken_and_a_bundle_without_a_part_is_not_offered() -> None:
    someone = counted(LATTE=2, BUN=1, TEA=3)
    assert told(someone) == [("breakfast", 855, 95)], "there are three teas, and the bundle is of four"
    someone.does(order_bundle, bundle="breakfast", to_pay=855)
    assert someone.units == {"stock/LATTE": 1, "stock/BUN": 0, "stock/TEA": 3}
    (order,) = someone.last.effects.orders
    assert order.facts["_stock"] == {"LATTE": 1, "BUN": 1}, "so that it is put back when it is canceled"
    assert told(someone) == []
    with pytest.raises(TellMember) as caught:
        someone.does(order_bundle, bundle="breakfast", to_pay=855)
    assert (caught.value.code, caught.value.facts) == (
        "too_few",
        {"items": "Cinnamon bun", "skus": ["BUN"], "left": 0},
    )
    assert someone.units == {"stock/LATTE": 1, "stock/BUN": 0, "stock/TEA": 3}


def test_who_is_slower_orders_no_bundle_and_takes_no_part_of_it() -> None:
    someone = counted(LATTE=1, BUN=1, TEA=0)

    def somebody_else_takes_the_bun(turn: Turn) -> None:
        if any(take.counter == "stock/LATTE" for take in turn.snapshot.taken):
            someone.units["stock/BUN"] = 0

    def as_a_flow_does(turn: Turn) -> Mapping[str, JsonValue]:
        try:
            return order_bundle(turn) or {}
        except TellMember as problem:
            return {"code": problem.code}

    someone.prepare = somebody_else_takes_the_bun
    assert someone.does(as_a_flow_does, bundle="breakfast") == {"code": "too_few"}
    assert someone.units == {"stock/LATTE": 1, "stock/BUN": 0, "stock/TEA": 0}
    assert not someone.last.effects.orders
