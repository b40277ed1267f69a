"""Members, their wallets and what they did, through the API."""

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
