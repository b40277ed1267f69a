"""The ledger's state machine: random operations on a ledger and on a naive oracle beside it.

The ledger is an adapter (`ledger_operations.Ledger`), so the same machine runs over the pure books and
over real storage: subclass, say how to open one.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.ledger.books import Books
from bot.core.ledger.entries import Reason
from bot.core.ledger.holds import HoldState
from bot.core.ledger.lots import Grant, Terms, days_good, has_ended
from bot.core.ledger.replay import Standing, as_of
from tests.core.loyalty.ledger_invariants import (
    check_snapshot,
    replayed_sums,
    tampering_shows_17_22,
    wallet_sums,
)
from tests.core.loyalty.ledger_operations import (
    CONFLICT,
    AdjustDown,
    AdjustUp,
    Capture,
    ClawBack,
    Deed,
    Earn,
    Ledger,
    MarkNoticed,
    Operation,
    Outcome,
    Redeem,
    Reinstate,
    Release,
    Renew,
    Restore,
    Reverse,
    SetAside,
    Settle,
    Sweep,
)
from tests.core.loyalty.ledger_oracle import NaiveLot, Oracle, Told, grace_end

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
GRANTED = st.integers(5, 60)
AMOUNTS = st.integers(1, 25)
SHARES = st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(7, 10), Fraction(1)])
GRACE_DAYS = st.sampled_from([0, 3])
PICKS = st.integers(0, 50)
HOURS = st.sampled_from([1, 1, 6, 15, 24, 48])


class LedgerMachine(RuleBasedStateMachine):
    """Invariants 1 to 17, 22 and 23 of the reference, by name where each is checked."""

    ledger: Ledger

    def open_ledger(self) -> Ledger:
        """Open the system under test: one empty wallet."""
        raise NotImplementedError

    @initialize()
    def start(self) -> None:
        self.ledger = self.open_ledger()
        self.oracle = Oracle()
        self.now = START
        self.done: list[tuple[Operation, Outcome]] = []
        self.told: dict[int, Told] = {}
        self.orders: dict[str, str] = {}
        self.shown: list[tuple[int, tuple[int, int, int, int]]] = []
        self.seen: list[tuple[int, datetime, int]] = []
        self.pick = 0

    def teardown(self) -> None:
        if not hasattr(self, "shown"):
            return
        snapshot = self.ledger.snapshot()
        for entry_count, sums in self.shown:  # 23: time travel
            assert replayed_sums(snapshot.entries[:entry_count]) == sums
        standing = Standing(snapshot.wallet, snapshot.lots, snapshot.holds)
        for entry_count, at, spendable in self.seen:
            entries, later = snapshot.entries[:entry_count], snapshot.entries[entry_count:]
            then = as_of(standing, entries, at, [end for entry in later for end in entry.extended])
            books = Books(then.wallet, then.lots, then.holds, lots_complete=True, mint=str)
            assert books.spendable(at) == spendable
        tampering_shows_17_22(snapshot, self.pick)
        self.ledger.close()

    # Time

    @rule(hours=HOURS)
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(pick=PICKS)
    def wait_until_something_ends(self, pick: int) -> None:
        """To the very instant: ends are exclusive."""
        snapshot = self.ledger.snapshot()
        instants = [hold.expires_at for hold in snapshot.holds]
        for lot in snapshot.lots:
            instants += [at for at in (lot.expires_at, lot.grace_until, lot.active_from) if at is not None]
        later = sorted({at for at in instants if at > self.now})
        if later:
            self.now = later[pick % len(later)]

    # Credit comes and goes

    @rule(
        amount=GRANTED,
        delay=st.sampled_from([0, 0, 0, 1, 3]),
        days=st.sampled_from([None, 1, 2, 5, 20]),
        grace=st.sampled_from([0, 2]),
        priority=st.sampled_from([0, 0, 1]),
        renews=st.sampled_from([0, 0, 4]),
        by_hand=st.booleans(),
    )
    def grant(  # noqa: PLR0913  # what a grant is made of
        self,
        amount: int,
        delay: int,
        days: int | None,
        grace: int,
        priority: int,
        renews: int,
        *,
        by_hand: bool,
    ) -> None:
        active_from = self.now + timedelta(days=delay)
        terms = Terms(active_from=active_from, zone="UTC")
        if days is not None:
            last_day = active_from.date() + timedelta(days=days)
            renewal = f"0mo{renews}d/day:purchase" if renews else ""
            terms = days_good(active_from, last_day, "UTC", timedelta(days=grace), renewal=renewal)
        grant = Grant(amount, terms, "promotional", "test", "expiry@1", priority)
        outcome = self.do(AdjustUp(grant) if by_hand else Earn(grant))
        renews_days = renews if days is not None else 0
        lot = NaiveLot(0, priority, active_from, terms.expires_at, terms.grace_until, renews_days=renews_days)
        self.remember(outcome, self.oracle.grant(amount, lot, self.now))
        self.agree()

    @precondition(lambda self: self.oracle.spendable())
    @rule(pick=PICKS)
    def redeem(self, pick: int) -> None:
        amount = self.some_of(self.oracle.spendable(), pick)
        outcome = self.do(Redeem(amount))
        self.expect(outcome, self.oracle.take(amount, "spent"))

    @precondition(lambda self: self.oracle.spendable())
    @rule(pick=PICKS)
    def adjust_down(self, pick: int) -> None:
        amount = self.some_of(self.oracle.spendable(), pick)
        outcome = self.do(AdjustDown(amount))
        self.expect(outcome, self.oracle.take(amount, "clawback"))

    # Holds

    @precondition(lambda self: self.oracle.spendable())
    @rule(pick=PICKS, order=st.sampled_from("ABC"), hours=HOURS)
    def set_aside(self, pick: int, order: str, hours: int) -> None:
        amount = self.some_of(self.oracle.spendable(), pick)
        ttl = timedelta(hours=hours)
        outcome = self.do(SetAside(order, amount, ttl))
        if any(self.orders[hold_id] == order for hold_id in self.oracle.holds):
            assert outcome.refusal == "HoldAlreadyOpen"
        elif self.oracle.set_aside(outcome.made, amount, self.now + ttl):
            assert outcome.made
            self.orders[outcome.made] = order
            self.agree()
        else:
            assert outcome.refusal == "InsufficientCredit"

    @precondition(lambda self: self.orders)
    @rule(pick=PICKS, some=PICKS)
    def capture(self, pick: int, some: int) -> None:
        """9: a hold that is open is captured even after the end of its lots."""
        hold_id = self.one_hold(pick)
        amount = self.some_of(self.held_minor(hold_id), some)
        outcome = self.do(Capture(hold_id, amount))
        hold = self.oracle.holds.get(hold_id)
        if hold is None:
            assert outcome.refusal == "HoldClosed"
        elif amount > len(hold.units):
            assert outcome.refusal == "CaptureTooLarge"
        else:
            self.remember(outcome, self.oracle.capture(hold_id, amount, self.now))
            self.agree()

    @precondition(lambda self: self.orders)
    @rule(pick=PICKS)
    def release(self, pick: int) -> None:
        hold_id = self.one_hold(pick)
        outcome = self.do(Release(hold_id))
        if hold_id in self.oracle.holds:
            self.oracle.release(hold_id, self.now)
            assert outcome.made
            self.agree()
        else:
            assert outcome.refusal == "HoldClosed"

    # Jobs

    @precondition(lambda self: self.oracle.lots)
    @rule(hours=HOURS, expires=st.booleans())
    def work(self, hours: int, *, expires: bool) -> None:
        """15: after a sweep nothing ended is left, and nobody's credit changed by it."""
        self.now += timedelta(hours=hours)
        before = self.ledger.spendable(self.now)
        self.do(Settle())
        assert self.ledger.spendable(self.now) == before
        if not expires:
            return
        self.do(Sweep(tuple(lot.id for lot in self.ledger.snapshot().lots)))
        assert self.ledger.spendable(self.now) == before
        for lot in self.ledger.snapshot().lots:
            assert not has_ended(lot, self.now) or lot.available_minor == lot.pending_minor == 0
        self.agree()

    @rule(pick=PICKS)
    def notice(self, pick: int) -> None:
        lots = sorted(self.ledger.snapshot().lots, key=lambda lot: lot.id)
        if lots:
            index = pick % len(lots)
            self.do(MarkNoticed((lots[index].id,)))
            lot = self.oracle.lots[index]
            lot.noticed_at = lot.noticed_at or self.now

    @rule()
    def buy(self) -> None:
        """12: ends move by recorded entries alone, further off and never nearer."""
        before = {lot.id: lot.expires_at for lot in self.ledger.snapshot().lots}
        outcome = self.do(Renew())
        assert (outcome != Outcome("nothing")) == self.oracle.renew(self.now)
        for lot in self.ledger.snapshot().lots:
            end = before.get(lot.id)
            assert end is None or (lot.expires_at is not None and lot.expires_at >= end)
        self.agree()

    @rule(pick=PICKS, days=st.sampled_from([1, 6]))
    def reinstate(self, pick: int, days: int) -> None:
        """12: what ended comes back once, by an operator, in a lot of its own."""
        snapshot = self.ledger.snapshot()
        ended = [entry for entry in snapshot.entries if entry.reason is Reason.EXPIRE]
        undone_before = {entry.reverses for entry in snapshot.entries}
        again = [entry for entry in ended if entry.id in undone_before]
        ended = again if again and pick % 2 else ended
        if not ended:
            return
        entry = ended[pick % len(ended)]
        undone = sum(other.total_minor for other in snapshot.entries if other.reverses == entry.id)
        outcome = self.do(Reinstate(entry.number, days))
        if undone == entry.total_minor:
            assert outcome.refusal == "NotReversible"
            return
        assert outcome.made
        ordinal = sorted(lot.id for lot in snapshot.lots).index(entry.draws[0].of_lot)
        self.oracle.reinstate(ordinal, entry.total_minor - undone, self.now, days)
        self.agree()

    # Back again

    @precondition(lambda self: any(told.kind == "spent" for told in self.told.values()))
    @rule(pick=PICKS, share=SHARES, grace=GRACE_DAYS)
    def restore(self, pick: int, share: Fraction, grace: int) -> None:
        """10, 12: the cumulative law, into the same lots with their old end, grace once for each unit."""
        number, told = self.one_of("spent", pick)
        ends = {lot.id: (lot.expires_at, lot.grace_until) for lot in self.ledger.snapshot().lots}
        outcome = self.do(Restore(number, share, timedelta(days=grace)))
        count = self.oracle.give_back(told, share, self.now, grace_end(self.now, grace))
        assert (outcome == Outcome("nothing")) == (count == 0)
        for lot in self.ledger.snapshot().lots:
            assert lot.id not in ends or ends[lot.id] == (lot.expires_at, lot.grace_until)
        self.check_undone(number, told)
        self.agree()

    @precondition(lambda self: any(told.kind == "grant" for told in self.told.values()))
    @rule(pick=PICKS, share=SHARES)
    def claw_back(self, pick: int, share: Fraction) -> None:
        """11: the cumulative law for what was earned; the shortfall is owed."""
        number, told = self.one_of("grant", pick)
        outcome = self.do(ClawBack(number, share))
        count = self.oracle.take_back(told, share, self.now)
        assert (outcome == Outcome("nothing")) == (count == 0)
        self.check_undone(number, told)
        self.agree()

    @precondition(lambda self: self.told)
    @rule(pick=PICKS, grace=GRACE_DAYS)
    def reverse(self, pick: int, grace: int) -> None:
        numbers = sorted(self.told)
        number = numbers[pick % len(numbers)]
        told = self.told[number]
        outcome = self.do(Reverse(number, timedelta(days=grace)))
        if told.undone == len(told.units):
            assert outcome.refusal == "NotReversible"
            return
        if told.kind == "grant":
            self.oracle.take_back(told, Fraction(1), self.now)
        else:
            self.oracle.give_back(told, Fraction(1), self.now, grace_end(self.now, grace))
        assert outcome.made
        self.check_undone(number, told)
        self.agree()

    # Idempotency

    @precondition(lambda self: self.done)
    @rule(pick=PICKS)
    def do_again(self, pick: int) -> None:
        """13: the same key and body: the same answer and not one new row."""
        operation, outcome = self.done[pick % len(self.done)]
        before = self.ledger.snapshot()
        assert self.ledger.apply(replace(operation, at=self.now)) == outcome
        assert self.ledger.snapshot() == before

    @precondition(lambda self: self.done)
    @rule(pick=PICKS, amount=AMOUNTS)
    def use_a_key_again(self, pick: int, amount: int) -> None:
        """13: the same key and another body: a conflict and not one new row."""
        operation, _ = self.done[pick % len(self.done)]
        if operation.deed != Redeem(amount):
            before = self.ledger.snapshot()
            assert self.ledger.apply(replace(operation, deed=Redeem(amount))) == CONFLICT
            assert self.ledger.snapshot() == before

    # Always

    @invariant()
    def spendable_is_the_oracles_16(self) -> None:
        """16, and lateness-free: whether or not any job ran since."""
        self.oracle.pass_time(self.now)
        assert self.ledger.spendable(self.now) == self.oracle.spendable()

    # Below: how

    def do(self, deed: Deed) -> Outcome:
        self.oracle.pass_time(self.now)
        operation = Operation(f"op/{len(self.done)}", self.now, deed)
        outcome = self.ledger.apply(operation)
        if not outcome.refusal:
            self.done.append((operation, outcome))
        self.pick += 7
        snapshot = self.ledger.snapshot()
        check_snapshot(snapshot)
        self.shown.append((snapshot.wallet.entry_count, wallet_sums(snapshot.wallet)))
        self.seen.append((snapshot.wallet.entry_count, self.now, self.ledger.spendable(self.now)))
        return outcome

    def expect(self, outcome: Outcome, told: Told | None) -> None:
        if told is None:
            assert outcome.refusal == "InsufficientCredit"
        else:
            self.remember(outcome, told)
            self.agree()

    def remember(self, outcome: Outcome, told: Told) -> None:
        assert outcome.made, outcome
        entries = self.ledger.snapshot().entries
        number = next(entry.number for entry in entries if entry.id == outcome.made)
        self.told[number] = told

    def some_of(self, whole: int, pick: int) -> int:
        """Anything from 1 to one more than there is; time may have passed since, so both can be refused."""
        return 1 + pick * 37 % (whole + 1)

    def held_minor(self, hold_id: str) -> int:
        hold = self.oracle.holds.get(hold_id)
        return len(hold.units) if hold is not None else 9

    def one_hold(self, pick: int) -> str:
        """Mostly an open hold, now and then a closed one."""
        open_ones = list(self.oracle.holds)
        among = open_ones if open_ones and pick % 5 else list(self.orders)
        return among[pick % len(among)]

    def one_of(self, kind: str, pick: int) -> tuple[int, Told]:
        numbers = [number for number, told in self.told.items() if told.kind == kind]
        number = numbers[pick % len(numbers)]
        return number, self.told[number]

    def check_undone(self, number: int, told: Told) -> None:
        entries = self.ledger.snapshot().entries
        undone = sum(e.total_minor for e in entries if e.reverses == entries[number - 1].id)
        assert undone == told.undone <= len(told.units)

    def agree(self) -> None:
        """Lot by lot the ledger says what the oracle says."""
        snapshot = self.ledger.snapshot()
        assert snapshot.wallet.debt_minor == self.oracle.debt
        assert {hold.id for hold in snapshot.holds if hold.state is HoldState.OPEN} == set(self.oracle.holds)
        stored = sorted(snapshot.lots, key=lambda lot: lot.id)
        assert len(stored) == len(self.oracle.lots)
        for lot, naive in zip(stored, self.oracle.lots, strict=True):
            assert (lot.expires_at, lot.noticed_at) == (naive.expires_at, naive.noticed_at)
            assert lot.held_minor == self.oracle.count(naive, "held")
            if lot.active_from > self.now:
                assert lot.pending_minor == self.oracle.count(naive, "pending")
            elif not has_ended(lot, self.now):
                # A lot that was not loaded may still be booked as pending: it is settled when it is met.
                there = lot.pending_minor + lot.available_minor
                assert there == self.oracle.count(naive, "available")
