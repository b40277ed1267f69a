"""Names that shoppers give in the mini program are looked at by WeChat before anybody sees them."""

import pytest

from bot.demo.wechat.faults import Fault
from tests.web.mp.conftest import ShopperClient
from tests.wechat.wechat_chat import MINI

LOOKS = "/wxa/msg_sec_check"


@pytest.mark.parametrize("name", ["来赌一把", "代购小王"])
async def test_a_name_that_wechat_would_not_show_is_refused(shopper: ShopperClient, name: str) -> None:
    for path in ("/me", "/join"):
        refused = await shopper("POST", path, {"first_name": name})
        assert (refused.status, refused.kind) == (422, "text-refused")
        assert refused.told["errors"][0]["pointer"] == "#/first_name"
        assert refused.told["facts"] == {"says": "这个称呼无法使用，请换一个。"}, "in the shopper's language"
    assert (await shopper.got("/me"))["first_name"] is None


async def test_a_good_name_is_taken_and_looked_at_once(shopper: ShopperClient) -> None:
    assert (await shopper.did("/me", {"first_name": "小李"}))["first_name"] == "小李"
    await shopper.did("/me", {"language": "en"})
    assert shopper.chat.loopback.platform.asked[MINI, LOOKS] == 1


async def test_what_cannot_be_looked_at_now_is_shown_to_nobody(shopper: ShopperClient) -> None:
    shopper.chat.loopback.fault(Fault(kind="refuse", path=LOOKS, code=45011))
    joined = await shopper("POST", "/join", {"first_name": "小李"}, once="join")
    assert joined.told["member"] is True, "nobody waits for their name"
    again = await shopper("POST", "/join", {"first_name": "小李"}, once="join")
    assert (again.body, again.is_replay) == (joined.body, True)
    assert (await shopper.got("/me"))["first_name"] is None
    assert (await shopper.did("/me", {"first_name": "小李"}))["first_name"] == "小李"
    shopper.chat.clock.now = shopper.chat.clock.now.replace(hour=23)  # away for more than two hours
    assert (await shopper("POST", "/me", {"first_name": "小王"})).kind == "wechat-busy"
    assert (await shopper.got("/me"))["first_name"] == "小李"


async def test_a_name_told_among_the_messages_is_looked_at_as_well(shopper: ShopperClient) -> None:
    asked = shopper.chat.loopback.platform.asked
    await shopper.did("/me", {"language": "en"})
    await shopper.did("/join", {})
    await shopper.did("/say", {"text": "How much do I have?"})
    await shopper.did("/say", {"text": "NAME"})
    assert asked[MINI, LOOKS] == 0, "nobody asked for a name"
    refused = await shopper("POST", "/say", {"text": "赌王"})
    assert (refused.status, refused.kind) == (422, "text-refused")
    assert refused.told["errors"][0]["pointer"] == "#/text"
    assert refused.told["facts"] == {"says": "This name cannot be used. Please choose another one."}
    shopper.chat.loopback.fault(Fault(kind="refuse", path=LOOKS, code=45011))
    assert (await shopper("POST", "/say", {"text": "Lily"})).kind == "wechat-busy"
    assert (await shopper.got("/me"))["first_name"] is None
    said = await shopper("POST", "/say", {"text": "Lily"}, once="lily")
    assert said.told["messages"][-1]["text"].startswith("Thanks, Lily!")
    again = await shopper("POST", "/say", {"text": "Lily"}, once="lily")
    assert (again.body, again.is_replay) == (said.body, True)
    assert ((await shopper.got("/me"))["first_name"], asked[MINI, LOOKS]) == ("Lily", 3)


async def test_who_comes_by_a_text_is_not_of_wechat(shopper: ShopperClient) -> None:
    texting = await shopper.texting()
    assert (await texting.did("/me", {"first_name": "Ana"}))["first_name"] == "Ana"
    assert shopper.chat.loopback.platform.asked[MINI, LOOKS] == 0
