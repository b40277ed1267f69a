"""The ends of lots: told to the member, and moved by activity; each move is an entry of its own."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from bot.core.ledger.entries import Cause, Entry, Extension, Reason
from bot.core.ledger.lots import good_through, has_ended, moved_end
from bot.core.ledger.recorder import SYSTEM, Recorder
from bot.core.ledger.refusals import NeedsMoreLots
from bot.core.loyalty.expiry import Activity, renewal_of


class Ends(Recorder):
    """A wallet of which is known until when its credit is good, and why."""

    __slots__ = ()

    def renew(
        self, activities: Collection[Activity], active_on: date, now: datetime, cause: Cause
    ) -> Entry | None:
        """Move the end of all credit that these activities keep alive; None where no end lies further off.

        `active_on` is the member's day. What has ended stays so.
        """
        ends: dict[str, date] = {}
        for lot in self.lots.values():
            if not lot.renewal or not lot.is_open or lot.expires_on is None or has_ended(lot, now):
                continue
            renewal = renewal_of(lot.renewal)
            end = renewal.expires_on(active_on)
            if end > lot.expires_on and not renewal.activities.isdisjoint(activities):
                ends[lot.id] = end
        if not ends:
            return None
        if not self.lots_complete:
            raise NeedsMoreLots((), self.wallet.id)
        return self._extend(ends, now, cause)

    def _extend(self, ends: Mapping[str, date], now: datetime, cause: Cause) -> Entry:
        """Record that these lots end later."""
        extended = []
        for lot_id, end in ends.items():
            lot = self.lots[lot_id]
            assert lot.expires_on is not None, "what never ends has no end to move"
            extended.append(Extension(lot_id, lot.expires_on, end))
            self._put_lot(moved_end(lot, end))
        return self._enter(Reason.EXTEND, (), cause, now, extended=tuple(extended))

    def mark_noticed(self, lot_ids: Iterable[str], now: datetime) -> None:
        """Record that the member was told of these lots' end; the first time counts.

        Credit whose owner must be told some days before ends no sooner than that: its end is moved.
        """
        lot_ids = tuple(lot_ids)
        self._need(lot_ids)
        unnoticed = [self.lots[lot_id] for lot_id in lot_ids if self.lots[lot_id].noticed_at is None]
        late: dict[str, date] = {}
        for lot in unnoticed:
            told_through = good_through(lot, now)
            if lot.notice_days and told_through is not None and told_through != lot.expires_on:
                late[lot.id] = told_through
        if late:
            key = f"auto/told/{min(late)}/{self.wallet.version}"
            self._extend(late, now, Cause(key, SYSTEM, source_type="notice"))
        for lot in unnoticed:
            self._put_lot(replace(self.lots[lot.id], noticed_at=now))
        if unnoticed:
            self.wallet = replace(self.wallet, version=self.wallet.version + 1)
