"""Gifts by text: they keep their end, arrive once whatever dies, and come back where nobody is."""

from collections.abc import AsyncIterator, Mapping

import pytest

from bot.conversation.inbox import restored
from bot.conversation.operations import operation_work
from bot.conversation.work import Work
from bot.core.contact import JsonValue
from bot.core.ledger.replay import Standing
from bot.core.ledger.verifying import findings
from bot.core.triggers import relayed
from bot.storage import due
from tests.conversation.chat import Chat, Clock, chatting
from tests.storage.scripted import stored

FRIEND, STRANGER = "+12125550101", "+12125550102"
GIFT = "GIFT 3 to +1 (212) 555-0101"


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    """Two members of the shipped program, with five dollars each."""
    async with chatting(database_url) as chat:
        for number in (chat.number, FRIEND):
            await join(chat, number)
        yield chat


async def join(chat: Chat, number: str) -> None:
    for words in ("LOYALTY", "skip", "skip"):
        await chat(words, number=number)


async def available(chat: Chat) -> tuple[int, int]:
    """What the two have, by sound books."""
    for number in (chat.number, FRIEND):
        await sound(chat, number)
    return (await chat.wallet())[1], (await chat.wallet(FRIEND))[1]


async def sound(chat: Chat, number: str) -> None:
    contact = await chat.contact_id(number)
    snapshot = await chat.app.database.query(lambda c: stored(c, contact))
    standing = Standing(snapshot.wallet, tuple(snapshot.lots), tuple(snapshot.holds))
    assert findings(standing, snapshot.entries) == []


async def on_its_way(chat: Chat) -> int:
    """What has left a wallet and is in no other: all transfers of all members together."""
    found = await chat.rows(
        """SELECT COALESCE(SUM(CASE WHEN d.target = 'transfer' THEN 1 ELSE -1 END * d.amount_minor), 0)
        FROM draw d WHERE d.target = 'transfer' OR d.source = 'transfer'"""
    )
    return int(found[0][0])


async def test_a_gift_keeps_its_end_its_kind_and_its_fund(chat: Chat) -> None:
    (question,) = await chat(GIFT)
    assert question == (
        "Give $3.00 of your credit to +12125550101? It cannot be taken back."
        " Reply YES to give it or NO to keep it."
    )
    assert await available(chat) == (500, 500)
    (done,) = await chat("yes")
    assert done == "Done: $3.00 is on its way to +12125550101. You have $2.00 left."
    await chat.strike()
    assert await available(chat) == (200, 800)
    assert await on_its_way(chat) == 0
    (news,) = chat.news(FRIEND)
    assert news.startswith("A friend has given you $3.00 of credit, good through ")
    columns = "kind, fund, expires_at, expires_on, grace_until, zone, policy, active_from"
    (mine,) = await chat.of("lot", columns, "id")
    theirs = await chat.of("lot", f"{columns}, source_type", "id", number=FRIEND)
    assert [row[:8] for row in theirs if row[8] == "gift"] == [mine]


async def test_no_is_no(chat: Chat) -> None:
    await chat(GIFT)
    (kept,) = await chat("no")
    assert kept == "All right, nothing was sent. Your credit waits for you."
    await chat.strike()
    assert await available(chat) == (500, 500)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("GIFT 5.01 to +1 212 555 0101", "You have $5.00 to give. Nothing was sent."),
        ("GIFT 20.01 to +1 212 555 0101", "That is more than you can give at once: $20.00 at most."),
        ("GIFT 0.50 to +1 212 555 0101", "The smallest gift is $1.00. Nothing was sent."),
        ("GIFT 3 to +1 212 555 0102", "We know no member with that number, so nothing was sent."),
        ("GIFT 3 to +1 212 555 0100", "That is your own number. Nothing was sent."),
        ("GIFT 3 to 12", "To give credit, reply GIFT, how much and to which number"),
        ("GIFT everything to my friend", "To give credit, reply GIFT, how much and to which number"),
    ],
)
async def test_what_cannot_be_given_is_said(chat: Chat, words: str, answer: str) -> None:
    (said,) = await chat(words)
    assert said.startswith(answer)
    assert await available(chat) == (500, 500)


async def test_nobody_learns_whose_many_numbers_are(chat: Chat) -> None:
    for number in range(10):
        (said,) = await chat(f"GIFT 3 to +1 212 555 012{number}")
        assert said.startswith("We know no member with that number")
    (said,) = await chat(GIFT)
    assert said.startswith("You have tried as many numbers as a day allows.")
    (said,) = await chat("GIFT 5.01 to +1 212 555 0101")
    assert said.startswith("You have $5.00 to give.")
    await chat.later(days=1)
    (question,) = await chat(GIFT)
    assert question.startswith("Give $3.00")


