"""docs/loyalty/tiers-and-referral.md: its conversations are what the shipped program says."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.core.loyalty.referral import EVIDENCE, LATE_BY, Refusal
from bot.core.segments import segment
from tests.conversation.chat import Chat, chatting

PAGE = Path(__file__).parents[2] / "docs" / "loyalty" / "tiers-and-referral.md"
FRIEND = "+12125550101"
NEW_YORK = ZoneInfo("America/New_York")
TOLD = ("level", "reached", "keep", "friend", "first")
"""Words of the messages that the page is about."""


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    """Ana is a member since noon."""
    async with chatting(f"sqlite:///{tmp_path / 'page.db'}") as chat:
        for words in ("LOYALTY", "Ana", "skip"):
            await chat(words)
        yield chat


def written(name: str) -> list[str]:
    """The lines of a conversation on the page."""
    page = PAGE.read_text()
    found = re.search(rf"<!-- {name} -->\n```text\n(.*?)```", page, re.DOTALL)
    assert found is not None, f"the page has no conversation {name}"
    return found[1].splitlines()


class Script:
    """Writes down what is said, as the page does."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.lines: list[str] = []
        self.names = {chat.number: "Ana", FRIEND: "Ben"}

    async def says(self, words: str, number: str | None = None) -> None:
        number = number or self.chat.number
        answers = await self.chat(words, number=number)
        self.lines.append(f"{self.names[number]}: {words}")
        self.lines += [f"  {self.plain(answer)}" for answer in answers]

    async def order(self, reference: str, dollars: int, number: str | None = None) -> None:
        number = number or self.chat.number
        line: JsonValue = {"sku": "TEA", "quantity": 1, "unit_minor": dollars * 100}
        await self._ask("order.report", {"order": reference, "status": "paid", "lines": [line]}, number)
        self.lines.append(f"{self.names[number]} pays {dollars} dollars")
        self._news()

    async def refund(self, reference: str, number: str) -> None:
        await self._ask("order.refund", {"order": reference, "everything": True}, number)
        self.lines.append(f"{self.names[number]} gives it all back")
        self._news()

    async def comes(self, *at: int) -> None:
        day = datetime(*at, tzinfo=NEW_YORK)  # type: ignore[misc,arg-type]  # year, month, day, hour
        self.chat.clock.now = day.astimezone(self.chat.clock.now.tzinfo)
        await self.chat.strike()
        self.lines.append(f"{day:%B} {day.day}, {day.year}, {day:%H:%M}")
        self._news()

    async def _ask(self, name: str, body: dict[str, JsonValue], number: str) -> None:
        self.chat.clock.now += timedelta(seconds=1)
        contact = await self.chat.contact_id(number)
        at = self.chat.clock.now
        work = operation_work(name, body, key=f"api:{at.isoformat()}", at=at, contact_id=contact)
        await self.chat.app.dispatcher.submit(work)
        await self.chat.strike()

    def _news(self) -> None:
        for number, name in self.names.items():
            self.lines += [
                f"  to {name}: {self.plain(text)}"
                for text in self.chat.news(number)
                if "level" in text
                or "reached" in text
                or "keep" in text
                or "friend" in text
                or "first" in text
            ]

    def plain(self, text: str) -> str:
        """Write what differs from run to run as the page does."""
        text = text.replace(self.chat.url, "https://rewards.example").replace("\n", " ")
        text = re.sub(r"http://127\.0\.0\.1:\d+", "https://rewards.example", text)
        return re.sub(r"\b([2-9][A-Z]){3}\b", "7K2P4M", text)


async def test_a_level_is_reached_kept_and_lost_as_written(chat: Chat) -> None:
    ana = Script(chat)
    await ana.says("STATUS")
    await ana.order("A-1", 160)
    await ana.says("STATUS")
    await ana.order("A-2", 240)
    await ana.comes(2027, 12, 1, 10)
    await ana.comes(2028, 2, 1, 10)
    assert ana.lines == written("a level")


async def test_a_friend_is_brought_as_written(chat: Chat) -> None:
    both = Script(chat)
    await both.says("REFER")
    _, forward = await chat("REFER")
    assert segment(forward).segments == 1
    found = re.search(r"LOYALTY (\w{6})", forward)
    assert found is not None
    answers = await chat(f"LOYALTY {found[1]}", number=FRIEND)
    both.lines += [
        "Ben: LOYALTY 7K2P4M",
        *(f"  {both.plain(one)}" for one in answers if "code counts" in one),
    ]
    for words in ("Ben", "skip"):
        await chat(words, number=FRIEND)
    await chat.strike()
    chat.news()
    await both.order("B-1", 18, FRIEND)
    await both.says("REFER")
    await both.refund("B-1", FRIEND)
    assert both.lines == written("a friend")


def test_every_refusal_and_limit_is_on_the_page() -> None:
    page = PAGE.read_text()
    for refusal in Refusal:
        assert f"`{refusal.value}`" in page, refusal
    for kind in EVIDENCE:
        assert f"`{kind}`" in page
    assert f"{LATE_BY.days} days" in page
