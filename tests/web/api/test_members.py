"""Members, their wallets and what they did, through the API."""

from datetime import timedelta

import pytest

from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient


async def test_a_member_is_enrolled_once_and_known_by_phone_and_id(api: ShopClient) -> None:
    body = {
        "phone": "+1 212 555 0100".replace(" ", ""),
        "first_name": "Ana",
        "locale": "es",
        "zone": "America/Denver",
        "birthday": "1990-05-21",
        "attributes": {"favourite_tea": "jasmine", "visits": 3, "vegan": True},
    }
    enrolled = await api("POST", "/api/members", body)
    assert enrolled.told | {"id": ""} == {
        "id": "",
        "already": False,
        "granted_minor": 500,
        "expires_on": "2027-01-23",
    }
    by_phone = await api("GET", f"/api/members/{NUMBER}")
    by_id = await api("GET", f"/api/members/{enrolled.told['id']}")
    assert by_phone.body == by_id.body
    told = by_id.told
    assert (told["first_name"], told["zone"], told["birthday"]) == ("Ana", "America/Denver", "1990-05-21")
    assert told["attributes"] == {"favourite_tea": "jasmine", "visits": 3, "vegan": True}
    assert told["member"]
    assert told["addresses"] == [{"channel": "sms", "value": NUMBER, "stopped": False, "unusable": None}]
    assert told["subscriptions"] == {}, "to enrol is no consent"
    again = await api("POST", "/api/members", {"phone": NUMBER})
    assert (again.told["already"], again.told["granted_minor"]) == (True, 0)


async def test_a_wallet_says_what_can_be_spent_and_until_when(api: ShopClient) -> None:
    await api.member()
    told = (await api("GET", f"/api/members/{NUMBER}/wallet")).told
    assert told["wallet"] == {"available_minor": 500, "pending_minor": 0, "held_minor": 0, "debt_minor": 0}
    assert (told["currency"], told["exponent"]) == ("USD", 2)
    assert [(one["amount_minor"], one["good_through"]) for one in told["endings"]] == [(500, "2027-01-23")]


async def test_the_history_explains_the_balance_page_by_page(api: ShopClient) -> None:
    await api.member()
    path = f"/api/members/{NUMBER}"
    for number in range(5):
        api.chat.clock.now += timedelta(minutes=1)
        await api("POST", f"{path}/adjust", {"amount_minor": 10 + number, "reason": f"gift {number}"})
    lines, cursor = [], ""
    while True:
        page = (await api("GET", f"{path}/history?limit=2{cursor}")).told
        lines += page["lines"]
        assert len(page["lines"]) <= 2
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert [line["amount_minor"] for line in lines] == [14, 13, 12, 11, 10, 500]
    assert [line["words"] for line in lines[:5]] == [f"gift {number}" for number in (4, 3, 2, 1, 0)]
    assert sum(line["change"]["available_minor"] for line in lines) == 560
    assert lines[0]["after"]["available_minor"] == 560
    assert "gift 4" in lines[0]["says"]
    assert page["before"]["available_minor"] == 0


async def test_the_balance_is_known_as_of_any_time(api: ShopClient) -> None:
    await api.member()
    path, before = f"/api/members/{NUMBER}", api.chat.clock().isoformat().replace("+00:00", "Z")
    api.chat.clock.now += timedelta(hours=1)
    await api("POST", f"{path}/adjust", {"amount_minor": 250, "reason": "a gift"})
    then = (await api("GET", f"{path}/balance?at={before}")).told
    assert (then["wallet"]["available_minor"], then["at"]) == (500, before)
    long_ago = (await api("GET", f"{path}/balance?at=2020-01-01T00:00:00Z")).told
    assert long_ago["wallet"]["available_minor"] == 0
    now = (await api("GET", f"{path}/wallet")).told
    assert now["wallet"]["available_minor"] == 750
    assert (await api("GET", f"{path}/balance")).told["errors"][0]["pointer"] == "query/at"
    assert (await api("GET", f"{path}/balance?at=2026-11-24")).kind == "wrong-parameter"
    cards = (await api("GET", f"{path}/wallet?wallet=card/coffee")).told
    assert (cards["currency"], cards["wallet"]["available_minor"]) == (None, 0)


