"""What is kept, all of it to take along, and being forgotten."""

from bot.core.api_keys import Scope
from tests.web.api.conftest import made_key
from tests.web.mp.conftest import ShopperClient
from tests.web.mp.test_membership import phone_code


async def test_it_says_what_is_kept_in_their_language(shopper: ShopperClient) -> None:
    chinese = await shopper.got("/privacy")
    assert len(chinese["keeps"]) > 3
    assert {one["name"] for one in chinese["processors"]} >= {"Twilio", "Tencent (WeChat)"}
    await shopper.did("/me", {"language": "en"})
    english = await shopper.got("/privacy")
    assert len(english["keeps"]) == len(chinese["keeps"])
    assert english["keeps"][0]["what"] == "Your name, language and birthday"


async def test_everything_can_be_taken_along(shopper_anywhere: ShopperClient) -> None:
    await shopper_anywhere.did("/join", {"first_name": "Li"})
    answered = await shopper_anywhere("POST", "/privacy/export", once=None)
    assert answered.told["contact"] == await shopper_anywhere.contact_id()
    assert answered.told["tables"]["contact"][0]["first_name"] == "Li"
    assert "session" in answered.told["tables"]


async def test_who_is_forgotten_is_nobody_any_more(shopper_anywhere: ShopperClient) -> None:
    await shopper_anywhere.did("/join", {"first_name": "Li"})
    contact = await shopper_anywhere.contact_id()
    unsure = await shopper_anywhere("POST", "/privacy/erase", {"confirm": False})
    assert (unsure.status, unsure.told["errors"][0]["pointer"]) == (422, "#/confirm")
    assert (await shopper_anywhere.did("/privacy/erase", {"confirm": True}))["says"]
    assert (await shopper_anywhere("GET", "/me")).status == 401
    found = await shopper_anywhere.chat.sms.rows("SELECT first_name FROM contact WHERE id = :id", id=contact)
    assert found == [(None,)]
    audit = await shopper_anywhere.chat.sms.rows(
        "SELECT actor, action FROM audit WHERE action = 'contact.erase'"
    )
    assert audit == [("mp", "contact.erase")]
    link = shopper_anywhere.link(contact)
    gone = await shopper_anywhere.anybody()("POST", "/sessions/link", {"token": link}, once=None)
    assert gone.status == 404
    again = await shopper_anywhere.another("li")
    assert await again.contact_id() != contact
    assert (await again.got("/me"))["member"] is False


async def test_whom_the_shop_forgets_is_nobody_at_once(shopper_anywhere: ShopperClient) -> None:
    await shopper_anywhere.got("/me")
    key = await made_key(shopper_anywhere.chat.sms, Scope.ERASE)
    path = f"{shopper_anywhere.chat.sms.url}/api/members/{await shopper_anywhere.contact_id()}/erase"
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "forget"}
    async with shopper_anywhere.session.post(path, json={"reason": "asked us to"}, headers=headers) as got:
        assert got.status == 200, await got.text()
    assert (await shopper_anywhere("GET", "/me")).status == 401


async def test_who_became_another_a_moment_ago_is_told_and_forgotten_as_that_one(
    shopper_anywhere: ShopperClient,
) -> None:
    """A page opens with several requests, so that a session is remembered: not whom it was of."""
    chat = shopper_anywhere.chat
    await chat.sms("LOYALTY")
    by_text = await chat.sms.contact_id()
    await chat.later(minutes=1, strike=False)
    await shopper_anywhere.did("/join", {})
    await shopper_anywhere.did("/phone", {"code": phone_code(shopper_anywhere)})
    await shopper_anywhere.got("/me")
    await chat.came_back()
    fresh = await shopper_anywhere.another("li")
    assert await shopper_anywhere.got("/history") == await fresh.got("/history")
    taken = await shopper_anywhere("POST", "/privacy/export", once=None)
    assert taken.told["contact"] == by_text
    assert (await shopper_anywhere.did("/privacy/erase", {"confirm": True}))["says"]
    found = await chat.sms.rows("SELECT COUNT(*) FROM address WHERE contact = :id", id=by_text)
    assert found == [(0,)]
