"""The ledger's state machine over real turns and real tables, on both databases."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from bot.conversation.batch import Batch, TurnFailed
from bot.core.errors import RegularsError
from bot.core.ledger.chain import verify
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.turn import Turn
from bot.storage.driver import Database, Statement
from tests.core.loyalty.ledger_machine import LedgerMachine
from tests.core.loyalty.ledger_operations import CONFLICT, Deed, Operation, Outcome, Snapshot, Sweep, perform
from tests.storage.scripted import NOW, Script, contacts, conversation, open_at, stored, work

T = TypeVar("T")

EXAMPLES = int(os.environ.get("REGULARS_LEDGER_EXAMPLES", "60"))
STEPS = int(os.environ.get("REGULARS_LEDGER_STEPS", "30"))
"""`REGULARS_LEDGER_EXAMPLES=1000 REGULARS_LEDGER_STEPS=60` for a night."""


@dataclass
class Storage:
    """A database and the loop in which it lives: the machine's rules are plain functions."""

    database: Database
    loop: asyncio.AbstractEventLoop

    def wait_for(self, coroutine: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(coroutine)


@dataclass
class StoredLedger:
    """One new contact's wallet: every operation is a turn, everything seen is read back."""

    storage: Storage
    contact_id: str
    script: Script = field(default_factory=Script)
    now: datetime = NOW
    answered: dict[str, tuple[Deed, Outcome]] = field(default_factory=dict)
    looks: int = 0
    _seen: Snapshot | None = None

    def __post_init__(self) -> None:
        self.conversation = conversation(self.script, lambda: self.now)

    def apply(self, operation: Operation) -> Outcome:
        """Do it in a turn; a key that was claimed before is answered from what was answered."""
        before = self.snapshot()
        made = Outcome("never decided")

        def deed(turn: Turn) -> None:
            nonlocal made
            if isinstance(operation.deed, Sweep):
                ask_for_all(turn, operation.deed.lot_ids)
            made = perform(turn.books, operation, before.entries)

        try:
            is_duplicate = self.turn(operation.key, operation.at, deed)
        except TurnFailed as failed:
            if not isinstance(failed.error, RegularsError):
                raise
            made = Outcome(refusal=type(failed.error).__name__)
            is_duplicate = False
        if made.refusal:
            assert self.snapshot() == before, "a refused turn leaves nothing, so its key can be used again"
            return made
        if is_duplicate:
            deed_then, outcome = self.answered[operation.key]
            return outcome if deed_then == operation.deed else CONFLICT
        assert operation.key not in self.answered
        self.answered[operation.key] = operation.deed, made
        return made

    def spendable(self, now: datetime) -> int:
        """Ask in a turn that changes nothing."""
        found = 0
        before = self.snapshot()

        def look(turn: Turn) -> None:
            nonlocal found
            found = turn.books.spendable(now)

        self.looks += 1
        self.turn(f"look/{self.looks}", now, look)
        assert self.snapshot() == before
        return found

    def snapshot(self) -> Snapshot:
        if self._seen is None:
            database = self.storage.database
            self._seen = self.storage.wait_for(database.query(lambda c: stored(c, self.contact_id)))
        return self._seen

    def close(self) -> None:
        """Erase the words of every entry as erasing a person does; the stored chain still holds."""
        erase = Statement("UPDATE entry SET reason_text = '', salt = '' WHERE contact = :contact")
        wait_for, database = self.storage.wait_for, self.storage.database
        wait_for(database.transact(lambda c: c.run(erase, [{"contact": self.contact_id}])))
        self._seen = None
        snapshot = self.snapshot()
        wallet = snapshot.wallet
        assert verify(snapshot.entries, entry_count=wallet.entry_count, last_hash=wallet.last_hash) is None
        assert not any(entry.reason_text for entry in snapshot.entries)

    def turn(self, key: str, at: datetime, deed: Callable[[Turn], None]) -> bool:
        """Run one turn as the dispatcher does; says whether its key had been claimed before."""
        self.script.deeds[key] = deed
        self._seen, self.now = None, at
        batch = Batch(self.conversation, [work(key, self.contact_id, at)])
        (result,) = self.storage.wait_for(self.storage.database.transact(batch.run))
        assert result is not None
        return result.is_duplicate


def ask_for_all(turn: Turn, lot_ids: tuple[str, ...]) -> None:
    """Ask once for what the machine's sweep names: closed lots too, which no job would."""
    missing = tuple(lot_id for lot_id in lot_ids if lot_id not in turn.books.lots)
    if missing:
        raise NeedsMoreLots(missing)


class StoredMachine(LedgerMachine):
    """`LedgerMachine` with more lots than a snapshot carries."""

    storage: Storage

    def open_ledger(self) -> StoredLedger:
        (contact_id,) = self.storage.wait_for(contacts(self.storage.database))
        return StoredLedger(self.storage, contact_id)

    @precondition(lambda self: len(self.oracle.lots) < 12)
    @rule()
    def grant_a_dozen(self) -> None:
        """Twelve lots, some of which end together and begin apart."""
        for number in range(12):
            self.grant(3, number % 3, 5 - number % 3 if number % 2 else 9, 0, 0, number % 4, by_hand=False)


def test_the_stored_ledger_keeps_its_invariants(database_url: str) -> None:
    loop = asyncio.new_event_loop()
    storage = Storage(loop.run_until_complete(open_at(database_url)), loop)

    class Machine(StoredMachine):
        pass

    Machine.storage = storage
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                # What fails is shrunk on the pure books, a thousand times as fast.
                phases=(Phase.explicit, Phase.reuse, Phase.generate),
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(storage.database.close())
        loop.close()
