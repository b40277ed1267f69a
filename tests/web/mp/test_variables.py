"""Named values over HTTP, and that an arm of an experiment is met when its value is seen."""

from bot.core.experiments.experiment import HOLDOUT
from bot.web.mp.variables import VariablesAnswer
from tests.web.mp.conftest import ShopperClient


async def test_what_is_seen_is_met_once_and_stays(shopper_anywhere: ShopperClient) -> None:
    """The arm that was seen goes before the hash, whatever the shares are by then."""
    member = await shopper_anywhere.texting()
    seen = VariablesAnswer.model_validate(await member.got("/variables"))
    assert seen.values["free_delivery_from"] == 25
    (variant,) = seen.variants
    experiment, _, arm = variant.partition(".")
    rows = await member.chat.sms.rows("SELECT experiment, arm FROM exposure")
    assert rows == [(experiment, arm)]
    assert await member.got("/variables") == seen.model_dump()
    other = ({"coffee", "wallet"} - {arm}).pop()
    await member.chat.sms.run("UPDATE exposure SET arm = :arm", arm=other)
    again = VariablesAnswer.model_validate(await member.got("/variables"))
    assert again.variants == [f"{experiment}.{other}"]
    assert again.values["banner"] != seen.values["banner"]
    await member.chat.sms.run("UPDATE exposure SET arm = :arm", arm=HOLDOUT)
    held_out = VariablesAnswer.model_validate(await member.got("/variables"))
    assert len(await member.chat.sms.rows("SELECT 1 FROM exposure")) == 1
    assert held_out.values["free_delivery_from"] == 25
