"""The state machine over the pure books, opened as a turn opens them: with the soonest lots only."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import TypeVar

from hypothesis import HealthCheck, settings

from bot.core.errors import RegularsError
from bot.core.ledger.books import Books
from bot.core.ledger.entries import Entry
from bot.core.ledger.holds import Hold, HoldState
from bot.core.ledger.lots import Lot, draw_order
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.wallet import Wallet
from tests.core.loyalty.ledger_machine import LedgerMachine
from tests.core.loyalty.ledger_operations import CONFLICT, Deed, Operation, Outcome, Snapshot, perform

SOONEST = 2
Result = TypeVar("Result")


class PureLedger:
    """A ledger in memory that loads the two soonest lots, and all of them when asked for more."""

    def __init__(self) -> None:
        self.wallet = Wallet("c" * 32)
        self.lots: dict[str, Lot] = {}
        self.holds: dict[str, Hold] = {}
        self.entries: list[Entry] = []
        self.claimed: dict[str, tuple[Deed, Outcome]] = {}
        self.ids = count(1)

    def apply(self, operation: Operation) -> Outcome:
        if operation.key in self.claimed:
            deed, outcome = self.claimed[operation.key]
            return outcome if deed == operation.deed else CONFLICT
        try:
            books, outcome = self.loading(lambda books: perform(books, operation, self.entries))
        except RegularsError as refusal:
            return Outcome(refusal=type(refusal).__name__)
        self.store(books)
        self.claimed[operation.key] = (operation.deed, outcome)
        return outcome

    def spendable(self, now: datetime) -> int:
        return self.loading(lambda books: books.spendable(now))[1]

    def snapshot(self) -> Snapshot:
        return Snapshot(
            self.wallet, tuple(self.lots.values()), tuple(self.holds.values()), tuple(self.entries)
        )

    def close(self) -> None:
        """Nothing was opened."""

    def loading(self, decide: Callable[[Books], Result]) -> tuple[Books, Result]:
        in_order = sorted((lot for lot in self.lots.values() if lot.is_open), key=draw_order)
        holds = [hold for hold in self.holds.values() if hold.state is HoldState.OPEN]
        wanted = [lot.id for lot in in_order[:SOONEST]]
        is_complete = len(in_order) <= SOONEST
        while True:
            lots = [self.lots[lot_id] for lot_id in dict.fromkeys(wanted)]
            books = Books(self.wallet, lots, holds, lots_complete=is_complete, mint=self.mint)
            try:
                return books, decide(books)
            except NeedsMoreLots as signal:
                more = signal.lot_ids
            assert not is_complete or set(more) - set(wanted), "what was asked for was there"
            wanted += [*(lot.id for lot in in_order), *more]
            is_complete = True

    def store(self, books: Books) -> None:
        assert books.is_changed == bool(books.entries or books.changed_lots)
        assert all(lot.id not in self.lots for lot in books.new_lots)
        assert all(lot.id in self.lots for lot in books.changed_lots)
        self.lots |= {lot.id: lot for lot in (*books.new_lots, *books.changed_lots)}
        self.holds |= {hold.id: hold for hold in (*books.new_holds, *books.changed_holds)}
        self.entries += books.entries
        self.wallet = books.wallet

    def mint(self) -> str:
        return f"{next(self.ids):032x}"


class BooksMachine(LedgerMachine):
    def open_ledger(self) -> PureLedger:
        return PureLedger()


TestBooks = BooksMachine.TestCase
TestBooks.settings = settings(
    max_examples=250,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
