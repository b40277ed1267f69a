"""How credit crosses when two contacts turn out to be one person: lot by lot, by an entry on either side.

A lot crosses whole: what is left of it, and what became of the rest (spent, ended, taken back), so that what
is given back or taken back later finds in the survivor's lot what it would have found in the first one. What
is owed crosses too. Nothing is issued and nothing is gone: both entries together move nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.ids import bucket_of, derived_id
from bot.core.ledger.ends import Ends
from bot.core.ledger.entries import Account, Cause, Draw, Entry, Reason
from bot.core.ledger.lots import Lot
from bot.core.ledger.refusals import NeedsMoreLots

CROSSING = (Account.PENDING, Account.AVAILABLE, Account.SPENT, Account.BREAKAGE, Account.CLAWBACK)
"""Where what crosses may be; what is held does not cross."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """A lot as it crosses: its terms, and how much of it is where."""

    lot: Lot
    places: Mapping[Account, int]

    @property
    def total_minor(self) -> int:
        """All that crosses of it."""
        return sum(self.places.values())


def crossed_id(join: str, lot_id: str, survivor: str) -> str:
    """Return the id of the survivor's lot for one of the other's: the same for the same joining."""
    return derived_id(f"{join}/{lot_id}", bucket_of(survivor))


def as_crossed(lots: Sequence[Lot], entry: Entry | None) -> list[Crossed]:
    """Return the lots of a wallet that was left, with what the entry that left it moved out of each."""
    places: dict[str, dict[Account, int]] = {}
    for draw in entry.draws if entry is not None else ():
        if draw.lot_id is not None:
            of_lot = places.setdefault(draw.lot_id, {})
            of_lot[draw.source] = of_lot.get(draw.source, 0) + draw.amount_minor
    return [Crossed(lot, places.get(lot.id, {})) for lot in lots]


def survivors_lot(crossed: Crossed, join: str, survivor: str) -> Lot:
    """Return the empty lot of the survivor that takes in what crosses, with the same terms and end."""
    lot = crossed.lot
    parent = crossed_id(join, lot.parent_lot_id, survivor) if lot.parent_lot_id is not None else None
    return replace(
        lot,
        id=crossed_id(join, lot.id, survivor),
        granted_minor=crossed.total_minor,
        pending_minor=0,
        available_minor=0,
        held_minor=0,
        parent_lot_id=parent,
    )


class Crossing(Ends):
    """A wallet whose credit can cross to another contact's, and back; settle it first."""

    __slots__ = ()

    def leave(
        self, places: Mapping[str, Mapping[Account, int]], debt_minor: int, now: datetime, cause: Cause
    ) -> Entry | None:
        """Let lots cross to another contact's wallet, and what is owed; None where there is nothing.

        `places` says of each lot how much of it crosses from where.
        """
        draws = [
            Draw(account, Account.TRANSFER, lot_id, of_lot[account])
            for lot_id, of_lot in sorted(places.items())
            for account in CROSSING
            if of_lot.get(account, 0) > 0
        ]
        self._need(draw.of_lot for draw in draws)
        if debt_minor:
            draws.append(Draw(Account.TRANSFER, Account.DEBT, None, debt_minor))
        return self._enter(Reason.JOIN, draws, cause, now) if draws else None

    def take_over(
        self,
        crossed: Sequence[Crossed],
        debt_minor: int,
        join: str,
        now: datetime,
        cause: Cause,
    ) -> Entry | None:
        """Take in what another contact left, each lot as one of these; None where it left nothing."""
        if not self.lots_complete:
            raise NeedsMoreLots((), self.wallet.id)  # what is owed is paid at once, soonest end first
        draws = []
        for one in crossed:
            lot = survivors_lot(one, join, self.wallet.contact_id)
            self._put_lot(lot, is_new=True)
            draws += [
                Draw(Account.TRANSFER, account, lot.id, one.places[account])
                for account in CROSSING
                if one.places.get(account, 0) > 0
            ]
        if debt_minor:
            draws.append(Draw(Account.DEBT, Account.TRANSFER, None, debt_minor))
        if not draws:
            return None
        entry = self._enter(Reason.JOIN, draws, cause, now)
        if self.wallet.debt_minor and not any(draw.target is Account.AVAILABLE for draw in draws):
            self._repay(entry, now)
        return entry

    def come_back(self, crossed: Sequence[Crossed], left: Entry, now: datetime, cause: Cause) -> Entry | None:
        """Take back into the lots that were left what came back of them; None where nothing did.

        `left` is the entry by which they were left. A lot whose end moved meanwhile has that end here, too.
        """
        self._need(one.lot.id for one in crossed)
        ends = {
            one.lot.id: one.lot.expires_on
            for one in crossed
            if one.lot.expires_on is not None
            and self.lots[one.lot.id].expires_on is not None
            and one.lot.expires_on > (self.lots[one.lot.id].expires_on or one.lot.expires_on)
        }
        draws = [
            Draw(Account.TRANSFER, account, one.lot.id, one.places[account])
            for one in crossed
            for account in CROSSING
            if one.places.get(account, 0) > 0
        ]
        if not draws:
            return None
        if ends:
            extended = replace(cause, key=f"{cause.key}/ends")
            self._extend(ends, now, extended)
        return self._enter(Reason.JOIN, draws, cause, now, reverses=left.id)
