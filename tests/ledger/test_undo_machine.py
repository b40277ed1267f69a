"""Undoing redemptions over random lives of a wallet: turns and tables as they are, on both databases."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.conversation.batch import TurnFailed
from bot.core.errors import TellMember
from bot.core.ledger.entries import Cause, Entry, Reason
from bot.core.ledger.lots import Grant, Terms, days_good, has_ended
from bot.core.loyalty.program import Program
from bot.core.turn import Turn
from handlers.redeem import redeem
from handlers.undo import UNDO_WITHIN, undo
from tests.core.loyalty.ledger_invariants import check_snapshot
from tests.core.loyalty.ledger_operations import Snapshot
from tests.ledger.test_ledger_machine import Storage, StoredLedger
from tests.storage.scripted import NOW, SHOP, Script, contacts, open_at

EXAMPLES = int(os.environ.get("REGULARS_LEDGER_EXAMPLES", "60"))
COSTS = {"cookie": 3, "latte": 7, "beans": 20}
MINUTES = st.sampled_from([0, 1, 5, 15, 16, 40])
PROGRAM = Program.model_validate(
    {
        "program": "Leaf Club",
        "currency": {"code": "USD"},
        "point_value": "0.01",
        "earning": {"rate": "5%"},
        "rewards": [{"id": name, "name": name, "cost": f"0.{cost:02}"} for name, cost in COSTS.items()],
    }
)


@dataclass
class Last:
    """The last redemption as an onlooker remembers it."""

    at: datetime
    code: str
    available: dict[str, int]  # of each lot, before
    cost: int
    is_undone: bool = False
    is_used: bool = False


class UndoMachine(RuleBasedStateMachine):
    """Only the last redemption comes back, within its time, into the lots it came from, once."""

    storage: Storage

    @initialize()
    def start(self) -> None:
        (contact_id,) = self.storage.wait_for(contacts(self.storage.database))
        script = Script(shop=replace(SHOP, program=PROGRAM))
        self.ledger = StoredLedger(self.storage, contact_id, script)
        self.now = NOW
        self.turns = 0
        self.last: Last | None = None

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(reward=st.sampled_from(sorted(COSTS)))
    def redeem_just_before_something_ends(self, reward: str) -> None:
        lots = self.ledger.snapshot().lots
        ends = [lot.expires_at for lot in lots if lot.expires_at and lot.expires_at > self.now]
        if ends:
            self.now = max(self.now, min(ends) - timedelta(minutes=5))
            self.trade(reward)

    @rule(amount=st.integers(3, 30), days=st.sampled_from([None, 0, 0, 1]))
    def grant(self, amount: int, days: int | None) -> None:
        terms = Terms(active_from=self.now, zone="UTC")
        if days is not None:
            last_day = self.now.date() + timedelta(days=days)
            terms = days_good(self.now, last_day, "UTC", timedelta(0))
        grant = Grant(amount, terms, "promotional", "test", "expiry@1")

        def earn(turn: Turn) -> None:
            turn.books.earn(grant, turn.now, Cause(turn.trigger.key, "tester"))

        assert self.turn(earn) is None

    @rule(reward=st.sampled_from(["cookie", "cookie", "latte", "beans"]))
    def redeem(self, reward: str) -> None:
        self.trade(reward)

    def trade(self, reward: str) -> None:
        before, codes = self.ledger.snapshot(), list[str]()

        def deed(turn: Turn) -> None:
            turn.arguments = {"reward": reward}
            result = redeem(turn)
            assert result is not None
            codes.append(str(result["code"]))

        problem = self.turn(deed)
        if problem is None:
            self.last = Last(self.now, codes[-1], available(before), COSTS[reward])
        else:
            assert problem == "not_enough_credit"
            assert self.ledger.snapshot() == before

    @precondition(lambda self: self.last)
    @rule()
    def hand_out(self) -> None:
        last = self.last
        assert last is not None
        assert self.turn(lambda turn: turn.track("Reward Used", {"code": last.code})) is None
        last.is_used = True

    @rule(minutes=MINUTES, is_delivered_twice=st.booleans())
    def undo(self, minutes: int, *, is_delivered_twice: bool) -> None:
        self.now += timedelta(minutes=minutes)
        before = self.ledger.snapshot()
        expected = self.problem(before)
        assert self.turn(take_back) == expected
        after = self.ledger.snapshot()
        if is_delivered_twice and expected is None:
            assert self.ledger.turn(f"turn/{self.turns}", self.now, take_back)
            assert self.ledger.snapshot() == after
        if expected is not None:
            assert after == before
            return
        last = self.last
        assert last is not None
        last.is_undone = True
        (entry,) = after.entries[len(before.entries) :]
        assert (entry.reason, entry.total_minor) == (Reason.REVERSE, last.cost)
        assert after.wallet.available_minor == before.wallet.available_minor + last.cost
        ends = {lot.id: (lot.expires_at, lot.grace_until, lot.noticed_at) for lot in before.lots}
        assert {lot.id: (lot.expires_at, lot.grace_until, lot.noticed_at) for lot in after.lots} == ends
        for draw in entry.draws:
            assert available(after)[draw.of_lot] == last.available[draw.of_lot]
        check_snapshot(after)

    # Below: how

    def problem(self, snapshot: Snapshot) -> str | None:
        """What must be said against undoing now."""
        last = self.last
        if last is None:
            return "nothing_to_undo"
        if last.is_undone:
            return "undone_before"
        if self.now - last.at > UNDO_WITHIN:
            return "too_late"
        if last.is_used:
            return "used"
        drawn = {draw.lot_id for draw in self.entry(snapshot).draws}
        ended = any(has_ended(lot, self.now) for lot in snapshot.lots if lot.id in drawn)
        return "credit_ended" if ended else None

    def entry(self, snapshot: Snapshot) -> Entry:
        return [entry for entry in snapshot.entries if entry.reason is Reason.REDEEM][-1]

    def turn(self, deed: Callable[[Turn], None]) -> str | None:
        """Run a turn; returns the code of what it had to tell the member instead."""
        self.turns += 1
        try:
            self.ledger.turn(f"turn/{self.turns}", self.now, deed)
        except TurnFailed as failed:
            if not isinstance(failed.error, TellMember):
                raise
            return failed.error.code
        return None


def take_back(turn: Turn) -> None:
    undo(turn)


def available(snapshot: Snapshot) -> dict[str, int]:
    return {lot.id: lot.available_minor for lot in snapshot.lots}


def test_the_last_redemption_alone_comes_back(database_url: str) -> None:
    loop = asyncio.new_event_loop()
    storage = Storage(loop.run_until_complete(open_at(database_url)), loop)

    class Machine(UndoMachine):
        pass

    Machine.storage = storage
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=30,
                deadline=None,
                phases=(Phase.explicit, Phase.reuse, Phase.generate),
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(storage.database.close())
        loop.close()
