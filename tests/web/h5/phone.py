"""A telephone of 360 by 740 pixels: what its owner texts, and the pages that links in answers open."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from playwright.async_api import Browser, Page, expect

from bot.core.page_links import PageLinks
from tests.conversation.chat import Chat

SIZE = {"width": 360, "height": 740}


@dataclass(slots=True)
class Phone:
    """Somebody's telephone."""

    chat: Chat
    page: Page
    number: str
    problems: list[str] = field(default_factory=list)
    """What the browser complained about."""

    async def text(self, *words: str) -> str:
        """Text; returns the last answer."""
        answers: list[str] = []
        for word in words:
            answers = await self.chat(word, number=self.number)
        return answers[-1] if answers else ""

    async def join(self, *, language: str = "en") -> None:
        """Become a member called Ana, who is spoken to in a language."""
        await self.text("LOYALTY", "Ana", "skip")
        contact = await self.chat.contact_id(self.number)
        await self.chat.run("UPDATE contact SET locale = :locale WHERE id = :id", locale=language, id=contact)

    async def link(self, page: str = "wallet", **until: float) -> str:
        """Return a link as texts have them before they are shortened."""
        links = PageLinks(self.chat.url, self.chat.app.decisions.shop.secrets)
        contact = await self.chat.contact_id(self.number)
        return links.url(contact, page, self.chat.clock() + timedelta(**(until or {"days": 1})))

    async def open(self, page: str = "wallet") -> None:
        """Open one of the pages by a link, and wait until it is there."""
        await self.page.goto("about:blank")
        await self.page.goto(await self.link(page if page in {"wallet", "rewards", "privacy"} else "wallet"))
        await self.is_there()
        if not self.page.url.endswith(f"#{page}"):
            await self.turn_to(page)

    async def turn_to(self, page: str) -> None:
        """Go to a page as a link within the pages does."""
        await self.page.evaluate("hash => { location.hash = hash }", page)
        await self.page.wait_for_function("hash => location.hash === '#' + hash", arg=page)
        await self.is_there()

    async def is_there(self) -> None:
        """Wait until the page shows what it has."""
        await expect(self.page.locator("main > *").first).to_be_attached()
        await expect(self.page.locator("main[aria-busy]")).to_have_count(0)

    async def said(self, words: str | re.Pattern[str]) -> None:
        """Wait until a screen reader was told."""
        await expect(self.page.locator("#said")).to_contain_text(words)


@asynccontextmanager
async def phone(browser: Browser, chat: Chat, number: str, **context: str) -> AsyncIterator[Phone]:
    """Give somebody a telephone."""
    opened = await browser.new_context(
        viewport={"width": SIZE["width"], "height": SIZE["height"]},
        timezone_id="America/New_York",
        locale=context.get("locale", "en-US"),
        has_touch=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = await opened.new_page()
    telephone = Phone(chat, page, number)
    page.on("pageerror", lambda error: telephone.problems.append(error.message))
    page.on(
        "console",
        lambda line: telephone.problems.append(line.text) if line.type in {"error", "warning"} else None,
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((chat.url, "data:", "blob:", "about:"))
            else telephone.problems.append(request.url)
        ),
    )
    yield telephone
    await opened.close()
