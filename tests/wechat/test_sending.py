"""Our channel and the loopback WeChat, which knows the platform's rules and nothing of our code."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.channel import (
    AccountSpent,
    AddressUnusable,
    NoGrant,
    NotFollowing,
    NoticeWrong,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderUnreachable,
    SendError,
    SenderSlowed,
    SendLater,
    WindowClosed,
    WindowUsedUp,
)
from bot.channels.wechat.sender import WechatChannel
from bot.config import load_settings
from bot.core.forms import Card, Form, MenuOption, Notice
from bot.core.gate import Cleared
from bot.core.messages import Outgoing
from bot.core.ways import WayKind
from bot.core.wechat_address import wechat_address
from bot.demo.wechat.account import Account, Template
from bot.demo.wechat.chat import Bubble
from bot.demo.wechat.chat import Chat as Conversation
from bot.demo.wechat.faults import Fault
from bot.demo.wechat.loopback import LoopbackWechat
from tests.channels.wechat.test_wire import MESSAGE
from tests.demo.wechat.shop import Clock

LI, SEND = "li", "/cgi-bin/message/custom/send"
ARRIVED = Template("T" * 43, "到账提醒", {"thing1": "商家", "amount2": "金额"})
NOTICE = Notice(
    "arrived", ARRIVED.template_id, {"thing1": "咖啡店", "amount2": "¥12.00"}, page="pages/wallet"
)
PNG = b"\x89PNG\r\n\x1a\n-pixels"


@dataclass
class Shop:
    """Two accounts, somebody who follows and wrote to both, and our channel."""

    channel: WechatChannel
    loopback: LoopbackWechat
    clock: Clock

    def conversation(self, account: str) -> Conversation:
        return self.loopback.platform.chat(LI, account)

    def message(self, account: str, **changes: object) -> Outgoing:
        conversation = self.conversation(account)
        address = wechat_address(conversation.account.appid, conversation.openid)
        return replace(MESSAGE, address=address, **changes)  # type: ignore[arg-type]  # fields of the dataclass

    async def send(
        self, account: str, way: WayKind = WayKind.CUSTOMER_SERVICE, **changes: object
    ) -> list[Bubble]:
        """Send a message; returns what is seen of it."""
        bubbles = self.conversation(account).bubbles
        before = len(bubbles)
        await self.channel.send(Cleared(self.message(account, **changes), way))
        return list(bubbles[before:])

    async def failure(
        self, account: str, way: WayKind = WayKind.CUSTOMER_SERVICE, **changes: object
    ) -> SendError:
        with pytest.raises(SendError) as caught:
            await self.send(account, way, **changes)
        return caught.value

    def fault(self, **what: object) -> None:
        self.loopback.fault(Fault.model_validate(what))

    def asked(self, path: str) -> int:
        return sum(times for (_, asked), times in self.loopback.platform.asked.items() if asked == path)


@asynccontextmanager
async def shop_at(folder: Path | None = None) -> AsyncIterator[Shop]:
    clock, nobody = Clock(), "http://127.0.0.1:9/wechat/"
    official = Account(name="shop", appid="wxofficial", kind="official", push_url=f"{nobody}shop")
    mini = Account(name="mini", appid="wxmini", kind="mini", push_url=f"{nobody}mini")
    official.templates = mini.templates = (ARRIVED,)
    async with LoopbackWechat(
        [official, mini], latency=timedelta(), push_timeout=timedelta(seconds=0.2), clock=clock
    ) as loopback:
        settings = load_settings(loopback.settings())
        channel = WechatChannel(
            settings.wechat, base_url=loopback.url, folder=folder, timeout=timedelta(seconds=0.5)
        )
        shop = Shop(channel, loopback, clock)
        await loopback.people.follow(LI, "shop")
        for account in ("shop", "mini"):
            await loopback.people.say(LI, account, "你好")
        await loopback.settle()
        try:
            yield shop
        finally:
            await channel.close()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    (tmp_path / "card.png").write_bytes(PNG)
    async with shop_at(tmp_path) as made:
        yield made


async def test_texts_long_ones_and_chinese(shop: Shop) -> None:
    for account in ("shop", "mini"):
        (bubble,) = await shop.send(account, body="积分到账 ✓ <3")
        assert (bubble.kind, bubble.text) == ("text", "积分到账 ✓ <3")
        assert len(await shop.send(account, body="积分到账。" * 200)) == 2


async def test_options(shop: Shop) -> None:
    form = Form(head="满意吗?", options=(MenuOption("1", "满意"), MenuOption("2", "不满意")))
    (bubble,) = await shop.send("shop", body="满意吗?\n1 满意\n2 不满意", form=form)
    assert bubble.kind == "menu"
    (bubble,) = await shop.send("mini", body="满意吗?\n1 满意\n2 不满意", form=form)
    assert (bubble.kind, bubble.text) == ("text", "满意吗?\n1 满意\n2 不满意")
    shop.loopback.platform.accounts["shop"].can_menu = False
    (bubble,) = await shop.send("shop", body="满意吗?\n1 满意\n2 不满意", form=form)
    assert bubble.kind == "text"


@pytest.mark.parametrize("account", ["shop", "mini"])
async def test_cards_with_a_picture_that_is_uploaded_anew_when_it_is_gone(shop: Shop, account: str) -> None:
    form = Form(card=Card("老样子", "pages/reorder?o=1", image="card.png"))
    text, card = await shop.send(account, form=form)
    assert (text.kind, card.kind, card.text) == ("text", "card", "老样子")
    await shop.send(account, form=form)
    assert shop.asked("/cgi-bin/media/upload") == 1
    shop.clock.forward(days=3, minutes=1)
    await shop.loopback.people.say(LI, account, "在吗")
    assert [bubble.kind for bubble in await shop.send(account, form=form)] == ["text", "card"]
    assert shop.asked("/cgi-bin/media/upload") == 2


@pytest.mark.parametrize("account", ["shop", "mini"])
async def test_a_card_without_a_picture_is_a_link(shop: Shop, account: str) -> None:
    (bubble,) = await shop.send(account, form=Form(card=Card("老样子", "pages/reorder?o=1")))
    assert bubble.kind == "text"
    opened = shop.loopback.people.tap_card(LI, account, bubble.number)
    assert (opened.appid, opened.page) == ("wxmini", "pages/reorder?o=1")


async def test_a_picture(shop: Shop) -> None:
    (bubble,) = await shop.send("mini", body="", media=("card.png",))
    assert bubble.kind == "picture"


@pytest.mark.parametrize("account", ["shop", "mini"])
async def test_subscribe_messages(shop: Shop, account: str) -> None:
    await shop.loopback.people.answer_popup(LI, account, {ARRIVED.template_id: "accept"})
    form = Form(notice=NOTICE)
    (bubble,) = await shop.send(account, WayKind.SUBSCRIBE, form=form)
    assert (bubble.kind, "¥12.00" in bubble.text) == ("notice", True)
    assert type(await shop.failure(account, WayKind.SUBSCRIBE, form=form)) is NoGrant
    wrong = Form(notice=replace(NOTICE, fields={"thing1": "x" * 21, "amount2": "¥1"}))
    await shop.loopback.people.answer_popup(LI, account, {ARRIVED.template_id: "accept"})
    error = await shop.failure(account, WayKind.SUBSCRIBE, form=wrong)
    assert type(error) is NoticeWrong
    assert str(error).endswith(": thing1")
    unknown = Form(notice=replace(NOTICE, template_id="U" * 43))
    assert type(await shop.failure(account, WayKind.SUBSCRIBE, form=unknown)) is NoticeWrong


async def test_windows_and_who_left(shop: Shop) -> None:
    shop.clock.forward(minutes=2)  # what following allowed is over
    for _ in range(5):
        await shop.send("shop")
    assert type(await shop.failure("shop")) is WindowUsedUp
    shop.clock.forward(hours=49)
    assert type(await shop.failure("mini")) is WindowClosed
    await shop.loopback.people.unfollow(LI, "shop")
    assert type(await shop.failure("shop")) is NotFollowing
    with pytest.raises(AddressUnusable):
        await shop.channel.send(Cleared(replace(MESSAGE, address="wxmini/nobody")))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "refuse", "code": 45009}, AccountSpent),
        ({"kind": "refuse", "code": 45011}, SenderSlowed),
        ({"kind": "refuse", "code": 48001}, OperatorNeeded),
        ({"kind": "refuse", "code": -1, "times": None}, SendLater),
        ({"kind": "http", "status": 502}, OutcomeUnknown),
        ({"kind": "drop_request"}, OutcomeUnknown),
        ({"kind": "drop_answer"}, OutcomeUnknown),
        ({"kind": "slow_answer", "seconds": 3}, OutcomeUnknown),
        ({"kind": "no_json"}, OutcomeUnknown),
    ],
)
async def test_faults(shop: Shop, fault: dict[str, object], kind: type[SendError]) -> None:
    shop.fault(path=SEND, **fault)
    assert isinstance(await shop.failure("mini"), kind)
    shop.loopback.platform.faults.clear()
    assert len(await shop.send("mini")) == 1


async def test_a_fault_of_the_token_leaves_no_doubt(shop: Shop) -> None:
    for kind in ("drop_answer", "no_json"):
        shop.fault(path="/cgi-bin/stable_token", kind=kind)
        fresh = WechatChannel(load_settings(shop.loopback.settings()).wechat, base_url=shop.loopback.url)
        with pytest.raises(ProviderUnreachable):
            await fresh.send(Cleared(shop.message("mini")))
        await fresh.close()
    assert shop.asked(SEND) == 0


async def test_a_dead_token_is_renewed_once_for_all(shop: Shop) -> None:
    await shop.send("mini")
    tokens = shop.loopback.platform.tokens["mini"]
    before = tokens.asked
    tokens.kill()
    await asyncio.gather(*(shop.send("mini") for _ in range(4)))
    assert tokens.asked - before == 1
    assert tokens.forced == 0


async def test_tokens_rotate_for_a_week(shop: Shop) -> None:
    """Our clock does not see that the platform's went on: what it says of the token does."""
    for _ in range(7 * 4):
        shop.clock.forward(hours=6)
        await shop.loopback.people.say(LI, "mini", "在吗")
        assert len(await shop.send("mini")) == 1
    assert shop.loopback.platform.tokens["mini"].forced == 0
