"""Ordering over HTTP: proposed, quoted, placed once however often it is tapped, paid, taken back."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from bot.core.contact import Product
from bot.core.signed_links import REORDER, SignedLinks
from bot.demo.pay.faults import Fault
from bot.demo.pay.loopback import LoopbackPay
from bot.storage import revisions
from bot.web.mp.order_answers import AgainAnswer, BasketQuote, OrdersAnswer, PlacedAnswer, ShopperOrder
from tests.conversation.chat import Clock, shipped
from tests.web.api.conftest import Answered
from tests.web.mp.conftest import ShopperClient, at_the_pages
from tests.wechat.wechat_chat import MINI_APPID

TEA: dict[str, Any] = {"lines": [{"sku": "TEA", "quantity": 2}]}
HOME = {"name": "Ana", "address": "5 Elm Street", "phone": "+1 212 555 0100"}
TAPS = 200


@asynccontextmanager
async def at_a_shop(url: str, where: Path, **options: Any) -> AsyncIterator[ShopperClient]:  # noqa: ANN401  # of the pages
    """A shop with the places we ship, where nobody asks too often."""
    flows = shipped(where, "loyalty", "policy", "shop", "reorder")
    settings = {"REGULARS_PAGES_REQUESTS_PER_MINUTE": "100000", **options.pop("settings", {})}
    async with at_the_pages(url, flows=flows, settings=settings, **options) as mini:
        yield mini


async def placed(shopper: ShopperClient, body: dict[str, Any] = TEA, **more: object) -> ShopperOrder:
    """Order for however much it costs, to be paid where it is picked up."""
    wanted = {**body, "payment": "pickup", "to_pay_at_most_minor": 10**6, **more}
    return PlacedAnswer.model_validate(await shopper.did("/orders", wanted)).order


async def test_the_last_order_is_placed_again_in_one_tap(database_url: str, tmp_path: Path) -> None:
    async with at_a_shop(database_url, tmp_path) as mini:
        member = await mini.texting()
        assert AgainAnswer.model_validate(await member.got("/reorder")).proposals == []
        assert (await member.got("/wallet"))["can"] == {"reorder": False}
        first = await placed(member, place="harbour")
        assert (await member.got("/wallet"))["can"] == {"reorder": True}
        assert (first.status, first.place and first.place.id, first.credit.minor) == (
            "placed",
            "harbour",
            500,
        )
        member.chat.clock.now += timedelta(hours=2)
        (proposal,) = AgainAnswer.model_validate(await member.got("/reorder")).proposals
        assert (proposal.from_order, proposal.place and proposal.place.id) == (first.id, "harbour")
        assert (proposal.total.text, proposal.payment) == ("$7.00", "pickup")
        body = {
            "lines": [{"sku": line.sku, "quantity": line.quantity} for line in proposal.lines],
            "to_pay_at_most_minor": proposal.to_pay.minor,
        }
        told = await member("POST", "/orders", body, once="tap")
        again = await member("POST", "/orders", body, once="tap")
        assert (told.body, again.is_replay) == (again.body, True)
        other = await member("POST", "/orders", {**body, "to_pay_at_most_minor": 10**6}, once="tap")
        assert (other.status, other.kind) == (422, "key-used")
        listed = OrdersAnswer.model_validate(await member.got("/orders")).orders
        assert [one.id for one in listed] == [told.told["order"]["id"], first.id]
        shown = ShopperOrder.model_validate(await member.got(f"/orders/{first.id}"))
        assert shown.lines[0].total.minor == 700


async def test_another_quote_changes_place_size_and_payment(database_url: str, tmp_path: Path) -> None:
    async with at_a_shop(database_url, tmp_path) as mini:
        sizes = [
            Product("TEA-L", "Large tea", "tea", 450, "tea", "16 oz"),
            Product("TEA", "Tea", "tea", 350, "tea", "12 oz"),
        ]
        await mini.chat.app.database.transact(lambda c: revisions.put_products(c, sizes))
        await mini.chat.app.database.transact(lambda c: revisions.touch(c, "sizes"))
        await mini.chat.app.reload()
        member = await mini.texting()
        quote = BasketQuote.model_validate((await member("POST", "/quote", TEA, once=None)).told)
        assert [(one.sku, one.size, one.price.text) for one in quote.lines[0].sizes] == [
            ("TEA", "12 oz", "$3.50"),
            ("TEA-L", "16 oz", "$4.50"),
        ]
        large = {"lines": [{"sku": "TEA-L", "quantity": 3}], "place": HOME, "use_credit": False}
        brought = BasketQuote.model_validate((await member("POST", "/quote", large, once=None)).told)
        assert (brought.total.minor, brought.delivery.minor, brought.credit.minor) == (1750, 400, 0)
        assert brought.place is not None
        assert (brought.place.kind, brought.place.phone) == ("address", "+1 212 555 0100")
        assert brought.payments[0].title == "When it is brought"


async def test_it_is_said_in_the_shoppers_language(database_url: str, tmp_path: Path) -> None:
    async with at_a_shop(database_url, tmp_path) as mini:
        wang = await mini.another("wang", language="zh_CN")
        order = await placed(wang)
        assert order.place is not None
        assert (order.place.name, order.says) == ("老城店", "门店已接单，取货时支付US$7.00。")


async def test_never_more_than_was_seen(database_url: str, tmp_path: Path) -> None:
    async with at_a_shop(database_url, tmp_path) as mini:
        body = {**TEA, "payment": "pickup", "to_pay_at_most_minor": 699}
        no = await mini("POST", "/orders", body)
        assert (no.status, no.kind) == (409, "price-changed")
        assert BasketQuote.model_validate(no.told["facts"]["quote"]).to_pay.minor == 700
        assert no.told["facts"]["says"]
        assert (await mini.got("/orders"))["orders"] == []
        gone = await mini("POST", "/quote", {"lines": [{"sku": "GONE"}]}, once=None)
        assert (gone.status, gone.kind) == (409, "gone")


async def test_two_hundred_taps_at_one_moment_are_one_order(database_url: str, tmp_path: Path) -> None:
    """Each tap with a key of its own, as of a phone that lost every answer; credit is spent once."""
    async with at_a_shop(database_url, tmp_path) as mini:
        member = await mini.texting()
        body = {**TEA, "payment": "pickup", "to_pay_at_most_minor": 200}
        told: list[Answered] = await asyncio.gather(*(member("POST", "/orders", body) for _ in range(TAPS)))
        assert Counter(one.status for one in told) == {200: TAPS}
        assert len({one.told["order"]["id"] for one in told}) == 1
        ((orders, spent),) = await mini.chat.sms.rows(
            "SELECT (SELECT COUNT(*) FROM shop_order), (SELECT COUNT(*) FROM entry WHERE reason = 'redeem')"
        )
        assert (orders, spent) == (1, 1)
        ((calls,),) = await mini.chat.sms.rows("SELECT COUNT(*) FROM call WHERE kind = 'order.placed'")
        assert calls == 1
        same = await asyncio.gather(
            *(member("POST", "/orders", {**body, "place": "harbour"}, once="k") for _ in range(20))
        )
        assert {one.status for one in same} == {409}, "the credit is spent: it would be more to pay"


async def test_pages_of_orders(database_url: str, tmp_path: Path) -> None:
    async with at_a_shop(database_url, tmp_path) as mini:
        for _ in range(23):
            await placed(mini)
            mini.chat.clock.now += timedelta(minutes=3)
        first = OrdersAnswer.model_validate(await mini.got("/orders"))
        second = OrdersAnswer.model_validate(await mini.got(f"/orders?cursor={first.next}"))
        ids = [one.id for one in (*first.orders, *second.orders)]
        assert (len(first.orders), len({*ids}), second.next) == (20, 23, None)
        assert (await mini("GET", "/orders?cursor=nonsense")).status == 400


async def test_a_link_opens_only_for_whom_it_was_made(database_url: str, tmp_path: Path) -> None:
    async with at_a_shop(database_url, tmp_path) as mini:
        order = await placed(mini)
        app = mini.chat.app
        links = SignedLinks(app.settings.public_url, tuple(s.encode() for s in app.settings.secrets), REORDER)
        until = mini.chat.clock.now + timedelta(days=7)
        token = links.token(await mini.contact_id(), order.id, until)
        (proposal,) = AgainAnswer.model_validate(await mini.got(f"/reorder?token={token}")).proposals
        assert proposal.from_order == order.id
        wang = await mini.another("wang", language="en")
        no = await wang("GET", f"/reorder?token={token}")
        assert (no.status, no.kind) == (403, "another-shoppers")
        assert no.told["facts"]["says"] == "This link was made for somebody else."
        assert (await wang("GET", f"/reorder?order={order.id}")).status == 404
        assert (await wang("GET", f"/orders/{order.id}")).status == 404
        assert (await wang("POST", f"/orders/{order.id}/cancel")).status == 404
        assert (await mini("GET", f"/reorder?token={token[:-2]}AA")).status == 404


async def test_an_order_is_taken_back_while_it_is_new(database_url: str, tmp_path: Path) -> None:
    async with at_a_shop(database_url, tmp_path) as mini:
        member = await mini.texting()
        order = await placed(member)
        assert order.can.cancel
        canceled = ShopperOrder.model_validate(await member.did(f"/orders/{order.id}/cancel"))
        assert (canceled.status, canceled.can.cancel) == ("canceled", False)
        assert canceled.refunded.minor == 0, "it was to be paid at the counter"
        again = await member.did(f"/orders/{order.id}/cancel")
        assert again["status"] == "canceled", "taken back twice is taken back"
        assert await member.chat.sms.wallet() == (0, 500, 0, 0)
        kept = await placed(member)
        member.chat.clock.now += timedelta(minutes=3)
        late = await member("POST", f"/orders/{kept.id}/cancel")
        assert (late.status, late.kind) == (409, "too-late")


async def test_an_address_is_exported_and_erased_with_its_person(database_url: str, tmp_path: Path) -> None:
    async with at_a_shop(database_url, tmp_path) as mini:
        member = await mini.texting()
        big = {"lines": [{"sku": "BUN", "quantity": 3}]}
        order = await placed(member, big, place=HOME)
        assert order.delivery.minor == 400
        exported = await member("POST", "/privacy/export")
        assert (exported.status, b"5 Elm Street" in exported.body) == (200, True)
        assert await elms(mini) > 0
        await member.did("/privacy/erase", {"confirm": True})
        assert await elms(mini) == 0, "nothing is left of it, neither with the order nor in what was asked"
        ((total,),) = await mini.chat.sms.rows("SELECT SUM(total_minor) FROM shop_order")
        assert total == 1600, "the books are whole"


async def test_the_shop_is_told_as_the_page_of_the_api_says(database_url: str, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    shown = json.loads(re.findall(r"```json\n(\{\n  \"order\".*?)```", page, re.DOTALL)[0])
    async with at_a_shop(database_url, tmp_path) as mini:
        member = await mini.texting()
        await placed(
            member, {"lines": [{"sku": "BUN", "quantity": 3}]}, place={**HOME, "phone": "+12125550100"}
        )
        ((payload,),) = await mini.chat.sms.rows("SELECT payload FROM call WHERE kind = 'order.placed'")
    told = json.loads(payload)
    own = ("order", "contact", "placed_at")
    assert [name for name in shown if name not in own and shown[name] != told[name]] == []
    assert shown.keys() == told.keys()


async def elms(mini: ShopperClient) -> int:
    """In how many rows the address stands."""
    count = """
        SELECT (SELECT COUNT(*) FROM shop_order WHERE facts LIKE '%Elm%')
            + (SELECT COUNT(*) FROM "trigger" WHERE payload LIKE '%Elm%' OR result LIKE '%Elm%')
            + (SELECT COUNT(*) FROM call WHERE payload LIKE '%Elm%')
            + (SELECT COUNT(*) FROM event WHERE properties LIKE '%Elm%')
            + (SELECT COUNT(*) FROM checkout WHERE facts LIKE '%Elm%')
    """
    ((found,),) = await mini.chat.sms.rows(count)
    return int(found)


# Through WeChat Pay


@asynccontextmanager
async def paying(url: str, where: Path, **more: str) -> AsyncIterator[tuple[ShopperClient, LoopbackPay]]:
    """A shop with a merchant at a loopback WeChat Pay; `more` is set besides."""
    clock = Clock()
    async with LoopbackPay(clock=clock) as pay:
        settings = {**pay.settings(where), **more}
        async with at_a_shop(url, where, clock=clock, settings=settings) as mini:
            yield mini, pay


async def test_a_first_order_is_paid_with_wechat(database_url: str, tmp_path: Path) -> None:
    async with paying(database_url, tmp_path) as (mini, pay):
        quote = BasketQuote.model_validate((await mini("POST", "/quote", TEA, once=None)).told)
        assert (quote.payment, [one.id for one in quote.payments]) == ("wechat", ["wechat", "pickup"])
        body = {**TEA, "payment": "wechat", "to_pay_at_most_minor": quote.to_pay.minor}
        told = PlacedAnswer.model_validate(await mini.did("/orders", body))
        assert (told.order.status, told.order.can.pay) == ("waiting", True)
        assert told.pay is not None
        tapped = PlacedAnswer.model_validate(await mini.did("/orders", body))
        assert (tapped.order.id, tapped.pay and tapped.pay.package) == (told.order.id, told.pay.package)
        once_more = PlacedAnswer.model_validate(await mini.did(f"/orders/{told.order.id}/pay"))
        assert once_more.pay is not None
        assert once_more.pay.package == told.pay.package
        pay.phones.pay(MINI_APPID, once_more.pay.model_dump(by_alias=True))
        await pay.settle()
        checked = ShopperOrder.model_validate(await mini.did(f"/orders/{told.order.id}/check"))
        assert (checked.status, checked.payment and checked.payment.state) == ("paid", "paid")
        late = await mini("POST", f"/orders/{told.order.id}/pay")
        assert (late.status, late.kind) == (409, "not-waiting")


async def test_one_order_is_what_a_shopper_carries(shopper: ShopperClient) -> None:
    """Every piece may stamp a card in one turn: somebody's thousands would stop everybody."""
    await shopper.did("/join", {})
    lines = [{"sku": "LATTE", "quantity": 21}]
    body = {"lines": lines, "payment": "pickup", "to_pay_at_most_minor": 10**9}
    assert (await shopper("POST", "/orders", body, once="many")).status in {400, 422}
    assert (await shopper("POST", "/quote", {"lines": lines})).status in {400, 422}


