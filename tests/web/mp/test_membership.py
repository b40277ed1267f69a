"""Joining at the pages, and the phone number that WeChat verified."""

from tests.conversation.chat import NUMBER
from tests.web.mp.conftest import ShopperClient
from tests.wechat.wechat_chat import MINI


def phone_code(shopper: ShopperClient, person: str = "li", number: str = NUMBER) -> str:
    """What WeChat's button for the number gives a page."""
    platform = shopper.chat.loopback.platform
    platform.pages.phones[person] = number
    return platform.pages.code(platform.accounts[MINI], person, "phone")


async def test_whoever_joins_has_the_welcome_credit_and_no_consent(shopper_anywhere: ShopperClient) -> None:
    joined = await shopper_anywhere.did("/join", {"first_name": "Li"})
    assert joined["member"] is True
    assert "Corner Leaf" in joined["says"]
    assert "$5.00" in joined["says"]
    me = await shopper_anywhere.got("/me")
    assert (me["member"], me["first_name"]) == (True, "Li")
    wallet = await shopper_anywhere.got("/wallet")
    assert wallet["available"] == {"minor": 500, "text": "US$5.00"}
    consents = await shopper_anywhere.got("/consents")
    assert [one["subscribed"] for one in consents["groups"]] == [False]
    again = await shopper_anywhere.did("/join", {})
    assert again["member"] is True
    assert (await shopper_anywhere.got("/wallet"))["available"]["minor"] == 500


async def test_a_friends_code_in_the_scene_counts_at_joining(shopper_anywhere: ShopperClient) -> None:
    await shopper_anywhere.did("/join", {})
    code = (await shopper_anywhere.got("/referral"))["code"]
    friend = await shopper_anywhere.another("wang", scene=f"r={code}")
    await shopper_anywhere.chat.later(minutes=1, strike=False)
    await friend.did("/join", {})
    await shopper_anywhere.chat.came_back()
    assert (await shopper_anywhere.got("/referral"))["joined"] == 1


async def test_a_verified_number_joins_the_wallets(shopper_anywhere: ShopperClient) -> None:
    chat = shopper_anywhere.chat
    await chat.sms("LOYALTY")
    by_text = await chat.sms.contact_id()
    await chat.later(minutes=1, strike=False)
    await shopper_anywhere.did("/join", {})
    before = await shopper_anywhere.contact_id()
    code = phone_code(shopper_anywhere)
    first = await shopper_anywhere("POST", "/phone", {"code": code}, once="phone")
    assert (first.status, first.told["phone"]) == (200, "••• 0100")
    again = await shopper_anywhere("POST", "/phone", {"code": code}, once="phone")
    assert (again.status, again.is_replay, again.told) == (200, True, first.told)
    assert chat.loopback.platform.pages.phones_given[MINI] == 1
    await chat.came_back()
    me = await shopper_anywhere.got("/me")
    assert (me["phone"], me["member"]) == ("••• 0100", True)
    assert (await shopper_anywhere.got("/wallet"))["available"]["minor"] == 1000
    found = await chat.sms.rows("SELECT merged_into FROM contact WHERE id = :id", id=before)
    assert found == [(by_text,)]
    evidence = await chat.sms.rows("SELECT facts FROM joined")
    assert "wechat_phone" in repr(evidence)
    # What was agreed to by text is no consent on WeChat.
    consents = await shopper_anywhere.got("/consents")
    assert [(one["channel"], one["subscribed"]) for one in consents["groups"]] == [("wechat", False)]
    # The key of before still gets its answer, and another body under it is refused.
    once_more = await shopper_anywhere("POST", "/phone", {"code": code}, once="phone")
    assert (once_more.is_replay, once_more.told) == (True, first.told)
    other = await shopper_anywhere("POST", "/phone", {"code": "another"}, once="phone")
    assert (other.status, other.kind) == (422, "key-used")


async def test_a_key_of_before_joining_does_nothing_again(shopper_anywhere: ShopperClient) -> None:
    chat = shopper_anywhere.chat
    await chat.sms("LOYALTY")
    first = await shopper_anywhere("POST", "/join", {"first_name": "Li"}, once="join")
    await shopper_anywhere.did("/phone", {"code": phone_code(shopper_anywhere)})
    await chat.came_back()
    await shopper_anywhere.did("/me", {"first_name": "Wei"})
    again = await shopper_anywhere("POST", "/join", {"first_name": "Li"}, once="join")
    assert (again.is_replay, again.told) == (True, first.told)
    assert (await shopper_anywhere.got("/me"))["first_name"] == "Wei"


async def test_a_number_nobody_has_is_added(shopper_anywhere: ShopperClient) -> None:
    said = await shopper_anywhere.did("/phone", {"code": phone_code(shopper_anywhere)})
    assert said["phone"] == "••• 0100"
    assert (await shopper_anywhere.got("/me"))["phone"] == "••• 0100"
    assert await shopper_anywhere.chat.sms.contact_id() == await shopper_anywhere.contact_id()


async def test_a_code_that_is_over_is_told_so(shopper: ShopperClient) -> None:
    code = phone_code(shopper)
    await shopper.did("/phone", {"code": code})
    used = await shopper("POST", "/phone", {"code": code})
    assert (used.status, used.kind) == (409, "code-over")
    login = shopper.chat.loopback.platform.pages.code(shopper.chat.loopback.platform.accounts[MINI], "li")
    assert (await shopper("POST", "/phone", {"code": login})).kind == "code-over"


async def test_who_came_by_text_has_no_number_to_give(shopper: ShopperClient) -> None:
    linked = await shopper.texting()
    assert (await linked("POST", "/phone", {"code": "x"})).kind == "not-here"
