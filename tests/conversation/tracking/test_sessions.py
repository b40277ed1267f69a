"""Sessions that are kept as activities come: late ones, and those of who turned out to be one."""

from datetime import timedelta

from bot.core.tracking.message import PAGE_VIEWED
from bot.core.tracking.sessions import APP_STARTED, SESSION_STARTED
from tests.conversation.chat import NOON, Chat
from tests.conversation.tracking.telling import BROWSER, message, tracker_of

PAGES = """flow: greet_visitor
title: Greet who comes
language: en
start:
  - event: Session Started
steps:
  - say: {text: "Hello!", group: loyalty}
"""


async def view(chat: Chat, *minutes_ago: int, who: str = "u1", event: str = PAGE_VIEWED) -> None:
    """Let pages be viewed, told one by one in this order."""
    for minutes in minutes_ago:
        told = message(f"{who}/{minutes}", user=who, event=event, ago=timedelta(minutes=minutes))
        await tracker_of(chat).take([told], BROWSER)


async def sessions(chat: Chat) -> list[int]:
    """How many minutes ago the sessions of everybody began, the oldest first."""
    found = await chat.rows(
        "SELECT e.at FROM event e WHERE e.name = :name ORDER BY e.at", name=SESSION_STARTED
    )
    now = round(NOON.timestamp() * 1_000_000)
    return [round((now - at) / 60_000_000) for (at,) in found]


async def current(chat: Chat) -> list[tuple[int, int]]:
    """How many minutes ago each contact was last seen, and its session began."""
    now = round(NOON.timestamp() * 1_000_000)
    found = await chat.rows("SELECT a.last_at, a.session_at FROM activity a")
    return [(round((now - last) / 60_000_000), round((now - began) / 60_000_000)) for last, began in found]


async def test_a_session_starts_with_the_first_activity_after_a_pause(chat: Chat) -> None:
    await view(chat, 200, 180, 151, 120)
    await view(chat, 60, event=APP_STARTED)
    assert await sessions(chat) == [200, 120, 60]
    assert await current(chat) == [(60, 60)]


async def test_a_late_activity_moves_the_start_back(chat: Chat) -> None:
    await view(chat, 100, 90, 110)
    assert await sessions(chat) == [110]
    assert await current(chat) == [(90, 110)]


async def test_a_late_activity_bridges_two_sessions(chat: Chat) -> None:
    await view(chat, 140, 90)
    assert await sessions(chat) == [140, 90]
    await view(chat, 115)
    assert await sessions(chat) == [140]
    assert await current(chat) == [(90, 140)]


async def test_a_late_activity_may_make_a_session_of_its_own(chat: Chat) -> None:
    await view(chat, 50, 300, 299)
    assert await sessions(chat) == [300, 50]
    assert await current(chat) == [(50, 50)]
