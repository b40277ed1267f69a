"""From a text into the mini program: links made ahead, who came, what they did, and nothing given for it."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from bot.core.campaign_links import CampaignTokens
from bot.demo.wechat.faults import Fault
from tests.conversation.chat import FLOWS
from tests.databases import SqliteDatabases
from tests.web.mp.conftest import ShopperClient, at_the_pages
from tests.wechat.wechat_chat import MINI, PERSON

SPRING = """
flow: spring
language: en
group: loyalty
start: [{keyword: SPRING}]
steps:
  - say: "Spring is here: {{ mini.hello }}"
"""
LINKS = "/wxa/generate_urllink"


@pytest.fixture
async def spring(sqlite_databases: SqliteDatabases, tmp_path: Path) -> AsyncIterator[ShopperClient]:
    """A shop whose texts lead into its mini program; nobody has opened it yet but one."""
    folder = tmp_path / "flows"
    shutil.copytree(FLOWS, folder)
    (folder / "spring.yaml").write_text(SPRING, encoding="utf-8")
    url = await sqlite_databases.create()
    async with at_the_pages(url, flows=folder) as client:
        yield client
    await sqlite_databases.drop(url)


async def strike(shopper: ShopperClient) -> None:
    await shopper.chat.app.clockwork.strike_all()
    await shopper.chat.sms.strike()


async def texted(shopper: ShopperClient) -> str:
    """Join by text and get the campaign's text; returns the short link in it."""
    await shopper.chat.sms("LOYALTY")
    (text,) = (await shopper.chat.sms("SPRING"))[:1]
    return str(text).rpartition(" ")[2]


async def led_to(link: str) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.get(link, allow_redirects=False) as answer,
    ):
        assert answer.status == 302
        return answer.headers["Location"]


def token_in(page: str) -> str:
    return page.partition("c=")[2]


async def events(shopper: ShopperClient, name: str) -> list[tuple[str, Any]]:
    found = await shopper.chat.sms.rows(
        "SELECT contact, properties FROM event WHERE name = :name ORDER BY id", name=name
    )
    return [(row[0], orjson.loads(row[1])) for row in found]


async def test_a_link_is_made_before_it_is_needed_and_renewed_before_it_ends(spring: ShopperClient) -> None:
    await strike(spring)
    platform = spring.chat.loopback.platform
    made = len(spring.chat.app.decisions.shop.wechat.campaigns)
    assert platform.asked[MINI, LINKS] == made
    await spring.chat.later(days=19)
    assert platform.asked[MINI, LINKS] == made
    await spring.chat.later(days=2)
    assert platform.asked[MINI, LINKS] == 2 * made
    of_hello = "SELECT url, expires_at FROM campaign_link WHERE campaign = 'hello'"
    ((url, expires),) = await spring.chat.sms.rows(of_hello)
    assert platform.pages.links[url].until.timestamp() * 1_000_000 == expires


async def test_a_text_leads_into_the_mini_program_as_whom_it_was_texted_to(spring: ShopperClient) -> None:
    await strike(spring)
    link = await texted(spring)
    assert "/l/" in link
    asked = spring.chat.loopback.platform.asked[MINI, LINKS]
    location = await led_to(link)
    assert location.startswith("https://wxaurl.cn/")
    assert spring.chat.loopback.platform.asked[MINI, LINKS] == asked  # never in a turn, nor in a visit
    opened = spring.chat.people.open_link("mei", location)
    assert opened.page.startswith("pages/wallet?c=")
    secrets = tuple(one.encode() for one in spring.chat.app.settings.secrets)
    came = CampaignTokens(secrets).read(token_in(opened.page))
    assert came is not None
    assert (came.contact_id, came.campaign) == (await spring.chat.sms.contact_id(), "hello")
    # And so does the page in the browser, at the same page, by one link for everybody.
    browser = await spring.by_link(came.contact_id)
    assert (await browser.got("/me"))["features"]["into_wechat"] is True
    assert (await spring.got("/me"))["features"]["into_wechat"] is False, "they are there"
    order = "0" * 32
    urls = [(await browser.got(f"/into_wechat?page=order&order={order}"))["url"] for _ in range(2)]
    assert spring.chat.loopback.platform.asked[MINI, LINKS] == asked + 1
    page, _, query = spring.chat.people.open_link("mei", urls[0]).page.partition("?")
    token, _, rest = query.removeprefix("c=").partition("&")
    assert (page, rest) == ("pages/order", f"order={order}")
    came = CampaignTokens(secrets).read(token)
    assert came is not None
    assert came.contact_id == await spring.chat.sms.contact_id()
    assert came.until - spring.chat.clock.now <= timedelta(minutes=10)


async def test_without_a_link_the_page_in_the_browser_opens(spring: ShopperClient) -> None:
    spring.chat.loopback.platform.accounts[MINI].is_released = False
    await strike(spring)
    assert await spring.chat.sms.rows("SELECT url FROM campaign_link") == []
    location = await led_to(await texted(spring))
    assert "/w/#wallet?t=" in location
    browser = await spring.by_link(await spring.chat.sms.contact_id())
    assert (await browser("GET", "/into_wechat")).kind == "wechat-busy"
    spring.chat.loopback.platform.accounts[MINI].is_released = True
    spring.chat.loopback.fault(Fault(kind="refuse", path=LINKS, code=45009, times=None))
    await spring.chat.later(minutes=11)
    assert await spring.chat.sms.rows("SELECT url FROM campaign_link") == []
    spring.chat.loopback.platform.faults.clear()
    await spring.chat.later(hours=24)
    of_hello = "SELECT url FROM campaign_link WHERE campaign = 'hello'"
    assert len(await spring.chat.sms.rows(of_hello)) == 1


