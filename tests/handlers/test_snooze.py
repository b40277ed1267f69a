"""Snoozing says until when, on the contact's clock, and what nobody will be reminded of."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import TellMember
from handlers.snooze import resume, snooze
from tests.handlers.scene import ENDS_AT, NOW, Scene


def test_a_period_is_kept_and_told() -> None:
    turn = Scene().turn(period="3 days", usual="1 week")
    assert snooze(turn) == {
        "until": "2026-11-27T20:00:00+00:00",
        "is_day": False,
        "ending": 0,
        "ending_on": None,
    }
    assert turn.contact.snoozed_until == NOW + timedelta(days=3)
    assert turn.effects.asks_gate_again


def test_no_period_means_the_usual_one() -> None:
    turn = Scene().turn(period=" ", usual="1 week")
    snooze(turn)
    assert turn.contact.snoozed_until == NOW + timedelta(weeks=1)


def test_a_day_begins_where_the_contact_lives() -> None:
    turn = Scene(locale="es").turn(period="hasta el lunes")
    result = snooze(turn)
    assert result is not None
    assert result["is_day"] is True
    assert turn.contact.snoozed_until == datetime(2026, 11, 30, 5, 0, tzinfo=UTC)


def test_credit_that_ends_meanwhile_is_told() -> None:
    result = snooze(Scene(credit_minor=400).turn(period="2 weeks"))
    assert result is not None
    assert (result["ending"], result["ending_on"]) == (400, "2026-11-27")
    before = (ENDS_AT - NOW) // timedelta(hours=1) - 1
    result = snooze(Scene(credit_minor=400).turn(period=f"{before} hours"))
    assert result is not None
    assert result["ending"] == 0


@pytest.mark.parametrize(("period", "code"), [("banana", "not_understood"), ("2 years", "too_long")])
def test_what_cannot_be_is_told_and_changes_nothing(period: str, code: str) -> None:
    turn = Scene().turn(period=period)
    with pytest.raises(TellMember) as caught:
        snooze(turn)
    assert caught.value.code == code
    assert code in snooze.problems
    assert turn.contact.snoozed_until is None
    assert not turn.effects.contact_changed


def test_resuming_ends_it_now() -> None:
    turn = Scene(snoozed_until=NOW + timedelta(days=1)).turn()
    assert resume(turn) == {"was_snoozed": True}
    assert turn.contact.snoozed_until == NOW  # and not None: lateness counts from here


@pytest.mark.parametrize("until", [None, NOW])
def test_without_a_snooze_there_is_nothing_to_resume(until: datetime | None) -> None:
    turn = Scene(snoozed_until=until).turn()
    assert resume(turn) == {"was_snoozed": False}
    assert not turn.effects.contact_changed
