"""A regular's tea runs low: the shop reports orders, the clock strikes, the phone asks, a YES orders it."""

from functools import partial
from itertools import count

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.storage import stock
from tests.conversation.chat import Chat

_NUMBERS = count(1)


async def report(chat: Chat, sku: str = "TEA", **changed: JsonValue) -> str:
    """The shop tells of an order of something that is used up; returns the shop's own id of it."""
    number = next(_NUMBERS)
    reference = str(changed.pop("order", f"R-{number}"))
    line: dict[str, JsonValue] = {"sku": sku, "quantity": 1, "category": "beans and leaves"}
    body: dict[str, JsonValue] = {"order": reference, "status": "paid", "lines": [line], **changed}
    work = operation_work(
        "order.report",
        body,
        key=f"api:low-{number}",
        at=chat.clock.now,
        contact_id=await chat.contact_id(),
    )
    result = (await chat.app.dispatcher.submit(work)).result
    assert result is not None
    assert "problem" not in result
    return reference


async def regular(chat: Chat) -> str:
    """A member who buys every second Tuesday, and just did."""
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    reference = await report(chat)
    for _ in range(3):
        await chat.later(days=14)
        reference = await report(chat)
    chat.news()
    return reference


async def test_a_regular_is_asked_in_time_and_orders_with_a_yes(chat: Chat) -> None:
    await regular(chat)
    heard: list[str] = []
    for _ in range(16):
        heard += [text for text in await chat.later(days=1) if "running low" in text]
    (asked,) = heard
    assert asked.startswith("Your Jasmine tea may be running low")
    assert asked.endswith("Reply YES to reorder.")
    (said,) = await chat("YES")
    assert said.startswith("Thank you! Order ")
    # The order is one of what is used up: the next question is a fortnight away.
    for _ in range(8):
        assert not [text for text in await chat.later(days=1) if "running low" in text]


async def test_who_gave_the_last_one_back_is_not_asked(chat: Chat) -> None:
    reference = await regular(chat)
    await report(chat, order=reference, returned={"everything": True})
    for _ in range(20):
        assert not [text for text in await chat.later(days=1) if "running low" in text]


async def test_what_is_back_is_told_to_who_likes_it_best(chat: Chat) -> None:
    await regular(chat)
    say = chat.app.database.transact
    await say(lambda c: stock.put(c, "TEA", 0, chat.clock.now))
    await chat.later(days=2)
    chat.news()
    await say(lambda c: stock.put(c, "TEA", 9, chat.clock.now))
    (told,) = await chat.later(minutes=1)
    assert told.startswith("Good news: Jasmine tea is back. Jasmine tea: $3.50")


async def test_a_question_that_was_not_sent_is_not_answered_by_a_yes(chat: Chat) -> None:
    await regular(chat)
    await chat.later(days=2)
    for units in (0, 9, 0, 9):  # the second message of that day is one too many
        await chat.app.database.transact(partial(stock.put, sku="TEA", units=units, now=chat.clock.now))
        await chat.later(minutes=1)
    assert [state for (state,) in await chat.outbox()].count("refused") == 1
    (ordered,) = await chat("YES")
    assert ordered.startswith("Thank you! Order ")
    (nothing,) = await chat("YES")
    assert nothing.startswith("There is nothing to answer right now.")
