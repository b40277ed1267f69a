"""What becomes due of cash through WeChat Pay: unpaid payments, refunds, payouts, goods on their way.

Each is claimed with a lease, asked about outside transactions, and heard of by a turn. What fails is tried
again under the same number, later each time; nothing is given up while it may yet move money.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.conversation.cashier import Cashier
from bot.core.contact import Order
from bot.core.deeds.paying_back import GIVEN_UP, SHIPPING
from bot.core.errors import NeverRetry, Refused, RetryLater
from bot.core.payments import Payment, PaymentState, Payout, PayoutState, Refund, RefundState, next_look
from bot.jobs.outbox import nowhere
from bot.storage import inherited
from bot.storage.driver import Database
from bot.storage.due_cash import DueCash, Moved
from bot.storage.payments import PAYMENTS, REFUNDS
from bot.storage.payouts import PAYOUTS

_LEASE = timedelta(minutes=2)
_MOST = 20
_AT_ONCE = 4
_FIRST, _MOST_WAIT = timedelta(seconds=30), timedelta(hours=1)
_REFUND_LOOK = timedelta(hours=1)
"""How long to wait for the notice of a refund that is being processed: banks take days."""
_ABNORMAL_LOOK = timedelta(hours=12)
_PAYOUT_LOOK = timedelta(hours=2)
_logger = structlog.get_logger(__name__)


class Shipping(Protocol):
    """Tells WeChat that what was paid is on its way, or it keeps the money."""

    async def __call__(self, payment: Payment, order: Order) -> None:
        """Tell it, once or again. Raises RetryLater or NeverRetry."""


@dataclass(frozen=True, slots=True)
class PaymentJobs:
    """Each method is one strike of a job; `at` is called around each step, for drills."""

    database: Database
    cashier: Cashier
    shipping: Shipping | None
    """None: the platform of shipping is not set up."""
    remark: Callable[[str], str]
    """What a payout to a contact says; by the contact's id."""
    clock: Callable[[], datetime]
    stopping: asyncio.Event
    at: Callable[[str], None] = nowhere

    async def unpaid(self) -> int:
        """Ask about payments not told of, close those whose time is over, tell of goods on their way."""
        return await self._drain(PAYMENTS, self._payment)

    async def refunds(self) -> int:
        """Send cash back, and find out what became of it."""
        return await self._drain(REFUNDS, self._refund)

    async def payouts(self) -> int:
        """Offer cash-back to wallets, and find out what became of it."""
        return await self._drain(PAYOUTS, self._payout)

    # One of each

    async def _payment(self, payment: Payment) -> timedelta | None:
        if payment.is_open:
            if payment.facts.get(GIVEN_UP) or self.clock() >= payment.expires_at:
                await self.cashier.give_up(payment.id)
                return timedelta(seconds=30)  # only if it is still open, which nothing else looks at
            await self.cashier.check(payment.id)
            return payment.next_look_at(self.clock()) - self.clock()
        if payment.state is PaymentState.PAID and payment.facts.get(SHIPPING) == "due":
            await self._ship(payment)
        return None

    async def _ship(self, payment: Payment) -> None:
        if self.shipping is None:
            return
        order = await self.database.query(
            lambda c: inherited.order_by_id(c, payment.contact_id, payment.order_id)
        )
        if order is not None:
            await self.shipping(payment, order)
            self.at("after_shipping")
        await self.cashier.shipped(payment)

    async def _refund(self, refund: Refund) -> timedelta | None:
        found = await self.cashier.refund(refund)
        if found.state is RefundState.PROCESSING:
            return _REFUND_LOOK
        return _ABNORMAL_LOOK if found.state is RefundState.ABNORMAL else None

    async def _payout(self, payout: Payout) -> timedelta | None:
        found = await self.cashier.pay_out(payout, self.remark(payout.contact_id))
        if found is None or found.state in {PayoutState.DONE, PayoutState.ENDED}:
            return None
        return _PAYOUT_LOOK if found.state is PayoutState.WAITING else timedelta(minutes=2)

    # How

    async def _drain(self, due: DueCash[Moved], work: Callable[[Moved], Awaitable[timedelta | None]]) -> int:
        done = 0
        now = self.clock()
        for bucket in await self.database.query(lambda c: due.buckets(c, now)):
            if self.stopping.is_set():
                break

            self.at("before_claim")
            claimed = await self._take(due, bucket)
            self.at("after_claim")
            gate = asyncio.Semaphore(_AT_ONCE)
            await asyncio.gather(*(self._one(one, due, work, gate) for one in claimed))
            done += len(claimed)
        return done

    async def _take(self, due: DueCash[Moved], bucket: int) -> list[Moved]:
        now = self.clock()
        return await self.database.transact(lambda c: due.claim(c, bucket, now, now + _LEASE, _MOST))

    async def _one(
        self,
        one: Moved,
        due: DueCash[Moved],
        work: Callable[[Moved], Awaitable[timedelta | None]],
        gate: asyncio.Semaphore,
    ) -> None:
        async with gate:
            try:
                after = await work(one)
            except (RetryLater, NeverRetry, Refused) as error:
                after = max(
                    next_look(one.attempts - 1, _FIRST, _MOST_WAIT),
                    getattr(error, "after", None) or timedelta(0),
                )
                _logger.warning(
                    "pay_later",
                    kind=type(one).__name__,
                    id=one.id,
                    attempts=one.attempts,
                    why=type(error).__name__,
                    code=getattr(error, "code", ""),
                )
            self.at("before_look_later")
            at = None if after is None else self.clock() + after
            await self.database.transact(lambda c: due.look_later(c, one, at))
            self.at("after_look_later")
