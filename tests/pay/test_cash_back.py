"""Cash-back for a first order: promised, offered when it still stands, confirmed, or credit instead."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.payments import PayoutState
from bot.demo.pay.faults import Fault
from bot.pay.found import PayoutFound
from bot.storage import erasing
from tests.conversation.chat import FLOWS
from tests.pay.paying import PayShop, paying

RULE = "\ncash_back: {amount: 2.00, at_least: 5.00, after: 7d}\n"


@pytest.fixture(params=["credit"])
def otherwise(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, otherwise: str) -> AsyncIterator[PayShop]:
    """A shop that gives 2.00 back for a first order, on both databases."""
    flows = tmp_path / "flows"
    flows.mkdir()
    for name in ("program.yaml", "keywords.yaml", "shop.yaml"):
        (flows / name).write_text((FLOWS / name).read_text())
    program = flows / "program.yaml"
    program.write_text(program.read_text() + RULE.replace("7d}", f"7d, otherwise: {otherwise}}}"))
    async with paying(database_url, flows=flows) as made:
        yield made


async def first_order(shop: PayShop) -> tuple[str, str]:
    contact = await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.pay(order)
    return contact, order


async def states(shop: PayShop, contact: str) -> list[tuple[PayoutState, Any]]:
    return [(one.state, one.facts.get("why")) for one in await shop.payouts(contact)]


async def credit(shop: PayShop, contact: str) -> int:
    """What came into the wallet in place of cash."""
    found = await shop.chat.sms.rows(
        "SELECT d.amount_minor FROM entry e JOIN draw d ON d.bucket = e.bucket AND d.contact = e.contact"
        " AND d.wallet = e.wallet AND d.number = e.number"
        " WHERE e.contact = :contact AND e.key LIKE 'cash_back/%'",
        contact=contact,
    )
    return sum(int(amount) for (amount,) in found)


async def test_it_is_offered_after_a_week_and_paid_when_it_is_confirmed(shop: PayShop) -> None:
    contact, _ = await first_order(shop)
    await shop.later(days=6)
    assert await states(shop, contact) == [(PayoutState.NEW, None)]
    assert shop.pay_.book.transfers == {}
    await shop.later(days=1, hours=1)
    assert await states(shop, contact) == [(PayoutState.WAITING, None)]
    (payout,) = await shop.payouts(contact)
    assert (payout.amount_minor, bool(payout.package)) == (200, True)
    shop.pay_.phones.confirm(payout.package)
    await shop.pay_.settle()
    assert await states(shop, contact) == [(PayoutState.DONE, None)]
    assert await credit(shop, contact) == 0


async def test_a_second_order_earns_none(shop: PayShop) -> None:
    contact, _ = await first_order(shop)
    await shop.later(hours=1)
    second = await shop.order(("BUN", 2))
    await shop.pay(second)
    assert len(await shop.payouts(contact)) == 1


async def test_a_basket_that_nobody_paid_is_no_first_order(shop: PayShop) -> None:
    contact = await shop.join()
    await shop.order(("TEA", 2))
    await shop.pay(await shop.order(("LATTE", 2)))
    assert await states(shop, contact) == [(PayoutState.NEW, None)]


async def test_what_nobody_confirms_in_a_day_becomes_credit(shop: PayShop) -> None:
    contact, _ = await first_order(shop)
    await shop.later(days=7, hours=1)
    await shop.later(days=1, hours=1)
    await shop.later(hours=3)
    assert await states(shop, contact) == [(PayoutState.ENDED, "OVERDUE_CLOSE")]
    assert await credit(shop, contact) == 200


@pytest.mark.parametrize("otherwise", ["nothing"], indirect=True)
async def test_or_nothing_where_the_program_says_so(shop: PayShop) -> None:
    contact, _ = await first_order(shop)
    await shop.later(days=7, hours=1)
    await shop.later(days=1, hours=1)
    await shop.later(hours=3)
    assert await states(shop, contact) == [(PayoutState.ENDED, "OVERDUE_CLOSE")]
    assert await credit(shop, contact) == 0


async def test_an_order_that_came_back_before_earns_none(shop: PayShop) -> None:
    contact, order = await first_order(shop)
    await shop.operate("order.refund", {"order": order, "everything": True})
    await shop.later(days=8)
    assert await states(shop, contact) == [(PayoutState.ENDED, "returned")]
    assert shop.pay_.book.transfers == {}
    assert await credit(shop, contact) == 0


async def test_an_order_that_comes_back_while_it_waits_takes_it_back(shop: PayShop) -> None:
    contact, order = await first_order(shop)
    await shop.later(days=7, hours=1)
    (payout,) = await shop.payouts(contact)
    await shop.operate("order.refund", {"order": order, "everything": True})
    await shop.settled()
    assert await states(shop, contact) == [(PayoutState.ENDED, "returned")]
    assert shop.pay_.book.transfers[payout.id].state == "CANCELLED"
    assert await credit(shop, contact) == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_request"},
        {"kind": "drop_answer"},
        {"kind": "late_answer", "status": 500},
        {"kind": "late_answer", "status": 400, "code": "NEVER_HEARD_OF"},
        {"kind": "refuse", "status": 403, "code": "NOT_ENOUGH"},
        {"kind": "refuse", "status": 400, "code": "INVALID_REQUEST"},
        {"kind": "wrong_signature"},
        {"kind": "no_json"},
    ],
)
async def test_whatever_is_lost_it_is_offered_once_under_one_number(
    shop: PayShop, fault: dict[str, Any]
) -> None:
    contact, _ = await first_order(shop)
    shop.clock.now += timedelta(days=7)
    shop.pay_.fault(Fault(path="/v3/fund-app", **fault))
    await shop.rest()
    for _ in range(4):
        await shop.later(minutes=40)
    assert len(shop.pay_.book.transfers) == 1
    (payout,) = await shop.payouts(contact)
    assert payout.state is PayoutState.WAITING
    shop.pay_.phones.confirm(payout.package)
    await shop.pay_.settle()
    assert await states(shop, contact) == [(PayoutState.DONE, None)]


async def test_what_is_refused_for_good_becomes_credit(shop: PayShop) -> None:
    contact, _ = await first_order(shop)
    shop.clock.now += timedelta(days=7)
    shop.fault("refuse", path="/v3/fund-app", method="POST", status=400, code="PARAM_ERROR", times=12)
    for _ in range(14):
        await shop.later(hours=1)
    assert (await states(shop, contact))[0][0] is PayoutState.ENDED
    assert await credit(shop, contact) == 200
    assert shop.pay_.book.transfers == {}


async def erase(shop: PayShop, contact: str) -> None:
    await shop.app.database.transact(
        lambda c: erasing.erase(c, contact, shop.clock(), lambda address: (f"hash of {len(address)}",))
    )


async def test_what_waits_to_be_confirmed_is_taken_back_from_who_is_erased(shop: PayShop) -> None:
    """Bug: it lapsed after a day, and nobody's wallet got credit for it."""
    contact, _ = await first_order(shop)
    await shop.later(days=7, hours=1)
    (payout,) = await shop.payouts(contact)
    assert payout.state is PayoutState.WAITING
    await erase(shop, contact)
    for _ in range(3):
        await shop.later(hours=12)
    assert await states(shop, contact) == [(PayoutState.ENDED, "returned")]
    assert shop.pay_.book.transfers[payout.id].state == "CANCELLED"
    assert await credit(shop, contact) == 0


