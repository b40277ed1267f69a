"""A chat whose phone's owner has a mailbox too, at a real SMTP server on this machine."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp

from bot.conversation.operations import operation_work
from bot.conversation.shop import consent_told
from bot.core.deeds import tracked
from bot.demo.mailbox import LoopbackMail, Post, mail_server
from tests.conversation.chat import Chat, chatting, folder

ANA = "ana@mail.example"
BRAND = """\
name: Corner Coffee
address: 1 Main Street, Springfield
website: https://shop.example
email:
  from: Corner Coffee <hello@shop.example>
  reply_to: care@shop.example
"""
POLICY = """\
groups:
  loyalty: {title: {en: news}}
quiet_hours: {marketing: none, service: none}
"""
INVITE = """\
flow: invite
title: Invite by email
language: en
start:
  - keyword: [INVITE]
steps:
  - id: letter
    email:
      subject: "For you, {{ member.first_name | default: 'friend' }}"
      preheader: Something new
      text: |
        Hi there. See https://shop.example/new?a=1&b=2

        Yours, {{ brand.name }}
      button: {text: Open my wallet, url: "{{ page.wallet }}"}
      group: loyalty
      class: marketing
"""


@dataclass(slots=True)
class Mailing:
    """A phone and a mailbox of the same person."""

    chat: Chat
    mail: LoopbackMail

    async def has_mailbox(self, mailbox: str = ANA) -> None:
        """Let the contact have a mailbox."""
        evidence = {"source": "test", "at": self.chat.clock().isoformat(), "words": ""}
        body = {"channel": "email", "value": mailbox, "evidence": evidence}
        await self._do(tracked.IDENTIFY, body, f"has:{mailbox}")

    async def agrees(self, *, subscribed: bool = True) -> None:
        """Agree to letters of the group, or to none any more, as the shop says."""
        body = {"group": "loyalty", "channel": "email", "subscribed": subscribed, "words": "said at the till"}
        await self._do(consent_told.TELL, body, f"agrees:{subscribed}:{self.chat.clock()}")

    async def letters(self, **ahead: float) -> list[Post]:
        """Move the clock, strike the jobs, and return every letter that arrived so far."""
        self.chat.clock.now += timedelta(**ahead)
        await self.chat.strike()
        return list(self.mail.letters)

    async def states(self) -> dict[str, str]:
        """Return the state of each subscription by its key."""
        return await self.chat.subscriptions()

    async def _do(self, name: str, body: Mapping[str, object], key: str) -> None:
        work = operation_work(
            name,
            body,  # type: ignore[arg-type]  # plain JSON
            key=key,
            at=self.chat.clock(),
            contact_id=await self.chat.contact_id(),
        )
        result = await self.chat.app.dispatcher.submit(work)
        assert "problem" not in (result.result or {}), result


@asynccontextmanager
async def mailing(url: str, where: Path, **flows: str) -> AsyncIterator[Mailing]:
    """Run the application with a mail server; `flows` are files of its folder, `templates` beside them."""
    mail = LoopbackMail()
    made = folder(where, **{"brand": BRAND, "policy": POLICY, "invite": INVITE, **flows})
    async with mail_server(mail) as port:
        settings = {
            "REGULARS_SMTP_URL": f"smtp://127.0.0.1:{port}",
            "REGULARS_EMAIL_BOUNCES": "back@shop.example",
            "REGULARS_EMAIL_REPORTS_TOKEN": "reports-token-of-tests",
        }
        async with chatting(url, flows=made, settings=settings) as chat:
            yield Mailing(chat, mail)


@dataclass(frozen=True)
class Answer:
    """What a browser got."""

    status: int
    text: str


async def asked(
    method: str, url: str, form: dict[str, str] | None = None, *, agent: str = "", follow: bool = True
) -> Answer:
    """Ask for a page as a reader's browser does."""
    headers = {"User-Agent": agent or "Mozilla/5.0 (iPhone)", "Accept": "text/html"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, url, data=form, allow_redirects=follow) as answer,
    ):
        return Answer(answer.status, await answer.text(errors="replace"))
