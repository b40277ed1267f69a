"""Random lives of payments: lost answers, doubled notices, late refunds, crashes. Books and money agree.

`REGULARS_PAY_LIVES=50` for a night; each has a seed of its own, told where it fails.
"""

import asyncio
import os
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.app.paying import merchant_of
from bot.core.errors import NeverRetry, Refused, RetryLater
from bot.core.ids import bucket_of
from bot.core.loyalty.orders import PAID, is_at_least, total_cash_minor
from bot.core.payments import Cash, PaymentState, RefundState, cash_back_minor
from bot.demo.pay.book import PayProblem
from bot.demo.pay.faults import Fault
from bot.jobs.bills import BEIJING, BillJob
from bot.jobs.payments import PaymentJobs
from bot.storage import auditing, inherited, payments
from tests.pay.paying import PayShop, paying

LIVES = int(os.environ.get("REGULARS_PAY_LIVES", "3"))
_STEPS = 150
_PEOPLE = ("li", "wang", "chen", "zhao")
_GOODS = (("LATTE", 2), ("BUN", 2), ("TEA", 3), ("LATTE", 1))
_POINTS = ("before_ask", "after_ask", "before_hear", "after_hear", "after_claim", "before_look_later")
_API = (
    {"kind": "drop_request"},
    {"kind": "drop_answer"},
    {"kind": "late_answer", "status": 500, "code": "SYSTEM_ERROR"},
    {"kind": "late_answer", "status": 502, "code": ""},
    {"kind": "refuse", "status": 429, "code": "FREQUENCY_LIMITED"},
    {"kind": "refuse", "status": 500, "code": "SYSTEM_ERROR"},
    {"kind": "wrong_signature"},
    {"kind": "no_json"},
    {"kind": "skewed_clock", "seconds": 900},
    {"kind": "pay_at_once"},
    {"kind": "abnormal_refund"},
)
_NOTICES = ("lose_notice", "double_notice", "lose_notice_answer")


class Killed(BaseException):
    """The process is gone."""


@dataclass(slots=True)
class Life:
    """What some shoppers, a shop and a bad network do to each other."""

    shop: PayShop
    chance: random.Random
    orders: list[str] = field(default_factory=list)
    args: dict[str, dict[str, str]] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)

    async def step(self) -> None:
        """Let one thing happen."""
        does = self.chance.choices(
            [
                "order",
                "prepay",
                "pay",
                "check",
                "give_up",
                "back",
                "cancel",
                "fault",
                "notice",
                "later",
                "jobs",
            ],
            [8, 2, 18, 2, 1, 9, 4, 5, 2, 4, 6],
        )[0]
        self.days.add((self.shop.clock.now + BEIJING).date())
        with suppress(RetryLater, NeverRetry, Refused, PayProblem):
            await getattr(self, f"_{does}")()
        await self.shop.pay_.settle()

    async def _order(self) -> None:
        self.shop.clock.now += timedelta(minutes=3)
        person = self.chance.choice(_PEOPLE)
        goods = self.chance.choice(_GOODS)
        order = await self.shop.order(goods, person=person, use_credit=self.chance.random() < 0.6)
        if await self.shop.app.database.query(lambda c: payments.payer_of(c, order)):
            self.orders.append(order)

    def _recent(self) -> str:
        return self.chance.choice(self.orders[-3:])

    async def _prepay(self) -> None:
        if self.orders:
            await self._show(self._recent())

    async def _show(self, order: str) -> None:
        self.args[order] = await self.shop.prepay(order)

    async def _pay(self) -> None:
        """Somebody taps what their phone shows, or opens it first; or what it showed long ago."""
        if not self.orders:
            return
        order = self._recent()
        if order not in self.args or self.chance.random() < 0.2:
            await self._prepay()
        if self.args:
            self.shop.tap(self.args.get(order) or self.chance.choice(list(self.args.values())))

    async def _check(self) -> None:
        if self.orders:
            await self.shop.cashier.check((await self.shop.payment(self.chance.choice(self.orders))).id)

    async def _give_up(self) -> None:
        if self.orders:
            await self.shop.cashier.give_up((await self.shop.payment(self._recent())).id)

    async def _back(self) -> None:
        if self.orders:
            told: Any = self.chance.choice(
                [{"everything": True}, {"amount_minor": 150}, {"amount_minor": 400}, {"amount_minor": 1}]
            )
            paid = [one for one in self.orders if (await self.shop.cash(one)).standing is not None]
            order = self.chance.choice(paid or self.orders)
            await self.shop.operate("order.refund", {"order": order, **told})

    async def _cancel(self) -> None:
        if self.orders:
            order = self._recent()
            if self.chance.random() < 0.5:  # what a phone shows can be paid until WeChat Pay hears of it
                await self._show(order)
            await self.shop.operate("order.cancel", {"order": order})
            if order in self.args:
                self.shop.tap(self.args[order])

    async def _fault(self) -> None:
        self.shop.pay_.fault(Fault(**self.chance.choice(_API)))

    async def _notice(self) -> None:
        self.shop.pay_.fault(Fault(kind=self.chance.choice(_NOTICES)))

    async def _later(self) -> None:
        self.shop.clock.now += timedelta(minutes=self.chance.choice([1, 1, 2, 2, 6, 20, 31, 70, 500]))

    async def _jobs(self) -> None:
        """Strike the jobs, which may be killed at any point of their road."""
        point, left = self.chance.choice([*_POINTS, "never", "never"]), self.chance.randint(0, 3)

        def at(here: str) -> None:
            nonlocal left
            if here == point:
                left -= 1
                if left < 0:
                    raise Killed

        with suppress(Killed):
            jobs = crashing(self.shop, at)
            for work in (jobs.unpaid, jobs.refunds):
                await work()

    async def end(self) -> None:
        """Let the network be well again, and days go by."""
        self.shop.pay_.faults.clear()
        for _ in range(30):
            self.days.add((self.shop.clock.now + BEIJING).date())
            await self.shop.later(hours=1)
        await self.shop.settled()
        for refund in self.shop.pay_.book.refunds.values():
            self.shop.pay_.book.refund_ends(refund, "SUCCESS")
        await self.shop.settled()


