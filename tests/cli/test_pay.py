"""`pay` and what `doctor` says of WeChat Pay, against a loopback of it and a running server."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.payments import PaymentState, RefundState
from bot.jobs.bills import BEIJING
from tests.cli.conftest import Ran, Terminal, run
from tests.conversation.chat import Clock
from tests.databases import SqliteDatabases
from tests.pay.paying import PayShop, paying


@dataclass(slots=True)
class RealClock(Clock):
    """The clock of this machine, as commands have it."""

    def __call__(self) -> datetime:
        """Tell the time."""
        return datetime.now(UTC)


class Here:
    """A shop that runs, and a terminal with its settings."""

    def __init__(self, shop: PayShop, terminal: Terminal) -> None:
        self.shop, self.terminal = shop, terminal

    async def __call__(self, *arguments: str) -> Ran:
        ran = await run(self.terminal, *arguments)
        assert self.shop.pay_.apiv3_key not in ran.out + ran.err
        return ran

    async def said(self) -> dict[str, str]:
        """What `doctor` says of each thing."""
        found = json.loads((await self("doctor", "--json")).out)["findings"]
        return {f"{one['name']}: {one['mark']}": one["said"] for one in found}


@pytest.fixture
async def here(
    shop: Terminal, sqlite_databases: SqliteDatabases, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Here]:
    url = await sqlite_databases.create()
    async with paying(url, clock=RealClock()) as running:
        settings = {**running.environ, "DATABASE_URL": url, "REGULARS_SECRET": "s" * 32}
        settings["REGULARS_PUBLIC_URL"] = running.app.settings.public_url
        for name, text in settings.items():
            monkeypatch.setenv(name, text)
        await running.join()
        yield Here(running, shop)
    await sqlite_databases.drop(url)


async def test_all_cash_of_an_order_is_shown_by_any_of_its_ids(here: Here) -> None:
    order = await here.shop.order(("LATTE", 2))
    await here.shop.pay(order)
    await here.shop.operate("order.refund", {"order": order, "amount_minor": 150})
    cash = await here.shop.cash(order)
    for which in (order, cash.payments[0].id, cash.refunds[0].id):
        ran = await here("pay", "show", which)
        assert (ran.code, ran.err) == (0, "")
        assert f"order {order}: refunding" in ran.out
        assert "paid  $6.00, $6.00 paid" in ran.out
        assert "new  $1.50, order" in ran.out
    told: dict[str, Any] = json.loads((await here("pay", "show", order, "--json")).out)
    assert (told["state"], told["payments"][0]["stands"]) == ("refunding", True)
    missing = await here("pay", "show", "0" * 32)
    assert missing.code == 1
    assert "nothing was paid for it" in missing.err


async def test_what_nobody_told_is_asked_for(here: Here) -> None:
    here.shop.fault("lose_notice")
    order = await here.shop.order(("LATTE", 2))
    await here.shop.pay(order)
    payment = await here.shop.payment(order)
    assert payment.state is PaymentState.WAITING
    ran = await here("pay", "query", payment.id)
    assert "paid  $6.00, $6.00 paid" in ran.out, ran.err
    assert (await here.shop.status(order))[0] == "paid"


async def test_a_payment_is_closed_by_hand_and_its_order_canceled(here: Here) -> None:
    order = await here.shop.order(("LATTE", 2))
    await here.shop.prepay(order)
    payment = await here.shop.payment(order)
    assert "closed" in (await here("pay", "close", payment.id)).out
    assert (await here.shop.status(order))[0] == "canceled"
    assert ("pay.close",) in await here.shop.chat.sms.rows("SELECT a.action FROM audit a")


async def test_cash_is_given_back_by_hand_up_to_what_was_paid(here: Here) -> None:
    order = await here.shop.order(("LATTE", 2))
    await here.shop.pay(order)
    payment = await here.shop.payment(order)
    ran = await here("pay", "refund", payment.id, "--minor", "200", "--note", "spilt")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("$2.00 will go back as ")
    too_much = await here("pay", "refund", payment.id, "--minor", "500")
    assert too_much.code == 1
    assert "no more than 400 is left" in too_much.err
    await here.shop.rest()
    assert [(one.amount_minor, one.state) for one in (await here.shop.cash(order)).refunds] == [
        (200, RefundState.DONE)
    ]


async def test_bills_are_shown_and_end_with_1_where_something_differs(here: Here) -> None:
    assert "No bill was looked at yet" in (await here("pay", "bills")).err
    order = await here.shop.order(("LATTE", 2))
    await here.shop.pay(order)
    payment = await here.shop.payment(order)
    trade, yesterday = here.shop.pay_.book.trades[payment.id], timedelta(days=1)
    assert trade.paid_at is not None
    trade.paid_at -= yesterday  # so that its bill is there
    day = (here.shop.clock() + BEIJING - yesterday).date().isoformat()
    ran = await here("pay", "bills", "--day", day)
    assert ran.code == 0, ran.out
    assert "payments 1, paid $6.00, refunds 0, refunded $0.00  no differences" in ran.out
    trade.total = 700
    ran = await here("pay", "bills", "--day", day)
    assert ran.code == 1
    assert f"{payment.id}  ours $6.00, theirs $7.00: another amount was paid than we have" in ran.out
    (trade_bill,) = [
        one for one in json.loads((await here("pay", "bills", "--json")).out) if one["bill"] == "tradebill"
    ]
    assert trade_bill["paid_minor"] == 700, "programs go on to read minor units"
    assert (await here("pay", "bills", "--day", "soon")).code == 1
    assert "Nothing was ever paid out" in (await here("pay", "payouts")).err


async def test_doctor_looks_at_keys_clock_and_notices(here: Here) -> None:
    said = await here.said()
    assert said["WeChat Pay: OK"] == "it believes our signature, and we believe its own"
    assert "refuses what WeChat Pay did not sign" in said["pay notices: OK"]
    assert "WeChat Pay: FAIL" not in said, "a stand-in takes any currency"
    assert "bills: SKIP" in said


async def test_doctor_tells_of_wrong_keys(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_WECHAT_PAY_SERIAL", "0" * 40)
    assert "SIGN_ERROR" in (await here.said())["WeChat Pay: FAIL"]


async def test_without_a_merchant_it_says_what_to_set(shop: Terminal, shop_database: str) -> None:
    ran = await run(shop, "pay", "query", "0" * 32)
    assert ran.code == 1
    assert "REGULARS_WECHAT_PAY_MCHID" in ran.err
