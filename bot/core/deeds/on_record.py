"""What is on record of an order: itself, what paid it, what it earned, what was told before it was known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.contact import Order
from bot.core.ledger.books import Undoing
from bot.core.ledger.earned import EarnRecord
from bot.core.loyalty.checkouts import Checkout
from bot.core.loyalty.orders import CANCELED
from bot.core.loyalty.returns import Return


@dataclass(frozen=True, slots=True)
class Parked:
    """What was told of an order's return before the order itself; `status` is `canceled` or empty."""

    reference: str
    told: Return = field(default_factory=Return)
    status: str = ""
    at: datetime | None = None
    applied_at: datetime | None = None

    @property
    def is_canceled(self) -> bool:
        """Whether the order was canceled before we heard of it."""
        return self.status == CANCELED


@dataclass(frozen=True, slots=True)
class InWallet:
    """An entry that may be undone, and the wallet whose it is."""

    wallet: str
    undoing: Undoing


@dataclass(frozen=True, slots=True)
class OnRecord:
    """All that is stored of an order; `order` is None where nobody told us of it yet.

    `paid` are the entries that spent credit on it, in the order they were made. `earned` says what each rule
    granted for it, and `granted` holds the entries of that by their ids.
    """

    order: Order | None = None
    paid: tuple[InWallet, ...] = ()
    earned: tuple[EarnRecord, ...] = ()
    granted: Mapping[str, InWallet] = field(default_factory=dict)
    checkout: Checkout | None = None
    parked: Parked | None = None
