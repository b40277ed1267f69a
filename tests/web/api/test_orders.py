"""Orders through the API: told as they are now, given back by cumulative amounts, in any order."""

import asyncio
from datetime import timedelta

import pytest

from bot.core.ids import microseconds
from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient

OTHER = "+12125550101"
ORDER = {
    "member": NUMBER,
    "status": "paid",
    "lines": [{"sku": "LATTE", "quantity": 2}, {"sku": "BUN", "quantity": 1}],
}


async def test_an_order_is_told_and_looked_at(api: ShopClient) -> None:
    await api.member()
    told = await api("PUT", "/api/orders/%231001", ORDER)
    assert told.status == 200, told.body
    assert (told.told["order"], told.told["total_minor"], told.told["status"]) == ("#1001", 1500, "paid")
    assert told.told["moved"]["earned_minor"] > 0
    shown = await api("GET", "/api/orders/%231001")
    assert shown.told == {**told.told, "moved": None}
    again = await api("PUT", "/api/orders/%231001", ORDER)
    assert again.told["moved"]["earned_minor"] == 0, "told twice is no news"


@pytest.mark.parametrize("field", ["placed_at", "changed_at"])
async def test_no_order_is_of_the_future(api: ShopClient, field: str) -> None:
    await api.member()
    refused = await api("PUT", "/api/orders/1001", {**ORDER, field: "2031-01-01T00:00:00Z"})
    assert (refused.status, refused.kind) == (422, "wrong-field")
    (error,) = refused.told["errors"]
    assert (error["pointer"], error["problem"]) == (f"#/{field}", "is in the future")
    assert "2026-11-24T17:0" in error["remedy"], "whose clock is wrong can be seen"
    assert (await api("GET", "/api/orders/1001")).status == 404
    assert await api.chat.rows("SELECT COUNT(*) FROM shop_order") == [(0,)]


async def test_a_shops_clock_may_be_a_little_fast(api: ShopClient) -> None:
    await api.member()
    ahead = (api.chat.clock.now + timedelta(minutes=4)).isoformat()
    told = await api("PUT", "/api/orders/1001", {**ORDER, "placed_at": ahead})
    assert told.status == 200, told.body
    ((placed_at,),) = await api.chat.rows("SELECT placed_at FROM shop_order")
    assert placed_at <= microseconds(api.chat.clock.now), "it is as of when it came"


async def test_an_order_is_told_once_for_each_key(api: ShopClient) -> None:
    await api.member()
    first = await api("PUT", "/api/orders/1001", ORDER, once="one")
    again = await api("PUT", "/api/orders/1001", ORDER, once="one")
    assert (again.body, again.is_replay) == (first.body, True)
    assert (await api("PUT", "/api/orders/1002", ORDER, once="one")).kind == "key-used"
    assert (
        await api("PUT", "/api/orders/1001", {**ORDER, "status": "placed"}, once="one")
    ).kind == "key-used"
    refund = await api("POST", "/api/orders/1001/refund", {"everything": True}, once="one")
    assert refund.kind == "key-used"


async def test_fifty_at_once_are_one_order(api: ShopClient) -> None:
    await api.member()
    answers = await asyncio.gather(*(api("PUT", "/api/orders/1001", ORDER, once="one") for _ in range(50)))
    assert len({one.body for one in answers}) == 1
    assert sum(not one.is_replay for one in answers) == 1
    assert len(await api.chat.of("shop_order", "id", "id")) == 1


async def test_who_bought_is_needed_once_and_never_changes(api: ShopClient) -> None:
    await api.member()
    await api.member(OTHER)
    nobody = {name: value for name, value in ORDER.items() if name != "member"}
    refused = await api("PUT", "/api/orders/1001", nobody)
    assert (refused.status, refused.told["errors"][0]["pointer"]) == (422, "#/member")
    await api("PUT", "/api/orders/1001", ORDER)
    assert (await api("PUT", "/api/orders/1001", {**nobody, "status": "fulfilled"})).status == 200
    others = await api("PUT", "/api/orders/1001", {**ORDER, "member": OTHER})
    assert (others.status, others.kind) == (409, "another-members")
    assert (await api("GET", f"/api/members/{OTHER}")).told["wallet"]["pending_minor"] == 0


