"""Shoppers log in, say who they are, and leave."""

import pytest

from bot.core.sessions import id_in
from tests.web.mp.conftest import ShopperClient
from tests.wechat.wechat_chat import MINI


async def test_a_stranger_becomes_a_contact_and_is_no_member(shopper_anywhere: ShopperClient) -> None:
    me = await shopper_anywhere.got("/me")
    assert (me["member"], me["phone"], me["channel"], me["language"]) == (False, None, "wechat", "zh_Hans")
    assert me["shop"]["name"] == "Corner Leaf"
    assert (me["currency"], me["exponent"]) == ("USD", 2)


async def test_logging_in_again_finds_the_same_contact(shopper_anywhere: ShopperClient) -> None:
    again = await shopper_anywhere.another("li")
    assert again.token != shopper_anywhere.token
    assert await again.contact_id() == await shopper_anywhere.contact_id()
    other = await shopper_anywhere.another("wang", language="en_US")
    assert await other.contact_id() != await shopper_anywhere.contact_id()
    assert (await other.got("/me"))["language"] == "en"


async def test_a_session_that_was_left_opens_nothing(shopper_anywhere: ShopperClient) -> None:
    other = await shopper_anywhere.another("li")
    assert await shopper_anywhere.did("/sessions/end") == {}
    refused = await shopper_anywhere("GET", "/me")
    assert (refused.status, refused.kind) == (401, "session-over")
    assert (await other("GET", "/me")).status == 200


async def test_a_session_lasts_its_time(shopper_anywhere: ShopperClient) -> None:
    linked = await shopper_anywhere.texting()
    clock = shopper_anywhere.chat.clock
    await shopper_anywhere.chat.later(hours=23, strike=False)
    assert (await linked("GET", "/me")).status == 200
    await shopper_anywhere.chat.later(hours=1, strike=False)
    assert (await linked("GET", "/me")).kind == "session-over"
    assert (await shopper_anywhere("GET", "/me")).status == 200
    await shopper_anywhere.chat.later(days=29, strike=False)
    assert (await shopper_anywhere("GET", "/me")).kind == "session-over", clock


async def test_nothing_of_a_token_is_stored(shopper: ShopperClient) -> None:
    found = await shopper.chat.sms.rows("SELECT * FROM session")
    stored = await shopper.chat.sms.rows('SELECT payload, result FROM "trigger"')
    secret = shopper.token[24:]  # behind the id
    assert secret not in repr(found) + repr(stored) + shopper.chat.sms.log.getvalue()
    assert str(id_in(shopper.token)) in repr(found)


async def test_a_page_link_opens_a_session_until_it_ends(shopper_anywhere: ShopperClient) -> None:
    linked = await shopper_anywhere.texting()
    me = await linked.got("/me")
    assert (me["member"], me["phone"], me["channel"]) == (True, "••• 0100", "sms")
    late = shopper_anywhere.link(await linked.contact_id(), seconds=0)
    nobody = shopper_anywhere.anybody()
    assert (await nobody("POST", "/sessions/link", {"token": late}, once=None)).status == 410
    forged = late[:-3] + "xyz"
    assert (await nobody("POST", "/sessions/link", {"token": forged}, once=None)).kind == "no-such-link"


async def test_a_code_works_once(shopper: ShopperClient) -> None:
    pages = shopper.chat.loopback.platform.pages
    code = pages.code(shopper.chat.loopback.platform.accounts[MINI], "li")
    body = {"account": MINI, "code": code}
    nobody = shopper.anybody()
    assert (await nobody("POST", "/sessions", body, once=None)).status == 200
    again = await nobody("POST", "/sessions", body, once=None)
    assert (again.status, again.kind) == (409, "code-over")
    assert again.told["errors"][0]["pointer"] == "#/code"


async def test_who_wechat_takes_for_a_fraud_is_not_let_in(shopper: ShopperClient) -> None:
    shopper.chat.loopback.platform.pages.blocked.add("li")
    refused = await shopper.log_in("li")
    assert (refused.status, refused.kind) == (403, "refused-by-wechat")


async def test_an_account_that_is_not_ours_is_told_so(shopper: ShopperClient) -> None:
    for account in ("shop", "wx0000"):
        refused = await shopper.anybody()("POST", "/sessions", {"account": account, "code": "x"}, once=None)
        assert (refused.status, refused.kind) == (404, "no-such-account")


async def test_what_shoppers_say_of_themselves_is_known(shopper_anywhere: ShopperClient) -> None:
    me = await shopper_anywhere.did(
        "/me", {"first_name": "Ana", "language": "es-MX", "birthday": "1990-05-21"}
    )
    assert (me["first_name"], me["language"], me["birthday"]) == ("Ana", "es", "1990-05-21")
    moved = await shopper_anywhere("POST", "/me", {"birthday": "1990-05-22"})
    assert (moved.status, moved.told["errors"][0]["pointer"]) == (409, "#/birthday")
    assert (await shopper_anywhere("POST", "/me", {"birthday": "1990-05-21"})).status == 200


async def test_the_same_request_twice_has_one_effect(shopper_anywhere: ShopperClient) -> None:
    first = await shopper_anywhere("POST", "/me", {"first_name": "Ana"}, once="k")
    await shopper_anywhere.did("/me", {"first_name": "Ben"})
    again = await shopper_anywhere("POST", "/me", {"first_name": "Ana"}, once="k")
    assert (first.is_replay, again.is_replay) == (False, True)
    assert (await shopper_anywhere.got("/me"))["first_name"] == "Ben"
    other_body = await shopper_anywhere("POST", "/me", {"first_name": "Eva"}, once="k")
    assert (other_body.status, other_body.kind) == (422, "key-used")


async def test_keys_are_ones_own(shopper_anywhere: ShopperClient) -> None:
    other = await shopper_anywhere.another("wang")
    await shopper_anywhere("POST", "/me", {"first_name": "Ana"}, once="k")
    answered = await other("POST", "/me", {"first_name": "Wang"}, once="k")
    assert (answered.status, answered.is_replay, answered.told["first_name"]) == (200, False, "Wang")


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "Ä" * 64, "A" * 100_00, "=" * 64])
async def test_hostile_tokens_open_nothing(shopper: ShopperClient, token: str) -> None:
    nobody = shopper.anybody()
    refused = await nobody("GET", "/me", headers={"Authorization": f"Bearer {token}"} if token else None)
    assert refused.status in {400, 401}
    assert "api_failed" not in shopper.chat.sms.log.getvalue()


async def test_another_sessions_secret_opens_nothing(shopper: ShopperClient) -> None:
    other = await shopper.another("wang")
    mixed = shopper.token[:22] + other.token[22:]
    refused = await shopper.anybody()("GET", "/me", headers={"Authorization": f"Bearer {mixed}"})
    assert (refused.status, refused.kind) == (401, "no-session")