async def test_what_is_paid_at_the_counter_stamps_no_card_before(shopper: ShopperClient) -> None:
    await shopper.did("/join", {})
    lines = [{"sku": "LATTE", "quantity": 20}]
    body = {"lines": lines, "payment": "pickup", "use_credit": False, "to_pay_at_most_minor": 10**9}
    await shopper.did("/orders", body)
    assert (await shopper.got("/rewards"))["claims"] == []
    assert [card["stamps"] for card in (await shopper.got("/wallet"))["cards"]] in ([], [0])


async def test_an_order_to_a_place_that_is_gone_is_no_order_to_another(shopper: ShopperClient) -> None:
    await shopper.did("/join", {})
    body = {**TEA, "payment": "pickup", "to_pay_at_most_minor": 10**6}
    first = await shopper.did("/orders", {**body, "place": "harbour"})
    gone = await shopper("POST", "/orders", {**body, "place": "gone"})
    assert (gone.status, gone.kind) == (409, "place-gone")
    assert (await shopper.did("/orders", {**body, "place": "harbour"}))["order"]["id"] == first["order"]["id"]


async def test_a_prepay_that_fails_is_told_to_the_operator(database_url: str, tmp_path: Path) -> None:
    """Bug: the shopper saw an order that cannot be paid, and the operator nothing at all."""
    body = {**TEA, "payment": "wechat", "to_pay_at_most_minor": 700}
    async with paying(database_url, tmp_path) as (mini, pay):
        for code, status, why in (("NO_AUTH", 403, "PayMisset"), ("PARAM_ERROR", 400, "PayRefused")):
            pay.fault(Fault(kind="refuse", path="/v3/pay/transactions/jsapi", code=code, status=status))
            with capture_logs() as logs:
                told = PlacedAnswer.model_validate(await mini.did("/orders", body))
            assert (told.order.status, told.pay) == ("waiting", None)
            (said,) = (one for one in logs if one["event"] == "prepay_failed")
            assert (said["why"], said["code"]) == (why, code)
        await mini.chat.app.tally.flush(mini.chat.app.database)
        await mini.chat.later(seconds=10)
        async with mini.session.get(f"{mini.chat.sms.url}/metrics") as answer:
            text = await answer.text()
        assert 'regulars_pay_prepays_failed_total{remedy="misset"} 1.0' in text
        assert 'regulars_pay_prepays_failed_total{remedy="refused"} 1.0' in text
        again = PlacedAnswer.model_validate(await mini.did("/orders", body))
        assert again.pay is not None, "mended, it is paid by the next tap"


async def test_wechat_is_not_offered_where_it_does_not_take_the_money(
    database_url: str, tmp_path: Path
) -> None:
    """Bug: a program in dollars offered it, and all that the order took was set aside for half an hour."""
    elsewhere = {"REGULARS_WECHAT_PAY_BASE_URL": "https://pay.example"}
    async with paying(database_url, tmp_path, **elsewhere) as (mini, _):
        assert "wechat_pay_not_offered" in mini.chat.sms.log.getvalue()
        quote = BasketQuote.model_validate((await mini("POST", "/quote", TEA, once=None)).told)
        assert (quote.payment, [one.id for one in quote.payments]) == ("pickup", ["pickup"])
        assert (await mini.got("/me"))["features"]["pay"] is False
        body = {**TEA, "payment": "wechat", "to_pay_at_most_minor": 700}
        no = await mini("POST", "/orders", body)
        assert (no.status, no.kind) == (409, "no-way-to-pay")
