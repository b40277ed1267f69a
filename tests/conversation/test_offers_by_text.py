"""Orders by text take off what a checkout would: said when asked, spent when placed, back with a return."""

from itertools import count

from bot.conversation.operations import operation_work
from bot.conversation.shop.desk import CANCEL, Buyer, Desk
from bot.core.contact import JsonValue
from bot.storage import counters, revisions, stock
from tests.conversation.chat import NUMBER, Chat

TEAS: list[JsonValue] = [{"sku": "TEA", "quantity": 2}, {"sku": "BUN", "quantity": 1}]
"""11.00, of which 7.00 are teas."""
_KEYS = count(1)


async def drinker(chat: Chat) -> None:
    """A member with 5.00 of credit and 20% off any tea, who bought teas before."""
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    desk = Desk(chat.app.database, chat.app.dispatcher)
    told: dict[str, JsonValue] = {"order": "A-1", "status": "placed", "lines": TEAS}
    await desk.report(told, Buyer(phone=NUMBER), key=f"test:{next(_KEYS)}", at=chat.clock())
    await chat("TEATIME")


async def offers(chat: Chat) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in await chat.of("offer", "offer, state", "id")]


async def test_a_reorder_takes_off_what_the_member_was_given(chat: Chat) -> None:
    """Bug: whoever ordered by text paid more than at the checkout, and was not told."""
    await drinker(chat)
    (asked,) = await chat("REORDER")
    assert asked.startswith(
        "2 x Jasmine tea, Cinnamon bun (20% off any tea): $9.60, less $5.00 credit: $4.60 to pay."
    )
    placed = await chat("YES")
    assert "$4.60" in placed[0]
    found = await chat.of(
        "shop_order", "id, total_minor, discount_minor, credit_minor, cash_minor", "id DESC"
    )
    order = next(row for row in found if row[1] == 960)
    assert order[2:] == (140, 500, 460)
    assert await offers(chat) == [("tea_time", "spent")]
    ((payload,),) = await chat.of("call", "payload", "created_at DESC LIMIT 1")
    assert '"discount_minor":140' in payload
    (again,) = await chat("REORDER")
    assert "off any tea" not in again
    desk = Desk(chat.app.database, chat.app.dispatcher)
    key = f"test:{next(_KEYS)}"
    done = await desk.give_back(CANCEL, {"order": str(order[0])}, key=key, at=chat.clock())
    assert done.result is not None
    assert done.result["status"] == "canceled"
    assert await offers(chat) == [("tea_time", "given")]
    assert (await chat.wallet())[1] == 500


async def test_what_was_confirmed_with_an_offer_is_not_placed_without(chat: Chat) -> None:
    await drinker(chat)
    await chat("REORDER")
    basket: dict[str, JsonValue] = {"order": "S-1", "lines": TEAS, "use_credit": False}
    held = operation_work(
        "checkout.hold", basket, key="api:h", at=chat.clock(), contact_id=await chat.contact_id()
    )
    result = await chat.app.dispatcher.submit(held)
    assert result.result is not None
    assert result.result["discount_minor"] == 140
    (said,) = await chat("YES")
    assert said.startswith("The price has changed, and nothing was ordered yet. ")
    assert "$6.00 to pay" in said
    assert await offers(chat) == [("tea_time", "held")]


async def test_what_is_sold_out_is_not_ordered_by_text(chat: Chat) -> None:
    """Bug: a product of which the shop told none was offered, and its order taken."""
    await drinker(chat)
    await chat.app.database.transact(lambda one: stock.put(one, "BUN", 0, chat.clock()))
    await chat.app.database.transact(lambda one: stock.put(one, "TEA", 3, chat.clock()))
    await chat.app.database.transact(lambda one: revisions.touch(one, "f" * 32))
    await chat.app.reload()
    (asked,) = await chat("REORDER")
    assert asked.startswith(
        "2 x Jasmine tea (20% off any tea): $5.60, less $5.00 credit: $0.60 to pay."
        " Cinnamon bun is sold out or off our menu."
    )
    assert (await chat("YES"))[0].startswith("Thank you!")
    left = await chat.app.database.query(lambda one: counters.left(one, ["stock/BUN", "stock/TEA"]))
    assert left == {"stock/BUN": 0, "stock/TEA": 1}
