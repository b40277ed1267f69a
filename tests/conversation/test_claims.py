"""A claimed reward from the text to the hand, with everything real: codes, messages, credit and stock."""

import re

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from tests.conversation.chat import Chat

MUG = "Hand-made mug"


async def ask(chat: Chat, operation: str, key: str, **body: JsonValue) -> None:
    """Let the shop ask for something."""
    work = operation_work(
        operation, body, key=f"api:{key}", at=chat.clock(), contact_id=await chat.contact_id()
    )
    result = await chat.app.dispatcher.submit(work)
    assert result.result is not None
    assert "problem" not in result.result, result.result


async def claimed(chat: Chat) -> str:
    """Join, get credit and claim a mug; returns its code."""
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    await ask(chat, "credit.adjust", "rich", amount_minor=2000, reason="a test", by="shop")
    await chat.later(seconds=1)  # it is told of the credit
    (said,) = await chat("claim mug")
    found = re.search(r"with the code (\w{6})\.", said)
    assert found is not None, said
    return found[1]


async def test_the_shop_moves_it_on_and_the_member_hears_of_it(chat: Chat) -> None:
    code = await claimed(chat)
    assert await chat("MY REWARDS") == [f"{MUG}: code {code}, promised for Friday."]
    await ask(chat, "fulfilment.advance", "1", claim=code, state="preparing")
    assert await chat("my rewards") == [f"{MUG}: code {code}, being made ready, promised for Friday."]
    assert (await chat("UNDO"))[0].startswith(f"Your {MUG} was handed out already")
    await ask(chat, "fulfilment.advance", "2", claim=code, promised_on="2026-11-30")
    assert await chat.later(seconds=1) == [f"Your {MUG} is promised for Nov 30 now. Thank you for waiting!"]
    await ask(chat, "fulfilment.advance", "3", claim=code, state="sent", tracking="1Z999")
    assert await chat.later(seconds=1) == [f"Your {MUG} is on its way: 1Z999. It is promised for Monday."]
    await ask(chat, "event.track", "4", id="used-1", name="Reward Used", properties={"code": code})
    await chat.later(seconds=1)
    assert (await chat("my rewards"))[0].startswith("No reward is waiting for you.")
    ((state, left),) = await chat.rows(
        "SELECT f.state, c.units_left FROM fulfilment f JOIN counter c ON c.name = 'stock/reward/mug'"
    )
    assert (state, left) == ("delivered", 49)


async def test_what_cannot_be_had_gives_its_credit_back(chat: Chat) -> None:
    code = await claimed(chat)
    assert (await chat.wallet())[1] == 700
    await ask(chat, "fulfilment.advance", "1", claim=code, state="canceled")
    assert await chat.later(seconds=1) == [
        f"Your {MUG} could not be had, sorry. Your $18.00 credit for it is back. You have $25.00."
    ]
    assert (await chat.wallet())[1] == 2500
    assert (await chat("UNDO"))[0].startswith("Your last redemption is undone already")
    assert await chat.rows("SELECT units_left FROM counter WHERE name = 'stock/reward/mug'") == [(50,)]
