"""Events and orders earn in the running application: rules of the program's file, on both databases."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.conversation.operations import OPERATIONS, operation_work
from bot.conversation.work import Work
from bot.core.contact import Event, JsonValue
from bot.core.triggers import Trigger, TriggerKind
from tests.conversation.chat import FLOWS, Chat, chatting

RULES = """\
earning:
  rate: 5%
  rules:
    - {id: joined, event: Member Enrolled, credit: 0.10, most: {per: member, times: 1}}
    - {id: profile, event: Profile Completed, credit: 0.20, most: {per: member, times: 1}}
    - {id: review, event: Product Reviewed, where: {stars: "> 0"}, credit: 0.30, proof: review_id}
    - {id: survey, event: Survey Answered, credit: 0.40, fund: surveys}
  cards:
    - {id: coffee, name: Coffee card, category: coffee, buy: 2, get: {credit: 4.00}}
"""
FUND = "\nfunds:\n  surveys: {limit: 1.00, per: day}"
"""It pays for two surveys and a half."""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """The shipped application with a program of the test's own."""
    shutil.copytree(FLOWS, tmp_path / "flows")
    shutil.copytree(FLOWS.parent / "locales", tmp_path / "locales")
    file = tmp_path / "flows" / "program.yaml"
    written = file.read_text(encoding="utf-8")
    before, _, rest = written.partition("\nearning:")
    rest = rest[rest.index("\nexpiry:") :].replace("\nfunds:", FUND, 1)
    file.write_text(f"{before}\n{RULES}{rest}", encoding="utf-8")
    shutil.rmtree(tmp_path / "flows" / "seasons")
    async with chatting(database_url, flows=tmp_path / "flows") as chat:
        yield chat


async def member(chat: Chat) -> str:
    """Join, without a profile; returns the contact."""
    for text in ("LOYALTY", "skip", "skip"):
        await chat(text)
    await chat.strike()
    return await chat.contact_id()


async def earned(chat: Chat) -> dict[str, int]:
    """What each rule granted, in cents."""
    found = await chat.of("earned", "rule, granted_minor", "at, rule")
    by_rule: dict[str, int] = {}
    for rule, minor in found:
        by_rule[rule] = by_rule.get(rule, 0) + minor
    return by_rule


async def tell(chat: Chat, name: str, key: str, **properties: JsonValue) -> None:
    """Let the shop's events come in."""
    contact = await chat.contact_id()
    event = Event(name, chat.clock(), properties)
    trigger = Trigger(key, TriggerKind.EVENT, event.at, event=event)
    await chat.app.dispatcher.submit(Work(trigger, contact_id=contact))
    await chat.strike()


async def test_events_of_our_own_turns_earn_though_no_flow_hears_them(chat: Chat) -> None:
    await chat("LOYALTY")
    await chat("Ana")
    await chat("May 4")
    await chat.strike()
    assert await earned(chat) == {"joined": 10, "profile": 20}
    assert (await chat.wallet())[1] == 500 + 10 + 20


async def test_a_proof_earns_once_whichever_event_brings_it(chat: Chat) -> None:
    await member(chat)
    for key, review in (("a", 1), ("a", 1), ("b", 1), ("c", 2)):
        await tell(chat, "Product Reviewed", key, stars=5, review_id=review)
    await tell(chat, "Product Reviewed", "d", stars=0, review_id=3)
    assert (await earned(chat))["review"] == 60


async def test_a_fund_pays_for_events_until_it_is_empty(chat: Chat) -> None:
    await member(chat)
    for number in range(4):
        await tell(chat, "Survey Answered", f"s{number}")
    assert (await earned(chat))["survey"] == 100
    because = {row[0] for row in await chat.of("earned", "because", "source")}
    assert because == {"[]", '["fund surveys 100 -20"]', '["fund surveys 100 -40"]'}
    chat.clock.now += timedelta(days=1)
    await tell(chat, "Survey Answered", "next day")
    assert (await earned(chat))["survey"] == 140


async def test_an_event_that_the_shop_reports_by_operation_is_credited_once(chat: Chat) -> None:
    contact = await member(chat)
    body: dict[str, JsonValue] = {"name": "Survey Answered", "id": "m1", "properties": {}}
    asked = operation_work(
        "event.track", body, key="api:k", at=chat.clock(), contact_id=contact, operations=OPERATIONS
    )
    result = await chat.app.dispatcher.submit(asked)
    await chat.strike()
    assert result.result is not None
    assert result.result["granted_minor"] == 40
    assert (await earned(chat))["survey"] == 40


async def test_a_card_fills_by_reorders_and_says_so(chat: Chat) -> None:
    await member(chat)
    await chat.order(("LATTE", 2))
    assert await chat("CARD") == ["Coffee card: 0 of 2. 2 more and you get $4.00 credit."]
    before = (await chat.wallet())[1]
    await chat("REORDER")
    await chat("yes")
    await chat.strike()
    found = await earned(chat)
    assert found["card/coffee"] == 2
    assert any("Your Coffee card is full! $4.00 credit is yours" in text for text in chat.news())
    assert await chat("CARD") == ["Coffee card: 0 of 2. 2 more and you get $4.00 credit."]
    assert (await chat.wallet())[1] >= 400, before