@pytest.mark.parametrize("kind", ["drop_request", "drop_answer"])
async def test_what_was_just_being_offered_is_not_paid_to_who_is_erased(shop: PayShop, kind: str) -> None:
    contact, _ = await first_order(shop)
    shop.clock.now += timedelta(days=7)
    shop.pay_.fault(Fault.model_validate({"path": "/v3/fund-app", "kind": kind}))
    await shop.app.clockwork.strike_all()
    await erase(shop, contact)
    for _ in range(20):
        await shop.later(hours=2)
    assert await states(shop, contact) == [(PayoutState.ENDED, "returned")]
    assert [one.state for one in shop.pay_.book.transfers.values()] in ([], ["CANCELLED"])
    assert await credit(shop, contact) == 0


async def test_what_fails_on_its_way_to_who_is_erased_becomes_no_credit(shop: PayShop) -> None:
    contact, _ = await first_order(shop)
    await shop.later(days=7, hours=1)
    (payout,) = await shop.payouts(contact)
    await shop.cashier.hear_payout(payout, PayoutFound(PayoutState.SENDING, ""))
    await erase(shop, contact)
    transfer = shop.pay_.book.transfers[payout.id]
    shop.pay_.book.transfer_ends(transfer, "FAIL", "ACCOUNT_FROZEN")
    shop.pay_.phones.tell_transfer(transfer)
    await shop.pay_.settle()
    assert await states(shop, contact) == [(PayoutState.ENDED, "ACCOUNT_FROZEN")]
    assert await credit(shop, contact) == 0


async def test_who_is_erased_is_paid_nothing_any_more(shop: PayShop) -> None:
    contact, _ = await first_order(shop)
    await erase(shop, contact)
    assert await states(shop, contact) == [(PayoutState.ENDED, None)]
    await shop.later(days=8)
    assert shop.pay_.book.transfers == {}
