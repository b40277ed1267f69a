"""A friend comes with a code: told by text, rewarded for the first order, taken back with it; over HTTP."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import address_hashes, push
from bot.conversation.inbox import restored
from bot.conversation.operations import operation_work
from bot.conversation.work import Work
from bot.core.contact import JsonValue
from bot.core.loyalty.referral import State
from bot.core.triggers import relayed
from bot.storage import due, erasing
from tests.conversation.chat import NUMBER, Chat, chatting, shipped

FRIEND, STRANGER = "+12125550101", "+12125550102"
DAY = timedelta(days=1)


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    """The shipped application on both databases."""
    async with chatting(database_url) as chat:
        yield chat


async def join(chat: Chat, number: str | None = None, words: str = "LOYALTY") -> list[str]:
    answers = await chat(words, number=number)
    await chat("skip", number=number)
    await chat("skip", number=number)
    return answers


async def code(chat: Chat, number: str | None = None) -> str:
    _, forward = await chat("REFER", number=number)
    found = re.search(r"LOYALTY (\w{6})\b", forward)
    assert found is not None
    return found[1]


async def order(
    chat: Chat, number: str, reference: str, minor: int, facts: Mapping[str, JsonValue] | None = None
) -> None:
    body: dict[str, JsonValue] = {
        "order": reference,
        "status": "paid",
        "lines": [{"sku": "TEA", "quantity": 1, "unit_minor": minor}],
        **({"facts": dict(facts)} if facts else {}),
    }
    await ask(chat, number, "order.report", body)


async def ask(
    chat: Chat, number: str, name: str, body: Mapping[str, JsonValue], contact: str | None = None
) -> None:
    contact = contact or await chat.contact_id(number)
    chat.clock.now += timedelta(seconds=1)
    key = f"api:{name}/{number}/{chat.clock.now.isoformat()}"
    result = await chat.app.dispatcher.submit(
        operation_work(name, body, key=key, at=chat.clock.now, contact_id=contact)
    )
    assert result.result is not None
    assert "problem" not in result.result, result.result
    await chat.strike()


async def standing(chat: Chat, number: str) -> tuple[str, str] | None:
    """(state, reason) of the friend's own record."""
    found = await chat.of("standing", "kind, value, facts", "kind", number=number)
    for kind, value, facts in found:
        if kind == "referred":
            reason = re.search(r'"reason":"(\w+)"', facts)
            return value, reason[1] if reason else ""
    return None


async def brought(chat: Chat, number: str | None = None) -> list[tuple[str, str | None]]:
    """(state, reason) of every friend the member brought."""
    return [(row[0], row[1]) for row in await chat.of("referral", "state, reason", "friend", number=number)]


async def test_both_sides_are_rewarded_for_the_first_order_that_qualifies(chat: Chat) -> None:
    await join(chat)
    mine = await code(chat)
    answers = await join(chat, FRIEND, f"LOYALTY {mine}")
    assert any("Your friend's code counts: $5.00 for you" in answer for answer in answers)
    assert await standing(chat, FRIEND) == (State.JOINED, "")
    chat.news()
    await chat.strike()
    assert await brought(chat) == [(State.JOINED, None)]
    before = await chat.wallet(), await chat.wallet(FRIEND)
    await order(chat, FRIEND, "F-1", 1_499)  # a cent too little
    assert (await standing(chat, FRIEND)) == (State.JOINED, "")
    assert await chat.wallet() == before[0]
    await order(chat, FRIEND, "F-2", 1_500)
    assert await standing(chat, FRIEND) == (State.QUALIFIED, "")
    assert await brought(chat) == [(State.QUALIFIED, None)]
    assert (await chat.wallet())[0] == before[0][0] + 500  # pending
    assert [text for text in chat.news() if "A friend you invited" in text] == [
        (
            "A friend you invited has placed a first order: $5.00 is yours from Dec 8."
            " Reply REFER to invite more."
        )
    ]
    assert any("Thanks for your first order! $5.00" in text for text in chat.news(FRIEND))
    stats, _ = await chat("REFER")
    assert "So far: 1 invited, 1 joined, $5.00 pending, $0.00 earned." in stats
    await chat.later(days=15)
    stats, _ = await chat("REFER")
    assert "$0.00 pending, $5.00 earned." in stats
    await order(chat, FRIEND, "F-3", 9_000)  # once is once
    entries = await chat.of("entry", "key", "number")
    assert [key for (key,) in entries if key.startswith("referral/")] == [
        f"referral/{await chat.contact_id(FRIEND)}"
    ]


