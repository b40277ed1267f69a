"""Refunds from the shop's report to the member's phone, and orders of people whom nobody knows yet."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from itertools import count

import pytest

from bot.conversation.operations import operation_work
from bot.conversation.shop.desk import CANCEL, REFUND, Buyer, Desk
from bot.conversation.work import Result
from bot.core.contact import JsonValue
from bot.core.deeds.on_record import Parked
from bot.core.errors import Refused
from bot.core.loyalty.returns import Return
from bot.storage import orders
from tests.conversation.chat import NUMBER, Chat

STRANGER = "+12125550177"
_KEYS = count(1)
LINES: list[JsonValue] = [{"sku": "LATTE", "quantity": 2}, {"sku": "BUN", "quantity": 1}]
PAID: Mapping[str, JsonValue] = {"order": "A-1", "status": "paid", "lines": LINES}
"""15.00: two lattes for 5.50 each and a bun for 4.00."""
ONE_LATTE: Mapping[str, JsonValue] = {"order": "A-1", "lines": [{"sku": "LATTE", "quantity": 1}]}
BY_PHONE = Buyer(phone=NUMBER)


async def report(chat: Chat, body: Mapping[str, JsonValue], buyer: Buyer = BY_PHONE) -> Result:
    desk = Desk(chat.app.database, chat.app.dispatcher)
    return await desk.report(body, buyer, key=f"test:{next(_KEYS)}", at=chat.clock())


async def give_back(chat: Chat, name: str, body: Mapping[str, JsonValue]) -> Result:
    desk = Desk(chat.app.database, chat.app.dispatcher)
    return await desk.give_back(name, body, key=f"test:{next(_KEYS)}", at=chat.clock())


async def joined(chat: Chat) -> None:
    """A member with the welcome credit of 5.00, who has heard all about it."""
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    await chat.strike()
    chat.news()


def moved(result: Result) -> Mapping[str, JsonValue]:
    assert result.result is not None
    found = result.result["moved"]
    assert isinstance(found, dict)
    return {name: amount for name, amount in found.items() if amount}


async def test_a_member_is_told_what_a_refund_did(chat: Chat) -> None:
    await joined(chat)
    await report(chat, {**PAID, "credit_minor": 300})
    await chat.strike()
    chat.news()
    done = await give_back(chat, REFUND, ONE_LATTE)
    restored, taken = moved(done)["restored_minor"], moved(done)["taken_back_minor"]
    assert restored == 110  # of 3.00, by largest remainder, a latte was paid 1.10
    assert isinstance(taken, int)
    (told,) = await chat.later(minutes=1)
    assert told == (
        "Your refund is through. $1.10 is back in your wallet. "
        f"${taken / 100:.2f} earned on it was taken back. Your card has 1 stamp less."
    )
    await give_back(chat, REFUND, ONE_LATTE)
    assert await chat.later(minutes=1) == [], "told twice is no news"
    await give_back(chat, CANCEL, {"order": "A-1"})
    (canceled,) = await chat.later(minutes=1)
    assert canceled.startswith("Your order is canceled. $1.90 is back in your wallet.")
    assert (await chat.wallet())[1:] == (500, 0, 0)


@pytest.mark.parametrize("comes_first", [True, False])
async def test_refunds_told_each_by_itself_add_up(chat: Chat, *, comes_first: bool) -> None:
    await joined(chat)
    refunds = [{**ONE_LATTE, "refund": name} for name in ("R-1", "R-2", "R-1")]
    before, after = (refunds, []) if comes_first else ([], refunds)
    for one in before:
        await give_back(chat, REFUND, one)
    known = await report(chat, PAID)
    for one in after:
        known = await give_back(chat, REFUND, one)
    assert known.result is not None
    assert [line["returned_quantity"] for line in known.result["lines"]] == [2, 0]  # type: ignore[index,union-attr,call-overload]  # JSON


async def test_who_buys_as_a_stranger_is_known_and_never_texted(chat: Chat) -> None:
    assert moved(await report(chat, PAID, Buyer(phone=STRANGER))) == {}
    await give_back(chat, REFUND, ONE_LATTE)
    await chat.strike()
    assert chat.news(STRANGER) == []
    assert await chat.subscriptions(STRANGER) == {}
    assert await chat.of("consent", "state", "number", number=STRANGER) == []
    assert await chat.of("shop_order", "reference", "id", number=STRANGER) == [("A-1",)]


async def test_a_stranger_is_found_by_what_the_shop_knows(chat: Chat) -> None:
    first = await report(chat, PAID, Buyer(external="u-7", email="Ana@Example.com"))
    again = await report(chat, {**PAID, "order": "A-2"}, Buyer(external="u-7"))
    by_id = await report(chat, {**PAID, "order": "A-3"}, Buyer(contact=first.contact_id))
    assert first.contact_id == again.contact_id == by_id.contact_id


@pytest.mark.parametrize("buyer", [Buyer(), Buyer(contact="f" * 32)])
async def test_an_order_of_nobody_is_refused(chat: Chat, buyer: Buyer) -> None:
    with pytest.raises(Refused, match="customer"):
        await report(chat, PAID, buyer)


async def test_an_order_stays_whose_it_was(chat: Chat) -> None:
    await report(chat, PAID)
    problem = {"status": 409, "code": "another_members", "facts": {"order": "A-1"}}
    assert (await report(chat, PAID, Buyer(phone=STRANGER))).result == {"problem": problem}
    assert await chat.of("shop_order", "status", "id") == [("paid",)]
    assert moved(await report(chat, PAID, Buyer())) == {}, "it is known whose it is"


async def test_of_two_who_bought_an_order_at_one_moment_one_has(chat: Chat) -> None:
    """Bug: each of them was made its owner in turn, and both of them earned."""
    await joined(chat)
    for number in range(20):
        body = {**PAID, "order": f"B-{number}"}
        both = await asyncio.gather(report(chat, body), report(chat, body, Buyer(phone=STRANGER)))
        refused = [one.result["problem"] for one in both if one.result and "problem" in one.result]
        facts = {"order": f"B-{number}"}
        assert refused == [{"status": 409, "code": "another_members", "facts": facts}]
    found = await chat.rows("SELECT reference, COUNT(*) FROM shop_order GROUP BY reference")
    assert sorted(found) == sorted((f"B-{number}", 1) for number in range(20))


async def test_what_was_ordered_by_text_is_nobody_elses(chat: Chat) -> None:
    await joined(chat)
    await report(chat, PAID)
    for text in ("REORDER", "YES"):
        await chat(text)
    ours = next(row[0] for row in await chat.of("shop_order", "id, reference", "id") if not row[1])
    told = {**PAID, "order": "S-9", "ours": ours}
    other = await report(chat, told, Buyer(phone=STRANGER))
    assert other.result is not None
    assert "problem" in other.result
    assert (await report(chat, told)).outcome == "order.report"
    assert len(await chat.rows("SELECT id FROM shop_order")) == 2


async def test_orders_and_their_refunds_that_come_at_once_miss_nothing(chat: Chat) -> None:
    """Whichever is first: the refund finds its order, or the order finds its refund."""
    await joined(chat)
    tasks = []
    for number in range(20):
        reference = f"B-{number}"
        tasks.append(report(chat, {**PAID, "order": reference}, BY_PHONE))
        tasks.append(give_back(chat, REFUND, {"order": reference, "everything": True}))
    await asyncio.gather(*tasks)
    assert await chat.app.database.query(orders.all_parked) == ()
    assert set(await chat.of("shop_order", "status, refunded_minor", "id")) == {("refunded", 1500)}
    assert await chat.wallet() == (0, 500, 0, 0)


async def test_a_refund_that_waits_for_its_order_can_be_seen(chat: Chat) -> None:
    parked = await give_back(chat, REFUND, ONE_LATTE)
    assert (parked.outcome, parked.result) == ("parked", {"order": "A-1", "parked": True})
    await give_back(chat, CANCEL, {"order": "A-1"})
    (waits,) = await chat.app.database.query(orders.all_parked)
    assert (waits.reference, waits.is_canceled, waits.told.by_sku["LATTE"].quantity) == ("A-1", True, 1)
    told = await report(chat, PAID)
    assert told.result is not None
    assert told.result["status"] == "canceled"
    assert await chat.app.database.query(orders.all_parked) == ()


@pytest.mark.parametrize("name", [REFUND, CANCEL])
async def test_what_was_kept_while_its_order_was_told_waits_no_longer(chat: Chat, name: str) -> None:
    await report(chat, PAID)
    told = Parked("A-1", Return(is_all=True))
    await chat.app.database.transact(lambda connection: orders.park(connection, told, chat.clock()))
    await give_back(chat, name, ONE_LATTE if name == REFUND else {"order": "A-1"})
    assert await chat.app.database.query(orders.all_parked) == ()
    assert await chat.of("shop_order", "refunded_minor", "id") == [(1500,)]


async def test_an_order_by_text_is_the_shops_order_too(chat: Chat) -> None:
    """It earned when it was placed; the shop's report of it earns nothing more, and its refund works."""
    await joined(chat)
    await chat.order(("LATTE", 2))
    await chat("REORDER")
    await chat("yes")
    ((order_id,),) = await chat.rows("SELECT id FROM shop_order WHERE source = 'sms'")
    pending, available, *_ = await chat.wallet()
    assert (pending > 0, available) == (True, 0)
    paid = await report(chat, {"order": "SHOP-9", "ours": order_id, "status": "paid"}, Buyer())
    assert moved(paid) == {}
    assert (await chat.wallet())[0] == pending
    await chat.later(minutes=1)
    done = await give_back(chat, REFUND, {"order": order_id, "lines": [{"sku": "LATTE", "quantity": 1}]})
    assert moved(done)["restored_minor"] == 250
    await give_back(chat, REFUND, {"order": "SHOP-9", "everything": True})
    assert await chat.wallet() == (0, 500, 0, 0)
    told = await chat.later(minutes=1)
    assert len(told) == 2
    assert all("is back in your wallet" in text for text in told)


