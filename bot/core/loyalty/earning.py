"""What an order earns: a rational share of the net cash paid, floored once, spread exactly over its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class PaidLine:
    """How one line of an order was paid; its cash is what neither discount nor credit covered.

    `earns` is False for what never earns, like tax, shipping and gift cards.
    """

    gross_minor: int
    discount_minor: int = 0
    credit_minor: int = 0
    earns: bool = True

    @property
    def cash_minor(self) -> int:
        """Net cash paid for the line."""
        return self.gross_minor - self.discount_minor - self.credit_minor


@dataclass(frozen=True, slots=True)
class Earned:
    """What an order earns, and by line, in the order of the lines; the lines sum to the total."""

    total_minor: int
    by_line_minor: tuple[int, ...]
    base_minor: int


def earned(lines: Sequence[PaidLine], rate: Fraction, point_value_minor: int = 1) -> Earned:
    """Return what an order earns: whole points for `rate` of the cash that earns, floored once."""
    cash = [line.cash_minor if line.earns else 0 for line in lines]
    assert all(line.cash_minor >= 0 for line in lines), "no line is paid more than it costs"
    base = sum(cash)
    points = int(base * rate / point_value_minor)
    return Earned(
        total_minor=points * point_value_minor,
        by_line_minor=tuple(share * point_value_minor for share in spread(points, cash)),
        base_minor=base,
    )


def spread(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total` in proportion to `weights` so that the parts sum to it (largest remainder, then first).

    No part differs from its exact share by 1 or more. Weights that are all 0 get nothing of a `total` of 0.
    """
    assert all(weight >= 0 for weight in weights), "a weight is no debt"
    whole = sum(weights)
    if whole == 0:
        assert total == 0, "nothing to spread over"
        return (0,) * len(weights)
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return tuple(parts)
