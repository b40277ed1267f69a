"""Enrolling gives the welcome credit once."""

from handlers.enroll import enroll
from tests.handlers.scene import PROGRAM, Scene


def test_a_new_member_gets_the_welcome_credit_through_its_last_day() -> None:
    turn = Scene(is_member=False).turn()
    assert enroll(turn) == {
        "already": False,
        "granted": 500,
        "waits": 0,
        "expires_on": "2026-12-24",
        "expires_at": "2026-12-25T04:59:59.999999+00:00",
    }
    assert turn.contact.is_member
    assert turn.books.spendable(turn.now) == 500
    assert [event.name for event in turn.effects.events] == ["Member Enrolled", "Credit Granted"]


def test_a_member_gets_nothing_twice() -> None:
    turn = Scene().turn()
    result = enroll(turn)
    assert result is not None
    assert result["already"]
    assert turn.opened_books == ()
    assert not turn.effects.events


def test_a_program_without_welcome_credit_enrolls_all_the_same() -> None:
    program = PROGRAM.model_copy(update={"welcome": None})
    turn = Scene(is_member=False, program=program).turn()
    result = enroll(turn)
    assert result is not None
    assert (result["granted"], result["expires_on"]) == (0, None)
    assert turn.contact.is_member


def test_credit_that_never_ends_has_no_day() -> None:
    welcome = {"program": "X", "currency": {"code": "USD"}, "point_value": "1", "earning": {"rate": "1%"}}
    program = PROGRAM.model_validate({**welcome, "welcome": {"credit": "5.00"}})
    result = enroll(Scene(is_member=False, program=program).turn())
    assert result is not None
    assert (result["granted"], result["expires_on"], result["expires_at"]) == (500, None, None)