async def test_what_was_given_goes_back_with_the_order(chat: Chat) -> None:
    await join(chat)
    await join(chat, FRIEND, f"LOYALTY {await code(chat)}")
    before = await chat.wallet(), await chat.wallet(FRIEND)
    await order(chat, FRIEND, "F-1", 2_000)
    chat.news()
    await ask(chat, FRIEND, "order.refund", {"order": "F-1", "everything": True})
    assert (await chat.wallet(), await chat.wallet(FRIEND)) == before
    assert await standing(chat, FRIEND) == (State.REVERSED, "")
    assert await brought(chat) == [(State.REVERSED, None)]
    assert any("so the $5.00 for it does not come" in text for text in chat.news())
    await order(chat, FRIEND, "F-2", 2_000)
    assert (await chat.wallet()) == before[0]


async def test_an_order_by_text_is_undone_only_by_what_comes_back(chat: Chat) -> None:
    await join(chat)
    await join(chat, FRIEND, f"LOYALTY {await code(chat)}")
    before = await chat.wallet()
    await chat.order(("TEA", 20), number=FRIEND)
    await chat("REORDER", number=FRIEND)
    await chat("YES", number=FRIEND)
    await chat.strike()
    assert await brought(chat) == [(State.QUALIFIED, None)]
    placed = "SELECT id FROM shop_order WHERE source <> 'shop'"
    ((mine,),) = await chat.rows(placed)
    await ask(chat, FRIEND, "order.report", {"order": mine, "status": "placed"})
    assert await standing(chat, FRIEND) == (State.QUALIFIED, "")
    await ask(chat, FRIEND, "order.refund", {"order": mine, "amount_minor": 100})
    assert await standing(chat, FRIEND) == (State.QUALIFIED, "")
    assert (await chat.wallet())[0] == before[0] + 500
    await ask(chat, FRIEND, "order.cancel", {"order": mine})
    assert await standing(chat, FRIEND) == (State.REVERSED, "")
    assert await brought(chat) == [(State.REVERSED, None)]
    assert await chat.wallet() == before


@pytest.mark.parametrize("change", [("minimum: 15.00 ", "minimum: 50.00 "), ("\nreferral:", "\n# referral:")])
async def test_who_has_qualified_is_judged_by_the_rules_of_then(
    database_url: str, tmp_path: Path, change: tuple[str, str]
) -> None:
    flows = shipped(tmp_path, "loyalty", "refer", "invited")
    async with chatting(database_url, flows=flows) as chat:
        await join(chat)
        await join(chat, FRIEND, f"LOYALTY {await code(chat)}")
        before = await chat.wallet()
        await order(chat, FRIEND, "F-1", 2_000)
        was, becomes = change
        written = (flows / "program.yaml").read_text()
        assert was in written
        if becomes.startswith("\n#"):
            written = re.sub(r"\nreferral:(.*\n)(  .*\n)+", "\n", written)
        (flows / "program.yaml").write_text(written.replace(was, becomes))
        await push(chat.app.database, chat.app.settings, chat.clock)
        await chat.app.reload()
        await ask(chat, FRIEND, "order.report", {"order": "F-1", "status": "fulfilled"})
        await ask(chat, FRIEND, "order.refund", {"order": "F-1", "amount_minor": 500})
        assert await standing(chat, FRIEND) == (State.QUALIFIED, "")
        assert (await chat.wallet())[0] == before[0] + 500
        await ask(chat, FRIEND, "order.refund", {"order": "F-1", "amount_minor": 501})
        assert await standing(chat, FRIEND) == (State.REVERSED, "")
        assert await chat.wallet() == before


async def test_a_bonus_is_for_who_is_in_an_audience_when_the_friend_buys(
    database_url: str, tmp_path: Path
) -> None:
    flows = shipped(tmp_path, "loyalty", "refer", "invited")
    written = (flows / "program.yaml").read_text()
    bonus = "  bonuses: [{advocate: 8.00, for: {audience: buyers}}]\n"
    (flows / "program.yaml").write_text(written.replace("\nreferral:", f"\nreferral:\n{bonus}#"))
    (flows / "audiences.yaml").write_text("buyers: {event: Order Completed, count: '>= 1', within: 10d}\n")
    async with chatting(database_url, flows=flows) as chat:
        await join(chat)
        stats, _ = await chat("REFER")
        assert "you get $5.00" in stats
        await order(chat, NUMBER, "A-1", 1_000)
        stats, _ = await chat("REFER")
        assert "you get $8.00" in stats
        await join(chat, FRIEND, f"LOYALTY {await code(chat)}")
        before = await chat.wallet()
        await order(chat, FRIEND, "F-1", 2_000)
        assert (await chat.wallet())[0] == before[0] + 800
        await chat.later(days=11)
        stats, _ = await chat("REFER")
        assert "you get $5.00" in stats, "nobody's order is so new any more"
        assert "$8.00 pending" in stats, "what was given stays as it was then"
        await ask(chat, FRIEND, "order.refund", {"order": "F-1", "everything": True})
        assert await chat.wallet() == before