async def test_what_is_pending_cannot_be_given(chat: Chat) -> None:
    line: JsonValue = {"sku": "TEA", "quantity": 1, "unit_minor": 10_000}
    await ask(chat, "order.report", {"order": "A-1", "status": "paid", "lines": [line]})
    assert (await chat.wallet())[:2] == (500, 500)
    (said,) = await chat("GIFT 6 to +1 212 555 0101")
    assert said == "You have $5.00 to give; what is still coming cannot be given yet. Nothing was sent."


async def test_a_day_has_its_cap_and_what_came_back_does_not_count(chat: Chat) -> None:
    await ask(chat, "credit.adjust", {"amount_minor": 10_000, "reason": "test", "by": "tester"})
    for _ in range(2):
        await chat("GIFT 20 to +1 212 555 0101")
        await chat("yes")
    (said,) = await chat("GIFT 1 to +1 212 555 0101")
    assert said == "That is more than you can give today: $0.00 at most. Nothing was sent."
    await leave(chat, FRIEND)
    await chat.strike()  # the friend is a member no more: all comes back
    assert await on_its_way(chat) == 0
    assert (await available(chat))[0] == 10_500
    await join_again(chat, FRIEND)
    (question,) = await chat("GIFT 20 to +1 212 555 0101")
    assert question.startswith("Give $20.00")


async def test_a_gift_that_cannot_arrive_returns_into_its_lot(chat: Chat) -> None:
    before = await chat.of("lot", "id, available_minor, expires_at", "id")
    await chat(GIFT)
    await chat("yes")
    await leave(chat, FRIEND)
    chat.news()
    await chat.strike()
    assert await chat.of("lot", "id, available_minor, expires_at", "id") == before
    assert await available(chat) == (500, 500)
    assert chat.news() == ["Your gift of $3.00 could not arrive and is back in your wallet. You have $5.00."]


@pytest.mark.parametrize("dies", ["before it is handed on", "after it was handed on", "while it comes back"])
async def test_it_arrives_once_or_comes_back_once_whatever_dies(database_url: str, dies: str) -> None:
    clock = Clock()
    async with chatting(database_url, clock=clock) as chat:
        for number in (chat.number, FRIEND):
            await join(chat, number)
        await chat(GIFT)
        await chat("yes")
        if dies == "while it comes back":
            await leave(chat, FRIEND)
        if dies != "before it is handed on":
            for work in await relays(chat):
                await chat.app.dispatcher.submit(work)  # and dies before it is noted that this was done
        assert (await on_its_way(chat) == 0) is (dies == "after it was handed on")
    async with chatting(database_url, clock=clock) as chat:
        await chat.strike()
        for work in await every_relay(chat):
            await chat.app.dispatcher.submit(work)  # handed on again and again
        await chat.strike()
        there = (200, 800) if dies != "while it comes back" else (500, 500)
        assert await available(chat) == there
        assert await on_its_way(chat) == 0


async def relays(chat: Chat) -> list[Work]:
    """What waits to be handed on."""
    found = []
    for bucket in range(256):
        for one in await chat.app.database.query(
            lambda c, bucket=bucket: due.relays(c, bucket, chat.clock.now, 100)  # type: ignore[misc]  # bound now
        ):
            contact, trigger = relayed(restored(one).trigger)
            found.append(Work(trigger, contact_id=contact))
    return found


async def every_relay(chat: Chat) -> list[Work]:
    """What was ever handed on, as if nobody had noted it."""
    await chat.run("UPDATE \"trigger\" SET state = 'new' WHERE kind = 'relay'")
    return await relays(chat)


async def ask(chat: Chat, name: str, body: Mapping[str, JsonValue]) -> None:
    contact = await chat.contact_id()
    work = operation_work(name, body, key=f"api:{name}", at=chat.clock.now, contact_id=contact)
    await chat.app.dispatcher.submit(work)


async def leave(chat: Chat, number: str) -> None:
    """Be a member no more, as whoever is erased is."""
    await chat.run("UPDATE contact SET enrolled_at = NULL WHERE id = :id", id=await chat.contact_id(number))


async def join_again(chat: Chat, number: str) -> None:
    await chat.run("UPDATE contact SET enrolled_at = 1 WHERE id = :id", id=await chat.contact_id(number))
