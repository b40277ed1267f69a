"""Consent at the pages: kept with what stood there, per channel, and never against a STOP by text."""

from tests.web.mp.conftest import ShopperClient
from tests.wechat.wechat_chat import MINI


async def test_a_switch_goes_into_the_log_with_what_stood_beside_it(shopper_anywhere: ShopperClient) -> None:
    (group,) = (await shopper_anywhere.got("/consents"))["groups"]
    assert "Corner Leaf" in group["wording"]
    body = {"group": group["name"], "subscribed": True, "wording": group["wording"]}
    (after,) = (await shopper_anywhere.did("/consents", body))["groups"]
    assert after["subscribed"] is True
    await shopper_anywhere.did("/consents", {**body, "subscribed": False})
    log = await shopper_anywhere.chat.of(account=MINI).rows(
        "consent", "channel, state, words, source", "number"
    )
    assert log == [
        ("wechat", "subscribed", group["wording"], "pages"),
        ("wechat", "unsubscribed", group["wording"], "pages"),
    ]


async def test_another_wording_than_ours_is_no_consent(shopper: ShopperClient) -> None:
    refused = await shopper("POST", "/consents", {"group": "loyalty", "subscribed": True, "wording": "Yes!"})
    assert (refused.status, refused.told["errors"][0]["pointer"]) == (422, "#/wording")
    nobodys = await shopper("POST", "/consents", {"group": "none", "subscribed": True, "wording": "x"})
    assert nobodys.status == 404


async def test_whoever_texted_stop_texts_start_first(shopper_anywhere: ShopperClient) -> None:
    linked = await shopper_anywhere.texting()
    (group,) = (await linked.got("/consents"))["groups"]
    assert (group["channel"], group["subscribed"]) == ("sms", True)
    await linked.chat.sms("STOP")
    assert (await linked.got("/consents"))["stopped"] is True
    body = {"group": group["name"], "subscribed": True, "wording": group["wording"]}
    refused = await linked("POST", "/consents", body)
    assert (refused.status, refused.kind) == (409, "stopped")
    assert "START" in refused.told["facts"]["says"]
    assert await linked.chat.sms.subscriptions() == {"loyalty": "unsubscribed"}


async def test_leaving_is_always_heard(shopper_anywhere: ShopperClient) -> None:
    linked = await shopper_anywhere.texting()
    await linked.did(
        "/consents", {"group": "loyalty", "subscribed": False, "wording": "whatever stood there"}
    )
    assert await linked.chat.sms.subscriptions() == {"loyalty": "unsubscribed"}
    assert (await linked.got("/consents"))["stopped"] is False
