"""The daily bill: what WeChat Pay says happened, held against our payments and the books.

What we had not heard is asked for and heard; what still differs is kept, counted and told to an operator.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import structlog

from bot.conversation.cashier import Cashier
from bot.core.bills import Difference, payout_differences, trade_differences
from bot.core.contact import JsonValue
from bot.core.errors import NeverRetry, Refused, RetryLater
from bot.core.ledger.entries import Account
from bot.core.loyalty.orders import PAID, is_at_least, total_cash_minor
from bot.core.payments import Payment, Payout, Refund, RefundState, cash_back_minor
from bot.pay.bills import BillUnreadable, payouts, trades
from bot.storage import bills, orders, payments
from bot.storage.bills import ALL_BUCKETS, HeldBill
from bot.storage.driver import Connection, Database

TRADES, FLOWS, BOOKS = "tradebill", "fundflowbill", "books"
BEIJING = timedelta(hours=8)
_MADE_BY = timedelta(hours=10, minutes=30)
"""By then yesterday's bill is there: it is made at 9, says WeChat Pay, and whole at 10."""
_KEPT_DAYS = 90  # so long WeChat Pay keeps them
_DAYS_AT_ONCE = 7
_STUCK = timedelta(days=3)
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BillJob:
    """`hold` is one strike of a job: every day whose bill is there and was not looked at yet."""

    database: Database
    cashier: Cashier
    mchid: str
    clock: Callable[[], datetime]
    stopping: asyncio.Event

    async def hold(self) -> int:
        """Hold the bills of the days since the last one; returns how many days that were."""
        local = self.clock().astimezone(UTC) + BEIJING
        newest = (local - _MADE_BY).date() - timedelta(days=1)
        last = await self.database.query(lambda c: bills.last_day(c, self.mchid, BOOKS))
        day = newest if last is None else max(last + timedelta(days=1), newest - timedelta(days=_KEPT_DAYS))
        done = 0
        while day <= newest and done < _DAYS_AT_ONCE and not self.stopping.is_set():
            try:
                await self.of_day(day)
            except (RetryLater, NeverRetry) as error:
                _logger.warning("bill_later", day=day.isoformat(), why=type(error).__name__)
                return done
            done, day = done + 1, day + timedelta(days=1)
        return done

    async def of_day(self, day: date) -> tuple[HeldBill, HeldBill, HeldBill]:
        """Hold one day against its bills and the books, and keep what was found."""
        held = (await self._trades(day), await self._flows(day), await self._books(day))
        for one in held:
            await self.database.transact(lambda c, one=one: bills.put(c, one))  # type: ignore[misc]  # bound now
            if one.differences:
                count = len(one.differences)
                _logger.error("bill_differs", day=day.isoformat(), kind=one.kind, differences=count)
        return held

    # The bills

    async def _trades(self, day: date) -> HeldBill:
        bill = await self.cashier.till.bill(TRADES, day)
        try:
            lines = trades(bill) if bill is not None else []
        except BillUnreadable as error:
            return self._held(day, TRADES, {}, [_unreadable(error)])
        numbers = [line.number for line in lines if _is_id(line.number)]
        paid = await self._paid(day)
        refunded = [one for one in await self._refunds(day) if _went_back_on(one, day)]
        known = await self._called(numbers)
        found = trade_differences(lines, paid, refunded, _without_payouts(known))
        if any(one.what.endswith("_unheard") for one in found):
            await self._ask(found)
            known = await self._called(numbers)
            found = trade_differences(lines, paid, refunded, _without_payouts(known))
        sums: dict[str, JsonValue] = {
            "payments": sum(not line.is_refund for line in lines),
            "paid_minor": sum(line.amount_minor for line in lines if not line.is_refund),
            "refunds": sum(line.is_refund for line in lines),
            "refunded_minor": sum(line.amount_minor for line in lines if line.is_refund),
        }
        return self._held(day, TRADES, sums, found)

    async def _flows(self, day: date) -> HeldBill:
        bill = await self.cashier.till.bill(FLOWS, day)
        try:
            lines = payouts(bill) if bill is not None else []
        except BillUnreadable as error:
            return self._held(day, FLOWS, {}, [_unreadable(error)])
        numbers = [line.number for line in lines if _is_id(line.number)]
        known = {k: v for k, v in (await self._called(numbers)).items() if isinstance(v, Payout)}
        before = await self.database.query(
            lambda c: bills.of_day(c, self.mchid, day - timedelta(days=1), FLOWS)
        )
        kept = before.found.get("numbers") if before is not None else None
        seen = {str(number) for number in kept} if isinstance(kept, list) else set()
        # A payout leaves the account when it is offered, up to a day before it is confirmed.
        done = await self._payouts(day) if before is not None else []
        found = payout_differences(lines, done, known, seen)
        sums: dict[str, JsonValue] = {
            "payouts": len({line.number for line in lines}),
            "paid_out_minor": -sum(line.amount_minor for line in lines),
            "numbers": [*numbers],
        }
        return self._held(day, FLOWS, sums, found)

    async def _ask(self, found: Iterable[Difference]) -> None:
        """Ask about what WeChat Pay says and we had not heard."""
        for one in found:
            try:
                if one.what == "payment_unheard":
                    await self.cashier.ask_again(one.number)
                elif one.what == "refund_unheard":
                    refund = await self.cashier.refund_by_id(one.number)
                    if refund is not None:
                        await self.cashier.refund(refund)
            except (RetryLater, NeverRetry, Refused) as error:
                _logger.warning("bill_not_asked", what=one.what, why=type(error).__name__)

    # The books

    async def _books(self, day: date) -> HeldBill:
        found: list[Difference] = []
        paid = await self._paid(day)
        for payment in paid:
            found += await self.database.query(lambda c, one=payment: in_books(c, one))  # type: ignore[misc]  # bound now
        for refund in await self._refunds(day):
            is_open = refund.state not in {RefundState.DONE, RefundState.REFUSED}
            if refund.state is RefundState.REFUSED:
                found.append(Difference("refund_refused", refund.id, refund.amount_minor))
            elif is_open and refund.created_at < self.clock() - _STUCK:
                found.append(Difference("refund_stuck", refund.id, refund.amount_minor))
        sums: dict[str, JsonValue] = {
            "payments": len(paid),
            "paid_minor": sum(one.paid_minor for one in paid),
        }
        return self._held(day, BOOKS, sums, found)

    # What we have

    async def _paid(self, day: date) -> list[Payment]:
        since, until = _day(day)
        found: list[Payment] = []
        for bucket in ALL_BUCKETS:
            found += await self.database.query(
                lambda c, bucket=bucket: bills.paid_between(c, bucket, since, until)  # type: ignore[misc]  # bound now
            )
        return found

    async def _refunds(self, day: date) -> list[Refund]:
        since, until = _day(day)
        found: list[Refund] = []
        for bucket in ALL_BUCKETS:
            found += await self.database.query(
                lambda c, bucket=bucket: bills.refunds_between(c, bucket, since, until)  # type: ignore[misc]  # bound now
            )
        return found

    async def _payouts(self, day: date) -> list[Payout]:
        since, until = _day(day)
        found: list[Payout] = []
        for bucket in ALL_BUCKETS:
            found += await self.database.query(
                lambda c, bucket=bucket: bills.payouts_between(c, bucket, since, until)  # type: ignore[misc]  # bound now
            )
        return found

    async def _called(self, numbers: Sequence[str]) -> dict[str, Payment | Refund | Payout]:
        return await self.database.query(lambda c: bills.called(c, numbers))

    def _held(
        self, day: date, kind: str, sums: dict[str, JsonValue], found: Iterable[Difference]
    ) -> HeldBill:
        told: dict[str, JsonValue] = {**sums, "differences": [one.told() for one in found]}
        return HeldBill(self.mchid, day, kind, told, self.clock())


