"""Banners stand on top of the wallet and of today until they end or are closed; the inbox keeps them."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.conversation.work import Work
from bot.core.contact import Event
from bot.core.triggers import Trigger, TriggerKind
from tests.conversation.chat import FLOWS, Chat, Clock, chatting
from tests.databases import SqliteDatabases
from tests.web.h5.phone import Phone, phone

SAYS = """
flow: says
language: en
group: loyalty
start: [{event: Something Happened}]
steps:
  - say: {text: "Double stamps until Sunday", channel: app, banner: true, until: 3d, card: wallet}
"""


@pytest.fixture
async def keeping(sqlite_databases: SqliteDatabases, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop with a flow that puts up a banner when something happens."""
    folder = tmp_path / "flows"
    shutil.copytree(FLOWS, folder)
    (folder / "says.yaml").write_text(SAYS, encoding="utf-8")
    url = await sqlite_databases.create()
    async with chatting(url, clock=Clock(now=datetime.now(UTC)), flows=folder) as chat:
        yield chat
    await sqlite_databases.drop(url)


async def happen(ana: Phone) -> None:
    """Let the shop report an event of the member's, and the jobs do their work."""
    chat = ana.chat
    event = Event("Something Happened", chat.clock(), {})
    trigger = Trigger("test:1", TriggerKind.EVENT, chat.clock(), {"name": event.name}, event=event)
    await chat.app.dispatcher.submit(Work(trigger, contact_id=await chat.contact_id(ana.number)))
    await chat.strike()


async def test_a_banner_is_shown_closed_and_over(
    browser: Browser, keeping: Chat, output_folder: Path
) -> None:
    async with phone(browser, keeping, "+12125550177") as ana:
        await ana.join()
        await ana.open()
        await happen(ana)
        await ana.page.reload()
        banner = ana.page.get_by_role("complementary", name="Double stamps until Sunday")
        await expect(banner).to_be_visible()
        await expect(banner.get_by_role("link")).to_have_attribute("href", "#wallet")
        await ana.page.screenshot(path=str(output_folder / "banner.png"))
        await keeping.strike()
        assert await keeping.rows("SELECT state FROM outbox WHERE flow = 'says'") == [("delivered",)]
        await ana.page.get_by_role("link", name="Today", exact=True).click()
        await expect(banner).to_be_visible()
        await banner.get_by_role("button", name="Close").click()
        await expect(banner).to_have_count(0)
        await ana.page.reload()
        await expect(ana.page.get_by_role("heading", level=1)).to_have_text("Today")
        await expect(banner).to_have_count(0)
        await ana.page.evaluate("localStorage.clear()")
        keeping.clock.now += timedelta(days=3, minutes=1)
        await ana.open()
        await expect(ana.page.get_by_role("heading", level=1)).to_have_text("Your credit")
        await expect(banner).to_have_count(0)
        assert ana.problems == []
