"""Sessions and traits of visitors who turn out to be one, and of two who are parted again."""

from datetime import timedelta

import orjson
import pytest

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from bot.core.deeds import parting
from bot.core.tracking.message import PAGE_VIEWED
from bot.core.tracking.sessions import SESSION_STARTED
from tests.conversation.chat import NOON, Chat
from tests.conversation.tracking.telling import BROWSER, SERVER, message, tracker_of


async def sessions(chat: Chat) -> list[tuple[str, int]]:
    """Whose sessions began how many minutes ago, the oldest first."""
    found = await chat.rows(
        "SELECT contact, at FROM event WHERE name = :name ORDER BY at, contact", name=SESSION_STARTED
    )
    now = round(NOON.timestamp() * 1_000_000)
    return [(str(contact), round((now - at) / 60_000_000)) for contact, at in found]


async def view(chat: Chat, who: str, *minutes_ago: int, user: str | None = None) -> None:
    """Let pages be viewed by a visitor, or by a user in their browser."""
    for minutes in minutes_ago:
        ago = timedelta(minutes=minutes)
        told = message(f"{who}/{minutes}", anonymous=who, user=user, event=PAGE_VIEWED, ago=ago)
        await tracker_of(chat).take([told], BROWSER)


async def test_a_session_on_two_devices_is_one_once_it_is_one_person(chat: Chat) -> None:
    await view(chat, "phone", 100, user="u1")
    await view(chat, "laptop", 90, 40)
    assert [minutes for _, minutes in await sessions(chat)] == [100, 90, 40]
    await view(chat, "laptop", 5, user="u1")
    await chat.strike()
    assert [minutes for _, minutes in await sessions(chat)] == [100, 40, 5]


async def test_who_is_parted_has_sessions_of_their_own_again(chat: Chat) -> None:
    await view(chat, "phone", 100, user="u1")
    await view(chat, "laptop", 90)
    await tracker_of(chat).take([message("m1", anonymous="laptop", traits={"plan": "pro"})], SERVER)
    await tracker_of(chat).take(
        [message("m2", anonymous="laptop", user="u1", traits={"city": "Rome"})], SERVER
    )
    await chat.strike()
    assert [minutes for _, minutes in await sessions(chat)] == [100]
    ((other, survivor),) = await chat.rows(
        "SELECT id, merged_into FROM contact WHERE merged_into IS NOT NULL"
    )
    (known,) = await chat.rows("SELECT attributes FROM contact WHERE id = :id", id=survivor)
    assert orjson.loads(known[0]) == {"plan": "pro", "city": "Rome"}
    body: dict[str, JsonValue] = {"other": other, "by": "operator/ana", "reason": "two people"}
    work = operation_work(parting.SPLIT, body, key="op:1", at=chat.clock(), contact_id=survivor)
    await chat.app.dispatcher.submit(work)
    await chat.strike()
    (one, first), (two, second) = await sessions(chat)
    assert (first, second) == (100, 90)
    assert {one, two} == {survivor, other}
    assert len(await chat.rows("SELECT contact FROM activity")) == 2


async def test_who_is_to_leave_to_two_at_once_is_joined_with_both(chat: Chat) -> None:
    for name in ("phone", "laptop"):
        await tracker_of(chat).take([message(name, anonymous=name, event="Tea Steeped")], BROWSER)
    chat.clock.now += timedelta(minutes=1)  # so that the user is known for the shortest time
    for one in (
        message("m1", user="u1", event="Tea Steeped"),
        message("m2", user="u1", anonymous="phone"),
        message("m3", user="u1", anonymous="laptop"),
    ):
        await tracker_of(chat).take([one], SERVER)
    await chat.strike()
    left = await chat.rows("SELECT id FROM contact WHERE merged_into IS NULL")
    assert len(left) == 1
    assert len(await chat.rows("SELECT contact FROM joined WHERE undone_at IS NULL")) == 2


ANA, BOB = "+14155550101", "+14155550102"


@pytest.mark.parametrize("in_one_batch", [True, False])
async def test_a_cookie_of_a_shared_computer_joins_nobody_who_has_a_number(
    chat: Chat, *, in_one_batch: bool
) -> None:
    told = [
        message("m1", anonymous="pc", traits={"phone": ANA}),
        message("m2", user="bob", traits={"phone": BOB}),
        message("m3", user="bob", anonymous="pc", event="Signed In"),
    ]
    for batch in [told] if in_one_batch else [[one] for one in told]:
        await tracker_of(chat).take(batch, SERVER)
        await chat.strike()
    found = await chat.rows("SELECT value, contact FROM directory WHERE kind <> 'email'")
    whose = {str(value): contact for value, contact in found}
    assert whose[ANA] != whose[BOB]
    assert whose["pc"] == whose["bob"] == whose[BOB]
    assert await chat.rows("SELECT id FROM contact WHERE merged_into IS NOT NULL") == []


async def test_a_user_who_is_new_is_not_the_member_whose_cookie_they_show(chat: Chat) -> None:
    await tracker_of(chat).take([message("m1", anonymous="pc", traits={"phone": chat.number})], SERVER)
    await chat.strike()
    await tracker_of(chat).take([message("m2", user="bob", anonymous="pc", event="Signed In")], SERVER)
    (known,) = await chat.rows("SELECT contact FROM address WHERE channel = 'external'")
    assert known != (await chat.contact_id(),)
