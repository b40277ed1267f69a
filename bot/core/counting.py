"""Units that many may take from and nobody more than there are: budgets, stock, the places of a drop."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Take:
    """Units that a turn wants of a counter; `number` tells several takes of one turn apart.

    `of` is how many the counter has when nobody took any; None: it must be there. With `partial` what is
    left will do.
    """

    number: int
    counter: str
    units: int
    of: int | None = None
    partial: bool = False

    def granted(self, left: int) -> int:
        """How many units it gets where so many are left."""
        if self.partial:
            return max(0, min(self.units, left))
        return self.units if self.units <= left else 0