async def in_books(connection: Connection, payment: Payment) -> list[Difference]:
    """Hold one payment that was paid against its order, what that spent of credit, and what came back."""
    found = await payments.cash_of_orders(connection, payment.contact_id, [payment.order_id])
    cash, paid = found[payment.order_id], payment.paid_minor
    if not payment.stands:
        owed = paid - cash.refunded_minor(payment.id)
        return [Difference("cash_owed", payment.id, paid - owed, paid)] if owed else []
    record = await orders.on_record(connection, payment.contact_id, payment.order_id)
    order = record.order
    if order is None or not is_at_least(order.status, PAID):
        return [Difference("order_not_paid", payment.id, 0, paid)]
    differences: list[Difference] = []
    if total_cash_minor(order) != paid:
        differences.append(Difference("order_amount", payment.id, total_cash_minor(order), paid))
    spent = sum(one.undoing.entry.moved_minor(target=Account.SPENT) for one in record.paid)
    if spent != order.credit_minor and not await bills.has_left(connection, payment.contact_id):
        differences.append(Difference("order_credit", payment.id, spent, order.credit_minor))
    owed = cash_back_minor(order) - cash.refunded_minor(payment.id)
    if owed > 0:
        differences.append(
            Difference("cash_owed", payment.id, cash_back_minor(order) - owed, cash_back_minor(order))
        )
    return differences


def _day(day: date) -> tuple[datetime, datetime]:
    since = datetime(day.year, day.month, day.day, tzinfo=UTC) - BEIJING
    return since, since + timedelta(days=1)


def _went_back_on(refund: Refund, day: date) -> bool:
    """Whether WeChat Pay took it on that day, by its own word."""
    at = refund.facts.get("at")
    if refund.state in {RefundState.NEW, RefundState.REFUSED} or not isinstance(at, str):
        return False
    since, until = _day(day)
    return since <= datetime.fromisoformat(at) < until


def _without_payouts(known: dict[str, Payment | Refund | Payout]) -> dict[str, Payment | Refund]:
    return {number: one for number, one in known.items() if not isinstance(one, Payout)}


def _unreadable(error: BillUnreadable) -> Difference:
    return Difference("unreadable", str(error))


def _is_id(number: str) -> bool:
    return len(number) == 32 and all(digit in "0123456789abcdef" for digit in number)  # noqa: PLR2004  # of our ids
