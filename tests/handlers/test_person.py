"""A question for a person reaches the shop once, and the contact waits at the desk."""

import pytest

from bot.core.desk import Visit
from bot.core.errors import TellMember
from handlers.person import desk, leave_desk, person
from tests.handlers.scene import CONTACT, NOW, Scene

AHEAD = "desk_ahead/0,1795550400000000"


def test_the_shop_is_told_the_question_and_who_asks() -> None:
    scene = Scene(past={"desk_visit": None, AHEAD: 2})
    turn = scene.turn("SM7", question=" Do you have decaf? ")
    assert person(turn) == {"place": 3, "first": ""}
    (call,) = turn.effects.calls
    assert (call.key, call.kind) == (f"person/{CONTACT}/SM7", "person.asked_for")
    visit = turn.effects.kept["desk_visit", "desk_visit"]
    assert isinstance(visit, Visit)
    assert call.payload == {
        "contact": CONTACT, "visit": visit.id, "channel": "sms", "question": "Do you have decaf?",
        "asked_at": NOW.isoformat(), "standing": {
            "first_name": None, "member": True, "locale": "en", "tier": None, "available_minor": 0,
            "last_order": None,
        },
    }  # fmt: skip
    # What was asked stands in the call alone: events are kept longer and read by more.
    assert [event.properties for event in turn.effects.events] == [{"channel": "sms"}]
    assert desk(turn) == {"state": "waiting", "place": 3, "first": ""}
    assert leave_desk(turn) == {"was_there": True}
    assert leave_desk(turn) == {"was_there": False}


def test_nothing_asked_is_nothing_handed_on() -> None:
    turn = Scene().turn(question="  ")
    with pytest.raises(TellMember, match="nothing_asked"):
        person(turn)
    assert not turn.effects.calls