def crashing(shop: PayShop, at: Any) -> PaymentJobs:  # noqa: ANN401  # what is called at each point
    """The jobs of a process that may be killed."""
    cashier = replace(shop.cashier, at=at)
    return PaymentJobs(
        database=shop.app.database,
        cashier=cashier,
        shipping=None,
        remark=lambda _: "",
        clock=shop.clock,
        stopping=asyncio.Event(),
        at=at,
    )


async def look(shop: PayShop, life: Life) -> None:
    """Hold books, payments and WeChat Pay's own book against each other."""
    book = shop.pay_.book
    told = Counter(
        str(key)
        for (key,) in await shop.chat.sms.rows("SELECT c.key FROM \"call\" c WHERE c.kind = 'order.placed'")
    )
    for order_id in life.orders:
        payer = await shop.app.database.query(lambda c, one=order_id: payments.payer_of(c, one))  # type: ignore[misc]  # bound now
        order = await shop.app.database.query(
            lambda c, one=order_id, who=payer: inherited.order_by_id(c, who or "", one)  # type: ignore[misc]  # bound now
        )
        cash: Cash = await shop.cash(order_id)
        assert order is not None
        assert order.status != "placed", "nothing waits for ever"
        theirs = [book.trades[one.id] for one in cash.payments if one.id in book.trades]
        came = sum(one.total for one in theirs if one.state == "SUCCESS")
        went = sum(back.amount for one in theirs for back in one.refunds if back.status == "SUCCESS")
        standing = cash.standing
        keeps = total_cash_minor(order) - cash_back_minor(order) if standing is not None else 0
        assert came - went == keeps, f"order {order_id}: {came} came, {went} went, {keeps} are the shop's"
        for payment in cash.payments:
            trade = book.trades.get(payment.id)
            assert (payment.state is PaymentState.PAID) == (trade is not None and trade.state == "SUCCESS")
            if trade is not None and payment.state is PaymentState.PAID:
                ours = {one.id: one.amount_minor for one in cash.refunds if one.payment_id == payment.id}
                assert ours == {one.number: one.amount for one in trade.refunds}
                assert payment.paid_minor == trade.total
        assert all(one.state is RefundState.DONE for one in cash.refunds)
        assert told[f"order/{order_id}"] == (1 if standing is not None else 0)
        if standing is not None:
            assert is_at_least(order.status, PAID)


async def agree(shop: PayShop, life: Life) -> None:
    """Hold the bills of all days, and audit the books."""
    shop.clock.now += timedelta(days=1)
    mchid = merchant_of(shop.app.settings).mchid
    job = BillJob(shop.app.database, shop.cashier, mchid, shop.clock, asyncio.Event())
    for day in sorted(life.days):
        for held in await job.of_day(day):
            assert list(held.differences) == [], f"{day} {held.kind}"
    held_now = await shop.chat.sms.rows("SELECT COALESCE(SUM(w.held_minor), 0) FROM wallet w")
    assert held_now == [(0,)], "nothing is set aside for ever"
    for (contact,) in await shop.chat.sms.rows("SELECT c.id FROM contact c"):
        audited = await shop.app.database.query(
            lambda c, one=contact: auditing.audited(c, bucket_of(one))  # type: ignore[misc]  # bound now
        )
        assert audited.wrong == ()


@pytest.mark.parametrize("seed", range(LIVES))
async def test_books_payments_and_bill_agree_in_the_end(database_url: str, seed: int) -> None:
    async with paying(database_url, retry_seconds=(0.01, 0.02)) as shop:
        life = Life(shop, random.Random(seed))
        for person in _PEOPLE:
            await shop.join(person)
        for _ in range(_STEPS):
            await life.step()
        await life.end()
        await look(shop, life)
        assert any(trade.state == "SUCCESS" for trade in shop.pay_.book.trades.values()), "somebody paid"
        await agree(shop, life)
