"""What earning is asked and what it answers: a sale, what was before, and the gains of each rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from bot.core.loyalty.funds import Fund
from bot.core.loyalty.rules import Cap, Earning

MAIN = "main"
"""The wallet of the program's own currency."""
ORDER, EVENT = "order", "event"
"""What may have earned something."""


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One line of an order as earning sees it; `gross_minor` is the price of all its items.

    `kind` is what it is: `product`, `shipping`, `tax` or `gift_card`. `tax_minor` is the part of the price
    that is tax. `earns` is False for what the shop says never earns.
    """

    sku: str
    category: str
    quantity: int
    gross_minor: int
    discount_minor: int = 0
    credit_minor: int = 0
    tax_minor: int = 0
    kind: str = "product"
    earns: bool = True

    @property
    def cash_minor(self) -> int:
        """Net cash paid for the line."""
        return self.gross_minor - self.discount_minor - self.credit_minor


@dataclass(frozen=True, slots=True)
class Sale:
    """An order as earning sees it."""

    id: str
    placed_at: datetime
    currency: str
    lines: tuple[SoldLine, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Bought:
    """What an earlier order had in it."""

    order_id: str
    at: datetime
    skus: frozenset[str]
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was earned, and how much; what was taken back since counts all the same."""

    times: int = 0
    granted_minor: int = 0


class Past(Protocol):
    """What happened to the member before, asked only where a rule needs it."""

    def granted(self, wallet: str, rule: str | None, since: datetime | None) -> Tally:
        """What a rule (None: all of them) gave into a wallet since then (None: ever)."""

    def bought(self, since: date) -> Sequence[Bought]:
        """The member's orders since a day, cancelled ones left out; earlier ones may be among them."""

    def is_proven(self, rule: str, proof: str) -> bool:
        """Whether a rule has given for this proof."""


class Limit(StrEnum):
    """What kept something from being granted."""

    TIMES = "times"
    CREDIT = "credit"
    CAP = "cap"
    FUND = "fund"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class Because:
    """Why a grant is `less_minor` less than desired; `of` names the period or the fund, `most` the limit."""

    limit: Limit
    less_minor: int
    of: str = ""
    most: int = 0

    def as_text(self) -> str:
        """Return it as it is stored: `cap order 200 -150`; `because_of` reads it back."""
        return f"{self.limit.value} {self.of} {self.most} -{self.less_minor}"


def because_of(text: str) -> Because:
    """Read what `Because.as_text` wrote."""
    limit, of, most, less = text.split(" ")
    return Because(Limit(limit), -int(less), of, int(most))


@dataclass(frozen=True, slots=True)
class Gain:
    """What one rule gives: `granted` of the `desired`, and by line; in the units of its wallet.

    `policy` names the revision of the file that the rule is of where that is not the program's own.
    """

    rule: str
    wallet: str
    desired: int
    granted: int
    by_line: tuple[int, ...] = ()
    because: tuple[Because, ...] = ()
    fund: str = ""
    policy: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Earnings:
    """All that a source earns, by rule; `left_out` says why other rules of that day give nothing."""

    gains: tuple[Gain, ...] = ()
    base_minor: int = 0
    left_out: Mapping[str, str] | None = None

    def total(self, wallet: str = MAIN) -> int:
        """What is granted into one wallet."""
        return sum(gain.granted for gain in self.gains if gain.wallet == wallet)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the program says beside its rules: the unit, the funds, the shop's zone.

    `point_minor` is the smallest amount of the wallet, `caps` are in its currency. For an order in another
    currency than the program's, `is_own_currency` is False: amounts that rules name mean nothing there, so
    rates and multipliers alone count.
    """

    earning: Earning
    point_minor: int
    zone: str
    funds: Mapping[str, Fund]
    caps: tuple[Cap, ...] = ()
    wallet: str = MAIN
    is_own_currency: bool = True
