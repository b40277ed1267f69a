"""The policy file in force: groups, quiet hours, caps, what the operator holds back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.messages import MessageClass
from bot.core.quiet_hours import Late
from bot.demo.loopback_network import DEMO_NUMBER
from bot.storage import held
from tests.conversation.chat import Chat, chatting, shipped

POLICY = f"""\
groups:
  loyalty: {{title: {{en: Rewards}}}}
quiet_hours:
  service: {{from: "22:00", to: "8:00", late: skip, within: 2h}}
caps:
  - {{class: service, most: 1, per: 1d}}
senders:
  main: {{numbers: ["{DEMO_NUMBER}"]}}
"""
TWICE = """\
flow: twice
title: Say two things later
language: en
start:
  - keyword: [TWICE]
steps:
  - wait: 30s
  - say: {text: First., group: loyalty, tag: news, valid: 2h}
  - wait: 30s
  - say: {text: Second., group: loyalty}
"""


@pytest.fixture
async def chat(database_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A member, under the policy above."""
    flows = shipped(tmp_path, "loyalty", "balance", twice=TWICE, policy=POLICY)
    async with chatting(database_url, flows=flows) as chat:
        for text in ("LOYALTY", "skip", "skip"):
            await chat(text)
        yield chat


async def test_the_published_policy_is_in_force(chat: Chat) -> None:
    shop = chat.app.decisions.shop
    assert shop.groups["loyalty"].called("en") == "Rewards"
    assert shop.policy.quiet[MessageClass.SERVICE].late is Late.SKIP
    assert [str(cap) for cap in shop.policy.caps] == ["at most 1 service message a day"]
    pool = shop.pool("sms", "loyalty")
    assert pool is not None
    assert pool.numbers == (DEMO_NUMBER,)


async def test_the_second_message_of_a_day_is_held_and_says_why(chat: Chat) -> None:
    assert await chat("TWICE") == []
    assert await chat.later(seconds=31) == ["First."]
    assert await chat.later(seconds=31) == []
    first, second = (await chat.of("outbox", "body, state, reason, tag, counted_on, explanation", "id"))[-2:]
    assert first[:4] == ("First.", "delivered", None, "news")
    assert first[4] is not None
    assert second[:3] == ("Second.", "refused", "capped")
    assert str(second[5]).startswith("at most 1 service message a day, then quiet hours until 8:00 in ")


async def test_what_the_operator_holds_back_waits_and_goes_when_it_is_let_go(chat: Chat) -> None:
    await chat.app.database.transact(lambda c: held.hold(c, "twice", "held"))
    await chat.app.reload()
    assert await chat("TWICE") == []
    assert await chat.later(seconds=31) == []
    ((state, reason),) = (await chat.of("outbox", "state, reason", "id"))[-1:]
    assert (state, reason) == ("held", "held_by_operator")
    await chat.app.database.transact(lambda c: held.let_go(c, "twice", "let go"))
    await chat.app.reload()
    assert await chat.later(minutes=16) == ["First."]
