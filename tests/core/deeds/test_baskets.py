"""Baskets: who pays for what adds up by line and in sum, whatever is in them and wherever they go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import Product
from bot.core.deeds.baskets import Basket, order_of, place_priced, price
from bot.core.ledger.entries import Reason
from bot.core.loyalty.offers import Offer, Terms
from bot.core.loyalty.offers import OfferKind as Kind
from bot.core.loyalty.orders import line_cash_minor, other_credit_minor
from bot.core.loyalty.places import Delivery, Selling, address_of
from bot.core.loyalty.program import Program
from bot.core.turn import Turn
from tests.handlers.scene import NOW, Scene

SKUS = ("TEA", "BUN", "MUG", "CARD")
PROGRAM = Program.model_validate(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "offers": {"any": {"title": "Any", "percent": "10%"}},
        "bundles": [
            {"id": "pair", "name": "Pair", "items": ["TEA", "BUN"], "less_share": "15%"},
            {"id": "three", "name": "Three", "items": [{"sku": "MUG", "quantity": 3}], "less": "0.37"},
        ],
    }
)
HOME = address_of("Ana", "5 Elm Street")
_SOME_TERMS = st.one_of(
    st.builds(
        Terms,
        kind=st.just(Kind.PERCENT),
        title=st.just({"": "Percent"}),
        rate=st.fractions(min_value="1/100", max_value=1, max_denominator=100),
        stacks=st.booleans(),
    ),
    st.builds(
        Terms,
        kind=st.just(Kind.AMOUNT),
        title=st.just({"": "Amount"}),
        amount_minor=st.integers(1, 3000),
        stacks=st.booleans(),
    ),
    st.builds(Terms, kind=st.just(Kind.SHIPPING), title=st.just({"": "Free shipping"})),
)


def an_offer(number: int, terms: Terms) -> Offer:
    return Offer(
        id=f"{number:030x}05",
        rule="any",
        code=f"CODE{number}",
        terms=terms,
        given_at=NOW - timedelta(days=1),
        starts_at=NOW - timedelta(days=1),
        ends_at=None,
    )


@st.composite
def turns(draw: st.DrawFn) -> tuple[Turn, Basket]:
    """A member with some credit and offers, and a basket."""
    prices = {sku: draw(st.integers(1, 4000)) for sku in SKUS}
    products = {sku: Product(sku, sku.title(), "any", minor) for sku, minor in prices.items()}
    goods = draw(st.dictionaries(st.sampled_from(SKUS), st.integers(1, 5), min_size=1))
    fee = draw(st.integers(0, 900))
    selling = Selling(delivery=Delivery({"": "Delivery"}, fee, draw(st.none() | st.integers(1, 9000))))
    offers: Sequence[Terms] = draw(st.lists(_SOME_TERMS, max_size=3))
    scene = Scene(
        credit_minor=draw(st.integers(0, 6000)),
        program=PROGRAM,
        products=products,
        past={"offers": tuple(an_offer(number, terms) for number, terms in enumerate(offers))},
    )
    turn = scene.turn()
    turn.shop = replace(turn.shop, selling=selling)
    place = HOME if draw(st.booleans()) else None
    use_credit = draw(st.sampled_from([None, True, False]))
    return turn, Basket(tuple((products[sku], n) for sku, n in goods.items()), place, use_credit)


@given(turns())
def test_cash_credit_and_discounts_are_the_price_to_the_last_cent(made: tuple[Turn, Basket]) -> None:
    turn, basket = made
    spendable = turn.books.spendable(turn.now)
    priced = price(turn, basket)
    quoted = priced.quote
    for line in quoted.lines:
        assert line.discount_minor + line.credit_minor + line.cash_minor == line.line.gross_minor
        assert min(line.discount_minor, line.credit_minor, line.cash_minor) >= 0
    assert quoted.discount_minor + quoted.credit_minor + quoted.to_pay_minor == quoted.gross_minor
    assert quoted.credit_minor == (
        0 if basket.use_credit is False else min(spendable, quoted.gross_minor - quoted.discount_minor)
    )
    order = order_of(turn, priced, "f" * 30 + "05", "app")
    assert order.total_minor - order.credit_minor == quoted.to_pay_minor
    assert (
        order.total_minor
        == sum(line.gross_minor - line.discount_minor for line in order.lines) + order.shipping_minor
    )
    paid_in_cash = sum(map(line_cash_minor, order.lines)) + order.shipping_minor - other_credit_minor(order)
    assert paid_in_cash == quoted.to_pay_minor


@given(turns())
def test_what_is_placed_spends_what_was_quoted_and_no_more(made: tuple[Turn, Basket]) -> None:
    turn, basket = made
    before = turn.books.spendable(turn.now)
    priced = price(turn, basket)
    settled = place_priced(turn, priced, "f" * 30 + "05", "app")
    spent = [entry for entry in turn.books.entries if entry.reason is Reason.REDEEM]
    assert sum(entry.total_minor for entry in spent) == priced.quote.credit_minor
    assert turn.books.spendable(turn.now) == before - priced.quote.credit_minor + settled.granted_minor
    (call,) = turn.effects.calls
    assert call.payload["to_pay_minor"] == priced.quote.to_pay_minor
    assert (settled.order.total_minor, settled.order.credit_minor) == (
        priced.quote.gross_minor - priced.quote.discount_minor,
        priced.quote.credit_minor,
    )


@given(turns())
def test_a_bundle_never_makes_a_basket_dearer(made: tuple[Turn, Basket]) -> None:
    turn, basket = made
    plain = turn.shop.program.model_copy(update={"bundles": ()})
    with_bundles = price(turn, basket).quote
    turn.shop = replace(turn.shop, program=plain)
    assert with_bundles.discount_minor >= price(turn, basket).quote.discount_minor
