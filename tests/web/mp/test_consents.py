"""Consent at the pages: kept with what stood there, per channel, and never against a STOP by text."""

from pathlib import Path

from tests.conversation.chat import shipped
from tests.web.mp.conftest import ShopperClient, at_the_pages
from tests.web.mp.test_membership import phone_code
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


async def test_nobody_agrees_for_a_number_that_comes_later(shopper_anywhere: ShopperClient) -> None:
    """Bug: whoever opened a forwarded link agreed to texts, and they went to the number bound afterwards."""
    await shopper_anywhere.did("/join", {})
    linked = await shopper_anywhere.by_link(await shopper_anywhere.contact_id())
    (group,) = (await linked.got("/consents"))["groups"]
    assert (group["channel"], group["can_choose"]) == ("sms", False)
    assert group["description"] == "请先用您的手机号给我们发一条短信，之后即可选择。"
    body = {"group": group["name"], "subscribed": True, "wording": group["wording"]}
    refused = await linked("POST", "/consents", body)
    assert (refused.status, refused.kind) == (409, "no-address")
    assert refused.told["facts"]["says"] == group["description"]
    await linked.did("/consents", {**body, "subscribed": False})
    await shopper_anywhere.did("/phone", {"code": phone_code(shopper_anywhere)})
    (group,) = (await linked.got("/consents"))["groups"]
    assert (group["can_choose"], group["subscribed"]) == (True, False)


async def test_a_link_in_wechat_is_about_wechat_and_no_mini_program(shopper_anywhere: ShopperClient) -> None:
    await shopper_anywhere.did("/join", {})
    contact = await shopper_anywhere.contact_id()
    linked = await shopper_anywhere.by_link(contact, channel="wechat")
    me = await linked.got("/me")
    assert (me["channel"], me["features"]["pay"]) == ("wechat", False)
    (group,) = (await linked.got("/consents"))["groups"]
    assert (group["channel"], group["can_choose"]) == ("wechat", True)
    body = {"group": group["name"], "subscribed": True, "wording": group["wording"]}
    assert (await linked.did("/consents", body))["groups"][0]["subscribed"] is True
    no = await linked("POST", "/phone", {"code": phone_code(shopper_anywhere)})
    assert (no.status, no.kind) == (409, "not-here")


async def test_who_came_by_a_link_in_wechat_confirms_there(database_url: str, tmp_path: Path) -> None:
    """Links are forwarded: a double opt-in is confirmed by whoever the messages go to."""
    flows = shipped(tmp_path, "loyalty")
    (flows / "policy.yaml").write_text("groups: {loyalty: {title: {en: Rewards}, double_opt_in: true}}")
    async with at_the_pages(database_url, flows=flows) as shopper:
        await shopper.did("/join", {})
        linked = await shopper.by_link(await shopper.contact_id(), channel="wechat")
        (group,) = (await linked.got("/consents"))["groups"]
        body = {"group": group["name"], "subscribed": True, "wording": group["wording"]}
        (after,) = (await linked.did("/consents", body))["groups"]
        assert (after["subscribed"], after["pending"]) == (False, True)
        (known,) = (await shopper.did("/consents", body))["groups"]
        assert known["subscribed"] is True
