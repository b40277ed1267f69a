"""Credit in a further currency ends as its own rules say, and is announced in its own money."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.conversation.operations import operation_work
from bot.core.contact import JsonValue
from tests.conversation.chat import FLOWS, Chat, chatting, shipped

PROGRAM = (FLOWS / "program.yaml").read_text()
EUROS = PROGRAM.replace(
    "earning:  ",
    "currencies:\n"
    "  - {code: EUR, point_value: 0.01, expiry: {after: 40d}, notices: {before: [10d]}}\n"
    "  - {code: JPY, exponent: 0, point_value: 1}\n"
    "earning:  ",
    1,
)
_KEYS = count(1)


REMINDER = (FLOWS / "expiry_reminder.yaml").read_text()
UNAWARE = REMINDER.replace("flow: expiry_reminder", "flow: unaware").replace(": expiring.currency", "")


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A shop that sells in three currencies, with a member."""
    assert EUROS != PROGRAM
    flows = shipped(tmp_path, "loyalty", "expiry_reminder", "balance", program=EUROS)
    (flows / "unaware.yaml").write_text(UNAWARE)
    async with chatting(database_url, flows=flows) as chat:
        for text in ("LOYALTY", "skip", "skip"):
            await chat(text)
        yield chat


async def operate(chat: Chat, name: str, **body: JsonValue) -> None:
    contact_id = await chat.contact_id()
    work = operation_work(name, body, key=f"api:{next(_KEYS)}", at=chat.clock(), contact_id=contact_id)
    told = (await chat.app.dispatcher.submit(work)).result or {}
    assert "problem" not in told, told


async def give(chat: Chat, currency: str, amount: int) -> datetime:
    """Give credit; returns when it ends."""
    await operate(chat, "credit.adjust", currency=currency, amount_minor=amount, reason="a test", by="till")
    where = "lot", "wallet, expires_at", "wallet, expires_at"
    (ends_at,) = {at for wallet, at in await chat.of(*where) if wallet == currency}
    return datetime.fromtimestamp(ends_at / 1_000_000, chat.clock.now.tzinfo)


def morning(ends_at: datetime, days: int) -> datetime:
    """About eleven o'clock at home, so many days before the last day: the notice was due an hour ago."""
    return ends_at - timedelta(days=days, hours=13)


async def wallet_of(chat: Chat, currency: str) -> int:
    found = dict(await chat.of("wallet", "id, available_minor", "id"))
    return int(found[currency])


async def test_it_ends_by_its_own_rule_once_its_notice_was_delivered(chat: Chat) -> None:
    ends_at = await give(chat, "EUR", 250)
    assert timedelta(days=40) < ends_at - chat.clock.now < timedelta(days=42)
    told = await chat.move_to(morning(ends_at, 11))
    assert [text for text in told if "€" in text] == []
    told = await chat.move_to(morning(ends_at, 10))
    (notice,) = [text for text in told if "€" in text]
    assert notice.startswith("You have €2.50 credit expiring "), notice
    assert await chat.of("lot", "noticed_at", "noticed_at") != [(None,)] * 2
    await chat.move_to(ends_at - timedelta(minutes=1))
    assert await wallet_of(chat, "EUR") == 250
    assert [text for text in await chat.move_to(ends_at + timedelta(minutes=5)) if "€" in text] == []
    assert await wallet_of(chat, "EUR") == 0, "announced, so it has no grace"


async def test_a_flow_that_names_no_currency_speaks_of_the_program_s_own_alone(chat: Chat) -> None:
    ends_at = await give(chat, "EUR", 250)
    told = await chat.move_to(morning(ends_at, 10))
    assert [text for text in told if "2.50" in text and "€" not in text] == []
    (own_ends_at,) = [at for at in await chat.ends() if at != ends_at]
    told = await chat.move_to(morning(own_ends_at, 7))
    assert [text.partition(" expiring")[0] for text in told] == ["You have $5.00 credit"] * 2


async def test_what_names_no_rule_of_its_own_goes_by_the_program_s(chat: Chat) -> None:
    ends_at = await give(chat, "JPY", 500)
    assert ends_at - chat.clock.now > timedelta(days=360)
    for days in (30, 7, 1):
        told = await chat.move_to(morning(ends_at, days))
        assert [text.partition(" expiring")[0] for text in told if "¥" in text] == ["You have ¥500 credit"], (
            days
        )


async def test_who_is_not_told_has_the_grace(chat: Chat) -> None:
    ends_at = await give(chat, "EUR", 250)
    await chat("STOP")
    await chat.move_to(ends_at + timedelta(days=13))
    assert await wallet_of(chat, "EUR") == 250
    await chat.move_to(ends_at + timedelta(days=14, minutes=5))
    assert await wallet_of(chat, "EUR") == 0


async def test_what_comes_back_of_an_order_is_announced_again(chat: Chat) -> None:
    """While the lot was empty nobody would have told of its end."""
    ends_at = await give(chat, "EUR", 250)
    lines: JsonValue = [{"sku": "X", "name": "X", "category": "tea", "quantity": 1, "unit_minor": 1000}]
    order: JsonValue = {
        "order": "E1",
        "status": "paid",
        "currency": "EUR",
        "lines": lines,
        "credit_minor": 250,
    }
    assert isinstance(order, dict)
    await operate(chat, "order.report", **order)
    assert [text for text in await chat.move_to(morning(ends_at, 9)) if "€2.50" in text] == []
    await operate(chat, "order.refund", order="E1", everything=True)
    told = await chat.later(minutes=5)
    assert [text.partition(" expiring")[0] for text in told if "€2.50" in text] == ["You have €2.50 credit"]
