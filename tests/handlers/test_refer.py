"""A member's code and what it has brought."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.errors import TellMember
from bot.core.loyalty.program import Program
from bot.core.loyalty.referral import Brought, Referring, State
from handlers.refer import refer
from tests.handlers.scene import NOW, PROGRAM, Scene

RULES = Referring.model_validate({"advocate": "5.00", "friend": "3.00", "minimum": "15.00"})
REFERRING = Program.model_copy(PROGRAM, update={"referral": RULES})


def test_the_code_and_what_it_brought() -> None:
    friends = (
        Brought("1" * 32, State.JOINED, NOW, NOW),
        Brought("2" * 32, State.QUALIFIED, NOW, NOW, reward_minor=500, active_from=NOW + timedelta(days=1)),
        Brought("3" * 32, State.QUALIFIED, NOW, NOW, reward_minor=500, active_from=NOW),
    )
    turn = Scene(program=REFERRING, past={"referral_code": "7K2P4M", "friends": friends}).turn()
    assert refer(turn) == {
        "code": "7K2P4M",
        "link": None,
        "number": None,
        "advocate": 500,
        "friend": 300,
        "minimum": 1_500,
        "invited": 3,
        "joined": 3,
        "pending": 500,
        "earned": 500,
    }


def test_the_link_is_on_our_pages() -> None:
    turn = Scene(program=REFERRING, past={"referral_code": "7K2P4M", "friends": ()}).turn()
    turn.shop = replace(turn.shop, public_url="https://leaf.example/")
    answer = refer(turn)
    assert answer is not None
    assert answer["link"] == "https://leaf.example/r/7K2P4M"


@pytest.mark.parametrize(
    "rules", [None, RULES.model_copy(update={"until_on": NOW.date() - timedelta(days=1)})]
)
def test_there_is_nothing_to_win(rules: Referring | None) -> None:
    with pytest.raises(TellMember, match="not_running"):
        refer(Scene(program=Program.model_copy(PROGRAM, update={"referral": rules})).turn())
