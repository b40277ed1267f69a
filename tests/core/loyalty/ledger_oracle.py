"""An independent, naive ledger: every minor unit is an object, and every job runs at the very instant.

It shares no code with the books. It knows nothing of lots' columns, draws or entries: only where each unit
is, and what happens when time passes. It is told what was asked, and what the books named things.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor


@dataclass(eq=False)
class NaiveLot:
    ordinal: int
    priority: int
    active_from: datetime
    expires_at: datetime | None
    grace_until: datetime | None
    noticed_at: datetime | None = None
    is_child: bool = False
    renews_days: int = 0

    def end(self) -> datetime | None:
        told = (
            self.noticed_at is not None and self.expires_at is not None and self.noticed_at < self.expires_at
        )
        return self.expires_at if told else self.grace_until

    def ended(self, now: datetime) -> bool:
        end = self.end()
        return end is not None and now >= end

    def rank(self) -> tuple[int, bool, float, float, int]:
        return (
            self.priority,
            self.expires_at is None,
            self.expires_at.timestamp() if self.expires_at else 0.0,
            self.active_from.timestamp(),
            self.ordinal,
        )


@dataclass(eq=False)
class Unit:
    """One minor unit of credit; `place` is an account, or the order that holds it."""

    lot: NaiveLot
    place: str
    had_grace: bool = False
    expired: bool = False


@dataclass(eq=False)
class NaiveHold:
    order: str
    expires_at: datetime
    units: list[Unit]


@dataclass(eq=False)
class Told:
    """What an entry moved, so that it can be undone; `undone` counts what was."""

    kind: str
    units: list[Unit]
    lot: NaiveLot | None = None
    undone: int = 0
    unreturned: list[Unit] = field(default_factory=list)


class Oracle:
    def __init__(self) -> None:
        self.lots: list[NaiveLot] = []
        self.units: list[Unit] = []
        self.holds: dict[str, NaiveHold] = {}
        self.debt = 0

    # Time

    def pass_time(self, now: datetime) -> None:
        """Let all that is due by `now` happen, each at its instant: ends, then time-outs, then starts."""
        while True:
            due: list[tuple[datetime, int, float, NaiveLot | NaiveHold]] = []
            for lot in self.lots:
                units = [unit for unit in self.units if unit.lot is lot]
                end = lot.end()
                if end is not None and end <= now and any(u.place in ("pending", "available") for u in units):
                    due.append((end, 0, lot.ordinal, lot))
                if lot.active_from <= now and any(unit.place == "pending" for unit in units):
                    position = sorted(self.lots, key=NaiveLot.rank).index(lot)
                    due.append((lot.active_from, 2, position, lot))
            for position, hold in enumerate(self.holds.values()):
                if hold.expires_at <= now:
                    due.append((hold.expires_at, 1, position, hold))
            if not due:
                return
            at, kind, _, what = min(due, key=lambda item: item[:3])
            if isinstance(what, NaiveHold):
                self._give_up(what, at)
            elif kind == 0:
                ended = [u for u in self._of(what) if u.place in ("pending", "available")]
                for unit in ended:
                    unit.expired = True
                self._move(ended, "breakage")
            else:
                self._move([u for u in self._of(what) if u.place == "pending"], "available")
                self._repay()

    # Deeds

    def grant(self, amount: int, lot: NaiveLot, now: datetime) -> Told:
        lot.ordinal = len(self.lots)
        self.lots.append(lot)
        units = [Unit(lot, "pending" if lot.active_from > now else "available") for _ in range(amount)]
        self.units += units
        self._repay()
        return Told("grant", units, lot)

    def take(self, amount: int, place: str) -> Told | None:
        """Move `amount` of the soonest-ending units to `place`; None if there are too few."""
        units = self._spendable_units()[:amount]
        if len(units) < amount:
            return None
        self._move(units, place)
        return Told(place, units, unreturned=list(units))

    def set_aside(self, order: str, amount: int, expires_at: datetime) -> bool:
        taken = self.take(amount, "held")
        if taken is not None:
            self.holds[order] = NaiveHold(order, expires_at, taken.units)
        return taken is not None

    def capture(self, order: str, amount: int, now: datetime) -> Told:
        hold = self.holds[order]
        captured, hold.units = hold.units[:amount], hold.units[amount:]
        self._move(captured, "spent")
        self._give_up(hold, now)
        return Told("spent", captured, unreturned=list(captured))

    def release(self, order: str, now: datetime) -> None:
        self._give_up(self.holds[order], now)

    def give_back(self, told: Told, share: Fraction, now: datetime, grace_end: datetime | None) -> int:
        """Return units last taken first; those of an ended lot once into a new lot, otherwise lost."""
        count = max(0, floor(len(told.units) * share) - told.undone)
        told.undone += count
        children: dict[NaiveLot, NaiveLot] = {}
        for _ in range(count):
            unit = told.unreturned.pop()
            if not unit.lot.ended(now):
                unit.place = "available"
            elif grace_end is not None and not unit.lot.is_child:
                assert not unit.had_grace, "grace twice for one unit"
                if unit.lot not in children:
                    child = NaiveLot(
                        len(self.lots),
                        unit.lot.priority,
                        now,
                        grace_end,
                        grace_end,
                        is_child=True,
                        renews_days=unit.lot.renews_days,
                    )
                    self.lots.append(child)
                    children[unit.lot] = child
                unit.lot, unit.place, unit.had_grace = children[unit.lot], "available", True
            else:
                unit.place = "breakage"
        self._repay()
        return count

    def take_back(self, told: Told, share: Fraction, now: datetime) -> int:
        """Take from the granted lot, then from others, then owe."""
        count = max(0, floor(len(told.units) * share) - told.undone)
        told.undone += count
        assert told.lot is not None
        own = [u for u in self._of(told.lot) if u.place == "pending"]
        own += [u for u in self._of(told.lot) if u.place == "available"]
        if told.lot.ended(now):
            own = []
        others = [unit for unit in self._spendable_units() if unit.lot is not told.lot]
        units = [*own, *others][:count]
        self._move(units, "clawback")
        self.debt += count - len(units)
        return count

    def renew(self, now: datetime) -> bool:
        """A purchase moves the end of what it keeps alive and is not used up; says whether it moved any."""
        moved = False
        for lot in self.lots:
            new = grace_end(now, lot.renews_days)
            there = any(unit.place in ("pending", "available", "held") for unit in self._of(lot))
            if new is None or not there or lot.ended(now) or lot.expires_at is None or new <= lot.expires_at:
                continue
            assert lot.grace_until is not None
            lot.grace_until = new + (lot.grace_until - lot.expires_at)
            lot.expires_at, lot.noticed_at, moved = new, None, True
        return moved

    def reinstate(self, ordinal: int, count: int, now: datetime, days: int) -> None:
        """Give back so many units of a lot that ended by themselves, in a lot of their own."""
        parent, end = self.lots[ordinal], grace_end(now, days)
        assert end is not None
        units = [unit for unit in self.units if unit.lot is parent and unit.expired][:count]
        assert len(units) == count, "no more ended than is given back"
        child = NaiveLot(
            len(self.lots), parent.priority, now, end, end, is_child=True, renews_days=parent.renews_days
        )
        self.lots.append(child)
        for unit in units:
            unit.lot, unit.place, unit.expired, unit.had_grace = child, "available", False, True
        self._repay()

    # What is so

    def spendable(self) -> int:
        return len(self._spendable_units())

    def count(self, lot: NaiveLot, place: str) -> int:
        return sum(unit.place == place for unit in self._of(lot))

    def _of(self, lot: NaiveLot) -> list[Unit]:
        return [unit for unit in self.units if unit.lot is lot]

    def _spendable_units(self) -> list[Unit]:
        units = [unit for unit in self.units if unit.place == "available"]
        return sorted(units, key=lambda unit: unit.lot.rank())

    def _give_up(self, hold: NaiveHold, now: datetime) -> None:
        for unit in hold.units:
            unit.place = "breakage" if unit.lot.ended(now) else "available"
        del self.holds[hold.order]
        self._repay()

    def _repay(self) -> None:
        units = self._spendable_units()[: self.debt]
        self._move(units, "repaid")
        self.debt -= len(units)

    def _move(self, units: list[Unit], place: str) -> None:
        for unit in units:
            unit.place = place


def grace_end(now: datetime, days: int) -> datetime | None:
    """End of a grace of whole days in UTC: the midnight after its last day; None without grace."""
    if days == 0:
        return None
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days + 1)