async def test_an_order_that_is_paid_before_its_capture_is_settled_when_the_checkout_is_over(
    chat: Chat,
) -> None:
    await joined(chat)
    contact_id = await chat.contact_id()
    asked: Mapping[str, JsonValue] = {"order": "A-1", "lines": LINES}
    for name, body in (("hold", asked), ("report", PAID), ("capture", {"order": "A-1"})):
        if name == "report":
            assert moved(await report(chat, body)) == {}
        else:
            key = f"test:{next(_KEYS)}"
            work = operation_work(f"checkout.{name}", body, key=key, at=chat.clock(), contact_id=contact_id)
            await chat.app.dispatcher.submit(work)
    assert (await chat.wallet())[:2] == (0, 0)
    await chat.later(minutes=31)
    assert (await chat.wallet())[0] > 0
    assert await chat.of("shop_order", "credit_minor, cash_minor", "id") == [(500, 1000)]


async def test_pending_credit_is_taken_back_before_it_arrives(chat: Chat) -> None:
    await joined(chat)
    await report(chat, PAID)
    assert (await chat.wallet())[0] > 0
    await give_back(chat, CANCEL, {"order": "A-1"})
    await chat.later(days=20)
    assert await chat.wallet() == (0, 500, 0, 0)
    assert timedelta(days=14) == chat.app.decisions.shop.program.earning.pending


