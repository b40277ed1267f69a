"""The mailbox beside the demo's phone: it lets the shop write, and shows what came."""

import re
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from bot.demo.mailbox_page import MailboxPage
from bot.demo.people import mailbox_of
from tests.conversation.chat import NUMBER
from tests.conversation.mail import mailing


async def test_who_lets_the_shop_write_finds_its_letters(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'demo.sqlite'}"
    async with mailing(url, tmp_path) as mailbox:
        page = MailboxPage(mailbox.chat.app, mailbox.mail, mailbox.chat.clock).application()
        who = {"number": NUMBER}
        async with TestClient(TestServer(page)) as client:
            asked = await client.get("/", params=who)
            assert "does not know this number yet" in await asked.text()
            await mailbox.chat("INVITE")
            asked = await client.get("/", params=who)
            assert "The shop may not write here" in await asked.text()
            agreed = await client.post("/agree", params=who)
            assert "The shop may write here." in await agreed.text()
            await mailbox.chat("INVITE")
            assert [post.recipient for post in await mailbox.letters(seconds=1)] == [mailbox_of(NUMBER)]
            listed = await (await client.get("/", params=who)).text()
            assert "For you, friend" in listed
            (number,) = re.findall(r'href="([0-9]+)[?]', listed)
            letter = await (await client.get(f"/{number}", params=who)).text()
            assert f'action="{number}/unsubscribe?number=' in letter
            assert "The shop may write here." in letter
            html = await client.get(f"/{number}/html", params=who)
            assert "Open my wallet" in await html.text()
            assert "sandbox" in html.headers["Content-Security-Policy"]
            other = await client.get(f"/{number}/html", params={"number": "+12125550199"})
            assert other.status == 404
            left = await client.post(f"/{number}/unsubscribe", params=who)
            told = await left.text()
            assert "You unsubscribed." in told
            assert "The shop may not write here" in told
            assert (await mailbox.states())["email:loyalty"] == "unsubscribed"
