"""People on WeChat, a loopback WeChat and a running application between them, over real HTTP and SQL.

`async with wechatting(url) as chat:` gives a shop with an official account (`shop`) and a mini program
(`mini`); `await chat("余额")` writes to the official account and returns what came back, by whichever way.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.app import Running
from bot.core.ids import bucket_of
from bot.core.wechat_address import wechat_address
from bot.demo.wechat.account import Account, Template
from bot.demo.wechat.chat import Bubble
from bot.demo.wechat.chat import Chat as Conversation
from bot.demo.wechat.faults import Fault
from bot.demo.wechat.loopback import LoopbackWechat
from bot.demo.wechat.people import People
from bot.storage.driver import Database
from tests.conversation.chat import FLOWS, Chat, Clock, chatting

SHOP, MINI = "shop", "mini"
"""The names of the official account and of the mini program."""
OFFICIAL_APPID, MINI_APPID = "wx00000000000000aa", "wx00000000000000bb"
PERSON = "li"
ARRIVED = Template("arrived" + "0" * 36, "到账提醒", {"thing1": "商家", "amount2": "金额", "time3": "时间"})
"""A template that both accounts have, besides those of `flows/wechat.yaml` that a test adds."""


@dataclass(slots=True)
class WechatChat:
    """What one person says and hears on WeChat; `sms` is the same shop by text message."""

    sms: Chat
    loopback: LoopbackWechat
    person: str = PERSON
    account: str = SHOP
    seen: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def app(self) -> Running:
        """The running application."""
        return self.sms.app

    @property
    def clock(self) -> Clock:
        """The clock of shop and platform; it stands."""
        return self.sms.clock

    @property
    def people(self) -> People:
        """Everything people can do on their phones: `await chat.people.scan(chat.person, "shop", "door")`."""
        return self.loopback.people

    def of(self, *, person: str | None = None, account: str | None = None) -> "WechatChat":
        """Return another person, or the same one in another account."""
        return WechatChat(self.sms, self.loopback, person or self.person, account or self.account, self.seen)

    def conversation(self) -> Conversation:
        """Return the conversation as the platform keeps it: windows, grants, bubbles."""
        return self.loopback.platform.chat(self.person, self.account)

    @property
    def last(self) -> Bubble:
        """What arrived last: text, options, card, and by which way."""
        return self.conversation().last

    @property
    def openid(self) -> str:
        """The person's OpenID in this account."""
        return self.conversation().openid

    @property
    def address(self) -> str:
        """The person's address in this account, as the database has it."""
        return wechat_address(self.conversation().account.appid, self.openid)

    async def __call__(self, text: str, *, strike: bool = True) -> list[str]:
        """Write a text; returns what came back at once and, unless told not to, by the outbox."""
        self.clock.now += timedelta(seconds=3)
        await self.people.say(self.person, self.account, text)
        return await self.came_back(strike=strike)

    async def follow(self, scene: str = "") -> list[str]:
        """Begin to follow the official account, by a QR code if there is a scene; returns what came back."""
        self.clock.now += timedelta(seconds=3)
        if scene:
            await self.people.scan(self.person, self.account, scene)
        else:
            await self.people.follow(self.person, self.account)
        return await self.came_back()

    async def unfollow(self) -> list[str]:
        """Stop following; returns what came all the same."""
        self.clock.now += timedelta(seconds=3)
        await self.people.unfollow(self.person, self.account)
        return await self.came_back()

    async def tap_menu(self, button: str) -> list[str]:
        """Tap a button of the account's menu, by its name or key; returns what came back."""
        self.clock.now += timedelta(seconds=3)
        await self.people.tap_menu(self.person, self.account, button)
        return await self.came_back()

    async def tap_option(self, option: str) -> list[str]:
        """Tap an option of the latest menu message; returns what came back."""
        self.clock.now += timedelta(seconds=3)
        await self.people.tap_option(self.person, self.account, self.last.number, option)
        return await self.came_back()

    async def accept(self, template_id: str = ARRIVED.template_id, answer: str = "accept") -> list[str]:
        """Answer a subscribe popup; returns what came back."""
        self.clock.now += timedelta(seconds=3)
        await self.people.answer_popup(self.person, self.account, {template_id: answer})
        return await self.came_back()

    async def later(self, *, strike: bool = True, **ahead: float) -> list[str]:
        """Move the clock, strike the jobs unless told not to, and return what arrived."""
        self.clock.now += timedelta(**ahead)
        return await self.came_back(strike=strike)

    async def came_back(self, *, strike: bool = True) -> list[str]:
        """Strike the jobs unless told not to, and return what arrived since it was last asked."""
        await self.loopback.settle()
        if strike:
            await self.sms.strike()
            await self.loopback.settle()
        return self.news()

    def news(self) -> list[str]:
        """Return the texts that arrived since it was last asked."""
        received = self.conversation().received
        key = self.person, self.account
        before, self.seen[key] = self.seen.get(key, 0), len(received)
        return received[before:]

    @property
    def told(self) -> list[str]:
        """What WeChat itself told the person, such as that the account gives no answer."""
        return [bubble.text for bubble in self.conversation().bubbles if bubble.direction == "told"]

    def fault(self, **fault: Any) -> None:  # noqa: ANN401  # its own fields
        """Have something go wrong: `chat.fault(kind="refuse", code=45015)`."""
        self.loopback.fault(Fault(**fault))

    def asked(self, path: str) -> int:
        """Return how often the application asked a path of the API for this account."""
        return self.loopback.platform.asked[self.account, path]

    async def contact_id(self) -> str:
        """Return the contact behind this address. Raises IndexError where there is none."""
        found = await self.sms.rows(
            "SELECT d.contact FROM directory d WHERE d.kind = 'wechat' AND d.value = :address",
            address=self.address,
        )
        return str(found[0][0])

    async def rows(self, table: str, columns: str, order: str) -> list[tuple[Any, ...]]:
        """Return columns of the contact's rows in a table."""
        contact = await self.contact_id()
        return await self.sms.rows(
            f'SELECT {columns} FROM "{table}" WHERE bucket = :bucket AND contact = :contact ORDER BY {order}',  # noqa: S608  # ours
            bucket=bucket_of(contact),
            contact=contact,
        )

    async def outbox(self, columns: str = "state") -> list[tuple[Any, ...]]:
        """Return the contact's outgoing messages, oldest first."""
        return await self.rows("outbox", columns, "id")

    async def subscriptions(self) -> dict[str, str]:
        """Return the state of each subscription."""
        return dict(await self.rows("subscription", "subscription_group, state", "subscription_group"))


