"""What credit that was not spent yet is worth in the books of a shop: deferred revenue, as IFRS 15 has it.

Credit given with a sale is a material right: part of the price is for it (B40), allocated by what goods and
credit would cost alone, and becomes revenue as credit is spent, of what is expected to be spent (B42, B46).
https://www.ifrs.org/issued-standards/list-of-standards/ifrs-15-revenue-from-contracts-with-customers/
"""

from fractions import Fraction


def allocated(price_minor: int, goods_minor: int, credit: Fraction) -> Fraction:
    """Return the part of a price that is for the credit given with it.

    `goods_minor` is what the goods would cost alone; `credit` what the credit is worth: its face value, less
    what is expected never to be spent.
    """
    whole = goods_minor + credit
    return price_minor * credit / whole if whole else Fraction(0)


def recognised(for_credit: Fraction, spent_minor: int, expected: Fraction) -> Fraction:
    """Return how much of what was allocated is revenue by now: as spent is to all that will ever be spent.

    Cumulative: what of it was recognised before is taken off, also where expectations have changed.
    """
    if expected <= 0:
        return for_credit  # nobody will ever ask for it
    return for_credit * min(Fraction(1), spent_minor / expected)


def half_up(amount: Fraction) -> int:
    """Round to whole minor units, a half away from nothing."""
    whole = int(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole
