"""A question for a person reaches the shop once."""

import pytest

from bot.core.errors import TellMember
from handlers.person import person
from tests.handlers.scene import CONTACT, NOW, Scene


def test_the_shop_is_told_the_question() -> None:
    turn = Scene().turn("SM7", question=" Do you have decaf? ")
    assert person(turn) is None
    (call,) = turn.effects.calls
    assert (call.key, call.kind) == (f"person/{CONTACT}/SM7", "person.asked_for")
    assert call.payload == {
        "contact": CONTACT, "channel": "sms", "question": "Do you have decaf?", "asked_at": NOW.isoformat(),
    }  # fmt: skip
    # What was asked stands in the call alone: events are kept longer and read by more.
    assert [event.properties for event in turn.effects.events] == [{"channel": "sms"}]


def test_nothing_asked_is_nothing_handed_on() -> None:
    turn = Scene().turn(question="  ")
    with pytest.raises(TellMember, match="nothing_asked"):
        person(turn)
    assert not turn.effects.calls
