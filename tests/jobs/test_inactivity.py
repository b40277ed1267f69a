"""Credit that ends for want of activity: kept alive by what members do, told anew, never without notice."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from tests.conversation.chat import FLOWS, Chat, chatting, shipped

MONTREAL = "+15145550100"
PROGRAM = (
    (FLOWS / "program.yaml")
    .read_text()
    .replace("  expiry: {after: 60d}\n", "")
    .replace(
        "expiry: {after: 12 months, round_up_to: month}",
        "expiry: {inactive_for: 60d, restarted_by: [redeem]}\n"
        "jurisdictions:\n"
        "  CA-QC: {expiry: {inactive_for: 12 months}, notices: {before: [45d]}, told_before: 30d}",
    )
)


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop whose credit ends by inactivity."""
    assert "inactive_for: 60d" in PROGRAM
    names = ("loyalty", "balance", "rewards", "redeeming", "expiry_reminder")
    flows = shipped(tmp_path, *names, program=PROGRAM)
    async with chatting(database_url, flows=flows) as chat:
        yield chat


async def join(chat: Chat, number: str | None = None) -> None:
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text, number=number)


async def last_days(chat: Chat, number: str | None = None) -> list[date]:
    found = await chat.of("lot", "expires_on", "expires_on", number=number)
    return [date.fromisoformat(day) for (day,) in found]


async def test_redeeming_keeps_the_rest_alive_and_its_new_end_is_announced(chat: Chat) -> None:
    await join(chat)
    assert await last_days(chat) == [date(2027, 1, 23)]
    (notice,) = await chat.later(days=31)
    assert notice.startswith("You have $5.00 credit expiring Jan 23")
    await chat("REWARDS")
    assert any("Pastry" in text for text in await chat("1"))
    await chat("YES")
    assert await chat.wallet() == (0, 100, 0, 0)
    assert await last_days(chat) == [date(2027, 2, 23)]
    assert ("extend", "") in await chat.entries()
    (again,) = await chat.later(days=31)
    assert again.startswith("You have $1.00 credit expiring Feb 23")
    given = await chat.of("notice", "days", "days")
    assert given == [(30,)], "the same notice, of the later end"


async def test_where_a_notice_is_law_credit_waits_for_it(chat: Chat) -> None:
    await join(chat, MONTREAL)
    assert await last_days(chat, MONTREAL) == [date(2027, 11, 24)]
    await chat("STOP", number=MONTREAL)
    await chat.later(days=500)
    await chat("START", number=MONTREAL)
    assert await chat.wallet(MONTREAL) == (0, 500, 0, 0), "nobody was told, so nothing has ended"
    (balance,) = await chat("BALANCE", number=MONTREAL)
    assert balance.startswith("You have $5.00 credit, good through May 7")
    assert "expire" not in {reason for reason, _ in await chat.entries(MONTREAL)}


async def test_where_a_notice_was_given_in_time_credit_ends_as_it_said(chat: Chat) -> None:
    await join(chat, MONTREAL)
    await chat.later(days=365 - 46)
    assert chat.news(MONTREAL) == []
    await chat.later(days=1, hours=1)
    (notice,) = chat.news(MONTREAL)
    assert notice.startswith("You have $5.00 credit expiring Nov 24")
    await chat.later(days=46)
    assert await chat.wallet(MONTREAL) == (0, 0, 0, 0)
    assert (await chat.entries(MONTREAL))[-1] == ("expire", "")
