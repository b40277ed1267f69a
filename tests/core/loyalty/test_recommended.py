"""What is recommended goes with what they bought, and is never what they have, gave back or cannot get."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.contact import Order, OrderLine, Product
from bot.core.loyalty.recommended import Affinities, Partner, recommended

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
PRODUCTS = {sku: Product(sku, sku.title(), "any", 400) for sku in ("FLT", "CRO", "SEN", "SCO", "MUG")}
GOES = Affinities(
    {
        "FLT": (Partner("CRO", 2.0), Partner("SCO", 1.5)),
        "SEN": (Partner("SCO", 1.4),),
    }
)


def order(*skus: str, days_ago: int = 10, status: str = "paid", returned: int = 0) -> Order:
    lines = tuple(OrderLine(sku, sku.title(), 1, 400, returned_quantity=returned) for sku in skus)
    return Order("a" * 32, "pos", NOW - timedelta(days=days_ago), lines, 400, status=status)


def sku(*orders: Order, goes: Affinities = GOES) -> str | None:
    product = recommended(orders, goes, PRODUCTS, NOW)
    return product.sku if product is not None else None


def test_it_is_what_goes_with_what_they_bought() -> None:
    assert sku(order("FLT")) == "CRO"
    assert sku(order("SEN")) == "SCO"


def test_what_goes_with_several_things_adds_up() -> None:
    goes = Affinities({"FLT": (Partner("CRO", 1.6), Partner("SCO", 1.5)), "SEN": (Partner("SCO", 1.5),)})
    assert sku(order("SEN"), order("FLT", days_ago=30), goes=goes) == "SCO"


def test_it_is_never_what_they_just_bought() -> None:
    assert sku(order("FLT", "CRO")) == "SCO"
    assert sku(order("FLT", days_ago=1), order("CRO", days_ago=6)) == "SCO"
    assert sku(order("FLT", days_ago=1), order("CRO", days_ago=8)) == "CRO"


def test_nor_what_they_gave_back() -> None:
    assert sku(order("FLT"), order("CRO", days_ago=40, returned=1)) == "SCO"
    assert sku(order("FLT"), order("CRO", days_ago=40, status="refunded")) == "SCO"


def test_nor_what_cannot_be_had() -> None:
    assert sku(order("FLT"), goes=replace(GOES, gone=frozenset({"CRO"}))) == "SCO"
    goes = Affinities({"FLT": (Partner("OFF_THE_MENU", 9.0), Partner("SCO", 1.5))})
    assert sku(order("FLT"), goes=goes) == "SCO"


def test_without_partners_it_is_what_they_liked_before() -> None:
    assert sku(order("FLT"), order("MUG", days_ago=60), goes=Affinities()) == "MUG"


def test_what_was_canceled_says_nothing() -> None:
    assert sku(order("FLT", status="canceled")) is None


def test_of_a_newcomer_nothing_is_known() -> None:
    assert sku() is None
