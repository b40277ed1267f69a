"""Levels over HTTP, as an order moves them."""

from bot.web.mp.tiers import TiersAnswer
from tests.web.mp.conftest import ShopperClient


async def test_the_milestone_is_in_sight(shopper_anywhere: ShopperClient) -> None:
    member = await shopper_anywhere.texting()
    told = TiersAnswer.model_validate(await member.got("/tiers"))
    assert (told.tier, told.progress.share, told.progress.says) == (None, 0.0, "$150.00 to Silver")
    assert [one.title for one in told.levels] == ["Silver", "Gold"]
    by_text = await member.chat.sms("STATUS")
    assert by_text[0].startswith("You have no level yet. $150.00 to Silver.")


async def test_a_stranger_sees_it_in_chinese(shopper: ShopperClient) -> None:
    told = TiersAnswer.model_validate(await shopper.got("/tiers"))
    assert told.progress.says == "还差US$150.00升级银卡"
    assert told.levels[1].perks[1] == "会员限量发售提前24小时开抢"
