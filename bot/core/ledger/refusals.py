"""What the ledger says no to, each under the branch of its remedy."""

from bot.core.errors import Refused, RegularsError, TellMember
from bot.core.ledger.wallet import MAIN_WALLET


class InsufficientCredit(TellMember):
    """More was wanted than can be spent now; nothing was moved."""

    def __init__(self, available_minor: int, wanted_minor: int) -> None:
        super().__init__("not_enough_credit", available_minor=available_minor, wanted_minor=wanted_minor)
        self.available_minor = available_minor
        self.wanted_minor = wanted_minor


class HoldClosed(Refused):
    """The hold was captured, released or timed out before, or never was."""

    def __init__(self, hold_id: str) -> None:
        super().__init__(f"hold {hold_id} is not open", "open a new hold for the order", 409)
        self.hold_id = hold_id


class HoldAlreadyOpen(Refused):
    """The order has an open hold: an order has one at a time."""

    def __init__(self, order_id: str, hold_id: str) -> None:
        super().__init__(f"order {order_id} has the open hold {hold_id}", "capture or void it first", 409)
        self.order_id = order_id
        self.hold_id = hold_id


class CaptureTooLarge(Refused):
    """More was to be captured than the hold set aside."""

    def __init__(self, held_minor: int, wanted_minor: int) -> None:
        super().__init__(f"{wanted_minor} is more than the {held_minor} held", "capture at most that", 422)
        self.held_minor = held_minor
        self.wanted_minor = wanted_minor


class NotReversible(Refused):
    """The entry cannot be reversed; an adjustment can always put a wallet right."""

    def __init__(self, entry_id: str, why: str) -> None:
        super().__init__(f"entry {entry_id} cannot be reversed: {why}", "adjust the wallet instead", 409)
        self.entry_id = entry_id


class NeedsMoreLots(RegularsError):
    """The books were opened with the soonest lots only and need more; a signal to the loader, no complaint.

    Load every open lot, and `lot_ids` whether open or not, and decide again on fresh books: decisions are
    pure, and nothing of these books was written.
    """

    def __init__(self, lot_ids: tuple[str, ...] = (), wallet: str = MAIN_WALLET) -> None:
        super().__init__(lot_ids)
        self.lot_ids = lot_ids
        self.wallet = wallet
