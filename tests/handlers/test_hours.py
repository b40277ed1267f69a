"""Hours are kept and told as far as the shop's own quiet hours leave them."""

from datetime import time

import pytest

from bot.core.errors import TellMember
from bot.core.gate import Policy
from bot.core.messages import MessageClass
from bot.core.quiet_hours import PREFERRED_HOURS, QuietHours
from handlers.hours import hours
from tests.handlers.scene import Scene


def told(wanted: str, policy: Policy | None = None) -> tuple[str, str]:
    """From when to when, in UTC: New York is five hours behind."""
    turn = Scene(policy=policy or Policy()).turn(wanted=wanted)
    result = hours(turn)
    assert result is not None
    assert turn.contact.preferred_hours == wanted
    assert turn.effects.asks_gate_again
    return str(result["begins"])[11:16], str(result["ends"])[11:16]


def test_the_night_cuts_mornings_and_evenings() -> None:
    assert told("mornings") == ("14:00", "17:00")
    assert told("afternoons") == ("17:00", "22:00")
    assert told("evenings") == ("22:00", "02:00")


def test_the_widest_of_all_classes_is_told() -> None:
    quiet = {
        MessageClass.SERVICE: QuietHours(time(20), time(10)),
        MessageClass.MARKETING: QuietHours(time(19), time(11)),
    }
    assert told("mornings", Policy(quiet=quiet)) == ("15:00", "17:00")
    assert told("evenings", Policy(quiet=quiet)) == ("22:00", "01:00")


def test_without_quiet_hours_they_are_as_asked_for() -> None:
    assert told("mornings", Policy(quiet={})) == ("13:00", "17:00")


def test_anytime_forgets_them() -> None:
    turn = Scene().turn(wanted="anytime")
    assert hours(turn) == {"begins": None, "ends": None}
    assert turn.contact.preferred_hours is None
    assert turn.effects.contact_changed


@pytest.mark.parametrize("wanted", ["", "midnight"])
def test_hours_nobody_knows_are_a_problem(wanted: str) -> None:
    with pytest.raises(TellMember, match="unknown_hours"):
        hours(Scene().turn(wanted=wanted))


def test_every_word_the_gate_knows_can_be_asked_for() -> None:
    for wanted in PREFERRED_HOURS:
        assert told(wanted)
