"""Who turns out to be known while an order waits for its payment: one wallet, as soon as that is over."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.conversation.chat import NUMBER
from tests.pay.paying import PayShop, paying


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[PayShop]:
    """A shop, on both databases."""
    async with paying(database_url) as made:
        yield made


async def bound_while_waiting(shop: PayShop) -> tuple[str, str, str]:
    """Who texts for longer, who of the mini program says the same number, and their order that waits."""
    await shop.chat.sms("LOYALTY")
    by_text = await shop.chat.sms.contact_id()
    shop.clock.now += timedelta(minutes=1)
    contact = await shop.join()
    order = await shop.order(("LATTE", 2))
    await shop.prepay(order)
    told = await shop.operate("contact.phone", {"phone": NUMBER, "account": "x"})
    assert told.result is not None
    assert str(told.result["says"]).endswith("待进行中的订单付款或取消后，两个钱包将合并为一个。")
    await shop.rest()
    assert await merged(shop) == []
    return by_text, contact, order


async def merged(shop: PayShop) -> list[tuple[str, str]]:
    found = await shop.chat.sms.rows(
        "SELECT c.id, c.merged_into FROM contact c WHERE c.merged_into IS NOT NULL"
    )
    return [(str(one), str(other)) for one, other in found]


async def test_who_pays_is_joined_then(shop: PayShop) -> None:
    """Bug: it was refused for good, though the page had promised it."""
    by_text, contact, order = await bound_while_waiting(shop)
    await shop.pay(order)
    await shop.later(minutes=1)
    await shop.later(minutes=1)
    assert await merged(shop) == [(contact, by_text)]
    assert await shop.status(order) == ("paid", 600, 500)
    pending, available, held, debt = await shop.wallet(by_text)
    assert (available, held, debt) == (500, 0, 0)
    assert pending, "what the order earned has crossed too"


async def test_who_pays_nothing_is_joined_when_the_time_is_over(shop: PayShop) -> None:
    by_text, contact, _ = await bound_while_waiting(shop)
    for _ in range(4):
        await shop.later(hours=1)
    assert await merged(shop) == [(contact, by_text)]
    assert await shop.wallet(by_text) == (0, 1000, 0, 0)