async def erase(chat: Chat, contact: str) -> None:
    hashes = address_hashes(chat.app.settings)
    await chat.app.database.transact(lambda c: erasing.erase(c, contact, chat.clock(), hashes))


@pytest.mark.parametrize("is_named", [True, False])
async def test_an_erased_friends_orders_still_come_back(chat: Chat, *, is_named: bool) -> None:
    await join(chat)
    await join(chat, FRIEND, f"LOYALTY {await code(chat)}")
    before, friend = await chat.wallet(), await chat.contact_id(FRIEND)
    await order(chat, FRIEND, "F-1", 2_000, {"payment": "card 4242"})
    await erase(chat, friend)
    if not is_named:  # as it was erased before our own ids stayed
        await chat.run("UPDATE standing SET facts = '{}' WHERE kind = 'referred'")
    await ask(chat, FRIEND, "order.cancel", {"order": "F-1"}, friend)
    assert await brought(chat) == [(State.REVERSED if is_named else State.QUALIFIED, None)]
    assert (await chat.wallet() == before) is is_named
    (facts,) = await chat.rows("SELECT facts FROM standing WHERE kind = 'referred'")
    assert re.search("[0-9a-f]{64}", facts[0]) is None


async def test_a_code_alone_waits_for_its_sender_to_join(chat: Chat) -> None:
    await join(chat)
    mine = await code(chat)
    (answer,) = await chat(mine.lower(), number=FRIEND)
    assert answer.startswith("That's a friend's code: $5.00 for you")
    await chat.strike()
    assert await brought(chat) == [(State.INVITED, None)]
    await chat.later(hours=1)
    answers = await join(chat, FRIEND)
    assert any("Your friend's code counts" in answer for answer in answers)
    await chat.strike()
    assert await brought(chat) == [(State.JOINED, None)]


async def test_nobody_brings_themselves_nor_a_member(chat: Chat) -> None:
    await join(chat)
    mine = await code(chat)
    (answer,) = await chat(mine)
    assert answer.startswith("That is your own code.")
    assert await standing(chat, chat.number) == (State.REFUSED, "self_referral")
    await join(chat, FRIEND)
    await chat.later(days=8)
    (answer,) = await chat(mine, number=FRIEND)
    assert answer.startswith("A friend's code is for new members")
    assert await standing(chat, FRIEND) == (State.REFUSED, "existing_member")
    await chat.strike()
    assert await brought(chat) == [(State.REFUSED, "existing_member")]


async def test_two_never_bring_each_other_and_who_has_friends_is_not_new(chat: Chat) -> None:
    await join(chat)
    await join(chat, STRANGER)
    await join(chat, FRIEND, f"LOYALTY {await code(chat)}")
    await chat.strike()
    await chat(await code(chat, FRIEND))
    assert await standing(chat, chat.number) == (State.REFUSED, "brought_by_friend")
    await chat(await code(chat, STRANGER))
    assert await standing(chat, chat.number) == (State.REFUSED, "existing_member")


async def test_of_two_who_come_with_each_others_code_at_once_the_second_counts_for_nothing(
    chat: Chat,
) -> None:
    """What one side knows of the other's coming is told by a job: it may not have been by then."""
    await join(chat)
    await join(chat, FRIEND)
    mine, theirs = await code(chat), await code(chat, FRIEND)
    chat.app.clockwork.pause()
    await chat(theirs)
    await chat(mine, number=FRIEND)
    assert [await standing(chat, one) for one in (chat.number, FRIEND)] == [(State.JOINED, "")] * 2
    await chat.strike()
    before = await chat.wallet(), await chat.wallet(FRIEND)
    await order(chat, FRIEND, "F-1", 2_000)
    assert await standing(chat, FRIEND) == (State.REFUSED, "existing_member")
    assert await chat.wallet() == before[0]
    assert (await chat.wallet(FRIEND))[0] == before[1][0] + 100, "what every order earns"


async def test_a_friend_has_one_advocate(chat: Chat) -> None:
    await join(chat)
    await join(chat, STRANGER)
    first, second = await code(chat), await code(chat, STRANGER)
    assert first != second
    await join(chat, FRIEND, f"LOYALTY {first}")
    (answer,) = await chat(second, number=FRIEND)
    assert answer.startswith("Sorry, that code cannot be used now")
    assert await standing(chat, FRIEND) == (State.JOINED, "")


