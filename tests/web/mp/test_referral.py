"""Friends over HTTP: the code, its picture, and a friend who comes into the mini program by it."""

import base64
import io
import re
from datetime import timedelta
from html import unescape

import aiohttp

from bot.core.loyalty.referral import code_in_scene
from bot.web.mp.referral import CodeAnswer, FriendsAnswer
from tests.web.mp.conftest import ShopperClient
from tests.wechat.wechat_chat import MINI


async def friend_of(shopper: ShopperClient, scene: str, person: str = "wang") -> ShopperClient:
    """Somebody who opens the mini program with a scene."""
    return await shopper.another(person, scene=scene)


async def opened(link: str) -> str:
    """The page of an invitation, in Chinese."""
    headers = {"Accept-Language": "zh-CN"}
    async with aiohttp.ClientSession() as session, session.get(link, headers=headers) as answer:
        assert answer.status == 200
        return await answer.text()


async def brought(member: ShopperClient) -> tuple[int, int]:
    """How many came with a member's code, and how many of them joined."""
    await member.chat.sms.strike()
    told = FriendsAnswer.model_validate(await member.got("/referral"))
    return told.invited, told.joined


async def test_the_code_is_the_same_by_page_and_by_text(shopper_anywhere: ShopperClient) -> None:
    member = await shopper_anywhere.texting()
    told = FriendsAnswer.model_validate(await member.got("/referral"))
    assert told.link == f"{member.chat.sms.url}/r/{told.code}"
    assert told.code in told.text
    assert (told.invited, told.joined, told.pending.minor, told.earned.text) == (0, 0, 0, "$0.00")
    assert "Nothing is given for sharing or for joining." in told.rules
    by_text = await member.chat.sms("REFER")
    assert any(told.code in text for text in by_text)
    assert (await member.got("/referral"))["code"] == told.code


async def test_the_picture_in_a_browser_is_the_links_code(shopper: ShopperClient) -> None:
    member = await shopper.texting()
    told = CodeAnswer.model_validate(await member.got("/referral/qr"))
    assert told.scene is None
    head, _, content = told.image.partition(",")
    assert head == "data:image/png;base64"
    assert io.BytesIO(base64.b64decode(content)).read(4) == b"\x89PNG"


async def test_the_picture_in_a_mini_program_is_its_own_code(shopper: ShopperClient) -> None:
    await shopper.did("/join", {})
    pages = shopper.chat.loopback.platform.pages
    told = CodeAnswer.model_validate(await shopper.got("/referral/qr"))
    assert told.scene is not None
    assert len(told.scene) <= 32
    assert code_in_scene(told.scene) == (await shopper.got("/referral"))["code"]
    again = CodeAnswer.model_validate(await shopper.got("/referral/qr"))
    assert again == told
    assert shopper.chat.loopback.platform.asked[MINI, "/wxa/getwxacodeunlimit"] == 1, pages.drawn


async def test_a_friend_who_scans_it_and_joins_is_the_members(shopper_anywhere: ShopperClient) -> None:
    member = await shopper_anywhere.texting()
    code = (await member.got("/referral"))["code"]
    friend = await friend_of(shopper_anywhere, f"r={code}")
    assert await brought(member) == (1, 0)
    shopper_anywhere.chat.clock.now += timedelta(minutes=1)
    await friend.did("/join", {})
    assert await brought(member) == (1, 1)
    again = await friend_of(shopper_anywhere, f"r={code}")
    assert await again.contact_id() == await friend.contact_id()
    assert await brought(member) == (1, 1)


async def test_an_invitation_leads_into_the_mini_program(shopper: ShopperClient) -> None:
    member = await shopper.texting()
    link = (await member.got("/referral"))["link"]
    assert "wxaurl" not in await opened(link), "there is no link into the mini program yet"
    await shopper.chat.app.clockwork.strike_all()
    (button,) = re.findall(r'href="(https://wxaurl[^"]*)"', await opened(link))
    page = shopper.chat.people.open_link("wang", unescape(button)).page
    assert page == f"pages/wallet?r={(await member.got('/referral'))['code']}"
    friend = await friend_of(shopper, page.partition("?")[2])
    shopper.chat.clock.now += timedelta(minutes=1)
    await friend.did("/join", {})
    assert await brought(member) == (1, 1)


async def test_nobody_brings_themselves_or_who_was_here_before(shopper: ShopperClient) -> None:
    await shopper.did("/join", {})
    code = (await shopper.got("/referral"))["code"]
    await shopper.another("li", scene=f"r={code}")
    assert await brought(shopper) == (0, 0)
    for scene in ("r=9Z9Z9Z", "counter", "r=", code):
        await friend_of(shopper, scene, person="zhao")
    assert await brought(shopper) == (0, 0)


async def test_a_stranger_has_no_code(shopper: ShopperClient) -> None:
    for path in ("/referral", "/referral/qr"):
        refused = await shopper("GET", path)
        assert (refused.status, refused.kind) == (403, "not-a-member")
        assert refused.told["facts"]["says"] == "这是会员专享，入会免费，一点即可。"
