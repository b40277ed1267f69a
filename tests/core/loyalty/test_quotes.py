"""What a basket comes to: exact, in a known order, and never more than it costs."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.loyalty.fields import in_currency
from bot.core.loyalty.offers import Offer, OfferRule
from bot.core.loyalty.quotes import CartLine, LineKind, Quote, part, quote, with_credit, without

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
TEA = CartLine("TEA", "Jasmine tea", 2, 350, "tea")
BEANS = CartLine("BEANS", "House beans", 1, 1400, "coffee")
MUG = CartLine("MUG", "Mug", 1, 999, "things")
SHIPPING = CartLine("", "Shipping", 1, 495, kind=LineKind.SHIPPING)
CARD = CartLine("CARD", "Gift card", 1, 2500, kind=LineKind.GIFT_CARD)
_NUMBERS = count(1)


def offer(**written: object) -> Offer:
    with in_currency(2):
        rule = OfferRule.model_validate({"title": "Off", **written})
    number = next(_NUMBERS)
    given_at = NOW - timedelta(days=1)
    starts_at, ends_at = rule.lasts(given_at, "UTC")
    return Offer(f"{number:032x}", "rule", f"CODE{number}", rule.terms, given_at, starts_at, ends_at)


def discounts(quoted: Quote) -> list[int]:
    return [line.discount_minor for line in quoted.lines]


def reasons(quoted: Quote) -> list[str]:
    return [left.reason for left in quoted.left]


def test_a_percent_is_floored_once_and_spread_over_the_lines() -> None:
    quoted = quote([TEA, BEANS, MUG], [offer(percent="15%")], NOW)
    assert quoted.discount_minor == 464  # of 30.99: 4.6485
    assert discounts(quoted) == [105, 210, 149]
    assert quoted.to_pay_minor == 3099 - 464


def test_an_amount_is_never_more_than_there_is_to_take_it_off() -> None:
    assert quote([TEA], [offer(amount="9.00")], NOW).discount_minor == 700
    assert discounts(quote([TEA, BEANS], [offer(amount="9.00", category="coffee")], NOW)) == [0, 900]


def test_an_offer_on_some_products_leaves_the_others_alone() -> None:
    assert discounts(quote([TEA, BEANS, SHIPPING], [offer(percent="50%", sku=["TEA"])], NOW)) == [350, 0, 0]
    assert discounts(quote([TEA, BEANS, SHIPPING], [offer(percent="50%")], NOW)) == [350, 700, 0]


def test_at_most_is_at_most() -> None:
    assert quote([BEANS], [offer(percent="50%", most="3.00")], NOW).discount_minor == 300


def test_shipping_and_one_product_can_be_free() -> None:
    assert discounts(quote([TEA, SHIPPING], [offer(free_shipping=True)], NOW)) == [0, 495]
    assert discounts(quote([TEA, SHIPPING], [offer(free_product="TEA")], NOW)) == [350, 0]


def test_offers_apply_in_their_order_each_on_what_is_left() -> None:
    offers = [
        offer(amount="5.00"),
        offer(percent="10%"),
        offer(free_product="TEA"),
        offer(free_shipping=True),
    ]
    quoted = quote([TEA, BEANS, SHIPPING], offers, NOW)
    assert [applied.kind.value for applied in quoted.applied] == ["product", "percent", "amount", "shipping"]
    assert [applied.discount_minor for applied in quoted.applied] == [350, 175, 500, 495]


def test_an_offer_that_does_not_stack_applies_alone_where_it_takes_off_more() -> None:
    alone, one, other = offer(percent="30%", stacks=False), offer(amount="3.00"), offer(amount="1.00")
    quoted = quote([BEANS], [one, alone, other], NOW)
    assert [applied.code for applied in quoted.applied] == [alone.code]
    assert {left.wanted: left.reason for left in quoted.left} == {
        one.code: "not_with_others",
        other.code: "not_with_others",
    }


def test_together_they_apply_where_that_takes_off_more_or_as_much() -> None:
    alone, one, other = offer(percent="30%", stacks=False), offer(amount="3.00"), offer(amount="1.20")
    quoted = quote([BEANS], [alone, one, other], NOW)
    assert [applied.code for applied in quoted.applied] == [one.code, other.code]
    assert [(left.wanted, left.reason) for left in quoted.left] == [(alone.code, "not_with_others")]


def test_why_an_offer_does_not_apply_is_said() -> None:
    used = offer(percent="5%").held("other", NOW + timedelta(hours=1), NOW)
    quoted = quote(
        [TEA],
        [
            offer(percent="5%", at_least="10.00"),
            offer(percent="5%", category="coffee"),
            offer(percent="5%", until="2026-11-23"),
            offer(percent="5%", **{"from": "2026-11-26"}),
            used,
            used.spent("other", NOW),
        ],
        NOW,
    )
    assert reasons(quoted) == ["basket_too_small", "nothing_fits", "ended", "not_yet", "held", "used"]
    assert quoted.left[0].facts == {"missing_minor": 300}
    assert quoted.discount_minor == 0


def test_what_finds_nothing_left_is_not_used_up() -> None:
    quoted = quote([TEA], [offer(percent="100%"), offer(amount="1.00")], NOW)
    assert reasons(quoted) == ["nothing_left"]


def test_credit_pays_after_discounts_and_never_for_a_gift_card() -> None:
    quoted = with_credit(quote([TEA, SHIPPING, CARD], [offer(percent="50%")], NOW), 5000)
    assert [line.credit_minor for line in quoted.lines] == [350, 495, 0]
    assert quoted.to_pay_minor == 2500


def test_an_offer_can_be_taken_out_again() -> None:
    one, other = offer(percent="10%"), offer(amount="1.00")
    quoted = without(quote([BEANS], [one, other], NOW), one.id, "budget_spent")
    assert (discounts(quoted), reasons(quoted)) == ([100], ["budget_spent"])


def test_a_part_keeps_its_share_of_discounts_and_credit() -> None:
    quoted = with_credit(quote([TEA, BEANS], [offer(percent="10%")], NOW), 1000)
    assert [(line.discount_minor, line.credit_minor) for line in quoted.lines] == [(70, 333), (140, 667)]
    some = part(quoted, [1, 1])
    assert [(line.discount_minor, line.credit_minor) for line in some.lines] == [(35, 166), (140, 667)]
    assert part(quoted, [2, 1]) == quoted
    assert part(quoted, [0, 0]).gross_minor == 0


def test_a_free_product_stays_free_in_a_part() -> None:
    quoted = quote([TEA], [offer(free_product="TEA")], NOW)
    assert part(quoted, [1]).to_pay_minor == 0


LINES = st.builds(
    CartLine,
    sku=st.sampled_from(["TEA", "BEANS", "MUG"]),
    name=st.just("Something"),
    quantity=st.integers(1, 5),
    unit_minor=st.integers(0, 3000),
    category=st.sampled_from(["tea", "coffee"]),
    kind=st.sampled_from(LineKind),
)
OFFERS = st.one_of(
    st.builds(
        lambda rate, stacks: offer(percent=f"{rate}%", stacks=stacks), st.integers(1, 100), st.booleans()
    ),
    st.builds(
        lambda cents, stacks: offer(amount=cents / 100, stacks=stacks), st.integers(1, 5000), st.booleans()
    ),
    st.builds(lambda most: offer(free_shipping=True, most=most / 100), st.integers(1, 3000)),
    st.just({"free_product": "TEA"}).map(lambda written: offer(**written)),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(LINES, min_size=1, max_size=6), st.lists(OFFERS, max_size=5), st.integers(0, 10_000), st.data()
)
def test_discounts_credit_and_cash_make_up_the_price_by_line_and_in_part(
    cart: list[CartLine], offers: list[Offer], credit: int, data: st.DataObject
) -> None:
    quoted = with_credit(quote(cart, offers, NOW), credit)
    quantities = data.draw(st.tuples(*(st.integers(0, line.quantity) for line in cart)))
    for each, most in ((quoted, credit), (part(quoted, quantities), quoted.credit_minor)):
        for line in each.lines:
            assert min(line.discount_minor, line.credit_minor, line.cash_minor) >= 0
            assert line.discount_minor + line.credit_minor + line.cash_minor == line.line.gross_minor
            assert line.line.kind is not LineKind.GIFT_CARD or line.cash_minor == line.line.gross_minor
        assert each.credit_minor <= most
        assert each.discount_minor == sum(applied.discount_minor for applied in each.applied)
    said = {applied.code for applied in quoted.applied} | {left.wanted for left in quoted.left}
    assert said == {offer.code for offer in offers}, "of each offer it is said what became of it"


@pytest.mark.parametrize("quantities", [[3, 1], [-1, 1]])
def test_no_part_is_more_than_all(quantities: list[int]) -> None:
    with pytest.raises(AssertionError, match="more than all"):
        part(quote([TEA, BEANS], [], NOW), quantities)
