"""A shop whose members order and pay: application, WeChat and WeChat Pay on loopback, over real HTTP and SQL.

`async with paying(url) as shop:` gives one; `order = await shop.order(("LATTE", 2))` orders at the pages, and
`await shop.pay(order)` lets the shopper pay; `await shop.rest()` strikes jobs until nothing is left to do.
"""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from bot.app import Running
from bot.conversation.cashier import Cashier
from bot.conversation.operations import operation_work
from bot.conversation.work import Result
from bot.core.contact import JsonValue
from bot.core.payments import Cash, Payment, RefundState
from bot.core.wechat_address import wechat_address
from bot.demo.pay.faults import Fault
from bot.demo.pay.loopback import LoopbackPay
from bot.demo.wechat.pages import Paid
from bot.storage import inherited, payments, payouts
from bot.storage.driver import Database
from tests.conversation.chat import FLOWS, Clock
from tests.wechat.wechat_chat import MINI_APPID, WechatChat, wechatting

_ROUNDS_MAX = 30
_numbers = count(1)


@dataclass(slots=True)
class PayShop:
    """The shop, its shoppers' phones, and the far side of the money."""

    chat: WechatChat
    pay_: LoopbackPay
    environ: Mapping[str, str] = field(default_factory=dict)
    """What the environment says of WeChat and WeChat Pay."""

    @property
    def app(self) -> Running:
        """The running application."""
        return self.chat.app

    @property
    def clock(self) -> Clock:
        """The clock of shop and platform; it stands."""
        return self.chat.clock

    @property
    def cashier(self) -> Cashier:
        """By which it is paid."""
        assert self.app.cashier is not None
        return self.app.cashier

    def fault(self, kind: Any, **more: Any) -> None:  # noqa: ANN401  # its own fields
        """Have something go wrong at WeChat Pay."""
        self.pay_.fault(Fault(kind=kind, **more))

    async def operate(
        self, name: str, body: Mapping[str, JsonValue], person: str = "li", key: str = ""
    ) -> Result:
        """Ask for an operation of whoever is behind an address in the mini program."""
        work = operation_work(
            name,
            body,
            key=key or f"mp:{person}/{next(_numbers)}",
            at=self.clock(),
            address=("wechat", wechat_address(MINI_APPID, person)),
        )
        return await self.app.dispatcher.submit(work)

    async def join(self, person: str = "li") -> str:
        """Make somebody a member, with the welcome credit; returns who they are."""
        told = await self.operate("member.enroll", {}, person)
        assert told.result is not None
        return str(told.result["id"])

    async def order(self, *goods: tuple[str, int], person: str = "li", use_credit: bool = True) -> str:
        """Order at the pages, to be paid through WeChat Pay; returns the order's id."""
        body: dict[str, JsonValue] = {
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in goods or (("LATTE", 2),)],
            "payment": "wechat",
            "use_credit": use_credit,
            "payer": wechat_address(MINI_APPID, person),
            "to_pay_at_most_minor": 10**9,
        }
        told = await self.operate("shop.order", body, person)
        assert told.result is not None
        order = told.result.get("order")
        assert isinstance(order, dict), told.result
        return str(order["id"])

    async def cash(self, order_id: str) -> Cash:
        """All cash that moved for an order."""
        payer = await self.app.database.query(lambda c: payments.payer_of(c, order_id))
        assert payer is not None, "it is paid through WeChat Pay"
        return await self.app.database.query(lambda c: payments.cash(c, payer, order_id))

    async def payment(self, order_id: str) -> Payment:
        """The payment of an order."""
        latest = (await self.cash(order_id)).latest
        assert latest is not None
        return latest

    async def prepay(self, order_id: str) -> dict[str, str]:
        """What `wx.requestPayment` is called with."""
        return await self.cashier.prepay((await self.payment(order_id)).id)

    async def pay(self, order_id: str) -> None:
        """Let the shopper pay at once, and whatever is told arrive."""
        self.tap(await self.prepay(order_id))
        await self.pay_.settle()

    def tap(self, args: dict[str, str]) -> str:
        """Pay what a phone shows."""
        return self.pay_.phones.pay(MINI_APPID, args)

    async def status(self, order_id: str) -> tuple[str, int, int]:
        """Status, cash paid and credit spent of an order."""
        payer = await self.app.database.query(lambda c: payments.payer_of(c, order_id))
        order = await self.app.database.query(lambda c: inherited.order_by_id(c, payer or "", order_id))
        assert order is not None
        return order.status, order.total_minor - order.credit_minor, order.credit_minor

    async def told_shop(self, order_id: str) -> list[str]:
        """What the shop is told of an order."""
        found = await self.chat.sms.rows(
            'SELECT c.kind FROM "call" c WHERE c.payload LIKE :order ORDER BY c.created_at, c.key',
            order=f"%{order_id}%",
        )
        return [str(kind) for (kind,) in found]

    async def wallet(self, contact_id: str) -> tuple[int, ...]:
        """Pending, available, held and debt."""
        found = await self.chat.sms.rows(
            "SELECT w.pending_minor, w.available_minor, w.held_minor, w.debt_minor FROM wallet w"
            " WHERE w.contact = :contact AND w.id = 'main'",
            contact=contact_id,
        )
        return tuple(found[0]) if found else (0, 0, 0, 0)

    async def payouts(self, contact_id: str) -> list[Any]:
        """The payouts of a contact."""
        return list(await self.app.database.query(lambda c: payouts.of_contact(c, contact_id)))

    async def later(self, **ahead: float) -> None:
        """Move the clock, and let everything that is due be done."""
        self.clock.now += timedelta(**ahead)
        await self.rest()

    async def rest(self) -> None:
        """Strike the jobs until there is nothing left to do, and let everything arrive."""
        for _ in range(_ROUNDS_MAX):
            done = await self.app.clockwork.strike_all()
            await self.pay_.settle()
            await self.chat.loopback.settle()
            await self.chat.sms.loopback.settle()
            if not done:
                return
        raise AssertionError("the jobs never come to rest")

    async def settled(self) -> None:
        """Let days go by until every refund has come to its end."""
        for _ in range(12):
            await self.later(hours=2)
            open_ = await self.chat.sms.rows(
                "SELECT COUNT(*) FROM payment_refund r WHERE r.state NOT IN (:done, :refused)",
                done=RefundState.DONE.value,
                refused=RefundState.REFUSED.value,
            )
            if not open_[0][0]:
                return


@asynccontextmanager
async def paying(  # noqa: PLR0913  # what a shop is made of
    url: str,
    *,
    flows: Path = FLOWS,
    clock: Clock | None = None,
    database: Database | None = None,
    retry_seconds: tuple[float, ...] = (),
    pay: LoopbackPay | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[PayShop]:
    """Run it all; notices that are not taken are told again after these pauses."""
    clock = clock or Clock()
    pay = pay or LoopbackPay(clock=clock, retry_seconds=retry_seconds)
    pay.api.refund_seconds = 0
    with tempfile.TemporaryDirectory() as folder:
        async with pay:
            chosen = {**pay.settings(Path(folder)), **(settings or {})}
            async with wechatting(url, flows=flows, clock=clock, settings=chosen, database=database) as chat:
                pages = chat.loopback.platform.pages
                pay.phones.on_paid.append(
                    lambda trade: pages.payments.update({trade.transaction_id: Paid(trade.openid)})
                )
                yield PayShop(chat, pay, {**chat.loopback.settings(), **chosen})