async def test_credit_is_adjusted_both_ways_with_a_reason_that_stays(api: ShopClient) -> None:
    member = await api.member()
    path = f"/api/members/{member}/adjust"
    up = await api("POST", path, {"amount_minor": 250, "reason": "the cup was cracked"})
    down = await api("POST", path, {"amount_minor": -100, "reason": "a mistake"})
    assert up.told["wallet"]["available_minor"] == 750
    assert down.told["wallet"]["available_minor"] == 650
    assert [entry for entry in await api.chat.entries() if entry[0] == "adjust"] == [
        ("adjust", "the cup was cracked"),
        ("adjust", "a mistake"),
    ]
    assert await api.chat.of("entry", "actor", "number") == [("shop",), ("api/till",), ("api/till",)]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount_minor": 250}, "#/reason"),
        ({"amount_minor": 250, "reason": ""}, "#/reason"),
        ({"amount_minor": 0, "reason": "x"}, "#"),
        ({"amount_minor": "250", "reason": "x"}, "#/amount_minor"),
        ({"amount_minor": 2.5, "reason": "x"}, "#/amount_minor"),
        ({"amount_minor": 10**11, "reason": "x"}, "#/amount_minor"),
        ({"amount": 250, "reason": "x", "amount_minor": 1}, "#/amount"),
        ({"amount_minor": 250, "reason": "a\u0000b"}, "#/reason"),
    ],
)
async def test_a_wrong_field_is_named_with_its_remedy(
    api: ShopClient, body: dict[str, object], pointer: str
) -> None:
    await api.member()
    refused = await api("POST", f"/api/members/{NUMBER}/adjust", body)
    assert (refused.status, refused.kind) == (422, "wrong-field")
    assert refused.told["errors"][0]["pointer"] == pointer
    assert all(error["problem"] and error["remedy"] for error in refused.told["errors"])
    assert await api.chat.wallet() == (0, 500, 0, 0)


async def test_who_is_nobody_is_told_so(api: ShopClient) -> None:
    for path in (f"/api/members/{NUMBER}", "/api/members/" + "0" * 32, "/api/members/email:ana@example.com"):
        refused = await api("GET", path)
        assert (refused.status, refused.kind) == (404, "no-such-member")
    for odd in ("x", "%00", "%2F", "+1", "%F0%28", "a%0Ab", "0" * 31):
        refused = await api("GET", f"/api/members/{odd}")
        assert (refused.status, refused.kind) == (400, "wrong-parameter"), odd
    adjusted = await api("POST", f"/api/members/{NUMBER}/adjust", {"amount_minor": 5, "reason": "x"})
    assert adjusted.status == 404


async def test_an_event_is_recorded_once_by_its_own_id(api: ShopClient) -> None:
    await api.member()
    body = {"id": "evt-1", "member": NUMBER, "name": "Product Reviewed", "properties": {"stars": 5}}
    first = await api("POST", "/api/events", body, once=None)
    again = await api("POST", "/api/events", body, once=None)
    assert first.status == 200, first.body
    assert (again.body, again.is_replay) == (first.body, True)
    events = await api.chat.of("event", "name, properties", "at, id")
    assert events.count(("Product Reviewed", '{"stars":5}')) == 1
    changed = await api("POST", "/api/events", {**body, "properties": {"stars": 1}}, once=None)
    assert (changed.status, changed.kind) == (422, "key-used")
    assert changed.told["errors"][0]["pointer"] == "#/id"


async def test_only_the_books_say_that_credit_was_granted(api: ShopClient) -> None:
    await api.member()
    body = {"id": "evt-1", "member": NUMBER, "name": "Credit Granted", "properties": {"amount": 10**6}}
    refused = await api("POST", "/api/events", body)
    assert refused.told["errors"][0]["pointer"] == "#/name"
