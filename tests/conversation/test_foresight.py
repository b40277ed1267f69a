"""What turns ask for is foreseen from the one before; what was one contact's alone is not."""

from datetime import UTC, datetime

import pytest

from bot.conversation.foresight import Foresight, Noted
from bot.core.messages import Inbound
from bot.core.triggers import Trigger, TriggerKind
from tests.conversation.chat import Chat, unlinked

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def texted(text: str) -> Trigger:
    """A text of somebody."""
    inbound = Inbound("twilio", "SM1", "sms", "+12125550123", "+12125550199", text, NOW)
    return Trigger("t", TriggerKind.INBOUND, NOW, inbound=inbound)


def test_what_the_last_one_asked_for_is_foreseen() -> None:
    foresight = Foresight()
    assert foresight.of(texted("REWARDS")) == frozenset()
    foresight.learn(texted("REWARDS"), {"fulfilments", "fund/stock"})
    assert foresight.of(texted(" rewards ")) == {"fulfilments"}
    assert foresight.of(texted("BALANCE")) == frozenset()
    foresight.learn(texted("REWARDS"), {"fulfilments", "fund/stock", "earned/order/1"})
    assert foresight.of(texted("REWARDS")) == {"fulfilments", "fund/stock"}, (
        "the same twice is no one's alone"
    )
    foresight.learn(texted("REWARDS"), set())
    assert foresight.of(texted("REWARDS")) == frozenset()


def test_what_writes_is_never_foreseen() -> None:
    foresight = Foresight()
    for _ in range(2):
        foresight.learn(texted("REFER"), {"friends", "referral_code", "order_owner/1", "counts", "notices"})
    assert foresight.of(texted("REFER")) == {"friends"}


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    foresight = Foresight()
    for number in range(3000):
        foresight.learn(texted(f"word {number}"), {"friends"})
        foresight.learn(texted("REWARDS"), {"fulfilments"})
        foresight.learn(texted(f"free {number}"), set())
    assert foresight.of(texted("REWARDS")) == {"fulfilments"}
    assert foresight.of(texted("word 2999")) == {"friends"}
    assert foresight.of(texted("word 0")) == frozenset()


def test_asking_whether_something_is_known_is_asking_for_it() -> None:
    known = Noted({"friends": (), "orders": ()})
    assert "offers" not in known
    assert known["friends"] == ()
    assert known.asked == {"friends", "offers"}


@pytest.mark.parametrize("word", ["REWARDS", "WHY", "HISTORY", "REORDER"])
async def test_an_answer_is_the_same_whether_it_was_foreseen_or_not(chat: Chat, word: str) -> None:
    answers = []
    for number in ("+12125550201", "+12125550202", "+12125550203"):
        for text in ("LOYALTY", "SKIP", "SKIP"):
            await chat(text, number=number)
        answers.append(unlinked(await chat(word, number=number)))
    assert answers[0] == answers[1] == answers[2] != []
