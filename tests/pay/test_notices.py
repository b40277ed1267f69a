"""What comes to the notify address: believed when WeChat Pay signed it, refused otherwise, never a 500."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.demo.pay.crypto import sealed
from bot.demo.pay.phones import trade_told
from tests.channels.wechat.vectors import cases, needs_vectors
from tests.databases import SqliteDatabases
from tests.pay.paying import PayShop, paying

HOSTILE = [one for one in cases("wechat_pay_v3.json") if one.values[0].get("kind") == "hostile_xml"]


@pytest.fixture(scope="module")
async def shop(sqlite_databases: SqliteDatabases) -> AsyncIterator[PayShop]:
    """A shop that hears all of it."""
    url = await sqlite_databases.create()
    async with paying(url) as made:
        await made.join()
        yield made
    await sqlite_databases.drop(url)


def address(shop: PayShop) -> str:
    return f"{shop.app.settings.public_url}/wechat/pay/notify"


async def posted(shop: PayShop, body: bytes, **headers: str) -> int:
    """Post a body that the platform signed."""
    return await shop.pay_.notifier.post(address(shop), body, **headers)


def written(shop: PayShop, event: str, inner: object, **changed: object) -> bytes:
    made = json.loads(shop.pay_.notifier._written(event, "transaction", {}))  # noqa: SLF001  # the far side

    told = json.dumps(inner).encode()
    made["resource"]["ciphertext"] = sealed(
        shop.pay_.apiv3_key, told, made["resource"]["nonce"], made["resource"]["associated_data"]
    )
    made["resource"] |= changed
    return json.dumps(made).encode()


async def test_its_probe_is_refused(shop: PayShop) -> None:
    assert await shop.pay_.notifier.probe(address(shop)) == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"{", b"\xff\xfe", b"<xml/>", b'{"event_type": 1}', b"{" * 2000],
)
async def test_garbage_is_refused_signed_or_not(shop: PayShop, body: bytes) -> None:
    async with aiohttp.ClientSession() as session, session.post(address(shop), data=body) as answer:
        assert answer.status == 401
        assert (await answer.json())["code"] == "FAIL"
    assert await posted(shop, body) == 400


@needs_vectors
@pytest.mark.parametrize("case", HOSTILE)
async def test_hostile_xml_is_refused_signed_or_not(shop: PayShop, case: dict[str, Any]) -> None:
    body = case["raw"].encode()
    async with aiohttp.ClientSession() as session, session.post(address(shop), data=body) as answer:
        assert answer.status == 401
    assert await posted(shop, body) == 400


async def test_too_large_a_body_is_refused_before_it_is_read(shop: PayShop) -> None:
    async with aiohttp.ClientSession() as session, session.post(address(shop), data=b" " * 70_000) as answer:
        assert answer.status == 413


async def test_an_unknown_serial_is_refused_and_nobody_is_asked_for_its_key(shop: PayShop) -> None:
    before = len(shop.pay_.api.asked)
    assert await posted(shop, b"{}", Wechatpay_Serial="5157F09EFDC096DE15EBE81A47057A72") == 401
    assert len(shop.pay_.api.asked) == before


async def test_what_was_signed_too_long_ago_is_refused(shop: PayShop) -> None:
    order = await shop.order(("TEA", 1), use_credit=False)
    await shop.prepay(order)
    trade = shop.pay_.book.trades[(await shop.payment(order)).id]
    shop.pay_.book.pay(trade)
    body = written(shop, "TRANSACTION.SUCCESS", trade_told(shop.pay_.book, trade))
    headers = shop.pay_.notifier._headers(body)  # noqa: SLF001  # the far side
    shop.clock.now += timedelta(minutes=5, seconds=1)
    async with (
        aiohttp.ClientSession() as session,
        session.post(address(shop), data=body, headers=headers) as answer,
    ):
        assert answer.status == 401
    assert (await shop.status(order))[0] == "placed"
    assert await posted(shop, body) == 204
    assert (await shop.status(order))[0] == "paid"


@pytest.mark.parametrize(
    "inner",
    [
        {},
        [],
        "text",
        {"mchid": "1900000002", "trade_state": "SUCCESS"},
        {"mchid": "1900000001", "trade_state": "SUCCESS"},
        {"mchid": "1900000001", "trade_state": "SUCCESS", "out_trade_no": 7},
    ],
)
async def test_a_notice_that_says_nothing_is_refused(shop: PayShop, inner: object) -> None:
    assert await posted(shop, written(shop, "TRANSACTION.SUCCESS", inner)) == 400


async def test_a_notice_that_does_not_open_is_refused(shop: PayShop) -> None:
    for changed in ({"nonce": "another12345"}, {"ciphertext": "AAAA"}, {"algorithm": "AEAD_SM4_GCM"}):
        body = written(shop, "TRANSACTION.SUCCESS", {"mchid": "1900000001"}, **changed)
        assert await posted(shop, body) == 400


@pytest.mark.parametrize("number", ["e" * 32, "SHOP-0001", "../../x", "é" * 32])
async def test_a_payment_nobody_knows_is_refused_and_makes_nobody(shop: PayShop, number: str) -> None:
    inner = {
        "mchid": "1900000001",
        "appid": "wx1",
        "trade_state": "SUCCESS",
        "out_trade_no": number,
        "transaction_id": "4200",
        "success_time": "2026-11-24T01:00:00+08:00",
        "amount": {"total": 100, "currency": "CNY"},
    }
    before = await shop.chat.sms.rows("SELECT COUNT(*) FROM contact")
    assert await posted(shop, written(shop, "TRANSACTION.SUCCESS", inner)) == 404
    assert await shop.chat.sms.rows("SELECT COUNT(*) FROM contact") == before


async def test_refunds_and_payouts_nobody_knows_are_refused(shop: PayShop) -> None:
    refund = {"mchid": "1900000001", "out_refund_no": "e" * 32, "refund_status": "SUCCESS", "refund_id": "5"}
    assert await posted(shop, written(shop, "REFUND.SUCCESS", refund)) == 404
    payout = {"mch_id": "1900000001", "out_bill_no": "e" * 32, "state": "SUCCESS", "transfer_bill_no": "1"}
    assert await posted(shop, written(shop, "MCHTRANSFER.BILL.FINISHED", payout)) == 404


async def test_what_is_nothing_to_us_is_taken_and_passed_over(shop: PayShop) -> None:
    assert await posted(shop, written(shop, "PAYSCORE.USER_OPEN_SERVICE", {"mchid": "1900000001"})) == 204


async def test_nothing_of_it_is_logged_but_what_happened(shop: PayShop) -> None:
    order = await shop.order(("BUN", 1), use_credit=False)
    await shop.pay(order)
    log = shop.chat.sms.log.getvalue()
    trade = shop.pay_.book.trades[(await shop.payment(order)).id]
    for secret in (
        shop.pay_.apiv3_key,
        trade.prepay_id,
        trade.transaction_id,
        '"li"',
        "wx00000000000000bb/li",
    ):
        assert secret not in log
