"""Drops that credit does not cover, paid through WeChat Pay: kept while that waits, theirs once paid."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.conversation.looking import look_in
from bot.core.flow.reader import read
from bot.core.flow.shop_file import read_shop
from bot.core.pages import drops
from bot.core.turn import Shop
from bot.storage import counters
from bot.storage.driver import Database
from tests.conversation.shop.till import WRITTEN, Till, Told, shop_with
from tests.storage.scripted import NOW, asked, open_at

PAYER = "wx01/o1"
UNITS = 3
CREDIT = 200
PRICE = 900
OPENS = NOW.date().isoformat()
DROP = f"rush.{OPENS}"
COUNTER = f"drop/rush/{OPENS}"
RUSH = {
    "id": "rush",
    "name": "Rush",
    "sku": "TEA",
    "price": "9.00",
    "units": UNITS,
    "at": f"{OPENS} 00:00",
    "open_for": "2d",
    "per_member": 1,
    "hold_for": "15m",
}


def shop() -> Shop:
    selling = read_shop(read("pay: [wechat, pickup]\ncancel_within: 2m\n", "flows/shop.yaml"), 2).selling()
    return replace(shop_with({**WRITTEN, "drops": [RUSH]}), selling=selling)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Today's tables and no rows."""
    opened = await open_at(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def till(database: Database) -> Till:
    """A member with 2.00 of credit, and a drop that is on."""
    return await Till.of_member(database, credit=CREDIT, shop=shop())


async def take(till: Till, **more: str) -> Mapping[str, Any]:
    body: Told = {"drop": DROP, "to_pay_at_most_minor": PRICE - CREDIT, "payment": "wechat", "payer": PAYER}
    return await till.ask(drops.TAKE, {**body, **more})


async def mine(till: Till) -> Any:  # noqa: ANN401  # JSON
    found: Any = await till.database.query(
        lambda one: look_in(one, till.shop, till.contact_id, till.now, lambda turn: drops.shown(turn, PAYER))
    )
    return found["drops"][0]["mine"]


async def left(till: Till) -> int:
    return (await till.database.query(lambda one: counters.left(one, [COUNTER])))[COUNTER]


async def wallet(till: Till) -> tuple[int, int]:
    found = (await till.books()).wallet
    return found.available_minor, found.held_minor


async def told_shop(till: Till) -> list[str]:
    return [kind for (kind,) in await asked(till.database, "SELECT kind FROM call ORDER BY created_at, key")]


async def pay(till: Till) -> None:
    ((payment, amount),) = await asked(till.database, "SELECT id, amount_minor FROM payment")
    body: Told = {
        "payment": payment,
        "transaction_id": "420000",
        "paid_minor": amount,
        "currency": "USD",
        "paid_at": till.now.isoformat(),
    }
    await till.ask("payment.succeeded", body)


async def test_it_is_kept_while_it_waits_and_theirs_once_it_is_paid(till: Till) -> None:
    taken = await take(till)
    order = taken["order"]
    assert (order["status"], order["credit"]["minor"], order["to_pay"]["minor"]) == ("waiting", 200, 700)
    assert order["can"] == {"pay": True, "cancel": True, "reorder": True}
    assert (taken["drop"]["mine"]["state"], taken["drop"]["mine"]["order"]) == ("reserved", order["id"])
    assert (await mine(till))["order"] == order["id"]
    assert (await wallet(till), await left(till), await told_shop(till)) == ((0, CREDIT), UNITS - 1, [])
    found = await asked(till.database, "SELECT expires_at FROM payment")
    assert found[0][0] < (till.now + timedelta(minutes=15)).timestamp() * 1e6, "before others may have it"
    why = await till.refused("reservation.pay", {"reservation": order["id"]})
    assert "WeChat Pay" in str(why)
    await pay(till)
    assert (await mine(till))["state"] == "taken"
    available, held = await wallet(till)
    assert held == 0
    assert available > 0, "what was paid has earned"
    assert await told_shop(till) == ["order.placed"]
    assert await asked(till.database, "SELECT status, credit_minor FROM shop_order") == [("paid", CREDIT)]
    assert await asked(till.database, "SELECT id FROM payment_refund") == []
    till.wait(timedelta(minutes=20))
    await till.ask("reservation.lapse", {"reservation": order["id"]})
    assert (await mine(till))["state"] == "taken"


@pytest.mark.parametrize("way", [drops.GIVE_UP, "shop.cancel", "lapse", "closed"])
async def test_what_is_not_paid_goes_back_and_what_is_paid_then_too(till: Till, way: str) -> None:
    order = (await take(till))["order"]["id"]
    if way == "lapse":
        till.wait(timedelta(minutes=16))
        await till.ask("reservation.lapse", {"reservation": order})
    elif way == "closed":
        ((payment,),) = await asked(till.database, "SELECT id FROM payment")
        till.wait(timedelta(minutes=14))
        await till.ask("payment.closed", {"payment": payment})
        assert await left(till) == UNITS - 1, "until its own time is over"
        till.wait(timedelta(minutes=2))
        await till.ask("reservation.lapse", {"reservation": order})
    else:
        await till.ask(way, {"drop": DROP} if way == drops.GIVE_UP else {"order": order})
    assert (await wallet(till), await left(till), await mine(till)) == ((CREDIT, 0), UNITS, None)
    assert await asked(till.database, "SELECT status FROM shop_order") == [("canceled",)]
    assert await told_shop(till) == [], "the shop never heard of it"
    names = [name for (name,) in await asked(till.database, "SELECT name FROM event ORDER BY at, id")]
    assert "Payment Lapsed" not in names
    assert [name for name in names if name in {"Drop Lapsed", "Drop Canceled"}] == [
        "Drop Lapsed" if way in {"lapse", "closed"} else "Drop Canceled"
    ]
    await pay(till)
    refunds = await asked(till.database, "SELECT amount_minor, cause FROM payment_refund")
    assert refunds == [(PRICE - CREDIT, "late")]
    assert (await wallet(till), await mine(till)) == ((CREDIT, 0), None)


async def test_outside_of_wechat_the_shop_collects(till: Till) -> None:
    body: Told = {"drop": DROP, "payment": "wechat", "payer": ""}
    assert (await till.refused(drops.TAKE, body))["code"] == "no_way_to_pay"
    taken: Any = await till.ask(drops.TAKE, {"drop": DROP, "payment": "pickup", "payer": PAYER})
    assert (taken["order"], taken["drop"]["mine"]["order"]) == (None, None)
    assert await told_shop(till) == ["drop.reserved"]
    await till.ask(drops.GIVE_UP, {"drop": DROP})
    assert await told_shop(till) == ["drop.reserved", "drop.released"]


@pytest.mark.parametrize("told", ["order.cancel", "order.refund", "order.report"])
async def test_an_operator_who_gives_up_what_waits_gives_its_units_back(till: Till, told: str) -> None:
    order = (await take(till))["order"]["id"]
    more: dict[str, Told] = {
        "order.cancel": {"order": order},
        "order.refund": {"order": order, "everything": True},
        "order.report": {"order": "S1", "ours": order, "status": "canceled"},
    }
    await till.ask(told, more[told])
    assert (await wallet(till), await left(till), await mine(till)) == ((CREDIT, 0), UNITS, None)
    assert await asked(till.database, "SELECT state FROM reservation") == [("canceled",)]
    assert await told_shop(till) == [], "the shop never heard of it"
    await pay(till)
    refunds = await asked(till.database, "SELECT amount_minor, cause FROM payment_refund")
    assert refunds == [(PRICE - CREDIT, "late")]
    await till.ask(told, more[told])
    assert (await wallet(till), await left(till)) == ((CREDIT, 0), UNITS), "told again, it is no news"


@pytest.mark.parametrize("status", ["paid", "fulfilled"])
async def test_what_waits_is_not_told_as_paid_by_anybody_else(till: Till, status: str) -> None:
    order = (await take(till))["order"]["id"]
    told: Told = {"order": "S1", "ours": order, "status": status}
    refused = await till.refused("order.report", told)
    assert (refused["what"], refused["status"]) == ("status: order S1 waits for WeChat Pay", 409)
    assert refused["remedy"] == "tell it when its order.placed came, or cancel it"
    assert (await wallet(till), await left(till), (await mine(till))["state"]) == (
        (0, CREDIT),
        UNITS - 1,
        "reserved",
    )
    await till.ask("order.report", {"order": "S1", "ours": order})
    await pay(till)
    assert (await till.ask("order.report", told))["status"] == status
    assert ((await mine(till))["state"], await left(till)) == ("taken", UNITS - 1)
