"""What has become due becomes triggers: timers, stored triggers, notices, ends of credit, schedules."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.conversation.decide import Decisions
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.inbox import restored
from bot.conversation.operations import operation_work
from bot.conversation.strikes import strike_name, strike_trigger
from bot.conversation.work import Work
from bot.core.contact import JsonValue
from bot.core.deeds.refill_turns import ASK
from bot.core.deeds.tier_turns import LOOK
from bot.core.flow.compiled import Flow, ScheduleStarter
from bot.core.flow.halts import paused
from bot.core.flow.schedule import Strike
from bot.core.ids import microseconds
from bot.core.ledger.wallet import MAIN_WALLET
from bot.core.triggers import Trigger, TriggerKind
from bot.storage import due, halts, offers, refills, schedules, standings
from bot.storage.driver import Connection, Database
from bot.storage.schedules import Whom

T = TypeVar("T")
_MOST = 6_000
"""Rows read at once: enough for many batches, few enough to bound the memory."""
_ENOUGH = 1_000
"""Works handed over together, so that a batch is not full of one bucket's last few."""

Peek = Callable[[Connection, datetime], Awaitable[list[int]]]
Find = Callable[[Connection, int, datetime, int], Awaitable[list[T]]]


@dataclass(frozen=True, slots=True)
class DueWork:
    """Finds what is due and hands it to the dispatcher; each method is one strike of a job."""

    database: Database
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    decisions: Callable[[], Decisions]
    stopping: asyncio.Event
    page: int = schedules.PAGE
    """How many contacts a transaction of a strike is for."""
    _looked: dict[str, datetime] = field(default_factory=dict)
    """Until when nothing more is to be found of schedules, by name: to find every zone takes long."""

    async def timers(self) -> int:
        """Runs whose time has come; those of paused flows are put aside first."""
        if paused(self.decisions().shop.halted):
            await self._park(due.buckets_with_timers)
        return await self._drain(due.buckets_with_timers, due.timers, _timer_work)

    async def triggers(self) -> int:
        """Triggers stored to be handled later; what tells runs of paused flows is put aside first."""
        if paused(self.decisions().shop.halted):
            await self._park(due.buckets_with_triggers)
        return await self._drain(due.buckets_with_triggers, due.triggers, restored)

    async def notices(self) -> int:
        """Lots whose end is near enough to be told."""
        return await self._drain(due.buckets_with_notices, due.notices, self._notice_work)

    async def expired(self) -> int:
        """Lots that have ended and still hold something."""
        return await self._drain(due.buckets_with_expired, due.expired, self._expiry_work)

    async def checkouts(self) -> int:
        """Checkouts that nobody captured in time: what they took of budgets is free again."""
        return await self._drain(offers.buckets_overdue, offers.overdue, self._checkout_work)

    async def standings(self) -> int:
        """Tiers whose period ends, or of whose end a member is to be warned."""
        return await self._drain(standings.buckets_with_due, standings.due, _standing_work)

    async def running_low(self) -> int:
        """Members whose favourites may be running low."""
        return await self._drain(refills.buckets_with_due, refills.due, self._refill_work)

    async def schedules(self) -> int:
        """Flows that start by the clock: a stored trigger for everybody they are for, zone by zone."""
        publication, now = self.decisions().publication, self.clock()
        asked = [
            (flow, starter)
            for flow, starter in publication.schedules
            if (looked := self._looked.get(strike_name(flow, starter))) is None
            or starter.schedule.may_strike(looked, now)
        ]
        if not asked:
            return 0
        zones = await self.database.query(due.zones)  # after `now`: who lives elsewhere later came after it
        done = 0
        for flow, starter in asked:
            there = [publication.shop.zone] if starter.by_shop_clock else zones
            done += await self._strike(flow, starter, there, now)
        return done

    async def _strike(self, flow: Flow, starter: ScheduleStarter, zones: Sequence[str], now: datetime) -> int:
        """Store the triggers of the latest strike that was missed in each zone; it can be resumed."""
        name, done = strike_name(flow, starter), 0
        since = await self.database.query(lambda connection: schedules.known_since(connection, name))
        if since is None:
            since = await self.database.transact(lambda connection: schedules.since(connection, name, now))
        strikes: dict[Strike, list[str]] = {}
        for zone in zones:
            if (strike := starter.schedule.latest(since, now, zone)) is not None:
                strikes.setdefault(strike, []).append(zone)
        if not strikes:
            self._looked[name] = now
            return 0
        if flow.name in self.decisions().shop.halted:
            strikes = {}  # nobody comes to a door that is shut for all
        struck = [
            (
                Whom(None if starter.by_shop_clock else frozenset(there), starter.audience),
                strike_trigger(flow, starter, strike.on, strike.at),
            )
            for strike, there in sorted(strikes.items(), key=lambda each: each[0].at)
        ]
        buckets = await self.database.query(due.peopled)  # after `now`, as the zones
        place = (0, 0, "")
        while place[0] < len(buckets):
            if self.stopping.is_set():
                return done
            place, found = await self.database.transact(
                lambda connection, place=place: self._strike_some(connection, buckets, struck, place)  # type: ignore[misc]  # bound now
            )
            done += found
        await self.database.transact(lambda connection: schedules.reached(connection, name, now))
        self._looked[name] = now
        return done

    async def _strike_some(
        self,
        connection: Connection,
        buckets: Sequence[int],
        struck: Sequence[tuple[Whom, Trigger]],
        place: tuple[int, int, str],
    ) -> tuple[tuple[int, int, str], int]:
        """Give about a page of contacts their triggers, bucket by bucket.

        `place` is the bucket, the strike and the contact to go on behind; returns where the next page begins.
        """
        (position, number, after), found = place, 0
        while position < len(buckets):
            while number < len(struck):
                left = self.page - found
                last, more = await schedules.strike(
                    connection, buckets[position], *struck[number], after=after, most=left
                )
                found += more
                if more == left and last is not None:
                    return (position, number, last), found
                number, after = number + 1, ""
            position, number = position + 1, 0
        return (position, 0, ""), found

    # Below: how

    async def _park(self, peek: Peek) -> None:
        now = self.clock()
        for bucket in await self.database.query(lambda connection: peek(connection, now)):
            await self.database.transact(
                lambda connection, bucket=bucket: halts.park(connection, bucket, now)  # type: ignore[misc]  # bound now
            )

    async def _drain(self, peek: Peek, find: "Find[T]", work_of: Callable[[T], Work]) -> int:
        """Hand over everything that is due, some buckets at a time."""
        done = 0
        now = self.clock()
        buckets = await self.database.query(lambda connection: peek(connection, now))
        random.shuffle(buckets)  # so that several workers begin in different places
        works: list[Work] = []
        for bucket in buckets:
            is_more = True
            while is_more and not self.stopping.is_set():
                found = await self.database.query(
                    lambda connection, bucket=bucket: find(connection, bucket, now, _MOST)  # type: ignore[misc]  # bound now
                )
                works += [work_of(one) for one in found]
                is_more = False
                if len(works) >= _ENOUGH:
                    handled = await self.dispatcher.submit_all(works)
                    done, works = done + handled, []
                    # Nothing new: another worker is at the same, or it cannot be handled. Not for ever.
                    is_more = handled > 0
        return done + await self.dispatcher.submit_all(works)

    def _checkout_work(self, overdue: offers.Overdue) -> Work:
        key, contact_id = f"checkouts:{microseconds(overdue.since)}", overdue.contact_id
        return operation_work("checkout.time_out", {}, key=key, at=self.clock(), contact_id=contact_id)

    def _notice_work(self, lots: due.DueLots) -> Work:
        return self._lots_work(TriggerKind.CREDIT_EXPIRING, "expiring", lots)

    def _expiry_work(self, lots: due.DueLots) -> Work:
        return self._lots_work(TriggerKind.EXPIRY, "expire", lots)

    def _refill_work(self, found: refills.DueRefill) -> Work:
        key = f"{ASK}:{found.mark}"
        return operation_work(ASK, {}, key=key, at=self.clock(), contact_id=found.contact_id)

    def _lots_work(self, kind: TriggerKind, name: str, lots: due.DueLots) -> Work:
        digest = hashlib.sha256(lots.mark.encode()).hexdigest()[:24]
        payload: dict[str, JsonValue] = {"lots": list(lots.lot_ids)}
        if lots.wallet != MAIN_WALLET:
            payload["wallet"] = lots.wallet
        trigger = Trigger(key=f"{name}:{digest}", kind=kind, at=self.clock(), payload=payload)
        return Work(trigger, contact_id=lots.contact_id)


def _standing_work(standing: standings.DueStanding) -> Work:
    payload: dict[str, JsonValue] = {"operation": LOOK, "body": {}}
    key = f"standing:{standing.kind}:{standing.mark}"
    trigger = Trigger(key, TriggerKind.OPERATION, standing.look_at, payload)
    return Work(trigger, contact_id=standing.contact_id)


def _timer_work(timer: due.DueTimer) -> Work:
    trigger = Trigger(
        key=f"timer:{timer.run_id}:{timer.version}",
        kind=TriggerKind.TIMER,
        at=timer.due_at,
        payload={"run": timer.run_id, "version": timer.version},
    )
    return Work(trigger, contact_id=timer.contact_id)
