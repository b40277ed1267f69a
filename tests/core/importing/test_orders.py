"""Orders of the past are what `priced` makes of the same lines, or told why they cannot be."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contact import Order, OrderLine
from bot.core.importing.kinds import KINDS
from bot.core.importing.mapping import guessed
from bot.core.importing.orders import PastOrder, line_of, order_of, told_as_report
from bot.core.importing.rows import Rejected, RowReader
from bot.core.importing.values import How
from bot.core.loyalty.orders import priced

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AT = datetime(2026, 1, 1, tzinfo=UTC)
HEADERS = ("external", "order", "at", "sku")
READER = RowReader(guessed(KINDS["orders"], HEADERS), HEADERS, How(ZoneInfo("UTC")))
FOUND = {"external": "u1", "order": "A1", "at": AT, "sku": "tea"}


def order(*rows: dict[str, object], **whole: object) -> PastOrder:
    lines = [line_of({"sku": "tea", **row}) for row in rows]
    return order_of({**FOUND, **whole}, READER, lines, NOW)


_lines = st.lists(
    st.integers(0, 50).flatmap(
        lambda quantity: st.integers(0, 10_000).flatmap(
            lambda gross: st.integers(0, gross).map(
                lambda discount: {"quantity": quantity, "price": gross, "discount": discount}
            )
        )
    ),
    min_size=1,
    max_size=6,
)


@given(_lines, st.integers(0, 999), st.integers(0, 999))
def test_an_order_costs_what_the_books_say_it_costs(
    rows: list[dict[str, object]], shipping: int, tax: int
) -> None:
    past = order(*rows, shipping=shipping, tax=tax)
    lines = tuple(
        OrderLine(line.sku, line.name, line.quantity, line.unit_minor, discount_minor=line.discount_minor)
        for line in past.lines
    )
    booked = priced(Order("", "", AT, lines, 0, shipping_minor=shipping, tax_minor=tax))
    assert past.total_minor == booked.total_minor
    assert past.cash_minor == booked.cash_minor
    assert past.discount_minor == booked.discount_minor
    assert sum(line.gross_minor for line in booked.lines) == sum(int(str(row["price"])) for row in rows)


@pytest.mark.parametrize(
    ("row", "gross", "discount"),
    [
        ({"price": 1000}, 1000, 0),
        ({"price": 1000, "paid": 900}, 1000, 100),
        ({"paid": 900, "discount": 100}, 1000, 100),
        ({"unit_price": 250, "quantity": 4}, 1000, 0),
        ({"price": 1000, "quantity": 3}, 1000, 0),
        ({"price": 0, "quantity": 0}, 0, 0),
    ],
)
def test_a_line_costs_what_was_told_of_it(row: dict[str, object], gross: int, discount: int) -> None:
    line = line_of({"sku": "tea", **row})
    assert (line.quantity * line.unit_minor, line.discount_minor) == (gross, discount)
    assert line.said == row.get("quantity", 1)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"price": 1000, "paid": 1100},
        {"price": 1000, "paid": 900, "discount": 50},
        {"price": 1000, "discount": 1100},
        {"price": 1000, "discount": 100, "returned": 901},
    ],
)
def test_amounts_that_do_not_add_up_are_rejected(row: dict[str, object]) -> None:
    with pytest.raises(Rejected):
        line_of({"sku": "tea", **row})


def test_what_all_came_back_is_refunded() -> None:
    assert order({"price": 500, "returned": 500}).status == "refunded"
    partly = order({"price": 500, "returned": 200, "returned_at": NOW})
    assert (partly.status, partly.refunded_minor, partly.returned_at) == ("paid", 200, NOW)
    assert order({"price": 500, "returned": 500}, status="canceled").status == "canceled"


def test_of_a_refunded_order_all_came_back_where_no_row_says_how_much() -> None:
    sold: tuple[dict[str, object], ...] = ({"price": 500, "discount": 100}, {"price": 250, "quantity": 2})
    past = order(*sold, status="refunded", shipping=90)
    assert [line.returned_minor for line in past.lines] == [400, 250]
    assert (past.refunded_minor, past.cash_minor, past.returned_at) == (650, 650, AT)
    assert told_as_report(past)["returned"] == {"everything": True}
    assert order(*sold).refunded_minor == order(*sold, status="canceled").refunded_minor == 0
    assert order({"price": 500, "returned": 300}, status="refunded").refunded_minor == 300
    assert order({"price": 500, "returned_at": NOW}, status="refunded").returned_at == NOW
    assert order({"price": 500, "returned": 0}, status="refunded").refunded_minor == 500


def test_what_cannot_be_is_rejected() -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    with pytest.raises(Rejected, match="at: '2027-01-01T00:00:00\\+00:00' is still to come"):
        order({"price": 1}, at=later)
    with pytest.raises(Rejected, match=r"returned_at: .* is still to come"):
        order({"price": 5, "returned": 1, "returned_at": later})
    with pytest.raises(Rejected, match="facts: names that begin with _ are ours"):
        order({"price": 1}, facts={"_waits": True})
    with pytest.raises(Rejected, match="whom: nobody is named"):
        order({"price": 1}, external="")
    with pytest.raises(Rejected, match="whom: nobody is named"):
        order({"price": 1}, **READER.read(("null", "A1", AT, "tea")))


def test_an_order_that_earns_is_told_as_the_shop_would() -> None:
    told = told_as_report(order({"price": 500, "quantity": 2, "returned": 250}, status="fulfilled"))
    assert told["status"] == "fulfilled"
    assert told["lines"] == [
        {"sku": "tea", "name": "tea", "category": "", "quantity": 2, "unit_minor": 250, "discount_minor": 0}
    ]
    assert told["returned"] == {"lines": [{"sku": "tea", "amount_minor": 250}]}
