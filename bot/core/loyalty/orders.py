"""What an order comes to and who pays it: by line and in sum, cash + credit + discounts = gross.

An order is told again and again, in any order and more than once: whatever is said of it later only adds.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.contact import Order, OrderLine
from bot.core.loyalty.earning import spread

PLACED, PAID, FULFILLED, REFUNDED, CANCELED = "placed", "paid", "fulfilled", "refunded", "canceled"
STATUSES = (PLACED, PAID, FULFILLED, REFUNDED, CANCELED)
"""What becomes of an order, in this order; one that comes late never takes it back."""
APP = "app"
"""The source of orders that were placed at our pages."""


def later(one: str, other: str) -> str:
    """Return the status that an order has of which both were said, whichever was said first."""
    return max(one, other, key=_rank)


def is_at_least(status: str, reached: str) -> bool:
    """Whether a status is that one or follows it."""
    return _rank(status) >= _rank(reached)


def in_words(order: Order) -> str:
    """Say what was ordered."""
    return ", ".join(
        line.name if line.quantity == 1 else f"{line.quantity} x {line.name}" for line in order.lines
    )


def net_minor(line: OrderLine) -> int:
    """What of a line is to be paid, by cash or credit."""
    return line.gross_minor - line.discount_minor


def line_cash_minor(line: OrderLine) -> int:
    """Net cash paid for a line."""
    return net_minor(line) - line.credit_minor


def total_cash_minor(order: Order) -> int:
    """All cash that was paid, with shipping and tax."""
    return order.total_minor - order.credit_minor


def other_credit_minor(order: Order) -> int:
    """The credit that paid for what is no line: shipping and tax."""
    return order.credit_minor - sum(line.credit_minor for line in order.lines)


def priced(order: Order, discount_minor: int = 0) -> Order:
    """Return an order with all its sums; `discount_minor` is of the whole order, beside its lines' own."""
    nets = [net_minor(line) for line in order.lines]
    assert all(net >= 0 for net in nets), "no line is sold for less than nothing"
    assert 0 <= discount_minor <= sum(nets), "no more is taken off than there is"
    lines = [
        replace(line, discount_minor=line.discount_minor + share)
        for line, share in zip(order.lines, spread(discount_minor, nets), strict=True)
    ]
    total = sum(net_minor(line) for line in lines) + order.shipping_minor + order.tax_minor
    priced_order = replace(
        order,
        lines=tuple(lines),
        discount_minor=sum(line.discount_minor for line in lines),
        total_minor=total,
    )
    return paid_with(priced_order, min(order.credit_minor, total))


def paid_with(order: Order, credit_minor: int) -> Order:
    """Return an order of which credit pays so much: its goods, exactly spread over the lines, then the rest.

    What credit pays of a line was drawn from the order's lots together: a line has no lots of its own.
    """
    assert 0 <= credit_minor <= order.total_minor, "no more is paid than it costs"
    nets = [net_minor(line) for line in order.lines]
    return with_credit_by_line(order, credit_minor, spread(min(credit_minor, sum(nets)), nets))


def with_credit_by_line(order: Order, credit_minor: int, by_line: Sequence[int]) -> Order:
    """Return an order whose lines credit pays as a checkout said."""
    lines = tuple(replace(line, credit_minor=share) for line, share in zip(order.lines, by_line, strict=True))
    assert all(line_cash_minor(line) >= 0 for line in lines), "no line is paid more than it costs"
    cash = sum(line_cash_minor(line) for line in lines)
    return replace(order, lines=lines, credit_minor=credit_minor, cash_minor=cash)


def _rank(status: str) -> int:
    # What other shops' orders are called besides came before there were refunds here.
    return STATUSES.index(status) if status in STATUSES else 0
