"""What comes back of an order, and what follows from it: always all of it so far, never "one more".

Whatever was told, in whichever order and however often, comes to the same: the most that was said of each
line, and of the order as a whole. From that follows by the cumulative law, floored once, how much credit
goes back into the lots that paid, and how much of what was earned is taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Self

from bot.core.contact import JsonValue, Order, OrderLine
from bot.core.loyalty.orders import (
    REFUNDED,
    is_at_least,
    later,
    line_cash_minor,
    net_minor,
    total_cash_minor,
)

_ALL, _NOTHING = Fraction(1), Fraction(0)
_TOLD = "_refund_told_minor"
"""The fact of an order in which stands how much cash its shop said went back for it as a whole."""
_PARTS = "_refunds"
"""The fact of an order in which stand the refunds that were told each by itself."""


@dataclass(frozen=True, slots=True)
class Back:
    """How much of one thing came back so far: so many of it, so much cash for it (without shipping, tax)."""

    quantity: int = 0
    amount_minor: int = 0

    def __or__(self, other: "Back") -> "Back":
        """Return the most that both say."""
        return Back(max(self.quantity, other.quantity), max(self.amount_minor, other.amount_minor))


@dataclass(frozen=True, slots=True)
class Return:
    """What was told of an order's return, all of it so far: by SKU, or as cash for the order as a whole.

    `is_all` says that everything came back, whatever was paid for it. `parts` are refunds that were told each
    by itself, by their own ids: what they gave back adds up.
    """

    by_sku: Mapping[str, Back] = field(default_factory=dict)
    amount_minor: int = 0
    is_all: bool = False
    parts: Mapping[str, "Return"] = field(default_factory=dict)

    def __or__(self, other: "Return") -> "Return":
        """Return what both tell together, whichever came first."""
        skus = {*self.by_sku, *other.by_sku}
        return Return(
            {sku: self.by_sku.get(sku, Back()) | other.by_sku.get(sku, Back()) for sku in sorted(skus)},
            max(self.amount_minor, other.amount_minor),
            self.is_all or other.is_all,
            {
                part: self.parts.get(part, Return()) | other.parts.get(part, Return())
                for part in sorted({*self.parts, *other.parts})
            },
        )

    @property
    def in_all(self) -> "Return":
        """What came back in all: the most that was told of it at once, or by its parts together."""
        by_sku: dict[str, Back] = {}
        for part in self.parts.values():
            for sku, back in part.by_sku.items():
                before = by_sku.get(sku, Back())
                by_sku[sku] = Back(before.quantity + back.quantity, before.amount_minor + back.amount_minor)
        return replace(self, parts={}) | Return(
            by_sku,
            sum(part.amount_minor for part in self.parts.values()),
            any(part.is_all for part in self.parts.values()),
        )

    def to_json(self) -> dict[str, JsonValue]:
        """Return it as it is stored."""
        written: dict[str, JsonValue] = {
            "by_sku": {sku: [back.quantity, back.amount_minor] for sku, back in self.by_sku.items()},
            "amount_minor": self.amount_minor,
            "all": self.is_all,
        }
        if self.parts:
            written["parts"] = {part: told.to_json() for part, told in self.parts.items()}
        return written

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Read it back."""
        return cls(
            {sku: Back(*back) for sku, back in written["by_sku"].items()},
            written["amount_minor"],
            written["all"],
            {part: cls.from_json(told) for part, told in written.get("parts", {}).items()},
        )


def returned(order: Order, told: Return) -> Order:
    """Return the order with what was told of its return; what it knew already stays.

    No more of a thing comes back than was sold; of one that stands in several lines, the first comes first.
    """
    parts = (Return(parts=parts_told(order)) | Return(parts=told.parts)).parts
    told = replace(told, parts=parts).in_all
    left = dict(told.by_sku)
    lines = []
    for line in order.lines:
        back = left.get(line.sku, Back())
        # By what it was sold for and not by its cash: credit may yet pay of it when this is told.
        here = Back(min(back.quantity, line.quantity), min(back.amount_minor, net_minor(line)))
        left[line.sku] = Back(back.quantity - here.quantity, back.amount_minor - here.amount_minor)
        lines.append(
            replace(
                line,
                returned_quantity=max(line.returned_quantity, here.quantity),
                returned_minor=max(line.returned_minor, here.amount_minor),
            )
        )
    amount = max(told_minor(order), min(told.amount_minor, order.total_minor))
    facts = {**order.facts, _TOLD: amount} if amount else order.facts
    if parts:
        facts = {**facts, _PARTS: {part: one.to_json() for part, one in parts.items()}}
    after = replace(order, lines=tuple(lines), facts=facts)
    found = shares(after)
    if told.is_all or (order.lines and (found.whole == _ALL or set(found.by_line) == {_ALL})):
        return replace(after, status=later(order.status, REFUNDED))
    return after


