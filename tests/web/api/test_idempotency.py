"""The same Idempotency-Key has one effect and one answer; another request with it is refused."""

import asyncio
import contextlib
import json

import pytest

from tests.conversation.chat import NUMBER, chatting
from tests.web.api.conftest import ShopClient, shopping

OTHER = "+12125550101"
GIFT = {"amount_minor": 250, "reason": "the cup was cracked"}


async def test_a_write_without_a_key_of_its_own_is_refused_with_the_remedy(api: ShopClient) -> None:
    refused = await api("POST", "/api/members", {"phone": NUMBER}, once=None)
    assert (refused.status, refused.kind) == (400, "no-idempotency-key")
    (error,) = refused.told["errors"]
    assert error["pointer"] == "header/Idempotency-Key"
    assert "new for every new request" in error["remedy"]


@pytest.mark.parametrize("once", ["a b", "x" * 201, '""', "\xe9"])
async def test_a_key_that_cannot_be_kept_is_refused(api: ShopClient, once: str) -> None:
    refused = await api("POST", "/api/members", {"phone": NUMBER}, once=once)
    assert (refused.status, refused.kind) == (400, "no-idempotency-key")


async def test_the_same_request_again_gets_the_same_answer_byte_for_byte(api: ShopClient) -> None:
    await api.member()
    first = await api("POST", f"/api/members/{NUMBER}/adjust", GIFT, once="one")
    again = await api("POST", f"/api/members/{NUMBER}/adjust", GIFT, once="one")
    quoted = await api("POST", f"/api/members/{NUMBER}/adjust", GIFT, once='"one"')  # as the draft writes it
    reordered = json.dumps(dict(reversed(GIFT.items())), indent=2).encode()
    spelled = await api("POST", f"/api/members/{NUMBER}/adjust", data=reordered, once="one")
    assert first.status == 200
    assert [one.is_replay for one in (first, again, quoted, spelled)] == [False, True, True, True]
    assert {one.body for one in (again, quoted, spelled)} == {first.body}
    assert await api.chat.wallet() == (0, 750, 0, 0)


async def test_another_body_with_the_same_key_is_refused_and_changes_nothing(api: ShopClient) -> None:
    await api.member()
    await api("POST", f"/api/members/{NUMBER}/adjust", GIFT, once="one")
    for path, body in (
        (f"/api/members/{NUMBER}/adjust", {**GIFT, "amount_minor": 251}),
        ("/api/members", {"phone": NUMBER}),
    ):
        refused = await api("POST", path, body, once="one")
        assert (refused.status, refused.kind) == (422, "key-used")
        assert refused.told["errors"][0]["pointer"] == "header/Idempotency-Key"
    assert await api.chat.wallet() == (0, 750, 0, 0)


async def test_a_key_that_was_used_for_one_member_is_not_used_for_another(api: ShopClient) -> None:
    await api.member()
    await api.member(OTHER)
    await api("POST", f"/api/members/{NUMBER}/adjust", GIFT, once="one")
    assert (await api("POST", f"/api/members/{OTHER}/adjust", GIFT, once="one")).kind == "key-used"
    assert (await api("POST", "/api/members", {"phone": "+12125550102"}, once="one")).kind == "key-used"
    assert await api.chat.wallet(OTHER) == (0, 500, 0, 0)


async def test_a_key_of_a_member_is_not_one_of_a_product_and_the_other_way_round(api: ShopClient) -> None:
    tea = {"name": "Tea", "category": "tea", "price_minor": 350}
    await api("POST", "/api/members", {"phone": NUMBER}, once="one")
    assert (await api("PUT", "/api/products/TEA", tea, once="one")).kind == "key-used"
    assert (await api("PUT", "/api/products/TEA", tea, once="two")).status == 200
    assert (await api("POST", "/api/members", {"phone": OTHER}, once="two")).kind == "key-used"


async def test_a_refusal_is_an_answer_too(api: ShopClient) -> None:
    await api.member()
    path, wish = f"/api/members/{NUMBER}/adjust", {"amount_minor": -900, "reason": "a mistake"}
    refused = await api("POST", path, wish, once="one")
    assert (refused.status, refused.kind) == (409, "not-enough-credit")
    assert refused.told["detail"] == "there is not so much credit"
    assert refused.told["facts"] == {"available_minor": 500, "wanted_minor": 900}
    await api("POST", path, {"amount_minor": 1000, "reason": "a gift"})
    again = await api("POST", path, wish, once="one")
    assert again.is_replay
    assert again.body == refused.body
    assert (await api("POST", path, wish)).status == 200