async def test_who_came_by_it_for_the_first_time_is_the_one_who_was_texted(spring: ShopperClient) -> None:
    await strike(spring)
    opened = spring.chat.people.open_link("mei", await led_to(await texted(spring)))
    token = token_in(opened.page)
    mei = await spring.another("mei")
    assert (await mei.got("/me"))["member"] is False
    assert await mei.did("/events", {"name": "came", "page": "pages/wallet", "campaign": token}) == {}
    await strike(spring)
    me = await mei.got("/me")
    assert (me["member"], me["phone"]) == (True, "••• 0100")
    number = await spring.chat.sms.contact_id()
    ((whose, properties),) = await events(spring, "Campaign Opened")
    assert whose == number
    assert properties == {
        "campaign": "hello",
        "page": "pages/wallet",
        "channel": "wechat",
        "by": "themselves",
    }
    assert [one["campaign"] for _, one in await events(spring, "Mini Program Opened")] == ["hello"]
    # Consent stays per channel: who joined by text has agreed to nothing on WeChat.
    found = await spring.chat.sms.rows(
        "SELECT subscription_group, state FROM subscription WHERE contact = :id", id=number
    )
    assert dict(found) == {"loyalty": "subscribed"}


async def test_a_link_that_was_passed_on_joins_nobody_else(spring: ShopperClient) -> None:
    await strike(spring)
    token = token_in(spring.chat.people.open_link("mei", await led_to(await texted(spring))).page)
    came = {"name": "came", "page": "pages/wallet", "campaign": token}
    await (await spring.another("mei")).did("/events", came)
    await strike(spring)
    friend = await spring.another("friend")
    await friend.did("/events", came)
    await strike(spring)
    assert (await friend.got("/me"))["member"] is False
    assert [one["by"] for _, one in await events(spring, "Campaign Opened")] == ["themselves", "another"]


async def test_who_has_a_wallet_of_their_own_is_not_joined_by_a_link(spring: ShopperClient) -> None:
    await strike(spring)
    await spring.did("/say", {"text": "LOYALTY"})
    token = token_in(spring.chat.people.open_link(PERSON, await led_to(await texted(spring))).page)
    await spring.did("/events", {"name": "came", "page": "pages/wallet", "campaign": token})
    await strike(spring)
    assert (await spring.got("/me"))["phone"] is None
    assert [one["by"] for _, one in await events(spring, "Campaign Opened")] == ["another"]


async def test_who_opened_a_page_link_in_wechat_is_joined_to_nobody(spring: ShopperClient) -> None:
    """A page link may be passed on like the campaign's: neither says who holds it."""
    await strike(spring)
    token = token_in(spring.chat.people.open_link(PERSON, await led_to(await texted(spring))).page)
    linked = await spring.by_link(await spring.contact_id(), channel="wechat")
    await linked.did("/events", {"name": "came", "page": "pages/wallet", "campaign": token})
    await strike(spring)
    assert (await spring.got("/me"))["phone"] is None
    assert [one["by"] for _, one in await events(spring, "Campaign Opened")] == ["another"]


async def test_an_old_token_tells_of_the_campaign_alone(spring: ShopperClient) -> None:
    await strike(spring)
    token = token_in(spring.chat.people.open_link("mei", await led_to(await texted(spring))).page)
    spring.chat.clock.now += timedelta(days=7)
    mei = await spring.another("mei")
    await mei.did("/events", {"name": "came", "page": "pages/wallet", "campaign": token})
    await strike(spring)
    assert (await mei.got("/me"))["member"] is False


async def test_what_is_made_up_joins_nobody(spring: ShopperClient) -> None:
    mei = await spring.another("mei")
    for campaign in ("hello", "x" * 100, "AAAA"):
        await mei.did("/events", {"name": "came", "page": "pages/wallet", "campaign": campaign})
    await strike(spring)
    assert await events(spring, "Campaign Opened") == []
    told = [one.get("campaign") for _, one in await events(spring, "Mini Program Opened")]
    assert told == ["hello", None, None]


async def test_sharing_and_opening_are_events_and_earn_nothing(spring: ShopperClient) -> None:
    await spring.did("/say", {"text": "LOYALTY"})
    before = await spring.got("/wallet")
    for name in ("shared", "opened", "came"):
        await spring.did("/events", {"name": name, "page": "pages/tiers"})
    await strike(spring)
    assert len(await events(spring, "Page Shared")) == 1
    assert len(await events(spring, "Page Opened")) == 1
    assert (await spring.got("/wallet"))["available"] == before["available"]
    assert (await spring("POST", "/events", {"name": "bought", "page": "pages/tiers"})).status == 422
    assert (await spring("POST", "/events", {"name": "came", "page": "../etc"})).status == 422
