"""The writing half of the books: applies draws to lots and wallet, numbers and chains the entries."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.ledger.chain import personal_hash, sealed
from bot.core.ledger.entries import LEGAL_MOVES, Account, Cause, Draw, Entry, Extension, Reason
from bot.core.ledger.holds import Hold, HoldState
from bot.core.ledger.lots import Lot, draw_order, has_ended
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.ledger.wallet import MAIN_WALLET, Balance, Wallet

SYSTEM = "system"
_LOT_COLUMN = {
    Account.PENDING: "pending_minor",
    Account.AVAILABLE: "available_minor",
    Account.HELD: "held_minor",
}


class Recorder:
    """A wallet with its loaded lots and open holds, and everything that changed since they were loaded."""

    __slots__ = (
        "_changed",
        "_explained",
        "_mint",
        "_new_holds",
        "_new_lots",
        "entries",
        "holds",
        "lots",
        "lots_complete",
        "version_read",
        "wallet",
    )

    def __init__(
        self,
        wallet: Wallet,
        lots: Iterable[Lot] = (),
        holds: Iterable[Hold] = (),
        *,
        lots_complete: bool,
        mint: Callable[[], str],
    ) -> None:
        """Open the books.

        `lots` are all open lots (`lots_complete`), or the first of them in draw order; others may be among
        them. `holds` are all open holds. `mint` gives ids in the contact's bucket.
        """
        self.wallet = wallet
        self.version_read = wallet.version
        self.lots = {lot.id: lot for lot in lots}
        self.holds = {hold.id: hold for hold in holds}
        self.lots_complete = lots_complete
        self.entries: list[Entry] = []
        self._mint = mint
        self._explained: tuple[datetime, Wallet, Balance] | None = None
        self._changed: set[str] = set()
        self._new_lots: set[str] = set()
        self._new_holds: set[str] = set()

    # What a writer stores: exactly this, expecting the wallet at `version_read`

    @property
    def is_changed(self) -> bool:
        """True when there is anything to store."""
        return self.wallet.version != self.version_read

    @property
    def new_lots(self) -> tuple[Lot, ...]:
        """Lots to insert."""
        return tuple(self.lots[lot_id] for lot_id in self.lots if lot_id in self._new_lots)

    @property
    def changed_lots(self) -> tuple[Lot, ...]:
        """Lots to update."""
        return tuple(
            lot
            for lot_id, lot in self.lots.items()
            if lot_id in self._changed and lot_id not in self._new_lots
        )

    @property
    def new_holds(self) -> tuple[Hold, ...]:
        """Holds to insert."""
        return tuple(self.holds[hold_id] for hold_id in self.holds if hold_id in self._new_holds)

    @property
    def changed_holds(self) -> tuple[Hold, ...]:
        """Holds to update."""
        return tuple(
            hold
            for hold_id, hold in self.holds.items()
            if hold_id in self._changed and hold_id not in self._new_holds
        )

    # How it is written

    def _enter(
        self,
        reason: Reason,
        draws: Sequence[Draw],
        cause: Cause,
        now: datetime,
        *,
        reverses: str | None = None,
        extended: tuple[Extension, ...] = (),
    ) -> Entry:
        """Record one entry; what became available repays a debt at once, in an entry of its own."""
        assert draws or extended, "an entry moves something"
        for draw in draws:
            self._move(draw)
        salt = self._mint() + self._mint() if cause.reason_text else ""
        unsealed = Entry(
            id=self._mint(),
            contact_id=self.wallet.contact_id,
            number=self.wallet.entry_count + 1,
            reason=reason,
            key=cause.key,
            effective_at=now,
            actor=cause.actor,
            reason_text=cause.reason_text,
            salt=salt,
            personal_hash=personal_hash(salt, cause.reason_text),
            source_type=cause.source_type,
            source_id=cause.source_id,
            rule=cause.rule,
            draws=tuple(draws),
            reverses=reverses,
            previous_hash=self.wallet.last_hash or self.wallet.genesis,
            hash="",
            extended=extended,
        )
        entry = sealed(unsealed)
        self.entries.append(entry)
        self.wallet = replace(
            self.wallet,
            entry_count=entry.number,
            last_hash=entry.hash,
            version=self.wallet.version + 1,
        )
        if self.wallet.debt_minor and any(draw.target is Account.AVAILABLE for draw in draws):
            self._repay(entry, now)
        return entry

    def _move(self, draw: Draw) -> None:
        """Apply one draw to the lots and the wallet."""
        amount = draw.amount_minor
        assert amount > 0, "a draw moves something"
        assert (draw.source, draw.target) in LEGAL_MOVES, f"{draw.source} -> {draw.target} is no legal move"
        if draw.lot_id is not None and draw.source in _LOT_COLUMN:
            self._add(draw.lot_id, draw.source, -amount)
        receiver = draw.child_lot_id or draw.lot_id
        if receiver is not None and draw.target in _LOT_COLUMN:
            self._add(receiver, draw.target, amount)
        if draw.source is Account.DEBT:
            self.wallet = replace(self.wallet, debt_minor=self.wallet.debt_minor + amount)
        if draw.target is Account.DEBT:
            assert amount <= self.wallet.debt_minor, "no more is repaid than is owed"
            self.wallet = replace(self.wallet, debt_minor=self.wallet.debt_minor - amount)

    def _add(self, lot_id: str, account: Account, amount: int) -> None:
        """Change one account of a lot, and the wallet's sum of it."""
        lot = self.lots[lot_id]
        if account is Account.PENDING:
            lot = replace(lot, pending_minor=lot.pending_minor + amount)
            wallet = replace(self.wallet, pending_minor=self.wallet.pending_minor + amount)
        elif account is Account.AVAILABLE:
            lot = replace(lot, available_minor=lot.available_minor + amount)
            wallet = replace(self.wallet, available_minor=self.wallet.available_minor + amount)
        else:
            lot = replace(lot, held_minor=lot.held_minor + amount)
            wallet = replace(self.wallet, held_minor=self.wallet.held_minor + amount)
        assert min(lot.pending_minor, lot.available_minor, lot.held_minor) >= 0, "a lot is overdrawn"
        assert lot.pending_minor + lot.available_minor + lot.held_minor <= lot.granted_minor, (
            "a lot overflows"
        )
        self.wallet = wallet
        self._put_lot(lot)

    def _put_lot(self, lot: Lot, *, is_new: bool = False) -> None:
        self.lots[lot.id] = lot
        self._explained = None
        self._changed.add(lot.id)
        if is_new:
            self._new_lots.add(lot.id)

    def _put_hold(self, hold: Hold, *, is_new: bool = False) -> None:
        self.holds[hold.id] = hold
        self._explained = None
        self._changed.add(hold.id)
        if is_new:
            self._new_holds.add(hold.id)

    def _repay(self, entry: Entry, now: datetime) -> None:
        """Pay what is owed from what can be spent; a debt means that nothing else can be spent."""
        draws, _ = self._draw(self.wallet.debt_minor, Account.DEBT, now)
        if draws:
            which = "" if self.wallet.id == MAIN_WALLET else f"{self.wallet.id}/"
            cause = Cause(
                f"auto/repay/{which}{entry.number}", SYSTEM, source_type="entry", source_id=entry.id
            )
            self._enter(Reason.REPAY, draws, cause, now)

    # What it is drawn from

    def _draw(
        self, amount: int, target: Account, now: datetime, *, but: Collection[str] = ()
    ) -> tuple[list[Draw], int]:
        """Take `amount` from live lots (not those in `but`), soonest expiry first.

        Returns the draws and what is missing.
        """
        draws: list[Draw] = []
        for lot in sorted(self.lots.values(), key=draw_order):
            if amount == 0:
                break
            if lot.id in but or lot.available_minor == 0 or lot.active_from > now or has_ended(lot, now):
                continue
            taken = min(amount, lot.available_minor)
            draws.append(Draw(Account.AVAILABLE, target, lot.id, taken))
            amount -= taken
        return draws, amount

    def _need(self, lot_ids: Iterable[str]) -> None:
        missing = tuple(lot_id for lot_id in lot_ids if lot_id not in self.lots)
        if missing:
            raise NeedsMoreLots(missing, self.wallet.id)

    def _open_holds(self) -> list[Hold]:
        return [hold for hold in self.holds.values() if hold.state is HoldState.OPEN]