async def test_fifty_at_once_with_one_key_have_one_effect(api: ShopClient) -> None:
    await api.member()
    path = f"/api/members/{NUMBER}/adjust"
    answers = await asyncio.gather(*(api("POST", path, GIFT, once="one") for _ in range(50)))
    assert {one.status for one in answers} == {200}
    assert len({one.body for one in answers}) == 1
    assert sum(not one.is_replay for one in answers) == 1
    assert await api.chat.wallet() == (0, 750, 0, 0)
    entries = [reason for reason, _ in await api.chat.entries()]
    assert entries.count("adjust") == 1


async def test_strangers_who_come_at_once_with_one_key_become_one_member(api: ShopClient) -> None:
    body = {"phone": NUMBER}
    answers = await asyncio.gather(*(api("POST", "/api/members", body, once="one") for _ in range(20)))
    assert len({one.body for one in answers}) == 1
    assert await api.chat.wallet() == (0, 500, 0, 0)


async def test_products_and_stock_are_answered_the_same_again(api: ShopClient) -> None:
    tea = {"name": "Tea", "category": "tea", "price_minor": 350}
    first = await api("PUT", "/api/products/TEA", tea, once="one")
    changed = await api("PUT", "/api/products/TEA", {**tea, "price_minor": 400}, once="two")
    again = await api("PUT", "/api/products/TEA", tea, once="one")
    assert (again.body, again.is_replay) == (first.body, True)
    assert changed.told["price_minor"] == 400
    (listed,) = [one for one in (await api("GET", "/api/products")).told["products"] if one["sku"] == "TEA"]
    assert listed["price_minor"] == 400
    assert (await api("PUT", "/api/products/TEA", {**tea, "name": "T"}, once="one")).kind == "key-used"


async def test_what_was_not_done_can_be_asked_for_again_with_the_same_key(api: ShopClient) -> None:
    assert (await api("PUT", "/api/products/NEW/stock", {"units": 5}, once="one")).status == 404
    await api("PUT", "/api/products/NEW", {"name": "New", "category": "tea", "price_minor": 350})
    assert (await api("PUT", "/api/products/NEW/stock", {"units": 5}, once="one")).told["units_left"] == 5


async def test_who_hangs_up_and_asks_again_gets_what_was_done(api: ShopClient) -> None:
    await api.member()
    path = f"/api/members/{NUMBER}/adjust"
    for _ in range(5):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(api("POST", path, GIFT, once="one"), 0.004)
    answered = await api("POST", path, GIFT, once="one")
    assert answered.status == 200
    assert await api.chat.wallet() == (0, 750, 0, 0)


async def test_what_failed_for_a_reason_of_ours_is_done_when_it_is_asked_for_again(api: ShopClient) -> None:
    await api.member()
    path = f"/api/members/{NUMBER}/adjust"
    await api.chat.run("ALTER TABLE draw RENAME TO draw_gone")
    failed = await api("POST", path, GIFT, once="one")
    await api.chat.run("ALTER TABLE draw_gone RENAME TO draw")
    assert (failed.status, failed.kind) == (503, "failed")
    assert "Retry-After" in failed.headers
    assert await api.chat.wallet() == (0, 500, 0, 0)
    again = await api("POST", path, GIFT, once="one")
    assert (again.status, again.is_replay) == (200, False)
    assert await api.chat.wallet() == (0, 750, 0, 0)


async def test_two_servers_that_are_asked_at_once_do_it_once(database_url: str) -> None:
    async with shopping(database_url) as one, chatting(database_url) as beside:
        other = ShopClient(beside, one.session, one.key)
        await one.member()
        path = f"/api/members/{NUMBER}/adjust"
        asking = [client("POST", path, GIFT, once="one") for client in (one, other) * 15]
        answers = await asyncio.gather(*asking)
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
        assert sum(not answer.is_replay for answer in answers) == 1
        tea = {"name": "Tea", "category": "tea", "price_minor": 350}
        asking = [client("PUT", "/api/products/TEA", tea, once="two") for client in (one, other) * 5]
        assert sum(not answer.is_replay for answer in await asyncio.gather(*asking)) == 1
        assert await one.chat.wallet() == (0, 750, 0, 0)
