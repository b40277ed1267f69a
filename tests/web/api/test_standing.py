"""Where a member stands, through the API: its tier, its code, and what that has brought."""

import re

from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient


async def test_a_new_member_has_a_code_and_hears_how_far_it_is(api: ShopClient) -> None:
    await api.member()
    told = (await api("GET", f"/api/members/{NUMBER}/standing")).told
    assert told["tier"] == {
        "id": None,
        "name": None,
        "counts": "spend",
        "total": 0,
        "next": "Silver",
        "to_next": 15_000,
        "to_keep": 0,
        "keep_by": None,
        "until": None,
        "multiplier": "1.0",
    }
    referral = told["referral"]
    assert re.fullmatch(r"([2-9][A-Z]){3}", referral["code"])
    assert referral["link"].endswith(f"/r/{referral['code']}")
    figures = ("advocate_minor", "friend_minor", "minimum_minor", "invited", "joined", "earned_minor")
    assert [referral[name] for name in figures] == [500, 500, 1_500, 0, 0, 0]
    again = (await api("GET", f"/api/members/{NUMBER}/standing")).told
    assert again["referral"]["code"] == referral["code"]


async def test_an_order_moves_it(api: ShopClient) -> None:
    await api.member()
    line = {"sku": "TEA", "quantity": 1, "unit_minor": 16_000}
    await api("PUT", "/api/orders/A-1", {"member": NUMBER, "status": "paid", "lines": [line]})
    tier = (await api("GET", f"/api/members/{NUMBER}/standing")).told["tier"]
    assert (tier["id"], tier["total"], tier["to_next"]) == ("silver", 16_000, 24_000)
    assert (tier["multiplier"], tier["to_keep"], tier["until"]) == ("1.25", 0, "2027-12-31")


async def test_nobody_stands_nowhere(api: ShopClient) -> None:
    answer = await api("GET", "/api/members/+12125550177/standing")
    assert answer.status == 404
