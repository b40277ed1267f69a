"""Redeeming takes the credit, gives a code and tells the shop."""

import pytest

from bot.core.errors import TellMember
from bot.core.loyalty.entries import Reason
from handlers.redeem import redeem
from tests.handlers.scene import CONTACT, Scene


def test_a_reward_costs_its_credit_and_the_shop_is_told_the_code() -> None:
    turn = Scene(credit_minor=700).turn(reward="latte")
    result = redeem(turn)
    assert result is not None
    code = result["code"]
    assert result == {"name": "Any latte", "cost": 600, "code": code, "left": 100}
    assert isinstance(code, str)
    assert len(code) == 6
    assert not set(code) & set("01ILOU")
    (entry,) = turn.books.entries
    assert entry.reason is Reason.REDEEM
    (call,) = turn.effects.calls
    assert call.kind == "reward.redeemed"
    assert call.payload == {
        "reward": "latte",
        "cost": 600,
        "code": code,
        "entry": entry.id,
        "contact": CONTACT,
    }
    assert [event.name for event in turn.effects.events] == ["Reward Redeemed"]


def test_too_little_credit_is_told_and_changes_nothing() -> None:
    turn = Scene(credit_minor=599).turn(reward="latte")
    with pytest.raises(TellMember) as caught:
        redeem(turn)
    assert caught.value.code == "not_enough_credit"
    assert caught.value.facts == {"available_minor": 599, "wanted_minor": 600}
    assert not turn.books.entries
    assert not turn.effects.calls


def test_a_reward_that_is_no_more_is_told() -> None:
    with pytest.raises(TellMember, match="reward_gone"):
        redeem(Scene(credit_minor=700).turn(reward="tiramisu"))


def test_two_redemptions_have_two_codes() -> None:
    scene = Scene(credit_minor=700)
    codes = [redeem(scene.turn(reward="cookie")) for _ in range(2)]
    assert codes[0] != codes[1]


def test_a_declared_problem_is_one_it_raises() -> None:
    assert redeem.problems == {"reward_gone", "not_enough_credit"}
