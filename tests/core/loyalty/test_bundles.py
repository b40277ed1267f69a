"""A bundle saves what the prices of now make of it, to the cent, or is not offered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.contact import Product
from bot.core.loyalty.bundles import Bundle, Priced

PRODUCTS = {
    "LATTE": Product("LATTE", "Oat latte", "coffee", 550),
    "BUN": Product("BUN", "Cinnamon bun", "bakery", 400),
    "BEANS": Product("BEANS", "House beans", "beans", 1400),
}


def a_bundle(**changed: object) -> Bundle:
    written = {"id": "breakfast", "name": "Breakfast", "items": ["LATTE", "BUN"], "price": "8.50", **changed}
    return Bundle.model_validate({name: value for name, value in written.items() if value is not None})


def priced(bundle: Bundle) -> Priced:
    found = bundle.priced(PRODUCTS)
    assert found is not None
    return found


def test_the_saving_is_what_prices_make_of_it() -> None:
    found = priced(a_bundle())
    assert (found.apart_minor, found.price_minor, found.saving_minor) == (950, 850, 100)
    assert found.off_by_item == (58, 42)
    dearer = {**PRODUCTS, "BUN": Product("BUN", "Cinnamon bun", "bakery", 450)}
    later = a_bundle().priced(dearer)
    assert later is not None
    assert later.saving_minor == 150


@pytest.mark.parametrize(
    ("way", "price"),
    [({"price": None, "less": "1.20"}, 830), ({"price": None, "less_share": "10%"}, 855)],
)
def test_it_costs_less_by_an_amount_or_a_share(way: dict[str, object], price: int) -> None:
    assert priced(a_bundle(**way)).price_minor == price


def test_several_of_one_are_a_refill() -> None:
    refill = a_bundle(items=[{"sku": "BEANS", "quantity": 2}], price=None, less_share="15%")
    assert refill.is_refill
    assert priced(refill).price_minor == 2380
    assert not a_bundle().is_refill


@pytest.mark.parametrize("price", ["9.50", "12.00"])
def test_what_saves_nothing_any_more_is_not_offered(price: str) -> None:
    assert a_bundle(price=price).priced(PRODUCTS) is None


def test_what_is_not_sold_any_more_is_not_offered() -> None:
    assert a_bundle(items=["LATTE", "TEA"]).priced(PRODUCTS) is None
    assert a_bundle(price=None, less="9.50").priced(PRODUCTS) is None


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({"less": "1.00"}, "one of `price`, `less`"),
        ({"price": None}, "one of `price`, `less`"),
        ({"price": None, "less_share": "100%"}, "a share like 10%"),
        ({"items": ["LATTE"]}, "add another"),
        ({"items": ["LATTE", "LATTE"]}, "write its `quantity`"),
        ({"items": []}, "at least 1"),
        ({"saving": "1.00"}, "saving"),
    ],
)
def test_mistakes_come_with_a_remedy(changed: dict[str, object], remedy: str) -> None:
    with pytest.raises(ValidationError, match=remedy):
        a_bundle(**changed)


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 10_000)), min_size=2, max_size=5),
    st.integers(1, 99),
)
def test_what_each_part_costs_less_sums_to_the_saving(parts: list[tuple[int, int]], percent: int) -> None:
    products = {f"S{n}": Product(f"S{n}", "x", "y", price) for n, (_, price) in enumerate(parts)}
    items = [{"sku": f"S{n}", "quantity": quantity} for n, (quantity, _) in enumerate(parts)]
    bundle = a_bundle(items=items, price=None, less_share=f"{percent}%")
    found = bundle.priced(products)
    apart = [quantity * price for quantity, price in parts]
    if found is None:
        assert sum(apart) * percent < 100, "only what is worth less than a cent saves nothing"
        return
    assert sum(found.off_by_item) == found.saving_minor == sum(apart) - found.price_minor
    assert all(0 <= off <= whole for off, whole in zip(found.off_by_item, apart, strict=True))
    assert found.saving_minor == sum(apart) * percent // 100, "rounded for the shop: no text promises more"