def told_of(order: Order) -> Return:
    """Return what was told so far of an order's return by line: for lines that take the place of its own."""
    by_sku: dict[str, Back] = {}
    for line in order.lines:
        before = by_sku.get(line.sku, Back())
        by_sku[line.sku] = Back(
            before.quantity + line.returned_quantity, before.amount_minor + line.returned_minor
        )
    return Return(by_sku)


def parts_told(order: Order) -> Mapping[str, Return]:
    """Return the refunds of an order that were told each by itself, by their ids."""
    written = order.facts.get(_PARTS, {})
    assert isinstance(written, dict), "we wrote it ourselves"
    return {part: Return.from_json(told) for part, told in written.items() if isinstance(told, dict)}


def told_minor(order: Order) -> int:
    """Return how much cash was told to have gone back for the order as a whole, shipping and tax with it."""
    amount = order.facts.get(_TOLD, 0)
    assert isinstance(amount, int), "we wrote it ourselves"
    return amount


def reckoned(order: Order) -> Order:
    """Return the order with what its return comes to: in cash for its goods, and in credit."""
    cash = [line_cash_minor(line) for line in order.lines]
    return replace(
        order,
        refunded_minor=int(shares(order).of(cash) * sum(cash)),
        returned_credit_minor=int(share_of_credit(order) * order.credit_minor),
    )


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of an order came back, 0 to 1: of each line by what was told of it, and in cash of the whole.

    Cash for the whole has in it what was given back for its lines, so the two are never added.
    """

    by_line: tuple[Fraction, ...]
    whole: Fraction

    def of(self, amounts: Sequence[int]) -> Fraction:
        """Return how much of a sum came back: the most that its lines or the whole say; 0 of nothing.

        `amounts` are its parts by line; more parts than there are lines are of what is no line.
        """
        if not sum(amounts):
            return _NOTHING
        parts = zip(self.by_line, amounts, strict=False)
        by_line = sum((share * amount for share, amount in parts), _NOTHING) / sum(amounts)
        return max(by_line, self.whole)


def shares(order: Order) -> Shares:
    """Return how much of an order came back: of a line the most that items or cash say."""
    if is_at_least(order.status, REFUNDED):
        return Shares((_ALL,) * len(order.lines), _ALL)
    whole = _part(told_minor(order), total_cash_minor(order))
    by_line = tuple(
        max(
            _part(line.returned_quantity, line.quantity),
            _part(line.returned_minor, line_cash_minor(line)),
        )
        for line in order.lines
    )
    return Shares(by_line, whole)


def share_of_credit(order: Order) -> Fraction:
    """Return how much of the credit that paid an order goes back."""
    by_line = tuple(line.credit_minor for line in order.lines)
    return shares(order).of((*by_line, order.credit_minor - sum(by_line)))


def share_of_earned(order: Order, by_line: Sequence[int]) -> Fraction:
    """Return how much is taken back of what was granted by line; without lines, it is by what they cost.

    More parts than there are lines are of what is no line.
    """
    came_back = shares(order)
    if sum(by_line):
        return came_back.of(by_line)
    for what in (line_cash_minor, net_minor, _quantity):
        weights = [what(line) for line in order.lines]
        if sum(weights):
            return came_back.of(weights)
    return came_back.whole


def _part(some: int, all_of: int) -> Fraction:
    return min(_ALL, Fraction(some, all_of)) if some > 0 and all_of > 0 else _NOTHING


def _quantity(line: OrderLine) -> int:
    return line.quantity