def loopback_wechat(clock: Clock, **of_shop: Any) -> LoopbackWechat:  # noqa: ANN401  # fields of its account
    """Make a loopback WeChat with an official account and a mini program; start it yourself."""
    nowhere = "http://127.0.0.1:1/wechat"
    official = Account(
        name=SHOP,
        appid=OFFICIAL_APPID,
        kind="official",
        push_url=f"{nowhere}/{SHOP}",
        templates=(ARRIVED,),
        **{"is_bound": False, **of_shop},
    )
    mini = Account(
        name=MINI,
        appid=MINI_APPID,
        kind="mini",
        format="json",
        push_url=f"{nowhere}/{MINI}",
        templates=(ARRIVED,),
    )
    return LoopbackWechat([official, mini], latency=timedelta(), clock=clock)


@asynccontextmanager
async def wechatting(
    url: str,
    *,
    clock: Clock | None = None,
    flows: Path = FLOWS,
    loopback: LoopbackWechat | None = None,
    settings: Mapping[str, str] | None = None,
    database: Database | None = None,
) -> AsyncIterator[WechatChat]:
    """Run the application, a loopback WeChat and a loopback Twilio; jobs are struck by hand."""
    clock = clock or Clock()
    loopback = loopback or loopback_wechat(clock)
    async with loopback:
        chosen = {**loopback.settings(), **(settings or {})}
        async with chatting(url, clock=clock, flows=flows, settings=chosen, database=database) as sms:
            for account in loopback.platform.accounts.values():
                account.push_url = f"{sms.url}/wechat/{account.name}"
            yield WechatChat(sms, loopback)
