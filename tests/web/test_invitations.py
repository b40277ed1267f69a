"""The page behind a member's link: what to text, in the visitor's language, and the link as a picture."""

import re
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from bot.core.loyalty.referral import code_of, link_of
from bot.demo.loopback_network import DEMO_NUMBER
from bot.web.invitations import TEXTS, qr_code
from tests.conversation.chat import Chat, chatting

CODE = code_of("0" * 32)


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    """The shipped application."""
    async with chatting(database_url) as chat:
        yield chat


async def opened(chat: Chat, path: str, language: str = "") -> tuple[int, str, dict[str, str]]:
    headers = {"Accept-Language": language}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{chat.url}{path}", headers=headers) as answer,
    ):
        return answer.status, await answer.text(), {**answer.headers}


async def test_a_friend_reads_what_to_text_and_opens_it_ready_to_send(chat: Chat) -> None:
    status, page, headers = await opened(chat, f"/r/{CODE}")
    assert status == 200
    assert "A friend invites you to Corner Leaf" in page
    assert "$5.00 for your first order of $15.00 or more." in page
    assert f'href="sms:{DEMO_NUMBER}?&amp;body=LOYALTY%20{CODE}"' in page
    assert "Reply HELP for help, STOP to cancel." in page
    assert headers["Content-Language"] == "en"
    assert "noindex" in headers["X-Robots-Tag"]


@pytest.mark.parametrize(
    ("language", "word", "title"),
    [
        ("es-MX,es;q=0.9", "LEALTAD", "Te invitan a"),
        ("zh-CN,zh", "会员", "朋友邀请您加入"),
        ("ko", "LOYALTY", "A friend"),
    ],
)
async def test_it_speaks_the_visitors_language(chat: Chat, language: str, word: str, title: str) -> None:
    _, page, _ = await opened(chat, f"/r/{CODE}", language)
    assert title in page
    assert f"{word} {CODE}" in page


async def test_a_link_is_read_as_it_is_pasted(chat: Chat) -> None:
    for spelled in (CODE.lower(), f"{CODE}.", f"{CODE[:3]}-{CODE[3:]}"):
        status, page, _ = await opened(chat, f"/r/{spelled}")
        assert (status, f"LOYALTY {CODE}" in page) == (200, True)


@pytest.mark.parametrize("path", ["/r/nonsense", "/r/%3Cscript%3E", "/r/nonsense.svg"])
async def test_what_is_no_code_has_no_page(chat: Chat, path: str) -> None:
    status, page, _ = await opened(chat, path)
    assert status == 404
    assert "<script>" not in page


async def test_whose_code_it_is_or_whether_it_is_anybodys_is_not_told(chat: Chat) -> None:
    for words in ("LOYALTY", "Ana", "skip"):
        await chat(words)
    _, forward = await chat("REFER")
    found = re.search(r"/r/(\w{6})", forward)
    assert found is not None
    _, mine, _ = await opened(chat, f"/r/{found[1]}")
    _, nobodys, _ = await opened(chat, f"/r/{CODE}")
    assert mine.replace(found[1], CODE) == nobodys


async def test_the_picture_is_the_link(chat: Chat) -> None:
    status, drawn, headers = await opened(chat, f"/r/{CODE}.svg")
    assert (status, headers["Content-Type"]) == (200, "image/svg+xml")
    link = link_of(f"http://127.0.0.1:{chat.url.rpartition(':')[2]}", CODE)
    assert link is not None
    assert drawn.encode() == qr_code(link)
    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314  # ours


def test_every_language_says_everything() -> None:
    for texts in TEXTS.values():
        assert texts.keys() == TEXTS["en"].keys()
