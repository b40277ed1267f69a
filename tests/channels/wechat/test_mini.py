"""What pages need of WeChat, asked of the loopback: logins, phones, codes, links, texts, shipping."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.channels.channel import (
    AccountSpent,
    NoticeWrong,
    NotRegistered,
    OperatorNeeded,
    OutcomeUnknown,
    SendError,
    SenderSlowed,
    SendLater,
)
from bot.channels.wechat.account import AccountKind, WechatAccount
from bot.channels.wechat.errors import AlreadyTold, CodeOver, PageWrong, ShopperAway, ShopperRefused
from bot.channels.wechat.mini import Delivery, MiniPrograms, Scene, Shipment, Suggests
from bot.demo.wechat.faults import Fault
from bot.demo.wechat.pages import Paid
from tests.demo.wechat.shop import ANA, MINI, OFFICIAL, Shop, shop

LOGIN = "/sns/jscode2session"


@dataclass(slots=True)
class Asking:
    """A shop, its mini programs as our client has them, and the one there is."""

    shop: Shop
    minis: MiniPrograms
    mini: WechatAccount

    def code(self, what: str = "login") -> str:
        people = self.shop.people
        return people.log_in(ANA, "mini") if what == "login" else people.give_phone(ANA, "mini")


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    async with shop() as made:
        minis = MiniPrograms(
            [account(made, "shop", AccountKind.OFFICIAL), account(made, "mini", AccountKind.MINI)],
            base_url=made.loopback.url,
            timeout=timedelta(seconds=2),
        )
        try:
            (mini,) = minis.accounts
            yield Asking(made, minis, mini)
        finally:
            await minis.close()


def account(made: Shop, name: str, kind: AccountKind) -> WechatAccount:
    of = made.platform.accounts[name]
    return WechatAccount(name=name, appid=of.appid, secret=of.secret, kind=kind, tokens=(of.token,))


# Who logs in


async def test_a_code_says_who_it_is_once_and_within_five_minutes(asking: Asking) -> None:
    code = asking.code()
    login = await asking.minis.session_of(asking.mini, code)
    assert login.openid == asking.shop.openid("mini")
    assert login.unionid is not None
    assert len(login.session_key) == 24
    assert login.session_key not in repr(login)
    with pytest.raises(CodeOver):
        await asking.minis.session_of(asking.mini, code)
    late = asking.code()
    asking.shop.clock.forward(minutes=5)
    with pytest.raises(CodeOver):
        await asking.minis.session_of(asking.mini, late)
    with pytest.raises(CodeOver):
        await asking.minis.session_of(asking.mini, "made up")
    with pytest.raises(CodeOver):
        await asking.minis.session_of(asking.mini, asking.code("phone"))


async def test_a_login_fetches_no_access_token_and_an_unbound_program_has_no_unionid(asking: Asking) -> None:
    asking.shop.platform.accounts["mini"].is_bound = False
    login = await asking.minis.session_of(asking.mini, asking.code())
    assert login.unionid is None
    assert asking.shop.platform.tokens["mini"].asked == 0


async def test_why_nobody_logs_in_is_told_apart(asking: Asking) -> None:
    asking.shop.platform.pages.blocked.add(ANA)
    with pytest.raises(ShopperRefused):
        await asking.minis.session_of(asking.mini, asking.code())
    asking.shop.platform.pages.blocked.clear()
    asking.shop.platform.minute_limits["mini", LOGIN] = 0
    with pytest.raises(SenderSlowed) as slowed:
        await asking.minis.session_of(asking.mini, asking.code())
    assert slowed.value.after == timedelta(minutes=1)
    asking.shop.platform.minute_limits.clear()
    asking.shop.platform.accounts["mini"].secret = "another"
    with pytest.raises(OperatorNeeded):
        await asking.minis.session_of(asking.mini, asking.code())
    official = account(asking.shop, "shop", AccountKind.OFFICIAL)
    with pytest.raises(OperatorNeeded):
        await asking.minis.session_of(official, asking.code())


async def test_a_busy_platform_is_asked_again_and_a_lost_answer_logs_nobody_in(asking: Asking) -> None:
    asking.shop.loopback.fault(Fault(kind="refuse", path=LOGIN, code=-1))
    code = asking.code()
    assert (await asking.minis.session_of(asking.mini, code)).openid == asking.shop.openid("mini")
    asking.shop.loopback.fault(Fault(kind="drop_answer", path=LOGIN))
    # aiohttp asks by GET once more where a pooled connection breaks: then the code was used. The page gets
    # another code in either case.
    with pytest.raises((OutcomeUnknown, CodeOver)):
        await asking.minis.session_of(asking.mini, asking.code())


async def test_only_mini_programs_are_asked(asking: Asking) -> None:
    assert asking.minis.account_of(MINI) == asking.minis.account_of("mini") == asking.mini
    assert asking.minis.account_of(OFFICIAL) is None
    assert asking.minis.account_of("shop") is None


# Phones


async def test_a_phone_comes_by_a_code_bound_to_who_gave_it(asking: Asking) -> None:
    openid = asking.shop.openid("mini")
    asking.shop.platform.pages.phones[ANA] = "+8613912345678"
    code = asking.code("phone")
    with pytest.raises(CodeOver):
        await asking.minis.phone_of(asking.mini, code, "of-somebody-else")
    assert await asking.minis.phone_of(asking.mini, code, openid) == "+8613912345678"
    with pytest.raises(CodeOver):
        await asking.minis.phone_of(asking.mini, code, openid)
    asking.shop.platform.pages.phones[ANA] = "+12025550123"
    assert await asking.minis.phone_of(asking.mini, asking.code("phone"), openid) == "+12025550123"
    assert asking.shop.platform.pages.phones_given == {"mini": 2}
    asking.shop.platform.pages.phones_left = 0
    with pytest.raises(NotRegistered):
        await asking.minis.phone_of(asking.mini, asking.code("phone"), openid)


# Codes and links


async def test_a_code_is_a_picture_that_opens_a_page_with_its_scene(asking: Asking) -> None:
    image = await asking.minis.code_image(asking.mini, "r=AB12CD34EF", "pages/wallet/index")
    assert image.kind == "image/png"
    assert image.content.startswith(b"\x89PNG")
    (drawn,) = asking.shop.platform.pages.drawn
    assert (drawn.page, drawn.scene) == ("pages/wallet/index", "r=AB12CD34EF")


@pytest.mark.parametrize("scene", ["", "x" * 33, "r=AB 12", "r=中文", 'r="1"', "r=%31", "r=[1]"])
async def test_a_scene_has_32_characters_of_its_alphabet(asking: Asking, scene: str) -> None:
    with pytest.raises(PageWrong):
        await asking.minis.code_image(asking.mini, scene, "pages/wallet/index")
    assert asking.shop.platform.asked["mini", "/wxa/getwxacodeunlimit"] == 0


async def test_why_no_code_is_drawn(asking: Asking) -> None:
    with pytest.raises(PageWrong):
        await asking.minis.code_image(asking.mini, "r=1", "/pages/wallet/index")
    with pytest.raises(PageWrong):
        await asking.minis.code_image(asking.mini, "r=1", "pages/wallet/index?a=b")
    asking.shop.platform.accounts["mini"].pages = frozenset({"pages/wallet/index"})
    with pytest.raises(NoticeWrong):  # the page is not of the released version
        await asking.minis.code_image(asking.mini, "r=1", "pages/other/index")
    asking.shop.loopback.fault(Fault(kind="no_json", path="/wxa/getwxacodeunlimit"))
    with pytest.raises(OutcomeUnknown):
        await asking.minis.code_image(asking.mini, "r=1", "pages/wallet/index")
    asking.shop.platform.tokens["mini"].kill()  # a token that is bad is renewed for pictures too
    assert (await asking.minis.code_image(asking.mini, "r=1", "pages/wallet/index")).content
    asking.shop.platform.minute_limits["mini", "/wxa/getwxacodeunlimit"] = 0
    with pytest.raises(SenderSlowed):
        await asking.minis.code_image(asking.mini, "r=1", "pages/wallet/index")


async def test_one_link_opens_a_page_for_each_by_their_own_token(asking: Asking) -> None:
    now = asking.shop.clock.now
    link = await asking.minis.url_link(
        asking.mini, "pages/wallet/index", "c=spring", now=now, until=now + timedelta(days=30)
    )
    opened = asking.shop.people.open_link(ANA, f"{link}?cq=t%3Dana1")
    assert opened.page == "pages/wallet/index?c=spring&t=ana1"
    assert asking.shop.people.open_link(ANA, f"{link}?cq=t%3Dbob1").page.endswith("&t=bob1")
    asking.shop.clock.forward(days=30)
    with pytest.raises(Exception, match="over"):
        asking.shop.people.open_link(ANA, link)


@pytest.mark.parametrize("lasts", [timedelta(days=30, seconds=1), timedelta(seconds=59), timedelta(days=-1)])
async def test_a_link_lasts_thirty_days_at_most(asking: Asking, lasts: timedelta) -> None:
    now = asking.shop.clock.now
    with pytest.raises(PageWrong):
        await asking.minis.url_link(asking.mini, "pages/wallet/index", "", now=now, until=now + lasts)


async def test_why_no_link_is_made(asking: Asking) -> None:
    now = asking.shop.clock.now
    until = now + timedelta(days=1)

    async def refused(query: str = "") -> SendError:
        with pytest.raises(SendError) as caught:
            await asking.minis.url_link(asking.mini, "pages/wallet/index", query, now=now, until=until)
        return caught.value

    assert isinstance(await refused("a b"), PageWrong)
    asking.shop.platform.accounts["mini"].is_released = False
    assert isinstance(await refused(), NotRegistered)
    asking.shop.platform.day_limits["mini", "/wxa/generate_urllink"] = 0
    assert isinstance(await refused(), AccountSpent)


# Texts


async def test_texts_are_looked_at_while_their_writer_is_there(asking: Asking) -> None:
    await asking.minis.session_of(asking.mini, asking.code())
    openid = asking.shop.openid("mini")
    fine = await asking.minis.check_text(asking.mini, openid, "生日快乐", Scene.DIARY)
    assert fine.may_be_shown
    bad = await asking.minis.check_text(asking.mini, openid, "来赌一把", Scene.PROFILE)
    assert (bad.suggests, bad.may_be_shown) == (Suggests.RISKY, False)
    doubtful = await asking.minis.check_text(asking.mini, openid, "代购加我", Scene.REVIEW)
    assert (doubtful.suggests, doubtful.may_be_shown) == (Suggests.REVIEW, False)
    asking.shop.clock.forward(hours=2, seconds=1)
    with pytest.raises(ShopperAway):
        await asking.minis.check_text(asking.mini, openid, "生日快乐", Scene.DIARY)


# Shipping


async def test_what_is_paid_is_told_to_be_on_its_way_twice_at_most(asking: Asking) -> None:
    openid = asking.shop.openid("mini")
    shipment = Shipment(
        transaction_id="4200001",
        openid=openid,
        delivery=Delivery.PICK_UP,
        items="拿铁 1",
        at=asking.shop.clock.now,
    )
    with pytest.raises(SendLater) as early:  # the platform hears of payments a little later
        await asking.minis.shipped(asking.mini, shipment)
    assert early.value.after == timedelta(minutes=2)
    asking.shop.platform.pages.payments["4200001"] = paid = Paid(openid)
    await asking.minis.shipped(asking.mini, shipment)
    await asking.minis.shipped(asking.mini, shipment)
    with pytest.raises(AlreadyTold):
        await asking.minis.shipped(asking.mini, shipment)
    assert [told["logistics_type"] for told in paid.told] == [4, 4]


async def test_an_express_names_who_brings_it(asking: Asking) -> None:
    openid = asking.shop.openid("mini")
    asking.shop.platform.pages.payments["4200002"] = paid = Paid(openid)
    await asking.minis.shipped(
        asking.mini,
        Shipment(
            transaction_id="4200002",
            openid=openid,
            delivery=Delivery.EXPRESS,
            items="咖啡豆 " * 60,
            at=asking.shop.clock.now,
            tracking="SF1234567890",
            company="SF",
            contact="138****0000",
        ),
    )
    (told,) = paid.told
    listed = told["shipping_list"]
    assert isinstance(listed, list)
    (sent,) = listed
    assert sent["tracking_no"] == "SF1234567890"
    assert sent["contact"] == {"receiver_contact": "138****0000"}
    assert len(sent["item_desc"]) == 120
