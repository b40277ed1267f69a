"""Audiences through the API: which there are, who is in, why somebody is."""

from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient


async def buy(api: ShopClient, number: int, *, member: str = NUMBER) -> None:
    """Let the member buy something for 120 dollars, as the shop tells it."""
    line = {"sku": "TEA", "quantity": 1, "unit_minor": 12_000}
    order = {"member": member, "status": "paid", "lines": [line]}
    told = await api("PUT", f"/api/orders/A-{member[-4:]}-{number}", order)
    assert told.status == 200, told.body


async def test_the_recipes_audience_end_to_end(api: ShopClient) -> None:
    await api.member()
    (listed,) = [
        one for one in (await api("GET", "/api/audiences")).told["audiences"] if one["name"] == "high_value"
    ]
    assert (listed["title"], listed["size"]) == ("High-value customers", 0)
    for number in range(3):
        why = (await api("GET", f"/api/members/{NUMBER}/audiences/high_value")).told
        assert (why["is_in"], why["why"]["parts"][0]["seen"]) == (False, number)
        await buy(api, number)
    told = (await api("GET", f"/api/members/{NUMBER}/audiences")).told
    assert [one["name"] for one in told["audiences"]] == ["high_value"]
    why = (await api("GET", f"/api/members/{NUMBER}/audiences/high_value")).told
    assert (why["is_in"], why["since"], why["why"]["holds"]) == (True, told["audiences"][0]["since"], True)
    assert [part["seen"] for part in why["why"]["parts"]] == [3, 360]
    assert why["look_at"] is not None
    page = (await api("GET", "/api/audiences/high_value/members")).told
    assert ([one["id"] for one in page["members"]], page["next"]) == ([told["id"]], None)
    await api.chat.strike()
    await api.chat.later(seconds=5)  # where there may be other processes they are waited for
    one = (await api("GET", "/api/audiences/high_value")).told
    assert (one["size"], one["built"], one["history"][-1]["size"]) == (1, True, 1)


async def test_pages_of_members_follow_each_other(api: ShopClient) -> None:
    await api.chat.strike()
    numbers = [f"+1212555{number:04}" for number in range(110, 117)]
    for number in numbers:
        await api("POST", "/api/members", {"phone": number})
        for count in range(3):
            await buy(api, count, member=number)
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await api("GET", f"/api/audiences/high_value/members?limit=3{cursor}")).told
        seen += [one["id"] for one in page["members"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == len(numbers)


async def test_what_is_not_there_is_said(api: ShopClient) -> None:
    await api.member()
    assert (await api("GET", "/api/audiences/nobody")).kind == "no-such-audience"
    assert (await api("GET", "/api/audiences/nobody/members")).status == 404
    assert (await api("GET", f"/api/members/{NUMBER}/audiences/nobody")).status == 404
    assert (await api("GET", "/api/members/+12125550177/audiences")).status == 404
    wrong = await api("GET", "/api/audiences/high_value/members?cursor=eA")
    assert wrong.status == 400
