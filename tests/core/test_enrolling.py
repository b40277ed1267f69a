"""Welcome credit that waits: the first text from the number brings it, unless the person had one."""

from dataclasses import replace

import pytest

from bot.core.enrolling import WAITS, hear_from
from bot.core.loyalty.program import Program
from bot.core.loyalty.standing import Standing
from bot.core.turn import Turn
from tests.handlers.scene import NOW, PROGRAM, Scene

NUMBER = "+12125550100"


def heard(
    *, number: str = NUMBER, value: str = "waits", is_welcomed: bool = False, program: Program = PROGRAM
) -> Turn:
    """A turn of somebody whose credit waits for a number, once their text was heard."""
    waits = Standing(WAITS, value, NOW, facts={"number": number})
    scene = Scene(past={f"standing/{WAITS}": waits, "is_welcomed": is_welcomed}, program=program)
    turn = scene.turn()
    turn.adopt(attributes={**turn.contact.attributes, WAITS: True})
    inbound = turn.trigger.inbound
    assert inbound is not None
    hear_from(turn, replace(inbound, text="BALANCE"))
    return turn


def test_the_first_text_from_the_number_brings_what_waited() -> None:
    turn = heard()
    assert turn.books.wallet.available_minor == 500
    assert WAITS not in turn.contact.attributes


@pytest.mark.parametrize(("value", "is_welcomed"), [("waits", True), ("given", False)])
@pytest.mark.parametrize("number", [NUMBER, "+12125550177"])
def test_who_had_a_welcome_gets_no_other_and_waits_for_none(
    number: str, value: str, *, is_welcomed: bool
) -> None:
    turn = heard(number=number, value=value, is_welcomed=is_welcomed)
    assert turn.books.wallet.available_minor == 0
    assert WAITS not in turn.contact.attributes


def test_another_number_is_not_the_one_it_waits_for() -> None:
    turn = heard(number="+12125550177")
    assert turn.books.wallet.available_minor == 0
    assert WAITS in turn.contact.attributes


def test_it_waits_on_where_the_program_gives_none_now() -> None:
    turn = heard(program=PROGRAM.model_copy(update={"welcome": None}))
    assert turn.books.wallet.available_minor == 0
    assert WAITS in turn.contact.attributes