async def test_a_stranger_who_bought_is_known_from_then_on(api: ShopClient) -> None:
    assert (await api("PUT", "/api/orders/1001", ORDER)).status == 200
    known = (await api("GET", f"/api/members/{NUMBER}")).told
    assert (known["member"], known["subscriptions"]) == (False, {})
    unknown = await api("PUT", "/api/orders/1002", {**ORDER, "member": "0" * 32})
    assert (unknown.status, unknown.told["errors"][0]["pointer"]) == (404, "#/member")
    impossible = await api("PUT", "/api/orders/1003", {**ORDER, "member": "+1999"})
    assert impossible.status == 422


async def test_what_came_back_is_told_by_cumulative_amounts(api: ShopClient) -> None:
    await api.member()
    told = await api("PUT", "/api/orders/1001", ORDER)
    earned = told.told["moved"]["earned_minor"]
    path = "/api/orders/1001/refund"
    part = await api("POST", path, {"lines": [{"sku": "LATTE", "quantity": 1}]})
    assert part.status == 200, part.body
    same = await api("POST", path, {"lines": [{"sku": "LATTE", "quantity": 1}]})
    assert same.told["moved"]["taken_back_minor"] == 0, "the same amount again is no news"
    whole = await api("POST", path, {"everything": True})
    assert part.told["moved"]["taken_back_minor"] + whole.told["moved"]["taken_back_minor"] == earned


async def test_a_refund_before_its_order_waits_for_it(api: ShopClient) -> None:
    await api.member()
    parked = await api("POST", "/api/orders/1001/refund", {"everything": True}, once="one")
    assert parked.told == {"order": "1001", "parked": True}
    told = await api("PUT", "/api/orders/1001", ORDER)
    assert told.status == 200
    pending, available, held, debt = await api.chat.wallet()
    assert (pending, available, held, debt) == (0, 500, 0, 0), "nothing is left of what it earned"
    again = await api("POST", "/api/orders/1001/refund", {"everything": True}, once="one")
    assert (again.body, again.is_replay) == (parked.body, True)


async def test_a_canceled_order_is_as_if_it_never_was(api: ShopClient) -> None:
    await api.member()
    await api("PUT", "/api/orders/1001", ORDER)
    canceled = await api("POST", "/api/orders/1001/cancel")
    assert canceled.told["status"] == "canceled"
    assert await api.chat.wallet() == (0, 500, 0, 0)
    assert (await api("POST", "/api/orders/1001/cancel")).status == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#"),
        ({"everything": True, "amount_minor": 5}, "#"),
        ({"lines": [{"sku": "A"}, {"sku": "A"}]}, "#"),
        ({"lines": [{"sku": "A", "quantity": -1}]}, "#/lines/0/quantity"),
        ({"amount_minor": 5.5}, "#/amount_minor"),
        ({"amount": 5}, "#/amount"),
    ],
)
async def test_a_wrong_refund_is_told_where(api: ShopClient, body: dict[str, object], pointer: str) -> None:
    refused = await api("POST", "/api/orders/1001/refund", body)
    assert refused.status == 422
    assert pointer in [error["pointer"] for error in refused.told["errors"]]


async def test_an_order_that_nobody_told_is_not_there(api: ShopClient) -> None:
    assert (await api("GET", "/api/orders/1001")).kind == "no-such-order"


async def test_a_refused_report_does_not_say_whose_it_is_for_good(api: ShopClient) -> None:
    await api.member()
    await api.member(OTHER)
    assert (await api("PUT", "/api/orders/1001", {"member": OTHER, "status": "paid"})).status == 422
    told = await api("PUT", "/api/orders/1001", ORDER)
    assert told.status == 200, told.body
    assert len(await api.chat.of("shop_order", "id", "id")) == 1
    others = await api("PUT", "/api/orders/1001", {**ORDER, "member": OTHER})
    assert (others.status, others.kind) == (409, "another-members"), "it is on record now"


async def test_a_field_has_one_spelling_wherever_it_is_refused(api: ShopClient) -> None:
    await api.member()
    refused = await api("PUT", "/api/orders/1001", {"member": NUMBER, "lines": [{"sku": "UNHEARD-OF"}]})
    problem = "no product 'UNHEARD-OF' is known"
    assert refused.told["detail"] == f"#/lines/0/unit_minor: {problem}"
    assert refused.told["errors"] == [
        {"pointer": "#/lines/0/unit_minor", "problem": problem, "remedy": "say its price"}
    ]
