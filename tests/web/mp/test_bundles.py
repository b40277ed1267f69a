"""Bundles and refills over HTTP, at the prices of now."""

from pathlib import Path

from bot.web.mp.bundles import BundlesAnswer, RefillsAnswer
from tests.web.mp.conftest import ShopperClient, at_the_pages
from tests.web.mp.programs import changed

SOLD = ("    items: [LAT, CRO]          # BUNDLES", "    items: [LATTE, BUN]          # BUNDLES")


async def test_what_is_sold_together_saves_what_it_says(database_url: str, tmp_path: Path) -> None:
    async with at_the_pages(database_url, flows=changed(tmp_path, SOLD)) as mini:
        member = await mini.texting()
        (breakfast,) = BundlesAnswer.model_validate(await member.got("/bundles")).bundles
        assert (breakfast.was.minor, breakfast.price.minor, breakfast.saving.minor) == (950, 808, 142)
        assert (breakfast.credit.minor, breakfast.to_pay.text, breakfast.can) == (500, "$3.08", True)
        assert [(one.sku, one.quantity) for one in breakfast.lines] == [("LATTE", 1), ("BUN", 1)]
        lines = [{"sku": one.sku, "quantity": one.quantity} for one in breakfast.lines]
        quote = await member("POST", "/quote", {"lines": lines}, once=None)
        assert quote.told["to_pay"] == breakfast.to_pay.model_dump(), (
            "it is ordered at the price it is shown at"
        )
        assert RefillsAnswer.model_validate(await member.got("/refills")).refills == []


async def test_a_stranger_has_nothing_to_refill(shopper: ShopperClient) -> None:
    assert await shopper.got("/refills") == {"refills": []}
