"""A question that the gate holds: what it shows is looked at when it is put, and nothing is done twice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.core.contact import JsonValue, SubscriptionState
from bot.core.flow.compiled import Flow
from bot.core.flow.handler import HandlerSpec, handler
from bot.core.turn import Turn
from tests.core.flow.rig import NOON, Chat, flow

LOOKS = """
steps:
  - do: price
    as: it
  - if: it.gone
    then:
      - end
  - set: {cups: 2}
  - ask: "{{ cups }} for {{ it.price }}?"
    expect: yes_no
    save: answer
    within: 1d
  - say: "{{ it.price }} it is."
"""


@dataclass
class Board:
    """The prices of the day."""

    price: int = 5
    is_gone: bool = False

    def looked_at(self) -> HandlerSpec:
        """Return what reads it."""

        @handler(returns=("price", "gone"))
        def price(turn: Turn) -> Mapping[str, JsonValue]:
            return {"price": self.price, "gone": self.is_gone}

        return price


@handler(returns=("number",))
def draw(turn: Turn) -> Mapping[str, JsonValue]:
    """Do something."""
    turn.track("Drawn", {})
    return {"number": turn.now.hour}


def chat_of(text: str, board: Board) -> Chat:
    chat = Chat.of(a_flow(text), handlers={"price": board.looked_at(), "draw": draw})
    chat.subscriptions = {"loyalty": SubscriptionState.SUBSCRIBED}
    return chat


def a_flow(text: str) -> Flow:
    return flow(f"flow: test\ngroup: loyalty\nstart: [{{event: Rung}}]\n{text}")


def silenced(chat: Chat, hours: int = 3) -> None:
    chat.contact = replace(chat.contact, snoozed_until=NOON + timedelta(hours=hours))


def test_what_a_question_shows_is_of_the_moment_it_is_put() -> None:
    """Bug: it showed the price of the evening, and what is said after it did so too."""
    board = Board()
    chat = chat_of(LOOKS, board)
    silenced(chat)
    assert chat.event("Rung") == []
    board.price = 6
    silenced(chat, 4)
    assert chat.advance(hours=3) == [], "it is held again"
    board.price = 7
    assert chat.advance(hours=1) == ["2 for 7?"]
    assert chat.say("yes") == ["7 it is."]


def test_what_is_not_there_any_more_is_not_asked_about() -> None:
    board = Board()
    chat = chat_of(LOOKS, board)
    silenced(chat)
    chat.event("Rung")
    board.is_gone = True
    assert chat.advance(hours=3) == []
    assert not chat.run.is_waiting


@pytest.mark.parametrize(
    "done",
    [
        "  - do: draw\n    as: it",
        "  - do: price\n    as: it\n  - set: {member.cups: 3}",
        "  - set: {it: {number: 1}}\n  - say: Drawn!",
    ],
)
def test_what_was_done_before_is_not_done_again(done: str) -> None:
    board = Board()
    text = f"steps:\n{done}\n  - ask: 'Well?'\n    expect: yes_no\n    save: answer\n    within: 1d"
    chat = chat_of(text, board)
    silenced(chat)
    chat.event("Rung")
    assert chat.advance(hours=3) == ["Well?"]
    first = next(step for step in chat.counts if step.endswith(" entered"))
    assert chat.counts[first] == 1


def test_steps_after_an_event_that_was_waited_for_keep_what_it_said() -> None:
    board = Board()
    text = """
steps:
  - wait_for: {event: Chosen, within: 1d}
  - do: price
    as: it
  - ask: "{{ event.what }} for {{ it.price }}?"
    expect: yes_no
    save: answer
    within: 1d
"""
    chat = chat_of(text, board)
    chat.event("Rung")
    silenced(chat)
    chat.event("Chosen", {"what": "Tea"})
    assert chat.advance(hours=3) == ["Tea for 5?"]
