"""Exclusive content from the claim to the page: over real HTTP, on both databases."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from yarl import URL

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.core.ids import EPOCH
from bot.core.signed_links import signed_address
from bot.web.contents import WRONG_LINKS
from bot.web.link_pages import EXPIRED, UNKNOWN
from tests.conversation.chat import Chat, chatting
from tests.core.test_clicks import IPHONE, PAGE

FILM = "https://cornerleaf.example/films/brewing"
PERSON = {"User-Agent": IPHONE, "Accept": PAGE}
SECRET = "shared-with-the-shop-0123456789ab"


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    """The shipped flows, and a shop that shares a secret with us."""
    settings = {
        "REGULARS_SHOP_WEBHOOK_URL": "https://shop.example/hook",
        "REGULARS_SHOP_WEBHOOK_SECRET": SECRET,
    }
    async with chatting(database_url, settings=settings) as chat:
        yield chat


async def claimed(chat: Chat) -> str:
    """Claim the film; returns its link."""
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    await give(chat, 2000)
    (said,) = await chat("CLAIM brewing class")
    found = re.search(r"http\S+/c/\S+", said)
    assert found is not None, said
    return found[0]


async def give(chat: Chat, amount_minor: int) -> None:
    """Give the member credit by the hand of the shop."""
    body: dict[str, JsonValue] = {"amount_minor": amount_minor, "reason": "a test", "by": "k1"}
    work = operation_work(
        "credit.adjust", body, key="api:k1/1", at=chat.clock(), contact_id=await chat.contact_id()
    )
    await chat.app.dispatcher.submit(work)


async def opened(link: str, method: str = "GET", **headers: str) -> tuple[int, str, str]:
    """Open a link; returns the status, where it leads and what the page says."""
    url = URL(link, encoded=True)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, headers={**PERSON, **headers}, allow_redirects=False) as answer,
    ):
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_the_member_is_led_to_it_and_flows_hear_of_it_once_a_day(chat: Chat) -> None:
    link = await claimed(chat)
    await opened(link)
    status, location, _ = await opened(link)
    assert (status, location.partition("?")[0]) == (302, FILM)
    expires = re.search(r"expires=(\d+)", location)
    assert expires is not None
    until = EPOCH + timedelta(seconds=int(expires[1]))
    assert location == signed_address(FILM, until, SECRET), "the shop's own site can check it"
    assert timedelta(0) < until - chat.clock() <= timedelta(minutes=10)
    await opened(link, method="HEAD")
    names = [name for (name,) in await chat.of("event", "name", "id")]
    assert names.count("Content Opened") == 1


async def test_it_ends_when_it_was_said_to_end(chat: Chat) -> None:
    link = await claimed(chat)
    chat.clock.now += timedelta(days=7, seconds=-10)
    assert (await opened(link))[0] == 302
    chat.clock.now += timedelta(seconds=10)
    status, location, text = await opened(link, **{"Accept-Language": "es"})
    assert (status, location) == (410, "")
    assert EXPIRED["es"][0] in text
    assert "brewing" not in text, "nobody learns where it is"


async def test_what_was_changed_by_a_character_opens_nothing(chat: Chat) -> None:
    link = await claimed(chat)
    head, _, token = link.rpartition("/")
    other = "A" if token[40] != "A" else "B"
    status, location, text = await opened(f"{head}/{token[:40]}{other}{token[41:]}")
    assert (status, location) == (404, "")
    assert UNKNOWN["en"][0] in text
    assert (await opened(f"{link}."))[0] == 302, "a full stop is the sentence's"


async def test_who_tries_links_all_day_has_to_wait(chat: Chat) -> None:
    link = await claimed(chat)
    statuses = [(await opened(f"{chat.url}/c/nothing{number}"))[0] for number in range(WRONG_LINKS.burst + 1)]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {404}
    assert (await opened(link))[0] == 429
    chat.clock.now += timedelta(minutes=2)
    assert (await opened(link))[0] == 302
