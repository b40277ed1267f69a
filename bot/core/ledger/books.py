"""The books of one wallet: every way credit can move, each decided from what was loaded, without I/O.

Every operation first settles what is due (overdue holds, credit whose time has come), so that no result
depends on whether a job ran in time. What changed is collected for the writer (see `Recorder`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

from bot.core.ledger.crossing import Crossing
from bot.core.ledger.entries import Account, Cause, Draw, Entry, Reason
from bot.core.ledger.holds import Hold, HoldPart, HoldState
from bot.core.ledger.lots import (
    Grant,
    Lot,
    draw_order,
    grace_child,
    grant_lot,
    has_ended,
    reinstated,
)
from bot.core.ledger.recorder import SYSTEM
from bot.core.ledger.refusals import (
    CaptureTooLarge,
    HoldAlreadyOpen,
    HoldClosed,
    InsufficientCredit,
    NeedsMoreLots,
    NotReversible,
)
from bot.core.ledger.wallet import Balance, balance, spendable_minor

ORDER = "order"
"""The source of what an order earned, with its id."""
_NO_GRACE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Undoing:
    """An entry to undo up to `share` of it (0 to 1, cumulative), and the entries that undid some before.

    `lapsed_minor` of what it granted ended unused: that much is not taken back from anywhere else.
    """

    entry: Entry
    earlier: tuple[Entry, ...] = ()
    share: Fraction = Fraction(1)
    lapsed_minor: int = 0

    def __post_init__(self) -> None:
        assert 0 <= self.share <= 1, "a share of the whole"

    @property
    def is_grant(self) -> bool:
        """True when the entry issued credit."""
        return self.entry.moved_minor(source=Account.ISSUE) > 0

    def undone_minor(self, account: Account) -> dict[str | None, int]:
        """What came out of `account`, or for a grant went into it, before; by lot."""
        undone: dict[str | None, int] = {}
        for entry in self.earlier:
            if entry.reverses == self.entry.id:
                for draw in entry.draws:
                    if account in (draw.source, draw.target):
                        undone[draw.lot_id] = undone.get(draw.lot_id, 0) + draw.amount_minor
        return undone

    def left_minor(self, account: Account) -> int:
        """What is still to be undone: floor(R * share) less what was, so that the order of parts is moot."""
        if self.is_grant:
            moved = self.entry.moved_minor(source=Account.ISSUE)
        else:
            moved = self.entry.moved_minor(target=account)
        return int(moved * self.share) - sum(self.undone_minor(account).values())


class Books(Crossing):
    """A wallet, its lots and its open holds: ask them, move credit, and hand what changed to the writer.

    Operations that meet lots that were not loaded raise `NeedsMoreLots`.
    """

    __slots__ = ()

    # What a member has

    def balance(self, now: datetime) -> Balance:
        """Explain the wallet: what can be spent, what is coming, what ends first and when.

        Nothing is recorded: what is due is settled on a copy, so that no answer waits for a job.
        """
        explained = self._explained_before(now)
        if explained is None:
            settled = self._settled(now)
            explained = balance(settled.wallet, settled.lots.values(), now)
            self._explained = (now, self.wallet, explained)
        return explained

    def spendable(self, now: datetime, order_id: str = "") -> int:
        """What can be spent now, in minor units, whether or not any job ran; on that order, if one is named.

        What an order earned is for later ones.
        """
        if not order_id and (explained := self._explained_before(now)) is not None:
            return explained.available_minor
        lots = self._settled(now).lots.values()
        return spendable_minor([lot for lot in lots if not order_id or not _is_earned_by(lot, order_id)], now)

    # Credit comes

    def earn(self, grant: Grant, now: datetime, cause: Cause) -> Entry:
        """Grant a new lot: pending until its terms say so, otherwise available at once."""
        self.settle(now)
        return self._issue(Reason.EARN, grant, now, cause)

    def adjust_up(self, grant: Grant, now: datetime, cause: Cause) -> Entry:
        """Grant a new lot by hand."""
        self.settle(now)
        return self._issue(Reason.ADJUST, grant, now, cause)

    # Credit goes

    def redeem(self, amount_minor: int, now: datetime, cause: Cause) -> Entry:
        """Spend credit, soonest expiry first, on an order none it earned. Raises `InsufficientCredit`."""
        self.settle(now)
        own = self._earned_by(cause.source_id) if cause.source_type == ORDER else ()
        return self._enter(Reason.REDEEM, self._take(amount_minor, Account.SPENT, now, but=own), cause, now)

    def adjust_down(self, amount_minor: int, now: datetime, cause: Cause) -> Entry:
        """Take credit back by hand, soonest expiry first. Raises `InsufficientCredit`."""
        self.settle(now)
        return self._enter(Reason.ADJUST, self._take(amount_minor, Account.CLAWBACK, now), cause, now)

    def expire(self, lot_id: str, now: datetime, reason_text: str = "") -> Entry | None:
        """Record that a lot has ended; None if it has not, or nothing is left. What is held stays held.

        The key names lot and wallet version, never the time: a second sweep in the same tick must still
        find what became available after the first.
        """
        self._need([lot_id])
        self.settle(now)
        lot = self.lots[lot_id]
        if not has_ended(lot, now):
            return None
        draws = [
            Draw(account, Account.BREAKAGE, lot.id, amount)
            for account, amount in (
                (Account.PENDING, lot.pending_minor),
                (Account.AVAILABLE, lot.available_minor),
            )
            if amount
        ]
        if not draws:
            return None
        cause = replace(self._due("expire", lot), reason_text=reason_text)
        return self._enter(Reason.EXPIRE, draws, cause, now)

    # Credit goes from one member to another

    def give(self, amount_minor: int, now: datetime, cause: Cause) -> Entry:
        """Send credit to another member, soonest expiry first. Raises `InsufficientCredit`."""
        self.settle(now)
        return self._enter(Reason.GIVE, self._take(amount_minor, Account.TRANSFER, now), cause, now)

    def receive(self, lots: Sequence[Lot], now: datetime, cause: Cause) -> Entry:
        """Take in what another member sent, in new lots: each is empty, and filled with what it grants."""
        self.settle(now)
        for lot in lots:
            self._put_lot(lot, is_new=True)
        draws = [Draw(Account.TRANSFER, Account.AVAILABLE, lot.id, lot.granted_minor) for lot in lots]
        return self._enter(Reason.RECEIVE, draws, cause, now)

    def get_back(self, undoing: Undoing, now: datetime, cause: Cause, grace: timedelta) -> Entry | None:
        """Take back what could not arrive, into the lots it came from; None if it came back before."""
        assert undoing.entry.reason is Reason.GIVE, "only what was sent comes back"
        return self._give_back(Reason.REVERSE, Account.TRANSFER, undoing, now, cause, grace)

    # Credit set aside for a checkout

    def hold(self, order_id: str, amount_minor: int, ttl: timedelta, now: datetime, cause: Cause) -> Hold:
        """Set credit aside for an order until now + ttl, none that the order itself earned.

        Raises `InsufficientCredit`, `HoldAlreadyOpen`.
        """
        self.settle(now)
        for other in self._open_holds():
            if other.order_id == order_id:
                raise HoldAlreadyOpen(order_id, other.id)
        draws = self._take(amount_minor, Account.HELD, now, but=self._earned_by(order_id))
        parts = tuple(HoldPart(draw.of_lot, draw.amount_minor) for draw in draws)
        hold = Hold(self._mint(), order_id, HoldState.OPEN, now + ttl, parts)
        self._put_hold(hold, is_new=True)
        self._enter(Reason.HOLD, draws, _of_hold(cause, hold), now)
        return hold

    def capture(self, hold_id: str, amount_minor: int, now: datetime, cause: Cause) -> Entry:
        """Spend at most what is held and release the remainder, even if its lots ended meanwhile.

        Raises `HoldClosed` (also past its end) and `CaptureTooLarge`.
        """
        assert amount_minor > 0, "to capture nothing is to release"
        self.settle(now)
        hold = self._open_hold(hold_id)
        if amount_minor > hold.amount_minor:
            raise CaptureTooLarge(hold.amount_minor, amount_minor)
        return self._close(hold, HoldState.CAPTURED, amount_minor, now, cause)

    def release(self, hold_id: str, now: datetime, cause: Cause) -> Entry:
        """Give back all that is held; what belongs to a lot that ended is gone. Raises `HoldClosed`."""
        self.settle(now)
        return self._close(self._open_hold(hold_id), HoldState.RELEASED, 0, now, cause)

    # Credit comes back, or is taken back

    def restore(
        self, undoing: Undoing, now: datetime, cause: Cause, grace: timedelta = _NO_GRACE
    ) -> Entry | None:
        """Give back what a redeem or capture spent, up to `share` of it, into the lots it came from.

        Lots keep their end. Of a lot that ended, the part comes back in a child lot good for `grace`, once;
        without grace it is breakage. Latest expiry first. None if nothing more is to come back.
        """
        assert undoing.entry.reason in (Reason.REDEEM, Reason.CAPTURE), "only what was spent is restored"
        return self._give_back(Reason.RESTORE, Account.SPENT, undoing, now, cause, grace)

    def claw_back(self, undoing: Undoing, now: datetime, cause: Cause) -> Entry | None:
        """Take back what an entry granted, up to `share` of it: from its lot, then others, then as debt.

        None if nothing more is to be taken.
        """
        assert undoing.is_grant, "only what was granted is clawed back"
        return self._take_back(Reason.CLAW_BACK, undoing, now, cause)

    def reverse(self, undoing: Undoing, now: datetime, cause: Cause, grace: timedelta = _NO_GRACE) -> Entry:
        """Undo the rest of an entry that was a mistake. Raises `NotReversible`."""
        entry, whole = undoing.entry, replace(undoing, share=Fraction(1))
        reversal: Entry | None = None
        if entry.reason in (Reason.REDEEM, Reason.CAPTURE):
            reversal = self._give_back(Reason.REVERSE, Account.SPENT, whole, now, cause, grace)
        elif entry.reason in (Reason.EARN, Reason.ADJUST) and undoing.is_grant:
            reversal = self._take_back(Reason.REVERSE, whole, now, cause)
        elif entry.reason is Reason.ADJUST:
            reversal = self._give_back(Reason.REVERSE, Account.CLAWBACK, whole, now, cause, grace)
        elif entry.reason is Reason.EXPIRE:
            self._need(draw.of_lot for draw in entry.draws)
            if not grace or any(self.lots[draw.of_lot].parent_lot_id for draw in entry.draws):
                raise NotReversible(entry.id, "its lot has ended and gets no more grace")
            reversal = self._give_back(Reason.REVERSE, Account.BREAKAGE, whole, now, cause, grace)
        else:
            raise NotReversible(entry.id, f"{entry.reason} is not a movement that can be undone")
        if reversal is None:
            raise NotReversible(entry.id, "all of it was undone before")
        return reversal

    def reinstate(
        self,
        undoing: Undoing,
        now: datetime,
        cause: Cause,
        good_for: timedelta,
        broken: Mapping[str, int],
    ) -> Entry:
        """Give back what an entry let end, in child lots good for `good_for`: an operator's, with a reason.

        `broken` is how much of each lot is breakage by now: what was clawed back since is not.

        Raises `NotReversible` where nothing ended, or all of it was given back before.
        """
        assert cause.reason_text, "who gives back what has ended says why"
        self.settle(now)
        entry = undoing.entry
        undone = undoing.undone_minor(Account.BREAKAGE)
        ended = [draw for draw in entry.draws if draw.target is Account.BREAKAGE]
        self._need(draw.of_lot for draw in ended)
        draws = []
        for draw in ended:
            before = min(undone.get(draw.lot_id, 0), draw.amount_minor)
            undone[draw.lot_id] = undone.get(draw.lot_id, 0) - before
            amount = min(draw.amount_minor - before, broken.get(draw.of_lot, 0))
            if amount > 0:
                child = reinstated(self._mint(), self.lots[draw.of_lot], amount, now, good_for)
                self._put_lot(child, is_new=True)
                draws.append(Draw(Account.BREAKAGE, Account.AVAILABLE, draw.of_lot, amount, child.id))
        if not draws:
            raise NotReversible(entry.id, "nothing ended by it that was not given back before")
        return self._enter(Reason.REINSTATE, draws, cause, now, reverses=entry.id)

    def _explained_before(self, now: datetime) -> Balance | None:
        """What was explained as of this instant: pages and texts ask again, and nothing moved meanwhile."""
        known = self._explained
        return known[2] if known is not None and known[0] == now and known[1] is self.wallet else None

    # What is due

    def _settled(self, now: datetime) -> "Books":
        """Return the books with all that is due settled: themselves where nothing is, otherwise a copy."""
        if not self.lots_complete:
            raise NeedsMoreLots
        if not self._is_due(now):
            return self
        settled = Books(self.wallet, self.lots.values(), self.holds.values(), lots_complete=True, mint=str)
        settled.settle(now)
        return settled

    def _is_due(self, now: datetime) -> bool:
        """Whether there is anything for `settle` to do; nearly always there is not."""
        return any(lot.pending_minor and lot.active_from <= now for lot in self.lots.values()) or any(
            hold.is_overdue(now) for hold in self._open_holds()
        )

    def settle(self, now: datetime) -> None:
        """Time out overdue holds and activate pending credit whose time has come, among what is loaded.

        Each as of the instant it was due and in that order, as a job that is never late would have done it:
        what became available repays a debt even if its lot has ended since.
        """
        if self.wallet.debt_minor and not self.lots_complete:
            # Which lot repays depends on which was due first, so none may be missing.
            raise NeedsMoreLots
        if not self._is_due(now):
            return
        due: list[tuple[datetime, int, Hold | Lot]] = [
            (hold.expires_at, 0, hold) for hold in self._open_holds() if hold.is_overdue(now)
        ]
        due += [
            (lot.active_from, 1, lot)
            for lot in sorted(self.lots.values(), key=draw_order)
            if lot.pending_minor and lot.active_from <= now and not has_ended(lot, lot.active_from)
        ]
        for due_at, _, what in sorted(due, key=lambda item: item[:2]):
            if isinstance(what, Hold):
                cause = Cause(f"auto/time_out/{what.id}", SYSTEM)
                self._close(what, HoldState.TIMED_OUT, 0, due_at, cause)
            else:
                draw = Draw(Account.PENDING, Account.AVAILABLE, what.id, what.pending_minor)
                self._enter(Reason.ACTIVATE, [draw], self._due("activate", what), due_at)

    # Below: how

    def _issue(self, reason: Reason, grant: Grant, now: datetime, cause: Cause) -> Entry:
        lot = grant_lot(self._mint(), grant, now, cause.source_type, cause.source_id)
        self._put_lot(lot, is_new=True)
        target = Account.PENDING if lot.active_from > now else Account.AVAILABLE
        draw = Draw(Account.ISSUE, target, lot.id, grant.amount_minor)
        return self._enter(reason, [draw], replace(cause, rule=cause.rule or grant.policy), now)

    def _take(
        self, amount_minor: int, target: Account, now: datetime, *, but: Collection[str] = ()
    ) -> list[Draw]:
        """Draws of exactly that amount from what can be spent, but not from those lots."""
        assert amount_minor > 0, "nothing is no amount"
        draws, missing_minor = self._draw(amount_minor, target, now, but=but)
        if missing_minor:
            if not self.lots_complete:
                raise NeedsMoreLots
            raise InsufficientCredit(amount_minor - missing_minor, amount_minor)
        return draws

    def _earned_by(self, order_id: str) -> frozenset[str]:
        """The lots that an order earned: "on your next order" is never this one, however late it is paid."""
        return frozenset(lot.id for lot in self.lots.values() if _is_earned_by(lot, order_id))

    def _open_hold(self, hold_id: str) -> Hold:
        hold = self.holds.get(hold_id)
        if hold is None or hold.state is not HoldState.OPEN:
            raise HoldClosed(hold_id)
        return hold

    def _close(self, hold: Hold, state: HoldState, captured_minor: int, now: datetime, cause: Cause) -> Entry:
        """Close a hold: the first parts are captured, the rest goes back, or is gone if its lot ended."""
        self._need(part.lot_id for part in hold.parts)
        draws, parts = [], []
        for part in hold.parts:
            captured = min(captured_minor, part.amount_minor)
            captured_minor -= captured
            released = part.amount_minor - captured
            parts.append(replace(part, captured_minor=captured, released_minor=released))
            if captured:
                draws.append(Draw(Account.HELD, Account.SPENT, part.lot_id, captured))
            if released:
                ended = has_ended(self.lots[part.lot_id], now)
                target = Account.BREAKAGE if ended else Account.AVAILABLE
                draws.append(Draw(Account.HELD, target, part.lot_id, released))
        self._put_hold(replace(hold, state=state, parts=tuple(parts)))
        reason = Reason.CAPTURE if state is HoldState.CAPTURED else Reason.RELEASE
        return self._enter(reason, draws, _of_hold(cause, hold), now)

    def _give_back(
        self,
        reason: Reason,
        account: Account,
        undoing: Undoing,
        now: datetime,
        cause: Cause,
        grace: timedelta,
    ) -> Entry | None:
        """Return what an entry moved to `account` into the lots it came from, latest drawn first."""
        self.settle(now)
        left, undone = undoing.left_minor(account), undoing.undone_minor(account)
        taken = [draw for draw in undoing.entry.draws if draw.target is account]
        self._need(draw.of_lot for draw in taken)
        draws = []
        for draw in reversed(taken):
            before = min(undone.get(draw.lot_id, 0), draw.amount_minor)
            undone[draw.lot_id] = undone.get(draw.lot_id, 0) - before
            amount = min(left, draw.amount_minor - before)
            if amount > 0:
                draws.append(self._return_draw(account, draw.of_lot, amount, now, grace))
                left -= amount
        return self._enter(reason, draws, cause, now, reverses=undoing.entry.id) if draws else None

    def _return_draw(
        self, account: Account, lot_id: str, amount: int, now: datetime, grace: timedelta
    ) -> Draw:
        lot = self.lots[lot_id]
        if not has_ended(lot, now):
            return Draw(account, Account.AVAILABLE, lot_id, amount)
        if grace and lot.parent_lot_id is None:
            child = grace_child(self._mint(), lot, amount, now, grace)
            self._put_lot(child, is_new=True)
            return Draw(account, Account.AVAILABLE, lot_id, amount, child.id)
        return Draw(account, Account.BREAKAGE, lot_id, amount)

    def _take_back(self, reason: Reason, undoing: Undoing, now: datetime, cause: Cause) -> Entry | None:
        self.settle(now)
        left = undoing.left_minor(Account.CLAWBACK)
        if left <= 0:
            return None
        draws = []
        granted_lots = [draw.of_lot for draw in undoing.entry.draws]
        self._need(granted_lots)
        for lot_id in granted_lots:
            lot = self.lots[lot_id]
            if has_ended(lot, now):
                continue
            for account, there in (
                (Account.PENDING, lot.pending_minor),
                (Account.AVAILABLE, lot.available_minor),
            ):
                amount = min(left, there)
                if amount:
                    draws.append(Draw(account, Account.CLAWBACK, lot.id, amount))
                    left -= amount
        lapsed = min(left, undoing.lapsed_minor)
        if lapsed:
            draws.append(Draw(Account.BREAKAGE, Account.CLAWBACK, granted_lots[0], lapsed))
            left -= lapsed
        others, left = self._draw(left, Account.CLAWBACK, now, but=granted_lots)
        if left and not self.lots_complete:
            raise NeedsMoreLots
        draws += others
        if left:
            draws.append(Draw(Account.DEBT, Account.CLAWBACK, None, left))
        return self._enter(reason, draws, cause, now, reverses=undoing.entry.id)

    def _due(self, what: str, lot: Lot) -> Cause:
        key = f"auto/{what}/{lot.id}/{self.wallet.version}"
        return Cause(key, SYSTEM, source_type="lot", source_id=lot.id, rule=lot.policy)


def _of_hold(cause: Cause, hold: Hold) -> Cause:
    return replace(cause, source_type="hold", source_id=hold.id)


def _is_earned_by(lot: Lot, order_id: str) -> bool:
    return lot.source_type == ORDER and lot.source_id == order_id