async def test_who_pays_like_the_advocate_or_another_customer_is_no_new_one(chat: Chat) -> None:
    await join(chat)
    mine = await code(chat)
    await order(chat, chat.number, "A-1", 900, {"payment": "card 4242", "address": "1 Main St"})
    await join(chat, FRIEND, f"LOYALTY {mine}")
    await order(chat, FRIEND, "F-1", 3_000, {"payment": "CARD  4242", "device": "phone 7"})
    assert await standing(chat, FRIEND) == (State.REFUSED, "same_payment")
    await join(chat, STRANGER, f"LOYALTY {mine}")
    await order(chat, STRANGER, "S-1", 3_000, {"device": "phone 7"})
    assert await standing(chat, STRANGER) == (State.REFUSED, "known_device")
    assert sorted(await brought(chat)) == [(State.REFUSED, "known_device"), (State.REFUSED, "same_payment")]
    told = await chat.of("referral", "evidence", "friend") + await chat.of("trigger", "payload", "key")
    assert not any(re.search("[0-9a-f]{64}", text) for (text,) in told if text), "the friend's stay with it"
    stored = await chat.rows("SELECT d.value FROM directory d WHERE d.kind = 'evidence'")
    assert len(stored) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", value) for (value,) in stored)


async def test_one_code_brings_no_more_friends_than_its_limit(chat: Chat) -> None:
    await join(chat)
    mine = await code(chat)
    numbers = [f"+1212555011{digit}" for digit in range(6)]
    for number in numbers:
        await join(chat, number, f"LOYALTY {mine}")
    states = [await standing(chat, number) for number in numbers]
    assert states == [(State.JOINED, "")] * 5 + [(State.REFUSED, "hour_limit")]
    await chat.later(hours=1)
    (answer,) = await chat(mine, number=numbers[-1])
    assert answer.startswith("Your friend's code counts")


async def test_an_order_that_comes_too_late_brings_nothing(chat: Chat) -> None:
    await join(chat)
    await join(chat, FRIEND, f"LOYALTY {await code(chat)}")
    chat.clock.now += timedelta(days=91)
    await order(chat, FRIEND, "F-1", 3_000)
    assert await standing(chat, FRIEND) == (State.REFUSED, "expired")


async def test_news_that_comes_twice_or_late_changes_nothing(chat: Chat) -> None:
    """What the friend's turns tell is handed on by a job, which may die, and not in order."""
    await join(chat)
    await join(chat, FRIEND, f"LOYALTY {await code(chat)}")
    told: list[Work] = []

    async def relays() -> None:
        for bucket in range(256):
            for stored in await chat.app.database.query(
                lambda c, bucket=bucket: due.relays(c, bucket, chat.clock.now, 100)  # type: ignore[misc]  # now
            ):
                contact, trigger = relayed(restored(stored).trigger)
                told.append(Work(trigger, contact_id=contact))

    chat.app.clockwork.pause()
    contact = await chat.contact_id(FRIEND)
    line: JsonValue = {"sku": "TEA", "quantity": 1, "unit_minor": 2_000}
    asked: dict[str, dict[str, JsonValue]] = {
        "order.report": {"order": "F-1", "status": "paid", "lines": [line]},
        "order.refund": {"order": "F-1", "everything": True},
    }
    for name, body in asked.items():
        chat.clock.now += timedelta(minutes=1)
        work = operation_work(name, body, key=f"api:{name}", at=chat.clock.now, contact_id=contact)
        await chat.app.dispatcher.submit(work)
    await relays()
    assert len(told) == 3  # joined, qualified, reversed
    for work in (*reversed(told), *told):
        await chat.app.dispatcher.submit(work)
    await chat.strike()
    assert await brought(chat) == [(State.REVERSED, None)]
    assert (await chat.wallet())[0] == 0


async def test_a_code_is_kept_until_a_double_opt_in_is_confirmed(database_url: str, tmp_path: Path) -> None:
    policy = "groups:\n  loyalty: {double_opt_in: true}\n"
    flows = shipped(tmp_path, "loyalty", "refer", "invited", policy=policy)
    async with chatting(database_url, flows=flows) as chat:
        for words in ("LOYALTY", "YES", "skip", "skip"):
            await chat(words)
        mine = await code(chat)
        (prompt,) = await chat(f"LOYALTY {mine}", number=FRIEND)
        assert "reply YES" in prompt
        assert await standing(chat, FRIEND) == (State.INVITED, "")
        answers = await chat("YES", number=FRIEND)
        assert any("Your friend's code counts" in answer for answer in answers)
        assert await standing(chat, FRIEND) == (State.JOINED, "")