NINE_LATTES: Mapping[str, JsonValue] = {
    "order": "A-9",
    "status": "paid",
    "lines": [{"sku": "LATTE", "quantity": 9}],
}


async def stamps_of(chat: Chat) -> list[tuple[object, ...]]:
    sql = "SELECT available_minor, debt_minor FROM wallet WHERE id = 'card/coffee'"
    return [tuple(row) for row in await chat.rows(sql)]


async def claims_of(chat: Chat) -> list[object]:
    return [state for (state,) in await chat.rows("SELECT state FROM fulfilment ORDER BY claimed_at, id")]


async def test_what_a_full_card_became_goes_with_its_stamps(chat: Chat) -> None:
    """Bug: the reward stayed to be fetched, and the stamps were owed by whoever never came again."""
    await joined(chat)
    await report(chat, NINE_LATTES)
    await chat.strike()
    chat.news()
    assert (await stamps_of(chat), await claims_of(chat)) == ([(1, 0)], ["claimed"])
    await give_back(chat, CANCEL, {"order": "A-9"})
    (told,) = await chat.later(minutes=1)
    assert told.endswith(
        "Your card has 9 stamps less and is not full any more: its code for Any drink is void."
    )
    assert (await stamps_of(chat), await claims_of(chat)) == ([(0, 0)], ["canceled"])
    assert (await chat.wallet())[1:] == (500, 0, 0)
    assert await chat.rows("SELECT COUNT(*) FROM call WHERE kind = 'reward.undone'") == [(1,)]
    await report(chat, {**NINE_LATTES, "order": "A-10"})
    assert (await stamps_of(chat), await claims_of(chat)) == ([(1, 0)], ["canceled", "claimed"])


async def test_only_so_much_goes_as_stamps_are_missing(chat: Chat) -> None:
    await joined(chat)
    await report(chat, {**NINE_LATTES, "lines": [{"sku": "LATTE", "quantity": 17}]})
    await give_back(chat, REFUND, {"order": "A-9", "lines": [{"sku": "LATTE", "quantity": 1}]})
    assert (await stamps_of(chat), await claims_of(chat)) == ([(0, 0)], ["claimed", "claimed"])
    await give_back(chat, REFUND, {"order": "A-9", "lines": [{"sku": "LATTE", "quantity": 2}]})
    assert (await stamps_of(chat), sorted(map(str, await claims_of(chat)))) == (
        [(7, 0)],
        ["canceled", "claimed"],
    )


async def test_stamps_of_what_was_handed_out_are_owed(chat: Chat) -> None:
    await joined(chat)
    told = await report(chat, NINE_LATTES)
    ((code,),) = await chat.rows("SELECT code FROM fulfilment")
    body: dict[str, JsonValue] = {"claim": code, "state": "delivered"}
    work = operation_work("fulfilment.advance", body, key="out", at=chat.clock(), contact_id=told.contact_id)
    await chat.app.dispatcher.submit(work)
    await give_back(chat, CANCEL, {"order": "A-9"})
    assert (await stamps_of(chat), await claims_of(chat)) == ([(0, 8)], ["delivered"])
